"""What else than the plain mean of values a printed number may be: another average, or what its own row gives."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evenhand.audit.text.numbers import Number

_CLOSE = 0.005
"""How near what other cells give must come, as a part of the number, however few digits these have."""


def other_average(values: Sequence[Number], mean: Number, *, exact: bool = False) -> bool:
    """Whether a number is another summary of values than their mean: then its name is wrong at most.

    Args:
        values: that it may be of.
        mean: as printed.
        exact: to its last digit that of the values as they are printed, not of what they were rounded from.
    """
    told = sorted(one.value for one in values)
    slack = mean.slack if exact else mean.slack + max(one.slack for one in values)
    half = len(told) // 2
    found = [told[half] if len(told) % 2 else (told[half - 1] + told[half]) / 2, sum(told)]
    found += [sum(told[1:-1]) / (len(told) - 2)] if len(told) > 3 else []
    found += [sum(told[1:]) / (len(told) - 1), sum(told[:-1]) / (len(told) - 1)] if len(told) > 2 else []
    if told[0] > 0:
        found += [math.exp(sum(map(math.log, told)) / len(told)), len(told) / sum(1 / one for one in told)]
    one_of_them = any(one.value == mean.value and one.decimals == mean.decimals for one in values)
    return one_of_them or any(abs(one - mean.value) <= slack for one in found)


def of_its_row(mean: Number, beside: Sequence[Number]) -> bool:
    """Whether the other cells of a row of means give a number: their ratio, their change, their harmonic mean."""
    for one in beside:
        for other in beside:
            if one is other or not one.value:
                continue
            ratio = other.value / one.value
            both = one.value + other.value
            ways = [ratio, 100 * ratio, ratio - 1, 100 * (ratio - 1), 1 - ratio, 100 * (1 - ratio)]
            ways += [2 * one.value * other.value / both] if both else []
            room = abs(ratio) * (one.slack / abs(one.value) + other.slack / max(abs(other.value), 1e-12))
            room = mean.slack + min(100 * room, _CLOSE * abs(mean.value))
            if any(abs(way - mean.value) <= room for way in ways):
                return True
    return False


def weighted(values: Sequence[Number], mean: Number, weights: Sequence[Sequence[Number]]) -> bool:
    """Whether another column of the same rows, taken as weights, gives a printed mean."""
    for column in weights:
        total = sum(one.value for one in column)
        if len(column) != len(values) or any(one.value <= 0 for one in column) or not total:
            continue
        found = sum(w.value * v.value for w, v in zip(column, values, strict=True)) / total
        if abs(found - mean.value) <= mean.slack + max(one.slack for one in values):
            return True
    return False
