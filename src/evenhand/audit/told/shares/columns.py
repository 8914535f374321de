"""Columns of a table of which one is the share of two others, or a share of a whole number of items, by arithmetic.

Names are not asked for: where all rows but one have the relation, and chance would hardly make it so, it is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.numbers import Number, counts, numbers
from evenhand.audit.text.pattern import Pattern

_MIDDLE = Pattern(r"\b(?:med|median|mean|avg|average)\b", re.IGNORECASE)
"""What is the middle of several numbers, and no count."""

_OBJECT = Pattern(r"(.*)\.[^\W\d]\w*")
_CHANCE = 1e-4
_MOST_COLUMNS = 10
_MOST_ROWS = 200
_NEAR = 0.15


@dataclass(frozen=True)
class Odd:
    """The share of one row that is not that of its count, where the others are."""

    part: int
    whole: int
    share: Number
    line: int
    cell: str
    right: int


def odd_counts(log: Log) -> Iterator[Odd]:
    """The one row of a table whose share is not that of its count."""
    for table in log.tables:
        if not 3 <= len(table.rows) <= _MOST_ROWS:
            continue
        told: set[tuple[int, int]] = set()
        for share in _shares(table):
            pairs = list(_pairs(table, share))
            for pair in pairs:
                for one in _judged(table, share, pair, len(pairs)):
                    if (one.line, share) not in told:
                        told.add((one.line, share))
                        yield one


def _shares(table: Table) -> list[int]:
    """Columns of numbers between 0 and 100, or below 1, with decimals or signs of percent."""
    found = []
    for place, column in enumerate(table.columns[: 2 * _MOST_COLUMNS]):
        known = [one for one in column if one is not None]
        if len(known) < 3 or any(n.signed or n.unit not in ("", "%") or not 0 <= n.value <= 100 for n in known):
            continue
        if any(n.spread for row in table.rows for n in numbers(row.cells[place])):
            continue  # means over repeats
        if any(n.decimals or n.unit == "%" for n in known) or "%" in table.header[place]:
            found.append(place)
    return found[:_MOST_COLUMNS]


_Pairs = list[tuple[float, float] | None]


def _pairs(table: Table, share: int) -> Iterator[_Pairs]:
    """For each choice of columns, or for a column of counts ``27/45``, the part and the whole of every row."""
    whole = [
        i for i, column in enumerate(table.columns)
        if i != share and beside(table, i, share) and not _MIDDLE.search(table.header[i].replace("_", " "))
        and sum(n is not None and not (n.decimals or n.unit or n.signed) for n in column) >= 3
    ][:_MOST_COLUMNS]  # fmt: skip
    for part in whole:
        for all_of in whole:
            if part != all_of:
                yield [
                    (a.value, b.value) if a is not None and b is not None and 0 < a.value <= b.value else None
                    for a, b in zip(table.columns[part], table.columns[all_of], strict=True)
                ]
    for place in range(len(table.header)):
        found = [counts(row.cells[place]) for row in table.rows]
        own = any(len(numbers(row.cells[place])) > 2 or counts(row.cells[share]) for row in table.rows)
        if place != share and not own and sum(len(one) == 1 for one in found) >= 3:
            yield [(one[0].part.value, one[0].whole.value) if len(one) == 1 else None for one in found]


def _judged(table: Table, share: int, pairs: _Pairs, choices: int) -> Iterator[Odd]:
    column = table.columns[share]
    known = [(i, p, n) for i, (p, n) in enumerate(zip(pairs, column, strict=True)) if p is not None and n is not None]
    if len(known) < 3:
        return
    top = 100 if any(n.value > 1 for _, _, n in known) else 1
    odd: list[tuple[int, float, float, Number, float]] = []
    right: dict[float, float] = {}
    for i, (part, whole), number in known:
        found = top * part / whole
        if abs(found - number.value) > 2 * number.slack * (1 + 1e-9):
            odd.append((i, part, whole, number, found))
        elif 0 < part < whole:
            right[number.value] = min(1.0, 4 * number.slack / top)
    if len(odd) != 1 or len(right) < 2 or choices * math.prod(right.values()) > _CHANCE:
        return
    i, part, whole, number, found = odd[0]
    wholes = {whole for at, (_, whole), _ in known if at != i}
    if any(abs(top * part / one - number.value) <= 2 * number.slack for one in wholes):
        return  # of the whole that the others have, of which this row's is a part
    if printed_elsewhere(table, i, share, part / whole):
        return
    if abs(found - number.value) <= _NEAR * top and whole >= 5 and not of_others(table, i, share, top):
        row = table.rows[i]
        yield Odd(int(part), int(whole), number, row.line_of(share), row.cells[share], len(right))


def printed_elsewhere(table: Table, row: int, place: int, share: float) -> bool:
    """Whether another column of a row prints this very share: the count is of that one."""
    others = [column[row] for at, column in enumerate(table.columns) if at != place]
    fine = [n for n in others if n is not None and (n.decimals >= 2 or n.unit == "%") and not n.signed]
    return any(abs(scale * share - n.value) <= n.slack for n in fine for scale in (1, 100))


def beside(table: Table, one: int, other: int) -> bool:
    """Whether two fields of records are of one object: one of another arm holds together with this one by chance."""
    first, second = (_OBJECT.fullmatch(table.header[place]) for place in (one, other))
    return (first and first[1]) == (second and second[1])


def is_mean(table: Table, row: int, place: int) -> bool:
    """Whether the first or last number of a column is the mean of the others."""
    column = table.columns[place]
    share, others = column[row], [n.value for at, n in enumerate(column) if n is not None and at != row]
    if share is None or len(others) < 2 or row not in (0, len(table.rows) - 1):
        return False
    return abs(sum(others) / len(others) - share.value) <= 3 * share.slack


def of_others(table: Table, row: int, place: int, top: float) -> bool:
    """Whether a share is that of other numbers of its row, or of one and the sum or rest of two; or their mean."""
    column = table.columns[place]
    share = column[row]
    if share is None:
        return True
    if is_mean(table, row, place):
        return True
    known = [c[row] for i, c in enumerate(table.columns[:20]) if i != place]
    whole = [int(n.value) for n in known if n is not None and not (n.decimals or n.unit or n.signed)]
    sums = {*whole, *(a + b for a in whole for b in whole), *(a - b for a in whole for b in whole)}
    return any(abs(top * a / b - share.value) <= 2 * share.slack for a in whole for b in sums if 0 < a < b)
