"""Showing that there is no effect worth having: two one-sided tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evenhand.statistics.anytime import AnytimeMean
from evenhand.statistics.arrays import check_positive, check_share
from evenhand.statistics.estimate import MeanEstimate
from evenhand.statistics.intervals import Interval
from evenhand.statistics.proportions import PairedProportions

_BISECTIONS = 40


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of "the effect lies inside -margin .. +margin".

    Attributes:
        margin: the smallest effect worth having, in the metric's unit.
        alpha: level of each one-sided test.
        p_lower: p-value against "at or below -margin".
        p_upper: p-value against "at or above +margin".
        p: the larger of both, the p-value of equivalence.
        equivalent: whether ``p`` <= ``alpha``; False when p is undefined (absence of evidence is not equivalence).
        interval: the two-sided interval at 1 - 2 alpha (90 % for alpha = 5 %), inside the margins when equivalent.
        trivial: equivalent although the interval at 1 - alpha excludes 0: there is an effect, too small to matter.
        reason: why the p-values are None.
    """

    margin: float
    alpha: float
    p_lower: float | None
    p_upper: float | None
    p: float | None
    equivalent: bool
    interval: Interval | None
    trivial: bool
    reason: str | None


def equivalence(
    estimate: MeanEstimate | AnytimeMean | PairedProportions, margin: float, alpha: float = 0.05
) -> Equivalence:
    """Two one-sided tests on a mean estimate (Schuirmann 1987; Lakens 2017, eq. 1 and 2).

    For a t-based estimate both p-values are Student's. For right-or-wrong items of one pair of checkpoints they are
    read off the interval: the level at which its end touches the margin.

    Args:
        estimate: from any procedure of this package that estimates a mean difference.
        margin: above 0, in the metric's unit.
        alpha: level of each one-sided test; the pair of them errs at most this often.

    Raises:
        StatisticsError: a margin that is not above 0, or an alpha outside 0 .. 0.5.
    """
    check_positive(margin, "margin")
    check_share(2 * alpha, "twice alpha")
    if not isinstance(estimate, PairedProportions):
        p_lower, p_upper = estimate.p_value(-margin, "greater"), estimate.p_value(margin, "less")
        reason = estimate.reason
    else:
        p_lower = _touching(lambda level: estimate.interval_at(level).low > -margin)
        p_upper = _touching(lambda level: estimate.interval_at(level).high < margin)
        reason = None
    if p_lower is None or p_upper is None:
        return Equivalence(margin, alpha, None, None, None, False, None, False, reason)
    p = max(p_lower, p_upper)
    outer = estimate.interval_at(1 - alpha)
    trivial = p <= alpha and outer is not None and outer.excludes(0.0)
    return Equivalence(
        margin, alpha, p_lower, p_upper, p, p <= alpha, estimate.interval_at(1 - 2 * alpha), trivial, None
    )


@dataclass(frozen=True)
class NotWorse:
    """One one-sided test: is the true difference above -margin (non-inferiority)?

    Attributes:
        margin: smallest loss that matters, above 0.
        alpha: one-sided level.
        p: p-value of "the difference is -margin or less"; None where undefined.
        shown: the bound at level alpha lies above -margin; False when p is undefined.
        low: that bound: the lower end of the two-sided interval at 1 - 2 alpha; None where undefined.
        reason: why p is None.
    """

    margin: float
    alpha: float
    p: float | None
    shown: bool
    low: float | None
    reason: str | None


def not_worse(estimate: MeanEstimate | AnytimeMean | PairedProportions, margin: float, alpha: float = 0.05) -> NotWorse:
    """The lower of the two one-sided tests alone (non-inferiority; Schuirmann 1987): a gain does not stand in its way.

    Args:
        estimate: from any procedure of this package that estimates a mean difference.
        margin: above 0, in the metric's unit.
        alpha: one-sided level: it errs at most this often where the true difference is -margin.

    Raises:
        StatisticsError: a margin that is not above 0, or an alpha outside 0 .. 0.5.
    """
    both = equivalence(estimate, margin, alpha)
    low = None if both.interval is None else both.interval.low
    shown = both.p_lower is not None and both.p_lower <= alpha
    return NotWorse(margin, alpha, both.p_lower, shown, low, both.reason)


def _touching(clears: Callable[[float], bool]) -> float:
    """One-sided p-value of an interval's end: the least alpha whose 1 - 2 alpha interval still clears the margin."""
    low, high = 0.0, 0.5
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if clears(1 - 2 * middle) else (middle, high)
    return high
