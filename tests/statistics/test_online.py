"""Levels of tests that come one after another: what is spent, what is earned, and how often they err."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evenhand.errors import StatisticsError
from evenhand.statistics.calibration.sequences import margin_effect, online_errors
from evenhand.statistics.online import OnlineMethod, OnlineTest, e_of_p, e_of_t, online_levels

METHODS: tuple[OnlineMethod, ...] = ("LORD++", "SAFFRON", "LOND", "e-LOND")


def in_turn(*p_values: float) -> list[OnlineTest]:
    """Tests that are decided before the next begins."""
    return [OnlineTest(p, place, e_of_p(p)) for place, p in enumerate(p_values, start=1)]


@pytest.mark.parametrize("method", METHODS)
def test_without_a_discovery_all_that_is_ever_spent_is_the_rate(method: OnlineMethod) -> None:
    found = online_levels(in_turn(*[0.9] * 200), 0.05, method)
    assert sum(found.levels) + found.wealth <= 0.05 * (1 + 1e-9)
    assert not any(found.discoveries)
    assert all(a >= b for a, b in zip(found.levels, found.levels[1:], strict=False))


@pytest.mark.parametrize("method", METHODS)
def test_a_discovery_raises_the_levels_after_it_and_none_before(method: OnlineMethod) -> None:
    calm, lucky = (online_levels(in_turn(0.9, 0.9, p, *[0.9] * 5), 0.05, method).levels for p in (0.9, 1e-9))
    assert calm[:3] == lucky[:3]
    assert all(b > a for a, b in zip(calm[3:], lucky[3:], strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_nothing_that_comes_later_moves_a_level(method: OnlineMethod) -> None:
    p_values = [float(p) for p in np.random.default_rng(3).uniform(0, 0.2, 30)]
    whole = online_levels(in_turn(*p_values), 0.05, method).levels
    for length in range(1, 30):
        assert online_levels(in_turn(*p_values[:length]), 0.05, method).levels == whole[:length]


def test_lord_spends_as_its_formula_says() -> None:
    total = sum(t**-1.6 for t in range(1, 2_000_000)) + 2_000_000**-0.6 / 0.6
    gamma = [0.0, *(t**-1.6 / total for t in range(1, 10))]
    found = online_levels(in_turn(0.5, 1e-9, 0.5, 1e-9, 0.5), 0.05, "LORD++", 0.4)
    assert found.levels[2] == pytest.approx(0.02 * gamma[3] + 0.03 * gamma[1], rel=1e-6)
    assert found.levels[4] == pytest.approx(0.02 * gamma[5] + 0.03 * gamma[3] + 0.05 * gamma[1], rel=1e-6)


def test_a_discovery_counts_from_when_it_was_decided_and_not_from_when_it_began() -> None:
    late = [OnlineTest(1e-9, 3), OnlineTest(0.9, 2), OnlineTest(0.9, 3), OnlineTest(0.9, 4)]
    soon = [OnlineTest(1e-9, 1), *late[1:]]
    never = [OnlineTest(None, None), *late[1:]]
    levels = [online_levels(tests).levels for tests in (late, soon, never)]
    assert levels[0][:3] == levels[2][:3]
    assert levels[0][3] > levels[2][3]
    assert levels[1][1] > levels[2][1]


def test_what_was_written_down_stays_whatever_the_levels_would_say_now() -> None:
    assert online_levels([OnlineTest(0.9, 1, recorded=True)]).discoveries == (True,)
    assert online_levels([OnlineTest(1e-9, 1, recorded=False)]).discoveries == (False,)


def test_a_test_cannot_be_decided_before_it_begins() -> None:
    with pytest.raises(StatisticsError, match="decided after it began"):
        online_levels([OnlineTest(0.1, 1), OnlineTest(0.1, 1)])


def test_the_mean_of_an_e_value_is_at_most_1_without_an_effect() -> None:
    t = stats.t.ppf((np.arange(200_000) + 0.5) / 200_000, 4)
    assert float(e_of_t(t, 5).mean()) == pytest.approx(1, abs=0.01)
    assert float(e_of_t(t - 1, 5).mean()) < 1
    assert np.mean([e_of_p(p) for p in (np.arange(100_000) + 0.5) / 100_000]) == pytest.approx(1, abs=0.01)


def test_the_effect_at_the_margin_is_found_as_often_as_it_says() -> None:
    shift = margin_effect(5) * math.sqrt(5)
    assert stats.nct.sf(stats.t.ppf(0.975, 4), 4, shift) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("user", "correlation"), [("honest", 0.0), ("honest", 0.5), ("tries again", 0.5)])
def test_false_discoveries_stay_within_the_rate_where_each_claim_alone_would_not(user: str, correlation: float) -> None:
    alone, ours = (
        online_errors(one, 25, 0.1, 250, 5, user=user, correlation=correlation)  # type: ignore[arg-type]
        for one in (("none", 0.5), ("LORD++", 0.5))
    )
    assert ours.false_share <= 0.05 + 2 * ours.error
    assert alone.false_share > 0.08
