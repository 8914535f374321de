"""Run a procedure on many simulated experiments and count."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evenhand.statistics.arrays import Floats
from evenhand.statistics.calibration.worlds import World, draw
from evenhand.statistics.intervals import Interval

_BATCH_ENTRIES = 2_000_000


class Answer(Protocol):
    """What a procedure must return to be measured."""

    @property
    def p(self) -> float | None:
        """Two-sided p-value against 0."""

    @property
    def interval(self) -> Interval | None:
        """Interval for the mean difference."""


@dataclass(frozen=True)
class Rates:
    """Shares over simulated experiments.

    Attributes:
        rejected: p <= alpha; the false-positive rate without an effect, the power with one. Undefined counts as not.
        covered: interval holds the truth, among those that exist; None when none exists.
        undefined: no p-value.
        replicates: experiments simulated.
    """

    rejected: float
    covered: float | None
    undefined: float
    replicates: int

    @property
    def error(self) -> float:
        """Monte Carlo standard error of ``rejected``."""
        return monte_carlo_error(self.rejected, self.replicates)


def monte_carlo_error(share: float, replicates: int) -> float:
    """Standard error of a simulated share, never 0: a share of 0 is known to about one in ``replicates``."""
    return math.sqrt(max(share * (1 - share), 1 / replicates) / replicates)


def within_band(share: float, low: float, high: float, replicates: int, errors: float = 4.0) -> bool:
    """Whether a simulated share lies in low .. high, give or take ``errors`` Monte Carlo standard errors."""
    slack_low = errors * monte_carlo_error(low, replicates)
    slack_high = errors * monte_carlo_error(high, replicates)
    return low - slack_low <= share <= high + slack_high


def differences(
    world: World, generator: np.random.Generator, replicates: int, *, fixed_items: bool = False
) -> Iterable[Floats]:
    """Tables of differences (variant less baseline), each of shape (S, I), drawn in batches that fit in cache."""
    size = replicates if fixed_items else max(1, _BATCH_ENTRIES // (world.seeds * world.items))
    for start in range(0, replicates, size):
        baseline, variant = draw(world, generator, min(size, replicates - start), fixed_items=fixed_items)
        yield from variant - baseline


def tally(answers: Iterable[Answer], truth: float, alpha: float = 0.05) -> Rates:
    """Count rejections of 0 and coverage of ``truth``."""
    rejected = covered = intervals = undefined = count = 0
    for answer in answers:
        count += 1
        undefined += answer.p is None
        rejected += answer.p is not None and answer.p <= alpha
        if answer.interval is not None:
            intervals += 1
            covered += not answer.interval.excludes(truth)
    return Rates(rejected / count, covered / intervals if intervals else None, undefined / count, count)


def measure(
    world: World,
    procedure: Callable[[Floats], Answer],
    replicates: int,
    seed: int,
    *,
    alpha: float = 0.05,
    fixed_items: bool = False,
    truth: float | None = None,
) -> Rates:
    """False-positive rate (or power) and coverage of a procedure in a world.

    Args:
        world: where the scores come from.
        procedure: takes differences of shape (S, I).
        replicates: simulated experiments.
        seed: of the simulation.
        alpha: level at which p-values reject.
        fixed_items: whether all experiments share their items (scope "seeds").
        truth: true mean difference; the world's own by default.
    """
    generator = np.random.default_rng(seed)
    tables = differences(world, generator, replicates, fixed_items=fixed_items)
    true = world.true_difference() if truth is None else truth
    return tally((procedure(table) for table in tables), true, alpha)
