"""Power averaged over what a pilot does not know of its spread."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError

TRUE = statistics.Spread(1.0)


def pilot(seeds: int, seed: int) -> statistics.Spread:
    return statistics.spread_from_pilot(np.random.default_rng(seed).standard_normal(seeds))


def test_a_long_pilot_is_as_good_as_knowing() -> None:
    known = statistics.pilot_knowledge(pilot(2000, 1))
    plain = statistics.planned_power(1.0, known.spread, 10)
    assert statistics.assurance(1.0, known, 10) == pytest.approx(plain, abs=0.01)


def test_assurance_lies_below_power_and_the_more_so_the_shorter_the_pilot() -> None:
    power = statistics.planned_power(1.0, TRUE, 20)
    found = [
        statistics.assurance(1.0, statistics.pilot_knowledge(statistics.Spread(1.0, pilot_seeds=seeds)), 20)
        for seeds in (2, 3, 5, 10, 100)
    ]
    assert found == sorted(found)
    assert found[0] < 0.75
    assert found[-1] == pytest.approx(power, abs=0.01)


@pytest.mark.slow
def test_plans_from_short_pilots_have_the_promised_power_on_average_only_if_they_are_assured() -> None:
    plain, assured = [], []
    for number in range(60):
        spread = pilot(3, 100 + number)
        wanted = statistics.seeds_needed(1.0, spread).count
        needed = statistics.assured_seeds(1.0, statistics.pilot_knowledge(spread)).count
        plain.append(statistics.planned_power(1.0, TRUE, max(wanted or 2, 2)) or 0.0)
        assured.append(statistics.planned_power(1.0, TRUE, needed or 1000) or 0.0)
    assert np.mean(plain) < 0.75
    assert np.mean(assured) > 0.77


def test_earlier_experiments_that_agree_lend_much_and_such_that_differ_little() -> None:
    rng = np.random.default_rng(2)
    alike = statistics.spread_prior([float(rng.standard_normal(6).std(ddof=1)) for _ in range(99)], [6] * 99)
    spread_out = np.exp(rng.normal(0, 1.0, 20))
    apart = statistics.spread_prior([float(s * rng.standard_normal(6).std(ddof=1)) for s in spread_out], [6] * 20)
    assert alike.df > 20
    assert apart.df < 8
    assert alike.sd == pytest.approx(1.0, rel=0.1)
    known = statistics.pilot_knowledge(statistics.Spread(0.3, pilot_seeds=3), alike)
    assert known.df == alike.df + 2
    assert 0.3 < known.means_sd < alike.sd


def test_two_earlier_experiments_lend_nothing_and_a_guess_is_no_pilot() -> None:
    assert statistics.spread_prior([1.0, 1.1, 0.0], [5, 5, 5]) is None
    with pytest.raises(StatisticsError, match="found a guess"):
        statistics.pilot_knowledge(TRUE)


def test_items_and_residual_are_told_apart_from_seeds() -> None:
    table = np.random.default_rng(3).normal(0, 1, (5, 40))
    known = statistics.pilot_knowledge(statistics.spread_from_pilot(table))
    assert known.items == 40
    assert known.means_sd == pytest.approx(float(table.mean(axis=1).std(ddof=1)), rel=0.5)
    assert 0 < statistics.assurance(0.3, known, 8, 40) < 1


def test_a_pilot_that_is_too_short_says_that_no_number_is_assured() -> None:
    known = statistics.pilot_knowledge(statistics.Spread(5.0, pilot_seeds=2))
    assert "too short" in statistics.assured_seeds(0.1, known, most=50).reason
