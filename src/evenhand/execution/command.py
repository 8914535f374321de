"""The recipe ``command``: any program is a recipe. Settings go in as JSON, an outcome file comes out.

The program is started with the claim's folder as its working folder and finds in its environment

- ``EVENHAND_REQUEST``: a JSON file with ``settings``, ``seed``, ``budget`` (``unit``, ``amount``),
  ``items`` (``start``, ``count``, ``seed``), ``threads``, ``device`` and ``workdir``;
- ``EVENHAND_OUTCOME``: the path to which it writes its outcome file (see ``evenhand.execution.outcome_file``).

Lines on its standard output of the form ``evenhand: {"step": 10, "loss": 2.3}`` become points of learning curves.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from evenhand.errors import DataError, EvenhandError, RecipeError
from evenhand.execution import outcome_file, sources
from evenhand.execution.imports import module_files, with_local_imports
from evenhand.execution.sources import file_hash
from evenhand.outcome import Outcome
from evenhand.recipe import Bench, RecipeSettings, recipe

PREFIX = "evenhand: "
"""Start of an output line that carries points of learning curves."""


class CommandSettings(RecipeSettings):
    """Settings of the recipe ``command``."""

    argv: tuple[str, ...] = Field(min_length=1, description="program and arguments; run without a shell")
    values: dict[str, Any] = Field(default_factory=dict, description="settings for the program, as it knows them")
    files: tuple[str, ...] = Field(
        default=(), description="files and folders on which its results depend, beside those that argv names"
    )

    @model_serializer(mode="wrap")
    def _without_empty_files(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings from before there was ``files`` keep their hash."""
        document: dict[str, Any] = handler(self)
        return document if document.get("files") else {k: v for k, v in document.items() if k != "files"}


class CommandFailed(EvenhandError):
    """The program ended with an exit code other than 0 and left no outcome file."""


def program_fingerprint(settings: Mapping[str, Any], folder: Path) -> str:
    """Hash of the files that a command line names, so that changed programs are not taken for old ones."""
    parts = []
    for argument in settings.get("argv", ()):
        path = folder / argument
        if path.is_file():
            parts.append(f"{argument}={file_hash(path)[:16]}")
    return " ".join(parts)


def program_files(argv: Sequence[str], files: Sequence[str], folder: Path) -> list[Path]:
    """The files behind a command line: those that it names (after an ``=`` too), the module after ``-m``, those listed.

    What local modules the Python files among them import belongs to them. An interpreter named by its path does not.
    """
    found = [folder / name for name in files]
    for place, argument in enumerate(argv):
        for text in (argument, argument.partition("=")[2]):
            if text and (folder / text).is_file() and (place > 0 or not Path(text).is_absolute()):
                found.append(folder / text)
        module = argument.removeprefix("-m") if re.fullmatch(r"-m[A-Za-z_][\w.]*", argument) else ""
        if argument in ("-m", "--module") and place + 1 < len(argv):
            module = argv[place + 1]
        if module:
            own = module_files(f"{module}.__main__", [folder]) or module_files(module, [folder])
            found += own
    folders = [path for path in found if path.is_dir()]
    return [*with_local_imports([path for path in found if not path.is_dir()], [folder]), *folders]


def program_hashes(argv: Sequence[str], files: Sequence[str], folder: Path) -> dict[str, str]:
    """Hashes of the files behind a command line; the state of the git checkout where there is no such file.

    Raises:
        DataError: a file of ``settings.files`` is not there.
    """
    for name in files:
        if not (folder / name).exists():
            raise DataError(f"There is no {name} in {folder}, which `files` in the settings names; mend the path.")
    found = sources.hashes_of(program_files(argv, files, folder), folder)
    if found:
        return found
    state = sources.checkout_hash(folder)
    return {} if state is None else {sources.GIT: state}


@recipe(version=1, further_fingerprint=program_fingerprint)
def run(settings: CommandSettings, bench: Bench) -> Outcome:
    """Run any program: settings as JSON in, an outcome file out."""
    request = bench.workdir / "request.json"
    answer = bench.workdir / "command_outcome.json"
    answer.unlink(missing_ok=True)
    items = bench.item_set
    document = {
        "settings": settings.values,
        "seed": bench.seed,
        "stream_seed": int(bench.rng("command").integers(2**31)),
        "budget": {"unit": bench.budget.unit, "amount": bench.budget.amount},
        "items": {"name": items.name, "start": items.start, "count": items.count, "seed": items.seed},
        "threads": bench.threads,
        "device": bench.device,
        "workdir": str(bench.workdir),
    }
    outcome_file.write_atomically(request, json.dumps(document))
    with _recorded_sources(settings, bench):
        code = _run_program(
            settings.argv, bench.folder, {"EVENHAND_REQUEST": str(request), "EVENHAND_OUTCOME": str(answer)}, bench
        )
    if not answer.exists():
        if code != 0:
            raise CommandFailed(f"'{' '.join(settings.argv)}' ended with exit code {code} and left no outcome file.")
        raise RecipeError(
            f"'{' '.join(settings.argv)}' ended well but wrote no outcome file to the path in EVENHAND_OUTCOME."
        )
    return outcome_file.read(answer)


@contextlib.contextmanager
def _recorded_sources(settings: CommandSettings, bench: Bench) -> Iterator[None]:
    """Put the hashes of the program's files on the bench; what changes while it runs is marked."""
    recorded: dict[str, str] = getattr(bench, "sources", {})
    before = program_hashes(settings.argv, settings.files, bench.folder)
    recorded.update(before)
    if not before:
        bench.note("code", "not known: argv names no file, and there is no git checkout; list them in settings.files")
    try:
        yield
    finally:
        after = sources.hashes_of(program_files(settings.argv, settings.files, bench.folder), bench.folder)
        recorded.update(sources.changed_between({k: v for k, v in before.items() if k != sources.GIT}, after))


def _run_program(argv: tuple[str, ...], folder: Path, variables: Mapping[str, str], bench: Bench) -> int:
    """Run the program, pass its output on and pick up the curve points in it; returns the exit code."""
    try:
        process = subprocess.Popen(
            argv, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True, errors="replace"
        )
    except OSError as error:
        raise RecipeError(f"The program '{argv[0]}' cannot be started from {folder}: {error}.") from error
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="")
        if line.startswith(PREFIX):
            _log_point(line.removeprefix(PREFIX), bench)
    return process.wait()


def _log_point(text: str, bench: Bench) -> None:
    try:
        point = json.loads(text)
        step = float(point.pop("step"))
        bench.log(step, **{str(k): float(v) for k, v in point.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecipeError(f"The output line '{PREFIX}{text.strip()}' is no curve point ({error}).") from error
