"""Interquartile mean and performance profiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError


@pytest.mark.parametrize("shape", [(3, 4), (5, 7), (1, 1), (2, 1), (10, 26)])
def test_the_interquartile_mean_is_the_25_percent_trimmed_mean(shape):
    scores = np.random.default_rng(1).exponential(size=shape)
    assert statistics.interquartile_mean(scores) == pytest.approx(stats.trim_mean(scores, 0.25, axis=None))


def test_outliers_do_not_move_it():
    scores = np.ones((4, 5))
    scores[0] = 1e9
    assert statistics.interquartile_mean(scores) == 1.0


def test_the_stratified_bootstrap_keeps_each_task_to_its_own_runs():
    scores = np.tile([0.0, 1.0, 2.0, 3.0], (6, 1))  # tasks differ, runs do not
    result = statistics.suite_mean(scores, np.random.default_rng(0), draws=200)
    assert (result.interval.low, result.interval.high) == (result.estimate, result.estimate)


def test_runs_are_drawn_in_pairs():
    generator = np.random.default_rng(2)
    baseline = generator.normal(size=(8, 5)) * 10
    result = statistics.suite_difference(baseline, baseline + 0.5, generator, draws=300)
    assert (result.interval.low, result.interval.high) == pytest.approx((0.5, 0.5))


def test_one_run_has_no_interval_and_says_why():
    result = statistics.suite_mean([[1.0, 2.0]], np.random.default_rng(0))
    assert result.interval is None
    assert "one run" in result.reason


def test_a_profile_is_the_share_of_runs_above_each_threshold():
    scores = [[0.1, 0.9], [0.3, 0.7]]
    result = statistics.performance_profile(scores, [0.0, 0.3, 0.8, 1.0], np.random.default_rng(0), draws=500)
    assert result.share == (1.0, 0.5, 0.25, 0.0)
    assert all(low <= share <= high for low, share, high in zip(result.low, result.share, result.high, strict=True))
    assert (result.low[0], result.high[-1]) == (1.0, 0.0)


def test_thresholds_out_of_order_are_refused():
    with pytest.raises(StatisticsError, match="ascending"):
        statistics.performance_profile([[1.0, 2.0]], [1.0, 0.0], np.random.default_rng(0))


def test_arms_of_different_shape_are_refused():
    with pytest.raises(StatisticsError, match="same runs and tasks"):
        statistics.suite_difference([[1.0, 2.0]], [[1.0]], np.random.default_rng(0))
