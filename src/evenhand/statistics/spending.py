"""Group-sequential looks: how much of the error rate each look may spend, for t tests over few seeds.

The share of the error rate that is spent by a look is a function of the share of the seeds that it has (Lan & DeMets
1983): O'Brien and Fleming's shape spends hardly anything early, 2 - 2 Phi(z / sqrt(u)), Pocock's spends evenly,
a log(1 + (e - 1) u), and that of Hwang, Shih and DeCani (1990) early, a (1 - exp(-g u)) / (1 - exp(-g)) with g = 2.
The nominal level of a look is simulated for the paired t, whose tails are not those of z.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import Floats, check_count, check_share
from evenhand.statistics.looks import LOOKS_SEED, MOST_LOOKS, drawn_p_values
from evenhand.statistics.special import ndtr, ndtri

Spending = Literal["obrien-fleming", "pocock", "hwang-shih-decani"]
SPENDING: tuple[Spending, ...] = get_args(Spending)

GAMMA = 2.0
"""Of Hwang, Shih and DeCani's family: what it spends early. From 2.5 on too little is left for what is found late."""

DRAWS = 200_000
_FEWEST = 100
"""A look that fewer simulated experiments than these reach has what it spends for its level: that is never too much."""
_GRID = tuple(float(alpha) for alpha in np.geomspace(1e-8, 1.0, 81))


@dataclass(frozen=True)
class SpendingPlan:
    """Looks after fixed numbers of seeds, each with a nominal level of its own.

    Attributes:
        seeds: seeds at each look, ascending; the last is the full plan.
        alpha: overall two-sided level.
        spending: shape of the spending function.
        nominals: level of the test at each look.
        curve: rows (overall level, nominal level of each look), ascending in every column.
        draws: replicates simulated.
    """

    seeds: tuple[int, ...]
    alpha: float
    spending: Spending
    nominals: tuple[float, ...]
    curve: tuple[tuple[float, ...], ...]
    draws: int

    @property
    def adjusts(self) -> bool:
        """Whether levels and p-values allow for there being several looks."""
        return len(self.seeds) > 1

    @property
    def nominal(self) -> float:
        """Level of the last look."""
        return self.nominals[-1]

    def level_at(self, seeds: int) -> float:
        """Nominal level of the look after ``seeds`` seeds.

        Raises:
            StatisticsError: no look is planned there.
        """
        return self.nominals[self._place(seeds)]

    def nominal_for(self, alpha: float, seeds: int) -> float:
        """Nominal level of a look for another overall level (a Holm step)."""
        check_share(alpha, "alpha")
        table = np.array(self.curve)
        if alpha < table[0, 0]:
            return _spent(self.spending, self.seeds, alpha)[self._place(seeds)]
        nominal = table[:, 1 + self._place(seeds)]
        return float(np.exp(np.interp(math.log(alpha), np.log(table[:, 0]), np.log(np.maximum(nominal, 1e-300)))))

    def overall(self, p: float, seeds: int) -> float:
        """The p-value of a look, adjusted for all: the least overall level at which this look rejects."""
        table = np.array(self.curve)
        nominal = np.log(np.maximum(table[:, 1 + self._place(seeds)], 1e-300))
        found = np.interp(math.log(max(p, 1e-300)), nominal, np.log(table[:, 0]))
        return min(1.0, max(p, float(np.exp(found))))

    def _place(self, seeds: int) -> int:
        if seeds not in self.seeds:
            raise StatisticsError(f"look after {seeds} seeds: expected one of the planned looks {self.seeds}.")
        return self.seeds.index(seeds)


def plan_spending(seeds: Sequence[int], spending: Spending, alpha: float = 0.05) -> SpendingPlan:
    """Nominal levels of looks after the given numbers of seeds, so that all together err as often as ``alpha``.

    Args:
        seeds: at each look, ascending, at least 2 each.
        spending: shape.
        alpha: overall two-sided level.

    Raises:
        StatisticsError: seeds that do not ascend, more than 10 looks, an unknown shape, alpha out of range.
    """
    counts = tuple(check_count(count, "seeds at a look", 2) for count in seeds)
    check_share(alpha, "alpha")
    if spending not in SPENDING:
        raise StatisticsError(f"spending: expected one of {', '.join(SPENDING)}, found {spending!r}.")
    if not 1 <= len(counts) <= MOST_LOOKS or list(counts) != sorted(set(counts)):
        raise StatisticsError(f"looks: expected 1 to {MOST_LOOKS} ascending numbers of seeds, found {counts}.")
    curve = _curve(counts, spending)
    plan = SpendingPlan(counts, alpha, spending, (), curve, DRAWS)
    nominals = tuple(min(alpha, plan.nominal_for(alpha, count)) for count in counts)
    return SpendingPlan(counts, alpha, spending, nominals, curve, DRAWS)


def spent_by(spending: Spending, share: float, alpha: float) -> float:
    """How much of ``alpha`` may be spent when a share of all seeds is there."""
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1) * share)
    if spending == "hwang-shih-decani":
        return alpha * math.expm1(-GAMMA * share) / math.expm1(-GAMMA)
    return min(alpha, float(2 * ndtr(ndtri(alpha / 2) / math.sqrt(share))))


def _spent(spending: Spending, counts: tuple[int, ...], alpha: float) -> list[float]:
    """What each look may spend by itself."""
    total = [spent_by(spending, count / counts[-1], alpha) for count in counts]
    return [max(now - before, 0.0) for now, before in zip(total, [0.0, *total[:-1]], strict=True)]


@lru_cache(maxsize=32)
def _curve(counts: tuple[int, ...], spending: Spending) -> tuple[tuple[float, ...], ...]:
    """(overall level, nominal level of each look) over a grid of overall levels."""
    p_values = drawn_p_values(counts, DRAWS, LOOKS_SEED)
    rows = [(alpha, *_nominals(p_values, _spent(spending, counts, alpha))) for alpha in _GRID]
    columns = np.maximum.accumulate(np.array(rows), axis=0)  # a level that rises with the overall one, whatever luck
    return tuple(tuple(row) for row in columns.tolist())


def _nominals(p_values: Floats, spent: Sequence[float]) -> list[float]:
    """Level of each look that spends its share on those whom no look before it has rejected.

    What a look may spend is a level that is never too large, for at most so many are rejected at it: the simulation
    only adds what looks before it have rejected already.
    """
    alive, found = np.ones(len(p_values), bool), []
    for place, share in enumerate(spent):
        here = p_values[alive, place]
        wanted = math.floor(share * len(p_values))
        level = share
        if len(here) <= wanted:
            level = 1.0
        elif wanted >= _FEWEST:
            level = max(share, float(np.partition(here, wanted - 1)[wanted - 1]))
        found.append(min(level, 1.0))
        alive &= p_values[:, place] > level
    return found
