"""Error rates where families, looks and null arms live: small levels, few seeds, noise from seeds or from items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from evenhand.statistics.arrays import Floats
from evenhand.statistics.calibration.rates import differences, monte_carlo_error
from evenhand.statistics.calibration.worlds import Noise, World, draw_arms
from evenhand.statistics.difference_of_differences import difference_of_differences
from evenhand.statistics.equivalence import equivalence, not_worse
from evenhand.statistics.estimate import MeanEstimate
from evenhand.statistics.looks import LookPlan
from evenhand.statistics.multiplicity import holm, intersection_union
from evenhand.statistics.proportions import paired_proportions
from evenhand.statistics.two_way import two_way_estimate, variance_and_df

LEVELS = (0.05, 0.01, 0.005, 0.0025)
"""One test; a null arm's gate; steps of Holm over 10 and 20 variants."""

_BATCH_ENTRIES = 1_000_000

Procedure = Callable[[Floats], MeanEstimate]


@dataclass(frozen=True)
class Tail:
    """Shares of experiments without an effect whose p-value is at or below each of `LEVELS`.

    Attributes:
        shares: in the order of the levels.
        replicates: experiments simulated.
    """

    shares: tuple[float, ...]
    replicates: int

    def error(self, place: int) -> float:
        """Monte Carlo standard error at the level of this place, were it held exactly."""
        return monte_carlo_error(LEVELS[place], self.replicates)


def tables(noise: Noise, seeds: int, items: int, replicates: int, seed: int, arms: int = 1) -> Iterator[Floats]:
    """Differences of shape (arms, S, I), drawn in batches."""
    generator = np.random.default_rng(seed)
    size = max(1, _BATCH_ENTRIES // ((arms + 1) * seeds * items))
    for start in range(0, replicates, size):
        yield from draw_arms(noise, seeds, items, arms, generator, min(size, replicates - start))


def tail(p_values: Iterable[float | None] | Floats) -> Tail:
    """Count p-values; an undefined one rejects nothing."""
    given = p_values if isinstance(p_values, np.ndarray) else [1.0 if p is None else p for p in p_values]
    values = np.asarray(given, dtype=np.float64)
    return Tail(tuple(float((values <= level).mean()) for level in LEVELS), values.size)


def graded_tail(
    noise: Noise, seeds: int, items: int, replicates: int, seed: int, procedure: Procedure = two_way_estimate
) -> Tail:
    """Tail of a procedure on normal differences."""
    return tail(procedure(table[0]).p for table in tables(noise, seeds, items, replicates, seed))


def two_sided_p_values(means: Floats, squares: tuple[Floats, Floats, Floats], seeds: int, items: int) -> Floats:
    """p-values of `two_way_estimate` from means and MS_S, MS_I, MS_E, shape (replicates,): two t tests, the larger."""
    total, df = variance_and_df(*squares, (seeds, items))
    two_way = stdtr(df, -np.abs(means) / np.sqrt(total / (seeds * items)))
    over_seeds = stdtr(seeds - 1, -np.abs(means) / np.sqrt(squares[0] / (seeds * items)))
    return np.asarray(2 * np.maximum(two_way, over_seeds))


def drawn_squares(
    noise: Noise, seeds: int, items: int, replicates: int, seed: int
) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
    """Means and mean squares of many normal tables without drawing the tables: they are independent."""
    generator = np.random.default_rng(seed)
    df = seeds - 1, items - 1, (seeds - 1) * (items - 1)
    expected = 1 + noise.seed_ratio, 1 + noise.item_ratio, 1.0
    squares = [mean * generator.chisquare(n, replicates) / n for mean, n in zip(expected, df, strict=True)]
    means = generator.standard_normal(replicates) * noise.standard_error(seeds, items)
    return means, (squares[0], squares[1], squares[2])


def fine_tail(noise: Noise, seeds: int, items: int, replicates: int, seed: int, *, alone: bool = False) -> Tail:
    """Tail of the recipe scope's rule on normal differences, drawn as mean squares: many replicates in little time.

    Args:
        noise, seeds, items, replicates, seed: the world.
        alone: of the two-way test alone, which is known to fail.
    """
    means, squares = drawn_squares(noise, seeds, items, replicates, seed)
    if alone:
        total, df = variance_and_df(*squares, (seeds, items))
        return tail(2 * stdtr(df, -np.abs(means) / np.sqrt(total / (seeds * items))))
    return tail(two_sided_p_values(means, squares, seeds, items))


def binary_tail(world: World, replicates: int, seed: int, procedure: Procedure = two_way_estimate) -> Tail:
    """Tail of a procedure on right-or-wrong items."""
    return tail(procedure(table).p for table in differences(world, np.random.default_rng(seed), replicates))


def difference_tail(noise: Noise, seeds: int, items: int, replicates: int, seed: int) -> Tail:
    """Tail of the difference of differences between two conditions with items of their own and seeds in common."""
    found = tables(noise, seeds, items, replicates, seed, arms=2)
    return tail(difference_of_differences(table[0], table[1]).p for table in found)


def looks_tail(
    plan: LookPlan,
    noise: Noise,
    items: int,
    replicates: int,
    seed: int,
    procedure: Procedure = two_way_estimate,
) -> float:
    """How often some planned look rejects without an effect, either way."""
    hits = 0
    for table in tables(noise, plan.seeds[-1], items, replicates, seed):
        p_values = (procedure(table[0, :count]).p for count in plan.seeds)
        hits += any(p is not None and p <= plan.nominal for p in p_values)
    return hits / replicates


def equivalence_tail(noise: Noise, seeds: int, items: int, replicates: int, seed: int) -> float:
    """How often equivalence is shown, at 5 %, where the true effect is the margin: four standard errors."""
    margin = 4 * noise.standard_error(seeds, items)
    found = tables(noise, seeds, items, replicates, seed)
    return float(np.mean([equivalence(two_way_estimate(table[0] + margin), margin).equivalent for table in found]))


def not_worse_tail(noise: Noise, seeds: int, items: int, replicates: int, seed: int) -> float:
    """How often "not worse" is shown, at 5 %, where the true effect is -margin: half a standard error."""
    margin = noise.standard_error(seeds, items) / 2
    found = tables(noise, seeds, items, replicates, seed)
    return float(np.mean([not_worse(two_way_estimate(table[0] - margin), margin).shown for table in found]))


def not_worse_of_checkpoints(items: int, margin: float, discordant: float, replicates: int, seed: int) -> float:
    """The same for right-or-wrong items of one pair of checkpoints.

    Args:
        items: I.
        margin: the true loss.
        discordant: share of items that one of the two has right and the other wrong.
        replicates: experiments.
        seed: of the draws.
    """
    shares = [(discordant - margin) / 2, (discordant + margin) / 2, 1 - discordant]
    counts = np.random.default_rng(seed).multinomial(items, shares, size=replicates)
    tables_ = (np.repeat([1.0, -1.0, 0.0], count) for count in counts)
    return float(np.mean([not_worse(paired_proportions(table), margin).shown for table in tables_]))


@dataclass(frozen=True)
class FamilyErrors:
    """Families of variants without an effect.

    Attributes:
        gain: share of families in which some variant is called a gain.
        any: a gain or a regression.
        replicates: families simulated.
    """

    gain: float
    any: float
    replicates: int


def null_family(
    variants: int,
    noise: Noise,
    seeds: int,
    items: int,
    replicates: int,
    seed: int,
    procedure: Procedure = two_way_estimate,
) -> FamilyErrors:
    """Variants without an effect that share a baseline, by the p-values and levels that verdicts rest on."""
    gains = errors = 0
    for arms in tables(noise, seeds, items, replicates, seed, arms=variants):
        estimates = [procedure(table) for table in arms]
        family = holm([intersection_union(estimate).p for estimate in estimates])
        called = [
            intersection_union(estimate, None, level).direction
            for estimate, level in zip(estimates, family.levels, strict=True)
        ]
        gains += "gain" in called
        errors += any(called)
    return FamilyErrors(gains / replicates, errors / replicates, replicates)


def powers(noise: Noise, seeds: int, items: int, shift: float, replicates: int, seed: int) -> tuple[float, float]:
    """Power at 5 % of the rule, and of the two-way test alone, at an effect of ``shift`` standard errors."""
    means, squares = drawn_squares(noise, seeds, items, replicates, seed)
    means = means + shift * noise.standard_error(seeds, items)
    total, df = variance_and_df(*squares, (seeds, items))
    alone = 2 * stdtr(df, -np.abs(means) / np.sqrt(total / (seeds * items)))
    ours = two_sided_p_values(means, squares, seeds, items)
    return float((ours <= 0.05).mean()), float((alone <= 0.05).mean())
