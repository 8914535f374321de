"""Training a network V from scratch: which numbers come when, and what is done with them; the step is ``trainer``'s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from evenhand_systems.lyapunov.networks.network import LyapunovNetwork
from evenhand_systems.lyapunov.networks.options import TrainingOptions
from evenhand_systems.lyapunov.networks.pools import HardPool
from evenhand_systems.lyapunov.networks.trainer import Trainer, make_batch, stack
from evenhand_systems.lyapunov.numbers.limbs import draw


class Training:
    """A training under way: the network with its optimiser, the pool of hard numbers, and the stream of draws.

    Args:
        seeds: training trajectories, easy first; test trajectories must be kept out by the caller.
        order: stream of all random draws but the initial weights.
    """

    def __init__(
        self,
        options: TrainingOptions,
        *,
        seeds: list[int],
        order: np.random.Generator,
        init_seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.options, self.order, self.device = options, order, device
        self.trainer = Trainer(options, seed=init_seed, device=device)
        ramp = options.ramp_length if options.curriculum else 0
        self.pool = HardPool(seeds, options.start_seeds, ramp, options.mined_share)

    @property
    def network(self) -> LyapunovNetwork:
        """The network as it is now."""
        return self.trainer.network

    @property
    def steps(self) -> int:
        """Steps made so far."""
        return self.trainer.step_number

    def step(self) -> float:
        """Draw a batch, learn from it, mine where it is time to; returns the loss of the batch.

        Raises:
            Diverged: a loss that is not finite.
        """
        options = self.options
        hard = round(options.batch * options.hard_share)
        random = draw(options.batch - hard, self.order, max_bits=options.max_bits)
        limbs = stack(random, self.pool.draw(hard, self.steps, self.order))
        loss = self.trainer.step(make_batch(limbs, options, self.network.spec).to(self.device))
        if options.mining and self.steps % options.mine_interval == 0:
            self.pool.mine(self.network, options, self.order)
        return loss

    def state(self) -> dict[str, Any]:
        """Everything from which :meth:`restore` goes on to the same end, bit for bit."""
        position = self.order.bit_generator.state
        return {"trainer": self.trainer.state(), "mined": self.pool.mined, "order": position}

    def restore(self, state: Mapping[str, Any] | None) -> None:
        """Go on from a state, where there is one."""
        if state is None:
            return
        self.trainer.restore(state["trainer"])
        self.pool.restore(state["mined"])
        self.order.bit_generator.state = state["order"]


def train(
    options: TrainingOptions,
    *,
    seeds: list[int],
    order: np.random.Generator,
    init_seed: int = 0,
    device: str = "cpu",
    report: Callable[[int, float, LyapunovNetwork], None] | None = None,
) -> LyapunovNetwork:
    """Train for all of ``options.steps``; ``report`` is called after each step with step, loss and network.

    Raises:
        Diverged: a loss that is not finite.
    """
    training = Training(options, seeds=seeds, order=order, init_seed=init_seed, device=device)
    while training.steps < options.steps:
        loss = training.step()
        if report is not None:
            report(training.steps, loss, training.network)
    return training.network
