"""Statistics of paired experiments: arrays and an explicit random generator in, frozen results out.

Stands alone: ``from evenhand import statistics`` needs numpy and scipy and knows nothing of claims or ledgers. What
cannot be computed is None with a reason, never 0.0 or NaN.
"""

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
from evenhand.statistics.multiplicity import Adjusted, IntersectionUnion, benjamini_hochberg, holm, intersection_union
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
from evenhand.statistics.spread import Spread, spread_from_pilot, spread_of_right_or_wrong
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
