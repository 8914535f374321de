"""A difference that is right, of one of its two numbers and a third that stands near: it was paired wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.told.changes.change import Change, readings

_AROUND = 12
"""Lines before and behind: as far as one looks for the number that a difference is taken from."""


def of_a_third(log: Log, change: Change) -> bool:
    """Whether a third number near, printed as finely, makes the difference right with one of the two.

    What reads as a slip of the pen is more often a difference from another row, a heading or the line above.
    """
    fine = max(change.base.decimals, change.new.decimals)
    others = [one for one in _near(log, change.line) if one.decimals == fine]
    for other in others:
        if other.value in (change.base.value, change.new.value) or other.value == change.delta.value:
            continue
        if any(readings(replace(change, **{side: other})) for side in ("base", "new")):
            return True
    return False


def _near(log: Log, line: Line) -> Iterator[Number]:
    place = log.by_number[line.number]
    for one in log.lines[max(0, place - _AROUND) : place + _AROUND + 1]:
        yield from (n for n in one.numbers if not n.signed and not n.spread and n.unit in ("", "%"))
