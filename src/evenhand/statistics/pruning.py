"""Pruning at a screen: for futility, with the chance of a false prune; or by a plain threshold, without control."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.statistics.arrays import check_positive, check_share
from evenhand.statistics.estimate import MeanEstimate
from evenhand.statistics.special import ndtr
from evenhand.statistics.student import critical_value, t_lower_tail

UNCONTROLLED = "plain threshold, without error control"


@dataclass(frozen=True)
class Futility:
    """Whether an effect as large as the margin has become implausible.

    Attributes:
        prune: the one-sided upper bound lies below the margin.
        upper: that bound; None when the spread cannot be estimated.
        margin: smallest effect worth having.
        confidence: of the upper bound.
        false_prune_chance: largest chance that this rule prunes an arm whose true effect is exactly the margin.
        reason: why nothing was pruned for want of an estimate.
    """

    prune: bool
    upper: float | None
    margin: float
    confidence: float
    false_prune_chance: float
    reason: str | None


def futility(estimate: MeanEstimate, margin: float, confidence: float = 0.95) -> Futility:
    """Prune when the upper confidence bound lies below the margin.

    Non-binding: the rule only ever stops arms, so it cannot create false gains, and an arm may be run on in spite of
    it. An arm whose effect equals the margin is pruned with probability 1 - confidence (exact for the paired t on
    normal differences, at most so where two tests must agree, as in scope "recipe"); larger effects are pruned less
    often (`prune_chance`).

    Args:
        estimate: of the difference at the screen.
        margin: above 0, in the metric's unit.
        confidence: of the one-sided upper bound, above one half.

    Raises:
        StatisticsError: a margin not above 0 or a confidence outside 0.5 .. 1.
    """
    check_positive(margin, "margin")
    check_share(2 * confidence - 1, "confidence (twice it, less one)")
    interval = estimate.interval_at(2 * confidence - 1)
    chance = 1 - confidence
    if interval is None:
        return Futility(False, None, margin, confidence, chance, f"not pruned: {estimate.reason}")
    return Futility(interval.high < margin, interval.high, margin, confidence, chance, None)


def prune_chance(effect: float, margin: float, standard_error: float, df: float, confidence: float = 0.95) -> float:
    """Chance that `futility` prunes an arm with this true effect (noncentral t).

    Args:
        effect: true difference, in the metric's unit.
        margin: above 0.
        standard_error: true standard error of the screen's estimate, above 0.
        df: its degrees of freedom.
        confidence: of the upper bound.
    """
    check_positive(margin, "margin")
    check_positive(standard_error, "standard error")
    check_share(2 * confidence - 1, "confidence (twice it, less one)")
    limit = critical_value(2 * confidence - 1, df)
    return t_lower_tail((effect - margin) / standard_error, df, -limit)


@dataclass(frozen=True)
class ThresholdPrune:
    """The older rule: prune when the observed difference is below a number.

    Attributes:
        prune: the difference is below the threshold.
        difference: observed.
        threshold: in the metric's unit.
        false_prune_chance: chance of pruning an effect as large as the margin; None when its spread is unknown, which
            is the usual case at a screen with one seed.
        label: what a report must call it.
    """

    prune: bool
    difference: float
    threshold: float
    false_prune_chance: float | None
    label: str = UNCONTROLLED


def threshold_prune(
    difference: float, threshold: float, *, margin: float | None = None, standard_error: float | None = None
) -> ThresholdPrune:
    """Prune when the difference is below the threshold, as older protocols do; offered to reproduce them.

    Args:
        difference: observed difference, in the metric's unit.
        threshold: prune below it.
        margin: smallest effect worth having; with ``standard_error`` the chance of pruning it is stated.
        standard_error: true or assumed standard error of the difference.
    """
    chance = None
    if margin is not None and standard_error is not None:
        check_positive(standard_error, "standard error")
        chance = float(ndtr((threshold - margin) / standard_error))
    return ThresholdPrune(difference < threshold, difference, threshold, chance)
