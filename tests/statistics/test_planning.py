"""What can be detected, and how many seeds and items it takes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError

SPREAD = statistics.Spread(seed_sd=0.02, item_sd=0.3, residual_sd=0.4)


def test_a_guess_of_the_seed_spread_alone_gives_the_paired_t():
    for seeds in (3, 5, 10):
        expected = statistics.smallest_detectable_effect(seeds, 0.02).effect
        assert statistics.planned_detectable(statistics.Spread(0.02), seeds) == pytest.approx(expected)


def test_expected_standard_errors_follow_the_scope():
    recipe = statistics.expected_precision(SPREAD, 5, 100)
    seeds = statistics.expected_precision(SPREAD, 5, 100, "seeds")
    checkpoint = statistics.expected_precision(SPREAD, 1, 100, "checkpoint")
    assert recipe.standard_error**2 == pytest.approx(0.02**2 / 5 + 0.3**2 / 100 + 0.4**2 / 500)
    assert seeds.standard_error**2 == pytest.approx((0.02**2 + 0.4**2 / 100) / 5)
    assert checkpoint.standard_error**2 == pytest.approx((0.3**2 + 0.4**2) / 100)
    assert (seeds.df, checkpoint.df) == (4, 99)
    squares = (100 * 0.02**2 + 0.4**2, 5 * 0.3**2 + 0.4**2, 0.4**2)
    total = squares[0] + squares[1] - squares[2]
    parts = squares[0] ** 2 / 4 + squares[1] ** 2 / 99 + squares[2] ** 2 / 396
    assert recipe.df == pytest.approx(total**2 / parts)


def test_where_seeds_or_items_do_not_spread_the_other_gives_the_degrees_of_freedom():
    assert statistics.expected_precision(statistics.Spread(0.02, 0.0, 0.4), 5, 100).df == 4
    assert statistics.expected_precision(statistics.Spread(0.0, 0.3, 0.4), 5, 100).df == 99


@pytest.mark.parametrize(("seeds", "items"), [(1, 100), (5, 1)])
def test_one_seed_or_one_item_plans_nothing_for_the_recipe(seeds, items):
    assert statistics.planned_detectable(SPREAD, seeds, items) is None
    assert statistics.planned_power(0.1, SPREAD, seeds, items) is None
    assert "one seed or one item" in statistics.expected_precision(SPREAD, seeds, items).reason


def test_the_detectable_effect_has_the_power_it_was_asked_for():
    effect = statistics.planned_detectable(SPREAD, 5, 200, power=0.9)
    assert statistics.planned_power(effect, SPREAD, 5, 200) == pytest.approx(0.9)
    assert statistics.planned_power(-effect, SPREAD, 5, 200) == pytest.approx(0.9)


def test_the_least_number_of_seeds_is_least():
    needed = statistics.seeds_needed(0.0338, statistics.Spread(0.0251))
    assert statistics.planned_power(0.0338, statistics.Spread(0.0251), needed.count) >= 0.8
    assert statistics.planned_power(0.0338, statistics.Spread(0.0251), needed.count - 1) < 0.8


def test_where_items_hide_the_effect_no_number_of_seeds_suffices_and_the_reason_says_so():
    needed = statistics.seeds_needed(0.02, SPREAD, items=50)
    assert needed.count is None
    assert "add items" in needed.reason


def test_where_seeds_hide_the_effect_no_number_of_items_suffices():
    needed = statistics.items_needed(0.02, statistics.Spread(0.02, 0.3, 0.4), 3)
    assert needed.count is None
    assert "add seeds" in needed.reason


def test_the_least_number_of_items_is_least():
    needed = statistics.items_needed(0.05, SPREAD, 5)
    assert statistics.planned_power(0.05, SPREAD, 5, needed.count) >= 0.8
    assert statistics.planned_power(0.05, SPREAD, 5, needed.count - 1) < 0.8


def test_power_curves_rise_from_the_level_to_one_and_more_seeds_lie_higher():
    few, many = statistics.power_curves(SPREAD, [3, 10], 400, effects=[0.0, 0.05, 0.1, 1.0])
    assert 0.02 < few.power[0] < many.power[0] <= 0.051  # two tests must agree: with few seeds both seldom err
    assert few.power[-1] == pytest.approx(1.0, abs=1e-3)
    assert all(low <= high + 1e-9 for low, high in zip(few.power, many.power, strict=True))
    assert many.detectable < few.detectable


def test_the_default_effects_span_the_detectable_ones():
    [curve] = statistics.power_curves(SPREAD, [5], 400)
    assert curve.effects[0] == 0.0
    assert curve.effects[-1] == pytest.approx(1.5 * curve.detectable)


def test_a_pilot_measures_its_spread_and_how_badly_it_knows_it():
    generator = np.random.default_rng(1)
    table = 0.5 * generator.normal(size=(40, 1)) + 0.2 * generator.normal(size=300) + generator.normal(size=(40, 300))
    spread = statistics.spread_from_pilot(table, "null arm")
    assert (spread.seed_sd, spread.item_sd, spread.residual_sd) == pytest.approx((0.5, 0.2, 1.0), rel=0.25)
    assert spread.source == "null arm"


def test_three_seeds_know_their_spread_within_a_factor_of_ten():
    values = [0.0156, 0.0234, 0.0625]
    spread = statistics.spread_from_pilot(values)
    low, high = np.std(values, ddof=1) * (2 / stats.chi2.ppf([0.975, 0.025], 2)) ** 0.5
    assert (spread.seed_sd_interval.low, spread.seed_sd_interval.high) == pytest.approx((low, high))
    assert high / low > 10


def test_right_or_wrong_items_spread_by_how_often_they_flip():
    spread = statistics.spread_of_right_or_wrong(0.2, seed_sd=0.01, item_share=0.25)
    assert spread.item_sd**2 + spread.residual_sd**2 == pytest.approx(0.2)
    assert spread.item_sd**2 == pytest.approx(0.05)


@pytest.mark.parametrize(
    "call",
    [
        lambda: statistics.Spread(-0.1),
        lambda: statistics.Spread(float("nan")),
        lambda: statistics.seeds_needed(0.0, SPREAD),
        lambda: statistics.planned_power(0.1, SPREAD, 0),
        lambda: statistics.spread_from_pilot([0.1]),
        lambda: statistics.spread_of_right_or_wrong(1.2),
        lambda: statistics.planned_detectable(SPREAD, 3, scope="checkpoint"),
    ],
)
def test_plans_out_of_range_are_refused(call):
    with pytest.raises(StatisticsError, match="expected"):
        call()
