"""Why the outcomes of an arm may not be compared: flags that do not hold. Pure."""

from __future__ import annotations

from evenhand.claims.schema import Arm
from evenhand.decisions.budgets import trained_for
from evenhand.recipes.outcome import Outcome

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
    spent = trained_for(outcome, unit) if arm.untrained else None
    if spent:
        return "budget", (
            f"budget: {arm.name} is declared untrained and spent {spent}; take `untrained` off, so that its budget is "
            "held equal to that of the others"
        )
    return None
