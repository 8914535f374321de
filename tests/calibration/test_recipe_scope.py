"""The recipe scope's estimate holds its known error rates over the whole grid; quick version.

Small levels: ``test_tails.py``.

The full grid with tables: ``python benchmarks/calibration.py``.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from evenhand import statistics
from evenhand.statistics.calibration import World, studies, within_band

LEAST, MOST = 0.005, 0.058
"""Known range of the false-positive rate at a nominal 5 % over this grid."""

GRID = [(seeds, items, spread) for seeds in (3, 5, 10) for items in (16, 80, 200, 1000) for spread in (0.0, 0.1, 0.3)]


def replicates(seeds, items):
    return 500 if seeds * items <= 2000 else 200


@pytest.mark.parametrize(("seeds", "items", "spread"), GRID)
def test_false_positives_of_right_or_wrong_items_stay_in_the_known_range(seeds, items, spread):
    rates = studies.recipe_scope(World(seeds, items, spread), replicates(seeds, items), seed=101)
    assert within_band(rates.rejected, LEAST, MOST, rates.replicates)
    assert rates.covered >= 1 - rates.rejected - 1e-9


@pytest.mark.parametrize(("seeds", "items", "spread"), [cell for cell in GRID if cell[1] in (16, 200)])
@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_correlated_pairs_and_graded_scores_stay_there_too(seeds, items, spread, kind):
    world = World(seeds, items, spread, correlation=0.6, kind=kind)
    rates = studies.recipe_scope(world, replicates(seeds, items), seed=102)
    assert within_band(rates.rejected, LEAST, MOST, rates.replicates)


@pytest.mark.parametrize("interaction", [0.3, 1.0])
def test_items_that_respond_differently_are_counted_as_random(interaction):
    rates = studies.recipe_scope(World(5, 80, 0.1, interaction=interaction), 800, seed=103)
    assert within_band(1 - rates.covered, LEAST, MOST, rates.replicates)


@pytest.mark.parametrize("effect", [0.2, 0.6, 1.5])
@pytest.mark.parametrize("seeds", [3, 10])
def test_intervals_cover_a_true_effect(effect, seeds):
    rates = studies.recipe_scope(World(seeds, 80, 0.1, interaction=0.3, effect=effect), 800, seed=104)
    assert within_band(1 - rates.covered, 0.01, MOST, rates.replicates)


@pytest.mark.parametrize(("seeds", "items"), [(5, 80), (10, 200), (10, 1000)])
def test_the_planned_power_is_the_power_that_comes_out(seeds, items):
    world = World(seeds, items, 0.2, interaction=0.5, kind="continuous")
    spread = statistics.Spread(0.2 * math.sqrt(2), 0.5, math.sqrt(2))
    effect = statistics.planned_detectable(spread, seeds, items)
    found = studies.recipe_scope(World(**{**world.__dict__, "effect": effect}), replicates(seeds, items), seed=105)
    assert within_band(found.rejected, 0.76, 0.86, found.replicates)


def test_a_pilot_of_the_null_arm_plans_the_same_on_average():
    world = World(8, 150, 0.2, interaction=0.5, kind="continuous")
    generator = np.random.default_rng(106)
    from evenhand.statistics.calibration.rates import differences

    spreads = [statistics.spread_from_pilot(table) for table in differences(world, generator, 200)]
    assert np.mean([spread.seed_sd**2 for spread in spreads]) == pytest.approx(2 * 0.2**2, rel=0.15)
    assert np.mean([spread.item_sd**2 for spread in spreads]) == pytest.approx(0.5**2, rel=0.15)
    assert np.mean([spread.residual_sd**2 for spread in spreads]) == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(("respect", "low", "high"), [(True, LEAST, MOST), (False, 0.10, 0.30)])
def test_clustered_items_need_their_clusters(respect, low, high):
    world = World(5, 200, 0.1, interaction=0.7, cluster_size=10)
    rates = studies.clustered_scope(world, 800, seed=107, respect=respect)
    assert within_band(rates.rejected, low, high, rates.replicates)


@pytest.mark.parametrize("same_items", [True, False])
@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.0), (3, 0.3), (5, 0.1), (10, 0.3)])
def test_a_difference_of_differences_errs_no_more_often(seeds, spread, same_items):
    rates = studies.difference_scope(World(seeds, 40, spread), 600, seed=108, same_items=same_items)
    assert within_band(rates.rejected, 0.003, MOST, rates.replicates)


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_the_crossed_bootstrap_beside_it_is_near_its_level(seeds):
    rates = studies.crossed_bootstrap_scope(World(seeds, 80, 0.1), 150, seed=109, draws=400)
    assert within_band(rates.rejected, 0.0, 0.09, rates.replicates)


def test_looks_at_the_recipe_scope_stay_below_the_level_of_one():
    plan = statistics.plan_looks((3, 5), draws=20_000)
    rate = studies.looks_rate(plan, 0.0, 600, 110, World(5, 80, 0.1))
    assert within_band(rate, 0.01, MOST, 600)
