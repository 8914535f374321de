"""Rows and columns of tables that are the mean or the spread of others: across a row, or down a column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from evenhand.audit.text.log import Log, Row, Table, only_number
from evenhand.audit.text.numbers import Number, numbers, right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE, ENDS
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.text.vocabulary.repeats import MEAN_WORD, NO_MEAN, OF_A_MEAN, POOLED, SPREAD_WORD
from evenhand.audit.told.repeats.indexed import frame_of, index_of, of_repeats
from evenhand.audit.told.seeds.series import Series
from evenhand.audit.told.seeds.stated import kind_stated

_WORDS = 5
_SAYS = Pattern(r"[^\W\d_]{3,}|[≥≤<>]")
"""A cell that says something is no mean: ``gate ≥ 80 %``."""


_NO_DIGIT = Pattern(r"\d")
_LETTER = Pattern(r"[^\W\d_]")
_BOTH = Pattern(
    r"(?:mean|avg|average|mittel(?:wert)?|moyenne|media)\W{1,3}(?:± ?)?(?:sample |population )?"
    r"(?:std|sd|s\.d\.|stdev|σ)(?![^\W_])",
    re.IGNORECASE,
)
"""A row of means that says what stands in brackets behind them."""

_BRACKETED = Pattern(r"\s*[-+−]?[\d.,]+\s?%?\s*[(\[]\s*[\d.,]+\s?%?\s*[)\]]\s*")
_MEASURE = Pattern(r"[(\[]([^()\[\]]+)[)\]]\s*$")
_FEWEST = 4
_RARELY, _RARELY_NAMED = 1e-4, 0.02
"""How seldom a row has just these means by chance; where the columns' names share their unit."""

_ALL = Pattern(r"\W*(?:all|overall|total|mean|avg|average|summary|aggregate\w*|std|sd)\W*", re.IGNORECASE)


def role_of(name: str) -> str:
    """What a name makes of its numbers: ``mean``, ``spread``, ``pooled`` (perhaps a mean), or nothing."""
    name = name.replace("_", " ")
    if len(name.split()) > _WORDS:
        return ""
    mean, spread = MEAN_WORD.search(name), SPREAD_WORD.search(name)
    if NO_MEAN.search(name) or (OF_A_MEAN.search(name) and not mean):
        return ""
    if mean and not (spread and spread.start() < mean.start()):
        return "mean"
    return "spread" if spread else "pooled" if POOLED.search(name) else ""


def averaged(log: Log) -> Iterator[Series]:
    """The series of all tables."""
    for table in log.tables:
        yield from across(log, table)
        yield from down(log, table)


def across(log: Log, table: Table) -> Iterator[Series]:
    """Columns that a running number tells apart, with one column for their mean and perhaps one for their spread."""
    columns = _running(table.header)
    roles = [role_of(name) for name in table.header]
    means = [i for i, role in enumerate(roles) if role in ("mean", "pooled") and i not in columns]
    strong = [i for i in means if roles[i] == "mean"]
    means = strong or means
    spreads = [i for i, role in enumerate(roles) if role == "spread"]
    if len(columns) < 2 or len(means) > 1 or len(spreads) > 1 or not (means or spreads):
        return
    found = [(row, values) for row in table.rows if (values := _numbers([row.cells[i] for i in columns])) is not None]
    frame = frame_of([table.header[i] for i in columns]) or ""
    surely = of_repeats(frame, table.before) and bool(strong or spreads)
    told = [(row, values, mean) for row, values in found if means and (mean := _mean(row.cells[means[0]])) is not None]
    holds = sum(right(mean, values) for _, values, mean in told)
    if means and not (holds or (surely and len(told) <= 2)):
        return
    if means and len(told) - holds > max(1, len(told) // 4):
        return  # a mean of something else, or with weights
    whole = len(told) - holds <= 1 and (surely or (bool(told) and holds >= 2))
    for row, values in found:
        mean = _mean(row.cells[means[0]]) if means else None
        sd = only_number(row.cells[spreads[0]]) if spreads else None
        if sd is None and means:
            sd = next((n for n in numbers(row.cells[means[0]])[1:] if n.spread), None)
        sd = sd if sd is not None and (surely or frame) and _possible(sd, values, mean) else None
        line = log.line(row.line)
        stated = kind_stated(log, table.section, table.header[spreads[0]] if spreads else "", table.before)
        if mean is not None or sd is not None:
            signed = DIFFERENCE.search(row.cells[0]) is not None
            yield Series(
                row.cells[0], values, mean, sd, len(values), line, line, signed, table.section, None, stated,
                bool(strong), whole=whole, closed=whole and surely and bool(strong) and len(values) > 2,
            )  # fmt: skip


def _running(header: Sequence[str]) -> list[int]:
    """The places of the one run of columns that a number or a letter tells apart."""
    frames: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        if (found := index_of(name)) is not None and not role_of(name) and not ENDS.search(name.replace("_", " ")):
            frames.setdefault(found[0], []).append(place)
    runs = [run for run in frames.values() if len(run) >= 2 and run[-1] - run[0] == len(run) - 1]
    return runs[0] if len(runs) == 1 and frame_of([header[i] for i in runs[0]]) is not None else []


def _numbers(cells: Sequence[str]) -> tuple[Number, ...] | None:
    read = [only_number(cell) for cell in cells]
    told = tuple(one for one in read if one is not None)
    alike = len(told) == len(read) and len({n.unit for n in told}) == 1
    return (
        told
        if alike and len(told) >= 2 and any(n.decimals for n in told) | (len({n.value for n in told}) > 1)
        else None
    )


def _possible(sd: Number, values: Sequence[Number], mean: Number | None) -> bool:
    """Whether a spread can be meant of these values: their mean stands beside it, and it is no wider than they are."""
    width = max(n.value for n in values) - min(n.value for n in values)
    return (mean is None or right(mean, values)) and 0 < sd.value <= 2 * width + sd.slack


def _mean(cell: str, row: str = "") -> Number | None:
    found = numbers(cell) if not _SAYS.search(cell) else ()
    alone = len(found) == 1 or (bool(found) and _with_spread(row, cell) is found[1])
    return found[0] if found and not found[0].spread and (alone or found[1].spread) else None


def _with_spread(row: str, cell: str) -> Number | None:
    """The spread beside a mean: behind a ±, or in the bracket behind it, where the row is called both."""
    found = numbers(cell)[1:]
    marked = next((n for n in found if n.spread), None)
    both = _BOTH.search(row) is not None and len(found) == 1 and _BRACKETED.fullmatch(cell) is not None
    return found[0] if both and marked is None else marked


def down(log: Log, table: Table) -> Iterator[Series]:
    """Rows that are named a mean or a spread, below the rows that they are of."""
    for at in range(len(table.header)):
        summaries = [
            (place, role)
            for place, row in enumerate(table.rows)
            if (role := role_of(row.cells[at])) and (role != "spread" or nothing_new(_NO_DIGIT.sub("", row.cells[at])))
        ]
        if not summaries or len(summaries) > len(table.rows) / 2 + 1:
            continue
        blocks: dict[tuple[int, ...], dict[str, int]] = {}
        for place, role in summaries:
            rows = _rows_of(table, at, place, [one for one, _ in summaries])
            if rows:
                blocks.setdefault(rows, {}).setdefault("spread" if role == "spread" else "mean", place)
        for rows, found in blocks.items():
            yield from _columns(log, table, at, [table.rows[i] for i in rows], found)


def _rows_of(table: Table, at: int, place: int, summaries: Sequence[int]) -> tuple[int, ...]:
    """The rows that a row sums up: of its own arm, or those above it back to what was summed up before."""
    summary, row = place, table.rows[place]
    others = [i for i in range(len(table.rows)) if i not in summaries]
    heads = [row.cells[0].strip(), *(table.rows[o].cells[0].strip() for o in others)]
    if at and len({*heads}) == len(heads) > 2 and all(_LETTER.search(one) and not numbers(one) for one in heads):
        return ()  # an arm of its own, of which another column says "average"
    if any(_another(cell, [table.rows[o].cells[i] for o in others]) for i, cell in enumerate(row.cells) if i != at):
        return ()
    keys = [
        i
        for i, cell in enumerate(row.cells)
        if i != at and cell.strip() and not numbers(cell) and any(table.rows[o].cells[i] == cell for o in others)
    ]
    varied = [i for i in keys if len({table.rows[o].cells[i] for o in others}) > 1]
    rows = [o for o in others if all(table.rows[o].cells[i] == row.cells[i] for i in keys)]
    if not varied:
        above = [i for i in summaries if i < place]
        while above and above[-1] == place - 1:  # a spread below its mean
            place = above.pop()
        rows = [o for o in rows if (above[-1] if above else -1) < o < place]
    return tuple(_alike(table, at, summary, rows))


def _another(cell: str, cells: Sequence[str]) -> bool:
    """Whether a cell names an arm, where arms of several rows are named and it is none of these."""
    arms = len({*cells}) < len(cells) and all(_LETTER.search(one) and not numbers(one) for one in cells)
    return arms and _LETTER.search(cell) is not None and cell not in cells and not _ALL.fullmatch(cell)


def _alike(table: Table, at: int, place: int, rows: Sequence[int]) -> list[int]:
    """Of these rows the ones whose names run, where those nearest to the mean do; all where more means are theirs."""
    if not rows:
        return []
    last = index_of(table.rows[rows[-1]].cells[at])
    run = [o for o in rows if (one := index_of(table.rows[o].cells[at])) is not None and last and one[0] == last[0]]
    names = [table.rows[o].cells[at] for o in run]
    if len(run) < 2 or frame_of(names) is None:
        return list(rows)
    summary = table.rows[place]
    means = [(i, mean) for i, cell in enumerate(summary.cells) if i != at and (mean := _mean(cell)) is not None]

    def held(of: Sequence[int]) -> int:
        read = [(_numbers([table.rows[o].cells[i] for o in of]), mean) for i, mean in means]
        return sum(values is not None and right(mean, values) for values, mean in read)

    return run if held(run) >= held(rows) else list(rows)


def _columns(log: Log, table: Table, at: int, rows: Sequence[Row], found: dict[str, int]) -> Iterator[Series]:
    names = [row.cells[at] for row in rows]
    if len(rows) < 2 or len(set(names)) != len(names):
        return
    mean, spread = (table.rows[found[role]] if role in found else None for role in ("mean", "spread"))
    frame = frame_of(names)
    made = []
    for place in range(len(table.header)):
        values = None if place == at else _numbers([row.cells[place] for row in rows])
        middle = _mean(mean.cells[place], mean.cells[at]) if mean is not None else None
        sd = only_number(spread.cells[place]) if spread is not None else None
        if sd is None and mean is not None:
            sd = _with_spread(mean.cells[at], mean.cells[place])
        if values is not None and len({n.value for n in values}) > 1 and (middle is not None or sd is not None):
            made.append((place, values, middle, sd))
    sure = (
        frame is not None
        and of_repeats(frame, table.header[at])
        and role_of((mean or spread or rows[0]).cells[at]) != "pooled"
    )
    told = [right(middle, values) for _, values, middle, _ in made if middle is not None]
    plain = _plain(table, [(place, values, middle) for place, values, middle, _ in made if middle is not None])
    if told and not plain and not (sum(told) >= (1 if frame is not None else 2) or (sure and len(told) <= 2)):
        return
    if len(told) - sum(told) > max(1, len(told) // 4):
        return
    first, last = log.line(rows[0].line), log.line((mean or spread or rows[0]).line)
    below = log.line(spread.line) if spread is not None else None
    stated = kind_stated(log, table.section, spread.cells[at] if spread is not None else "", table.before)
    whole = len(told) - sum(told) <= 1 and (sure or plain or sum(told) >= 2)
    sure = sure or plain
    for place, values, middle, sd in made:
        sd = sd if sd is not None and frame is not None and _possible(sd, values, middle) else None
        signed = DIFFERENCE.search(table.header[place]) is not None
        yield Series(
            table.header[place], values, middle, sd, len(values), first, last, signed, table.section, below,
            stated, sure, whole=whole, closed=whole and sure and len(values) > 2,
        )  # fmt: skip


def _plain(table: Table, told: Sequence[tuple[int, tuple[Number, ...], Number]]) -> bool:
    """Whether all columns but one have just the mean of their values, so that the one's is meant so, too.

    They are of one measure, by the unit in their names, or where two hold, by the numbers in them; a column of another
    measure may be averaged otherwise.
    """
    wrong = [(place, values) for place, values, mean in told if not right(mean, values)]
    holds = [(place, values, mean) for place, values, mean in told if right(mean, values)]
    if len(wrong) != 1 or not holds or len(wrong[0][1]) < _FEWEST:
        return False
    place, values = wrong[0]
    unit, units = _MEASURE.search(table.header[place]), [_MEASURE.search(table.header[i]) for i, *_ in holds]
    named = unit is not None and all(one is not None and one[1] == unit[1] for one in units)
    least, most = min(n.value for n in values), max(n.value for n in values)
    beside = all(min(n.value for n in v) <= most and least <= max(n.value for n in v) for _, v, _ in holds)
    chances = [_chance(v, mean) for _, v, mean in holds]
    rare = math.prod(chances) <= (_RARELY if not named else _RARELY_NAMED)
    return beside and rare and (named or len(holds) >= 2)


def _chance(values: Sequence[Number], mean: Number) -> float:
    """How often a number among values would be their mean to its last digit; 1 where it is not quite."""
    found = sum(one.value for one in values) / len(values)
    width = max(one.value for one in values) - min(one.value for one in values)
    exact = abs(found - mean.value) <= mean.slack * (1 + 1e-9)
    return min(1.0, 2 * mean.slack / width) if width and exact else 1.0
