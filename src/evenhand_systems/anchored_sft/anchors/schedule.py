"""The anchor's coefficient over training: c(t) = coefficient * clip((t - start) / warmup, 0, 1), refused where it
never comes to its full strength."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.errors import Fault, SettingsError


@dataclass(frozen=True)
class AnchorSchedule:
    """How strong the anchor pulls at step t, counted from 0.

    Attributes:
        coefficient: full strength, c in L = CE + c(t) * D.
        start: step before which the anchor is off.
        warmup: steps from off to full strength; 0 switches it on at once.
        decay: last steps of the run over which it falls linearly towards 0; 0 keeps it to the end.

    Raises:
        SettingsError: a number is negative.
    """

    coefficient: float
    start: int = 0
    warmup: int = 0
    decay: int = 0

    def __post_init__(self) -> None:
        faults = [
            Fault(name, f"must not be negative; found {getattr(self, name)}")
            for name in ("coefficient", "start", "warmup", "decay")
            if not getattr(self, name) >= 0
        ]
        if faults:
            raise SettingsError("The anchor's schedule", faults)

    @property
    def first_full_step(self) -> int:
        """First step (from 0) at which the anchor has its full strength."""
        return self.start + self.warmup

    def at(self, step: int, total: int) -> float:
        """c(t) at ``step`` of a run of ``total`` steps, both counted in optimiser steps."""
        if step < self.start:
            return 0.0
        rising = 1.0 if self.warmup == 0 else min(1.0, (step - self.start) / self.warmup)
        falling = 1.0 if self.decay == 0 else min(1.0, (total - step) / (self.decay + 1))
        return self.coefficient * rising * max(0.0, falling)

    def check(self, total: int) -> None:
        """Refuse a schedule that never reaches full strength within ``total`` steps.

        Raises:
            SettingsError: with the counts and what to change.
        """
        if self.coefficient == 0.0:
            return
        last_full = total - 1 - self.decay
        if self.first_full_step > last_full:
            ending = f", the last {self.decay} of which weaken the anchor again" if self.decay else ""
            message = (
                f"full strength is reached at step {self.first_full_step} (start {self.start} + warmup {self.warmup}), "
                f"but the run has only steps 0 to {total - 1}{ending}; lower start, warmup or decay, "
                "or train for longer"
            )
            raise SettingsError("The anchor would never pull with its full strength", [Fault("schedule", message)])
