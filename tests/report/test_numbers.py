"""Figures as people read them."""

from __future__ import annotations

import pytest

from evenhand.report import numbers


@pytest.mark.parametrize(
    ("margin", "decimals"), [(0.02, 3), (0.05, 3), (0.001, 4), (1.0, 1), (0.5, 2), (15.0, 0), (200.0, 0), (0.0, 3)]
)
def test_the_margin_sets_the_decimals(margin, decimals):
    assert numbers.decimals_for(margin) == decimals


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "+0.123"), (-0.1234, "−0.123"), (0.0, "0.000"), (-0.0001, "0.000"), (0.0001, "+0.000"), (None, "–")],
)
def test_differences_carry_their_sign(value, text):
    assert numbers.signed(value, 3) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, ".012"), (0.00049, "< .001"), (0.0005, ".001"), (0.5, ".500"), (1.0, "1"), (0.9999, "1"), (None, "–")],
)
def test_p_values_have_three_decimals_and_no_leading_zero(value, text):
    assert numbers.p_value(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.42 s"), (42, "42.0 s"), (59.99, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_times_are_told_in_the_unit_that_suits_them(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(500.0, "500"), (2048000.0, "2,048,000"), (0.25, "0.25"), (1234.5, "1,234"), (-3.0, "−3")]
)
def test_amounts_have_thousands_apart_and_no_idle_decimals(value, text):
    assert numbers.amount(value) == text


def test_amounts_that_differ_are_told_with_their_range():
    assert numbers.amount_range([10.0, 20.0]) == "15 (10 to 20)"
    assert numbers.amount_range([10.0, 10.0]) == "10"
    assert numbers.amount_range([]) == "–"


def test_runs_of_seeds_are_drawn_together():
    assert numbers.seeds([0, 1, 2, 7, 9, 10]) == "0–2, 7, 9–10"
    assert numbers.seeds([]) == "–"


def test_an_interval_without_bounds_is_a_dash():
    assert numbers.interval(None, 3) == "–"
    assert numbers.interval((-0.1, 0.25), 2) == "[−0.10, +0.25]"


@pytest.mark.parametrize(
    ("plain", "typeset"),
    [
        ("99 % interval -0.8 to +1.1 over 6 seeds x 256 items", "99 % interval −0.8 to +1.1 over 6 seeds × 256 items"),
        ("a fall of -.5 (-3 to 2)", "a fall of −.5 (−3 to 2)"),
        ("arm x-2 of 2026-11-21, z-score, e-5, 1e-5", "arm x-2 of 2026-11-21, z-score, e-5, 1e-5"),
        ("no difference >= margin, +-3", "no difference ≥ margin, ±3"),
    ],
)
def test_sentences_are_typeset_without_touching_names(plain, typeset):
    assert numbers.typeset(plain) == typeset


@pytest.mark.parametrize(
    ("low", "high", "places"),
    [
        (0.006, 0.0098, 4),
        (0.006, 0.00996, 5),
        (0.006, 0.01, 3),
        (-0.0099, 0.002, 4),
        (0.0, 0.0099999, 3),
        (0.01, 0.02, 3),
    ],
)
def test_a_bound_that_rounding_would_put_onto_the_margin_has_more_digits(low, high, places):
    assert numbers.decimals_apart((low, high), 0.01, 3) == places
    assert numbers.decimals_apart(None, 0.01, 3) == 3
