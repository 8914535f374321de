"""Changes in tables: a column of differences beside those of the two numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.numbers import Number, counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.changes.change import Change, readings
from evenhand.audit.told.changes.words import BASE, NEW

_DELTA = Pattern(
    r"^(?:Δ|delta|change|diff(?:erence)?|% ?change|rel(?:ative)?\.? change|Δ ?%|improv(?:ement)?|gain|reduction)\b|^Δ",
    re.IGNORECASE,
)
_OTHER_DELTA = Pattern(r"\b(?:vs\.?|over|from|per|to)\b|[/(]", re.IGNORECASE)
_POINTS = Pattern(r"(?<![a-z])(?:pp|pts?|points?|percent\w*|better|worse|lower|higher|ppts?)(?![a-z])", re.IGNORECASE)
_SPREAD = Pattern(r"\W*(?:sd|std|se|sem|min|max|iqr|var|range)\W*$", re.IGNORECASE)
_WORD = Pattern(r"[A-Za-z]{2,}")


def in_table(log: Log, table: Table) -> Iterator[Change]:
    places = [place for place, name in enumerate(table.header) if _DELTA.search(name)]
    if len(places) != 1:
        return
    place = places[0]
    pair, named = _pair(table, place)
    for row in table.rows:
        deltas = _stated(row.cells[place])
        delta = deltas[0] if deltas else None
        if delta is not None and _WORD.search(_POINTS.sub(" ", row.cells[place])):
            continue  # in a unit of its own, or with a remark
        if delta is not None and "倍" in row.cells[place]:
            delta = replace(delta, unit="x")
        if delta is None or pair is None or _SPREAD.match(row.cells[0]):
            continue
        line, of = log.line(row.line), f"{row.cells[0]} {table.header[place]}"
        pairs = zip(*(_values(row.cells[one]) for one in pair), strict=False)
        found = [Change(a, b, delta, line, line, named, of) for a, b in pairs if a.unit == b.unit]
        if not named and delta.decimals and not delta.unit:  # what is counted in wholes has no such difference
            found = [one for one in found if one.base.decimals or one.new.decimals]
        if not named:  # a whole number beside a result is the amount of something
            found = [one for one in found if bool(one.base.decimals) == bool(one.new.decimals)]
        fits = [one for one in found if readings(one)]
        if found:
            yield (fits or found)[-1 if delta.unit else 0]
            yield from (replace(found[0], delta=one) for one in deltas[1:] if not fits or readings(fits[0]))


def _pair(table: Table, place: int) -> tuple[tuple[int, int] | None, bool]:
    """The columns of the base and of the new number, and whether their names say so."""
    base = [i for i, name in enumerate(table.header) if i != place and BASE.search(name)]
    new = [i for i, name in enumerate(table.header) if i != place and NEW.search(name) and i not in base]
    if len(base) == 1 and len(new) == 1:
        return (base[0], new[0]), True
    others = [i for i in range(1, place) if i not in (place,) and any(_value(row.cells[i]) for row in table.rows)]
    if len(others) == 2 and not _OTHER_DELTA.search(table.header[place]):
        return (others[0], others[1]), False
    return None, False


def _stated(cell: str) -> tuple[Number, ...]:
    """What a cell of differences says: one number, or the difference with the percentage in brackets behind it."""
    found = [one for one in numbers(cell) if not one.spread]
    both = len(found) == 2 and not found[0].unit and found[1].unit == "%" and all(one.signed for one in found)
    if both and cell[found[0].end : found[1].start].strip() == "(" and not found[0].about:
        return tuple(found)
    return tuple(found) if len(found) == 1 else ()


def _single(cell: str) -> Number | None:
    found = [one for one in numbers(cell) if not one.spread]
    return found[0] if len(found) == 1 else None


def _value(cell: str) -> Number | None:
    """The one number of a cell; of a count, the part."""
    found = _values(cell)
    return found[0] if found else None


def _values(cell: str) -> tuple[Number, ...]:
    """What a cell gives: its one number; of a count with a share beside it both, as a difference may be of either."""
    counted = counts(cell)
    if len(counted) != 1:
        one = _single(cell)
        return () if one is None else (one,)
    beside = [n for n in numbers(cell) if n.decimals or n.unit == "%"]
    return (counted[0].part, *beside) if len(beside) <= 1 else ()
