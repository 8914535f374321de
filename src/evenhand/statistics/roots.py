"""Where a function crosses zero (Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4).

Takes the steps of scipy.optimize.brentq one for one, so that its answers are the same to the last digit. Importing that
package takes longer than a whole plan.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evenhand.errors import StatisticsError

_MOST_STEPS = 100
_PRECISION = 4 * float(np.finfo(float).eps)


def root(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Where ``function`` is 0 between ``low`` and ``high``, at which it has different signs.

    Args:
        function: continuous between the two.
        low: one end.
        high: the other.
        tolerance: how far from the root the answer may lie.

    Raises:
        StatisticsError: the signs at the ends are the same, or a hundred steps were not enough.
    """
    last, best, other = low, high, 0.0
    at_last, at_best, at_other = function(last), function(best), 0.0
    if at_last == 0:
        return last
    if at_best != 0 and (at_last < 0) == (at_best < 0):
        raise StatisticsError(f"root: expected different signs at {low:g} and {high:g}, found {at_last:g}, {at_best:g}")
    step = before = 0.0
    for _ in range(_MOST_STEPS):
        if at_last != 0 and at_best != 0 and (at_last < 0) != (at_best < 0):
            other, at_other = last, at_last
            step = before = best - last
        if abs(at_other) < abs(at_best):  # the best is where the function is nearest to 0
            last, best, other = best, other, best
            at_last, at_best, at_other = at_best, at_other, at_best
        near = (tolerance + _PRECISION * abs(best)) / 2
        half = (other - best) / 2
        if at_best == 0 or abs(half) < near:
            return best
        tried = None
        if abs(before) > near and abs(at_best) < abs(at_last):
            tried = _interpolated((last, at_last), (best, at_best), (other, at_other))
        if tried is not None and 2 * abs(tried) < min(abs(before), 3 * abs(half) - near):
            before, step = step, tried
        else:
            before = step = half
        last, at_last = best, at_best
        best += step if abs(step) > near else near if half > 0 else -near
        at_best = function(best)
    raise StatisticsError(f"root: none was found between {low:g} and {high:g} in {_MOST_STEPS} steps")


def _interpolated(last: tuple[float, float], best: tuple[float, float], other: tuple[float, float]) -> float:
    """The step from the best point to where a line, or an inverse parabola through three points, crosses 0."""
    (x0, y0), (x1, y1), (x2, y2) = last, best, other
    if x0 == x2:
        return -y1 * (x1 - x0) / (y1 - y0)
    slope_last, slope_other = (y0 - y1) / (x0 - x1), (y2 - y1) / (x2 - x1)
    return -y1 * (y2 * slope_other - y0 * slope_last) / (slope_other * slope_last * (y2 - y0))
