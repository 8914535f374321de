"""Exact densities of closed forms, counted in more than one way and held against numbers."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from typer.testing import CliRunner

from evenhand.errors import DataError
from evenhand_systems.lyapunov.cli import app
from evenhand_systems.lyapunov.closed_forms import LogN, TrailingOnes, WindowMinimum, WindowSum
from evenhand_systems.lyapunov.exact import (
    closed_form_coverage,
    surviving_classes,
    surviving_classes_by_words,
    trailing_ones_coverage,
    trajectory_lower_bound,
    violation_lower_bound,
    window_minimum_coverage,
    window_sum_coverage,
)
from evenhand_systems.lyapunov.measures import Candidate, decide
from evenhand_systems.lyapunov.numbers.features import LOG2_3
from evenhand_systems.lyapunov.numbers.limbs import draw, pack
from evenhand_systems.lyapunov.numbers.valuations import orbits_of
from evenhand_systems.lyapunov.potentials.gradual import learn_gradually
from evenhand_systems.lyapunov.potentials.problem import Measure, Problem

FORMS = {
    "log-n": lambda _: LogN(),
    "trailing-ones": lambda lookahead: TrailingOnes(lookahead=lookahead),
    "window-sum": WindowSum,
    "window-minimum": WindowMinimum,
}


@pytest.mark.parametrize(("lookahead", "left"), [(10, Fraction(7495, 2**17)), (20, Fraction(37979409, 2**31))])
def test_the_window_minimum_covers_the_known_fraction(lookahead: int, left: Fraction) -> None:
    found = window_minimum_coverage(lookahead)
    assert 1 - found.density == left
    assert found.exceptions == ()


@pytest.mark.parametrize(("lookahead", "percent"), [(100, 99.996706), (110, 99.998365)])
def test_the_window_minimum_covers_the_known_share_at_long_lookahead(lookahead: int, percent: float) -> None:
    assert 100 * float(window_minimum_coverage(lookahead).density) == pytest.approx(percent, abs=5e-7)


def test_surviving_classes_are_sequence_a076227() -> None:
    known = [1, 1, 1, 2, 3, 4, 8, 13, 19, 38, 64, 128, 226, 367, 734, 1295, 2114]
    assert [surviving_classes(bits) for bits in range(17)] == known


@pytest.mark.parametrize(
    ("bits", "percent"), [(10, 93.75), (16, 96.7743), (32, 99.0373), (64, 99.8507), (128, 99.99302)]
)
def test_coverage_by_bits_is_as_published(bits: int, percent: float) -> None:
    assert 100 * (1 - surviving_classes(bits) / 2**bits) == pytest.approx(percent, abs=6e-5)


def test_the_lower_bound_counts_each_rising_necklace_once() -> None:
    assert violation_lower_bound(1) == Fraction(3, 8)  # (1,1) and (1,2)
    assert violation_lower_bound(1, 1) == Fraction(1, 8)
    assert float(violation_lower_bound(20)) == pytest.approx(0.00388, abs=5e-6)
    assert float(violation_lower_bound(100)) == pytest.approx(5.6e-6, abs=5e-8)


@pytest.mark.parametrize("lookahead", [1, 3, 10])
@pytest.mark.parametrize("name", FORMS)
def test_random_numbers_fall_on_the_exact_density(name: str, lookahead: int) -> None:
    form: Candidate = FORMS[name](lookahead)
    density = float(closed_form_coverage(name, lookahead).density)
    limbs = draw(100_000, np.random.default_rng(7), min_bits=100, max_bits=128)
    assert decide(form, limbs).passes.mean() == pytest.approx(density, abs=5 * (0.25 / 100_000) ** 0.5)


@pytest.mark.parametrize("lookahead", [1, 2, 4, 7])
@pytest.mark.parametrize("name", ["trailing-ones", "window-sum", "window-minimum"])
def test_above_the_cutoff_every_number_of_the_classes_falls_and_below_it_all_but_the_exceptions(
    name: str, lookahead: int
) -> None:
    """Numbers of the same class: n plus a large multiple of 2^(sum + 1), which falls if the class does."""
    form: Candidate = FORMS[name](lookahead)
    found = closed_form_coverage(name, lookahead)
    numbers = list(range(3, 3001, 2))
    words = orbits_of(numbers, lookahead + 1).valuations.sum(axis=1, dtype=int).tolist()
    large = [n + (1 << (100 + s)) for n, s in zip(numbers, words, strict=True)]
    of_class, falls = decide(form, pack(large)).passes, decide(form, pack(numbers)).passes
    wrong = np.array(numbers)[of_class & ~falls].tolist()
    assert found.exceptions is not None
    assert [n for n in wrong if n <= found.cutoff] == [n for n in found.exceptions if n <= 3000]
    assert not [n for n in wrong if n > found.cutoff]


def test_the_window_sum_covers_the_classes_that_end_below_their_start() -> None:
    """L = 1: k_1 + k_2 >= 4, which leaves (1, 1), (1, 2) and (2, 1)."""
    assert window_sum_coverage(1).density == Fraction(1, 2)
    assert window_sum_coverage(100).exceptions is None


def test_trailing_ones_fail_where_a_run_begins_or_does_not_end_in_the_window() -> None:
    """L = 1: k = 2 before a 1 (2^-3), and 1 before a 1 (2^-2)."""
    assert trailing_ones_coverage(1).density == 1 - Fraction(1, 8) - Fraction(1, 4)


def test_surviving_classes_are_the_same_from_words_and_from_halvings() -> None:
    for bits in range(1, 60):
        assert surviving_classes_by_words(bits) == surviving_classes(bits)


@pytest.mark.parametrize(("lookahead", "power"), [(3, 0), (3, 2), (10, 3)])
def test_on_trajectories_a_residue_is_worth_no_more_than_as_many_valuations(lookahead: int, power: int) -> None:
    bound = trajectory_lower_bound(lookahead, power, 2.0)
    assert bound == pytest.approx(float(violation_lower_bound(lookahead + power)))
    assert bound < trajectory_lower_bound(lookahead, power, 1.7) < 1 / (lookahead + 1 + power)
    with pytest.raises(DataError, match="mean above 1"):
        trajectory_lower_bound(lookahead, power, 1.0)


def test_a_learned_potential_stays_above_the_bound_on_trajectories() -> None:
    found = learn_gradually(4, residue_power=1, measure=Measure(0.0, 1.0, 1.0), seed=3)
    _, visited, hovering = Problem(found.tree, 1).violations(found.table)
    assert trajectory_lower_bound(4, 1, 2.0) < visited < 4 * trajectory_lower_bound(4, 1, 2.0)
    assert trajectory_lower_bound(4, 1, LOG2_3) < hovering < 4 * trajectory_lower_bound(4, 1, LOG2_3)


def test_the_command_prints_fractions_of_each_form_and_the_cross_check() -> None:
    shown = CliRunner().invoke(app, ["density", "10"]).output
    assert "123577/131072" in shown
    assert "A076227(17): 4228 classes mod 2^17 counted by halvings, 4228 by words" in " ".join(shown.split())
    assert "on trajectories of mean valuation 1.700" in shown
    assert "falls on density 1/2 " in CliRunner().invoke(app, ["density", "1", "--form", "window-sum"]).output
    told = json.loads(CliRunner().invoke(app, ["density", "10", "--json"]).stdout)
    assert (told["density"], told["lookahead"]) == ("123577/131072", 10)
    assert told["least_failing"]["mod 1"] == pytest.approx(0.0155487, rel=1e-4)
    with pytest.raises(DataError, match="Closed forms are"):
        closed_form_coverage("window-maximum", 3)
