"""The best of many evaluations, and by how much it flatters."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError


@pytest.mark.parametrize(("count", "expected"), [(1, 0.0), (2, 0.56419), (3, 0.84628), (8, 1.42360), (100, 2.50759)])
def test_the_expected_maximum_of_normal_values_is_the_tabled_one(count, expected):
    assert statistics.expected_normal_maximum(count) == pytest.approx(expected, abs=2e-5)


def test_the_exact_inflation_of_a_share_agrees_with_drawing_it():
    drawn = np.random.default_rng(0).binomial(200, 0.3, size=(40_000, 8)).max(axis=1) / 200 - 0.3
    assert statistics.expected_inflation_of_share(8, 200, 0.3) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 200)


def test_evaluations_that_share_their_items_inflate_less():
    assert statistics.expected_inflation(8, 0.03, 0.75) == pytest.approx(statistics.expected_inflation(8, 0.03) / 2)
    assert statistics.expected_inflation(8, 0.03, 1.0) == 0.0


def test_a_peak_comes_with_its_expected_inflation_and_the_final_value():
    result = statistics.report_peak([0.25, 0.36, 0.30, 0.315], standard_error=0.032)
    assert (result.final, result.peak, result.peak_at, result.evaluations) == (0.315, 0.36, 1, 4)
    assert result.deflated == pytest.approx(0.36 - 1.0294 * 0.032, abs=1e-4)


def test_a_lowest_loss_is_deflated_upwards():
    result = statistics.report_peak([1.2, 0.9, 1.0], standard_error=0.1, higher_is_better=False)
    assert result.peak == 0.9
    assert result.deflated > 0.9


def test_without_a_standard_error_the_inflation_is_none_with_the_reason():
    result = statistics.report_peak([0.1, 0.2])
    assert (result.expected_inflation, result.deflated) == (None, None)
    assert "standard error" in result.reason


@pytest.mark.parametrize("call", [(8, -1.0, 0.0), (8, 0.1, 1.5), (0, 0.1, 0.0)])
def test_arguments_out_of_range_are_refused(call):
    with pytest.raises(StatisticsError, match="expected"):
        statistics.expected_inflation(*call)
