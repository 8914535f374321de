"""Scores in a program's tables that left the finite numbers: a divergence, by the rules of a recipe's own items."""

from __future__ import annotations

import math
from collections.abc import Mapping

from evenhand.errors import Diverged
from evenhand.execution.command.numbers import as_number
from evenhand.runs.tables import USUAL, Columns


def check_finite(table: Columns, columns: Mapping[str, str], scores: Mapping[str, str]) -> None:
    """Refuse scores that left the finite numbers; one that is missing here and there is another fault.

    Args:
        table: as it was read.
        columns: role to its column.
        scores: metric to its column; empty takes every column of numbers.

    Raises:
        Diverged: a score is infinite, or all of a metric are NaN.
    """
    usual = {name for names in USUAL.values() for name in names}
    free = [n for n in table.values if str(n).lower() not in usual and n not in columns.values()]
    named = scores or {str(name): name for name in free}
    found = {m: [as_number(v) for v in table.values[c]] for m, c in named.items() if c in table.values}
    told = {metric: values for metric, values in found.items() if scores or None not in values}
    some = bool(scores) or not any(math.isfinite(v) for values in told.values() for v in values if v is not None)
    for metric, values in told.items():
        infinite = [row for row, value in enumerate(values) if value is not None and math.isinf(value)]
        none = bool(values) and all(value is not None and math.isnan(value) for value in values)
        if infinite or (none and some):
            row = infinite[0] if infinite else 0
            raise Diverged(f"{table.place(row)}: the score '{metric}' is {values[row]}, which counts as diverged")
