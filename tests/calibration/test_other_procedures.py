"""Every other procedure holds its level; quick version.

The full grid with tables: ``python benchmarks/calibration.py``.
"""

from __future__ import annotations

import pytest

from evenhand import statistics
from evenhand.statistics.calibration import World, studies, within_band

MANY = 2000


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize(("items", "spread"), [(16, 0.3), (80, 0.0), (200, 0.1)])
def test_the_paired_t_over_seeds_errs_5_to_6_percent(seeds, items, spread):
    rates = studies.seeds_scope(World(seeds, items, spread), 1000, seed=201)
    assert within_band(rates.rejected, 0.045, 0.06, rates.replicates)
    assert within_band(1 - rates.covered, 0.045, 0.06, rates.replicates)


@pytest.mark.parametrize("items", [16, 80, 200, 1000])
def test_exact_mcnemar_errs_at_most_at_its_level(items):
    rates = studies.mcnemar_scope(items, 0.0, 800, seed=202)
    assert within_band(rates.rejected, 0.0, 0.05, rates.replicates)


@pytest.mark.parametrize("items", [16, 80, 1000])
@pytest.mark.parametrize("shift", [0.3, 1.0, 3.0])
def test_the_interval_beside_mcnemar_covers_real_differences(items, shift):
    rates = studies.mcnemar_scope(items, shift, 600, seed=203, interaction=0.3)
    assert within_band(1 - rates.covered, 0.0, 0.055, rates.replicates)


@pytest.mark.parametrize("items", [30, 80, 200])
def test_the_paired_t_over_graded_items_holds_its_level(items):
    rates = studies.graded_checkpoint_scope(items, 0.0, 1000, seed=204)
    assert within_band(rates.rejected, 0.045, 0.055, rates.replicates)


@pytest.mark.parametrize("items", [16, 80, 200])
def test_betting_errs_at_most_at_its_level_however_often_it_is_looked_at(items):
    rates = studies.betting_scope(items, 0.0, 300, seed=205)
    assert within_band(rates.rejected, 0.0, 0.05, rates.replicates)
    assert within_band(1 - rates.covered, 0.0, 0.05, rates.replicates)


def test_betting_finds_what_is_there():
    assert studies.betting_scope(200, 1.5, 150, seed=206).rejected > 0.9


@pytest.mark.parametrize(("seeds", "size"), [(3, 0.0), (5, 0.0), (6, 1 / 32), (8, 6 / 128), (10, 25 / 512)])
def test_the_sign_flip_test_has_exactly_its_attainable_size(seeds, size):
    rates = studies.sign_flip_scope(seeds, 0.0, MANY, seed=207)
    assert within_band(rates.rejected, size, size, rates.replicates)


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_equivalence_is_declared_at_the_margin_at_most_at_its_level(seeds):
    assert within_band(studies.equivalence_rate(1.5, 1.5, seeds, MANY, seed=208), 0.0, 0.05, MANY)
    assert studies.equivalence_rate(0.0, 1.5, seeds, 500, seed=208) > studies.equivalence_rate(
        1.0, 1.5, seeds, 500, seed=208
    )


@pytest.mark.parametrize("plan", [(3, 5), (5, 10), (3, 6, 10), (4, 7, 10)])
def test_planned_looks_together_err_as_often_as_one(plan):
    looks = statistics.plan_looks(plan, draws=20_000)
    assert within_band(studies.looks_rate(looks, 0.0, MANY, seed=209), 0.047, 0.052, MANY)


def test_a_simulated_look_plan_errs_as_often_as_one_look():
    looks = statistics.plan_looks((3, 4, 6, 9), draws=60_000)
    assert within_band(studies.looks_rate(looks, 0.0, MANY, seed=210), 0.048, 0.052, MANY)


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_futility_prunes_the_margin_as_often_as_it_says(seeds, confidence):
    rate = studies.prune_rate(1.0, 1.0, seeds, MANY, seed=211, confidence=confidence)
    assert within_band(rate, 1 - confidence, 1 - confidence, MANY)


@pytest.mark.parametrize("effect", [0.0, 0.5, 2.0])
def test_the_stated_chance_of_a_prune_is_the_one_that_comes_out(effect):
    stated = statistics.prune_chance(effect, 1.0, 5**-0.5, 4)
    assert within_band(studies.prune_rate(effect, 1.0, 5, MANY, seed=212), stated, stated, MANY)


@pytest.mark.parametrize(("nulls", "effects"), [(10, 0), (10, 5), (2, 1)])
def test_holm_holds_the_family_at_its_level(nulls, effects):
    rates = studies.family_rates("holm", nulls, effects, 500, seed=213)
    assert within_band(rates.any_false, 0.0, 0.05, 500)


def test_benjamini_hochberg_holds_the_share_of_false_discoveries_but_not_the_family():
    rates = studies.family_rates("benjamini-hochberg", 10, 5, 500, seed=214)
    assert within_band(rates.false_share, 0.0, 0.05 * 10 / 15, 500)
    assert rates.any_false > 0.08
    assert rates.found > studies.family_rates("holm", 10, 5, 500, seed=214).found


@pytest.mark.parametrize("rivals", [1, 3])
def test_beating_every_rival_errs_at_most_at_half_the_two_sided_level(rivals):
    rate = studies.rivals_rate(rivals, 6.0, 5, 800, seed=215)
    assert within_band(rate, 0.0, 0.025, 800)


@pytest.mark.parametrize(("runs", "low", "high"), [(3, 0.10, 0.25), (5, 0.06, 0.16), (10, 0.04, 0.11)])
def test_the_suite_bootstrap_errs_too_often_with_few_runs_as_documented(runs, low, high):
    rates = studies.suite_rates(runs, 10, 300, seed=216, draws=300)
    assert within_band(rates.rejected, low, high, rates.replicates)
