"""Differences of two arms that a sentence names and whose results stand in rows: ``A gains 2.9 points over B``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.passages import Sentence
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import MEAN, said_in
from evenhand.audit.told.changes.spoken import Told, is_stated, relative
from evenhand.audit.told.quantities import Quantity, quantities, scopes_of

_OF_SPREAD = Pattern(
    r"(?<![a-z])(?:sd|std|se|ci|p|n|seeds?|rank|params?|size|steps?|lr|time|hours?)(?![a-z])", re.IGNORECASE
)
_NEAR, _MOST_ROWS, _MOST_NUMBERS = 2.0, 40, 6

Row = dict[str, tuple[Number, Line]]
"""The results of an arm by their columns."""


def named_wrong_in(log: Log) -> Iterator[Told]:
    """The stated differences of two named arms that their rows do not have in any column, nor any two others."""
    for section, rows in _rows(log).items() if not log.data else ():
        if not 2 <= len(rows) <= _MOST_ROWS:
            continue
        for scope in scopes_of(log):
            for sentence in scope.sentences if any(p.section == section for p in scope.passages) else ():
                yield from _judged(sentence, rows)


def _judged(sentence: Sentence, rows: Mapping[str, Row]) -> Iterator[Told]:
    stated = [q for q in quantities(sentence) if is_stated(q)]
    names = _named(sentence.text, rows) if len(stated) == 1 and len(quantities(sentence)) <= _MOST_NUMBERS else []
    if len(names) != 2:
        return
    delta, (one, other) = stated[0], (rows[name] for name in names)
    shared = [column for column in one if column in other]
    if not shared or any(
        _gives(a[c][0], b[c][0], delta) for a, b in combinations(rows.values(), 2) for c in a if c in b
    ):
        return
    near = [c for c in shared if _is_near(one[c][0], other[c][0], delta)]
    if len(near) == 1:
        (first, line), (second, _) = other[near[0]], one[near[0]]
        yield Told(first, second, delta.number, delta.line, line, relative(delta))


def _named(text: str, rows: Mapping[str, Row]) -> list[str]:
    """The arms that a sentence names, in its order, those whose names are part of another's left out."""
    found = [name for name in rows if len(name) >= 2 and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]
    own = [name for name in found if not any(name != other and name in other for other in found)]
    return sorted(own, key=text.find)


def _rows(log: Log) -> dict[int, dict[str, Row]]:
    """The arms of each section with their results: rows of its tables, and lines that give a mean."""
    answer: dict[int, dict[str, Row]] = {}
    for table in log.tables:
        for row in table.rows[:_MOST_ROWS]:
            found = answer.setdefault(table.section, {}).setdefault(row.cells[0].strip(" *`"), {})
            for place, cell in enumerate(row.cells[1:], start=1):
                known = [n for n in numbers(cell) if not n.spread]
                if (
                    len(known) == 1
                    and known[0].decimals
                    and not known[0].signed
                    and not _OF_SPREAD.search(table.header[place])
                ):
                    found[f"{table.line} {place}"] = (known[0], log.line(row.line_of(place)))
    for line in log.lines:
        means = (
            [one for one in said_in(line) if MEAN.search(one.label) and one.number.decimals]
            if line.kind != "row"
            else []
        )
        name = re.match(r"\s*([^\W\d][\w+.-]{1,20})\s{1,12}(?=[\d.])", line.body)
        if len(means) == 1 and name is not None:
            answer.setdefault(line.section, {}).setdefault(name[1], {})["mean"] = (means[0].number, line)
    return answer


def _gives(one: Number, other: Number, delta: Quantity) -> bool:
    """Whether two results have a difference, in points or relative."""
    points, told, wide = abs(one.value - other.value), abs(delta.value), one.slack + other.slack
    factors = [1.0, *(100 / abs(value.value) for value in (one, other) if value.value)]
    factors += [100.0] if max(one.value, other.value) <= 1 else []
    return any(abs(k * points - told) <= 2 * delta.number.slack + k * wide for k in factors)


def _is_near(one: Number, other: Number, delta: Quantity) -> bool:
    points, told = abs(one.value - other.value), abs(delta.value)
    scale = 100 if delta.unit == "pp" and max(one.value, other.value) <= 1 else 1
    return bool(points) and 1 / _NEAR <= told / (scale * points) <= _NEAR
