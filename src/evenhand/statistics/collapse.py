"""Seeds that collapse: how many were seen, how often it may still happen, and how often a gain can bear it.

No interval over seeds knows of a collapse that no seed has shown. What can be said is counted here: of n seeds k
collapsed, and a rate up to the exact bound is not excluded. Beside it stands the rate at which the gain is used up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, Floats, as_floats
from evenhand.statistics.shares import share_not_excluded

_ROBUST_SD = 1.4826
"""The standard deviation of normal values over their median absolute deviation."""
_FAR = 3.0


@dataclass(frozen=True)
class Collapse:
    """How often a variant collapses, as far as its seeds tell.

    Attributes:
        seeds: n.
        collapsed: how many of them collapsed.
        threshold: the score from which on a seed counts as collapsed.
        bottom: what a collapsed seed is taken to score; None where neither a floor nor a chance level is known.
        not_excluded: the largest rate of collapse that n seeds do not exclude at ``level``, one-sided.
        level: of that bound.
        break_even: the rate of collapse at which the mean difference is 0; None with ``reason``.
        reason: why ``break_even`` is None.
    """

    seeds: int
    collapsed: int
    threshold: float
    bottom: float | None
    not_excluded: float
    level: float
    break_even: float | None
    reason: str | None


def collapse(
    baseline: ArrayLike,
    variant: ArrayLike,
    *,
    bottom: float | None = None,
    higher_is_better: bool = True,
    level: float = 0.95,
) -> Collapse:
    """Count the variant's collapsed seeds, and say which rates of collapse they leave possible.

    A seed has collapsed when its score lies at least as near to the bottom as to what the variant usually reaches (its
    median over seeds, or the baseline's mean where that is better). Where no bottom is known, a seed has collapsed
    when it lies below the baseline's mean by more than three robust standard deviations of the baseline's seeds
    (1.4826 x their median absolute deviation) and by more than the median seed gains.

    The break-even rate is gain / (gain + loss): gain is the mean difference of the seeds that did not collapse, loss
    is what the baseline's mean lies above the bottom. Where the baseline is at the bottom itself, a collapse costs
    nothing and the rate is 1.

    Args:
        baseline: mean score of each seed, shape (S,).
        variant: likewise, same seeds in the same order.
        bottom: what a collapsed model scores: the chance level, else the worst value of the metric; None if unknown.
        higher_is_better: direction of the metric.
        level: of the bound on the rate.

    Raises:
        StatisticsError: shapes that differ, NaN or infinite values, or a level out of range.
    """
    left, right = as_floats(baseline, "baseline", 1), as_floats(variant, "variant", 1)
    if left.shape != right.shape:
        raise StatisticsError(f"collapse: expected the same seeds in both arms, found {left.size} and {right.size}.")
    sign = 1.0 if higher_is_better else -1.0
    left, right = sign * left, sign * right
    lowest = None if bottom is None else sign * bottom
    threshold = _threshold(left, right, lowest)
    down = right <= threshold
    count = int(down.sum())
    rate, reason = _break_even(left, right, down, lowest)
    bound = share_not_excluded(count, right.size, level)
    return Collapse(right.size, count, sign * threshold, bottom, bound, level, rate, reason)


def _threshold(left: Floats, right: Floats, lowest: float | None) -> float:
    mean = float(left.mean())
    usual = float(np.median(right))
    if lowest is not None:
        return (lowest + max(usual, mean)) / 2
    spread = _ROBUST_SD * float(np.median(np.abs(left - np.median(left))))
    return float(np.nextafter(mean - max(_FAR * spread, usual - mean), -np.inf))


def _break_even(
    left: Floats, right: Floats, down: npt.NDArray[np.bool_], lowest: float | None
) -> tuple[float | None, str | None]:
    if lowest is None:
        return None, "neither a floor nor a chance level is declared: what a collapsed seed scores is not known"
    if bool(np.all(down)):
        return None, "every seed collapsed"
    up = np.logical_not(down)
    gain, loss = float((right - left)[up].mean()), float(left.mean()) - lowest
    if gain <= 0:
        return None, "the seeds that did not collapse show no gain"
    return gain / (gain + max(loss, 0.0)), None
