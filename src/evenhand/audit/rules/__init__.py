"""The rules, a module each; this table lists what an audit looks for."""

from __future__ import annotations

from evenhand.audit.finding import Rule
from evenhand.audit.rules import (
    baselines,
    best_of_many,
    change_disagrees,
    columns,
    count_rate,
    drift,
    durations,
    few_seeds,
    granularity,
    identical_rows,
    impossible_share,
    infrastructure,
    mean_disagrees,
    no_effect,
    no_op,
    no_seeds,
    not_replicated,
    p_values,
    perplexity,
    recomputed,
    same_seeds,
    saturated,
    signs_disagree,
    spread_kind,
    subset,
    unequal_budgets,
    untested,
    within_noise,
)

RULES: tuple[Rule, ...] = tuple(
    one.RULE
    for one in (
        mean_disagrees,
        spread_kind,
        signs_disagree,
        change_disagrees,
        count_rate,
        columns,
        durations,
        p_values,
        impossible_share,
        drift,
        recomputed,
        granularity,
        perplexity,
        unequal_budgets,
        baselines,
        subset,
        same_seeds,
        few_seeds,
        no_seeds,
        untested,
        no_effect,
        not_replicated,
        within_noise,
        best_of_many,
        infrastructure,
        no_op,
        identical_rows,
        saturated,
    )
)
