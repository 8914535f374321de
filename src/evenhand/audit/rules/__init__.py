"""The rules, a module each; this table lists what an audit looks for."""

from __future__ import annotations

from evenhand.audit.finding import Rule
from evenhand.audit.rules.alike import ceiling, identical_rows, no_op, saturated, twin_arms
from evenhand.audit.rules.arithmetic import (
    change_disagrees,
    columns,
    count_rate,
    mean_disagrees,
    p_values,
    perplexity,
    signs_disagree,
    spread_kind,
)
from evenhand.audit.rules.certainty import (
    few_seeds,
    interval_zero,
    no_effect,
    no_seeds,
    not_replicated,
    recomputed,
    untested,
)
from evenhand.audit.rules.failures import failure_verdict, infrastructure
from evenhand.audit.rules.fairness import (
    baselines,
    best_of_many,
    best_on_test,
    kept_of_many,
    same_seeds,
    unequal_budgets,
    winners,
)
from evenhand.audit.rules.items import fewer_items, granularity, impossible_share, odd_share, subset, within_noise
from evenhand.audit.rules.repeated import drift, twice_written

RULES: tuple[Rule, ...] = tuple(
    one.RULE
    for one in (
        mean_disagrees,
        spread_kind,
        signs_disagree,
        change_disagrees,
        count_rate,
        columns,
        p_values,
        impossible_share,
        odd_share,
        drift,
        twice_written,
        recomputed,
        granularity,
        perplexity,
        unequal_budgets,
        baselines,
        subset,
        fewer_items,
        same_seeds,
        winners,
        few_seeds,
        no_seeds,
        untested,
        interval_zero,
        no_effect,
        not_replicated,
        within_noise,
        best_of_many,
        best_on_test,
        kept_of_many,
        infrastructure,
        failure_verdict,
        no_op,
        identical_rows,
        twin_arms,
        saturated,
        ceiling,
    )
)
