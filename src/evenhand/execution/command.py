"""The recipe ``command``: any program is a recipe. Settings go in as JSON, an outcome file comes out.

The program is started with the claim's folder as its working folder and finds in its environment

- ``EVENHAND_REQUEST``: a JSON file with ``settings``, ``seed``, ``stream_seed``, ``budget`` (``unit``, ``amount``),
  ``items`` (``name``, ``start``, ``count``, ``seed``), ``threads``, ``device`` and ``workdir``;
- ``EVENHAND_OUTCOME``: the path to which it writes its outcome file (see ``evenhand.execution.outcome_file``).

Templates in its arguments (``{seed}``, ``{settings.lr}``; see ``evenhand.execution.templates``) are filled in.
Lines on its standard output of the form ``evenhand: {"step": 10, "loss": 2.3}`` become points of learning curves.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from evenhand import files
from evenhand.errors import DataError, RecipeError
from evenhand.execution import outcome_file, sources, templates
from evenhand.execution.bench import TrialBench
from evenhand.execution.failures import failure_of_program
from evenhand.execution.imports import module_files, with_local_imports
from evenhand.execution.program import Ended, run_program
from evenhand.files import file_hash
from evenhand.recipes.contract import Bench, RecipeSettings, recipe
from evenhand.recipes.error_classes import classify
from evenhand.recipes.outcome import Failure, Outcome

PREFIX = "evenhand: "
"""Start of an output line that carries points of learning curves."""


class CommandSettings(RecipeSettings):
    """Settings of the recipe ``command``."""

    argv: tuple[str, ...] = Field(
        min_length=1, description="program and arguments, run without a shell; {seed}, {settings.NAME} are filled in"
    )
    values: dict[str, Any] = Field(default_factory=dict, description="settings for the program, as it knows them")
    files: tuple[str, ...] = Field(
        default=(), description="files and folders on which its results depend, beside those that argv names"
    )

    @model_serializer(mode="wrap")
    def _without_empty_files(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings from before there was ``files`` keep their hash."""
        document: dict[str, Any] = handler(self)
        return document if document.get("files") else {k: v for k, v in document.items() if k != "files"}

    @model_validator(mode="after")
    def _templates_are_known(self) -> Self:
        unknown = templates.unknown(self.argv, self.values)
        if unknown:
            names = ", ".join(f"{{{name}}}" for name in templates.names(self.values))
            raise ValueError(
                f"`argv` holds {{{unknown[0]}}}, which is none of {names}; write {{{{{unknown[0]}}}}} "
                "where the braces themselves are meant"
            )
        return self


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
def run(settings: CommandSettings, bench: TrialBench) -> Outcome:
    """Run any program: settings as JSON in, an outcome file out."""
    request, answer = bench.workdir / "request.json", bench.workdir / "command_outcome.json"
    answer.unlink(missing_ok=True)
    document = _request(settings, bench)
    files.write_text(request, json.dumps(document))
    argv = templates.fill(settings.argv, settings.values, _facts(document, request, answer))
    name, points = _short(settings.argv), _Points(bench)
    variables = {"EVENHAND_REQUEST": str(request), "EVENHAND_OUTCOME": str(answer)}
    try:
        with _recorded_sources(settings, bench):
            ended = run_program(argv, bench.folder, variables, points.take)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        message = f"the program '{argv[0]}' cannot be started from the claim's folder: {why}"
        return Outcome(failure=Failure(classify(error), message))
    if points.fault:
        return Outcome(failure=Failure("code", points.fault, "run", ended.tail))
    return _answer(answer, ended, name)


def _short(argv: tuple[str, ...]) -> str:
    words = " ".join(argv)
    return f"'{words if len(words) <= 100 else words[:97] + '...'}'"


def _request(settings: CommandSettings, bench: TrialBench) -> dict[str, Any]:
    items = bench.item_set
    return {
        "settings": settings.values,
        "seed": bench.seed,
        # Made without the bench: a number handed to every program is no draw of the program.
        "stream_seed": int(bench.fresh_stream("command").integers(2**31)),
        "budget": {"unit": bench.budget.unit, "amount": bench.budget.amount},
        "items": {"name": items.name, "start": items.start, "count": items.count, "seed": items.seed},
        "threads": bench.threads,
        "device": bench.device,
        "workdir": str(bench.workdir),
    }


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


def _facts(document: Mapping[str, Any], request: Path, answer: Path) -> dict[str, Any]:
    """What templates stand for: the request's own values."""
    facts = {key: document[key] for key in ("seed", "stream_seed", "device", "threads", "workdir")}
    facts |= {f"items.{key}": document["items"][key] for key in ("start", "count", "seed")}
    if facts["items.count"] is None:
        facts["items.count"] = ""
    return facts | {"budget": f"{document['budget']['amount']:.15g}", "request": request, "outcome": answer}


def _answer(answer: Path, ended: Ended, name: str) -> Outcome:
    """The outcome that a program left, or the failure that it reports or that its end tells, with its last lines."""
    if not answer.exists():
        if ended.code != 0:
            return Outcome(failure=failure_of_program(ended.code, name, ended.tail, out_of_memory=ended.out_of_memory))
        message = f"{name} ended well but wrote no outcome file to the path in EVENHAND_OUTCOME"
        return Outcome(failure=Failure("code", message, "report", ended.tail))
    try:
        outcome = outcome_file.read(answer)
        outcome_file.check(outcome, "the outcome file")
    except RecipeError as error:
        return Outcome(failure=Failure("code", str(error), "report", ended.tail))
    if outcome.failure is not None:
        told = outcome.failure
        return replace(outcome, failure=replace(told, detail=told.detail or ended.tail))
    if ended.code != 0:
        failure = failure_of_program(ended.code, name, ended.tail, out_of_memory=ended.out_of_memory, wrote=True)
        return replace(outcome, failure=failure)
    return outcome


class _Points:
    """Curve points in a program's output, and the first line that began like one and was none."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.fault = ""

    def take(self, line: str) -> bool:
        """Log the point of a line that carries one; False where the line is spoilt, and the program with it."""
        if not line.startswith(PREFIX) or self.fault:
            return not self.fault
        try:
            point = json.loads(line.removeprefix(PREFIX))
            step = float(point.pop("step"))
            self.bench.log(step, **{str(k): float(v) for k, v in point.items()})
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, RecipeError) as error:
            self.fault = f"the output line '{line.strip()[:200]}' is no curve point ({error})"
        return not self.fault
