"""What the steps between printed values tell: all are multiples of 1/128, so 128 items."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Table, per_log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import MEAN
from evenhand.audit.told.seeds.series import Series, series_of
from evenhand.audit.told.shares.grim import as_fine, possible
from evenhand.audit.told.shares.items import items_said, needs_all, primes_of, steps

_SHARE = Pattern(
    r"\bacc(?:s|uracy|uracies)?\b|\bpass(?:@1\b| rate)|\bsuccess(?: rate)?\b|\bsolved?(?: rate)?\b|\bcorrect\b|"
    r"\bexact match\b|\bem\b|\bhits?@\d+|\bwin ?rate\b|\bd_acc\b",
    re.IGNORECASE,
)
_NO_SHARE = Pattern(
    r"balanced|macro|weighted|average|mean|avg|\bf1\b|gain|delta|diff|Δ|std|±|per[- ]class", re.IGNORECASE
)
_ITEMS = Pattern(
    r"#?\s*(?:n|n_items|n_examples|support|count|total)|"
    r"(?:(?!correct|wrong)[a-z]+[ _])?(?:items|examples|samples|questions|rows|episodes|games|cases)",
    re.IGNORECASE,
)
_SPLIT = Pattern(r"\b(?:train|val|valid|validation|dev|test|eval|ood)|训练|验证|测试", re.IGNORECASE)
_POINTS = Pattern(r"\bpercentage points\b|\bpp\b", re.IGNORECASE)
_RESULT = Pattern(r"(?<![\w.@])\d+\.\d{2,}")
_FOLDS = Pattern(r"(?<![a-z])(?:folds?|cv|cross.?val\w*)(?![a-z])", re.IGNORECASE)
"""Parts of one set, which have about as many items, not as many."""

_SETS = Pattern(
    r"(?:data ?set|task|benchmark|category|class|label|fold|subject|patient|language|lang|domain|split|difficulty|"
    r"level|topic|type|group|slice|subset|stock|ticker|circuit|corpus|suite)(?:s|es)?(?: name)?",
    re.IGNORECASE,
)
"""Each row of such a column has items of its own."""

_EXACT = 6
"""Decimals of a program that prints all it has: a shorter number beside them is exact."""

_NEAR, _SHORT = 8, 40
_GROUP, _BY_CHANCE = 3, 0.01
"""Different results under one name, from which on they tell whether they are shares of all the items; how seldom by
chance."""

_OF_OTHERS = Pattern(r"\b(?:overall|total|all|average|avg|mean|combined|pooled|macro|micro)\b", re.IGNORECASE)
"""A row that is made of the rows above it has the items of them all."""

_BRACKETS = Pattern(r"\[[^\]]*\]|\([^)]*\)")
"""In brackets stand bounds of intervals and counts, which are no shares of the items."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Values over seeds, and columns of shares in tables."""
    for log in logs:
        found = [(one, items) for one in series_of(log) if (items := _of_series(log, one)) is not None]
        for series, items in _most_told(found) if log.data else found:
            facts = {"items": items, "values": len(series.values), "names": _named(log, series), "rough": False}
            facts["differences"] = series.differences
            yield Finding("granularity", "note", place_of(log, series.line), facts)
        for table in log.tables if not log.data else ():
            if not _counted_apart(log, table):
                yield from _in_table(log, table)


def _most_told(found: list[tuple[Series, int]]) -> list[tuple[Series, int]]:
    """For lists of one name in a file of data the number that most of them tell: others fit some of them by chance."""
    named: dict[str, list[tuple[Series, int]]] = {}
    for series, items in found:
        named.setdefault((series.label.split() or [""])[-1], []).append((series, items))
    told: dict[int, Series] = {}
    for lists in named.values():
        counted = Counter(items for _, items in lists)
        most = max(counted, key=lambda items: (counted[items], items))
        told.setdefault(most, next(series for series, items in lists if items == most))
    kept = [n for n in told if not any(other % n == 0 and other > n for other in told)]
    return [(told[items], items) for items in kept]


def _named(log: Log, series: Series) -> tuple[str, ...]:
    """What values over seeds are called, as far as that is told in a word or two."""
    beside = series.line.body[: series.values[0].start].strip(" :=*`([.;,") if series.values else ""
    name = series.label.strip(" :=*`([.;,")
    if not log.data and name.lower() not in beside.lower():  # the name stands with the mean, these have another
        name = beside
    if MEAN.fullmatch(name):
        return ()
    short = name.split()[-1:] if log.data else [name] if 0 < len(name) <= _SHORT else []
    return tuple(short)


def _of_series(log: Log, series: Series) -> int | None:
    """The items behind values over seeds, unless the text tells of others."""
    if (
        len(series.values) < 3
        or _in_points(log, series)
        or _FOLDS.search(f"{log.name} {series.label}".replace("_", " "))
    ):
        return None
    if log.data and not _of_shares(series):
        return None
    exact = log.data and max(n.decimals for n in series.values) >= _EXACT
    items = steps([n for n in as_fine(series.values) if n is not None] if exact else series.values)
    said = items_said(log, series.section) if items is not None and not log.data else frozenset[int]()
    return None if items is not None and said and any(n % items for n in said) else items


def _of_shares(series: Series) -> bool:
    """Whether a list in a file of data is named as one of shares; others are multiples of something else."""
    name = series.label.replace("_", " ")
    return _SHARE.search(name) is not None and (series.differences or _NO_SHARE.search(name) is None)


def _in_points(log: Log, series: Series) -> bool:
    """Whether values without a unit are said, in the lines above them, to be percentage points."""
    place = log.by_number[series.line.number]
    above = log.lines[max(0, place - _NEAR) : place + 1]
    return not series.values[0].unit and any(_POINTS.search(one.body) for one in above)


def _in_table(log: Log, table: Table) -> Iterator[Finding]:
    names = [" ".join(name.replace("_", " ").replace("/", " ").split()) for name in table.header]
    places = [place for place, name in enumerate(names) if _SHARE.search(name) and not _NO_SHARE.search(name)]
    cells = {i: [n for row in table.rows for n in numbers(row.cells[i])] for i in places}
    places = [i for i in places if any(n.decimals for n in cells[i])]  # no counts
    places = [i for i in places if not any(n.spread for n in cells[i])]  # no means over runs
    if any(_RESULT.search(name) for name in names) or _each_its_own(table):
        return  # a row of results stands where names would, or each row is of items of its own
    if len({split[0].lower() for place in places if (split := _SPLIT.search(names[place]))}) > 1:
        return  # several sets of items, each with a number of its own
    columns = {
        place: [
            n
            for row in table.rows
            if not _OF_OTHERS.search(row.cells[0])
            for n in numbers(_BRACKETS.sub(" ", row.cells[place]))
            if n.decimals >= 2 and not n.spread and not n.about
        ]
        for place in places
    }
    items = steps([n for column in columns.values() for n in column])
    # A column whose values are shares of fewer items may be of those, and says nothing of the others' number.
    places = [i for i, column in columns.items() if items is not None and needs_all(items, column)]
    values = [n for place in places for n in columns[place]]
    if items is not None and _of_smaller_sets(items, _groups(table, list(columns))):
        return
    if len({n.value for n in values}) >= 6 and all(0 <= n.share <= 1 for n in values):
        found = steps(values)
        told = [{n.value for n in table.columns[place] if n is not None} for place in _counts(table)]
        said = items_said(log, table.section)
        if (
            found is not None
            and not _but_for_one(found, values)
            and (not told or {found} in told)
            and (not said or all(n % found == 0 for n in said))
        ):
            own = tuple(table.header[place].strip() for place in places)
            rough = any(n.about for row in table.rows for i in places for n in numbers(row.cells[i]))
            zeros = sum(n is not None and not n.value and n.decimals < 2 for i in places for n in table.columns[i])
            facts = {"items": found, "values": len(values) + zeros, "names": own, "rough": rough, "differences": False}
            yield Finding("granularity", "note", place_of(log, table.line), facts)


def _but_for_one(items: int, values: Sequence[Number]) -> bool:
    """Whether all values but one are shares of another, smaller number: that one was scored on other items."""
    different = list({n.value: n for n in values}.values())
    for fewer in (n for n in range(2, items) if items % n):
        off = list(islice((n for n in different if not possible(n, fewer, n.unit, cut=False)), 2))
        if len(off) == 1 and steps([n for n in different if n is not off[0]]) == fewer:
            return True
    return False


def _of_smaller_sets(items: int, groups: Sequence[Sequence[Number]]) -> bool:
    """Whether some groups have shares of a part of the items throughout, oftener than they would by chance."""
    for prime in primes_of(items):
        fit = [
            len({n.value for n in group})
            for group in groups
            if all(possible(n, items // prime, n.unit, cut=False) for n in group)
        ]
        if fit and math.comb(len(groups), len(fit)) * prime ** -sum(fit) < _BY_CHANCE:
            return True
    return False


def _groups(table: Table, places: Sequence[int]) -> list[list[Number]]:
    """Results of the rows under each name, where a name stands for several rows: they may be of sets of their own."""
    groups: list[list[Number]] = []
    for at, row in enumerate(table.rows):
        if row.cells[0].strip(" *`") or not groups:
            groups.append([])
        groups[-1] += [n for place in places if (n := table.columns[place][at]) is not None]
    several = any(not row.cells[0].strip(" *`") for row in table.rows)
    return [one for one in groups if len({n.value for n in one}) >= _GROUP] if several else []


def _each_its_own(table: Table) -> bool:
    """Whether rows are sets of items, each another one."""
    named = _SETS.fullmatch(table.header[0].strip(" *`#")) is not None
    return named and len({row.cells[0] for row in table.rows}) == len(table.rows)


def _counts(table: Table) -> list[int]:
    """Columns that tell how many items there are: other numbers are then none of the items."""
    return [place for place, name in enumerate(table.header) if _ITEMS.fullmatch(name.strip())]


@per_log
def _counting(log: Log) -> tuple[tuple[Table, list[int]], ...]:
    """The tables of a log that have columns of numbers of items, and these."""
    told = ((one, [at for at in _counts(one) if "train" not in one.header[at].lower()]) for one in log.tables)
    return tuple((one, places) for one, places in told if places)


def _counted_apart(log: Log, table: Table) -> bool:
    """Whether another table has a column of the same results, and different numbers of items for them."""
    mine = {(name, row.cells[0], row.cells[at]) for row in table.rows for at, name in enumerate(table.header) if at}
    for other, places in _counting(log):
        if other is table:
            continue
        shared = [
            at for at, row in enumerate(other.rows)
            if any((name, row.cells[0], row.cells[place]) in mine for place, name in enumerate(other.header) if place)
        ]  # fmt: skip
        numbers_of = [{n.value for at in shared if (n := other.columns[place][at]) is not None} for place in places]
        if len(shared) > 1 and any(len(found) > 1 for found in numbers_of):
            return True
    return False


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    of = " and ".join(f"'{name}'" for name in f["names"])
    exact = " that are told exactly" if f["rough"] else ""
    what = "differences of shares" if f["differences"] else "shares"
    return (
        f"All {f['values']} values{' of ' * bool(of)}{of}{exact} are multiples of 1/{f['items']}: they are {what} of "
        f"{f['items']} items (or of a multiple), so that one item is worth {100 / f['items']:.2g} points, or less."
    )


RULE = Rule(
    "granularity", "The steps between printed values tell how many items stand behind them.", check, say, words=False
)
