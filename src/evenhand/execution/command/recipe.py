"""The recipe ``command``: any program is a recipe. Settings go in as JSON or in its arguments, its results come out.

The program is started with the claim's folder as its working folder (``cwd`` names another) and finds in its
environment

- ``EVENHAND_REQUEST``: a JSON file with ``settings``, ``seed``, ``stream_seed``, ``budget`` (``unit``, ``amount``),
  ``items`` (``name``, ``start``, ``count``, ``seed``), ``threads``, ``device`` and ``workdir``;
- ``EVENHAND_OUTCOME``: the path to which it writes its outcome file (see ``evenhand.execution.outcome_file``).

Templates in its arguments and in ``environment`` (``{seed}``, ``{lr}``; see the module ``templates``) are filled in. A
program that knows nothing of all this stays as it is: ``results`` says where its own output files are read, ``spent``
where it is read what it cost, ``curves`` what of its output is drawn.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evenhand import files
from evenhand.errors import DataError, Diverged, RecipeError
from evenhand.execution import outcome_file, sources
from evenhand.execution.bench import TrialBench
from evenhand.execution.command import imported, templates
from evenhand.execution.command.files import named_words, places_of, program_files, program_fingerprint, program_hashes
from evenhand.execution.command.printed import LastLines, Points
from evenhand.execution.command.process import Ended, run_program
from evenhand.execution.command.results import files_at, read_results, states, written_since
from evenhand.execution.command.settings import CommandSettings
from evenhand.execution.command.spent import Matches, cost
from evenhand.execution.failures import failure_of_program
from evenhand.recipes.contract import Bench, recipe
from evenhand.recipes.error_classes import classify
from evenhand.recipes.outcome import Failure, Outcome


@dataclass(frozen=True)
class _Call:
    """One start of the program: what it is told, and where it is looked at.

    Attributes:
        argv, variables, cwd: with all templates filled in.
        answer: where it may write an outcome file.
        places: where its results, and what it spent, are read; empty where they are not.
        before: states of the files there before it began: an earlier attempt may have left them.
    """

    argv: tuple[str, ...]
    variables: Mapping[str, str]
    cwd: Path
    answer: Path
    places: tuple[str, str]
    before: Mapping[Path, tuple[int, int, int]]


@recipe(version=1, further_fingerprint=program_fingerprint)
def run(settings: CommandSettings, bench: TrialBench) -> Outcome:
    """Run any program: settings as JSON or in its arguments, an outcome file or its own output files out."""
    call = _call(settings, bench)
    points = Points(bench, settings.curves)
    matches = Matches({} if settings.spent is None else settings.spent.patterns)

    output = LastLines()

    def on_line(line: str) -> bool:
        output.lines.append(line)
        matches.take(line)
        return points.take(line)

    try:
        with _recorded_sources(settings, bench):
            ended = run_program(call.argv, call.cwd, call.variables, on_line, imported.SERVERS)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        where = "the claim's folder" if not settings.cwd else f"the folder {settings.cwd}"
        message = f"the program '{call.argv[0]}' cannot be started from {where}: {why}"
        return Outcome(failure=Failure(classify(error), message))
    if imported.SERVERS is not None:
        bench.note("program", imported.SERVERS.note)
    if points.fault:
        return Outcome(failure=Failure("code", points.fault, "run", ended.tail))
    outcome = _answer(call.answer, ended, _short(settings), needed=settings.results is None)
    if outcome.failure is not None:
        return outcome
    return _with_files(outcome, settings, call, _Told(matches, output.document, ended.tail), bench)


def _call(settings: CommandSettings, bench: TrialBench) -> _Call:
    request, answer = bench.workdir / "request.json", bench.workdir / "command_outcome.json"
    answer.unlink(missing_ok=True)
    document = _request(settings, bench)
    files.write_text(request, json.dumps(document))
    facts = _facts(document, request, answer, bench.folder)

    def filled(text: str) -> str:
        return templates.fill_text(text, settings.values, facts)

    cwd = bench.folder / filled(settings.cwd) if settings.cwd else bench.folder
    own = {name: filled(text) for name, text in settings.environment.items()}
    variables = {**own, "EVENHAND_REQUEST": str(request), "EVENHAND_OUTCOME": str(answer)}
    *shell, line = settings.line
    last = templates.fill_text(line, settings.values, facts, quoted=bool(settings.shell))
    argv = (*templates.fill(shell, settings.values, facts), last)
    places = tuple("" if part is None else filled(part.path) for part in (settings.results, settings.spent))
    before = {path: state for place in places if place for path, state in states(files_at(place, cwd)).items()}
    return _Call(argv, variables, cwd, answer, (places[0], places[1]), before)


@dataclass(frozen=True)
class _Told:
    """What the program printed: what it spent, the JSON object at its end, its last lines."""

    matches: Matches
    document: str
    tail: str


def _with_files(outcome: Outcome, settings: CommandSettings, call: _Call, told: _Told, bench: TrialBench) -> Outcome:
    """The outcome with what the program's own output files say, or the failure to read them."""
    try:
        if settings.spent is not None:
            written = written_since(call.before, call.places[1], call.cwd)
            paid = cost(settings.spent, written, told.matches, bench.budget.unit, bench.budget.amount)
            notes = {**outcome.notes, "budget read from": paid.source}
            curves = {**paid.curves, **outcome.curves}
            outcome = replace(outcome, spent={**paid.amounts, **outcome.spent}, curves=curves, notes=notes)
        if settings.results is not None:
            found = read_results(settings.results, call.places[0], call.cwd, call.before, told.document)
            both = sorted({*found.items, *found.metrics} & {*outcome.items, *outcome.metrics})
            if both:
                raise RecipeError(f"'{both[0]}' stands in the outcome file and in the results; which one is meant?")
            metrics, items = {**outcome.metrics, **found.metrics}, {**outcome.items, **found.items}
            notes = {**outcome.notes, "results read from": f"{settings.results.format}: {found.files}"}
            outcome = replace(outcome, metrics=metrics, items=items, notes=notes | _seed_note(settings))
    except (DataError, RecipeError) as error:
        message = f"{_short(settings)} ended well, but {_as_claimed(error, bench)}"
        return replace(outcome, failure=Failure("code", message, "report", told.tail))
    except Diverged as error:
        return replace(outcome, failure=Failure("diverged", _as_claimed(error, bench), "report", told.tail))
    return outcome


def _as_claimed(error: Exception, bench: TrialBench) -> str:
    """A sentence with the trial's folder as claims write it: folders of a machine do not go into the ledger."""
    return str(error).replace(str(bench.workdir), "{workdir}")


def _seed_note(settings: CommandSettings) -> dict[str, str]:
    told = {"seed", "stream_seed", "request"} & set(templates.asked(settings.told))
    return {} if told else {"seed": "not told to the program: no {seed} in its arguments or its environment"}


def _short(settings: CommandSettings) -> str:
    words = settings.shell or " ".join(settings.argv)
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
    words, places = named_words(settings, bench.folder), places_of(settings, bench.folder)
    before = program_hashes(words, settings.files, places)
    recorded.update(before)
    if not before:
        bench.note("code", "not known: argv names no file, and there is no git checkout; list them in settings.files")
    try:
        yield
    finally:
        after = sources.hashes_of(program_files(words, settings.files, places), bench.folder)
        recorded.update(sources.changed_between({k: v for k, v in before.items() if k != sources.GIT}, after))


def _facts(document: Mapping[str, Any], request: Path, answer: Path, folder: Path) -> dict[str, Any]:
    """What templates stand for: the request's own values."""
    facts = {key: document[key] for key in ("seed", "stream_seed", "device", "threads", "workdir")}
    facts |= {f"items.{key}": document["items"][key] for key in ("start", "count", "seed")}
    if facts["items.count"] is None:
        facts["items.count"] = ""
    budget = {"budget": f"{document['budget']['amount']:.15g}", "unit": document["budget"]["unit"]}
    return facts | budget | {"request": request, "outcome": answer, "folder": folder}


def _answer(answer: Path, ended: Ended, name: str, *, needed: bool) -> Outcome:
    """The outcome that a program left, or the failure that it reports or that its end tells, with its last lines."""
    if not answer.exists() and ended.code != 0:
        return Outcome(failure=failure_of_program(ended.code, name, ended.tail, out_of_memory=ended.out_of_memory))
    if not answer.exists():
        message = f"{name} ended well but wrote no outcome file to the path in EVENHAND_OUTCOME"
        return Outcome(failure=Failure("code", message, "report", ended.tail) if needed else None)
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
