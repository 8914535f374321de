"""How differences are assumed to spread over seeds and items: guessed, or measured on a pilot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, as_floats, check_count
from evenhand.statistics.intervals import Interval
from evenhand.statistics.special import gammaincinv
from evenhand.statistics.two_way import variance_components


@dataclass(frozen=True)
class Spread:
    """Assumed spread of the differences d[s, i] = effect + seed_s + item_i + residual_si.

    Attributes:
        seed_sd: standard deviation of the seed effect on the difference, in the metric's unit.
        item_sd: of the item effect.
        residual_sd: of the rest.
        source: where the figures come from, for the report.
        seed_sd_interval: 95 % interval of the standard deviation of seed means, when it was estimated; a pilot of few
            seeds knows its spread badly, and every plan made from it as badly.
        pilot_seeds, pilot_items: on which it was measured; 0 where it was guessed, or has no items.
    """

    seed_sd: float
    item_sd: float = 0.0
    residual_sd: float = 0.0
    source: str = "guess"
    seed_sd_interval: Interval | None = None
    pilot_seeds: int = 0
    pilot_items: int = 0

    def __post_init__(self) -> None:
        for name in ("seed_sd", "item_sd", "residual_sd"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise StatisticsError(f"{name}: expected a finite number of 0 or above, found {value!r}.")


def spread_of_right_or_wrong(flip_rate: float, seed_sd: float = 0.0, item_share: float = 0.5) -> Spread:
    """A guess for right-or-wrong items from how often an item flips between the arms.

    A difference of -1, 0 or 1 that is not 0 with probability ``flip_rate`` has variance ``flip_rate`` (about an effect
    near 0); ``item_share`` of it is said to stay with the item from seed to seed.

    Raises:
        StatisticsError: shares outside 0 .. 1.
    """
    for name, value in (("flip rate", flip_rate), ("item share", item_share)):
        if not 0 <= value <= 1:
            raise StatisticsError(f"{name}: expected a share in 0 .. 1, found {value}.")
    item, rest = math.sqrt(flip_rate * item_share), math.sqrt(flip_rate * (1 - item_share))
    return Spread(seed_sd, item, rest, source=f"guess: {flip_rate:.0%} of items flip, seed sd {seed_sd:g}")


def spread_from_pilot(differences: ArrayLike, source: str = "pilot") -> Spread:
    """Spread measured on differences at hand: a null arm's, or an earlier experiment's.

    A null arm holds the noise of seeds and decoding but no item-by-mechanism effect: plans made from it are the
    optimistic end.

    Args:
        differences: shape (S, I) with S, I >= 2, or (S,) with S >= 2 for a metric without items.
        source: named in reports.

    Raises:
        StatisticsError: fewer than 2 seeds or items, wrong shape, NaN or infinite values.
    """
    if np.ndim(differences) == 1:
        values = as_floats(differences, "pilot differences", 1)
        check_count(values.size, "pilot seeds", 2)
        sd = float(values.std(ddof=1))
        return Spread(sd, source=source, seed_sd_interval=sd_interval(sd, values.size - 1), pilot_seeds=values.size)
    parts = variance_components(differences)
    means_sd = math.sqrt(parts.mean_square_seed / parts.items)
    return Spread(
        math.sqrt(parts.seed),
        math.sqrt(parts.item),
        math.sqrt(parts.residual),
        source,
        sd_interval(means_sd, parts.seeds - 1),
        parts.seeds,
        parts.items,
    )


def sd_interval(sd: float, df: int, level: float = 0.95) -> Interval:
    """The interval of a standard deviation that was estimated on so many degrees of freedom, by their chi-square."""
    low, high = 2 * gammaincinv(df / 2, [(1 + level) / 2, (1 - level) / 2])
    return Interval(sd * math.sqrt(df / low), sd * math.sqrt(df / high), level)
