"""The differences that a paired contrast is computed from: decodes averaged, arms subtracted, seed by seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import (
    ArrayLike,
    Floats,
    as_floats,
    paired_scores,
    power_of_two_scale,
    saturating_difference,
)
from evenhand.statistics.decodes import average_decodes


@dataclass(frozen=True)
class DifferenceTable:
    """What a contrast is computed from.

    Attributes:
        differences: shape (S, I), or (S, 1) of a metric without items.
        scores: of both arms, where they were given.
        has_items: whether the columns are items.
        decodes: of each item, averaged.
    """

    differences: Floats
    scores: tuple[Floats, Floats] | None
    has_items: bool
    decodes: int

    @cached_property
    def scale(self) -> float:
        """Power of two by which differences are divided, so that their squares neither overflow nor vanish."""
        return power_of_two_scale(self.differences)

    @cached_property
    def by_seed(self) -> Floats:
        """Mean difference of each seed."""
        if not self.has_items:
            return self.differences[:, 0]
        return np.asarray((self.differences / self.scale).mean(axis=1) * self.scale)


def difference_table(
    differences: ArrayLike | None, baseline: ArrayLike | None, variant: ArrayLike | None
) -> DifferenceTable:
    """Differences as given, or those of both arms' scores.

    Raises:
        StatisticsError: neither or both are given, shapes that do not fit, NaN or infinite values.
    """
    if (differences is None) == (baseline is None and variant is None) or (baseline is None) != (variant is None):
        raise StatisticsError("paired contrast: expected either differences, or the scores of both arms, not both.")
    if differences is not None:
        if np.ndim(differences) == 1:
            return DifferenceTable(as_floats(differences, "differences", 1)[:, None], None, False, 1)
        return DifferenceTable(as_floats(differences, "differences", 2), None, True, 1)
    assert baseline is not None
    assert variant is not None
    decodes = 1
    if np.ndim(baseline) == 3 or np.ndim(variant) == 3:
        left_decodes, right_decodes = average_decodes(baseline), average_decodes(variant)
        if left_decodes.decodes != right_decodes.decodes:
            raise StatisticsError(
                f"decodes: expected as many per item in both arms, found {left_decodes.decodes} for the baseline and "
                f"{right_decodes.decodes} for the variant."
            )
        baseline, variant, decodes = left_decodes.scores, right_decodes.scores, left_decodes.decodes
    left, right = paired_scores(baseline, variant)
    return DifferenceTable(saturating_difference(right, left), (left, right), True, decodes)
