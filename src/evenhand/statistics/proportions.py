"""Right or wrong on the same items: exact McNemar, and an interval for the difference that agrees with it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, as_floats, check_share
from evenhand.statistics.intervals import Interval
from evenhand.statistics.special import bdtr, betaincinv, ndtri


@dataclass(frozen=True)
class PairedProportions:
    """Two arms' right-or-wrong answers to the same items, compared for new items.

    Attributes:
        method: name of the procedure.
        estimate: share right, variant less baseline: (gained - lost) / items.
        gained: items that only the variant has right.
        lost: items that only the baseline has right.
        items: all items.
        p: exact two-sided McNemar p-value; 1.0 when no item differs.
        interval: for the difference, at ``level``.
        level: nominal coverage of ``interval``.
    """

    method: str
    estimate: float
    gained: int
    lost: int
    items: int
    p: float
    interval: Interval
    level: float

    @property
    def standard_error(self) -> float | None:
        """Large-sample standard error of the difference; None when no item differs."""
        discordant = self.gained + self.lost
        if discordant == 0:
            return None
        return math.sqrt(max(discordant - (self.gained - self.lost) ** 2 / self.items, 0.0)) / self.items

    def interval_at(self, level: float) -> Interval:
        """The interval at another level."""
        return _hull(self.gained, self.lost, self.items, level)


def _conditional(gained: int, lost: int, items: int, level: float) -> tuple[float, float]:
    """Clopper-Pearson for the share of gains among the items that differ, carried over to the difference."""
    discordant, tail = gained + lost, (1 - level) / 2
    if discordant == 0:
        return 0.0, 0.0
    low = float(betaincinv(gained, lost + 1, tail)) if gained else 0.0
    high = float(betaincinv(gained + 1, lost, 1 - tail)) if lost else 1.0
    return (2 * low - 1) * discordant / items, (2 * high - 1) * discordant / items


def _adjusted_wald(gained: int, lost: int, items: int, level: float) -> tuple[float, float]:
    """Bonett & Price (2012), eq. 5: Wald with one pseudo-count in each cell that differs."""
    up, down = (gained + 1) / (items + 2), (lost + 1) / (items + 2)
    half = float(ndtri(0.5 + level / 2)) * math.sqrt((up + down - (up - down) ** 2) / (items + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)


def _hull(gained: int, lost: int, items: int, level: float) -> Interval:
    check_share(level, "level")
    one, two = _conditional(gained, lost, items, level), _adjusted_wald(gained, lost, items, level)
    return Interval(min(one[0], two[0]), max(one[1], two[1]), level)


def paired_proportions(differences: ArrayLike, level: float = 0.95) -> PairedProportions:
    """Exact McNemar test and interval for right-or-wrong items of one pair of checkpoints.

    The p-value is exact: the gains among the items that differ are binomial(1/2) when neither model is better
    (McNemar 1947; twice the smaller tail). The interval is the hull of two: the exact conditional one, which excludes
    0 only where the p-value is below 1 - level, and the adjusted Wald interval (Bonett & Price 2012), which also
    counts the chance in how many items differ. It is therefore never more eager than the test.

    Args:
        differences: shape (I,), each -1, 0 or 1: variant's 0/1 score less the baseline's.
        level: nominal coverage.

    Raises:
        StatisticsError: wrong shape, no values, or values other than -1, 0, 1.
    """
    values = as_floats(differences, "differences", 1)
    if not np.isin(values, (-1.0, 0.0, 1.0)).all():
        raise StatisticsError(
            "paired proportions: expected differences of -1, 0 or 1 (right-or-wrong items), found others. "
            "Use the paired t test over items for graded scores."
        )
    gained, lost, items = int(np.sum(values > 0)), int(np.sum(values < 0)), values.size
    discordant = gained + lost
    p = min(1.0, 2 * float(bdtr(min(gained, lost), discordant, 0.5))) if discordant else 1.0
    return PairedProportions(
        "exact McNemar", (gained - lost) / items, gained, lost, items, p, _hull(gained, lost, items, level), level
    )
