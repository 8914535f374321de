"""Holm, Benjamini-Hochberg and intersection-union."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evenhand import statistics
from evenhand.errors import StatisticsError

FAMILIES = [np.random.default_rng(seed).random(9) ** power for seed, power in ((0, 1), (1, 3), (2, 6))]


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
    result = statistics.intersection_union({"baseline": contrast(0.10), "replay": contrast(0.05)})
    assert result.gain
    assert result.strongest == "replay"
    assert result.interval == contrast(0.05).interval
    assert result.p == contrast(0.05).p


def test_a_rival_that_stands_takes_the_gain_away():
    result = statistics.intersection_union({"baseline": contrast(0.10), "reading twice": contrast(0.001)})
    assert not result.gain
    assert result.stood == ("reading twice",)


def test_a_rival_that_is_better_has_p_one():
    assert statistics.intersection_union({"baseline": contrast(0.1), "closed form": contrast(-0.1)}).p == 1.0


def test_an_undefined_contrast_leaves_no_gain_and_a_reason():
    result = statistics.intersection_union({"baseline": contrast(0.1), "replay": statistics.paired_t([0.1])})
    assert not result.gain
    assert result.p is None
    assert result.reason.startswith("replay: one seed")


def test_comparing_with_nothing_is_refused():
    with pytest.raises(StatisticsError, match="at least one contrast"):
        statistics.intersection_union({})
