"""Procedures that people use and that do not hold their nominal 5 %: kept to be shown failing, never to be used.

Each takes data and says whether it would have called the difference significant, or gives its estimate.
"""

from __future__ import annotations

import numpy as np

from evenhand.statistics.arrays import Floats
from evenhand.statistics.estimate import MeanEstimate, from_standard_error, without_spread
from evenhand.statistics.student import two_sided_p
from evenhand.statistics.two_way import TWO_WAY, mean_squares, variance_and_df

_Z = 1.959963984540054


def percentile_bootstrap_over_seeds(differences: Floats, generator: np.random.Generator, draws: int = 1_000) -> bool:
    """The 95 % percentile bootstrap interval over a handful of seeds excludes 0; differences of shape (n,)."""
    count = differences.size
    means = differences[generator.integers(0, count, size=(draws, count))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return bool(low > 0 or high < 0)


def z_with_population_spread(differences: Floats) -> bool:
    """Mean / (population standard deviation / sqrt(n)) beyond 1.96; differences of shape (n,)."""
    spread = float(differences.std())
    return spread > 0 and abs(float(differences.mean())) > _Z * spread / differences.size**0.5


def paired_t_after_every_seed(differences: Floats, first: int = 3) -> bool:
    """The paired t test is looked at after each seed from the third on, and stopped at the first p below .05."""
    for count in range(first, differences.size + 1):
        part = differences[:count]
        spread = float(part.std(ddof=1))
        if spread > 0 and two_sided_p(float(part.mean()) / (spread / count**0.5), count - 1) < 0.05:
            return True
    return False


def item_only_normal_test(differences: Floats) -> bool:
    """Item means against their spread over items, seeds ignored, for a claim about the recipe; shape (S, I)."""
    per_item = differences.mean(axis=0)
    spread = float(per_item.std(ddof=1))
    return spread > 0 and abs(float(per_item.mean())) > _Z * spread / per_item.size**0.5


def two_way_alone(differences: Floats, level: float = 0.95) -> MeanEstimate:
    """Two-way random effects without the paired t over seeds beside it; differences of shape (S, I).

    Where the seed mean square falls below the residual one by luck, the items' degrees of freedom stand. With few seeds
    that is one experiment in three or so, and the tail that Holm, looks and null arms live in is wrong by a factor.
    """
    seeds, items = differences.shape
    mean, square_seed, square_item, square_rest = mean_squares(differences)
    variance, freedom = variance_and_df(
        np.asarray(square_seed), np.asarray(square_item), np.asarray(square_rest), (seeds, items)
    )
    total, df = float(variance), float(freedom)
    if total <= 0:
        return without_spread(TWO_WAY, mean, level=level, seeds=seeds, items=items, reason="no spread at all")
    error = (total / (seeds * items)) ** 0.5
    return from_standard_error(TWO_WAY, mean, error, df, level=level, seeds=seeds, items=items)
