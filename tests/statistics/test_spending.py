"""Group-sequential looks with spending functions, and what looks cost and save."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError
from evenhand.statistics.looks import drawn_p_values
from evenhand.statistics.spending import SPENDING, spent_by

LOOKS = (4, 7, 10)


@pytest.mark.slow
@pytest.mark.parametrize("spending", SPENDING)
@pytest.mark.parametrize("alpha", [0.05, 0.0125])
def test_all_looks_together_err_as_often_as_planned(spending: statistics.Spending, alpha: float) -> None:
    plan = statistics.plan_spending(LOOKS, spending, alpha)
    drawn = drawn_p_values(LOOKS, 100_000, seed=5)
    rejected = np.zeros(len(drawn), bool)
    for place, count in enumerate(LOOKS):
        rejected |= drawn[:, place] <= plan.level_at(count)
        share = spent_by(spending, count / 10, alpha)
        assert rejected.mean() == pytest.approx(share, abs=0.0004 + 3 * (share / 100_000) ** 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("spending", SPENDING)
def test_the_adjusted_p_of_a_look_is_below_alpha_exactly_where_the_look_rejects(spending: statistics.Spending) -> None:
    plan = statistics.plan_spending(LOOKS, spending)
    for count in LOOKS:
        level = plan.level_at(count)
        assert plan.overall(0.97 * level, count) < 0.05 < plan.overall(1.03 * level, count)
        assert plan.overall(1.0, count) == 1.0
        values = [plan.overall(p, count) for p in (1e-9, 1e-6, 1e-3, 0.02, 0.2, 0.9)]
        assert values == sorted(values)


def test_obrien_and_fleming_spend_hardly_anything_early_pocock_evenly_and_hwang_shih_and_decani_most() -> None:
    strict, even, early = (statistics.plan_spending(LOOKS, spending).nominals for spending in SPENDING)
    assert strict[0] < 0.003
    assert strict[2] > 0.035
    assert max(even) < 2 * min(even)
    assert even[0] < early[0] < 0.05 > early[2] < even[2]


def test_the_shapes_are_those_of_lan_and_demets() -> None:
    z = stats.norm.isf(0.025)
    assert spent_by("obrien-fleming", 0.5, 0.05) == pytest.approx(2 * stats.norm.sf(z / 0.5**0.5))
    assert spent_by("pocock", 1.0, 0.05) == pytest.approx(0.05)
    assert spent_by("obrien-fleming", 1.0, 0.05) == pytest.approx(0.05)
    assert spent_by("hwang-shih-decani", 1.0, 0.05) == pytest.approx(0.05)
    assert spent_by("hwang-shih-decani", 0.5, 0.05) == pytest.approx(0.05 * (1 - math.exp(-1)) / (1 - math.exp(-2)))


def test_a_share_too_small_to_be_simulated_is_the_level_itself() -> None:
    plan = statistics.plan_spending(LOOKS, "obrien-fleming", 1e-4)
    assert plan.level_at(4) <= 1.1 * spent_by("obrien-fleming", 0.4, 1e-4) + 1e-300


@pytest.mark.parametrize("looks", [(), (7, 4), (1, 4), tuple(range(2, 20))])
def test_looks_that_cannot_be_planned_are_refused(looks: tuple[int, ...]) -> None:
    with pytest.raises(StatisticsError):
        statistics.plan_spending(looks, "pocock")


def test_a_look_that_is_not_planned_is_refused() -> None:
    with pytest.raises(StatisticsError, match="planned looks"):
        statistics.plan_spending(LOOKS, "pocock").level_at(5)


def test_one_look_costs_all_seeds_and_has_the_power_that_was_planned() -> None:
    spread = statistics.Spread(1.0)
    found = statistics.operating(statistics.plan_looks((10,)), 1.0, spread, margin=1.0)
    assert found.seeds == 10
    assert found.gain + found.no_effect == pytest.approx(statistics.planned_power(1.0, spread, 10), abs=0.06)


@pytest.mark.slow
def test_looks_spare_seeds_where_there_is_much_or_nothing_and_futility_spares_more() -> None:
    plan = statistics.plan_spending((4, 6, 8, 10), "pocock")
    spread = statistics.Spread(1.0)
    none, much = (statistics.operating(plan, x, spread, margin=1.0) for x in (0.0, 2.0))
    given_up = statistics.operating(plan, 0.0, spread, margin=1.0, futility=0.9)
    assert much.seeds < 5.5 < given_up.seeds + 1 < none.seeds < 10
    assert given_up.given_up > 0.5
    assert none.gain < 0.03
