"""The two-way random-effects estimate for new seeds and new items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError


def oracle_mean_squares(table):
    """MS_S, MS_I and MS_E from the textbook's analysis of variance."""
    import statsmodels.formula.api as smf
    from statsmodels.stats.anova import anova_lm

    seeds, items = np.indices(table.shape)
    data = pd.DataFrame({"d": table.ravel(), "seed": seeds.ravel(), "item": items.ravel()})
    return anova_lm(smf.ols("d ~ C(seed) + C(item)", data).fit())["mean_sq"].to_numpy()


@pytest.mark.slow  # importing the oracle takes longer than the test
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


def drawn(seed, seeds=4, items=9):
    """Tables in which seeds, items, both or none of them vary."""
    generator = np.random.default_rng(seed)
    return (
        generator.normal(size=(seeds, items))
        + generator.normal(0, seed % 3, (seeds, 1))
        + generator.normal(0, seed % 2, items)
    )


def by_hand(table):
    """(standard error, degrees of freedom) of the two-way test and of the paired t over seed means."""
    seeds, items = table.shape
    ms, mi, me = oracle_mean_squares(table)
    variance = max(ms + mi - me, ms, mi) / (seeds * items)
    if ms > me and mi > me:
        df = (ms + mi - me) ** 2 / (ms**2 / (seeds - 1) + mi**2 / (items - 1) + me**2 / ((seeds - 1) * (items - 1)))
    else:
        df = items - 1 if mi >= ms else seeds - 1
    return (variance**0.5, df), (stats.sem(table.mean(axis=1)), seeds - 1)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.9975])
def test_the_interval_is_the_wider_of_the_two_way_test_and_the_paired_t_at_every_level(seed, level):
    table = drawn(seed)
    half = max(stats.t.ppf(0.5 + level / 2, df) * error for error, df in by_hand(table))
    for interval in (
        statistics.two_way_estimate(table, level).interval,
        statistics.two_way_estimate(table).interval_at(level),
    ):
        assert (interval.low, interval.high) == pytest.approx((table.mean() - half, table.mean() + half))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("null", [-0.3, 0.0, 0.2])
def test_p_is_the_larger_of_both_one_sided_and_two_sided(seed, null):
    table = drawn(seed)
    result = statistics.two_way_estimate(table)
    tails = [stats.t.sf((table.mean() - null) / error, df) for error, df in by_hand(table)]
    assert result.p_value(null) == pytest.approx(max(2 * min(tail, 1 - tail) for tail in tails))
    assert result.p_value(null, "greater") == pytest.approx(max(tails))
    assert result.p_value(null, "less") == pytest.approx(max(1 - tail for tail in tails))
    assert result.p == result.p_value(0.0)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("share", [1e-6, 0.999, 1.001])
def test_the_interval_excludes_zero_exactly_where_p_is_below_the_level(seed, share):
    result = statistics.two_way_estimate(drawn(seed) + 0.7 * (seed % 4))
    assert result.interval_at(1 - share * result.p).excludes(0.0) == (share > 1)


@pytest.mark.parametrize("seed", range(12))
def test_the_standard_error_is_that_of_the_test_which_gave_the_interval_and_a_note_names_both(seed):
    table = drawn(seed)
    result = statistics.two_way_estimate(table)
    two_way, over_seeds = by_hand(table)
    seeds_wider = stats.t.ppf(0.975, over_seeds[1]) * over_seeds[0] > stats.t.ppf(0.975, two_way[1]) * two_way[0]
    kept, beside = (over_seeds, two_way) if seeds_wider else (two_way, over_seeds)
    assert (result.standard_error, result.df) == pytest.approx(kept)
    assert (result.other.standard_error, result.other.df) == pytest.approx(beside)
    assert f"is that of the {'paired t' if seeds_wider else 'two-way'}" in result.notes[-1]
    assert result.statistic == pytest.approx(table.mean() / kept[0])


def test_seeds_that_agree_by_luck_do_not_lend_the_items_degrees_of_freedom():
    table = np.random.default_rng(5).normal(size=(3, 200))
    table -= table.mean(axis=1, keepdims=True)
    table += np.array([[0.19], [0.2], [0.23]])  # seed means closer than items leave room for
    (error, df), _ = by_hand(table)
    assert df == 199
    assert stats.t.sf(0.62 / 3 / error, df) * 2 < 0.001
    result = statistics.two_way_estimate(table)
    assert result.p == pytest.approx(stats.ttest_1samp(table.mean(axis=1), 0).pvalue)
    assert result.p > 0.003


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


@pytest.mark.parametrize("unit", [1.0, 0.7, 1 / 3])
@pytest.mark.parametrize(
    "table",
    [
        [[-1, 0], [-1, 0], [-1, -1], [0, -1]],
        [[0, 0, 0], [-1, -1, 0], [-1, -1, -1]],
        [[0, -1, -1, 1, -1], [1, 0, 0, 1, 1], [0, 0, 1, 0, 0]],
    ],
)
def test_mean_squares_that_tie_are_not_told_apart_by_rounding(table, unit):
    generator = np.random.default_rng(9)
    values = unit * np.array(table, dtype=float)
    found = set()
    for _ in range(20):
        seeds, items = generator.permutation(values.shape[0]), generator.permutation(values.shape[1])
        found.add(round(statistics.two_way_estimate(values[seeds][:, items]).p, 9))
    assert len(found) == 1


def test_variance_components_of_one_seed_are_refused():
    with pytest.raises(StatisticsError, match="at least 2 seeds and 2 items, found 1 and 3"):
        statistics.variance_components([[1.0, 2.0, 3.0]])
