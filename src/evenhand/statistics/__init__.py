"""Statistics of paired experiments: arrays and an explicit random generator in, frozen results out.

Stands alone: ``from evenhand import statistics`` needs numpy and scipy and knows nothing of claims or ledgers. What
cannot be computed is None with a reason, never 0.0 or NaN.
"""

from evenhand.statistics.detectable import (
    DetectableEffect,
    detectable_noncentrality,
    smallest_detectable_effect,
)
from evenhand.statistics.equivalence import Equivalence, equivalence
from evenhand.statistics.estimate import MeanEstimate
from evenhand.statistics.intervals import Interval
from evenhand.statistics.paired import paired_t
from evenhand.statistics.saturation import Saturation, saturation
from evenhand.statistics.sign_flip import SignFlip, attainable_minimum, sign_flip
from evenhand.statistics.signs import ItemFlips, SignCounts, item_flips, sign_counts
from evenhand.statistics.student import t_test_power
from evenhand.statistics.two_way import VarianceComponents, two_way_estimate, variance_components

__all__ = [
    "DetectableEffect",
    "Equivalence",
    "Interval",
    "ItemFlips",
    "MeanEstimate",
    "Saturation",
    "SignCounts",
    "SignFlip",
    "VarianceComponents",
    "attainable_minimum",
    "detectable_noncentrality",
    "equivalence",
    "item_flips",
    "paired_t",
    "saturation",
    "sign_counts",
    "sign_flip",
    "smallest_detectable_effect",
    "t_test_power",
    "two_way_estimate",
    "variance_components",
]
