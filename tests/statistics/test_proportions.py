"""Exact McNemar for right-or-wrong items, and the interval beside it."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from evenhand import statistics
from evenhand.errors import StatisticsError


def differences(gained, lost, same):
    return [1.0] * gained + [-1.0] * lost + [0.0] * same


@pytest.mark.parametrize(("gained", "lost", "same"), [(5, 0, 11), (9, 3, 60), (30, 30, 100), (1, 0, 0), (120, 80, 800)])
def test_the_p_value_agrees_with_statsmodels(gained, lost, same):
    result = statistics.paired_proportions(differences(gained, lost, same))
    assert result.p == pytest.approx(mcnemar([[same, gained], [lost, 0]], exact=True).pvalue)
    assert result.estimate == pytest.approx((gained - lost) / (gained + lost + same))


def test_items_that_never_differ_have_p_one_and_an_interval_about_zero():
    result = statistics.paired_proportions(differences(0, 0, 50))
    assert (result.p, result.estimate, result.standard_error) == (1.0, 0.0, None)
    assert result.interval.low == pytest.approx(-result.interval.high)
    assert 0 < result.interval.high < 0.1


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (16, 0), (0, 16), (8, 8)])
def test_intervals_at_the_extremes_stay_within_the_possible(gained, lost):
    interval = statistics.paired_proportions(differences(gained, lost, 16 - gained - lost)).interval
    assert -1 <= interval.low < interval.high <= 1


def test_swapping_arms_mirrors_the_interval():
    one = statistics.paired_proportions(differences(9, 3, 60)).interval
    two = statistics.paired_proportions(differences(3, 9, 60)).interval
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low))


def test_graded_differences_are_refused():
    with pytest.raises(StatisticsError, match="-1, 0 or 1"):
        statistics.paired_proportions(np.array([0.5, 1.0]))
