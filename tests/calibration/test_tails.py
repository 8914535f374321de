"""Small levels, few seeds: where families, looks and null arms live, the recipe scope holds; quick version.

The full grid with tables: ``python benchmarks/calibration.py``.
"""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.statistics.calibration import World, tails, within_band
from evenhand.statistics.calibration.known_to_fail import two_way_alone
from evenhand.statistics.calibration.rates import monte_carlo_error
from evenhand.statistics.calibration.worlds import NOISES
from evenhand.statistics.two_way import mean_squares

MOST = (1.15, 1.3, 1.4, 1.5)
"""Largest size over nominal at .05, .01, .005 and .0025: reached where seeds and items both vary much, for there
Satterthwaite's degrees of freedom are optimistic; near 1 or below everywhere else."""
FINE = 40_000
KNOWN = {noise.name: noise for noise in NOISES}
CORNER = KNOWN["seeds a little"]


def test_the_rule_on_mean_squares_is_the_rule_on_tables():
    for number, noise in enumerate(NOISES):
        for table in tails.tables(noise, 3, 20, 20, seed=number):
            mean, *squares = mean_squares(table[0])
            [p] = tails.two_sided_p_values(np.array([mean]), tuple(np.array([square]) for square in squares), 3, 20)
            assert p == pytest.approx(statistics.two_way_estimate(table[0]).p)


@pytest.mark.parametrize("items", [80, 200, 1000])
@pytest.mark.parametrize("seeds", [3, 4, 5, 6, 8, 10])
@pytest.mark.parametrize("name", KNOWN)
def test_the_tail_is_held_whatever_carries_the_noise(name, seeds, items):
    found = tails.fine_tail(KNOWN[name], seeds, items, FINE, seed=601)
    for share, level, most in zip(found.shares, tails.LEVELS, MOST, strict=True):
        assert within_band(share, 0.0, most * level, FINE, errors=3)


@pytest.mark.parametrize("seeds", [3, 4])
@pytest.mark.parametrize("name", KNOWN)
def test_with_the_fewest_seeds_the_tail_is_the_nominal_one(name, seeds):
    found = tails.fine_tail(KNOWN[name], seeds, 200, FINE, seed=602)
    for share, level in zip(found.shares, tails.LEVELS, strict=True):
        assert within_band(share, 0.0, 1.1 * level, FINE, errors=3)


@pytest.mark.parametrize(("seeds", "factors"), [(3, (1.3, 3, 5, 8)), (4, (1.1, 2, 3, 4)), (5, (1, 1.4, 2, 2.5))])
def test_the_two_way_test_alone_errs_several_times_as_often_as_it_says(seeds, factors):
    found = tails.fine_tail(CORNER, seeds, 200, FINE, seed=603, alone=True)
    for share, level, factor in zip(found.shares, tails.LEVELS, factors, strict=True):
        assert share > factor * level


@pytest.mark.parametrize("name", ["seeds a little", "both"])
def test_the_tail_on_tables_of_graded_scores_and_the_old_rule_beside_it(name):
    ours = tails.graded_tail(KNOWN[name], 3, 80, 2500, seed=604)
    alone = tails.graded_tail(KNOWN[name], 3, 80, 2500, seed=604, procedure=two_way_alone)
    for place, (share, level) in enumerate(zip(ours.shares, tails.LEVELS, strict=True)):
        assert within_band(share, 0.0, 1.1 * level, 2500)
        assert level == 0.05 or not within_band(alone.shares[place], 0.0, 1.1 * level, 2500)


@pytest.mark.parametrize(("items", "spread"), [(80, 0.3), (200, 0.1), (200, 0.0)])
def test_the_tail_of_right_or_wrong_items(items, spread):
    found = tails.binary_tail(World(3, items, spread), 2000, seed=605)
    for share, level in zip(found.shares, tails.LEVELS, strict=True):
        assert within_band(share, 0.0, 1.1 * level, 2000)


@pytest.mark.parametrize(("variants", "families"), [(1, 2000), (5, 500), (10, 300), (20, 150)])
def test_families_without_an_effect_err_as_often_as_one_test(variants, families):
    found = tails.null_family(variants, CORNER, 3, 80, families, seed=606)
    assert found.any <= 0.05 + 3 * monte_carlo_error(0.05, families)
    assert found.gain <= 0.025 + 3 * monte_carlo_error(0.025, families)


def test_families_judged_by_the_two_way_test_alone_do_not():
    found = tails.null_family(10, CORNER, 3, 80, 300, seed=606, procedure=two_way_alone)
    assert found.any > 0.05 + 3 * monte_carlo_error(0.05, 300)


@pytest.mark.parametrize("plan", [(2, 3), (3, 5)])
def test_looks_with_the_fewest_seeds_err_as_often_as_one(plan):
    looks = statistics.plan_looks(plan, draws=20_000)
    for noise in (CORNER, KNOWN["seeds"]):
        rate = tails.looks_tail(looks, noise, 80, 1000, seed=607)
        assert rate <= 0.055 + 3 * monte_carlo_error(0.055, 1000)


def test_looks_at_the_two_way_test_alone_err_more_often():
    looks = statistics.plan_looks((2, 3), draws=20_000)
    rate = tails.looks_tail(looks, CORNER, 80, 1000, seed=607, procedure=two_way_alone)
    assert rate > 0.05 + 3 * monte_carlo_error(0.05, 1000)


def test_differences_of_differences_hold_their_tail():
    for name in ("neither", "seeds a little", "seeds"):
        found = tails.difference_tail(KNOWN[name], 3, 40, 800, seed=608)
        for share, level in zip(found.shares, tails.LEVELS, strict=True):
            assert within_band(share, 0.0, 1.1 * level, 800)


@pytest.mark.parametrize("name", KNOWN)
def test_equivalence_is_shown_at_the_margin_at_most_at_its_level(name):
    assert within_band(tails.equivalence_tail(KNOWN[name], 3, 80, 600, seed=609), 0.0, 0.05, 600, errors=3)


@pytest.mark.parametrize("name", KNOWN)
def test_not_worse_is_shown_at_a_loss_of_the_margin_at_most_at_its_level(name):
    for seeds in (3, 5):
        assert within_band(tails.not_worse_tail(KNOWN[name], seeds, 80, 600, seed=619), 0.0, 0.05, 600, errors=3)


@pytest.mark.parametrize(("items", "margin"), [(80, 0.05), (400, 0.02)])
def test_not_worse_of_one_pair_of_checkpoints_holds_its_level(items, margin):
    share = tails.not_worse_of_checkpoints(items, margin, 0.2, 300, seed=620)
    assert within_band(share, 0.0, 0.055, 300, errors=3)


@pytest.mark.parametrize(("seeds", "items"), [(3, 80), (5, 200), (10, 1000)])
@pytest.mark.parametrize("name", KNOWN)
def test_the_planned_power_is_that_of_the_rule(name, seeds, items):
    noise = KNOWN[name]
    spread = statistics.Spread((noise.seed_ratio / items) ** 0.5, (noise.item_ratio / seeds) ** 0.5, 1.0)
    for shift in (2.0, 4.0):
        found, _ = tails.powers(noise, seeds, items, shift, 20_000, seed=610)
        stated = statistics.planned_power(shift * noise.standard_error(seeds, items), spread, seeds, items)
        assert within_band(found, stated - 0.003, stated + 0.003, 20_000)


@pytest.mark.parametrize(("seeds", "lost"), [(5, 0.05), (10, 0.02)])
def test_agreement_of_both_tests_costs_little_power_from_five_seeds_on(seeds, lost):
    for noise in NOISES:
        ours, alone = tails.powers(noise, seeds, 200, 3.0, 20_000, seed=611)
        assert alone - lost <= ours <= alone
