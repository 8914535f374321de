"""The exact sign-flip test and counts of signs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError


@pytest.mark.parametrize(
    ("seeds", "minimum"),
    [(1, 1.0), (2, 0.5), (3, 0.25), (4, 0.125), (5, 0.0625), (6, 0.03125), (8, 0.0078125), (10, 0.001953125)],
)
def test_the_attainable_minimum_is_reached_when_all_signs_agree(seeds, minimum):
    result = statistics.sign_flip(np.arange(1.0, seeds + 1))
    assert result.attainable == minimum
    assert result.p == pytest.approx(minimum)
    assert result.exact


@pytest.mark.parametrize("seed", range(6))
def test_it_agrees_with_counting_every_pattern(seed):
    values = np.random.default_rng(seed).integers(-3, 5, size=7).astype(float)
    sums = [abs(np.dot(signs, values)) for signs in itertools.product((-1, 1), repeat=7)]
    expected = np.mean([total >= abs(values.sum()) - 1e-9 for total in sums])
    assert statistics.sign_flip(values).p == pytest.approx(expected)


def test_it_agrees_with_scipys_permutation_test():
    values = np.random.default_rng(3).normal(0.4, 1.0, 9)
    expected = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert statistics.sign_flip(values).p == pytest.approx(expected.pvalue)


def test_thirty_two_differences_are_still_counted_exactly():
    values = np.ones(32)
    values[:10] = -1.0
    expected = stats.binomtest(10, 32).pvalue
    assert statistics.sign_flip(values).p == pytest.approx(expected)


def test_many_differences_need_a_generator_and_then_agree_with_the_normal_limit():
    values = np.random.default_rng(5).normal(0.25, 1.0, 100)
    without = statistics.sign_flip(values)
    assert without.p is None
    assert "no generator" in without.reason
    drawn = statistics.sign_flip(values, np.random.default_rng(6), draws=20_000)
    assert not drawn.exact
    assert drawn.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)


def test_differences_that_cancel_have_a_p_of_one():
    assert statistics.sign_flip([0.1, -0.1]).p == 1.0
    assert statistics.sign_flip([0.0, 0.0, 0.0]).p == 1.0


def test_signs_are_counted():
    counts = statistics.sign_counts([0.01, 0.0, -0.2, 3.0])
    assert (counts.positive, counts.zero, counts.negative) == (2, 1, 1)
    assert str(counts) == "2+/1=/1-"


def test_item_flips_are_counted_by_seed_and_over_all_seeds():
    baseline = [[0, 0, 1, 1], [0, 1, 1, 1]]
    variant = [[1, 0, 0, 1], [1, 1, 0, 0]]
    flips = statistics.item_flips(baseline, variant)
    assert (flips.gained, flips.lost, flips.same) == (2, 3, 3)
    assert (flips.gained_by_seed, flips.lost_by_seed) == ((1, 1), (1, 2))
    assert (flips.always_gained, flips.always_lost) == (1, 1)


def test_patterns_drawn_before_give_the_same_p_as_drawing_them_anew() -> None:
    for count in (45, 60, 182):
        drawn = statistics.sign_draws(np.random.default_rng(3), count, 10_000)
        for shift in (0.0, 0.1, 0.3):
            # Thousandths, as means over 1,000 items are: many patterns tie with the observed one.
            values = np.round(np.random.default_rng(count).normal(shift, 1, count), 3)
            anew = statistics.sign_flip(values, np.random.default_rng(3), 10_000)
            assert statistics.sign_flip(values, drawn) == anew
    with pytest.raises(StatisticsError, match="expected 182 differences, found 50"):
        statistics.sign_flip(np.arange(1.0, 51.0) ** 2 * (-1.0) ** np.arange(50), drawn)


def test_patterns_kept_as_bits_sum_as_the_signs_that_were_drawn():
    for count in (33, 40, 47):
        signs = np.random.default_rng(3).integers(0, 2, size=(50, count))
        magnitudes = np.random.default_rng(4).exponential(size=count)
        found = statistics.sign_draws(np.random.default_rng(3), count, 50).sums_of_plus(magnitudes)
        np.testing.assert_allclose(found, signs @ magnitudes, rtol=1e-13)
