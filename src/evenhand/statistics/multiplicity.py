"""Several verdicts at once: Holm to confirm, Benjamini-Hochberg to explore, intersection-union for rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evenhand.errors import StatisticsError
from evenhand.statistics.anytime import AnytimeMean
from evenhand.statistics.arrays import check_share
from evenhand.statistics.contrast import PairedContrast
from evenhand.statistics.estimate import MeanEstimate
from evenhand.statistics.intervals import Interval

Judged = MeanEstimate | AnytimeMean | PairedContrast
"""A mean difference with its interval at any level, and its p-value."""

BASELINE = "baseline"
"""Name of the first contrast of an intersection-union test."""


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
        direction: what is called at ``level``: "gain" (every interval lies above 0), "regression" (the baseline's lies
            below 0), "beaten" (the baseline's lies above 0 and a rival's below, the choice of that rival among all
            allowed for) or "" (nothing).
        p: for a family of variants (`holm`): the largest p-value where every contrast points up, the p-value of
            "better than all"; the baseline's where that points down, the p-value of a regression; 1 where that points
            up and some rival's does not. None where some contrast is undefined.
        strongest: the arm that the variant did worst against, whose interval is shown.
        interval: of that contrast.
        stood: the arms that the variant did not beat, the baseline first.
        level: of the intervals.
        reason: why ``p`` is None.
    """

    direction: Literal["gain", "regression", "beaten", ""]
    p: float | None
    strongest: str
    interval: Interval | None
    stood: tuple[str, ...]
    level: float
    reason: str | None

    @property
    def gain(self) -> bool:
        """Whether the variant is better than the baseline and every rival."""
        return self.direction == "gain"


def intersection_union(
    baseline: Judged,
    rivals: Mapping[str, Judged] | None = None,
    level: float = 0.95,
) -> IntersectionUnion:
    """Beat the baseline and every rival, each at full level: no adjustment is due (Berger 1982).

    The variant is called better than all only when every single test says so, so the chance of a false call is at
    most the chance of the one false test that must happen first. A regression is the baseline's alone. Where the
    variant beats the baseline and a rival beats the variant, that rival was chosen among all: its interval must
    exclude 0 at 1 - (1 - level) / rivals, and the case gets p = 1 all the same, for it must not loosen the level of
    other variants. At any level that `holm` gives a case a false call of any kind is then at most as likely as the
    family's error rate allows.

    Args:
        baseline: variant less baseline.
        rivals: by name, variant less that rival.
        level: of each two-sided interval.

    Raises:
        StatisticsError: a level out of range.
    """
    check_share(level, "level")
    contrasts = {BASELINE: baseline, **(rivals or {})}
    intervals = {name: contrast.interval_at(level) for name, contrast in contrasts.items()}
    stood = tuple(name for name, interval in intervals.items() if interval is None or interval.low <= 0)
    missing = next((name for name, interval in intervals.items() if interval is None), None)
    if missing is not None:
        reason = f"{missing}: {contrasts[missing].reason}"
        return IntersectionUnion("", None, missing, None, stood, level, reason)
    known = {name: interval for name, interval in intervals.items() if interval is not None}
    strongest = min(known, key=lambda name: known[name].low)
    direction: Literal["gain", "regression", "beaten", ""] = "" if stood else "gain"
    if known[BASELINE].high < 0:
        direction = "regression"
    elif BASELINE not in stood and rivals and _beaten(rivals, level):
        direction = "beaten"
    return IntersectionUnion(direction, _case_p(contrasts), strongest, known[strongest], stood, level, None)


def _case_p(contrasts: Mapping[str, Judged]) -> float | None:
    """The p-value of the direction that a verdict could take; 1 where it could take none."""
    values = {name: (contrast.estimate, contrast.p) for name, contrast in contrasts.items()}
    defined = {name: (estimate, p) for name, (estimate, p) in values.items() if estimate is not None and p is not None}
    if len(defined) < len(values):
        return None
    if defined[BASELINE][0] < 0:
        return defined[BASELINE][1]
    return max(p for _, p in defined.values()) if all(estimate > 0 for estimate, _ in defined.values()) else 1.0


def _beaten(rivals: Mapping[str, Judged], level: float) -> bool:
    """Whether some rival is better than the variant, though it was chosen among all of them (Bonferroni)."""
    intervals = [rival.interval_at(1 - (1 - level) / len(rivals)) for rival in rivals.values()]
    return any(interval is not None and interval.high < 0 for interval in intervals)
