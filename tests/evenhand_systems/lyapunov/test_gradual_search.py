"""Ramped sweeps and the gradual way of learning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.measures import decide
from evenhand_systems.lyapunov.potentials import gradual as gradual_search
from evenhand_systems.lyapunov.potentials.context_tree import UNITS, context_tree
from evenhand_systems.lyapunov.potentials.gradual import learn_gradually
from evenhand_systems.lyapunov.potentials.potential import Potential
from evenhand_systems.lyapunov.potentials.problem import HIGHEST, Measure, Problem
from evenhand_systems.lyapunov.potentials.search import FinishedWindow, learn

MEASURE = Measure(1.0, 2.0, 2.0)


def _violated(found: Potential) -> float:
    return Problem(found.tree, found.residue_power).weighted(found.table, MEASURE)


def _ramped_loss(problem: Problem, table: NDArray[np.int64], width: int) -> float:
    """The loss that a ramped sweep lowers, written out step by step."""
    mass, residues = problem.masses()
    steps, weights = problem.steps, np.array([MEASURE.uniform, MEASURE.trajectory, MEASURE.climb])
    loss = 0.0
    for residue in range(problem.modulus):
        goal = problem.images[steps.valuation, residue]
        rise = table[steps.image, goal] - table[steps.origin, residue] - problem.gain
        weight = (weights[:, None] * mass * residues[:, residue, None]).sum(axis=0)
        itself = (steps.image == steps.origin) & (goal == residue)  # no entry can change that
        loss += float((weight * np.clip(rise / width, 0, 1))[~itself].sum())
    return loss


@pytest.mark.parametrize("width", [1, 7, 40, 500])
def test_a_ramped_sweep_lowers_the_ramped_loss_and_ends_where_no_single_entry_can_lower_it(width: int) -> None:
    problem, rng = Problem(context_tree(2, 1), 1), np.random.default_rng(width)
    table = rng.integers(0, HIGHEST + 1, (problem.tree.contexts, problem.modulus))
    before = _ramped_loss(problem, table, width)
    for _ in range(30):
        table = problem.improve(table, MEASURE, 0, rng, ramps=[width])
        after = _ramped_loss(problem, table, width)
        assert after <= before + 1e-12
        before = after
    for entry in np.ndindex(*table.shape):
        for value in range(0, HIGHEST + 1, 9):
            changed = table.copy()
            changed[entry] = value
            assert _ramped_loss(problem, changed, width) >= before - 1e-9


def test_learning_gradually_leaves_fewer_violations_than_the_plain_way_in_as_many_sweeps() -> None:
    """With residues modulo 27, where the plain way stops early; on the smallest problems both reach about the same."""
    plain = [learn(4, residue_power=3, measure=MEASURE, sweeps=20, seed=seed) for seed in range(100, 103)]
    gradual = [learn_gradually(4, residue_power=3, measure=MEASURE, starts=4, seed=seed) for seed in range(100, 103)]
    assert max(map(_violated, gradual)) < min(map(_violated, plain))


def test_the_best_beginning_is_the_one_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three beginnings on windows 1 and 2; of their ends only that with the least violated mass is extended further."""
    ended: list[tuple[float, NDArray[np.int64]]] = []
    extended: list[tuple[int, NDArray[np.int64]]] = []
    settled, extend = gradual_search._settled, gradual_search.extend

    def watched_end(problem: Problem, table: NDArray[np.int64], measure: Measure, *rest: Any) -> NDArray[np.int64]:
        found = settled(problem, table, measure, *rest)
        if problem.tree.lookahead == 2:
            ended.append((problem.weighted(found, measure), found))
        return found

    def watched_extension(table: NDArray[np.int64], tree: Any, *rest: Any, **more: Any) -> NDArray[np.int64]:
        extended.append((tree.lookahead, table))
        return extend(table, tree, *rest, **more)

    monkeypatch.setattr(gradual_search, "SHORT", 2)
    monkeypatch.setattr(gradual_search, "_settled", watched_end)
    monkeypatch.setattr(gradual_search, "extend", watched_extension)
    learn_gradually(3, residue_power=2, measure=MEASURE, sweeps=2, starts=3, seed=2)
    assert len({loss for loss, _ in ended}) == 3
    (going_on,) = (table for window, table in extended if window == 2)
    assert np.array_equal(going_on, min(ended, key=lambda end: end[0])[1])


def test_the_same_seed_learns_the_same_table_and_each_window_is_reported() -> None:
    seen: list[FinishedWindow] = []
    first = learn_gradually(6, residue_power=0, sweeps=4, starts=2, seed=5, report=seen.append)
    assert [one.lookahead for one in seen] == [1, 2, 3, 4, 5, 6]
    assert seen[-1].entries == first.size
    assert np.array_equal(learn_gradually(6, residue_power=0, sweeps=4, starts=2, seed=5).table, first.table)
    assert not np.array_equal(learn_gradually(6, residue_power=0, sweeps=4, starts=2, seed=6).table, first.table)


@pytest.mark.parametrize("bad", [{"lookahead": 0}, {"lookahead": 2, "starts": 0}, {"lookahead": 2, "sweeps": 0}])
def test_impossible_gradual_searches_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(DataError, match="must be at least 1"):
        learn_gradually(**bad)


@pytest.mark.parametrize("way", [learn, learn_gradually])
def test_with_a_margin_small_numbers_fall_where_large_ones_like_them_do(way: Any) -> None:
    """Without one, steps fall by what rounding left of them, which the 1 of 3n + 1 takes back where n is small."""
    numbers = list(range(25, 1200, 2))
    large = [n + (27 << 200) * 2 for n in numbers]  # the same valuations and residue
    lost = []
    for margin in (0, 1):
        found = way(4, residue_power=1, measure=MEASURE, sweeps=6, seed=3, margin=margin)
        decision = decide(found, large)
        kept = decision.margins > margin / UNITS
        assert 100 < kept.sum() <= decision.passes.sum()
        lost.append(int((kept & ~decide(found, numbers).passes).sum()))
    assert lost[0] > 0
    assert lost[1] == 0


@pytest.mark.parametrize("margin", [-1, 42])
def test_a_margin_of_more_than_a_bit_or_below_nothing_is_refused(margin: int) -> None:
    with pytest.raises(DataError, match="margin is between 0 and 41"):
        learn(2, margin=margin)
