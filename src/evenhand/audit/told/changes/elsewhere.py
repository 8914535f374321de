"""A difference that is right, of one of its two numbers and a third that stands near, or as a part of another whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.told.changes.change import Change, readings

_AROUND = 12
"""Lines before and behind: as far as one looks for the number that a difference is taken from."""

_FIRST = 2
"""Rows of a table of which one may be its baseline."""


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
    return _of_what_is_left(change)


def _of_a_gap(change: Change, other: Number) -> bool:
    """Whether a percentage tells how much of the gap to a third number was closed."""
    return any(
        change.delta.unit == "%" and _part(change, abs(other.value - one.value)) for one in (change.base, change.new)
    )


def _of_what_is_left(change: Change) -> bool:
    """Whether a percentage tells how many of the errors that a share leaves are gone."""
    share = change.base.unit == "%" or max(change.base.value, change.new.value) <= 1
    whole = 100 if change.base.unit == "%" else 1
    return change.delta.unit == "%" and share and _part(change, whole - change.base.value)


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
