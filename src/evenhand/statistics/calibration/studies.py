"""One measurement per procedure: what the calibration tests assert and what `docs/calibration.md` tabulates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenhand.statistics.arrays import Floats
from evenhand.statistics.betting import betting_test
from evenhand.statistics.bootstrap import CrossedBootstrap, crossed_bootstrap
from evenhand.statistics.calibration import known_to_fail
from evenhand.statistics.calibration.rates import Rates, differences, measure, tally
from evenhand.statistics.calibration.worlds import World
from evenhand.statistics.clusters import cluster_table
from evenhand.statistics.difference_of_differences import difference_of_differences
from evenhand.statistics.equivalence import equivalence
from evenhand.statistics.intervals import Interval
from evenhand.statistics.looks import LookPlan
from evenhand.statistics.multiplicity import benjamini_hochberg, holm, intersection_union
from evenhand.statistics.paired import paired_t
from evenhand.statistics.proportions import paired_proportions
from evenhand.statistics.pruning import futility
from evenhand.statistics.sign_flip import SignFlip, sign_flip
from evenhand.statistics.suites import suite_difference
from evenhand.statistics.two_way import two_way_estimate


def recipe_scope(world: World, replicates: int, seed: int) -> Rates:
    """The recipe scope's estimate, two-way random effects and paired t over seeds together."""
    return measure(world, two_way_estimate, replicates, seed)


def seeds_scope(world: World, replicates: int, seed: int) -> Rates:
    """The paired t over seed means, every experiment on the same items."""
    return measure(world, lambda table: paired_t(table.mean(axis=1)), replicates, seed, fixed_items=True)


def mcnemar_scope(items: int, shift: float, replicates: int, seed: int, interaction: float = 0.0) -> Rates:
    """Exact McNemar and its interval for one pair of checkpoints, ``shift`` logits apart, on new items."""
    world = World(1, items, effect=shift, interaction=interaction)
    return measure(world, lambda table: paired_proportions(table[0]), replicates, seed)


def graded_checkpoint_scope(items: int, shift: float, replicates: int, seed: int) -> Rates:
    """Paired t over graded items of one pair of checkpoints."""
    world = World(1, items, effect=shift, interaction=0.5, kind="continuous")
    return measure(world, lambda table: paired_t(table[0], unit="items"), replicates, seed)


@dataclass(frozen=True)
class _FirstCrossing:
    """Answer of a sequential test that is stopped at its first crossing."""

    p: float | None
    interval: Interval | None


def betting_scope(items: int, shift: float, replicates: int, seed: int) -> Rates:
    """The betting test looked at after *every* item, and its confidence sequence after the last."""

    def answer(table: Floats) -> _FirstCrossing:
        test = betting_test(table[0])
        # An empty intersection has missed the truth at some time: count it as an interval that holds nothing.
        interval = test.interval or Interval(2.0, 2.0, test.level)
        return _FirstCrossing(0.0 if test.rejected_after is not None else 1.0, interval)

    return measure(World(1, items, effect=shift), answer, replicates, seed)


def sign_flip_scope(count: int, shift: float, replicates: int, seed: int) -> Rates:
    """The exact sign-flip test on normal differences with mean ``shift`` standard deviations."""

    @dataclass(frozen=True)
    class _WithoutInterval:
        test: SignFlip
        interval: None = None

        @property
        def p(self) -> float | None:
            return self.test.p

    drawn = np.random.default_rng(seed).standard_normal((replicates, count)) + shift
    return tally((_WithoutInterval(sign_flip(row)) for row in drawn), shift)


def crossed_bootstrap_scope(world: World, replicates: int, seed: int, draws: int = 1_000) -> Rates:
    """The crossed bootstrap that is shown beside the estimate."""
    generator = np.random.default_rng(seed + 1)

    @dataclass(frozen=True)
    class _ByInterval:
        result: CrossedBootstrap

        @property
        def interval(self) -> Interval | None:
            return self.result.interval

        @property
        def p(self) -> float | None:
            interval = self.result.interval
            return None if interval is None else float(not interval.excludes(0.0))

    return measure(world, lambda table: _ByInterval(crossed_bootstrap(table, generator, draws=draws)), replicates, seed)


def clustered_scope(world: World, replicates: int, seed: int, *, respect: bool = True) -> Rates:
    """The two-way estimate on clustered items, with clusters as units or (wrongly) with items."""
    labels = world.clusters if respect else None
    return measure(world, lambda table: two_way_estimate(cluster_table(table, labels)), replicates, seed)


def difference_scope(world: World, replicates: int, seed: int, *, same_items: bool = False) -> Rates:
    """Difference of differences between two conditions that have the same effect.

    Seeds are shared: half of a seed's effect on the difference is common to both conditions.
    """
    generator = np.random.default_rng(seed)
    half = World(**{**world.__dict__, "seed_spread": 0.0, "kind": "continuous"})

    def answers() -> object:
        target, control = (differences(half, generator, replicates) for _ in range(2))
        for left, right in zip(target, control, strict=True):
            shared = generator.standard_normal((world.seeds, 1)) * world.seed_spread
            own = generator.standard_normal((2, world.seeds, 1)) * world.seed_spread
            yield difference_of_differences(left + shared + own[0], right + shared + own[1], same_items=same_items)

    return tally(answers(), 0.0)  # type: ignore[arg-type]


def equivalence_rate(effect: float, margin: float, seeds: int, replicates: int, seed: int) -> float:
    """How often two one-sided tests declare equivalence, for normal differences with standard deviation 1."""
    drawn = np.random.default_rng(seed).standard_normal((replicates, seeds)) + effect
    return float(np.mean([equivalence(paired_t(row), margin).equivalent for row in drawn]))


def looks_rate(plan: LookPlan, effect: float, replicates: int, seed: int, world: World | None = None) -> float:
    """How often some planned look rejects: paired t on normal differences, or the two-way estimate in a world."""
    if world is None:
        drawn = np.random.default_rng(seed).standard_normal((replicates, plan.seeds[-1])) + effect
        tests: Callable[[Floats, int], float | None] = lambda row, count: paired_t(row[:count]).p  # noqa: E731
        tables = iter(drawn)
    else:
        tests = lambda table, count: two_way_estimate(table[:count]).p  # noqa: E731
        tables = iter(differences(world, np.random.default_rng(seed), replicates))
    hits = 0
    for table in tables:
        p_values = (tests(table, count) for count in plan.seeds)
        hits += any(p is not None and p <= plan.nominal for p in p_values)
    return hits / replicates


def prune_rate(effect: float, margin: float, seeds: int, replicates: int, seed: int, confidence: float = 0.95) -> float:
    """How often the futility rule prunes, for normal differences with standard deviation 1."""
    drawn = np.random.default_rng(seed).standard_normal((replicates, seeds)) + effect
    return float(np.mean([futility(paired_t(row), margin, confidence).prune for row in drawn]))


@dataclass(frozen=True)
class FamilyRates:
    """Errors of a family of tests.

    Attributes:
        any_false: share of families with at least one false rejection.
        false_share: mean share of false ones among the rejections (0 where nothing is rejected).
        found: mean share of the true effects that are rejected; None without true effects.
    """

    any_false: float
    false_share: float
    found: float | None


def family_rates(procedure: str, nulls: int, effects: int, replicates: int, seed: int, seeds: int = 5) -> FamilyRates:
    """Holm or Benjamini-Hochberg over variants that share one baseline (so that their tests are correlated).

    True effects are as large as 4 standard deviations of a difference.
    """
    generator = np.random.default_rng(seed)
    adjust = holm if procedure == "holm" else benjamini_hochberg
    any_false, false_share, found = 0, 0.0, 0.0
    for _ in range(replicates):
        baseline = generator.standard_normal(seeds)
        arms = generator.standard_normal((nulls + effects, seeds))
        arms[nulls:] += 4.0
        rejected = np.array(adjust([paired_t((arm - baseline) / 2**0.5).p for arm in arms]).rejected)
        wrong = int(rejected[:nulls].sum())
        any_false += wrong > 0
        false_share += wrong / max(1, int(rejected.sum()))
        found += float(rejected[nulls:].mean()) if effects else 0.0
    return FamilyRates(any_false / replicates, false_share / replicates, found / replicates if effects else None)


def rivals_rate(rivals: int, lead_over_rest: float, seeds: int, replicates: int, seed: int) -> float:
    """How often a variant "beats the baseline and every rival" when one rival is in truth as good as it is.

    It leads all others by ``lead_over_rest`` standard deviations.
    """
    generator = np.random.default_rng(seed)
    hits = 0
    for _ in range(replicates):
        variant = generator.standard_normal(seeds)
        others = generator.standard_normal((rivals + 1, seeds))
        others[1:] -= lead_over_rest
        baseline, *contrasts = (paired_t(variant - other) for other in others)
        hits += intersection_union(baseline, {str(i): one for i, one in enumerate(contrasts)}).gain
    return hits / replicates


def suite_rates(runs: int, tasks: int, replicates: int, seed: int, draws: int = 500) -> Rates:
    """Difference of interquartile means without an effect, tasks of very different levels."""
    generator = np.random.default_rng(seed)

    def answers() -> object:
        for _ in range(replicates):
            level = generator.uniform(0, 1, tasks)
            arms = level + 0.1 * generator.standard_normal((2, runs, tasks))
            result = suite_difference(arms[0], arms[1], generator, draws=draws)
            excluded = result.interval is not None and result.interval.excludes(0.0)
            yield _FirstCrossing(float(not excluded), result.interval)

    return tally(answers(), 0.0)  # type: ignore[arg-type]


def failing_rate(name: str, seeds: int, replicates: int, seed: int) -> float:
    """False-positive rate of a procedure that is known to fail, on normal differences without an effect."""
    generator = np.random.default_rng(seed)
    drawn = generator.standard_normal((replicates, seeds))
    test: Callable[[Floats], bool] = {
        "percentile bootstrap over seeds": lambda row: known_to_fail.percentile_bootstrap_over_seeds(row, generator),
        "z with population standard deviation": known_to_fail.z_with_population_spread,
        "paired t after every seed": known_to_fail.paired_t_after_every_seed,
    }[name]
    return float(np.mean([test(row) for row in drawn]))


def item_only_rate(world: World, replicates: int, seed: int) -> float:
    """False-positive rate of the item-only normal test for a claim about the recipe."""
    tables = differences(world, np.random.default_rng(seed), replicates)
    return float(np.mean([known_to_fail.item_only_normal_test(table) for table in tables]))


def best_of_nulls(variants: int, seeds: int, replicates: int, seed: int) -> float:
    """Mean of the best of several variants without effect, in units of the seed sd of differences."""
    drawn = np.random.default_rng(seed).standard_normal((replicates, variants, seeds))
    return float(drawn.mean(axis=2).max(axis=1).mean())
