"""Whether a text shows that a difference is told of two numbers: it gives nothing else, or its siblings are so, too."""

from __future__ import annotations

from collections.abc import Iterator

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import SECONDS, Number
from evenhand.audit.text.passages import passages_of
from evenhand.audit.told.changes.change import Change, readings
from evenhand.audit.told.changes.changes import changes_of

_SIBLINGS = 2
"""So many lines of the same form, whose differences are right, show how the form is to be read."""


def shown(log: Log, change: Change) -> bool:
    """Whether one sentence gives two numbers, their difference and no other result, or others like it are right."""
    if _finer(change):
        return False
    return all(_allowed(one, change) for one in _beside(log, change)) or len(list(_right(log, change))) >= _SIBLINGS


def _finer(change: Change) -> bool:
    """Whether a difference in points has more digits than its numbers give: it is that of other numbers."""
    base, delta = change.base, change.delta
    if delta.unit not in ("", "pp"):
        return False
    hundred = 100 if delta.unit == "pp" and not base.unit and max(base.value, change.new.value) <= 1 else 1
    return delta.half * 2 < base.half * hundred


def _beside(log: Log, change: Change) -> Iterator[Number]:
    """The numbers of the sentences that the three stand in, those three left out."""
    lines = {change.line.number, change.base_line.number}
    own = [s.numbers for p in passages_of(log) for s in p.sentences if lines & {one.number for one in s.lines}]
    values = [abs(one.value) for one in (change.base, change.new, change.delta)]
    told = [found for found in own if values[2] in [abs(one.value) for one in found]] or [change.line.numbers]
    for found in told:
        rest = list(values)
        for one in found:
            if abs(one.value) in rest:
                rest.remove(abs(one.value))
            else:
                yield one


def _allowed(one: Number, change: Change) -> bool:
    """Whether a number is a time beside results, or may be that of a seed or of items: whole, where results are not."""
    if one.unit in SECONDS and not one.signed:
        return change.base.unit not in SECONDS and change.delta.unit not in SECONDS
    fine = change.base.decimals > 0 or change.base.unit != ""
    return fine and not (one.decimals or one.unit or one.signed or one.about or one.spread)


def _right(log: Log, change: Change) -> Iterator[Line]:
    """The lines of a section that have as many numbers, and a difference that is right."""
    for one in changes_of(log):
        alike = (one.line.section, one.line.kind) == (change.line.section, change.line.kind)
        if alike and one.line.kind != "row" and len(one.line.numbers) == len(change.line.numbers) and readings(one):
            yield one.line
