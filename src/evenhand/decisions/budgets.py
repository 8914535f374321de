"""Budgets compared: whether two outcomes were bought at the same one, and what an outcome spent on training. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.recipes.outcome import Outcome

SECONDS_TOLERANCE = 0.05
"""Budgets in seconds are equal within this share: a step that has begun is finished."""


def trained_for(outcome: Outcome, unit: str) -> str:
    """What an outcome spent on training, or empty. The clock runs for those too that train nothing."""
    units = ("steps", "tokens", "examples") if unit == "seconds" else (unit,)
    return ", ".join(f"{outcome.spent[name]:g} {name}" for name in units if outcome.spent.get(name, 0.0) > 0)


def budget_fault(found: Sequence[Outcome | None], unit: str, amount: float, *, must_show: bool = True) -> str:
    """Why two outcomes were not bought at the same budget, or empty; diverged trials stop where they stop.

    ``must_show`` is False for runs that others made, whose files need not tell what they cost; a gain then says so.
    """
    trained = [outcome for outcome in found if outcome is not None and outcome.failure is None]
    if len(trained) < 2:
        return ""
    spent = [outcome.spent.get(unit) for outcome in trained]
    if spent[0] is None or spent[1] is None:
        if not must_show:
            return ""
        return f"a recipe that trains must report what it spends in {unit} (bench.budget.spend({unit}=...))"
    if unit == "seconds":
        tolerance = SECONDS_TOLERANCE * amount
    else:
        # The last step of either may overshoot by one grain (a batch of tokens); a step itself is never split.
        tolerance = 0.0 if unit == "steps" else max(outcome.grain.get(unit, 0.0) for outcome in trained)
    return f"spent {spent[0]:g} against {spent[1]:g} {unit}" if abs(spent[0] - spent[1]) > tolerance else ""
