"""Collapse: counted over seeds, bounded exactly, and weighed against the gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from evenhand import statistics
from evenhand.errors import StatisticsError

BASE = np.full(6, 0.5)


@pytest.mark.parametrize(("seeds", "bound"), [(3, 0.632), (5, 0.451), (6, 0.393), (10, 0.259)])
def test_no_collapse_in_a_few_seeds_excludes_little(seeds: int, bound: float) -> None:
    found = statistics.collapse(np.full(seeds, 0.5), np.full(seeds, 0.56), bottom=0.0)
    assert found.collapsed == 0
    assert found.not_excluded == pytest.approx(1 - 0.05 ** (1 / seeds))
    assert found.not_excluded == pytest.approx(bound, abs=0.0005)


def test_the_gain_is_lost_where_collapses_take_what_the_other_seeds_win() -> None:
    # A variant that gains 6.7 points over .6 and falls to 0 in 10 % of its seeds gains nothing on average.
    found = statistics.collapse(np.full(5, 0.603), np.full(5, 0.67), bottom=0.0)
    assert found.break_even == pytest.approx(0.1)


def test_seeds_that_collapsed_are_counted_and_do_not_shrink_the_gain_of_the_others() -> None:
    found = statistics.collapse(BASE, [0.6, 0.6, 0.02, 0.6, 0.6, 0.6], bottom=0.0)
    assert found.collapsed == 1
    assert found.break_even == pytest.approx(0.1 / 0.6)
    # Clopper and Pearson: under the bound, one collapse or none in six is seen 5 % of the time.
    assert binom.cdf(1, 6, found.not_excluded) == pytest.approx(0.05)


def test_a_collapse_is_a_fall_to_chance_where_chance_is_declared() -> None:
    scores = [0.9, 0.9, 0.3, 0.9, 0.9, 0.9]
    assert statistics.collapse(BASE, scores, bottom=0.25).collapsed == 1
    assert statistics.collapse(BASE, scores, bottom=0.0).collapsed == 1
    assert statistics.collapse(BASE, [0.9, 0.9, 0.6, 0.9, 0.9, 0.9], bottom=0.25).collapsed == 0


def test_what_is_to_be_minimised_collapses_upwards() -> None:
    up = statistics.collapse(1 - BASE, [0.4, 0.4, 0.98, 0.4, 0.4, 0.4], bottom=1.0, higher_is_better=False)
    down = statistics.collapse(BASE, [0.6, 0.6, 0.02, 0.6, 0.6, 0.6], bottom=0.0)
    assert (up.collapsed, up.break_even) == (down.collapsed, pytest.approx(down.break_even))
    assert up.threshold == pytest.approx(1 - down.threshold)


def test_a_baseline_at_the_bottom_has_nothing_to_lose() -> None:
    found = statistics.collapse(np.full(4, 0.25), np.full(4, 0.9), bottom=0.25)
    assert found.break_even == 1.0


def test_without_a_bottom_a_collapse_lies_far_below_the_baseline_s_seeds() -> None:
    base = [1.0, 1.1, 0.9, 1.05, 0.95]
    steady = statistics.collapse(base, [1.3, 1.2, 1.25, 1.3, 1.2])
    fallen = statistics.collapse(base, [1.3, 1.2, -4.0, 1.3, 1.2])
    assert (steady.collapsed, fallen.collapsed) == (0, 1)
    assert steady.break_even is None
    assert steady.reason is not None
    assert "floor" in steady.reason


def test_without_a_bottom_and_without_any_spread_a_seed_as_good_as_the_baseline_has_not_collapsed() -> None:
    assert statistics.collapse([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]).collapsed == 0
    assert statistics.collapse([1.0, 1.0, 1.0], [1.2, 1.2, 1.0]).collapsed == 0


def test_the_seeds_must_pair_up() -> None:
    with pytest.raises(StatisticsError, match="same seeds"):
        statistics.collapse([1.0, 2.0], [1.0])


@pytest.mark.slow
@given(st.integers(1, 40), st.data())
def test_the_bound_is_the_exact_one(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    bound = statistics.share_not_excluded(hits, trials)
    if hits == trials:
        assert bound == 1.0
    else:
        assert binom.cdf(hits, trials, bound) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (3, 2), (-1, 4)])
def test_counts_that_cannot_be_are_refused(hits: int, trials: int) -> None:
    with pytest.raises(StatisticsError):
        statistics.share_not_excluded(hits, trials)
