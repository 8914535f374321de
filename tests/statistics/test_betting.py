"""Betting e-process and confidence sequence, against the package ville."""

from __future__ import annotations

import numpy as np
import pytest
import ville

from evenhand import statistics
from evenhand.errors import StatisticsError


def stream(seed, shift=0.1, size=300):
    generator = np.random.default_rng(seed)
    return (generator.random(size) < 0.5 + shift) * 1.0 - (generator.random(size) < 0.5)


@pytest.mark.parametrize(("seed", "shift"), [(0, 0.0), (1, 0.1), (2, -0.2), (3, 0.4)])
def test_e_value_p_value_and_stopping_time_agree_with_ville(seed, shift):
    values = stream(seed, shift)
    oracle = ville.BettingTest(0.0, bounds=(-1, 1)).fit(values)
    result = statistics.betting_test(values)
    assert result.e_value == pytest.approx(oracle.e_values_[-1])
    assert result.p == pytest.approx(oracle.p_values_[-1])
    assert result.rejected_after == oracle.stopping_time()


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (-3.0, 2.0)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_confidence_sequence_agrees_with_ville_to_the_width_of_its_grid(bounds, level):
    values = stream(5)
    oracle = ville.BettingCS(bounds=bounds, alpha=1 - level, grid=20_000).fit(values)
    after = (1, 10, 77, 300)
    result = statistics.confidence_sequence(values, bounds, level, after)
    cell = 2 * (bounds[1] - bounds[0]) / 20_000
    for place, count in enumerate(after):
        assert result.low[place] == pytest.approx(oracle.lower_[count - 1], abs=cell)
        assert result.high[place] == pytest.approx(oracle.upper_[count - 1], abs=cell)
        assert oracle.lower_[count - 1] - 1e-12 <= result.low[place]  # no grid: never wider than the oracle


def test_the_test_carries_the_last_interval_of_the_sequence():
    values = stream(6)
    sequence = statistics.confidence_sequence(values)
    interval = statistics.betting_test(values).interval
    assert (interval.low, interval.high) == (sequence.low[-1], sequence.high[-1])


def test_intervals_only_ever_shrink():
    result = statistics.confidence_sequence(stream(7), after=tuple(range(1, 301, 13)))
    assert all(np.diff(result.low) >= 0)
    assert all(np.diff(result.high) <= 0)


def test_a_sequence_that_contradicts_itself_is_none_with_the_reason():
    values = np.concatenate([np.ones(200), -np.ones(2000)])
    result = statistics.betting_test(values)
    assert result.interval is None
    assert "contradicted itself" in result.reason


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([0.0, 1.5], {}, "within the declared bounds"),
        ([0.0, 0.5], {"null": 1.0}, "strictly inside"),
        ([0.0, 0.5], {"bounds": (1.0, -1.0)}, "strictly inside|within"),
    ],
)
def test_values_outside_the_bounds_are_refused(values, options, message):
    with pytest.raises(StatisticsError, match=message):
        statistics.betting_test(values, **options)


@pytest.mark.parametrize("after", [(0,), (3, 2), (2, 2), (5,), ()])
def test_times_out_of_order_or_range_are_refused(after):
    with pytest.raises(StatisticsError, match="after"):
        statistics.confidence_sequence([0.0, 1.0, 0.0, 1.0], after=after)
