"""Records with a column of seeds: the arms of a table, paired seed by seed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Row, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE

_SEED_COLUMN = Pattern(r"seed[\s_#=-]*\d{1,6}", re.IGNORECASE)
SEED = Pattern(r"^(?:random_?)?seed(?:_?id)?$", re.IGNORECASE)
ARM = Pattern(
    r"^(?:arm|method|model|variant|config(?:_?name)?|condition|group|treatment|algo(?:rithm)?|"
    r"optimi[sz]er|approach)$",
    re.IGNORECASE,
)
BASE = Pattern(r"^(?:baseline|base|control|vanilla|off|none|reference)$", re.IGNORECASE)
A_SEED = Pattern(r"(?:seed[\s_#=-]*)?\d+", re.IGNORECASE)
"""A row of a mean or a spread is none of a seed."""

_TWO = 2
"""Arms that are compared with each other, though none of them is called the baseline."""

METRIC = Pattern(
    r"acc|score|f1|auc|loss|ppl|perplexity|bpb|error|reward|return|success|exact|pass|recall|"
    r"precision|mse|mae|rmse",
    re.IGNORECASE,
)
MEASURE = Pattern(
    r"(?<![a-z])(?:auroc|auprc|ap|map|ari|nmi|m?iou|dice|brier|sharpe|ccc|psnr|ssim|kappa|mcc|bpc|mse|mae|rmse|mape|wer|"
    r"cer|errors?|returns?|success|rouge\w*|meteor|hits?|nll|elo)(?![a-z])",
    re.IGNORECASE,
)
"""Further names of results."""


@dataclass(frozen=True)
class Paired:
    """Differences of one arm to the baseline over the seeds that both have.

    Attributes:
        arm: the variant.
        baseline: what it is compared with.
        metric: name of the column.
        differences: variant less baseline, one per seed.
        row: the variant's first row.
        exact: at least three different values have three digits after the point: equal ones are no accident.
        base_row: the baseline's first row; None where arms are columns.
        column: place of the metric in a row.
        rows: all rows that are compared, where each has a seed of its own: the variant's, then the baseline's.
        missing: how many seeds both have of which one has no value.
    """

    arm: str
    baseline: str
    metric: str
    differences: tuple[float, ...]
    row: Row
    exact: bool = False
    base_row: Row | None = None
    column: int = 0
    rows: tuple[Row, ...] = ()
    missing: int = 0

    @property
    def line(self) -> int:
        """The line of the variant's first result."""
        return self.row.line_of(self.column)

    def lines(self, *, every: bool) -> tuple[int, ...]:
        """The lines that it is compared with: the first of the baseline, or every other that has one of the values."""
        rows = self.rows if every else (self.base_row,) if self.base_row is not None else ()
        return tuple(line for row in rows if (line := row.line_of(self.column)) != self.line)


def paired_rows(table: Table) -> Iterator[Paired]:
    """Every arm against the baseline: arms as rows with a column that names them, or arms or seeds as columns."""
    yield from _by_seed_columns(table)
    seeds = [i for i, name in enumerate(table.header) if SEED.match(name.strip())]
    if len(seeds) != 1:
        return
    table = replace(table, rows=tuple(row for row in table.rows if A_SEED.fullmatch(row.cells[seeds[0]].strip())))
    if len(table.rows) < 3:
        return
    arms = [i for i, name in enumerate(table.header) if ARM.match(name.strip())]
    if len(arms) == 1:
        yield from _by_rows(table, seeds[0], arms[0])
    elif not arms:
        yield from _by_columns(table, seeds[0])


def _by_rows(table: Table, seed: int, arm: int) -> Iterator[Paired]:
    firsts: dict[str, Row] = {}
    seeds: dict[str, set[str]] = {}
    for row in table.rows:
        firsts.setdefault(row.cells[arm], row)
        seeds.setdefault(row.cells[arm], set()).add(row.cells[seed])
    bases = [name for name in firsts if BASE.match(name.strip())]
    if len(bases) != 1 or len(firsts) > 50:
        return
    for place in [i for i, name in enumerate(table.header) if is_metric(name) and i not in (seed, arm)]:
        values: dict[str, dict[str, tuple[Row, Number]]] = {name: {} for name in firsts}
        for row, value in zip(table.rows, table.columns[place], strict=True):
            mine = values[row.cells[arm]]
            if row.cells[seed] in mine:
                return  # several rows of one arm and seed: steps, tasks or items, which are no seeds
            if value is not None:
                mine[row.cells[seed]] = row, value
        base = values.pop(bases[0])
        for name, own in values.items():
            both = [one for one in own if one in base]
            differences = tuple(own[one][1].value - base[one][1].value for one in both)
            exact = len({own[one][1].value for one in both if _fine(own[one][1])}) >= 3
            rows = tuple(of[one][0] for of in (own, base) for one in both)
            if len(differences) >= 2:
                missing = len(seeds[name] & seeds[bases[0]]) - len(both)
                yield Paired(
                    name, bases[0], table.header[place], differences, firsts[name], exact, firsts[bases[0]], place,
                    rows, missing,
                )  # fmt: skip


def is_metric(name: str) -> bool:
    """Whether a column is named as one of results."""
    return METRIC.search(name) is not None or MEASURE.search(name) is not None


def _fine(value: Number) -> bool:
    """Whether a value is printed with three digits after the point, as a percentage with two."""
    return value.decimals >= (3 if abs(value.value) < 10 else 2)


def _by_seed_columns(table: Table) -> Iterator[Paired]:
    """A row for each arm and a column for each seed."""
    seeds = [i for i, name in enumerate(table.header) if _SEED_COLUMN.fullmatch(name.strip())]
    bases = [at for at, row in enumerate(table.rows) if BASE.match(row.cells[0].strip())]
    if len(seeds) < 3 or len(bases) != 1 or len({row.cells[0] for row in table.rows}) != len(table.rows):
        return
    base = table.rows[bases[0]]
    for at, row in enumerate(table.rows):
        pairs = [(table.columns[i][at], table.columns[i][bases[0]]) for i in seeds]
        both = [(value, other) for value, other in pairs if value is not None and other is not None]
        alike = len({(v.unit, o.unit) for v, o in both}) == 1 and all(v.decimals and not v.signed for v, _ in both)
        if row is not base and len(both) == len(seeds) and alike:
            exact = len({v.value for v, _ in both if _fine(v)}) >= 3
            differences = tuple(v.value - o.value for v, o in both)
            yield Paired(row.cells[0], base.cells[0], "value", differences, row, exact, base)


def delta_columns(table: Table) -> Iterator[tuple[str, tuple[Number, ...], Row]]:
    """Columns of differences, one for each seed: ``Delta`` in a table whose first column names the seeds."""
    if not table.header or not SEED.match(table.header[0].strip()):
        return
    rows = [at for at, row in enumerate(table.rows) if A_SEED.fullmatch(row.cells[0].strip())]
    for place, name in enumerate(table.header):
        read = [table.columns[place][at] for at in rows]
        values = tuple(one for one in read if one is not None)
        told = DIFFERENCE.fullmatch(name.strip()) is not None and len(values) == len(rows) > _TWO
        if told and all(one.signed or not one.value for one in values) and len({one.unit for one in values}) == 1:
            yield name, values, table.rows[rows[0]]


def _by_columns(table: Table, seed: int) -> Iterator[Paired]:
    bases = [i for i, name in enumerate(table.header) if BASE.match(name.strip())]
    if len(bases) != 1 or len({row.cells[seed] for row in table.rows}) != len(table.rows):
        return
    base = table.columns[bases[0]]
    for place, name in enumerate(table.header):
        if place in (seed, bases[0]) or DIFFERENCE.search(name):
            continue
        pairs = [(v, b) for v, b in zip(table.columns[place], base, strict=True) if v is not None and b is not None]
        alike = len({(v.unit, b.unit) for v, b in pairs}) == 1 and all(v.unit == b.unit for v, b in pairs)
        if len(pairs) == len(table.rows) and alike and all(v.decimals or b.decimals for v, b in pairs):
            differences = tuple(v.value - b.value for v, b in pairs)
            yield Paired(name, table.header[bases[0]], "value", differences, table.rows[0], column=place)
