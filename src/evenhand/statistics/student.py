"""Student's t: critical values, p-values, and the power of the t test under an effect (noncentral t)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from evenhand.statistics.arrays import Floats
from evenhand.statistics.special import gammainccinv, gammaincinv, ndtr, stdtr, stdtrit

_NODES, _STEPS = 200, 3
_TAIL = 1e-15
_MANY = 1e7
"""Degrees of freedom above which t is the normal distribution to more digits than anybody reads."""


def critical_value(level: float, df: float) -> float:
    """Half-width, in standard errors, of a two-sided interval of nominal coverage ``level``."""
    return float(stdtrit(min(df, _MANY), 0.5 + level / 2))


def two_sided_p(statistic: float, df: float) -> float:
    """P(abs(T) >= abs(statistic)) for T with ``df`` degrees of freedom."""
    return float(min(1.0, 2 * stdtr(min(df, _MANY), -abs(statistic))))


def upper_p(statistic: float, df: float) -> float:
    """P(T >= statistic): the one-sided p-value against "no larger than"."""
    return float(stdtr(min(df, _MANY), -statistic))


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    """Nodes and weights on -1 .. 1, from the nodes' asymptotic places by Newton's steps.

    ``numpy.polynomial.legendre.leggauss`` solves an eigenvalue problem for them, which takes far longer than their use.
    """
    at = np.arange(_NODES, 0, -1)
    nodes = np.cos(np.pi * (at - 0.25) / (_NODES + 0.5)) * (1 - (_NODES - 1) / (8 * _NODES**3))
    for _ in range(_STEPS):
        value, slope = _polynomial(nodes)
        nodes = nodes - value / slope
    nodes = (nodes - nodes[::-1]) / 2  # symmetric about 0
    return nodes, 2 / ((1 - nodes**2) * _polynomial(nodes)[1] ** 2)


def _polynomial(at: Floats) -> tuple[Floats, Floats]:
    """The Legendre polynomial that has as many roots as there are nodes, and its slope."""
    before, value = np.ones_like(at), at
    for degree in range(2, _NODES + 1):
        before, value = value, ((2 * degree - 1) * at * value - (degree - 1) * before) / degree
    return value, _NODES * (at * value - before) / (at**2 - 1)


@lru_cache(maxsize=256)
def _chi_rule(df: float) -> tuple[Floats, Floats]:
    """Nodes and weights for the mean over sqrt(chi-square(df) / df), by Gauss-Legendre between extreme quantiles."""
    low, high = (2 * gammaincinv(df / 2, _TAIL)) ** 0.5, (2 * gammainccinv(df / 2, _TAIL)) ** 0.5
    nodes, weights = _legendre()
    chi = low + (high - low) * (nodes + 1) / 2
    log_density = (df - 1) * np.log(chi) - chi**2 / 2  # of the chi distribution, up to a constant
    density = weights * np.exp(log_density - log_density.max())
    return chi / np.sqrt(df), density / density.sum()


def t_test_power(noncentrality: float, df: float, alpha: float = 0.05) -> float:
    """Power of the two-sided t test at level ``alpha`` when the statistic is noncentral t.

    The noncentral tail is the mean of a normal tail over the chi distribution of the estimated spread (Owen 1968,
    "A survey of properties and applications of the noncentral t-distribution"); integrated here by quadrature because
    library routines return NaN far in the tail.

    Args:
        noncentrality: effect divided by its true standard error.
        df: degrees of freedom of the estimated standard error, above 0.
        alpha: level of the test.
    """
    bounded = min(float(df), _MANY)
    spread, weights = _chi_rule(bounded)
    limit = critical_value(1 - alpha, bounded) * spread
    return float(np.clip(weights @ (ndtr(noncentrality - limit) + ndtr(-noncentrality - limit)), 0.0, 1.0))


def t_lower_tail(noncentrality: float, df: float, limit: float) -> float:
    """P(T < limit) for noncentral t, by the quadrature of `t_test_power`."""
    spread, weights = _chi_rule(min(float(df), _MANY))
    return float(np.clip(weights @ ndtr(limit * spread - noncentrality), 0.0, 1.0))
