"""Counts that anybody can check by hand: signs over seeds, and items that flipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenhand.statistics.arrays import ArrayLike, as_floats, paired_scores


@dataclass(frozen=True)
class SignCounts:
    """How many paired differences are above, at and below 0.

    Attributes:
        positive: above 0.
        zero: exactly 0.
        negative: below 0.
    """

    positive: int
    zero: int
    negative: int

    def __str__(self) -> str:
        return f"{self.positive}+/{self.zero}=/{self.negative}-"


def sign_counts(differences: ArrayLike) -> SignCounts:
    """Signs of paired differences, shape (n,).

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values.
    """
    values = as_floats(differences, "differences", 1)
    return SignCounts(int(np.sum(values > 0)), int(np.sum(values == 0)), int(np.sum(values < 0)))


@dataclass(frozen=True)
class ItemFlips:
    """What happened to the items, counted over all seed-item pairs.

    Attributes:
        gained: pairs where the variant scored higher.
        lost: pairs where it scored lower.
        same: pairs with the same score.
        gained_by_seed: ``gained`` for each seed.
        lost_by_seed: ``lost`` for each seed.
        always_gained: items on which the variant scored higher at every seed.
        always_lost: items on which it scored lower at every seed.
    """

    gained: int
    lost: int
    same: int
    gained_by_seed: tuple[int, ...]
    lost_by_seed: tuple[int, ...]
    always_gained: int
    always_lost: int


def item_flips(baseline: ArrayLike, variant: ArrayLike) -> ItemFlips:
    """Count the items that the variant gained and lost against the baseline, seed by seed.

    Args:
        baseline: scores, shape (S, I).
        variant: scores, same shape, same seeds and items.

    Raises:
        StatisticsError: shapes that differ or are not (S, I), NaN or infinite values.
    """
    left, right = paired_scores(baseline, variant)
    up, down = right > left, right < left
    gained, lost = int(up.sum()), int(down.sum())
    return ItemFlips(
        gained=gained,
        lost=lost,
        same=left.size - gained - lost,
        gained_by_seed=tuple(int(count) for count in up.sum(axis=1)),
        lost_by_seed=tuple(int(count) for count in down.sum(axis=1)),
        always_gained=int(up.all(axis=0).sum()),
        always_lost=int(down.all(axis=0).sum()),
    )
