"""It helps here and not there: the difference of two contrasts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError

GENERATOR = np.random.default_rng(21)
TARGET, CONTROL = GENERATOR.normal(0.5, 1.0, (5, 30)), GENERATOR.normal(0.1, 1.0, (5, 20))


def test_the_estimate_is_the_difference_of_the_means():
    result = statistics.difference_of_differences(TARGET, CONTROL)
    assert result.estimate == pytest.approx(TARGET.mean() - CONTROL.mean())
    assert result.method.startswith("difference of differences")


def test_per_seed_differences_are_paired_by_seed():
    left, right = np.array([0.3, 0.4, 0.1, 0.6]), np.array([0.2, 0.1, 0.1, 0.2])
    for scope in ("recipe", "seeds"):
        result = statistics.difference_of_differences(left, right, scope=scope)
        assert result.p == pytest.approx(stats.ttest_rel(left, right).pvalue)


def test_the_seeds_scope_pairs_the_seed_means():
    expected = stats.ttest_rel(TARGET.mean(axis=1), CONTROL.mean(axis=1)).pvalue
    assert statistics.difference_of_differences(TARGET, CONTROL, scope="seeds").p == pytest.approx(expected)


def test_other_items_of_the_same_checkpoints_are_compared_by_welchs_t():
    expected = stats.ttest_ind(TARGET.mean(axis=0), CONTROL.mean(axis=0), equal_var=False)
    result = statistics.difference_of_differences(TARGET, CONTROL, scope="checkpoint")
    assert (result.p, result.df) == pytest.approx((expected.pvalue, expected.df))


@pytest.mark.parametrize("scope", ["recipe", "checkpoint"])
def test_the_same_items_are_subtracted_one_by_one(scope):
    other = TARGET + np.random.default_rng(1).normal(0.2, 0.1, TARGET.shape)
    result = statistics.difference_of_differences(other, TARGET, scope=scope, same_items=True)
    alone = statistics.paired_contrast(other - TARGET, scope=scope)
    assert (result.estimate, result.standard_error, result.p) == pytest.approx(
        (alone.estimate, alone.standard_error, alone.p)
    )


def test_the_item_sets_of_both_conditions_add_their_variances():
    generator = np.random.default_rng(2)
    item_left, item_right = generator.normal(size=200), generator.normal(size=100)
    left = item_left + 0.01 * generator.normal(size=(6, 200))
    right = item_right + 0.01 * generator.normal(size=(6, 100))
    expected = (item_left.var(ddof=1) / 200 + item_right.var(ddof=1) / 100) ** 0.5
    result = statistics.difference_of_differences(left, right)
    assert result.standard_error == pytest.approx(expected, rel=0.01)
    assert result.df > 100


def test_the_variance_and_its_degrees_of_freedom_follow_the_rule():
    generator = np.random.default_rng(8)
    tables = [
        generator.normal(size=(6, 1)) + generator.normal(size=items) + generator.normal(size=(6, items))
        for items in (30, 12)
    ]
    seed_part = np.var(tables[0].mean(axis=1) - tables[1].mean(axis=1), ddof=1) / 6
    total, spread = seed_part, seed_part**2 / 5
    for table in tables:
        parts = statistics.variance_components(table)
        item, rest = parts.mean_square_item / table.size, parts.mean_square_residual / table.size
        total += item - rest
        spread += item**2 / (table.shape[1] - 1) + rest**2 / (5 * (table.shape[1] - 1))
    result = statistics.difference_of_differences(*tables)
    assert result.standard_error**2 == pytest.approx(total)
    assert result.df == pytest.approx(total**2 / spread)


def test_without_an_item_effect_the_seeds_stand_alone():
    generator = np.random.default_rng(9)
    left, right = (generator.normal(size=(4, 1)) + 1e-3 * generator.normal(size=(4, 25)) for _ in range(2))
    result = statistics.difference_of_differences(left, right)
    assert result.df == pytest.approx(3, abs=0.05)
    assert result.standard_error == pytest.approx(stats.sem((left - right).mean(axis=1)), rel=0.01)


def test_what_seeds_share_between_the_conditions_cancels():
    generator = np.random.default_rng(3)
    shared = 5 * generator.normal(size=(6, 1))
    left, right = shared + generator.normal(size=(6, 50)), shared + generator.normal(size=(6, 50))
    assert statistics.difference_of_differences(left, right).standard_error < 0.4


def test_swapping_the_conditions_flips_the_sign():
    one = statistics.difference_of_differences(TARGET, CONTROL)
    two = statistics.difference_of_differences(CONTROL, TARGET)
    assert (one.estimate, one.p) == pytest.approx((-two.estimate, two.p))


@pytest.mark.parametrize(
    ("target", "control", "options", "message"),
    [
        (TARGET, CONTROL[:4], {}, "same seeds in both conditions"),
        (TARGET, CONTROL, {"same_items": True}, "expected equal shapes"),
        ([0.1, 0.2], [0.1, 0.3], {"scope": "checkpoint"}, "one difference per seed"),
        (TARGET, CONTROL, {"scope": "all"}, "expected one of"),
    ],
)
def test_conditions_that_do_not_pair_are_refused(target, control, options, message):
    with pytest.raises(StatisticsError, match=message):
        statistics.difference_of_differences(target, control, **options)


def test_one_seed_gives_no_interval_and_the_reason():
    result = statistics.difference_of_differences(TARGET[:1], CONTROL[:1])
    assert result.interval is None
    assert "one seed" in result.reason
