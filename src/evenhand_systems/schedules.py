"""Learning-rate schedules as torch has them, for what its own ones do not give to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


class WarmUp(LRScheduler):
    """A linear rise over the first steps, times a fall over all of them; each group's own rate is the top.

    ``LambdaLR`` would multiply the two factors first and the rate last, which rounds otherwise: results that stand in
    ledgers were made by ``rate * rise * fall`` in this order.

    Args:
        optimiser: whose groups have their top rates as ``lr``.
        warmup: steps of the rise; 0 and 1 are none.
        fall: factor at a step, from 0.
    """

    def __init__(self, optimiser: Optimizer, warmup: int, fall: Callable[[int], float]) -> None:
        self.warmup, self.fall = max(1, warmup), fall
        super().__init__(optimiser)

    def get_lr(self) -> list[Any]:
        """The rates of the groups at the present step."""
        rise, fall = min(1.0, (self.last_epoch + 1) / self.warmup), self.fall(self.last_epoch)
        return [top * rise * fall for top in self.base_lrs]

    def state_dict(self) -> dict[str, Any]:
        """The step alone: what the schedule is stands in the settings, and the rates in the optimiser's state."""
        return {"last_epoch": self.last_epoch}


def cosine(steps: float, floor: float = 0.0) -> Callable[[float], float]:
    """Half a wave of the cosine from 1 at step 0 to ``floor`` at ``steps`` (or at 1, in shares of a budget)."""

    def fall(step: float) -> float:
        return floor + (1 - floor) * (0.5 * (1 + math.cos(math.pi * step / max(1, steps))))

    return fall
