"""Budgets compared: whether two outcomes were bought at the same one, and what an outcome spent on training. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.recipes.outcome import Outcome

SECONDS_TOLERANCE = 0.05
"""Budgets in seconds or device-hours are equal within this share: a step that has begun is finished."""

CLOCKS = ("seconds", "device_hours")
"""Units that run on for those too that train nothing."""


def trained_for(outcome: Outcome, unit: str) -> dict[str, float]:
    """What an outcome spent on training, by unit. The clock runs for those too that train nothing."""
    units = ("steps", "tokens", "examples", "epochs", "flops") if unit in CLOCKS else (unit,)
    return {name: outcome.spent[name] for name in units if outcome.spent.get(name, 0.0) > 0}


@dataclass(frozen=True)
class Unequal:
    """Two outcomes that were not bought at the same budget: what each spent; None where one does not report it."""

    spent: tuple[float, float] | None


def unequal(found: Sequence[Outcome | None], unit: str, amount: float, *, must_show: bool = True) -> Unequal | None:
    """How two outcomes were not bought at the same budget, or None; diverged trials stop where they stop.

    ``must_show`` is False for runs that others made, whose files need not tell what they cost; a gain then says so.
    """
    trained = [outcome for outcome in found if outcome is not None and outcome.failure is None]
    if len(trained) < 2:
        return None
    mine, theirs = (outcome.spent.get(unit) for outcome in trained)
    if mine is None or theirs is None:
        return Unequal(None) if must_show else None
    if unit in CLOCKS:
        tolerance = SECONDS_TOLERANCE * amount
    else:
        # The last step of either may overshoot by one grain (a batch of tokens); a step itself is never split.
        tolerance = 0.0 if unit == "steps" else max(outcome.grain.get(unit, 0.0) for outcome in trained)
    return Unequal((mine, theirs)) if abs(mine - theirs) > tolerance else None
