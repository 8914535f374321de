"""Tables of means with their spreads over seeds: what the text says of them, and Welch's test of two of their rows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Log, Row, Table, only_number
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import SPREAD
from evenhand.audit.text.words import METRIC_WORD
from evenhand.audit.told.seeds.count import Seeds, seeds_in, seeds_of

_DEVIATION = Pattern(r"±\s*(?:std|sd|s\.d|1 ?σ|standard dev)|\bstd\b|standard deviation|\bstdev\b", re.IGNORECASE)
_OTHER = Pattern(r"±\s*(?:se\b|sem|stderr|95|ci)|standard error|\bSEM\b|confidence interval|95 ?% CI", re.IGNORECASE)


_PLAIN = Pattern(r"[_/.()-]")
MEASURES = (
    "acc|accuracy|loss|scores?|perplexity|ppl|f1|auc|auroc|bleu|rouge|rewards?|returns?|rates?|success|recall|"
    "precision|mse|mae|rmse|bpb|error|violations?|time|latency|steps?|tokens|cost|length"
)
"""Words of what is measured."""

_MEASURE = Pattern(rf"\b(?:{MEASURES})\b", re.IGNORECASE)
_ARMS = Pattern(
    r"\b(?:arms?|methods?|models?|variants?|config\w*|systems?|approach\w*|algorithms?|arch\w*|optimi[sz]ers?|strateg\w+|"
    r"settings?|conditions?|policy|policies|agents?|ablations?|techniques?|losses|names?|experiments?|runs?)\b",
    re.IGNORECASE,
)


RESAMPLED = Pattern(r"folds?\b|cross.?valid|bootstrap|resampl|episodes|\btasks\b|examples", re.IGNORECASE)
"""What a spread may be over in place of seeds."""

_SEEDS = Pattern(r"(?:n[\s_]?|#\s?|num[\s_]|no\. )?(?:of )?seeds|seed[\s_](?:n|count)", re.IGNORECASE)
_COUNT = Pattern(r"(?P<n>\d{1,3})(?:/(?P=n))?")
_KIND = Pattern(r"(?:sample|population|pop|n ?- ?1|ddof ?= ?\d|(?:over|across) (?:\w+ )?seeds?|seeds?)", re.IGNORECASE)
_OF_ELSE = Pattern(
    r"(?<![a-z])(?:best|max|min|median|peak|top|time|sec\w*|latency|params?|cost|tokens|steps?|epochs?|size|memory|"
    r"count|n)(?![a-z])|std|sd\b",
    re.IGNORECASE,
)
"""What a column is of that is no mean whose spread stands behind it."""

_ABOVE, _MOST_ROWS = 8, 60


@dataclass(frozen=True)
class Compared:
    """The rows of a table less its baseline, by the means and spreads of one column.

    Attributes:
        base: the row of the baseline.
        column: name of the column.
        means: those that are printed.
        tested: for each other row its name, the difference, p-value and ends of the 95 % interval.
        seeds: behind each mean.
        spread: how the spread is printed: ``±``, or the name of its column.
    """

    base: Row
    column: str
    means: tuple[Number, ...]
    tested: tuple[tuple[str, float, float, float, float], ...]
    seeds: Seeds
    spread: str


_OUT_OF = Pattern(r"(?<![\d.])\d+\s?/\s?(\d+)(?![\d.])")
"""A count of items: ``29/150``."""


def to_baseline(log: Log, table: Table, bases: Sequence[Row]) -> Compared | None:
    """Differences to the one row that is the baseline, or of the one other row, over a known number of seeds."""
    told = any(map(SPREAD.search, table.header)) or any("±" in cell for row in table.rows for cell in row.cells)
    if not told or not 2 <= len(table.rows) <= _MOST_ROWS:
        return None
    own = _seeds_of_column(log, table)
    seeds = own or seeds_of_table(log, table)
    if seeds is None or seeds.count < 2:
        return None
    if own is not None and _resampled(log, table):
        return None
    counted = {int(m[1]) for row in table.rows for cell in row.cells for m in _OUT_OF.finditer(cell)}
    if any(whole > seeds.count for whole in counted):
        return None  # the spread may be one over these items
    if not bases and two_arms(table) and (own is not None or _close(log, table, seeds)):
        bases = [table.rows[0]]
    for place in range(1, len(table.header)) if len(bases) == 1 else ():
        spread, cells = _with_spread(log, table, place)
        base = next((found for row, *found in cells if row is bases[0]), None)
        if base is None or len(cells) < 2 or not one_measure(table, place, [mean for _, mean, _ in cells]):
            continue
        tested = [
            (row.cells[0], mean.value - base[0].value, *found)
            for row, mean, sd in cells
            if row is not bases[0]
            and (found := difference_of(mean.value - base[0].value, sd.value, base[1].value, seeds.count)) is not None
        ]
        if tested:
            means = tuple(mean for _, mean, _ in cells)
            return Compared(bases[0], table.header[place], means, tuple(tested), seeds, spread)
    return None


def _with_spread(log: Log, table: Table, place: int) -> tuple[str, list[tuple[Row, Number, Number]]]:
    """How the spread of a column's means is printed, and the rows with both: beside ``±``, or in the next column."""
    beside = [(row, *found) for row in table.rows if (found := mean_and_spread(row.cells[place])) is not None]
    if beside:
        return "±", beside if of_deviations(log, table) else []
    names = table.header[place : place + 2]
    spread = [SPREAD.search(name) is not None for name in names] == [False, True]
    if not spread or {*_words(names[1])} - {*_words(names[0])} or _OF_ELSE.search(_PLAIN.sub(" ", names[0])):
        return "", []
    read = [(row, only_number(row.cells[place]), only_number(row.cells[place + 1])) for row in table.rows]
    whole = [(row, mean, sd) for row, mean, sd in read if mean is not None and sd is not None]
    return f"'{names[1]}'", whole if all(sd.value >= 0 for _, _, sd in whole) else []


def _words(name: str) -> list[str]:
    """The words of a column's name that say of what it is: ``Accuracy SD`` is that of the accuracy."""
    return re.findall(r"\w+", _KIND.sub(" ", SPREAD.sub(" ", name)).lower())


def _seeds_of_column(log: Log, table: Table) -> Seeds | None:
    """The one number of seeds that a column gives for every row."""
    for place, name in enumerate(table.header):
        if _SEEDS.fullmatch(name.strip()):
            found = {m["n"] if (m := _COUNT.fullmatch(row.cells[place].strip())) else "" for row in table.rows}
            only = found.pop() if len(found) == 1 else ""
            return Seeds(int(only), log.line(table.line)) if only else None
    return None


def _close(log: Log, table: Table, seeds: Seeds) -> bool:
    """Whether the number of seeds is told by a table itself, or right above it, and nothing else is resampled there."""
    above = table.line - _ABOVE <= seeds.line.number <= table.line
    return above and not _resampled(log, table) and not RESAMPLED.search(seeds.line.body)


def _resampled(log: Log, table: Table) -> bool:
    """Whether the lines above a table speak of folds, or of something else that spreads may be over."""
    above = (line for line in log.lines if table.line - _ABOVE <= line.number <= table.line)
    return any(RESAMPLED.search(line.body) for line in above)


def seeds_of_table(log: Log, table: Table) -> Seeds | None:
    line = log.line(table.line)
    for text in (table.before, *table.header):
        count = seeds_in(text)
        if count is not None:
            return Seeds(count, line)
    return seeds_of(log, line)


def of_deviations(log: Log, table: Table) -> bool:
    """Whether the text says that ± is a standard deviation, and never that it is something else."""
    near = [table.before, *table.header, *log.path(table.section), *(line.body for line in log.own(table.section))]
    if any(_OTHER.search(line.body) for line in log.lines):
        return False
    return any(_DEVIATION.search(text) for text in near) or any(_DEVIATION.search(line.body) for line in log.spoken())


def two_arms(table: Table) -> bool:
    """Whether the two rows of a table are arms by its own words, and not metrics, splits or steps."""
    rows = [_PLAIN.sub(" ", row.cells[0]) for row in table.rows]
    named = _ARMS.search(_PLAIN.sub(" ", table.header[0])) is not None
    return len(rows) == 2 and named and not any(_MEASURE.search(row) for row in rows)


def one_measure(table: Table, place: int, means: Sequence[Number]) -> bool:
    """Whether the rows of a column are arms that one metric compares, not metrics of which the columns are arms."""
    if any(_MEASURE.search(_PLAIN.sub(" ", row.cells[0])) for row in table.rows):
        return False
    arms = _ARMS.search(_PLAIN.sub(" ", table.header[0])) is not None
    metric = METRIC_WORD.search(_PLAIN.sub(" ", f"{table.header[place]} {table.before}")) is not None
    sizes = [abs(one.value) for one in means]
    same = len({(one.unit, one.decimals) for one in means}) <= 2 and max(sizes) <= 3 * max(min(sizes), 1e-12)
    return (arms or metric) and same


def mean_and_spread(cell: str) -> tuple[Number, Number] | None:
    found = numbers(cell)
    return (found[0], found[1]) if len(found) == 2 and found[1].spread and not found[0].spread else None


def welch(difference: float, one: float, other: float, count: int) -> float | None:
    """Two-sided p-value of Welch's test with equal counts."""
    from evenhand.statistics.student import two_sided_p

    first, second = one**2 / count, other**2 / count
    error = math.sqrt(first + second)
    if error == 0:
        return None
    df = (first + second) ** 2 / ((first**2 + second**2) / (count - 1))
    return two_sided_p(difference / error, df)


def difference_of(difference: float, one: float, other: float, count: int) -> tuple[float, float, float] | None:
    """p-value and 95 % interval of a difference of two means, by Welch's test with equal counts."""
    from evenhand.statistics.student import critical_value

    first, second = one**2 / count, other**2 / count
    p = welch(difference, one, other, count)
    if p is None:
        return None
    df = (first + second) ** 2 / ((first**2 + second**2) / (count - 1))
    half = critical_value(0.95, df) * math.sqrt(first + second)
    return p, difference - half, difference + half
