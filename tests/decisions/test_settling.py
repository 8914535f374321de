"""How many seeds would settle a question, where few pairs hardly tell the spread."""

from __future__ import annotations

import math

import pytest

from evenhand.decisions import settling
from evenhand.statistics import Spread


@pytest.mark.parametrize(("items", "residual", "expected"), [(None, 0.0, 2.1170), (400, 2.0, 2.1251)])
def test_the_spread_of_few_seeds_may_be_as_large_as_its_upper_bound_of_80_percent(
    items: int | None, residual: float, expected: float
) -> None:
    """Two degrees of freedom: the quantile of .2 of their chi-square is -2 log(.8) = .4463, and 2 / .4463 = 2.117^2."""
    upper = settling._upper(Spread(1.0, residual_sd=residual, pilot_seeds=3), items)
    noise = 0.0 if items is None else residual**2 / items
    assert upper.seed_sd == pytest.approx(math.sqrt((1 + noise) * 2 / (-2 * math.log(0.8)) - noise))
    assert upper.seed_sd == pytest.approx(expected, abs=5e-4)
