"""Whether a text shows that a difference is told of two numbers, and not of one of them and a third near."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import SECONDS, Number, numbers
from evenhand.audit.text.passages import passages_of
from evenhand.audit.told.changes.change import Change, readings
from evenhand.audit.told.changes.changes import changes_of

_AROUND = 12
"""Lines before and behind: as far as one looks for the number that a difference is taken from."""

_FIRST = 2
"""Rows of a table of which one may be its baseline."""

_SIBLINGS = 2
"""So many lines of the same form, whose differences are right, show how the form is to be read."""


def shown(log: Log, change: Change) -> bool:
    """Whether one sentence gives two numbers, their difference and no other result, or others like it are right."""
    if finer(change):
        return False
    return all(_allowed(one, change) for one in _beside(log, change)) or len(list(_right(log, change))) >= _SIBLINGS


def finer(change: Change) -> bool:
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


def of_a_third(log: Log, change: Change) -> bool:
    """Whether a third number near, printed as finely, makes the difference right with one of the two.

    What reads as a slip of the pen is more often a difference from another row, a heading or the line above.
    """
    fine = max(change.base.decimals, change.new.decimals)
    others = [one for one in _near(log, change.line) if one.decimals == fine]
    for other in others:
        if other.value in (change.base.value, change.new.value) or other.value == change.delta.value:
            continue
        if any(map(readings, (replace(change, base=other), replace(change, new=other)))) or _of_a_gap(change, other):
            return True
    return of_what_is_left(change)


def _of_a_gap(change: Change, other: Number) -> bool:
    """Whether a percentage tells how much of the gap to a third number was closed."""
    return any(
        change.delta.unit == "%" and _part(change, abs(other.value - one.value)) for one in (change.base, change.new)
    )


def of_what_is_left(change: Change) -> bool:
    """Whether a percentage tells how many of the errors that a share leaves are gone."""
    largest = max(change.base.value, change.new.value)
    whole = 100 if change.base.unit == "%" or 1 < largest <= 100 else 1
    return change.delta.unit == "%" and largest <= whole and _part(change, whole - change.base.value)


def _part(change: Change, whole: float) -> bool:
    """Whether the difference is the stated percentage of a whole."""
    base, new, delta = change.base, change.new, change.delta
    if whole <= 0:
        return False
    points = abs(new.value - base.value)
    wide = 100 * (base.slack + new.slack) / whole * (1 + points / whole)
    return abs(100 * points / whole - abs(delta.value)) <= delta.slack + wide


def _near(log: Log, line: Line) -> Iterator[Number]:
    """The numbers around a line, those of the headings above it, and those of its table's first rows."""
    place = log.by_number[line.number]
    told = [one.numbers for one in log.lines[max(0, place - _AROUND) : place + _AROUND + 1]]
    told += [numbers(title) for title in log.path(line.section)]
    own = [table for table in log.tables if line.number in {row.line for row in table.rows}]
    told += [log.line(row.line).numbers for table in own for row in table.rows[:_FIRST]]
    for found in told:
        yield from (n for n in found if not n.signed and not n.spread and n.unit in ("", "%"))
