"""The paired t over seeds, its power, and the smallest effect that it detects."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from evenhand import statistics
from evenhand.errors import StatisticsError

DELTAS = [0.0156, 0.0234, 0.0625]


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_estimate_interval_and_p_agree_with_scipy(level):
    oracle = stats.ttest_1samp(DELTAS, 0.0)
    result = statistics.paired_t(DELTAS, level)
    assert result.estimate == pytest.approx(np.mean(DELTAS))
    assert result.standard_error == pytest.approx(stats.sem(DELTAS))
    assert (result.df, result.p) == (2, pytest.approx(oracle.pvalue))
    expected = oracle.confidence_interval(level)
    assert (result.interval.low, result.interval.high) == pytest.approx((expected.low, expected.high))
    assert result.interval_at(0.9) == statistics.paired_t(DELTAS, 0.9).interval


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("null", [-0.02, 0.0, 0.05])
def test_p_values_against_any_null_agree_with_scipy(null, alternative):
    expected = stats.ttest_1samp(DELTAS, null, alternative=alternative).pvalue
    assert statistics.paired_t(DELTAS).p_value(null, alternative) == pytest.approx(expected)


def test_one_seed_has_an_estimate_and_a_reason_but_no_interval():
    result = statistics.paired_t([0.0025])
    assert result.estimate == 0.0025
    assert (result.standard_error, result.interval, result.p, result.interval_at(0.9), result.p_value()) == (None,) * 5
    assert "one seed" in result.reason


@pytest.mark.parametrize("value", [0.0, 0.1, -3e200])
def test_equal_differences_give_no_interval_although_rounding_makes_them_vary(value):
    result = statistics.paired_t([value, value, value * (1 + 1e-16), value])
    assert result.interval is None
    assert "all 4 seeds show the same difference" in result.reason


def test_few_seeds_carry_the_note_that_nobody_can_check_normality():
    assert "With 5 seeds" in statistics.paired_t(np.arange(5.0)).notes[0]
    assert statistics.paired_t(np.arange(6.0)).notes == ()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "at least one value"),
        ([[1.0, 2.0]], r"found shape \(1, 2\)"),
        ([0.1, np.nan], "the first at index 1"),
        ([0.1, np.inf], "NaN or infinite"),
        (["a"], "expected numbers"),
    ],
)
def test_bad_differences_are_refused_with_what_was_found(values, message):
    with pytest.raises(StatisticsError, match=message):
        statistics.paired_t(values)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(StatisticsError, match="strictly between 0 and 1"):
        statistics.paired_t(DELTAS, level)


@pytest.mark.parametrize(("seeds", "in_sd"), [(3, 3.26), (4, 2.13), (5, 1.68), (6, 1.44), (8, 1.16), (10, 0.99)])
def test_smallest_detectable_effects_are_the_known_ones(seeds, in_sd):
    result = statistics.smallest_detectable_effect(seeds, 0.5)
    assert result.in_sd == pytest.approx(in_sd, abs=0.0065)
    assert result.effect == pytest.approx(in_sd * 0.5, abs=0.004)


@pytest.mark.parametrize("seeds", [3, 5, 10, 100])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_smallest_detectable_effects_agree_with_statsmodels(seeds, power):
    expected = TTestPower().solve_power(nobs=seeds, alpha=0.05, power=power)
    assert statistics.smallest_detectable_effect(seeds, power=power).in_sd == pytest.approx(expected, rel=1e-4)


def test_one_seed_detects_nothing_and_says_so():
    result = statistics.smallest_detectable_effect(1, 0.02)
    assert result.effect is None
    assert "one seed" in result.reason
    assert result.exceeds(1e9)


def test_a_detectable_effect_above_the_margin_is_flagged():
    assert statistics.smallest_detectable_effect(3, 0.02).exceeds(0.05)
    assert not statistics.smallest_detectable_effect(10, 0.02).exceeds(0.05)


@pytest.mark.parametrize("df", [1, 2, 9, 1e9])
def test_power_without_an_effect_is_the_level(df):
    assert statistics.t_test_power(0.0, df) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("df", [2, 7.5, 40])
@pytest.mark.parametrize("noncentrality", [0.5, 2.0, 5.0])
def test_power_agrees_with_the_noncentral_t_of_scipy(df, noncentrality):
    limit = stats.t.ppf(0.975, df)
    expected = stats.nct.sf(limit, df, noncentrality) + stats.nct.cdf(-limit, df, noncentrality)
    assert statistics.t_test_power(noncentrality, df) == pytest.approx(expected, abs=1e-9)
    assert statistics.t_lower_tail(noncentrality, df, 1.0) == pytest.approx(
        stats.nct.cdf(1.0, df, noncentrality), abs=1e-9
    )


def test_power_far_in_the_tail_is_a_number():
    assert statistics.t_test_power(300.0, 1) == pytest.approx(1.0)
    assert 0 < statistics.t_test_power(50.0, 1) <= 1.0


def test_nodes_and_weights_are_those_of_the_eigenvalue_problem():
    from evenhand.statistics import student

    nodes, weights = student._legendre()
    known, of_known = np.polynomial.legendre.leggauss(len(nodes))
    assert nodes == pytest.approx(known, abs=1e-15)
    assert weights == pytest.approx(of_known, abs=1e-14)
    assert weights @ nodes**398 == pytest.approx(2 / 399, abs=1e-15)  # exact up to twice their number
