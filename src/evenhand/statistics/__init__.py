"""Statistics of paired experiments: arrays and an explicit random generator in, frozen results out.

Stands alone: ``from evenhand import statistics`` needs numpy and scipy and knows nothing of claims or ledgers. What
cannot be computed is None with a reason, never 0.0 or NaN. Each name is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenhand.statistics.anytime import AnytimeMean, anytime_mean, first_look
    from evenhand.statistics.assurance import (
        PilotKnowledge,
        SpreadPrior,
        assurance,
        assured_seeds,
        pilot_knowledge,
        spread_prior,
    )
    from evenhand.statistics.betting import BettingTest, ConfidenceSequence, betting_test, confidence_sequence
    from evenhand.statistics.bootstrap import CrossedBootstrap, CrossedDraws, crossed_bootstrap, crossed_draws
    from evenhand.statistics.clusters import cluster_table
    from evenhand.statistics.collapse import Collapse, collapse
    from evenhand.statistics.commonest import Commonest, commonest
    from evenhand.statistics.contrast import PairedContrast, Scope, paired_contrast
    from evenhand.statistics.correlation import PairCorrelation, pair_correlation
    from evenhand.statistics.decodes import AveragedDecodes, average_decodes
    from evenhand.statistics.design_effect import DesignEffect, design_effect, groups_by_prefix, guessed_design_effect
    from evenhand.statistics.detectable import DetectableEffect, detectable_noncentrality, smallest_detectable_effect
    from evenhand.statistics.difference_of_differences import difference_of_differences
    from evenhand.statistics.equivalence import Equivalence, NotWorse, equivalence, not_worse
    from evenhand.statistics.estimate import MeanEstimate
    from evenhand.statistics.identical import Identical, identical_scores
    from evenhand.statistics.intervals import Interval
    from evenhand.statistics.looks import LookPlan, plan_looks
    from evenhand.statistics.missing import ItemMatch, PairCheck, check_pairs, match_items
    from evenhand.statistics.multiplicity import (
        Adjusted,
        IntersectionUnion,
        benjamini_hochberg,
        holm,
        intersection_union,
    )
    from evenhand.statistics.paired import paired_t
    from evenhand.statistics.peak import (
        Peak,
        expected_inflation,
        expected_inflation_of_share,
        expected_normal_maximum,
        report_peak,
    )
    from evenhand.statistics.planning import (
        Needed,
        PowerCurve,
        Precision,
        expected_precision,
        items_needed,
        planned_detectable,
        planned_power,
        power_curves,
        seeds_needed,
    )
    from evenhand.statistics.proportions import PairedProportions, paired_proportions
    from evenhand.statistics.pruning import Futility, ThresholdPrune, futility, prune_chance, threshold_prune
    from evenhand.statistics.saturation import Saturation, saturation, stuck_at_end
    from evenhand.statistics.sequential import Operating, anytime_seeds_needed, operating
    from evenhand.statistics.shares import share_not_excluded
    from evenhand.statistics.sign_flip import SignDraws, SignFlip, attainable_minimum, sign_draws, sign_flip
    from evenhand.statistics.signs import ItemFlips, SignCounts, item_flips, sign_counts
    from evenhand.statistics.spending import Spending, SpendingPlan, plan_spending
    from evenhand.statistics.spread import Spread, sd_interval, spread_from_pilot, spread_of_right_or_wrong
    from evenhand.statistics.student import t_lower_tail, t_test_power
    from evenhand.statistics.suites import (
        PerformanceProfile,
        SuiteEstimate,
        interquartile_mean,
        performance_profile,
        suite_difference,
        suite_mean,
    )
    from evenhand.statistics.two_way import VarianceComponents, two_way_estimate, variance_components

_NAMES = {
    "anytime": "AnytimeMean anytime_mean first_look",
    "assurance": "PilotKnowledge SpreadPrior assurance assured_seeds pilot_knowledge spread_prior",
    "betting": "BettingTest ConfidenceSequence betting_test confidence_sequence",
    "bootstrap": "CrossedBootstrap CrossedDraws crossed_bootstrap crossed_draws",
    "clusters": "cluster_table",
    "collapse": "Collapse collapse",
    "commonest": "Commonest commonest",
    "contrast": "PairedContrast Scope paired_contrast",
    "correlation": "PairCorrelation pair_correlation",
    "decodes": "AveragedDecodes average_decodes",
    "design_effect": "DesignEffect design_effect groups_by_prefix guessed_design_effect",
    "detectable": "DetectableEffect detectable_noncentrality smallest_detectable_effect",
    "difference_of_differences": "difference_of_differences",
    "equivalence": "Equivalence NotWorse equivalence not_worse",
    "estimate": "MeanEstimate",
    "identical": "Identical identical_scores",
    "intervals": "Interval",
    "looks": "LookPlan plan_looks",
    "missing": "ItemMatch PairCheck check_pairs match_items",
    "multiplicity": "Adjusted IntersectionUnion benjamini_hochberg holm intersection_union",
    "paired": "paired_t",
    "peak": "Peak expected_inflation expected_inflation_of_share expected_normal_maximum report_peak",
    "planning": "Needed PowerCurve Precision expected_precision items_needed "
    "planned_detectable planned_power power_curves seeds_needed",
    "proportions": "PairedProportions paired_proportions",
    "pruning": "Futility ThresholdPrune futility prune_chance threshold_prune",
    "saturation": "Saturation saturation stuck_at_end",
    "sequential": "Operating anytime_seeds_needed operating",
    "shares": "share_not_excluded",
    "sign_flip": "SignDraws SignFlip attainable_minimum sign_draws sign_flip",
    "signs": "ItemFlips SignCounts item_flips sign_counts",
    "spending": "Spending SpendingPlan plan_spending",
    "spread": "Spread sd_interval spread_from_pilot spread_of_right_or_wrong",
    "student": "t_lower_tail t_test_power",
    "suites": "PerformanceProfile SuiteEstimate interquartile_mean performance_profile suite_difference suite_mean",
    "two_way": "VarianceComponents two_way_estimate variance_components",
}
"""Module of this package to the names that are taken from it."""
_PLACES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "Adjusted",
    "AnytimeMean",
    "AveragedDecodes",
    "BettingTest",
    "Collapse",
    "Commonest",
    "ConfidenceSequence",
    "CrossedBootstrap",
    "CrossedDraws",
    "DesignEffect",
    "DetectableEffect",
    "Equivalence",
    "Futility",
    "Identical",
    "IntersectionUnion",
    "Interval",
    "ItemFlips",
    "ItemMatch",
    "LookPlan",
    "MeanEstimate",
    "Needed",
    "NotWorse",
    "Operating",
    "PairCheck",
    "PairCorrelation",
    "PairedContrast",
    "PairedProportions",
    "Peak",
    "PerformanceProfile",
    "PilotKnowledge",
    "PowerCurve",
    "Precision",
    "Saturation",
    "Scope",
    "SignCounts",
    "SignDraws",
    "SignFlip",
    "Spending",
    "SpendingPlan",
    "Spread",
    "SpreadPrior",
    "SuiteEstimate",
    "ThresholdPrune",
    "VarianceComponents",
    "anytime_mean",
    "anytime_seeds_needed",
    "assurance",
    "assured_seeds",
    "attainable_minimum",
    "average_decodes",
    "benjamini_hochberg",
    "betting_test",
    "check_pairs",
    "cluster_table",
    "collapse",
    "commonest",
    "confidence_sequence",
    "crossed_bootstrap",
    "crossed_draws",
    "design_effect",
    "detectable_noncentrality",
    "difference_of_differences",
    "equivalence",
    "expected_inflation",
    "expected_inflation_of_share",
    "expected_normal_maximum",
    "expected_precision",
    "first_look",
    "futility",
    "groups_by_prefix",
    "guessed_design_effect",
    "holm",
    "identical_scores",
    "interquartile_mean",
    "intersection_union",
    "item_flips",
    "items_needed",
    "match_items",
    "not_worse",
    "operating",
    "pair_correlation",
    "paired_contrast",
    "paired_proportions",
    "paired_t",
    "performance_profile",
    "pilot_knowledge",
    "plan_looks",
    "plan_spending",
    "planned_detectable",
    "planned_power",
    "power_curves",
    "prune_chance",
    "report_peak",
    "saturation",
    "sd_interval",
    "seeds_needed",
    "share_not_excluded",
    "sign_counts",
    "sign_draws",
    "sign_flip",
    "smallest_detectable_effect",
    "spread_from_pilot",
    "spread_of_right_or_wrong",
    "spread_prior",
    "stuck_at_end",
    "suite_difference",
    "suite_mean",
    "t_lower_tail",
    "t_test_power",
    "threshold_prune",
    "two_way_estimate",
    "variance_components",
]


class _Package(ModuleType):
    """Python binds a module in its package by its name, which is that of a function in some of them."""

    def __setattr__(self, name: str, value: Any) -> None:
        """As ever, but no module in the place of what :data:`__all__` promises."""
        if not (name in _PLACES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


if not TYPE_CHECKING:  # a checker must know the names that there are

    def __getattr__(name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
