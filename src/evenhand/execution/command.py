"""The recipe ``command``: any program is a recipe. Settings go in as JSON, an outcome file comes out.

The program is started with the claim's folder as its working folder and finds in its environment

- ``EVENHAND_REQUEST``: a JSON file with ``settings``, ``seed``, ``stream_seed``, ``budget`` (``unit``, ``amount``),
  ``items`` (``name``, ``start``, ``count``, ``seed``), ``threads``, ``device`` and ``workdir``;
- ``EVENHAND_OUTCOME``: the path to which it writes its outcome file (see ``evenhand.execution.outcome_file``).

Templates in its arguments (``{seed}``, ``{settings.lr}``; see ``evenhand.execution.templates``) are filled in.
Lines on its standard output of the form ``evenhand: {"step": 10, "loss": 2.3}`` become points of learning curves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from evenhand.errors import RecipeError
from evenhand.execution import outcome_file, templates
from evenhand.execution.bench import TrialBench, file_hash
from evenhand.execution.failures import classify, failure_of_program
from evenhand.execution.program import Ended, run_program
from evenhand.outcome import Failure, Outcome
from evenhand.recipe import Bench, RecipeSettings, recipe

PREFIX = "evenhand: "
"""Start of an output line that carries points of learning curves."""


class CommandSettings(RecipeSettings):
    """Settings of the recipe ``command``."""

    argv: tuple[str, ...] = Field(
        min_length=1, description="program and arguments, run without a shell; {seed}, {settings.NAME} are filled in"
    )
    values: dict[str, Any] = Field(default_factory=dict, description="settings for the program, as it knows them")

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


@recipe(version=1, further_fingerprint=program_fingerprint)
def run(settings: CommandSettings, bench: TrialBench) -> Outcome:
    """Run any program: settings as JSON in, an outcome file out."""
    request, answer = bench.workdir / "request.json", bench.workdir / "command_outcome.json"
    answer.unlink(missing_ok=True)
    document = _request(settings, bench)
    outcome_file.write_atomically(request, json.dumps(document))
    argv = templates.fill(settings.argv, settings.values, _facts(document, request, answer))
    name, points = _short(settings.argv), _Points(bench)
    try:
        ended = run_program(
            argv, bench.folder, {"EVENHAND_REQUEST": str(request), "EVENHAND_OUTCOME": str(answer)}, points.take
        )
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
