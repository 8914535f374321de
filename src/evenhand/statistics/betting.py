"""Betting on a bounded mean: an e-process and a confidence sequence that may be looked at after every item."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, Floats, as_floats, check_share
from evenhand.statistics.intervals import Interval

_TRUNCATION = 0.5
_BISECTIONS = 52


@dataclass(frozen=True)
class BettingTest:
    """What betting against a mean difference of ``null`` has earned, and what it leaves standing.

    Attributes:
        estimate: mean difference.
        e_value: capital at the end, per unit staked at the start: the evidence against ``null``.
        p: anytime-valid two-sided p-value: 1 over the largest capital so far, 1.0 at most.
        rejected_after: items after which the capital first reached 1 / alpha; None when it never did.
        interval: the confidence sequence after the last item (running intersection); None with the reason when it
            has contradicted itself, which happens at most a share 1 - level of the time.
        level: coverage of the whole sequence at once.
        null: the mean difference that was bet against.
        items: items seen, in the order given.
        reason: why ``interval`` is None.
    """

    estimate: float
    e_value: float
    p: float
    rejected_after: int | None
    interval: Interval | None
    level: float
    null: float
    items: int
    reason: str | None


@dataclass(frozen=True)
class ConfidenceSequence:
    """Intervals after each of some numbers of items, which all cover at once with probability ``level``.

    Attributes:
        after: numbers of items.
        low: lower end after each.
        high: upper end after each.
        level: coverage of the whole sequence at once.
    """

    after: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float


@dataclass(frozen=True)
class _Stream:
    """Values rescaled to 0..1 with the stakes, each of which depends on earlier values only."""

    values: Floats
    stakes: Floats


def _stream(values: Floats, bounds: tuple[float, float], alpha: float) -> _Stream:
    """Rescale, and set the predictable plug-in stakes (Waudby-Smith & Ramdas 2024, eq. 26)."""
    low, high = bounds
    if not low < high or values.min() < low or values.max() > high:
        raise StatisticsError(
            f"betting: expected differences within the declared bounds {low} .. {high}, found "
            f"{float(values.min())} .. {float(values.max())}."
        )
    scaled = (values - low) / (high - low)
    count = np.arange(1, values.size + 1)
    mean = (0.5 + np.cumsum(scaled)) / (count + 1)
    variance = (0.25 + np.cumsum((scaled - mean) ** 2)) / (count + 1)
    before = np.concatenate(([0.25], variance[:-1]))
    return _Stream(scaled, np.sqrt(2 * math.log(2 / alpha) / (before * count * np.log1p(count))))


def _log_capital_up(stream: _Stream, mean: float) -> Floats:
    """Log capital, after each value, of betting that the true mean lies above ``mean`` (in 0..1)."""
    stakes = np.minimum(stream.stakes, _TRUNCATION / mean) if mean > 0 else stream.stakes
    return np.asarray(np.cumsum(np.log1p(stakes * (stream.values - mean))))


def _mirror(stream: _Stream) -> _Stream:
    return _Stream(1 - stream.values, stream.stakes)


def _lower_ends(stream: _Stream, alpha: float, after: tuple[int, ...]) -> list[float]:
    """Least mean not yet refuted by the upward bettor, who holds half the capital, after each number of values.

    The capital falls as the candidate mean rises (stakes are truncated at 1 / (2 mean)), so the end is found by
    bisection and needs no grid of candidates.
    """
    threshold = math.log(2 / alpha)
    ends: list[float] = []
    low = 0.0
    for count in after:
        part = _Stream(stream.values[:count], stream.stakes[:count])
        high = 1.0
        if float(_log_capital_up(part, max(low, 1e-300)).max()) >= threshold:
            for _ in range(_BISECTIONS):
                middle = (low + high) / 2
                if float(_log_capital_up(part, middle).max()) >= threshold:
                    low = middle
                else:
                    high = middle
        ends.append(low)
    return ends


def confidence_sequence(
    differences: ArrayLike,
    bounds: tuple[float, float] = (-1.0, 1.0),
    level: float = 0.95,
    after: tuple[int, ...] | None = None,
) -> ConfidenceSequence:
    """Hedged-capital confidence sequence for the mean of bounded differences (Waudby-Smith & Ramdas 2024, thm 3).

    The intervals are running intersections; where one is empty its low end lies above its high end.

    Args:
        differences: shape (I,), in an order that does not depend on the values.
        bounds: least and largest possible difference.
        level: coverage of all intervals at once.
        after: numbers of items at which to give the interval, ascending; the last item only by default.

    Raises:
        StatisticsError: wrong shape, no values, values outside the bounds, or ``after`` out of order or range.
    """
    values = as_floats(differences, "differences", 1)
    alpha = 1 - check_share(level, "level")
    times = (values.size,) if after is None else tuple(after)
    if not times or list(times) != sorted(set(times)) or times[0] < 1 or times[-1] > values.size:
        raise StatisticsError(f"after: expected ascending counts within 1 .. {values.size}, found {times}.")
    stream = _stream(values, bounds, alpha)
    width = bounds[1] - bounds[0]
    low = tuple(bounds[0] + width * end for end in _lower_ends(stream, alpha, times))
    high = tuple(bounds[1] - width * end for end in _lower_ends(_mirror(stream), alpha, times))
    return ConfidenceSequence(times, low, high, level)


def betting_test(
    differences: ArrayLike,
    bounds: tuple[float, float] = (-1.0, 1.0),
    level: float = 0.95,
    null: float = 0.0,
) -> BettingTest:
    """Test a mean difference by betting, valid however often and whenever it is looked at.

    Half the capital bets that the mean lies above ``null``, half that it lies below; when it lies there, the capital
    is a nonnegative martingale and reaches 1 / alpha with probability alpha at most (Ville's inequality). Nothing is
    assumed but bounds and independence of the items (Waudby-Smith & Ramdas 2024, sections 4.1 to 4.4).

    Args:
        differences: shape (I,), in an order that does not depend on the values (the declared random item order).
        bounds: least and largest possible difference, e.g. (-1, 1) for right-or-wrong items.
        level: coverage of the confidence sequence; the test's alpha is 1 - level.
        null: the mean difference to bet against, strictly inside ``bounds``.

    Raises:
        StatisticsError: wrong shape, no values, values outside the bounds, ``null`` not inside them.
    """
    values = as_floats(differences, "differences", 1)
    alpha = 1 - check_share(level, "level")
    low, high = bounds
    if not low < null < high:
        raise StatisticsError(f"null: expected a value strictly inside {low} .. {high}, found {null}.")
    stream = _stream(values, bounds, alpha)
    mean = (null - low) / (high - low)
    capital = np.logaddexp(_log_capital_up(stream, mean), _log_capital_up(_mirror(stream), 1 - mean)) - math.log(2)
    reached = np.flatnonzero(capital >= -math.log(alpha))
    ends = confidence_sequence(values, bounds, level)
    empty = ends.low[0] > ends.high[0]
    interval = None if empty else Interval(ends.low[0], ends.high[0], level)
    return BettingTest(
        estimate=low + (high - low) * float(stream.values.mean()),
        e_value=float(np.exp(min(float(capital[-1]), 700.0))),
        p=min(1.0, math.exp(-float(capital.max()))),
        rejected_after=int(reached[0]) + 1 if reached.size else None,
        interval=interval,
        level=level,
        null=null,
        items=values.size,
        reason="the sequence has contradicted itself: its running intersection is empty" if empty else None,
    )
