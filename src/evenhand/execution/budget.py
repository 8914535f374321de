"""What a trial may spend and has spent, and its clock, which stands still while something is built for all trials."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from evenhand.errors import ProbeEnded, RecipeError


class TrialBudget:
    """What a trial may spend, with the clock stopped while assets are built."""

    def __init__(self, unit: str, amount: float, ends_after: int | None = None) -> None:
        self.ends_after = ends_after
        self.unit = unit
        self.amount = amount
        self.amounts: dict[str, float] = {}
        self.grain: dict[str, float] = {}
        self._earlier = 0.0
        self._start = time.monotonic()
        self._paused = 0.0

    @property
    def seconds(self) -> float:
        """Seconds spent so far, earlier parts of a resumed trial included, building of assets left out."""
        return self._earlier + time.monotonic() - self._start - self._paused

    @property
    def spent(self) -> float:
        """Spent so far in the budget's unit."""
        return self.seconds if self.unit == "seconds" else self.amounts.get(self.unit, 0.0)

    @property
    def left(self) -> float:
        """What may still be spent, never below zero."""
        return max(0.0, self.amount - self.spent)

    def spend(self, **amounts: float) -> None:
        """Record what one step cost.

        Raises:
            RecipeError: an amount is negative or not finite.
            ProbeEnded: the trial only tries what fits, and has.
        """
        for unit, amount in amounts.items():
            if not (np.isfinite(amount) and amount >= 0):
                raise RecipeError(f"budget.spend({unit}={amount}) is no amount; it must be finite and not negative.")
            self.amounts[unit] = self.amounts.get(unit, 0.0) + float(amount)
            self.grain[unit] = max(self.grain.get(unit, 0.0), float(amount))
        if self.ends_after is not None and self.amounts.get("steps", 0.0) >= self.ends_after:
            raise ProbeEnded(f"{self.ends_after} steps fit")

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Leave out of the clock what is done meanwhile, once, where parts of it are left out by themselves.

        A clock that begins later, at a checkpoint that is taken up meanwhile, has nothing left out before that.
        """
        start, paused = time.monotonic(), self._paused
        try:
            yield
        finally:
            if self._start > start:
                start, paused = self._start, 0.0
            self._paused = paused + time.monotonic() - start

    def state(self) -> dict[str, Any]:
        """For checkpoints."""
        return {"amounts": dict(self.amounts), "grain": dict(self.grain), "seconds": self.seconds}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.amounts, self.grain = dict(state["amounts"]), dict(state["grain"])
        self._earlier, self._start, self._paused = state["seconds"], time.monotonic(), 0.0
