"""Tables of ``mean ± std`` over seeds: what the text says of them, and Welch's test of two of their rows."""

from __future__ import annotations

import math
import re

from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
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


def one_measure(table: Table, place: int, means: list[Number]) -> bool:
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
