"""Means that may be looked at after every seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from evenhand import statistics
from evenhand.errors import StatisticsError
from evenhand.statistics.anytime import PRECISION, log_e_values, unit_half_widths

RNG = np.random.default_rng(20_261_128)
DRAWN = RNG.normal(0.6, 1.0, 12)


def e_by_integration(values: np.ndarray) -> float:
    """The likelihood over effects N(0, 1 / c**2) and scales 1 / sigma, over that at no effect, by quadrature."""

    def log_likelihood(effect: float, log_sigma: float) -> float:
        sigma = math.exp(log_sigma)
        return float(stats.norm.logpdf(values, effect * sigma, sigma).sum())

    def mixed(effect: float) -> float:
        return integrate.quad(lambda s: math.exp(log_likelihood(effect, s)), -6, 6, limit=200)[0]

    prior = stats.norm(0, PRECISION**-0.5)
    above = integrate.quad(lambda effect: mixed(effect) * prior.pdf(effect), -9, 9, limit=200)[0]
    return above / mixed(0.0)


@pytest.mark.slow
def test_the_e_value_is_the_ratio_of_likelihoods_mixed_over_effects_and_scales() -> None:
    x = np.array([1.0, -0.4, 0.2, 0.7])
    t = x.mean() / (x.std(ddof=1) / math.sqrt(x.size))
    assert math.exp(log_e_values(t, x.size)) == pytest.approx(e_by_integration(x), rel=1e-4)


def test_before_a_second_seed_nothing_is_earned_and_with_each_the_mean_of_e_is_one() -> None:
    drawn = np.random.default_rng(1).standard_normal((200_000, 4))
    for count in (2, 3, 4):
        part = drawn[:, :count]
        t = part.mean(axis=1) / (part.std(axis=1, ddof=1) / math.sqrt(count))
        assert np.exp(log_e_values(t, count)).mean() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_interval_excludes_a_mean_exactly_where_its_p_value_is_below_the_level(level: float) -> None:
    for table in (DRAWN, DRAWN[:, None] + RNG.normal(0, 0.5, 16) + RNG.normal(0, 1, (12, 16))):
        found = statistics.anytime_mean(table, level)
        interval = found.interval
        assert interval is not None
        for end, inside in ((interval.low, 1), (interval.high, -1)):
            below, above = found.p_value(end - 1e-4 * inside), found.p_value(end + 1e-4 * inside)
            assert below < 1 - level < above


def test_what_was_shown_once_stays_shown_whatever_comes_after() -> None:
    early = statistics.anytime_mean([1.0, 1.1, 0.9, 1.05, 1.0])
    later = statistics.anytime_mean([1.0, 1.1, 0.9, 1.05, 1.0, -1.0, -2.0, 0.4])
    assert early.interval.low > 0
    assert later.p <= early.p < 0.05
    assert later.interval.low >= early.interval.low


def test_the_order_of_the_seeds_is_that_in_which_they_were_drawn() -> None:
    values = [1.0, 1.1, 0.9, 1.05, -3.0, 3.0]
    assert statistics.anytime_mean(values).p < statistics.anytime_mean(values[::-1]).p


def test_four_seeds_are_the_fewest_at_five_per_cent() -> None:
    assert [statistics.first_look(alpha) for alpha in (0.05, 0.01, 0.001)] == [4, 5, 6]
    assert statistics.anytime_mean([1.0, 1.001, 0.999]).interval is None
    assert statistics.anytime_mean([1.0, 1.001, 0.999]).p > 0.05
    assert math.isinf(unit_half_widths(3, 0.05))


@pytest.mark.parametrize("factor", [1e-200, 1e-9, 3.0, 1e150])
def test_neither_unit_nor_size_of_the_metric_matters(factor: float) -> None:
    plain, scaled = statistics.anytime_mean(DRAWN), statistics.anytime_mean(DRAWN * factor)
    assert scaled.p == pytest.approx(plain.p)
    assert scaled.interval.low == pytest.approx(plain.interval.low * factor)


def test_items_that_differ_widen_the_interval_however_many_seeds_there_are() -> None:
    items = RNG.normal(0, 1.0, 30)
    table = items + RNG.normal(0, 0.01, (40, 30))
    seeds = statistics.anytime_mean(table.mean(axis=1))
    both = statistics.anytime_mean(table)
    over_items = statistics.paired_t(table.mean(axis=0), unit="items").interval
    assert seeds.interval.high - seeds.interval.low < 0.01
    assert both.interval.high - both.interval.low == pytest.approx(over_items.high - over_items.low, rel=0.15)


@pytest.mark.parametrize("items", [4, 30])
def test_the_interval_is_never_narrower_than_that_of_the_item_means_widened_where_they_are_few(items: int) -> None:
    table = RNG.normal(0, 0.1, (9, items))
    found = statistics.anytime_mean(table)
    own = statistics.paired_t(table.mean(axis=0), unit="items")
    assert found.item_floors[-1] == pytest.approx((1 + 2.5 / items) * own.standard_error)
    for looks, error in enumerate(found.item_floors, start=2):
        alone = (1 + 2.5 / items) * statistics.paired_t(table[:looks].mean(axis=0), unit="items").standard_error
        assert error == pytest.approx(alone)
    half = -stats.t.ppf(0.025, items - 1) * np.array(found.item_floors)
    assert found.interval.low <= np.max(np.array(found.means) - half) + 1e-12
    assert found.interval.high >= np.min(np.array(found.means) + half) - 1e-12


@pytest.mark.parametrize(("items", "words"), [(1, "one item"), (2, "2 items"), (3, "3 items")])
def test_of_new_items_nothing_is_told_by_three_of_them(items: int, words: str) -> None:
    found = statistics.anytime_mean(RNG.normal(2, 0.1, (8, items)))
    assert (found.p, found.interval) == (None, None)
    assert words in found.reason
    assert 'scope = "seeds"' in found.reason
    four = statistics.anytime_mean(RNG.normal(2, 0.1, (8, 4)))
    assert four.p < 0.05


def test_a_plan_on_three_items_finds_nothing_however_many_seeds_it_has() -> None:
    spread = statistics.Spread(0.1, 0.0, 0.1)
    plan = statistics.LookPlan((3, 4, 5, 6), 0.05, 0.05, "anytime", (), 0)
    few, more = (statistics.operating(plan, 1.0, spread, items, margin=0.01) for items in (3, 8))
    assert few.gain == 0.0
    assert more.gain > 0.9
    assert statistics.anytime_seeds_needed(1.0, spread, 3).count is None
    assert statistics.anytime_seeds_needed(1.0, spread, 8).count <= 6


def test_what_is_asked_for_twice_is_the_same_answer() -> None:
    found = statistics.anytime_mean(DRAWN)
    assert found.p_value(0.1, "less") == found.p_value(0.1, "less")
    assert found.interval_at(0.9) is found.interval_at(0.9)
    assert found.p_value(0.1, "less") != found.p_value(0.1, "greater")


def test_seeds_that_all_agree_have_no_interval_and_say_why() -> None:
    found = statistics.anytime_mean([0.5, 0.5, 0.5, 0.5, 0.5])
    assert (found.p, found.interval, found.interval_at(0.9), found.p_value(0.1)) == (None, None, None, None)
    assert "same difference" in found.reason
    assert "one seed" in statistics.anytime_mean([0.5]).reason


def test_a_start_in_which_seeds_agree_by_rounding_calls_nothing() -> None:
    """Right-or-wrong items of few seeds often tie: such a start has no spread to judge by."""
    found = statistics.anytime_mean([0.25, 0.25, 0.25, 0.25, 0.0])
    assert found.p > 0.05


def test_no_effect_is_shown_by_the_sequence_inside_the_margin() -> None:
    found = statistics.paired_contrast(RNG.normal(0, 0.1, 30), scope="seeds", anytime=True)
    assert found.anytime
    narrow = statistics.equivalence(found.primary, 0.1)
    assert narrow.equivalent == (narrow.interval.low > -0.1 and narrow.interval.high < 0.1)
    assert narrow.equivalent


def test_intervals_that_contradict_each_other_leave_what_lies_between_them() -> None:
    values = [1.0, 1.001, 0.999, 1.0005, 1.0] + [-1.0 + 0.001 * i for i in range(60)]
    found = statistics.anytime_mean(values)
    assert found.interval.low < found.interval.high
    assert found.p < 0.05


@pytest.mark.parametrize("bad", [[], [float("nan"), 1.0], [[[1.0]]]])
def test_what_is_no_table_of_seeds_is_refused(bad: list) -> None:
    with pytest.raises(StatisticsError):
        statistics.anytime_mean(bad)


def test_the_seeds_that_are_said_to_be_needed_find_the_effect_with_the_wished_for_power() -> None:
    needed = statistics.anytime_seeds_needed(1.0, statistics.Spread(1.0)).count
    drawn = np.random.default_rng(3).normal(1.0, 1.0, (400, needed))
    found = np.mean([statistics.anytime_mean(row).p <= 0.05 for row in drawn])
    assert 0.75 < found < 0.95
    assert statistics.anytime_seeds_needed(0.1, statistics.Spread(0.1, 1.0), 20).count is None
