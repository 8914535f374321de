"""Means over results that each have a name of their own: columns of a table, tasks or districts in a line.

A mean over tasks may be weighted, or be one of others, so that the rows beside, or a number in words, must show that it
is the plain one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from evenhand.audit.text.log import Log, Table, only_number
from evenhand.audit.text.numbers import Number, numbers, right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.told.repeats.averaged import role_of
from evenhand.audit.told.repeats.indexed import frame_of
from evenhand.audit.told.seeds.otherwise import other_average
from evenhand.audit.told.seeds.series import Series

_FEWEST, _MOST, _MOST_ROWS, _LONGEST = 3, 30, 200, 600
_RARELY, _RARELY_COUNTED = 1e-4, 1e-2
"""How seldom rows may have just these means by chance; where their name counts the columns."""

_FAR = 3
"""Slacks of a mean by which a wrong one is off at least: less is what a rounded value hides."""

_VALUE = r"[+\-−]?\d+(?:\.\d+)?\s?%?"
_NAME = r"[^\W\d][\w.'’+-]*(?: [^\W\d][\w.'’+-]*)?\s*[:=]?\s+"
_LIST = Pattern(rf"(?:{_NAME}{_VALUE}(?:,\s+(?:and\s+)?|\s+and\s+|;\s+)){{2,}}{_NAME}{_VALUE}(?![\w%]|\.\d)")
_MEAN_OF = Pattern(
    rf"(?:\bplain |\bsimple |\bunweighted |\barithmetic )?(?<![\w-])(?:mean|average|avg\.?)\s+(?:over|of|across)\s+"
    rf"(?:the |all |these |those ){{0,2}}(?P<n>\d{{1,2}}|{any_number(3)})(?:\s+[a-z]+)?\s*"
    rf"(?:comes? (?:to|out at)|is|was|of|at|=|:|gives|,)?\s*(?P<mean>{_VALUE})(?![\w%]|\.\d)",
    re.IGNORECASE,
)
_OTHER = Pattern(
    r"\b(?:weight\w*|macro|micro|pooled|median\w*|geo\w*|harmonic|without|exclud\w*|other)\b", re.IGNORECASE
)


def named(log: Log) -> Iterator[Series]:
    """The means that their results do not have, where all of these are told; those that are right say nothing new."""
    for table in log.tables if not log.computed else ():
        yield from _across(log, table)
    yield from _in_lines(log) if not log.data else ()


def _across(log: Log, table: Table) -> Iterator[Series]:
    """The one row of a table whose mean is not that of the columns before, or behind, where the others' are."""
    means = [i for i, name in enumerate(table.header) if role_of(name) == "mean" and not _OTHER.search(name)]
    if len(means) != 1 or not 2 <= len(table.rows) <= _MOST_ROWS:
        return
    at = means[0]
    counted = re.search(r"\d+", table.header[at])
    for places in _runs(table, at, int(counted[0]) if counted else 0):
        rows = [(i, _values(table, i, places), table.columns[at][i]) for i in range(len(table.rows))]
        told = [(i, values, mean) for i, values, mean in rows if values is not None and mean is not None]
        wrong = [one for one in told if not right(one[2], one[1])]
        if told and not wrong:
            return
        fits = {(mean.value, *(v.value for v in values)): _chance(mean, values) for _, values, mean in told
                if right(mean, values)}  # fmt: skip
        own = counted is not None and int(counted[0]) == len(places)
        rare = (1 if own else len(table.header)) * math.prod(fits.values())
        if len(wrong) == 1 and len(fits) >= (1 if own else 2) and rare <= (_RARELY_COUNTED if own else _RARELY):
            i, values, mean = wrong[0]
            if not _open(values, mean) and not _OTHER.search(" ".join(table.rows[i].cells)):
                line = log.line(table.rows[i].line)
                yield Series(
                    table.rows[i].cells[0], values, mean, None, len(values), line, line, False, table.section,
                    sure=True, whole=True, closed=True,
                )  # fmt: skip
            return


def _runs(table: Table, at: int, counted: int) -> Iterator[list[int]]:
    """Columns side by side that a mean may be of: as many as its name counts, else all that are numbers, or fewer."""

    def results(places: Sequence[int]) -> list[int]:
        found: list[int] = []
        for i in places:
            if role_of(table.header[i]) or sum(n is not None for n in table.columns[i]) < max(2, len(table.rows) - 1):
                break
            found.append(i)
        return found[:_MOST]

    for side in (results(range(at - 1, -1, -1)), results(range(at + 1, len(table.header)))):
        for count in [counted] if counted else range(len(side), _FEWEST - 1, -1):
            names = [table.header[i] for i in side[:count]]
            if _FEWEST <= count <= len(side) and frame_of(names) is None:
                yield side[:count]


def _values(table: Table, row: int, places: Sequence[int]) -> tuple[Number, ...] | None:
    read = [table.columns[i][row] for i in places]
    found = tuple(one for one in read if one is not None)
    plain = len(found) == len(read) and len({one.unit for one in found}) == 1 and len({one.value for one in found}) > 1
    return found if plain and not any(one.about or one.spread for one in found) else None


def _chance(mean: Number, values: Sequence[Number]) -> float:
    """How often a number among values would pass for their mean."""
    slack = mean.slack + sum(one.slack for one in values) / len(values)
    width = max(one.value for one in values) - min(one.value for one in values)
    return min(1.0, 2 * slack / width) if width else 1.0


def _open(values: Sequence[Number], mean: Number) -> bool:
    """Whether a number may be another average of values, or hardly differs from their mean."""
    found = sum(one.value for one in values) / len(values)
    slack = mean.slack + sum(one.slack for one in values) / len(values)
    return abs(found - mean.value) <= _FAR * slack or other_average(values, mean)


def _in_lines(log: Log) -> Iterator[Series]:
    """``north 14.2, south 17.9, coast 15.6. Average over the three: 16.9``."""
    for line in log.lines:
        if line.kind not in ("prose", "bullet") or len(line.body) > _LONGEST or len(line.numbers) <= _FEWEST:
            continue
        told = list(_MEAN_OF.finditer(line.body))
        if len(told) != 1 or _OTHER.search(told[0][0]):
            continue
        lists = [one for one in _LIST.finditer(line.body) if one.end() <= told[0].start()]
        if len(lists) != 1:
            continue
        between = line.body[lists[0].end() : told[0].start()]
        mean = only_number(told[0]["mean"])
        start, end = lists[0].span()
        values = tuple(n for n in line.numbers if start <= n.start and n.end <= end)
        if mean is None or numbers(between) or number_of(told[0]["n"]) != len(values) or _open(values, mean):
            continue
        alike = (
            len({n.unit for n in values}) == 1
            and len({n.decimals for n in values}) == 1
            and mean.unit in ("", values[0].unit)
        )
        if alike and not right(mean, values):
            yield Series(
                line.body[:start].strip(" :"), values, mean, None, len(values), line, line, False, line.section,
                sure=True, read=True, whole=True, closed=True,
            )  # fmt: skip
