"""The crossed bootstrap: seeds and items drawn again, each on its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, Floats, Ids, as_floats, check_count, check_share, power_of_two_scale
from evenhand.statistics.clusters import cluster_totals
from evenhand.statistics.intervals import Interval

_CHUNK_ENTRIES = 100_000
_CHUNK_PRODUCTS = 200_000
_ROWS = 32
_MOST_SHORT = 65_535
"""Counts below this are drawn as 16-bit numbers, in half the time."""


@dataclass(frozen=True)
class CrossedBootstrap:
    """Percentile interval of the mean when seeds and items are both drawn again with replacement.

    Attributes:
        estimate: mean difference of the table as it is.
        interval: percentile interval at ``level``; None with the reason when nothing can be drawn again.
        standard_error: standard deviation of the drawn means.
        level: nominal coverage.
        draws: number of draws.
        seeds: S.
        items: I.
        reason: why ``interval`` and ``standard_error`` are None.
        note: how far the interval can be trusted.
    """

    estimate: float
    interval: Interval | None
    standard_error: float | None
    level: float
    draws: int
    seeds: int
    items: int
    reason: str | None
    note: str


_NOTE = (
    "Shown beside the estimate, never decisive: with few seeds a percentile bootstrap covers too little (resampling "
    "3, 5 or 10 seeds alone errs 25, 17 or 10 % of the time at a nominal 5 %)."
)


def _multiplicities(generator: np.random.Generator, rows: int, count: int) -> Floats:
    """How often each of ``count`` units is drawn in ``count`` draws with replacement, shape (rows, count).

    Drawn as indices and counted: several times faster than a multinomial draw of the same distribution.
    """
    drawn = generator.integers(0, count, size=(rows, count), dtype=np.int32)
    drawn += (np.arange(rows, dtype=np.int32) * count)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype(np.float64)


def crossed_means(
    differences: Floats, generator: np.random.Generator, draws: int, clusters: Ids | None = None
) -> Floats:
    """Means of ``draws`` tables with seeds and items (or clusters of items) drawn again, shape (draws,).

    The drawn seeds of many tables are averaged in one product; each table's items are then looked up in its own
    row of averages, which fits in cache.
    """
    totals, sizes = cluster_totals(differences, clusters)
    seeds, units = totals.shape
    kind = np.uint16 if units <= _MOST_SHORT else np.int64
    # Equal sizes need no second look-up: every drawn table then holds the same number of items.
    equal = bool(np.all(sizes == sizes[0]))
    means = np.empty(draws)
    rows = max(1, _CHUNK_ENTRIES // units)
    offsets = np.arange(rows, dtype=np.int64)[:, None] * units
    for start in range(0, draws, rows):
        count = min(rows, draws - start)
        # Not a BLAS product: for these small shapes its threads cost more than they bring, tenfold on a busy machine.
        averages = np.einsum("ds,su->du", _multiplicities(generator, count, seeds) / seeds, totals)
        drawn = generator.integers(0, units, size=(count, units), dtype=kind)
        held = sizes[0] * units if equal else sizes[drawn].sum(axis=1)
        means[start : start + count] = averages.ravel()[drawn + offsets[:count]].sum(axis=1) / held
    return means


@dataclass(frozen=True)
class CrossedDraws:
    """Seeds and items drawn again, for several tables of one shape.

    Attributes:
        seeds: (D, S) share of each seed in each drawn table.
        items: (D, I) how often each item is in it.
    """

    seeds: Floats
    items: Floats

    def means(self, differences: Floats) -> Floats:
        """Means of the drawn tables, shape (D,)."""
        seeds, items = differences.shape
        turned = np.ascontiguousarray(differences.T)
        totals = np.empty_like(self.seeds)
        # Products small enough that BLAS starts no threads for them: on a busy machine those cost twenty times what
        # they bring. Blocks of items are multiplied one by one and added up.
        block = max(1, min(items, _CHUNK_PRODUCTS // (_ROWS * seeds)))
        whole = items - items % block
        blocks = turned[:whole].reshape(-1, block, seeds)
        for start in range(0, len(totals), _ROWS):
            drawn = self.items[start : start + _ROWS]
            here = drawn[:, :whole].reshape(len(drawn), -1, block).swapaxes(0, 1)
            totals[start : start + _ROWS] = np.matmul(here, blocks).sum(axis=0) + drawn[:, whole:] @ turned[whole:]
        return np.asarray(np.einsum("ds,ds->d", totals, self.seeds) / items)


def crossed_draws(generator: np.random.Generator, seeds: int, items: int, draws: int) -> CrossedDraws:
    """Draw seeds and items again once, to judge many tables by: six times quicker for each further table.

    Takes 8 * draws * (seeds + items) bytes.

    Raises:
        StatisticsError: counts below 1, fewer than 2 draws.
    """
    for count, name in ((seeds, "seeds"), (items, "items")):
        check_count(count, name)
    check_count(draws, "draws", 2)
    return CrossedDraws(_multiplicities(generator, draws, seeds) / seeds, _multiplicities(generator, draws, items))


def crossed_bootstrap(
    differences: ArrayLike,
    generator: np.random.Generator | CrossedDraws,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    clusters: Ids | None = None,
) -> CrossedBootstrap:
    """Percentile interval from drawing seeds and items again, independently ("pigeonhole", Owen 2007).

    Args:
        differences: shape (S, I).
        generator: source of the draws, or draws made before for tables of this shape (without clusters).
        level: nominal coverage.
        draws: number of drawn tables; that of the draws where they were made before.
        clusters: label of each item, shape (I,); whole clusters are then drawn.

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values, labels that do not fit.
    """
    values = as_floats(differences, "differences", 2)
    check_share(level, "level")
    check_count(draws, "draws", 2)
    if isinstance(generator, CrossedDraws):
        shape = (generator.seeds.shape[1], generator.items.shape[1])
        if shape != values.shape or clusters is not None:
            what = "and no clusters" if clusters is not None else f"found shape {values.shape}"
            raise StatisticsError(f"draws made before: expected differences of shape {shape}, {what}.")
        draws = len(generator.seeds)
    elif not isinstance(generator, np.random.Generator):
        raise StatisticsError(f"generator: expected a numpy.random.Generator, found {type(generator).__name__}.")
    seeds, items = values.shape
    scale = power_of_two_scale(values)
    estimate = float(np.mean(values / scale)) * scale
    if seeds == 1 or items == 1:
        one = "seed" if seeds == 1 else "item"
        reason = f"one {one}: drawing it again changes nothing"
        return CrossedBootstrap(estimate, None, None, level, draws, seeds, items, reason, _NOTE)
    scaled = values / scale
    if isinstance(generator, CrossedDraws):
        means = generator.means(scaled)
    else:
        means = crossed_means(scaled, generator, draws, clusters)
    low, high = (float(end) * scale for end in np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))
    error = float(means.std(ddof=1)) * scale
    if not np.isfinite([low, high, error]).all():
        reason = "the figures leave the range of double precision"
        return CrossedBootstrap(estimate, None, None, level, draws, seeds, items, reason, _NOTE)
    return CrossedBootstrap(estimate, Interval(low, high, level), error, level, draws, seeds, items, None, _NOTE)
