"""Differences over seeds that are all exactly zero, and a conclusion on what was changed right behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.outages import INFRASTRUCTURE
from evenhand.audit.text.vocabulary.verdicts import NO_EFFECT
from evenhand.audit.text.words import of_others, planning
from evenhand.audit.told.arms.grids import Column, grids_of
from evenhand.audit.told.concluded.closed import COST, SAME
from evenhand.audit.told.concluded.concluded import drawn
from evenhand.audit.told.concluded.statements import Statement, behind, below, statements_of

_DELTA = Pattern(
    r"(?<![a-z])(?:d_[a-z]+|deltas?|Δ\s?\w*|diff|diffs|differences?|gains?|changes?|improvements?)(?![a-z])",
    re.IGNORECASE,
)
_EACH = Pattern(
    r"\b(?:all|every|each|both|per)\b[^.;]{0,20}\b(?:seeds?|runs?|repeats?|folds?|restarts?)\b|\bseeds \d+\s?[-–]\s?\d|"
    r"\b\d+ (?:seeds|runs|repeats|folds)\b",
    re.IGNORECASE,
)
_ADMITTED = Pattern(
    r"\bno-?op\b|\bnot (?:active|applied|connected|used|wired)\b|\bnothing is learned\b|\bno verdict\b|\bidentical\b|"
    r"\bnever (?:ran|active|applied)\b|\bbug\b|\bas (?:expected|intended)\b|\bby (?:design|construction)\b",
    re.IGNORECASE,
)
_LISTED, _ROWS, _BEHIND = 3, 3, 3


def concluded_on_zeros(log: Log) -> Iterator[Finding]:
    """``All seeds: delta = 0.0000. No effect.``; a list or a column of zeros, and a conclusion behind it."""
    told: list[tuple[int, list[Statement]]] = [
        (one.line.number, [one, *behind(log, one, _BEHIND)])
        for one in statements_of(log)
        if _all_zero(one) and not planning(log, one.line) and not of_others(one.line)
    ]
    for grid in grids_of(log) if not log.data else ():
        changes = [one for one in grid.of("score") if _DELTA.search(one.name)]
        if len(grid.names) >= _ROWS and changes and all(_zeros(one) for one in changes):
            told.append((grid.first, list(below(log, grid.last, grid.section, 2))))
    said: set[int] = set()
    for line, near in told:
        found = None if any(_of_else(one.text) for one in near) else drawn(near, (NO_EFFECT,))
        if found is None or found.line.number in said:
            continue
        upto = near[: near.index(found.statement) + 1]
        if not any(n.value and (n.decimals or n.unit == "%") for one in upto for n in one.numbers):
            said.add(found.line.number)
            facts, places, at = {"words": found.words, "zeros": True}, (place_of(log, line),), place_of(log, found.line)
            closed = found.statement in near[:2]
            yield Finding("no-op", "caution", at, facts, places, found.words, anywhere=True, closed=closed)


def _of_else(text: str) -> bool:
    """Whether a change is known not to have acted, is one that must not matter, or something failed."""
    return any(pattern.search(text) for pattern in (_ADMITTED, COST, SAME, INFRASTRUCTURE))


def _all_zero(one: Statement) -> bool:
    """Whether a statement tells differences that are all zero to three places, each of several seeds."""
    fine = [n for n in one.numbers if n.decimals]
    zeros = [n for n in fine if _zero(n) or (not n.value and one.text[: n.start].endswith("exactly "))]
    if not zeros or any(n.value for n in fine):
        return False
    named = _DELTA.search(one.text) is not None
    listed = len(zeros) >= _LISTED and len(fine) == len(one.numbers)
    return (listed and (named or all(n.signed for n in zeros))) or (named and _EACH.search(one.text) is not None)


def _zeros(column: Column) -> bool:
    """Whether a column has a zero in each cell."""
    return all(cell is not None and _zero(cell) for cell in column.cells)


def _zero(one: Number) -> bool:
    """Whether a number is zero, printed to three places, or to two in percent or points."""
    return not one.value and one.decimals >= (2 if one.unit in ("%", "pp") else 3)
