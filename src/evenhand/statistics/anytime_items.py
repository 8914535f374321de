"""What the items add to a mean over seeds that may be looked at after every seed.

The items are drawn once and add the same to every seed mean, which no number of seeds takes away. After n seeds their
half-width, t of I - 1 degrees of freedom times 1.1 times the root of max(MS_I - MS_E, 0) / (n I), is added in squares
to that of the seeds; the sum is never less than that t times 1 + 2.5 / I times the root of MS_I / (n I): a test of the
item means alone, widened where they are few, must agree. Simulated, not proven; see ``docs/calibration.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evenhand.statistics.arrays import ROUNDING, Floats

ITEM_FACTOR = 1.1
"""By which the items' error is widened: it is estimated anew at each look, and the luckiest of its estimates counts.
Without it the size is 6.5 % where items carry all noise, with it 4 %."""

FLOOR_SHARE = 2.5
"""A test of the item means alone must agree, its half-width widened by 1 + 2.5 / I. The variance of few items is at
some look estimated to be next to nothing: without this test any look errs 20, 9 and 7 % of the time with 2, 4 and 5
items that carry all noise, and at 0.5 % 6 times as often as it says with 4; with it 3.9 % with 4 and 5, 4.2 with 8."""

FEWEST_ITEMS = 4
"""Fewest items or clusters for which that holds: with 2 it errs 9 to 12 % of the time however wide it is made."""

_BLOCK = 8192


def item_errors(tables: Sequence[Floats], looks: int) -> tuple[Floats, Floats]:
    """What the items add to the mean of one table, or to the difference of several, at looks after 2, 3 ... seeds.

    Args:
        tables: (S, I) differences, each on items of its own.
        looks: S - 1.

    Returns:
        Item errors and item floors, shape (looks,): the half-width is t's quantile times the one, in squares with that
        of the seeds, and at least that quantile times the other.
    """
    errors, floors = np.zeros(looks), np.zeros(looks)
    for table in tables:
        items = table.shape[1]
        if min(items - 1, looks) < 1:
            continue
        counts, (of_items, of_rest) = np.arange(2, looks + 2), _running_squares(table)
        errors += ITEM_FACTOR**2 * np.maximum(of_items - of_rest, 0.0) / (counts * items)
        floors += (1 + FLOOR_SHARE / items) ** 2 * of_items / (counts * items)
    return np.sqrt(errors), np.sqrt(floors)


def _running_squares(table: Floats) -> tuple[Floats, Floats]:
    """MS_I and MS_E of the first 2, 3 ... S seeds."""
    seeds, items = table.shape
    centred = table - table.mean()
    rows, total, of_items = centred.mean(axis=1), np.zeros(seeds), np.zeros(seeds)
    for start in range(0, items, _BLOCK):
        block = centred[:, start : start + _BLOCK]
        total += (block**2).sum(axis=1)
        of_items += (np.cumsum(block, axis=0) ** 2).sum(axis=1)
    counts = np.arange(1, seeds + 1)
    mean_squares = np.cumsum(rows) ** 2 / counts
    of_items = of_items / counts - items * mean_squares
    of_seeds = items * (np.cumsum(rows**2) - mean_squares)
    total = np.cumsum(total) - items * mean_squares
    # What is left by rounding is no variance: an item's error that is next to nothing must not pass for one.
    noise = ROUNDING * np.abs(centred).max() ** 2 * counts * items
    of_items = np.where(of_items <= noise, 0.0, of_items)[1:]
    rest = np.maximum(total - of_seeds, 0.0)[1:] - of_items
    rest = np.where(rest <= noise[1:], 0.0, rest)
    return of_items / (items - 1), rest / ((items - 1) * (counts[1:] - 1))
