"""The two-way random-effects estimate: would the difference hold for new seeds *and* new items?"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ROUNDING, ArrayLike, Floats, as_floats, check_share, power_of_two_scale
from evenhand.statistics.estimate import (
    ErrorScale,
    MeanEstimate,
    from_standard_error,
    from_two_tests,
    seed_notes,
    without_spread,
)

_BLOCK = 8192
METHOD = "two-way random effects (seeds x items), Satterthwaite, and paired t over seed means: the stricter of both"
TIE = 1 + 1e-9
"""Mean squares nearer to each other are equal: small whole scores tie exactly, and rounding must not choose between
the degrees of freedom of seeds and of items."""
TWO_WAY, OVER_SEEDS = "two-way random effects", "paired t over seed means"


@dataclass(frozen=True)
class VarianceComponents:
    """Variances of d[s, i] = mean + seed_s + item_i + residual_si, by the method of moments.

    Attributes:
        seed: variance of the seed effect; never below 0 (negative moment estimates become 0, see ``clipped``).
        item: variance of the item effect, likewise.
        residual: variance of what is left, seed-by-item interaction and decoding noise together.
        mean_square_seed: MS_S, between seed means, times items.
        mean_square_item: MS_I, between item means, times seeds.
        mean_square_residual: MS_E.
        seeds: S.
        items: I.
        clipped: which of "seed" and "item" had a negative moment estimate.
    """

    seed: float
    item: float
    residual: float
    mean_square_seed: float
    mean_square_item: float
    mean_square_residual: float
    seeds: int
    items: int
    clipped: tuple[str, ...]


def mean_squares(differences: Floats) -> tuple[float, float, float, float]:
    """Grand mean, MS_S, MS_I and MS_E of a complete (S, I) table with S, I >= 2."""
    seeds, items = differences.shape
    seed_means = differences.mean(axis=1)
    mean = float(seed_means.mean())
    seed_effects = seed_means - mean
    sum_seed = items * float(seed_effects @ seed_effects)
    sum_item, sum_residual, largest = 0.0, 0.0, float(np.max(np.abs(seed_means)))
    # In blocks that stay in cache: a table of 10 x 1,000,000 is read twice and never copied whole.
    for start in range(0, items, _BLOCK):
        block = differences[:, start : start + _BLOCK] - seed_means[:, None]
        item_effects = block.mean(axis=0)
        sum_item += seeds * float(item_effects @ item_effects)
        block -= item_effects
        sum_residual += float(np.einsum("si,si->", block, block))  # no BLAS threads for a small block
        largest = max(largest, float(np.max(np.abs(item_effects))))
    # Sums of squares that are rounding of the values themselves are zero: a constant table has no variance at all.
    noise = differences.size * (ROUNDING * largest) ** 2
    sums = [0.0 if value <= noise else value for value in (sum_seed, sum_item, sum_residual)]
    return mean, sums[0] / (seeds - 1), sums[1] / (items - 1), sums[2] / ((seeds - 1) * (items - 1))


def variance_and_df(
    square_seed: Floats, square_item: Floats, square_rest: Floats, shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Variance of the grand mean times S * I by the two-way model, and its degrees of freedom; any shape of squares.

    Never the whole test: where the seed mean square falls below the residual one by luck, the items' degrees of
    freedom are all that is left, and with few seeds the tail is then wrong by a factor of 4 to 12.
    """
    df_seed, df_item = shape[0] - 1, shape[1] - 1
    total = square_seed + square_item - square_rest
    spread = square_seed**2 / df_seed + square_item**2 / df_item + square_rest**2 / (df_seed * df_item)
    both = (square_seed > TIE * square_rest) & (square_item > TIE * square_rest)
    alone = np.maximum(square_seed, square_item)
    df_alone = np.where(TIE * square_item >= square_seed, df_item, df_seed)
    return np.where(both, total, alone), np.where(both, total**2 / np.where(both, spread, 1.0), df_alone)


def variance_components(differences: ArrayLike, unit: float = 1.0) -> VarianceComponents:
    """Seed, item and residual variance of a complete table of differences (Henderson's method I, balanced).

    Args:
        differences: shape (S, I), S and I at least 2.
        unit: what a difference of 1 is worth; the components come in its square.

    Raises:
        StatisticsError: wrong shape, fewer than 2 seeds or items, NaN or infinite values.
    """
    values = as_floats(differences, "differences", 2)
    seeds, items = values.shape
    if min(seeds, items) < 2:
        raise StatisticsError(f"variance components: expected at least 2 seeds and 2 items, found {seeds} and {items}.")
    scale = power_of_two_scale(values)
    _, square_seed, square_item, square_rest = mean_squares(values / scale if scale != 1.0 else values)
    return _components(square_seed, square_item, square_rest, (seeds, items), scale * unit)


def _components(
    square_seed: float, square_item: float, square_rest: float, shape: tuple[int, int], scale: float
) -> VarianceComponents:
    seeds, items = shape
    seed, item = (square_seed - square_rest) / items, (square_item - square_rest) / seeds
    clipped = tuple(name for name, value in (("seed", seed), ("item", item)) if value < 0)

    def shown(value: float) -> float:
        # Held at the largest finite number for values near the end of double precision.
        return min(max(value, 0.0) * scale * scale, sys.float_info.max)

    return VarianceComponents(
        seed=shown(seed),
        item=shown(item),
        residual=shown(square_rest),
        mean_square_seed=shown(square_seed),
        mean_square_item=shown(square_item),
        mean_square_residual=shown(square_rest),
        seeds=seeds,
        items=items,
        clipped=clipped,
    )


def two_way_estimate(differences: ArrayLike, level: float = 0.95) -> MeanEstimate:
    """Mean difference for new seeds and new items: what two-way random effects and the paired t over seeds both say.

    Two-way: variance of the mean = max(MS_S + MS_I - MS_E, MS_S, MS_I) / (S I), with Satterthwaite's degrees of
    freedom; where a component is not above 0, the other's mean square and degrees of freedom stand (Satterthwaite
    1946; Owen 2007, "The pigeonhole bootstrap", for the crossed layout). Over seeds: MS_S / (S I) with S - 1. The
    interval is the wider of both at every level, p the larger of both: the two-way test alone takes the items' degrees
    of freedom where the seeds agree by luck. Measured size: `docs/statistics.md`.

    Args:
        differences: shape (S, I): score of the variant less score of the baseline for seed s and item i.
        level: nominal coverage of the interval.

    Returns:
        The estimate. With one seed or one item, or with differences that are all the same, the spread cannot be
        estimated: standard error, interval and p are None with the reason.

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values.
    """
    values = as_floats(differences, "differences", 2)
    check_share(level, "level")
    seeds, items = values.shape
    scale = power_of_two_scale(values)
    scaled = values / scale if scale != 1.0 else values
    for count, unit in ((seeds, "seed"), (items, "item")):
        if count < 2:
            reason = f"one {unit}: the spread between {unit}s cannot be estimated, so nothing follows for new {unit}s"
            mean = float(scaled.mean()) * scale
            return without_spread(METHOD, mean, level=level, seeds=seeds, items=items, reason=reason)
    mean, square_seed, square_item, square_rest = mean_squares(scaled)
    variance, freedom = variance_and_df(
        np.asarray(square_seed), np.asarray(square_item), np.asarray(square_rest), (seeds, items)
    )
    total, df = float(variance), float(freedom)
    if total <= 0:
        if square_rest > 0:
            reason = (
                "seed means and item means do not vary at all: a spread of zero gives no scale to judge the mean by"
            )
        else:
            reason = "all differences are the same: a spread of zero gives no scale to judge the mean by"
        return without_spread(METHOD, mean * scale, level=level, seeds=seeds, items=items, reason=reason)
    errors = [(square / (seeds * items)) ** 0.5 * scale for square in (total, square_seed)]
    notes = seed_notes(seeds)
    if square_seed == 0:  # all seeds agree: their t has no scale, and the items judge alone
        return from_standard_error(
            METHOD, mean * scale, errors[0], df, level=level, seeds=seeds, items=items, notes=notes
        )
    return from_two_tests(
        METHOD, mean * scale, ErrorScale(TWO_WAY, errors[0], df), ErrorScale(OVER_SEEDS, errors[1], seeds - 1),
        level=level, seeds=seeds, items=items, notes=notes,
    )  # fmt: skip
