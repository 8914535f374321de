"""Which spread of a list of values a printed number is: of a sample, of a population, of their mean, or none."""

from __future__ import annotations

import numpy as np

from evenhand.audit.text.number_words import printed
from evenhand.audit.text.numbers import Number
from evenhand.statistics.student import critical_value

_COMPUTED = 6
_NEARLY = 0.02
"""A spread this near to one of the two was computed from values with more digits than are printed."""

_EXACT = 9
"""A spread that is printed so many times finer than the values tells which of both it is by its own digits."""


def judged(values: tuple[Number, ...], sd: Number) -> tuple[str, dict[str, object]]:
    """What a spread of values is: sample, population, error (or another width of them), or none; with its facts.

    Args:
        values: at least two.
        sd: the printed spread, taken within the rounding of all.
    """
    array = np.array([v.value for v in values])
    sample, population, count = float(array.std(ddof=1)), float(array.std(ddof=0)), len(values)
    half = max(v.slack for v in values)
    slack = sd.slack + half * (count / (count - 1)) ** 0.5
    if any(v.decimals >= _COMPUTED for v in values):  # may have been computed in single precision
        slack += 1e-6 * float(abs(array).max())
    facts: dict[str, object] = {
        "printed": printed(sd), "sample": sample, "population": population, "count": count, "kind": "none",
        "slack": slack,
    }  # fmt: skip
    if half > _EXACT * sd.slack and abs(population - sd.value) <= sd.slack < abs(sample - sd.value) / 4:
        return "population", {**facts, "kind": "population"}  # to its last digit that of the values as they are printed
    if abs(sample - sd.value) <= slack:
        return "sample", facts
    if abs(population - sd.value) <= slack:
        return "population", {**facts, "kind": "population"}
    nearly = any(abs(one - sd.value) <= max(_NEARLY * one, 2 * sd.slack) for one in (sample, population))
    other = any(abs(one - sd.value) <= slack for one in _widths(array, sample, population))
    return ("error" if other or nearly else "none"), facts


def _widths(array: np.ndarray[tuple[int], np.dtype[np.float64]], sample: float, population: float) -> list[float]:
    """Errors of the mean, half widths of its 95 % interval, ranges, and the mean distance from the mean."""
    error, span = sample / array.size**0.5, float(np.ptp(array))
    distance = float(np.abs(array - array.mean()).mean())
    half = error * critical_value(0.95, array.size - 1)
    return [error, error * 1.96, half, population / array.size**0.5, span, span / 2, distance]
