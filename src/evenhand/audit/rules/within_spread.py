"""A best row of a table whose lead over the next the printed spread does not carry."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log, Table
from evenhand.audit.numbers import Number, numbers
from evenhand.audit.seeds import Seeds, seeds_in, seeds_of
from evenhand.audit.shown import chance

_DEVIATION = re.compile(r"±\s*(?:std|sd|s\.d|1 ?σ|standard dev)|\bstd\b|standard deviation|\bstdev\b", re.IGNORECASE)
_OTHER = re.compile(r"±\s*(?:se\b|sem|stderr|95|ci)|standard error|\bSEM\b|confidence interval|95 ?% CI", re.IGNORECASE)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Bold cells of ``mean ± std`` over a known number of seeds, against the best of the other rows."""
    for log in logs:
        for table in log.tables:
            if 2 <= len(table.rows) <= 60 and any("±" in cell for row in table.rows for cell in row.cells):
                seeds = _seeds(log, table)
                if seeds is not None and seeds.count >= 2 and _of_deviations(log, table):
                    yield from _leads(log, table, seeds)


def _seeds(log: Log, table: Table) -> Seeds | None:
    line = log.line(table.line)
    for text in (table.before, *table.header):
        count = seeds_in(text)
        if count is not None:
            return Seeds(count, line)
    return seeds_of(log, line)


def _of_deviations(log: Log, table: Table) -> bool:
    """Whether the text says that ± is a standard deviation, and never that it is something else."""
    near = [table.before, *table.header, *log.path(table.section), *(line.body for line in log.own(table.section))]
    if any(_OTHER.search(line.body) for line in log.lines):
        return False
    return any(_DEVIATION.search(text) for text in near) or any(_DEVIATION.search(line.body) for line in log.spoken())


def _leads(log: Log, table: Table, seeds: Seeds) -> Iterator[Finding]:
    for place in range(1, len(table.header)):
        cells = [(row, found) for row in table.rows if (found := _cell(row.cells[place])) is not None]
        bold = [(row, found) for row, found in cells if place in row.bold]
        if len(bold) != 1 or len(cells) < 2:
            continue
        row, (mean, sd) = bold[0]
        others = [(other, found) for other, found in cells if other is not row]
        top = mean.value >= max(found[0].value for _, found in others)
        bottom = mean.value <= min(found[0].value for _, found in others)
        if top == bottom:
            continue
        pick = max if top else min
        rival, (next_mean, next_sd) = pick(others, key=lambda one: one[1][0].value)
        p = _welch(mean.value - next_mean.value, sd.value, next_sd.value, seeds.count)
        if p is not None and p > 0.1:
            facts = {
                "one": f"{mean.value:g} ± {sd.value:g}", "other": f"{next_mean.value:g} ± {next_sd.value:g}",
                "rival": rival.cells[0], "seeds": seeds.count, "p": p, "column": table.header[place],
            }  # fmt: skip
            others_at = (place_of(log, rival.line), place_of(log, seeds.line))
            yield Finding("within-spread", "caution", place_of(log, row.line), facts, others_at, row.cells[place])


def _cell(cell: str) -> tuple[Number, Number] | None:
    found = numbers(cell)
    return (found[0], found[1]) if len(found) == 2 and found[1].spread and not found[0].spread else None


def _welch(difference: float, one: float, other: float, count: int) -> float | None:
    """Two-sided p-value of Welch's test with equal counts."""
    from evenhand.statistics.student import two_sided_p

    first, second = one**2 / count, other**2 / count
    error = math.sqrt(first + second)
    if error == 0:
        return None
    df = (first + second) ** 2 / ((first**2 + second**2) / (count - 1))
    return two_sided_p(difference / error, df)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"{f['one']} leads {f['other']} of '{f['rival']}' (line {finding.others[0].line}) by no more than chance over "
        f"{f['seeds']} seeds (line {finding.others[1].line}): {chance(f['p'])} if ± is the standard deviation."
    )


RULE = Rule(
    "within-spread",
    "A best row whose lead the printed spread over seeds does not carry.",
    check,
    say,
)
