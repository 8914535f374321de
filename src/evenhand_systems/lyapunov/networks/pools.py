"""The pool of hard numbers: training trajectories that join one by one, and mined numbers.

A draw picks a trajectory, then a number on it. In the log's way a mined number counts as one more trajectory, so 50 of
them beside a handful of active seeds take nine tenths of the draws at once; ``mined_share`` caps what they may take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evenhand.errors import DataError
from evenhand_systems.lyapunov.networks.network import LyapunovNetwork, NetworkModel
from evenhand_systems.lyapunov.numbers.arithmetic import trajectory
from evenhand_systems.lyapunov.numbers.limbs import Limbs, draw, pack, unpack

if TYPE_CHECKING:
    from evenhand_systems.lyapunov.networks.options import TrainingOptions

MINING_SAMPLE = 4096


class HardPool:
    """Trajectories and mined numbers to draw from.

    Args:
        seeds: training trajectories in the order in which they join.
        start_seeds: how many are active at once (at least one always is).
        ramp_length: steps until all are active; 0 for all at once.
        mined_share: most that mined numbers may take of the draws; None for one share per number.
    """

    def __init__(self, seeds: list[int], start_seeds: int, ramp_length: int, mined_share: float | None) -> None:
        if not seeds:
            raise DataError("The pool needs at least one training trajectory.")
        self._trajectories = [pack(trajectory(seed)[:-1], minimum=3) for seed in seeds]
        self._width = max(t.shape[1] for t in self._trajectories)
        self._start, self._ramp, self._share = start_seeds, ramp_length, mined_share
        self._mined: list[int] = []

    @property
    def mined(self) -> tuple[int, ...]:
        """The mined numbers so far: with the step, all that a pool remembers."""
        return tuple(self._mined)

    def restore(self, mined: Sequence[int]) -> None:
        """Go on with these mined numbers."""
        self._mined = list(mined)

    def active(self, step: int) -> int:
        """Number of trajectories active at a step."""
        total = len(self._trajectories)
        if self._ramp <= 0:
            return total
        grown = self._start + (total - self._start) * step // self._ramp
        return int(min(total, max(1, grown)))

    def share_of_mined(self, step: int) -> float:
        """Chance that a draw is a mined number."""
        if not self._mined:
            return 0.0
        natural = len(self._mined) / (len(self._mined) + self.active(step))
        return natural if self._share is None else min(natural, self._share)

    def draw(self, count: int, step: int, rng: np.random.Generator) -> Limbs:
        """(count, W) numbers."""
        mined = int(rng.binomial(count, self.share_of_mined(step))) if self._mined else 0
        chosen = rng.integers(self.active(step), size=count - mined)
        rows = [self._trajectories[i][rng.integers(len(self._trajectories[i]))] for i in chosen]
        width = max(self._width, max((n.bit_length() for n in self._mined), default=1) // 64 + 1)
        out = np.zeros((count, width), np.uint64)
        for i, row in enumerate(rows):
            out[i, : len(row)] = row
        if mined:
            picked = pack([self._mined[i] for i in rng.integers(len(self._mined), size=mined)])
            out[count - mined :, : picked.shape[1]] = picked
        return out

    def mine(self, network: LyapunovNetwork, options: TrainingOptions, rng: np.random.Generator) -> int:
        """Add the ``mine_count`` worst failures among fresh random numbers; returns how many numbers failed."""
        sample = draw(MINING_SAMPLE, rng, max_bits=options.max_bits)
        margins = NetworkModel(network).decide_limbs(sample).margins
        failing = np.flatnonzero(margins <= 0)
        worst = failing[np.argsort(margins[failing])][: options.mine_count]
        self._mined.extend(unpack(sample[worst]))
        return len(failing)
