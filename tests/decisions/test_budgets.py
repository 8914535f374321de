"""Budgets in every unit: equal up to one grain of what cannot be split, or up to a share of what a clock tells."""

from __future__ import annotations

import pytest

from evenhand.claims.schema import parse_claim
from evenhand.decisions.budgets import trained_for, unequal
from evenhand.recipes.outcome import Outcome
from evenhand.testing.worlds import TEXT


def spent(amount: float, unit: str, grain: float = 0.0) -> Outcome:
    return Outcome(metrics={"score": 1.0}, spent={unit: amount}, grain={unit: grain})


@pytest.mark.parametrize(
    ("unit", "mine", "theirs", "grain", "equal"),
    [
        ("steps", 10, 10, 1, True), ("steps", 10, 11, 1, False), ("tokens", 1000, 1040, 64, True),
        ("tokens", 1000, 1080, 64, False), ("epochs", 3.0, 3.02, 0.05, True), ("epochs", 3.0, 2.5, 0.05, False),
        ("flops", 1e18, 1.01e18, 2e16, True), ("flops", 1e18, 1.2e18, 2e16, False), ("seconds", 100, 104, 0, True),
        ("seconds", 100, 110, 0, False), ("device_hours", 8.0, 8.3, 0, True), ("device_hours", 8.0, 10.0, 0, False),
    ],
)  # fmt: skip
def test_arms_are_compared_only_at_equal_budgets(
    unit: str, mine: float, theirs: float, grain: float, equal: bool
) -> None:
    found = unequal([spent(mine, unit, grain), spent(theirs, unit, grain)], unit, mine)
    assert (found is None) is equal
    assert found is None or found.spent == (mine, theirs)


@pytest.mark.parametrize("unit", ["epochs", "flops", "device_hours", "seconds"])
def test_a_claim_may_count_in_any_unit(unit: str) -> None:
    text = TEXT.replace("[metric]", f"[budget]\nunit = '{unit}'\n[metric]", 1)
    assert parse_claim(text, "c.toml", "c").claim.budget.unit == unit


def test_a_clock_runs_for_those_too_that_train_nothing() -> None:
    idle = Outcome(metrics={"score": 1.0}, spent={"device_hours": 0.2, "seconds": 700.0})
    assert trained_for(idle, "device_hours") == {}
    assert trained_for(spent(3.0, "epochs"), "device_hours") == {"epochs": 3.0}
