"""Planned looks over seeds."""

from __future__ import annotations

import json

import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError
from evenhand.statistics import looks

QUICK = 20_000


@pytest.mark.parametrize(
    ("plan", "nominal"), [((3, 5), 0.028), ((5, 10), 0.027), ((3, 6, 10), 0.019), ((4, 7, 10), 0.021)]
)
def test_the_listed_plans_take_their_level_from_the_table(plan, nominal):
    result = statistics.plan_looks(plan, draws=QUICK)
    assert (result.nominal, result.source) == (nominal, "table")
    assert result.overall(nominal) == pytest.approx(0.05, rel=1e-6)
    assert result.nominal_for(0.05) == pytest.approx(nominal, rel=1e-6)


@pytest.mark.parametrize(("plan", "nominal"), sorted(looks.TABLE.items()))
def test_the_simulation_gives_the_tabled_levels(plan, nominal):
    simulated = statistics.plan_looks(plan, 0.050001, draws=100_000)
    assert simulated.source == "simulated"
    assert simulated.nominal == pytest.approx(nominal, abs=0.0016)


def test_a_single_look_is_an_ordinary_test():
    result = statistics.plan_looks((5,))
    assert (result.nominal, result.source) == (0.05, "one look")
    assert result.overall(0.03) == pytest.approx(0.03)


def test_an_unplanned_look_is_refused_and_the_planned_ones_are_named():
    plan = statistics.plan_looks((3, 6, 10), draws=QUICK)
    assert plan.nominal_at(6) == 0.019
    with pytest.raises(StatisticsError, match=r"after 4 seeds.*\(3, 6, 10\).*refused, not corrected"):
        plan.nominal_at(4)


def test_levels_lie_between_bonferroni_and_no_correction():
    plan = statistics.plan_looks((4, 8), 0.02, draws=QUICK)
    assert 0.01 < plan.nominal < 0.02
    assert plan.nominal_for(1e-5) == pytest.approx(0.5e-5)
    assert plan.overall(1e-5) == pytest.approx(2e-5)


def test_adjusted_p_values_grow_with_p_and_never_fall_below_it():
    plan = statistics.plan_looks((3, 5), draws=QUICK)
    p_values = [1e-6, 1e-4, 0.001, 0.01, 0.028, 0.1, 0.5, 1.0]
    adjusted = [plan.overall(p) for p in p_values]
    assert adjusted == sorted(adjusted)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    assert adjusted[-1] == 1.0


def test_a_simulated_plan_is_kept_in_the_given_folder_and_read_back(tmp_path):
    first = statistics.plan_looks((4, 9), draws=QUICK, cache=tmp_path / "looks")
    [stored] = (tmp_path / "looks").iterdir()
    content = json.loads(stored.read_text())
    content["quantiles"] = [value / 2 for value in content["quantiles"]]
    stored.write_text(json.dumps(content))
    assert statistics.plan_looks((4, 9), draws=QUICK, cache=tmp_path / "looks").nominal == pytest.approx(
        first.nominal / 2
    )


def test_a_damaged_file_in_the_folder_is_computed_again(tmp_path):
    first = statistics.plan_looks((4, 9), draws=QUICK, cache=tmp_path)
    [stored] = tmp_path.iterdir()
    stored.write_text("{")
    assert statistics.plan_looks((4, 9), draws=QUICK, cache=tmp_path) == first


@pytest.mark.parametrize("plan", [(), (5, 3), (3, 3), (1, 3), tuple(range(2, 14))])
def test_plans_that_make_no_sense_are_refused(plan):
    with pytest.raises(StatisticsError, match="look"):
        statistics.plan_looks(plan, draws=QUICK)
