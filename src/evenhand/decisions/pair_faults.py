"""Why the outcomes of two arms may not be compared: budgets that differ, flags that do not hold. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.claims.schema import Arm
from evenhand.recipes.outcome import Outcome

SECONDS_TOLERANCE = 0.05
"""Budgets in seconds are equal within this share: a step that has begun is finished."""

Fault = tuple[str, str]
"""The word in brackets, and the sentence."""


def flag_fault(arm: Arm, outcome: Outcome | None, unit: str) -> Fault | None:
    """Why an arm is not what its flags say, or None: each flag switches off a protection, so what it says must hold."""
    if outcome is None:
        return None
    if arm.deterministic and outcome.draws:
        named = ", ".join(f"'{name}'" for name in outcome.draws)
        return "not deterministic", (
            f"not deterministic: {arm.name} is declared deterministic and drew from the random streams {named}; "
            "take `deterministic` off, so that it runs once per seed"
        )
    spent = _training(outcome, unit) if arm.untrained else None
    if spent:
        return "budget", (
            f"budget: {arm.name} is declared untrained and spent {spent}; take `untrained` off, so that its budget is "
            "held equal to that of the others"
        )
    return None


def _training(outcome: Outcome, unit: str) -> str:
    """What an outcome spent on training, or empty. The clock runs for those too that train nothing."""
    units = ("steps", "tokens", "examples") if unit == "seconds" else (unit,)
    return ", ".join(f"{outcome.spent[name]:g} {name}" for name in units if outcome.spent.get(name, 0.0) > 0)


def budget_fault(found: Sequence[Outcome | None], unit: str, amount: float) -> str:
    """Why two outcomes were not bought at the same budget, or empty; diverged trials stop where they stop."""
    trained = [outcome for outcome in found if outcome is not None and outcome.failure is None]
    if len(trained) < 2:
        return ""
    spent = [outcome.spent.get(unit) for outcome in trained]
    if spent[0] is None or spent[1] is None:
        return f"a recipe that trains must report what it spends in {unit} (bench.budget.spend({unit}=...))"
    if unit == "seconds":
        tolerance = SECONDS_TOLERANCE * amount
    else:
        # The last step of either may overshoot by one grain (a batch of tokens); a step itself is never split.
        tolerance = 0.0 if unit == "steps" else max(outcome.grain.get(unit, 0.0) for outcome in trained)
    return f"spent {spent[0]:g} against {spent[1]:g} {unit}" if abs(spent[0] - spent[1]) > tolerance else ""
