"""Undeclared groups of items: guessed from ids and contents, and told only where they cost something."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError


def values(groups: int, size: int, between: float, seed: int = 0) -> np.ndarray:
    """Differences of items: a share ``between`` of their variance lies between groups."""
    rng = np.random.default_rng(seed)
    shared = np.repeat(rng.normal(0, between**0.5, groups), size)
    return shared + rng.normal(0, (1 - between) ** 0.5, groups * size)


def ids(form: str, groups: int, size: int) -> list[str]:
    return [form.format(g=g, i=i) for g in range(groups) for i in range(size)]


@pytest.mark.parametrize(
    "form", ["doc{g}-q{i}", "d{g}/{i}", "set_{g}_item_{i}", "p{g}.x.{i}", "chain {g}: residue {i}"]
)
def test_ids_that_begin_alike_are_groups(form: str) -> None:
    found = statistics.guessed_design_effect(values(20, 10, 0.5), ids(form, 20, 10))
    assert found is not None
    assert (found.groups, found.typical_size) == (20, pytest.approx(10))
    # 1 + (m - 1) x ICC with an intra-class correlation of .5
    assert found.effect == pytest.approx(1 + 9 * 0.5, rel=0.4)


@pytest.mark.parametrize(
    "names",
    [
        [str(i) for i in range(200)],
        [f"test-{i}" for i in range(200)],  # one prefix is no grouping
        [f"{i}-x" for i in range(200)],  # groups of one
        [f"{i:08x}" for i in range(200)],
        [f"{'ab'[i % 2]}/{i}" for i in range(200)],  # two halves are too few to measure
    ],
)
def test_ids_without_groups_bring_nothing(names: list[str]) -> None:
    assert statistics.guessed_design_effect(values(20, 10, 0.5), names) is None


def test_ids_of_several_lines_are_cut_before_their_last_part_too() -> None:
    cut, _ = statistics.groups_by_prefix([f"doc\n{g} q-{i}" for g in range(6) for i in range(3)])
    assert cut[:4] == ("doc\n0 q", "doc\n0 q", "doc\n0 q", "doc\n1 q")


def test_groups_that_agree_no_more_than_others_bring_nothing() -> None:
    told = [
        statistics.guessed_design_effect(values(20, 10, 0.0, seed), ids("doc{g}-q{i}", 20, 10)) for seed in range(200)
    ]
    assert sum(found is not None for found in told) <= 0.08 * 200


def test_contents_that_repeat_are_groups_too() -> None:
    names = [f"{i:04x}" for i in range(100)]
    twice = [f"content {i // 2}" for i in range(100)]
    found = statistics.guessed_design_effect(np.repeat(values(50, 1, 0.5), 2), names, twice)
    assert found is not None
    assert found.effect == pytest.approx(2.0)


def test_the_design_effect_is_what_the_variance_of_the_mean_grows_by() -> None:
    rng = np.random.default_rng(3)
    groups, size = 30, 8
    labels = np.repeat(np.arange(groups), size)
    effects, means, spreads = [], [], []
    for _ in range(400):
        drawn = np.repeat(rng.normal(0, 0.6, groups), size) + rng.normal(0, 1.0, groups * size)
        found = statistics.design_effect(drawn, labels)
        assert found is not None
        effects.append(found.effect)
        means.append(drawn.mean())
        spreads.append(drawn.var(ddof=1) / drawn.size)
    assert np.mean(effects) == pytest.approx(np.var(means) / np.mean(spreads), rel=0.15)


def test_unequal_groups_have_a_typical_size_between_the_least_and_the_largest() -> None:
    labels = ["a"] * 2 + ["b"] * 4 + ["c"] * 9
    found = statistics.design_effect(values(15, 1, 0.5), labels)
    assert found is not None
    assert 2 < found.typical_size < 9
    assert found.example == "c"


def test_values_or_groups_that_allow_no_estimate_give_none() -> None:
    assert statistics.design_effect(np.zeros(10), np.repeat(np.arange(5), 2)) is None
    assert statistics.design_effect(values(10, 1, 0.5), np.arange(10)) is None
    with pytest.raises(StatisticsError, match="one label"):
        statistics.design_effect(np.zeros(3), ["a", "b"])
