"""Evaluation sets, trajectories, metrics and closed forms against the published table."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand_systems.lyapunov.closed_forms import LogN, TrailingOnes, WindowMinimum, WindowSum, closed_form
from evenhand_systems.lyapunov.measures import Candidate, decide, evaluate, evaluate_trajectories
from evenhand_systems.lyapunov.numbers.arithmetic import stopping_time, syracuse, trajectory
from evenhand_systems.lyapunov.numbers.evaluation_set import (
    EvaluationSet,
    EvaluationSetError,
    draw_numbers,
    evaluation_set,
    generate,
    read_csv,
    write_csv,
)
from evenhand_systems.lyapunov.numbers.trajectories import (
    curriculum_seeds,
    held_out,
    listed_steps,
    merged_share,
    numbers_on,
    on_trajectory_numbers,
    record_seeds,
    training_seeds,
    without_merging,
)
from evenhand_systems.lyapunov.numbers.valuations import orbits_of


@pytest.fixture(scope="module")
def full() -> EvaluationSet:
    return generate()


def test_the_set_has_different_odd_numbers_of_all_lengths_and_is_reproducible(full: EvaluationSet) -> None:
    assert len(set(full.numbers)) == 50_000
    assert {n.bit_length() for n in full.numbers} == set(range(2, 129))
    assert draw_numbers(100) == list(full.numbers[:100])


TABLE = [  # V, pass, weighted, growth weighted, violations; figures of the literature table, None where not given
    (LogN(), 50.14, 45.36, 0.0, 255),
    (TrailingOnes(), 85.46, 85.03, 99.997, 64),
    (WindowSum(10), 83.48, None, None, 176),
    (WindowSum(20), 91.69, None, None, 117),
    (WindowSum(50), 99.16, None, None, 30),
    (WindowSum(100), 99.946, None, None, 6),
    (WindowMinimum(10), 94.30, 91.50, 84.44, 84),
    (WindowMinimum(20), 98.26, 97.00, 94.51, 47),
    (WindowMinimum(100), 100.0, 100.0, 100.0, 3),
    (WindowMinimum(110), 100.0, 100.0, 100.0, 0),
]


@pytest.mark.parametrize(
    ("model", "passed", "weighted", "growth", "violations"), TABLE, ids=lambda v: getattr(v, "name", str(v))
)
def test_closed_forms_reproduce_their_table(
    full: EvaluationSet,
    model: Candidate,
    passed: float,
    weighted: float | None,
    growth: float | None,
    violations: int,
) -> None:
    found = evaluate(model, full)
    assert 100 * found.passed == pytest.approx(passed, abs=0.006)
    if weighted is not None:
        assert 100 * found.weighted == pytest.approx(weighted, abs=0.006)
    if growth is not None and found.growth_weighted is not None:
        assert 100 * found.growth_weighted == pytest.approx(growth, abs=0.006)
    assert evaluate_trajectories(model, listed_steps()).violations == violations


def test_the_window_minimum_falls_exactly_when_the_stopping_time_is_short_enough(full: EvaluationSet) -> None:
    numbers = list(full.numbers[:3000])
    passes = decide(WindowMinimum(10), numbers).passes
    assert passes.tolist() == [stopping_time(n, 11) is not None for n in numbers]


def test_the_window_minimum_falls_by_its_definition_in_whole_numbers() -> None:
    numbers = list(range(3, 4001, 2))

    def value(n: int) -> tuple[int, int]:
        window = [n]
        for _ in range(6):
            window.append(syracuse(window[-1]))
        return min(window), window.index(min(window))

    expected = [value(syracuse(n)) < value(n) for n in numbers]
    assert decide(WindowMinimum(6), numbers).passes.tolist() == expected


@pytest.mark.parametrize("lookahead", [1, 4, 127])
def test_trailing_ones_reads_no_more_valuations_than_its_lookahead(full: EvaluationSet, lookahead: int) -> None:
    numbers = [*full.numbers[:500], *(2**t * 5 - 1 for t in range(2, 12))]  # the latter have t trailing ones

    def value(n: int) -> float:
        ones = ((n + 1) & -(n + 1)).bit_length() - 1
        return math.log2(n) + 0.7 * min(ones - 1, lookahead)

    model = closed_form("trailing-ones", lookahead)
    assert model.lookahead == lookahead
    assert decide(model, numbers).passes.tolist() == [value(syracuse(n)) < value(n) for n in numbers]


def test_the_window_sum_compares_the_far_end_with_n(full: EvaluationSet) -> None:
    numbers = list(full.numbers[:1000])
    expected = []
    for n in numbers:
        far = n
        for _ in range(6):
            far = syracuse(far)
        expected.append(far < n)
    assert decide(WindowSum(5), numbers).passes.tolist() == expected


def test_near_ties_are_decided_in_whole_numbers() -> None:
    # T^2(n) = (9n + 5)/8 lies within 1e-9 of ... never; a cycle number is the only tie, so plant one by hand
    orbits = orbits_of([5, 7], 2)
    orbits.log2[:, 1] = orbits.log2[:, 0]
    from evenhand_systems.lyapunov.numbers.valuations import decides_by_log

    assert decides_by_log(orbits, 1).tolist() == [True, False]


def test_unknown_forms_and_lookahead_zero_are_refused() -> None:
    with pytest.raises(DataError, match="lookahead"):
        closed_form("window-minimum", 0)
    with pytest.raises(DataError, match="window-median"):
        closed_form("window-median", 3)


def test_margins_and_rates_of_an_empty_class_are_missing_not_zero() -> None:
    found = evaluate(LogN(), evaluation_set([5, 9, 13]))
    assert found.growth is None
    assert found.growth_weighted is None
    assert found.decay == 1.0


def test_the_test_list_has_429_steps_and_271_of_them_lie_on_training_trajectories() -> None:
    steps = listed_steps()
    assert (len(steps.flat), len(steps.distinct)) == (429, 340)
    assert merged_share(steps, [27, 703, 26623]) == (271, 429)
    assert merged_share(steps, training_seeds()) == (271, 429)


def test_hold_out_stops_where_trajectories_merge() -> None:
    kept = held_out([111, 703], [27])
    known = numbers_on([27])
    assert kept[111] == [n for n in trajectory(111) if n > 1 and n not in known]
    assert not known.intersection(kept[703])
    assert not set(kept[111]).intersection(kept[703])


def test_seeds_that_merge_into_test_trajectories_are_left_out() -> None:
    steps = listed_steps()
    seeds = without_merging(training_seeds(), steps)
    large = {n for n in steps.distinct if n > 1000}
    assert 27 not in seeds
    assert not large.intersection(numbers_on(seeds))


def test_the_curriculum_keeps_its_49_seeds_where_test_trajectories_are_held_out() -> None:
    steps = listed_steps()
    seeds = curriculum_seeds(hold_out=True)
    large = {n for n in steps.distinct if n > 1000}
    assert len(seeds) == len(set(seeds)) == 49
    assert not large.intersection(numbers_on(seeds))
    assert set(without_merging(training_seeds(), steps)) < set(seeds)
    assert seeds == curriculum_seeds(hold_out=True)
    assert curriculum_seeds(hold_out=False) == training_seeds()


def test_replacements_keep_the_ranges_and_the_order_from_easy_to_hard() -> None:
    seeds = curriculum_seeds(hold_out=True)
    lengths = [len(trajectory(seed)) for seed in seeds]
    assert lengths == sorted(lengths)
    for bits in range(4, 27):
        wanted, found = (sum(n.bit_length() == bits for n in some) for some in (training_seeds(), seeds))
        assert wanted == found


def test_record_seeds_grow_in_length() -> None:
    seeds = record_seeds(12)
    lengths = [len(trajectory(seed)) for seed in seeds]
    assert 27 in seeds
    assert lengths == sorted(set(lengths))


def test_numbers_on_trajectories_are_never_divisible_by_three() -> None:
    numbers = on_trajectory_numbers(draw_numbers(500), steps_per_start=20, seed=0)
    assert all(n % 3 for n in numbers)


def test_a_csv_survives_the_round_trip(tmp_path: Path) -> None:
    data = generate(200, max_bits=100, seed=9)
    write_csv(data, tmp_path / "set.csv")
    again = read_csv(tmp_path / "set.csv")
    assert again.numbers == data.numbers
    assert np.array_equal(again.weights, data.weights)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("7,12,1,,,", r"T\(n\) of n = 7 is 11, recomputed; found 12"),
        ("8,1,0,,,", "expected an odd n >= 3; found 8"),
        ("1,1,0,,,", "expected an odd n >= 3; found 1"),
        ("-5,1,0,,,", "found -5"),
        ("x,1,0,,,", "expected an integer"),
        ("7,11,0,,,", "growth of n = 7 is 1"),
        ("7,11,1,4,,", "stopping_time of n = 7 is 5"),
        ("7,11,1,5,51,", "maximum of n = 7 is 52"),
        ("7,11,1,5,52,3.5", "weight of n = 7"),
        ("27,41,1,,,", "stands in line 2 already"),
        ("7,11,1,5,52,nan", "weight of n = 7"),
        (f"{'9' * 5000},,,,,", "expected an integer n; found '999"),
        (f"{2**5000 + 1},,,,,", "expected an n of at most 4096 bits; found one of 5001"),
    ],
)
def test_a_wrong_row_is_refused_and_named(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(f"n,T(n),growth,stopping_time,maximum,weight\n27,41,1,,,\n{row}\n")
    with pytest.raises(EvaluationSetError, match=message) as caught:
        read_csv(path)
    assert f"{path}:3" in str(caught.value)


def test_a_csv_without_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("number\n3\n")
    with pytest.raises(DataError, match=r"empty\.csv:1: the header lacks n"):
        read_csv(path)
    path.write_text("n\n")
    with pytest.raises(DataError, match="no rows"):
        read_csv(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_csv(tmp_path / "absent.csv")
    path.write_bytes("n,T(n)\n27,41 café\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"empty\.csv:2: the byte 0xe9 is no UTF-8"):
        read_csv(path)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 2, 8), (10, 1, 8), (10, 9, 8), (200, 2, 6)])
def test_impossible_sets_are_refused(count: int, low: int, high: int) -> None:
    with pytest.raises(DataError):
        draw_numbers(count, min_bits=low, max_bits=high)
