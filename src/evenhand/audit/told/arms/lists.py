"""Results of arms as lists give them: ``head_l10: 31.97% (+7.31pp)`` under ``medium confirmed gains``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import SECONDS, Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import said_in

BASELINE = Pattern(r"(?<![a-z])baseline(?![a-z])", re.IGNORECASE)
_STAGES = {
    **dict.fromkeys(("quick", "screen", "screening", "short", "pilot", "smoke", "proxy"), 0),
    **dict.fromkeys(("medium", "med"), 1), **dict.fromkeys(("full", "long"), 2),
}  # fmt: skip
_STAGE = Pattern(
    r"(?<![a-z_])(" + "|".join(_STAGES) + r")(?![a-z_])",
    re.IGNORECASE,
    needs="full|long|med|pilot|proxy|quick|screen|short|smoke",
)
_BUDGET = Pattern(
    r"(?:budget\w*|seconds|secs?|steps|epochs|iterations|iters|tokens)\w*\s*[=:]\s*$",
    re.IGNORECASE,
    needs="budget|epochs|iterations|iters|sec|steps|tokens",
)
_AMOUNT = Pattern(r"^\s*(?:-\s?)?(epochs?|steps?|iters?|iterations|tokens)\b", re.IGNORECASE)
_UNIT = Pattern(r"(?<![a-z])(seconds|secs?|steps|epochs|iterations|iters|tokens)(?![a-z])", re.IGNORECASE)
_NAMES = {"med": "medium", "screening": "screen"}


@dataclass(frozen=True)
class Arm:
    """A result of one arm.

    Attributes:
        name: as the list gives it.
        value: the result; None where only the difference is given.
        delta: the difference to a baseline, where one is printed.
        stage: quick, medium, full or another word for how long it ran; empty where none is told.
        baseline: whether it is one.
        line: where it stands.
        task: the nearest name above it, in code marks or before a colon.
    """

    name: str
    value: Number | None
    delta: Number | None
    stage: str
    baseline: bool
    line: Line
    task: str


@lru_cache(maxsize=4096)
def stage_in(text: str) -> str:
    """The word for how long something ran, where a text has exactly one."""
    found = {_NAMES.get(one.lower(), one.lower()) for one in _STAGE.findall(text)}
    return found.pop() if len(found) == 1 else ""


def stage_of(log: Log, line: Line, text: str) -> str:
    """That of a text, or else of what its line belongs to."""
    for one in (text, *(above.body for above in log.parents(line))):
        stage = stage_in(one)
        if stage:
            return stage
    return ""


@per_log
def arms_of(log: Log) -> tuple[Arm, ...]:
    """The results of arms that stand in lists, in the order of their lines."""
    return tuple(one for line in log.spoken() if line.kind == "bullet" for one in _arms(log, line))


def _arms(log: Log, line: Line) -> Iterator[Arm]:
    said = [one for one in said_in(line) if one.number.unit in ("%", "pp", "") and not one.number.spread]
    values = [one for one in said if not one.number.signed and (one.number.unit == "%" or one.number.decimals >= 2)]
    deltas = [one for one in said if one.number.signed and one.number.unit in ("pp", "%")]
    if len(values) > 1 or len(deltas) > 1 or not (values or deltas):
        return
    first = (values or deltas)[0]
    label = line.body[: first.number.start]
    delta = deltas[0].number if deltas else None
    if (
        values
        and deltas
        and not re.fullmatch(r"\s*[(\[;,][^\d;]{0,12}", line.body[values[0].number.end : deltas[0].number.start])
    ):
        delta = None
    name = re.sub(r"[\s=:≈~`(]+$", "", label).strip()
    above = next(log.parents(line), None)
    is_baseline = BASELINE.search(label) is not None
    yield Arm(
        name,
        values[0].number if values else None,
        delta,
        stage_of(log, line, label),
        is_baseline,
        line,
        _task(log, line, label, above),
    )


def _task(log: Log, line: Line, label: str, above: Line | None) -> str:
    """The task that a result belongs to: the name before the colon, that of a parent, or the heading."""
    for text in (label, *(one.body for one in log.parents(line))):
        named = re.match(r"^([A-Za-z]\w+)(?:\s*\(.*\))?\s*:", text)
        if (
            named is not None
            and "_" in named[1]
            and not BASELINE.search(named[1])
            and stage_in(named[1]) == ""
            and text is not label
        ):
            return named[1].lower()
        if named is not None and text is label and BASELINE.search(text[named.end() :]):
            return named[1].lower()
    path = log.path(line.section)
    return path[-1].lower() if path else ""


@lru_cache(maxsize=256)
def budget_of(log: Log, stage: str) -> tuple[Number, Line, str] | None:
    """What a stage may spend, and its unit, where one amount is told for it: ``quick stage (time_budget_sec=80)``."""
    found = []
    for line in log.spoken():
        if stage_in(line.body) != stage or not _STAGE.search(line.body.split("(")[0]):
            continue
        for number in line.numbers:
            named = _BUDGET.search(line.body[: number.start])
            after = _AMOUNT.match(line.body[number.end :]) if "budget" in line.low else None
            if named or after or (number.unit in SECONDS and "budget" in line.low):
                unit = _UNIT.search(named[0]) if named is not None else after
                word = number.unit or (unit[1].lower() if unit else "")
                found.append((number, line, "seconds" if word.startswith("sec") else word))
    return found[0] if len({one.value for one, _, _ in found}) == 1 else None
