"""The two-way random-effects estimate for new seeds and new items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm

from evenhand import statistics
from evenhand.errors import StatisticsError


def oracle_mean_squares(table):
    """MS_S, MS_I and MS_E from the textbook's analysis of variance."""
    seeds, items = np.indices(table.shape)
    data = pd.DataFrame({"d": table.ravel(), "seed": seeds.ravel(), "item": items.ravel()})
    return anova_lm(smf.ols("d ~ C(seed) + C(item)", data).fit())["mean_sq"].to_numpy()


@pytest.mark.parametrize("shape", [(2, 2), (3, 16), (5, 7), (10, 4)])
def test_mean_squares_are_those_of_the_analysis_of_variance(shape):
    table = np.random.default_rng(7).normal(size=shape)
    seed, item, rest = oracle_mean_squares(table)
    parts = statistics.variance_components(table)
    assert (parts.mean_square_seed, parts.mean_square_item, parts.mean_square_residual) == pytest.approx(
        (seed, item, rest)
    )
    assert parts.seed == pytest.approx(max(0.0, (seed - rest) / shape[1]))
    assert parts.item == pytest.approx(max(0.0, (item - rest) / shape[0]))


@pytest.mark.parametrize("seed", range(12))
def test_the_variance_and_its_degrees_of_freedom_follow_the_rule(seed):
    generator = np.random.default_rng(seed)
    seeds, items = 4, 9
    table = (
        generator.normal(size=(seeds, items))
        + generator.normal(0, seed % 3, (seeds, 1))
        + generator.normal(0, seed % 2, items)
    )
    ms, mi, me = oracle_mean_squares(table)
    variance = max(ms + mi - me, ms, mi) / (seeds * items)
    if ms > me and mi > me:
        df = (ms + mi - me) ** 2 / (ms**2 / 3 + mi**2 / 8 + me**2 / 24)
    else:
        df = 8 if mi >= ms else 3
    result = statistics.two_way_estimate(table)
    assert result.standard_error**2 == pytest.approx(variance)
    assert result.df == pytest.approx(df)
    half = stats.t.ppf(0.975, df) * variance**0.5
    assert (result.interval.low, result.interval.high) == pytest.approx((table.mean() - half, table.mean() + half))


def test_blocks_of_a_wide_table_add_up_to_the_whole():
    table = np.random.default_rng(1).normal(3.0, 1.0, size=(3, 20_001))
    centred = table - table.mean()
    seed_effect, item_effect = centred.mean(axis=1), centred.mean(axis=0)
    rest = centred - seed_effect[:, None] - item_effect
    parts = statistics.variance_components(table)
    assert parts.mean_square_seed == pytest.approx(table.shape[1] * (seed_effect**2).sum() / 2)
    assert parts.mean_square_item == pytest.approx(3 * (item_effect**2).sum() / 20_000)
    assert parts.mean_square_residual == pytest.approx((rest**2).sum() / 40_000)


def test_identical_seeds_leave_the_items_to_judge_by():
    row = np.random.default_rng(2).normal(size=40)
    result = statistics.two_way_estimate(np.tile(row, (3, 1)))
    assert result.df == 39
    assert result.standard_error == pytest.approx(stats.sem(row))


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ([[0.0, 1.0, 1.0]], "one seed"),
        ([[0.0], [1.0]], "one item"),
        ([[0.5, 0.5], [0.5, 0.5]], "all differences are the same"),
        ([[0.1 + 0.2, 0.3], [0.3, 0.1 + 0.2]], "all differences are the same"),
        ([[1.0, -1.0], [-1.0, 1.0]], "do not vary"),
    ],
)
def test_where_no_spread_can_be_estimated_the_reason_says_why(table, word):
    result = statistics.two_way_estimate(table)
    assert (result.standard_error, result.interval, result.p) == (None, None, None)
    assert word in result.reason
    assert result.estimate == pytest.approx(np.mean(table))


def test_a_large_offset_does_not_swamp_the_variance():
    table = np.random.default_rng(3).normal(size=(3, 30))
    assert statistics.two_way_estimate(table + 1e6).standard_error == pytest.approx(
        statistics.two_way_estimate(table).standard_error, rel=1e-6
    )


def test_variance_components_of_one_seed_are_refused():
    with pytest.raises(StatisticsError, match="at least 2 seeds and 2 items, found 1 and 3"):
        statistics.variance_components([[1.0, 2.0, 3.0]])
