"""Context trees, optimal potentials, learned potentials, heads."""

from __future__ import annotations

import gzip
import itertools
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand_systems.lyapunov.closed_forms import WindowMinimum
from evenhand_systems.lyapunov.measures import decide
from evenhand_systems.lyapunov.models import open_model
from evenhand_systems.lyapunov.numbers.limbs import draw, pack
from evenhand_systems.lyapunov.numbers.valuations import orbits_of
from evenhand_systems.lyapunov.potentials.context_tree import (
    FREE_FALL,
    context_tree,
    gains,
    residue_images,
    steps_between,
    trajectory_residues,
)
from evenhand_systems.lyapunov.potentials.potential import (
    TIE_BREAK,
    Potential,
    head_minimum,
    load_potential,
    zero_potential,
)
from evenhand_systems.lyapunov.potentials.problem import Measure, Problem
from evenhand_systems.lyapunov.potentials.search import extend, learn


@pytest.fixture(scope="module")
def learned() -> Potential:
    return learn(4, residue_power=1, sweeps=15, seed=0)


@pytest.mark.parametrize(("lookahead", "depth"), [(1, 0), (3, 2), (5, 3)])
def test_contexts_partition_the_odd_numbers(lookahead: int, depth: int) -> None:
    tree = context_tree(lookahead, depth)
    mass = sum(Fraction(1, 2 ** (sum(word) - tail)) for word, tail in tree.words)
    unbounded = [word for word, tail in tree.words if not tail]
    assert len(set(tree.words)) == tree.contexts
    assert mass == 1 or (mass < 1 and all(len(w) == lookahead for w in unbounded if w[-1] == tree.symbols))


def test_steps_carry_all_mass_but_that_of_free_falls() -> None:
    steps = steps_between(context_tree(4, 3))
    mass = sum(count * Fraction(1, 2**e) for e, count in Counter(steps.exponent.tolist()).items())
    assert mass == 1 - Fraction(1, 2 ** (FREE_FALL - 1))


def test_the_climbing_law_sums_to_one_but_for_free_falls() -> None:
    mass, residues = Problem(context_tree(3, 3), 1).masses()
    assert np.allclose(residues.sum(axis=1), 1)
    assert mass[2].sum() == pytest.approx(1 - (1 - 1 / np.log2(3)) ** (FREE_FALL - 1))


def test_gains_are_the_floor_of_what_a_step_falls() -> None:
    for k, gain in enumerate(gains()):
        assert Fraction(2) ** int(gain) < Fraction(2 ** (41 * k), 3**41) < Fraction(2) ** (int(gain) + 1)


def test_residue_images_are_those_of_the_map() -> None:
    table = residue_images(2)
    for n in range(3, 400, 2):
        k = orbits_of([n], 1).valuations[0, 0]
        image = (3 * n + 1) >> int(k)
        assert table[k, n % 9] == image % 9


def test_trajectories_visit_residue_two_twice_as_often_as_one() -> None:
    assert trajectory_residues(1) == pytest.approx([0, 1 / 3, 2 / 3])


def test_a_search_reaches_the_optimum_on_short_windows() -> None:
    best = min(
        Problem(p.tree, 0).violations(p.table)[0]
        for p in (learn(2, residue_power=0, sweeps=20, seed=s) for s in range(3))
    )
    assert best == pytest.approx(0.21875)


def test_predicted_violations_are_those_of_large_random_numbers(learned: Potential) -> None:
    predicted = Problem(learned.tree, 1).violations(learned.table)[0]
    limbs = draw(100_000, np.random.default_rng(1), min_bits=100, max_bits=128)
    failed = 1 - decide(learned, limbs).passes.mean()
    assert failed == pytest.approx(predicted, abs=5 * (predicted / 100_000) ** 0.5)


def test_sweeps_never_make_the_measure_worse(learned: Potential) -> None:
    problem, measure = Problem(learned.tree, 1), Measure(1.0, 0.0, 1.0)
    rng = np.random.default_rng(0)
    table = rng.integers(0, 300, learned.table.shape)
    before = np.inf
    for _ in range(4):
        violated = problem.violations(table)
        assert violated[0] + violated[2] <= before + 1e-12
        before = violated[0] + violated[2]
        table = problem.improve(table, measure, 1, rng)


def test_a_copied_extension_decides_as_before(learned: Potential) -> None:
    longer = Problem(context_tree(5, 3), 1)
    copied = Potential(longer.tree, 1, extend(learned.table, learned.tree, longer, minimum=False))
    limbs = draw(5000, np.random.default_rng(2), min_bits=60)
    assert np.array_equal(decide(copied, limbs).passes, decide(learned, limbs).passes)


def test_the_same_seed_learns_the_same_table(learned: Potential) -> None:
    assert np.array_equal(learn(4, residue_power=1, sweeps=15, seed=0).table, learned.table)
    assert not np.array_equal(learn(4, residue_power=1, sweeps=15, seed=1).table, learned.table)


@pytest.mark.parametrize("head", [1, 5, 10])
def test_a_head_over_log_n_is_the_window_minimum(head: int) -> None:
    limbs = draw(20_000, np.random.default_rng(3))
    assert np.array_equal(decide(zero_potential(head), limbs).passes, decide(WindowMinimum(head), limbs).passes)


def test_a_head_falls_where_some_later_value_is_lower(learned: Potential) -> None:
    limbs = draw(3000, np.random.default_rng(4))
    values = learned.values(orbits_of(limbs, 9), 5)
    expected = values[:, 1:].min(axis=1) < values[:, 0]
    assert np.array_equal(decide(learned.with_head(3), limbs).passes, expected)


@pytest.mark.parametrize("head", [0, 1, 2, 3, 10, 90])
def test_a_head_falls_wherever_a_later_value_is_lower_by_the_margin_of_certificates(head: int) -> None:
    """The promise that certificates rest on, on values that lie closer together than the tie-break."""
    values = 10 + TIE_BREAK * np.random.default_rng(head).integers(-6, 7, (20_000, head + 2)) / 4
    certified = values[:, 1:].min(axis=1) <= values[:, 0] - 1.01 * TIE_BREAK
    fall = head_minimum(values[:, :-1]) - head_minimum(values[:, 1:])
    assert certified.sum() > 100
    assert fall[certified].min() > 0.9 * TIE_BREAK / (head + 2)


def test_a_longer_head_fails_on_fewer(learned: Potential) -> None:
    limbs = draw(20_000, np.random.default_rng(5))
    shares = [decide(learned.with_head(h), limbs).passes for h in (0, 2, 6)]
    for fewer, more in itertools.pairwise(shares):
        assert not (fewer & ~more).any()


def test_a_potential_survives_the_round_trip_with_the_same_bytes(learned: Potential, tmp_path: Path) -> None:
    learned.with_head(2).save(tmp_path / "a.json.gz")
    again = load_potential(tmp_path / "a.json.gz", lookahead=6)
    again.save(tmp_path / "b.json.gz")
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()
    assert np.array_equal(again.table, learned.table)


def test_another_lookahead_or_a_damaged_file_is_refused(learned: Potential, tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    learned.save(path)
    with pytest.raises(DataError, match="lookahead 4; asked for 10"):
        load_potential(path, lookahead=10)
    with pytest.raises(DataError, match="cannot have lookahead 3"):
        open_model(str(path), lookahead=3)
    assert open_model(str(path), lookahead=10).lookahead == 10
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("\n".join(lines[:-1]).encode()))
    with pytest.raises(DataError, match="contexts are not those"):
        load_potential(path)
    whole = zero_potential()
    whole.save(path)
    for damaged, message in (
        (b"not a potential", "not compressed"),
        (path.read_bytes()[:-9], "compressed and damaged"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=message):
            load_potential(path)


def test_residue_zero_is_lifted_freely() -> None:
    """n divisible by 3 is no image of T, so with n mod 3 a potential of window 1 fails on few of them."""
    found = learn(2, residue_power=1, sweeps=20, seed=0)
    numbers = [n for n in range(10**12 + 3, 10**12 + 30_003, 2) if n % 3 == 0 and n % 2]
    assert decide(found, pack(numbers)).passes.mean() > 0.999


@pytest.mark.parametrize("bad", [{"lookahead": 0}, {"lookahead": 2, "residue_power": 5}])
def test_impossible_searches_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(DataError):
        learn(**bad)  # type: ignore[arg-type]
    with pytest.raises(DataError):
        Measure(0.0, 0.0, 0.0)
