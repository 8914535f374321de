"""Several verdicts at once: Holm to confirm, Benjamini-Hochberg to explore, intersection-union for rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import check_share
from evenhand.statistics.contrast import PairedContrast
from evenhand.statistics.estimate import MeanEstimate
from evenhand.statistics.intervals import Interval


@dataclass(frozen=True)
class Adjusted:
    """p-values of a family, adjusted.

    Attributes:
        method: "Holm" or "Benjamini-Hochberg (exploratory)".
        alpha: family-wise error rate or false discovery rate.
        p: adjusted p-values in the order given; None where the p-value was None.
        rejected: whether each hypothesis is rejected.
        levels: for Holm, the interval level of each hypothesis that agrees with its decision: the interval at that
            level excludes 0 exactly where the hypothesis is rejected. Empty for Benjamini-Hochberg.
    """

    method: str
    alpha: float
    p: tuple[float | None, ...]
    rejected: tuple[bool, ...]
    levels: tuple[float, ...]


def _checked(p_values: Sequence[float | None]) -> list[float]:
    """p-values with 1.0 for an undefined one, which stays in the family and is never rejected."""
    values = [1.0 if p is None else float(p) for p in p_values]
    wrong = [p for p in values if not 0.0 <= p <= 1.0]
    if wrong:
        raise StatisticsError(f"p-values: expected numbers in 0 .. 1 or None, found {wrong[0]}.")
    return values


def holm(p_values: Sequence[float | None], alpha: float = 0.05) -> Adjusted:
    """Holm's step-down adjustment (1979): controls the chance of any false rejection, under any dependence.

    Args:
        p_values: one per confirmed variant and primary metric; None (undefined) counts in the family as 1.
        alpha: family-wise error rate.

    Raises:
        StatisticsError: p-values outside 0 .. 1 or alpha out of range.
    """
    check_share(alpha, "alpha")
    values = _checked(p_values)
    count = len(values)
    adjusted, levels, rejected = [1.0] * count, [1.0] * count, [False] * count
    running, failed_at = 0.0, None
    for rank, place in enumerate(sorted(range(count), key=lambda i: values[i])):
        running = max(running, min(1.0, (count - rank) * values[place]))
        adjusted[place] = running
        step = alpha / (count - rank)
        if failed_at is None and values[place] > step:
            failed_at = step
        rejected[place] = failed_at is None
        levels[place] = 1 - (step if failed_at is None else failed_at)
    shown = tuple(None if p is None else value for p, value in zip(p_values, adjusted, strict=True))
    return Adjusted("Holm", alpha, shown, tuple(rejected), tuple(levels))


def benjamini_hochberg(p_values: Sequence[float | None], rate: float = 0.05) -> Adjusted:
    """Benjamini and Hochberg's step-up adjustment (1995): controls the expected share of false discoveries.

    For exploratory tables only, and labelled so: it does not control the chance of any false rejection. Needs
    independent or positively dependent p-values.

    Args:
        p_values: one per row; None (undefined) counts in the family as 1.
        rate: false discovery rate.

    Raises:
        StatisticsError: p-values outside 0 .. 1 or rate out of range.
    """
    check_share(rate, "rate")
    values = _checked(p_values)
    count = len(values)
    adjusted, running = [1.0] * count, 1.0
    for rank, place in reversed(list(enumerate(sorted(range(count), key=lambda i: values[i]), start=1))):
        running = min(running, values[place] * count / rank)
        adjusted[place] = running
    shown = tuple(None if p is None else value for p, value in zip(p_values, adjusted, strict=True))
    rejected = tuple(value <= rate for value in adjusted)
    return Adjusted("Benjamini-Hochberg (exploratory)", rate, shown, rejected, ())


@dataclass(frozen=True)
class IntersectionUnion:
    """A variant against the baseline and every rival at once.

    Attributes:
        gain: every contrast's interval lies above 0.
        p: the largest two-sided p-value, the p-value of "better than all"; 1 where some contrast points the other way,
            None where some contrast is undefined.
        strongest: the rival that the variant did worst against, whose interval is shown.
        interval: of that contrast.
        stood: the arms that the variant did not beat, in the order given.
        level: of the intervals.
        reason: why ``p`` is None.
    """

    gain: bool
    p: float | None
    strongest: str
    interval: Interval | None
    stood: tuple[str, ...]
    level: float
    reason: str | None


def intersection_union(
    contrasts: Mapping[str, MeanEstimate | PairedContrast], level: float = 0.95
) -> IntersectionUnion:
    """Beat the baseline and every rival, each at full level: no adjustment is due (Berger 1982).

    The variant is called better than all only when every single test says so, so the chance of a false call is at
    most the chance of the one false test that must happen first.

    Args:
        contrasts: by name of the arm compared with; variant less that arm.
        level: of each two-sided interval.

    Raises:
        StatisticsError: nothing to compare with, or a level out of range.
    """
    check_share(level, "level")
    if not contrasts:
        raise StatisticsError("intersection-union: expected at least one contrast, found none.")
    intervals = {name: contrast.interval_at(level) for name, contrast in contrasts.items()}
    undefined = [name for name, interval in intervals.items() if interval is None]
    stood = tuple(name for name, interval in intervals.items() if interval is None or interval.low <= 0)
    if undefined:
        reason = f"{undefined[0]}: {contrasts[undefined[0]].reason}"
        return IntersectionUnion(False, None, undefined[0], None, stood, level, reason)
    strongest = min(contrasts, key=lambda name: _lowest(intervals[name]))
    p = max(_one_way(contrast) for contrast in contrasts.values())
    return IntersectionUnion(not stood, p, strongest, intervals[strongest], stood, level, None)


def _lowest(interval: Interval | None) -> float:
    return -np.inf if interval is None else interval.low


def _one_way(contrast: MeanEstimate | PairedContrast) -> float:
    if contrast.p is None or contrast.estimate is None or contrast.estimate <= 0:
        return 1.0
    return contrast.p
