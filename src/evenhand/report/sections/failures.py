"""Failures by class with what to do, undefined metrics with their reasons, and the notes of trials."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from evenhand.ledger.records import OutcomeRecord
from evenhand.recipes.error_classes import ADVICE
from evenhand.recipes.outcome import Failure, FailureClass
from evenhand.report.results import Results


@dataclass(frozen=True)
class FailureGroup:
    """Attempts that failed in the same way.

    Attributes:
        message, phase: of the failure.
        ending: exit code or signal, in words; empty for a clean exit.
        trials: label and id of each trial, with a remark where a later attempt gave scores.
        detail: traceback or last output of the first of them.
    """

    message: str
    phase: str
    ending: str
    trials: tuple[tuple[str, str, str], ...]
    detail: str


@dataclass(frozen=True)
class FailureKind:
    """All failures of one class, with what to do about it."""

    kind: FailureClass
    advice: str
    count: int
    open: int
    groups: tuple[FailureGroup, ...]


@dataclass(frozen=True)
class Undefined:
    """A metric that some trials could not give, with the reason and the trials (label and id)."""

    metric: str
    reason: str
    trials: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Note:
    """A note of trials: name, text, and where it holds; ``everywhere`` when all trials that gave scores say it."""

    name: str
    text: str
    where: tuple[str, ...]
    trials: int
    everywhere: bool


def failure_kinds(results: Results) -> tuple[FailureKind, ...]:
    """Failures of all attempts, by class in the order in which the lab lists them."""
    groups: dict[tuple[str, str, str, str], list[tuple[OutcomeRecord, Failure, bool]]] = defaultdict(list)
    seen: set[str] = set()
    for planned in results.planned:
        for record in planned.attempts:
            failure = record.outcome.failure
            if failure is not None and str(record.place) not in seen:
                seen.add(str(record.place))
                key = (failure.kind, failure.message, failure.phase, _ending(record))
                groups[key].append((record, failure, planned.scored is not None))
    kinds = []
    for kind, advice in ADVICE.items():
        mine = {key: group for key, group in groups.items() if key[0] == kind}
        if mine:
            shown = tuple(_group(key, group) for key, group in mine.items())
            total = sum(len(group) for group in mine.values())
            still = sum(not mended for group in mine.values() for _, _, mended in group)
            kinds.append(FailureKind(kind, advice, total, still, shown))
    return tuple(kinds)


def _group(key: tuple[str, str, str, str], group: list[tuple[OutcomeRecord, Failure, bool]]) -> FailureGroup:
    trials = tuple(
        (r.trial.label(), r.trial.id, _which(r) + (", tried again with success" if ok else "")) for r, _, ok in group
    )
    return FailureGroup(key[1], key[2], key[3], trials, group[0][1].detail)


def _which(record: OutcomeRecord) -> str:
    """Which attempt a record is of; 0 stands for a trial that was left out."""
    return f"attempt {record.execution.attempt}" if record.execution.attempt else "left out"


def _ending(record: OutcomeRecord) -> str:
    execution = record.execution
    if execution.signal:
        return execution.signal
    return f"exit code {execution.exit_code}" if execution.exit_code else ""


def undefined_metrics(results: Results) -> tuple[Undefined, ...]:
    """Metrics without a value, by metric and reason."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for planned in results.planned:
        record = planned.scored
        for metric, reason in sorted(record.outcome.undefined.items()) if record else ():
            found[metric, reason].append((planned.trial.label(), planned.trial.id))
    return tuple(Undefined(metric, reason, tuple(trials)) for (metric, reason), trials in sorted(found.items()))


def trial_notes(results: Results) -> tuple[Note, ...]:
    """Notes by name and text, with the arms and conditions that carry them."""
    places: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    scored = [planned for planned in results.planned if planned.scored is not None]
    for planned in scored:
        for name, text in sorted(planned.scored.outcome.notes.items()) if planned.scored else ():
            trial = planned.trial
            places[name, text][f"{trial.arm} · {trial.condition}"] = None
            counts[name, text] += 1
    return tuple(
        Note(name, text, tuple(where), counts[name, text], counts[name, text] == len(scored))
        for (name, text), where in sorted(places.items(), key=lambda one: (one[0][0], _as_counted(one[0][1])))
    )


def _as_counted(text: str) -> list[tuple[int, str]]:
    """What sorts texts with numbers in them as people count: step 90 before step 100."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text)]
