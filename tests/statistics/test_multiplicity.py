"""Holm, Benjamini-Hochberg and intersection-union."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evenhand import statistics
from evenhand.errors import StatisticsError

FAMILIES = [np.random.default_rng(seed).random(9) ** power for seed, power in ((0, 1), (1, 3), (2, 6))]


@pytest.mark.slow
@pytest.mark.parametrize("p_values", FAMILIES)
@pytest.mark.parametrize(("ours", "theirs"), [("holm", "holm"), ("benjamini_hochberg", "fdr_bh")])
def test_adjusted_p_values_agree_with_statsmodels(p_values, ours, theirs):
    rejected, expected, *_ = multipletests(p_values, 0.05, theirs)
    result = getattr(statistics, ours)(p_values)
    assert result.p == pytest.approx(tuple(expected))
    assert result.rejected == tuple(rejected)


def test_benjamini_hochberg_says_that_it_is_exploratory():
    assert "exploratory" in statistics.benjamini_hochberg([0.1]).method


def test_holms_interval_levels_agree_with_its_decisions():
    generator = np.random.default_rng(3)
    estimates = [statistics.paired_t(generator.normal(shift, 1.0, 6)) for shift in (0, 0, 1, 2, 3, 4)]
    result = statistics.holm([estimate.p for estimate in estimates])
    assert 0 < sum(result.rejected) < 6
    for estimate, rejected, level in zip(estimates, result.rejected, result.levels, strict=True):
        assert estimate.interval_at(level).excludes(0.0) == rejected


def test_an_undefined_p_value_counts_in_the_family_and_is_never_rejected():
    result = statistics.holm([0.02, None, 0.5])
    assert result.p == (pytest.approx(0.06), None, 1.0)
    assert result.rejected == (False, False, False)


def test_an_empty_family_has_nothing_to_reject():
    assert statistics.holm([]).p == ()
    assert statistics.benjamini_hochberg([]).rejected == ()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_p_values_that_are_none_are_refused(p):
    with pytest.raises(StatisticsError, match="p-values"):
        statistics.holm([0.5, p])


def contrast(mean, spread=0.01):
    return statistics.paired_t(mean + spread * np.array([-1.0, 0.0, 1.0, 0.5, -0.5]))


def test_a_gain_needs_every_contrast_and_shows_the_strongest_rival():
    result = statistics.intersection_union(contrast(0.10), {"replay": contrast(0.05)})
    assert result.gain
    assert result.strongest == "replay"
    assert result.interval == contrast(0.05).interval
    assert result.p == contrast(0.05).p


def test_a_rival_that_stands_takes_the_gain_away():
    result = statistics.intersection_union(contrast(0.10), {"reading twice": contrast(0.001)})
    assert not result.gain
    assert result.stood == ("reading twice",)


def test_a_rival_that_is_better_has_p_one_and_is_named():
    result = statistics.intersection_union(contrast(0.1), {"replay": contrast(0.05), "closed form": contrast(-0.1)})
    assert (result.p, result.direction, result.strongest) == (1.0, "beaten", "closed form")
    assert result.stood == ("closed form",)


def test_a_regression_is_the_baselines_contrast_alone():
    for rivals in ({}, {"replay": contrast(0.2)}, {"replay": contrast(-0.3), "twice": contrast(0.0001)}):
        result = statistics.intersection_union(contrast(-0.1), rivals)
        assert (result.direction, result.p) == ("regression", contrast(-0.1).p)


def test_far_below_a_rival_says_nothing_where_the_baselines_contrast_is_undecided():
    result = statistics.intersection_union(contrast(0.001), {"replay": contrast(-0.5)})
    assert (result.direction, result.p) == ("", 1.0)
    result = statistics.intersection_union(contrast(-0.001), {"replay": contrast(-0.5)})
    assert (result.direction, result.p) == ("", contrast(-0.001).p)


def test_the_best_of_several_rivals_was_chosen_and_must_be_clearer_than_one_alone():
    close = contrast(-0.0105)  # p .041
    assert 0.025 < close.p < 0.05
    assert statistics.intersection_union(contrast(0.1), {"a": close}).direction == "beaten"
    assert statistics.intersection_union(contrast(0.1), {"a": close, "b": contrast(0.1)}).direction == ""


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("rivals", [0, 1, 3])
def test_a_gain_or_regression_is_called_exactly_where_p_is_below_the_level(seed, rivals):
    generator = np.random.default_rng([seed, rivals])
    drawn = [contrast(generator.normal(0.01, 0.02)) for _ in range(rivals + 1)]
    others = dict(zip("abc", drawn[1:], strict=False))
    for alpha in (0.001, 0.0125, 0.05, 0.3):
        result = statistics.intersection_union(drawn[0], others, 1 - alpha)
        assert (result.direction in ("gain", "regression")) == (result.p < alpha)


def test_an_undefined_contrast_leaves_no_gain_and_a_reason():
    result = statistics.intersection_union(contrast(0.1), {"replay": statistics.paired_t([0.1])})
    assert not result.gain
    assert result.p is None
    assert result.reason.startswith("replay: one seed")


def test_a_level_out_of_range_is_refused():
    with pytest.raises(StatisticsError, match="level"):
        statistics.intersection_union(contrast(0.1), level=1.0)
