"""Two one-sided tests."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.weightstats import ttost_paired

from evenhand import statistics
from evenhand.errors import StatisticsError


@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_the_p_value_agrees_with_statsmodels(margin):
    generator = np.random.default_rng(4)
    left, right = generator.normal(size=12), generator.normal(0.2, 1.0, size=12)
    expected, lower, upper = ttost_paired(right, left, -margin, margin)
    result = statistics.equivalence(statistics.paired_t(right - left), margin)
    assert result.p == pytest.approx(expected)
    assert (result.p_lower, result.p_upper) == pytest.approx((lower[1], upper[1]))


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.2, 0.3, 0.4])
def test_equivalence_is_the_90_percent_interval_inside_the_margins(shift):
    estimate = statistics.paired_t(np.linspace(-0.3, 0.3, 8) + shift)
    result = statistics.equivalence(estimate, 0.4)
    assert result.equivalent == result.interval.within(0.4)
    assert result.interval.level == pytest.approx(0.9)


def test_an_effect_that_is_there_but_too_small_to_matter_is_trivial():
    estimate = statistics.paired_t([0.010, 0.011, 0.012, 0.010, 0.011])
    assert statistics.equivalence(estimate, 0.05).trivial
    assert not statistics.equivalence(estimate, 0.0105).trivial


def test_without_a_spread_equivalence_is_not_shown():
    result = statistics.equivalence(statistics.paired_t([0.0, 0.0, 0.0]), 0.1)
    assert not result.equivalent
    assert result.p is None
    assert "same difference" in result.reason


@pytest.mark.parametrize(("gained", "lost", "items"), [(5, 5, 1000), (40, 20, 200), (0, 0, 50)])
def test_for_right_or_wrong_items_it_agrees_with_their_interval(gained, lost, items):
    estimate = statistics.paired_proportions([1.0] * gained + [-1.0] * lost + [0.0] * (items - gained - lost))
    for margin in (0.02, 0.05, 0.2):
        result = statistics.equivalence(estimate, margin)
        assert result.equivalent == estimate.interval_at(0.9).within(margin)


@pytest.mark.parametrize("margin", [0.0, -1.0, float("nan"), float("inf")])
def test_a_margin_that_is_not_above_zero_is_refused(margin):
    with pytest.raises(StatisticsError, match="margin"):
        statistics.equivalence(statistics.paired_t([1.0, 2.0]), margin)
