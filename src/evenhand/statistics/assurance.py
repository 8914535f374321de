"""Power told honestly after a pilot: averaged over what few seeds do not know of their spread.

A pilot of n seeds knows the variance of seed means up to a factor of chi-square(n - 1) / (n - 1), and its plan is as
uncertain. Assurance (O'Hagan, Stevens & Campbell 2005) is power averaged over that: with the scale-free prior the
variance is the pilot's times (n - 1) / chi-square(n - 1). Earlier experiments of one kind can lend degrees of freedom
(Smyth 2004, section 6.2: a scaled inverse chi-square prior fitted to the logarithms of their variances).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import check_share
from evenhand.statistics.contrast import Scope
from evenhand.statistics.planning import Needed, planned_power
from evenhand.statistics.special import digamma, gammaincinv, polygamma
from evenhand.statistics.spread import Spread

_NODES, _ITEM_NODES = 40, 3
_MOST_DF = 200.0
FEWEST_TO_BORROW = 3
"""Earlier spreads below which nothing is borrowed: two say next to nothing of how much spreads differ."""


@dataclass(frozen=True)
class SpreadPrior:
    """What earlier experiments say of the standard deviation of seed means.

    Attributes:
        sd: typical value.
        df: degrees of freedom that it is worth; few where earlier spreads differ much.
        experiments: how many it was fitted to.
    """

    sd: float
    df: float
    experiments: int


def spread_prior(sds: Sequence[float], seeds: Sequence[int]) -> SpreadPrior | None:
    """Fit a scaled inverse chi-square to the variances of earlier experiments; None where too few are there.

    Args:
        sds: standard deviation over seeds of the mean difference, one for each experiment; those that are 0 are left.
        seeds: of each.
    """
    known = [(sd, count - 1) for sd, count in zip(sds, seeds, strict=True) if sd > 0 and count > 1]
    if len(known) < FEWEST_TO_BORROW:
        return None
    df = np.array([n for _, n in known], dtype=np.float64)
    logs = 2 * np.log([sd for sd, _ in known]) - digamma(df / 2) + np.log(df / 2)
    centre = float(logs.mean())
    excess = float(((logs - centre) ** 2).sum() / (logs.size - 1) - polygamma(1, df / 2).mean())
    worth = _MOST_DF if excess <= 0 else min(_MOST_DF, 2 * _inverse_trigamma(excess))
    sd = math.exp((centre + float(digamma(worth / 2)) - math.log(worth / 2)) / 2)
    return SpreadPrior(sd, worth, logs.size)


def _inverse_trigamma(value: float) -> float:
    """Where the trigamma function, which falls, has a value above 0."""
    low, high = 1e-3, 1e6
    for _ in range(80):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if float(polygamma(1, middle)) > value else (low, middle)
    return high


@dataclass(frozen=True)
class PilotKnowledge:
    """A pilot's spread with the degrees of freedom behind it.

    Attributes:
        spread: as measured.
        means_sd: standard deviation over seeds of the mean difference, what was borrowed included.
        df: of ``means_sd``.
        items: of the pilot; None without items.
        prior: what was borrowed, or None.
    """

    spread: Spread
    means_sd: float
    df: float
    items: int | None
    prior: SpreadPrior | None = None


def pilot_knowledge(spread: Spread, prior: SpreadPrior | None = None) -> PilotKnowledge:
    """What a measured spread knows, with what earlier experiments lend.

    Raises:
        StatisticsError: the spread was guessed: nobody knows how well.
    """
    if spread.pilot_seeds < 2:
        raise StatisticsError("assurance: expected a spread that was measured over at least 2 seeds, found a guess.")
    items = spread.pilot_items or None
    variance = spread.seed_sd**2 + (0.0 if items is None else spread.residual_sd**2 / items)
    df = float(spread.pilot_seeds - 1)
    if prior is not None:
        variance = (prior.df * prior.sd**2 + df * variance) / (prior.df + df)
        df += prior.df
    return PilotKnowledge(spread, math.sqrt(variance), df, items, prior)


def assurance(
    effect: float,
    known: PilotKnowledge,
    seeds: int,
    items: int | None = None,
    *,
    scope: Scope = "recipe",
    alpha: float = 0.05,
) -> float:
    """Power averaged over what the pilot does not know of seeds and items; the residual is taken as known.

    Raises:
        StatisticsError: counts or alpha out of range.
    """
    found = [
        planned_power(effect, one, seeds, items, scope=scope, alpha=alpha) or 0.0 for one in _spreads(known)
    ]  # fmt: skip
    return float(np.mean(found))


def _spreads(known: PilotKnowledge) -> list[Spread]:
    """Equally likely spreads."""
    spread = known.spread
    rest = 0.0 if known.items is None else spread.residual_sd**2 / known.items
    seeds = [math.sqrt(max(known.means_sd**2 * factor - rest, 0.0)) for factor in _factors(known.df, _NODES)]
    factors = _factors(known.items - 1.0, _ITEM_NODES) if known.items and spread.item_sd else (1.0,)
    return [
        replace(spread, seed_sd=sd, item_sd=spread.item_sd * math.sqrt(factor)) for sd in seeds for factor in factors
    ]


@lru_cache(maxsize=64)
def _factors(df: float, nodes: int) -> tuple[float, ...]:
    """df / chi-square(df) at the middles of equally likely parts."""
    shares = (np.arange(nodes) + 0.5) / nodes
    return tuple(float(df / (2 * value)) for value in gammaincinv(df / 2, shares))


def assured_seeds(
    effect: float,
    known: PilotKnowledge,
    items: int | None = None,
    *,
    scope: Scope = "recipe",
    alpha: float = 0.05,
    power: float = 0.8,
    most: int = 1000,
) -> Needed:
    """Least number of seeds whose assurance reaches ``power``.

    Raises:
        StatisticsError: arguments out of range.
    """
    check_share(power, "power")
    low, high = 1, 2
    while assurance(effect, known, min(high, most), items, scope=scope, alpha=alpha) < power:
        if high >= most:
            return Needed(
                None, None, f"no number of seeds up to {most:,} is assured to suffice: the pilot is too short"
            )
        low, high = high, high * 2
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        enough = assurance(effect, known, middle, items, scope=scope, alpha=alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return Needed(high, assurance(effect, known, high, items, scope=scope, alpha=alpha), None)
