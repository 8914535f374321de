"""The rules, a module each; this table lists what an audit looks for."""

from __future__ import annotations

from evenhand.audit.finding import Rule
from evenhand.audit.rules import (
    best_of_many,
    change_disagrees,
    count_rate,
    few_seeds,
    infrastructure,
    mean_disagrees,
    no_op,
    recomputed,
    same_seeds,
    saturated,
    spread_kind,
    unequal_budgets,
)

RULES: tuple[Rule, ...] = tuple(
    one.RULE
    for one in (
        mean_disagrees,
        spread_kind,
        change_disagrees,
        count_rate,
        recomputed,
        unequal_budgets,
        same_seeds,
        few_seeds,
        best_of_many,
        infrastructure,
        no_op,
        saturated,
    )
)
