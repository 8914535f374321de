"""Arms as rows over the same seeds, of which none is called the baseline: the two whose means lie furthest apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from evenhand.audit.text.log import Table
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.by_seed import A_SEED, BASE, SEED, Paired
from evenhand.audit.told.arms.records import Records, records_in
from evenhand.audit.told.arms.seeded import (
    FEWEST_SEEDS,
    SUMMARY,
    Apart,
    all_alike,
    are_arms,
    is_score,
    less,
    measure,
    plain,
    scored_alike,
)  # fmt: skip
from evenhand.audit.told.arms.side_by_side import beside_in

_ARM = Pattern(
    r"(?:arm|method|model|variant|config(?:uration)?(?: name)?|condition|treatment|algo(?:rithm)?|approach|system|"
    r"agent|policy|strategy|encoder|backbone|architecture|projector|student|selector)s?",
    re.IGNORECASE,
)
_SETTING = Pattern(
    r"(?:alpha|beta|gamma|lambda|tau|temp(?:erature)?|lr|learning rate|lora rank|dropout|weight decay|[αβγλτρσ]|"
    r"optimi[sz]er|scheduler|loss(?: function)?|schedule|aggregation|initiali[sz]ation|init|augmentation|pooling|"
    r"kernel|activation|normali[sz]ation|norm)",
    re.IGNORECASE,
)
"""What is set, by the name of a column: each of its values is an arm."""

_SEED_COLUMN = Pattern(
    r"(?P<before>.*?)(?<![a-z])(?:seed[\s_#=-]*|s\s?=\s?)(?P<seed>\d{1,6})(?![\d.])\s*(?P<after>.*)",
    re.IGNORECASE,
)
_LISTED = Pattern(
    r"\W?(?:(?:per|by|each)[- ]seed|seeds? ?(?P<ids>\d+(?:\s*[/,]\s*\d+){2,}))(?: values)?\W?", re.IGNORECASE
)
"""Names of columns of which each cell lists the results of all seeds."""

_OTHERWISE = Pattern(r"[/,|]|\b(?:sorted|mean|avg|min|max|median|std|sd|ci|ids?)\b", re.IGNORECASE)
"""In the rest of such a name: that a cell lists something else besides."""

_VALUES = Pattern(r"[\s`*(\[]*[\d.]+%?(?:\s*[/,;|]\s*[\d.]+%?){2,}[\s`*)\]]*")
_SEED_WORD = Pattern(r"(?<![a-z])seeds?(?![a-z])", re.IGNORECASE)


def apart_in(table: Table) -> Iterator[Apart]:
    """The arms of a table over its seeds, where seeds and arms are shown by its header."""
    if "seed" not in f"{table.before} {' '.join(table.header)}".lower():
        return  # s = 1 may be a scale, too
    seeds = [place for place, name in enumerate(table.header) if SEED.match(plain(name))]
    if seeds == [0]:
        yield from beside_in(table)
    elif not seeds:
        yield from [*_of_columns(table)] or _of_cells(table)
    elif (records := records_in(table)) is not None:
        yield from _of_records(records)


def _of_columns(table: Table) -> Iterator[Apart]:
    """A column for each seed."""
    found = {place: m for place, name in enumerate(table.header) if (m := _SEED_COLUMN.fullmatch(plain(name)))}
    what = {measure(f"{m['before']} {m['after']}") for m in found.values()}
    if len(found) < FEWEST_SEEDS or len(what) != 1 or len({m["seed"] for m in found.values()}) != len(found):
        return
    read = {at: [table.columns[place][at] for place in found] for at in range(len(table.rows))}
    yield from _among(table, {at: tuple(cells) for at, cells in read.items()}, what.pop())


def _of_cells(table: Table) -> Iterator[Apart]:
    """The results of each arm over the seeds in one cell: ``0.61 / 0.63 / 0.60`` under ``acc by seed``."""
    places = [place for place, name in enumerate(table.header) if _SEED_WORD.search(plain(name))]
    found = _LISTED.search(plain(table.header[places[0]])) if len(places) == 1 else None
    if found is None:
        return
    name = plain(table.header[places[0]]).replace(found[0], " ")
    ids = len(re.findall(r"\d+", found["ids"] or ""))
    cells = {at: row.cells[places[0]] for at, row in enumerate(table.rows)}
    values = {at: tuple(numbers(cell)) if _VALUES.fullmatch(cell) else (None,) for at, cell in cells.items()}
    counts = {len(one) for one in values.values()} - ({1} if len(values) > 1 else set())
    if len(counts) == 1 and (not ids or counts == {ids}) and not _OTHERWISE.search(name):
        yield from _among(table, values, measure(name), places[0])


def _among(table: Table, read: Mapping[int, Sequence[Number | None]], metric: str, column: int = 0) -> Iterator[Apart]:
    """Each row against the one that is called the baseline, or else the two whose means lie furthest apart."""
    first = plain(table.header[0])
    if not (_ARM.fullmatch(first) or _SETTING.fullmatch(first)) or not scored_alike(table):
        return
    rows = [at for at in read if not SUMMARY.fullmatch(plain(table.rows[at].cells[0]))]
    names = {at: plain(table.rows[at].cells[0]) for at in rows}
    values = {at: tuple(one for one in read[at] if one is not None) for at in rows}
    if not are_arms(list(names.values())) or any(None in read[at] for at in rows):
        return
    if not all_alike(values.values()):
        return
    said = {at: name if re.search(r"[^\W\d_]", name) else f"{first} {name}" for at, name in names.items()}
    bases = [at for at in values if BASE.match(names[at])]
    if not bases:
        yield from _furthest(table, values, metric, said, column)
    for at in values if len(bases) == 1 else ():
        if at != bases[0]:
            yield _pair(table, values, (at, bases[0]), metric, said, column)


def _of_records(records: Records) -> Iterator[Apart]:
    """A row for each arm and seed, in each column of results."""
    table, seed = records.table, records.seed
    names = [plain(name) for name in records.groups]
    if seed is None or not _ARM.fullmatch(plain(table.header[records.arm])) or not scored_alike(table):
        return
    if not are_arms(names) or any(BASE.match(name) or SUMMARY.fullmatch(name) or " - " in name for name in names):
        return
    ids = [[plain(row.cells[seed]) for row in rows] for rows in records.groups.values()]
    first = ids[0]
    whole = len(first) >= FEWEST_SEEDS and all(map(A_SEED.fullmatch, first)) and len(set(first)) == len(first)
    places = [place for place in records.results() if is_score(table.header[place])]
    if not whole or any(sorted(own) != sorted(first) for own in ids) or not places:
        return
    firsts = {table.rows.index(rows[0]): rows for rows in records.groups.values()}
    said = {at: rows[0].cells[records.arm].strip() for at, rows in firsts.items()}
    for place in places:
        values: dict[int, tuple[Number, ...]] = {}
        for at, rows in firsts.items():
            by_seed = {plain(row.cells[seed]): records.value(row, place) for row in rows}
            values[at] = tuple(found for one in first if (found := by_seed[one]) is not None)
        if all(len(found) == len(first) for found in values.values()) and all_alike(values.values()):
            yield from _furthest(table, values, table.header[place], said, place, records)


def _furthest(
    table: Table, values: Mapping[int, tuple[Number, ...]], metric: str, said: Mapping[int, str], column: int,
    records: Records | None = None,
) -> Iterator[Apart]:  # fmt: skip
    """The two rows whose means lie furthest apart; of two the second less the first."""
    means = {at: float(np.mean([one.value for one in found])) for at, found in values.items()}
    ends = max(means, key=lambda at: means[at]), min(means, key=lambda at: means[at])
    both = ends if len(values) > len(ends) else (max(ends), min(ends))
    yield _pair(table, values, both, metric, said, column, records)


def _pair(
    table: Table, values: Mapping[int, tuple[Number, ...]], both: tuple[int, int], metric: str, said: Mapping[int, str],
    column: int, records: Records | None = None,
) -> Apart:  # fmt: skip
    one, other = both
    row, base = table.rows[one], table.rows[other]
    pair = Paired(said[one], said[other], metric, less(values[one], values[other]), row, base_row=base, column=column)
    if records is not None:
        names = (at.cells[records.arm] for at in (row, base))
        pair = replace(pair, rows=tuple(own for name in names for own in records.groups[name]))
    return Apart(pair, values[one], len(values) if not BASE.match(plain(said[other])) else 2)
