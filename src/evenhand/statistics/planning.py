"""Before the run: what can be detected, and how many seeds and items it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import check_count, check_positive, check_share
from evenhand.statistics.contrast import Scope
from evenhand.statistics.detectable import detectable_noncentrality, detectable_shift
from evenhand.statistics.spread import Spread
from evenhand.statistics.student import t_test_power
from evenhand.statistics.two_way_power import expected_test

_MOST = 10_000_000


@dataclass(frozen=True)
class Precision:
    """What a design is expected to know.

    Attributes:
        standard_error: of the mean difference; None with one seed (or one item) where it cannot be estimated.
        df: expected degrees of freedom.
        reason: why both are None.
    """

    standard_error: float | None
    df: float | None
    reason: str | None


def expected_precision(spread: Spread, seeds: int, items: int | None = None, scope: Scope = "recipe") -> Precision:
    """Expected standard error and degrees of freedom of a design.

    ``recipe``: seed_sd**2 / S + item_sd**2 / I + residual_sd**2 / (S I) with Satterthwaite's degrees of freedom at the
    expected mean squares: of the two-way test alone, whereas power comes from the rule that decides, by which the
    paired t over seeds must agree (`planned_power`). ``seeds``: (seed_sd**2 + residual_sd**2 / I) / S with S - 1.
    ``checkpoint``: (item_sd**2 + residual_sd**2 / S) / I with I - 1. Without items only the seed spread counts.

    Raises:
        StatisticsError: counts below 1, scope "checkpoint" without items.
    """
    check_count(seeds, "seeds")
    if items is None:
        if scope == "checkpoint":
            raise StatisticsError("scope checkpoint: expected a number of items, found none.")
        return _precision(spread.seed_sd**2 / seeds, seeds - 1)
    check_count(items, "items")
    seed, item, rest = spread.seed_sd**2, spread.item_sd**2, spread.residual_sd**2
    if scope == "seeds":
        return _precision((seed + rest / items) / seeds, seeds - 1)
    if scope == "checkpoint":
        return _precision((item + rest / seeds) / items, items - 1)
    if min(seeds, items) < 2:
        return Precision(None, None, "one seed or one item: the spread for new ones cannot be estimated")
    square_seed, square_item = items * seed + rest, seeds * item + rest
    total = square_seed + square_item - rest
    parts = square_seed**2 / (seeds - 1) + square_item**2 / (items - 1) + rest**2 / ((seeds - 1) * (items - 1))
    if item == 0 or seed == 0:
        # The estimator then rests on one mean square alone; the expected df is that of the component that is there.
        return _precision(total / (seeds * items), seeds - 1 if seed > 0 else items - 1)
    return _precision(total / (seeds * items), total**2 / parts)


def _precision(variance: float, df: float) -> Precision:
    if df < 1:
        return Precision(None, None, "one seed or one item: the spread for new ones cannot be estimated")
    return Precision(math.sqrt(variance), float(df), None)


def planned_power(
    effect: float, spread: Spread, seeds: int, items: int | None = None, *, scope: Scope = "recipe", alpha: float = 0.05
) -> float | None:
    """Probability that a design finds a true effect of this size; None where nothing can be found.

    By noncentral t; for ``recipe`` with items by the rule that decides (two-way random effects and the paired t over
    seeds must both reject), averaged over what the mean squares may turn out to be.

    Raises:
        StatisticsError: counts or alpha out of range.
    """
    check_share(alpha, "alpha")
    if scope == "recipe" and items is not None and min(seeds, items) > 1:
        test = expected_test(spread, seeds, items, alpha)
        if test is not None:
            return test.power(abs(effect))
    return _rough_power(effect, spread, seeds, items, scope, alpha)


def _rough_power(
    effect: float, spread: Spread, seeds: int, items: int | None, scope: Scope, alpha: float
) -> float | None:
    """Power by noncentral t at the expected variance: exact but for the recipe scope, and quick."""
    precision = expected_precision(spread, seeds, items, scope)
    if precision.standard_error is None or precision.df is None:
        return None
    if precision.standard_error == 0:
        return 1.0 if effect != 0 else None
    return t_test_power(abs(effect) / precision.standard_error, precision.df, alpha)


def planned_detectable(
    spread: Spread,
    seeds: int,
    items: int | None = None,
    *,
    scope: Scope = "recipe",
    alpha: float = 0.05,
    power: float = 0.8,
) -> float | None:
    """Smallest effect that a design finds with the wished-for power, in the metric's unit; None where none.

    Raises:
        StatisticsError: counts, alpha or power out of range.
    """
    precision = expected_precision(spread, seeds, items, scope)
    if precision.standard_error is None or precision.df is None:
        return None
    if scope == "recipe" and items is not None:
        test = expected_test(spread, seeds, items, alpha)
        return 0.0 if test is None else detectable_shift(test.power, alpha, power, test.standard_error)
    return detectable_noncentrality(precision.df, alpha, power) * precision.standard_error


@dataclass(frozen=True)
class Needed:
    """How many seeds or items it takes.

    Attributes:
        count: least number that reaches the power; None when no number does.
        power: reached with ``count``.
        reason: why ``count`` is None.
    """

    count: int | None
    power: float | None
    reason: str | None


def seeds_needed(
    effect: float,
    spread: Spread,
    items: int | None = None,
    *,
    scope: Scope = "recipe",
    alpha: float = 0.05,
    power: float = 0.8,
    most: int = 10_000,
) -> Needed:
    """Least number of seeds with which a true effect of this size is found with the wished-for power.

    Raises:
        StatisticsError: an effect of 0, or arguments out of range.
    """
    check_positive(abs(effect), "effect")
    why = f"no number of seeds up to {most:,} suffices"
    if items is not None and spread.item_sd > 0 and scope == "recipe":
        why += f": with {items} items the spread over items alone hides it; add items"
    return _least(
        lambda count: planned_power(effect, spread, count, items, scope=scope, alpha=alpha),
        lambda count: _rough_power(effect, spread, count, items, scope, alpha),
        power, most, why,
    )  # fmt: skip


def items_needed(
    effect: float,
    spread: Spread,
    seeds: int,
    *,
    scope: Scope = "recipe",
    alpha: float = 0.05,
    power: float = 0.8,
    most: int = _MOST,
) -> Needed:
    """Least number of items with which a true effect of this size is found with the wished-for power.

    Raises:
        StatisticsError: an effect of 0, or arguments out of range.
    """
    check_positive(abs(effect), "effect")
    why = f"no number of items up to {most:,} suffices: the spread over {seeds} seeds alone hides it; add seeds"
    return _least(
        lambda count: planned_power(effect, spread, seeds, count, scope=scope, alpha=alpha),
        lambda count: _rough_power(effect, spread, seeds, count, scope, alpha),
        power, most, why,
    )  # fmt: skip


PowerAt = Callable[[int], float | None]


def _least(power_at: PowerAt, rough: PowerAt, power: float, most: int, why: str) -> Needed:
    """Least count that reaches a power which rises in the count; the search starts where a rough power reaches it."""
    check_share(power, "power")

    def reaches(count: int, at: PowerAt = power_at) -> bool:
        value = at(count)
        return value is not None and value >= power

    def below(high: int, at: PowerAt = power_at) -> tuple[int, int]:
        """Bracket (fails, reaches) under a count that reaches it."""
        step = 1
        while high - step > 1 and reaches(high - step, at):
            high, step = high - step, step * 2
        return max(1, high - step), high

    def above(low: int, at: PowerAt = power_at) -> tuple[int, int] | None:
        """Bracket over a count that fails; None where the most fails too."""
        step = 1
        while not reaches(min(low + step, most), at):
            if low + step >= most:
                return None
            low, step = low + step, step * 2
        return low, min(low + step, most)

    def halved(bracket: tuple[int, int], at: PowerAt = power_at) -> int:
        low, high = bracket
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if reaches(middle, at) else (middle, high)
        return high

    start = above(1, rough)
    guess = most if start is None else halved(start, rough)
    bracket = below(guess) if reaches(guess) else above(guess)
    if bracket is None:
        return Needed(None, None, why)
    count = halved(bracket)
    return Needed(count, power_at(count), None)


@dataclass(frozen=True)
class PowerCurve:
    """Power over effect sizes for one design.

    Attributes:
        seeds: S.
        items: I; None for a metric without items.
        effects: in the metric's unit.
        power: probability of detection at each effect.
        detectable: smallest effect at the wished-for power; None where nothing can be detected.
    """

    seeds: int
    items: int | None
    effects: tuple[float, ...]
    power: tuple[float, ...]
    detectable: float | None


def power_curves(
    spread: Spread,
    seeds: Sequence[int],
    items: int | None = None,
    *,
    effects: Sequence[float] | None = None,
    scope: Scope = "recipe",
    alpha: float = 0.05,
    power: float = 0.8,
) -> tuple[PowerCurve, ...]:
    """One power curve for each number of seeds.

    Args:
        spread: guessed or measured.
        seeds: designs to compare.
        items: items of every design.
        effects: effect sizes; by default 41 from 0 to one and a half times the largest detectable effect.
        scope: what the answer is to hold for.
        alpha: level of the test.
        power: at which ``detectable`` is stated.

    Raises:
        StatisticsError: arguments out of range.
    """
    found = [planned_detectable(spread, count, items, scope=scope, alpha=alpha, power=power) for count in seeds]
    largest = max((value for value in found if value is not None), default=0.0)
    grid = tuple(float(x) for x in (np.linspace(0.0, 1.5 * largest, 41) if effects is None else effects))
    curves = []
    for count, detectable in zip(seeds, found, strict=True):
        values = [planned_power(effect, spread, count, items, scope=scope, alpha=alpha) for effect in grid]
        reached = tuple(0.0 if value is None else value for value in values)
        curves.append(PowerCurve(count, items, grid, reached, detectable))
    return tuple(curves)
