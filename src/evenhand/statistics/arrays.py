"""What the statistical procedures ask of the arrays they are given, checked in one place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from evenhand.errors import StatisticsError

Floats: TypeAlias = npt.NDArray[np.float64]
ArrayLike: TypeAlias = npt.ArrayLike
Ids: TypeAlias = Sequence[str] | Sequence[int] | npt.NDArray[np.generic]

_LARGEST = float(np.finfo(np.float64).max)
_SAFE_LARGEST = 1e60
_SAFE_SMALLEST = 1e-60
ROUNDING = 1e-12
"""Spread below this share of the largest value is rounding, not variance (float64 carries 2e-16)."""


def as_floats(values: ArrayLike, name: str, dimensions: int) -> Floats:
    """``values`` as a float64 array of ``dimensions`` dimensions with at least one entry and finite numbers only.

    Raises:
        StatisticsError: another shape, nothing in it, or NaN or infinite entries (the first is named).
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StatisticsError(f"{name}: expected numbers, found {type(values).__name__} ({error}).") from error
    if array.ndim != dimensions:
        shape = {1: "(n,)", 2: "(seeds, items)", 3: "(seeds, items, decodes)"}.get(dimensions, str(dimensions))
        raise StatisticsError(f"{name}: expected an array of shape {shape}, found shape {array.shape}.")
    if array.size == 0:
        raise StatisticsError(f"{name}: expected at least one value, found an array of shape {array.shape}.")
    finite = np.isfinite(array)
    if not finite.all():
        places = np.argwhere(~finite)
        first = tuple(int(axis) for axis in places[0])
        raise StatisticsError(
            f"{name}: expected finite numbers, found {len(places)} that are NaN or infinite, the first at index "
            f"{first[0] if dimensions == 1 else first}. Drop the pair or record a failure; a score is never NaN."
        )
    return array


def paired_scores(baseline: ArrayLike, variant: ArrayLike) -> tuple[Floats, Floats]:
    """Both arms' scores as (seeds, items) arrays of one shape.

    Raises:
        StatisticsError: as `as_floats`, or the shapes differ.
    """
    left = as_floats(baseline, "baseline scores", 2)
    right = as_floats(variant, "variant scores", 2)
    if left.shape != right.shape:
        raise StatisticsError(
            f"paired scores: expected the same seeds and items in both arms, found shape {left.shape} for the baseline "
            f"and {right.shape} for the variant. Pair them by id first."
        )
    return left, right


def saturating_difference(left: Floats, right: Floats) -> Floats:
    """``left`` - ``right``, held at the largest finite number where the difference would leave double precision."""
    with np.errstate(over="ignore"):
        return np.asarray(np.nan_to_num(left - right, nan=0.0, posinf=_LARGEST, neginf=-_LARGEST))


def check_share(value: float, name: str) -> float:
    """``value`` when it lies strictly between 0 and 1.

    Raises:
        StatisticsError: it does not.
    """
    number = float(value)
    if not 0.0 < number < 1.0:
        raise StatisticsError(f"{name}: expected a number strictly between 0 and 1, found {value!r}.")
    return number


def check_positive(value: float, name: str) -> float:
    """``value`` when it is finite and above 0.

    Raises:
        StatisticsError: it is not.
    """
    number = float(value)
    if not (math.isfinite(number) and number > 0.0):
        raise StatisticsError(f"{name}: expected a finite number above 0, found {value!r}.")
    return number


def check_count(value: int, name: str, least: int = 1) -> int:
    """``value`` when it is a whole number of at least ``least``.

    Raises:
        StatisticsError: it is not.
    """
    if int(value) != value or value < least:
        raise StatisticsError(f"{name}: expected a whole number of at least {least}, found {value!r}.")
    return int(value)


def largest_magnitude(values: Floats) -> float:
    """The largest absolute value, without a copy of the array."""
    return max(float(values.max()), -float(values.min()), 0.0)


def power_of_two_scale(values: Floats) -> float:
    """A power of two that brings ``values`` near 1, so that fourth powers neither overflow nor vanish.

    1 where none is needed. Division by it is exact but for subnormal numbers.
    """
    largest = largest_magnitude(values)
    if largest == 0.0 or _SAFE_SMALLEST < largest < _SAFE_LARGEST:
        return 1.0
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def is_constant(values: Floats) -> bool:
    """Whether ``values`` differ by no more than rounding."""
    largest = largest_magnitude(values)
    return bool(np.ptp(values / 2) * 2 <= ROUNDING * largest) if largest > 0 else True
