"""How far pairing paid: the correlation between both arms' scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenhand.statistics.arrays import ArrayLike, Floats, is_constant, paired_scores, power_of_two_scale


@dataclass(frozen=True)
class PairCorrelation:
    """Achieved correlation between the arms; near 1 pairing removes most of the noise, near 0 it removes none.

    Attributes:
        over_seeds: correlation of the seed means; None with fewer than 3 seeds or a constant arm.
        over_items: correlation of the item means; None with fewer than 3 items or a constant arm.
        reason: why either is None.
    """

    over_seeds: float | None
    over_items: float | None
    reason: str | None


def _correlation(left: Floats, right: Floats, unit: str) -> tuple[float | None, str | None]:
    if left.size < 3:
        return None, f"fewer than 3 {unit}"
    if is_constant(left) or is_constant(right):
        return None, f"an arm's scores are the same for all {unit}"
    left, right = left / power_of_two_scale(left), right / power_of_two_scale(right)
    return float(np.clip(np.corrcoef(left, right)[0, 1], -1.0, 1.0)), None


def pair_correlation(baseline: ArrayLike, variant: ArrayLike) -> PairCorrelation:
    """Correlation of both arms' means over seeds and over items.

    Args:
        baseline: scores, shape (S, I).
        variant: scores, same shape.

    Raises:
        StatisticsError: shapes that differ or are not (S, I), NaN or infinite values.
    """
    left, right = paired_scores(baseline, variant)
    scale = max(power_of_two_scale(left), power_of_two_scale(right))
    left, right = left / scale, right / scale
    seeds, why_seeds = _correlation(left.mean(axis=1), right.mean(axis=1), "seeds")
    items, why_items = _correlation(left.mean(axis=0), right.mean(axis=0), "items")
    return PairCorrelation(seeds, items, "; ".join(filter(None, (why_seeds, why_items))) or None)
