"""Roots: the same as scipy finds, to the last digit."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from evenhand.errors import StatisticsError
from evenhand.statistics.roots import root
from evenhand.statistics.student import t_test_power


def _functions():
    random = np.random.default_rng(0)
    for _ in range(60):
        df, alpha, power = float(random.integers(1, 200)), float(random.uniform(0.001, 0.2)), random.uniform(0.3, 0.99)
        yield lambda x, df=df, alpha=alpha, power=power: t_test_power(x, df, alpha) - power
        a, b = random.uniform(-3, 3, 2)
        yield lambda x, a=a, b=b: math.tanh((x - 2 - a / 4) * 3) + abs(b) / 40 * (x - 2 - a / 4)
        yield lambda x, a=a: (x - 3 + a / 2) ** 3 + x - 2


def test_a_root_is_the_one_that_scipy_finds_to_the_last_digit():
    for function in _functions():
        assert root(function, 0.0, 64.0, 1e-10) == brentq(function, 0.0, 64.0, xtol=1e-10)


@pytest.mark.parametrize("ends", [(0.0, 4.0), (-4.0, 0.0)])
def test_an_end_that_is_the_root_is_found(ends):
    assert root(lambda x: x, *ends, 1e-10) == 0.0


def test_a_root_needs_different_signs_at_the_ends():
    with pytest.raises(StatisticsError, match="different signs at 1 and 2"):
        root(lambda x: x, 1.0, 2.0, 1e-10)


def test_a_root_that_takes_too_long_is_no_answer():
    with pytest.raises(StatisticsError, match="in 100 steps"):
        root(lambda x: (x - 3.3) ** 3, 0.0, 64.0, 1e-10)
