"""Pruning for futility, and by a plain threshold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError

FLAT = [-0.01, 0.0, 0.01, -0.005]


def test_an_arm_is_pruned_when_its_upper_bound_lies_below_the_margin():
    result = statistics.futility(statistics.paired_t(FLAT), 0.02)
    assert result.prune
    assert result.upper == pytest.approx(np.mean(FLAT) + stats.t.ppf(0.95, 3) * stats.sem(FLAT))
    assert not statistics.futility(statistics.paired_t(FLAT), 0.005).prune


def test_the_chance_of_pruning_the_margin_itself_is_stated():
    result = statistics.futility(statistics.paired_t(FLAT), 0.02, confidence=0.9)
    assert result.false_prune_chance == pytest.approx(0.1)
    assert statistics.prune_chance(0.02, 0.02, 0.01, 3, confidence=0.9) == pytest.approx(0.1)


def test_larger_effects_are_pruned_less_often():
    chances = [statistics.prune_chance(effect, 0.02, 0.01, 3) for effect in (0.0, 0.01, 0.02, 0.03, 0.1)]
    assert chances == sorted(chances, reverse=True)
    assert chances[-1] < 1e-3


def test_one_seed_prunes_nothing_and_says_why():
    result = statistics.futility(statistics.paired_t([-5.0]), 0.02)
    assert not result.prune
    assert "one seed" in result.reason


def test_the_plain_threshold_is_labelled_as_uncontrolled():
    result = statistics.threshold_prune(0.0006, 0.001)
    assert result.prune
    assert result.label == "plain threshold, without error control"
    assert result.false_prune_chance is None


def test_with_a_known_spread_the_threshold_states_how_often_it_drops_a_real_gain():
    result = statistics.threshold_prune(0.0, 0.001, margin=0.02, standard_error=0.03)
    assert result.false_prune_chance == pytest.approx(stats.norm.cdf(-0.019 / 0.03))


@pytest.mark.parametrize("confidence", [0.5, 1.0, 0.2])
def test_a_confidence_of_one_half_or_less_is_refused(confidence):
    with pytest.raises(StatisticsError, match="confidence"):
        statistics.futility(statistics.paired_t(FLAT), 0.02, confidence)
