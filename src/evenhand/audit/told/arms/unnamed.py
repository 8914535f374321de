"""Arms over the same seeds of which none is called the baseline: pairs that a header shows, rows furthest apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from evenhand.audit.text.log import Table
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE
from evenhand.audit.text.words import METRIC_WORD
from evenhand.audit.told.arms.by_seed import A_SEED, BASE, METRIC, SEED, Paired
from evenhand.audit.told.arms.records import NO_RESULT, Records, is_arm, records_in

_SEED_COLUMN = Pattern(
    r"(?P<before>.*?)(?<![a-z])(?:seed[\s_#=-]*|s\s?=\s?)(?P<seed>\d{1,6})(?!\d)\s*(?P<after>.*)", re.IGNORECASE
)
_SETTING = Pattern(
    r"(?:alpha|beta|gamma|lambda|tau|temp(?:erature)?|lr|learning rate|rank|dropout|weight decay|[αβγλτρσ]|"
    r"optimi[sz]er|scheduler|loss(?: function)?|schedule|backbone|architecture|encoder|aggregation|strategy|"
    r"initiali[sz]ation|init|augmentation|pooling|kernel|activation|normali[sz]ation|norm|prompt|ablation)",
    re.IGNORECASE,
)
"""What is set, by the name of a column: each of its values is an arm."""

_OPPOSITE = Pattern(
    r"(?:un|non-?|no[ _-]|without[ _-]|w/o[ _-]|not[ _-])(?P<of>\w+)|baseline|base|control|vanilla|standard|plain|"
    r"original|off|before|cold|single|static|fixed|full|dense|uniform|random",
    re.IGNORECASE,
)
"""Words of which another arm is the opposite or the change: that one is what it is compared with."""

_MEASURE = Pattern(
    r"(?<![a-z])(?:auroc|auprc|ap|map|ari|nmi|iou|miou|dice|brier|sharpe|ccc|psnr|ssim|kappa|mcc|bpc)(?![a-z])", re.I
)
"""Further names of results."""

_LISTED = Pattern(
    r"(?:per|by|each|over)[- ](?:the )?(?:\w+ )?seeds?|seeds? ?\d+(?:\s*[/,–-]\s*\d+)+|seed values|\bseeds\)?$",
    re.IGNORECASE,
)
"""Names of columns of which each cell lists the results of all seeds."""

_VALUES = Pattern(r"[\s`*(\[]*[\d.]+%?(?:\s*[/,;|]\s*[\d.]+%?){2,}[\s`*)\]]*")

_SUMMARY = Pattern(
    r"(?:mean|avg|average|std|sd|median|all|total|overall|Δ|delta|diff\w*|range|spread|sem|max|min|best|p)(?![a-z])",
    re.IGNORECASE,
)
_REMARK = Pattern(r" \((?:the )?(?:original|reported|published|existing|default|main|first)(?: \w+)?\)", re.IGNORECASE)
"""What may be said of one seed among others."""

_LEAST, _MOST_ARMS = 3, 40


@dataclass(frozen=True)
class Apart:
    """Two arms over the same seeds.

    Attributes:
        pair: the second of them less the first.
        of: how many arms there are, of which these are the two whose means lie furthest apart.
    """

    pair: Paired
    of: int = 2


def apart_in(table: Table) -> Iterator[Apart]:
    """The arms of a table over its seeds, where seeds and arms are shown by its header."""
    seeds = [place for place, name in enumerate(table.header) if SEED.match(name.strip(" *`"))]
    if seeds == [0]:
        own = of_seeds(table)
        if own is not None:
            yield from _of_columns(own)
    elif not seeds:
        yield from [*_of_rows(table)] or _of_cells(table)
    elif (records := records_in(table)) is not None:
        yield from _of_records(records)


def of_seeds(table: Table) -> Table | None:
    """The rows of a table whose first column names seeds, each its own; None where others are no mean of them."""
    rows = [row for row in table.rows if A_SEED.fullmatch(_REMARK.sub("", _plain(row.cells[0])))]
    others = [row for row in table.rows if row not in rows]
    names = {_plain(row.cells[0]) for row in rows}
    if len(rows) < _LEAST or len(names) != len(rows) or not all(_SUMMARY.match(_plain(one.cells[0])) for one in others):
        return None
    return replace(table, rows=tuple(rows))


def scores_in(table: Table) -> Iterator[tuple[str, tuple[Number, ...]]]:
    """The columns of results of one arm over its seeds, with their values; nothing where a row sums them up."""
    own = of_seeds(table) if table.header and SEED.match(table.header[0].strip(" *`")) else None
    if own is None or len(own.rows) != len(table.rows):
        return
    for name, column in zip(own.header[1:], own.columns[1:], strict=True):
        values = tuple(one for one in column if one is not None)
        plain = _plain(name)
        if (
            len(values) == len(own.rows)
            and (METRIC.search(plain) or METRIC_WORD.search(plain) or _MEASURE.search(plain))
            and not NO_RESULT.search(plain)
            and _alike(values, values)
        ):
            yield name, values


def _of_columns(table: Table) -> Iterator[Apart]:
    """Seeds as rows: two columns with one of their differences, or whose names differ in what is left out."""
    whole = {
        place: tuple(one for one in table.columns[place] if one is not None)
        for place in range(1, len(table.header))
        if all(one is not None for one in table.columns[place]) and not NO_RESULT.search(_plain(table.header[place]))
    }
    told = [*_told(table, whole)] or [*_named(table, whole)]
    for arm, base in told:
        differences = tuple(x.value - y.value for x, y in zip(whole[arm], whole[base], strict=True))
        pair = Paired(table.header[arm], table.header[base], "value", differences, table.rows[0], column=arm)
        yield Apart(pair)


def _told(table: Table, whole: Mapping[int, tuple[Number, ...]]) -> Iterator[tuple[int, int]]:
    """Columns of which a third is the difference in every row."""
    for place, deltas in whole.items():
        if not DIFFERENCE.search(table.header[place]):
            continue
        found = [
            (one, other)
            for one in whole
            for other in whole
            if len({one, other, place}) == 3
            and _alike(whole[one], whole[other])
            and all(_is(d, x, y) for d, x, y in zip(deltas, whole[one], whole[other], strict=True))
        ]
        if len(found) == 1 and any(one.value for one in deltas):
            yield found[0]


def _is(delta: Number, one: Number, other: Number) -> bool:
    return abs(one.value - other.value - delta.value) <= 1.01 * (delta.half + one.half + other.half)


def _named(table: Table, whole: Mapping[int, tuple[Number, ...]]) -> Iterator[tuple[int, int]]:
    """Columns of one metric of which one is named for what the other changes."""
    for other in whole:
        for one in whole:
            units = {n.unit for n in (*whole[one], *whole[other])}
            if one != other and len(units) == 1 and _changes(table.header[one], table.header[other]):
                yield one, other


def _changes(arm: str, base: str) -> bool:
    """Whether two names differ in one word each, and the second's is what the first's is the opposite of."""
    one, other = _plain(arm).lower().split(), _plain(base).lower().split()
    mine, theirs = " ".join(w for w in one if w not in other), " ".join(w for w in other if w not in one)
    if not mine or _SUMMARY.fullmatch(mine):
        return False
    found = _OPPOSITE.fullmatch(theirs)
    if found is None:
        return False
    return found["of"] is None or found["of"] == mine


def _of_rows(table: Table) -> Iterator[Apart]:
    """Arms as rows, a column for each seed."""
    found = {place: m for place, name in enumerate(table.header) if (m := _SEED_COLUMN.fullmatch(name.strip(" *`")))}
    what = {f"{m['before']}{m['after']}".strip() for m in found.values()}
    if len(found) < _LEAST or 0 in found or len(what) != 1 or len({m["seed"] for m in found.values()}) != len(found):
        return
    read = {at: [table.columns[place][at] for place in found] for at in range(len(table.rows))}
    values = {at: tuple(one for one in cells if one is not None) for at, cells in read.items() if None not in cells}
    yield from _among(table, values, what.pop() or "value")


def _of_cells(table: Table) -> Iterator[Apart]:
    """Arms as rows, the results of each over the seeds in one cell: ``0.61 / 0.63 / 0.60`` under ``acc by seed``."""
    places = [place for place, name in enumerate(table.header) if place and _LISTED.search(name)]
    if len(places) != 1:
        return
    cells = {at: row.cells[places[0]] for at, row in enumerate(table.rows)}
    values = {at: tuple(numbers(cell)) for at, cell in cells.items() if _VALUES.fullmatch(cell)}
    if len({len(found) for found in values.values()}) == 1 and len(next(iter(values.values()))) >= _LEAST:
        metric = _LISTED.sub("", table.header[places[0]]).strip(" ()[],:") or "value"
        yield from _among(table, values, metric, places[0])


def _among(table: Table, values: Mapping[int, Sequence[Number]], metric: str, column: int = 0) -> Iterator[Apart]:
    """Each row against the one that is called the baseline, or else the two whose means lie furthest apart."""
    first = _plain(table.header[0])
    names = {at: _plain(table.rows[at].cells[0]) for at in values}
    values = {at: found for at, found in values.items() if not _SUMMARY.match(names[at])}
    if not (is_arm(first) or _SETTING.fullmatch(first)) or not 2 <= len(values) <= _MOST_ARMS:
        return
    if len({names[at] for at in values}) != len(values) or (is_arm(first) and any(map(METRIC.search, names.values()))):
        return
    if not all(_alike(one, other) for one, other in combinations(values.values(), 2)):
        return
    bases = [at for at in values if BASE.match(names[at])]
    if not bases:
        yield from _furthest(table, values, metric, column=column)
    for at in values if len(bases) == 1 else ():
        if at != bases[0]:
            yield Apart(_pair(table, values, (at, bases[0]), metric, column=column))


def _of_records(records: Records) -> Iterator[Apart]:
    """A row for each arm and seed: the two arms that lie furthest apart in the first column of results."""
    table, seed = records.table, records.seed
    if seed is None or len(records.groups) > _MOST_ARMS or any(BASE.match(name.strip()) for name in records.groups):
        return
    ids = {name: [row.cells[seed].strip(" *`") for row in rows] for name, rows in records.groups.items()}
    first = next(iter(ids.values()))
    whole = len(first) >= _LEAST and all(A_SEED.fullmatch(one) for one in first) and len(set(first)) == len(first)
    if not whole or any(sorted(own) != sorted(first) for own in ids.values()):
        return
    for place in records.results():
        if not METRIC.search(_plain(table.header[place])):
            continue
        values: dict[int, tuple[Number, ...]] = {}
        for rows in records.groups.values():
            by_seed = {row.cells[seed].strip(" *`"): records.value(row, place) for row in rows}
            read = [by_seed[one] for one in first]
            values[table.rows.index(rows[0])] = tuple(one for one in read if one is not None)
        whole = all(len(found) == len(first) for found in values.values())
        if whole and all(_alike(one, other) for one, other in combinations(values.values(), 2)):
            yield from _furthest(table, values, table.header[place], name_at=records.arm, column=place)
        return


def _furthest(
    table: Table, values: Mapping[int, Sequence[Number]], metric: str, *, name_at: int = 0, column: int = 0
) -> Iterator[Apart]:
    means = {at: float(np.mean([one.value for one in found])) for at, found in values.items()}
    ends = max(means, key=lambda at: means[at]), min(means, key=lambda at: means[at])
    yield Apart(_pair(table, values, ends, metric, name_at=name_at, column=column), len(values))


def _pair(
    table: Table, values: Mapping[int, Sequence[Number]], both: tuple[int, int], metric: str, *, name_at: int = 0,
    column: int = 0,
) -> Paired:  # fmt: skip
    """The first of two rows less the second."""
    one, other = (table.rows[at] for at in both)
    differences = tuple(x.value - y.value for x, y in zip(*(values[at] for at in both), strict=True))
    names = one.cells[name_at].strip(), other.cells[name_at].strip()
    return Paired(names[0], names[1], metric, differences, one, base_row=other, column=column)


def _alike(one: Sequence[Number], other: Sequence[Number]) -> bool:
    """Whether the numbers of two arms are of one metric: of one unit and size, and printed as finely."""
    every = [*one, *other]
    units, signed = {n.unit for n in every}, any(n.signed and n.value > 0 for n in every)
    fine = all(n.decimals for n in every) or max(n.decimals for n in every) > 1
    mine, theirs = (abs(float(np.mean([n.value for n in found]))) for found in (one, other))
    return len(units) == 1 and not signed and fine and max(mine, theirs) <= 10 * max(min(mine, theirs), 1e-12)


def _plain(name: str) -> str:
    return re.sub(r"[\s_*`]+", " ", name).strip()
