"""Equal scores: how many answers may differ all the same."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics


@pytest.mark.parametrize(("seeds", "items"), [(3, 10), (3, 50), (10, 1000)])
def test_the_bound_is_the_rule_of_three(seeds: int, items: int) -> None:
    found = statistics.identical_scores(seeds, items)
    assert (found.compared, found.unit) == (seeds * items, "answers")
    assert found.may_differ == pytest.approx(3 / (seeds * items), rel=0.06)
    assert (1 - found.may_differ) ** found.compared == pytest.approx(0.05)


def test_clusters_are_the_unit_where_items_come_in_clusters() -> None:
    found = statistics.identical_scores(2, 6, ("a", "a", "a", "b", "b", "b"))
    assert (found.compared, found.unit) == (4, "clusters")


def test_a_metric_without_items_is_compared_seed_by_seed() -> None:
    found = statistics.identical_scores(3, None)
    assert (found.compared, found.unit) == (3, "seeds")
    assert found.may_differ == pytest.approx(0.632, abs=0.0005)


def test_the_bound_covers_the_true_share_of_flips() -> None:
    # 2 % of answers change: at 3 seeds x 10 items none is seen in over half of experiments, and the bound holds .02.
    rng = np.random.default_rng(0)
    unseen = (rng.random((4000, 30)) < 0.02).sum(axis=1) == 0
    assert unseen.mean() > 0.5
    assert statistics.identical_scores(3, 10).may_differ > 0.02
