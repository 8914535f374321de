"""Power of the recipe scope's rule before the run: two-way random effects and the paired t over seeds must agree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evenhand.statistics.arrays import Floats
from evenhand.statistics.special import gammaincinv, ndtr, stdtrit
from evenhand.statistics.spread import Spread
from evenhand.statistics.student import critical_value
from evenhand.statistics.two_way import variance_and_df

_SEED_NODES, _MANY_SEED_NODES, _ITEM_NODES, _REST_NODES = 48, 16, 5, 2
_MANY_SEEDS = 30
"""Nodes per mean square: the seeds' has few degrees of freedom and decides, the others hardly vary. Power is then
good to .002 from 5 items on."""


@dataclass(frozen=True)
class ExpectedTest:
    """The test of a design over what its mean squares may turn out to be.

    Attributes:
        half_widths: of the interval, one per combination of mean squares.
        weights: probability of each; they sum to 1.
        standard_error: true one of the mean difference, above 0.
    """

    half_widths: Floats
    weights: Floats
    standard_error: float

    def power(self, effect: float) -> float:
        """Probability that the interval excludes 0 when the true mean difference is ``effect``."""
        limits = self.half_widths / self.standard_error
        shift = effect / self.standard_error
        return float(np.clip(self.weights @ (ndtr(shift - limits) + ndtr(-shift - limits)), 0.0, 1.0))


def expected_test(spread: Spread, seeds: int, items: int, alpha: float) -> ExpectedTest | None:
    """The test of S seeds x I items at level ``alpha``, normal differences assumed; None where nothing spreads.

    The three mean squares are independent of each other and of the mean, each its expectation times chi-square over
    its degrees of freedom.
    """
    seed, item, rest = spread.seed_sd**2, spread.item_sd**2, spread.residual_sd**2
    return _expected_test(seed, item, rest, seeds, items, alpha) if max(seed, item, rest) > 0 else None


@lru_cache(maxsize=512)
def _expected_test(seed: float, item: float, rest: float, seeds: int, items: int, alpha: float) -> ExpectedTest:
    df_seed, df_item = seeds - 1, items - 1
    seed_squares, seed_weights = _chi_square_over_df(df_seed, _SEED_NODES if seeds < _MANY_SEEDS else _MANY_SEED_NODES)
    item_squares, item_weights = _chi_square_over_df(df_item, _ITEM_NODES)
    rest_squares, rest_weights = _chi_square_over_df(df_seed * df_item, _REST_NODES)
    square_seed = (items * seed + rest) * seed_squares[:, None, None]
    square_item = (seeds * item + rest) * item_squares[None, :, None]
    square_rest = rest * rest_squares[None, None, :]
    total, df = variance_and_df(square_seed, square_item, square_rest, (seeds, items))
    two_way = stdtrit(df, 1 - alpha / 2) * np.sqrt(total / (seeds * items))
    over_seeds = critical_value(1 - alpha, df_seed) * np.sqrt(square_seed / (seeds * items))
    weights = seed_weights[:, None, None] * item_weights[None, :, None] * rest_weights[None, None, :]
    variance = seed / seeds + item / items + rest / (seeds * items)
    return ExpectedTest(np.maximum(two_way, over_seeds).ravel(), weights.ravel(), float(variance**0.5))


@lru_cache(maxsize=512)
def _chi_square_over_df(df: int, count: int) -> tuple[Floats, Floats]:
    """Nodes and weights for a mean over chi-square(df) / df: Gauss-Legendre over its quantiles."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return 2 * gammaincinv(df / 2, (nodes + 1) / 2) / df, weights / 2
