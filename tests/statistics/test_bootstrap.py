"""The crossed bootstrap against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError


def plain_loop(table, generator, draws, labels=None):
    """Draw seeds and items (or whole clusters) with replacement, one table at a time."""
    seeds, items = table.shape
    labels = np.arange(items) if labels is None else np.asarray(labels)
    groups = [np.flatnonzero(labels == name) for name in np.unique(labels)]
    means = []
    for _ in range(draws):
        rows = generator.integers(0, seeds, seeds)
        columns = np.concatenate([groups[i] for i in generator.integers(0, len(groups), len(groups))])
        means.append(table[np.ix_(rows, columns)].mean())
    return np.array(means)


@pytest.mark.slow
@pytest.mark.parametrize("labels", [None, [0, 0, 0, 1, 1, 2, 2, 2, 2, 3]])
def test_standard_error_and_interval_agree_with_a_plain_loop(labels):
    table = np.random.default_rng(1).normal(0.3, 1.0, size=(6, 10)) + np.linspace(0, 1, 6)[:, None]
    expected = plain_loop(table, np.random.default_rng(2), 20_000, labels)
    result = statistics.crossed_bootstrap(table, np.random.default_rng(3), draws=20_000, clusters=labels)
    assert result.standard_error == pytest.approx(expected.std(), rel=0.05)
    low, high = np.quantile(expected, [0.025, 0.975])
    assert (result.interval.low, result.interval.high) == pytest.approx((low, high), abs=0.1 * expected.std())


def test_the_same_generator_gives_the_same_interval():
    table = np.random.default_rng(1).normal(size=(3, 20))
    one, two = (statistics.crossed_bootstrap(table, np.random.default_rng(9), draws=200) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(("table", "word"), [([[1.0, 2.0]], "one seed"), ([[1.0], [2.0]], "one item")])
def test_nothing_to_draw_again_gives_none_and_the_reason(table, word):
    result = statistics.crossed_bootstrap(table, np.random.default_rng(0))
    assert result.interval is None
    assert word in result.reason


def test_a_seed_instead_of_a_generator_is_refused():
    with pytest.raises(StatisticsError, match=r"numpy\.random\.Generator, found int"):
        statistics.crossed_bootstrap([[1.0, 2.0], [2.0, 1.0]], 7)


def test_clusters_need_one_label_for_each_item():
    with pytest.raises(StatisticsError, match="one label for each of 2 items"):
        statistics.crossed_bootstrap([[1.0, 2.0], [2.0, 1.0]], np.random.default_rng(0), clusters=[1])


def test_draws_made_once_give_the_interval_of_draws_made_for_each_table() -> None:
    table = np.random.default_rng(4).normal(0.1, 1, (6, 90)) + np.random.default_rng(5).normal(0, 0.3, (6, 1))
    shared = statistics.crossed_draws(np.random.default_rng(1), 6, 90, 20_000)
    one, two = (
        statistics.crossed_bootstrap(table, source, draws=20_000) for source in (shared, np.random.default_rng(2))
    )
    assert one.interval is not None
    assert two.interval is not None
    assert one.interval.low == pytest.approx(two.interval.low, abs=0.02)
    assert one.interval.high == pytest.approx(two.interval.high, abs=0.02)
    assert one.standard_error == pytest.approx(two.standard_error, rel=0.03)


def test_draws_made_for_another_shape_are_refused() -> None:
    shared = statistics.crossed_draws(np.random.default_rng(1), 6, 90, 100)
    with pytest.raises(StatisticsError, match=r"shape \(6, 90\)"):
        statistics.crossed_bootstrap(np.zeros((6, 91)), shared)
