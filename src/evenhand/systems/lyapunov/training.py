"""Training a network V: one fast exact step, the log's way and its repairs as options.

Loss per number: weighted hinge max(0, margin - (V(n) - V(T n))), optionally the same over 4 steps (0.5) and 8 steps
(0.2), and an anchor to ln n + c drift that fades linearly.

The step computes only the passes that its loss needs, and carries only rows with a gradient through the backward pass:
rows whose hinge is satisfied contribute exactly nothing, so leaving them out changes no result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evenhand.errors import DataError, Diverged
from evenhand.systems.lyapunov.features import FeatureSpec, features
from evenhand.systems.lyapunov.limbs import Limbs, advance, draw, log2_of
from evenhand.systems.lyapunov.network import REFERENCE_LAYERS, LyapunovNetwork, parse_layers
from evenhand.systems.lyapunov.pools import HardPool

LN_2 = math.log(2.0)
Target = Literal["fixed", "adaptive", "split"]


@dataclass(frozen=True)
class TrainingOptions:
    """All options; the defaults are the repaired ways, ``as_logged()`` gives the log's.

    Attributes:
        steps, batch, learning_rate: length and pace; AdamW.
        target: ``fixed`` anchors to ln n + 0.35 drift, ``adaptive`` learns the coefficient, ``split`` learns it for
            windows that rise (drift > 0) and keeps 0.35 for the others.
        four_steps, eight_steps: whether V must fall over 4 and 8 steps, too.
        schedule: ``cosine``, or ``plateau``: halved when the loss of single batches has not improved for a while.
        growth_weight: weight of steps that grow against 1 for those that fall.
        hard_share: share of each batch that comes from the pool of trajectories.
        curriculum: whether training trajectories join one by one over ``ramp_length`` steps after ``start_seeds``.
        mining: whether failing numbers are added to the pool every ``mine_interval`` steps, ``mine_count`` at a time.
        mined_share: most that mined numbers may make of the pool's draws; None, the log's way: each is one more seed.
        passes: ``needed``, or ``all`` four forward passes whatever the loss uses.
    """

    lookahead: int = 10
    groups: tuple[str, ...] = ("log", "residues", "drift", "valuations")
    layers: str = REFERENCE_LAYERS
    steps: int = 2000
    batch: int = 1024
    learning_rate: float = 1e-3
    margin: float = 0.05
    target: Target = "fixed"
    anchor_steps: int = 500
    four_steps: bool = False
    eight_steps: bool = False
    schedule: Literal["cosine", "plateau"] = "cosine"
    growth_weight: float = 1.0
    hard_share: float = 0.5
    curriculum: bool = True
    ramp_length: int = 1000
    start_seeds: int = 0
    mining: bool = True
    mine_interval: int = 500
    mine_count: int = 50
    mined_share: float | None = 0.2
    passes: Literal["needed", "all"] = "needed"
    max_bits: int = 128

    def __post_init__(self) -> None:
        FeatureSpec(self.lookahead, self.groups)
        parse_layers(self.layers)
        if min(self.steps, self.batch, self.mine_interval) < 1 or not 0 <= self.hard_share <= 1:
            raise DataError("Training needs steps, batch and mine_interval >= 1 and 0 <= hard_share <= 1.")
        if self.mined_share is not None and not 0 <= self.mined_share < 1:
            raise DataError(f"mined_share lies in 0 <= share < 1, or is None; found {self.mined_share}.")


def as_logged(**changes: object) -> TrainingOptions:
    """The log's way: plateau schedule, growth steps 10:1, mined numbers as seeds, all four passes."""
    base: dict[str, object] = {
        "schedule": "plateau",
        "growth_weight": 10.0,
        "mined_share": None,
        "passes": "all",
    }
    return TrainingOptions(**{**base, **changes})  # type: ignore[arg-type]


@dataclass
class Schedule:
    """Learning rate by step. ``plateau`` halves after ``patience`` batches without a new best loss, down to 1e-6."""

    options: TrainingOptions
    patience: int = 500
    _best: float = math.inf
    _waited: int = 0
    _factor: float = 1.0

    def rate(self, step: int) -> float:
        """The rate for this step."""
        top = self.options.learning_rate
        if self.options.schedule == "plateau":
            return max(1e-6, top * self._factor)
        warm = min(1.0, (step + 1) / max(1, min(200, self.options.steps // 10)))
        return top * warm * 0.5 * (1 + math.cos(math.pi * step / self.options.steps))

    def see(self, loss: float) -> None:
        """Take note of a batch's loss."""
        self._waited = 0 if loss < self._best else self._waited + 1
        self._best = min(self._best, loss)
        if self._waited > self.patience:
            self._factor, self._waited = self._factor / 2, 0


@dataclass(frozen=True)
class Batch:
    """Features of n and of the iterates that the loss compares it with.

    Attributes:
        inputs: (P, B, width) float32: n, T(n) and, where wanted, T^4(n), T^8(n).
        log_n: (B,) natural logarithms of n.
        drift: (B,) drift in natural logarithms over the window.
        growth: (B,) whether T(n) > n.
    """

    inputs: Tensor
    log_n: Tensor
    drift: Tensor
    growth: Tensor


def make_batch(limbs: Limbs, options: TrainingOptions, spec: FeatureSpec) -> Batch:
    """Walk the numbers and collect the passes that ``options`` asks for."""
    every = options.passes == "all"
    places = [0, 1]
    places += [4] if options.four_steps or every else []
    places += [8] if options.eight_steps or every else []
    tables = []
    current, at = limbs, 0
    for place in places:
        current, at = (advance(current, place - at) if place > at else current), place
        tables.append(features(current, spec.lookahead))
    columns = spec.columns
    return Batch(
        inputs=torch.from_numpy(np.stack([t[:, columns] for t in tables])),
        log_n=torch.from_numpy((log2_of(limbs) * LN_2).astype(np.float32)),
        drift=torch.from_numpy(tables[0][:, 5] * np.float32(spec.lookahead * LN_2)),
        growth=torch.from_numpy((limbs[:, 0] & np.uint64(3)) == 3),
    )


@dataclass
class Trainer:
    """A network, its optimiser, and the fast step."""

    options: TrainingOptions
    seed: int = 0
    device: str = "cpu"
    network: LyapunovNetwork = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)
    schedule: Schedule = field(init=False)
    step_number: int = 0

    def __post_init__(self) -> None:
        spec = FeatureSpec(self.options.lookahead, self.options.groups)
        self.network = LyapunovNetwork(spec, parse_layers(self.options.layers), seed=self.seed).to(self.device)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=self.options.learning_rate, fused=True)
        self.schedule = Schedule(self.options)

    def loss_terms(self, values: Tensor, batch: Batch, anchor: float) -> Tensor:
        """The loss as a function of (P, B) values V; P as in ``make_batch``."""
        options = self.options
        weight = torch.where(batch.growth, options.growth_weight, 1.0)
        weight = weight / weight.sum()
        loss = (weight * nn.functional.relu(options.margin - (values[0] - values[1]))).sum()
        row = 2
        for factor, wanted in ((0.5, options.four_steps), (0.2, options.eight_steps)):
            if wanted:
                loss = loss + factor * (weight * nn.functional.relu(options.margin - (values[0] - values[row]))).sum()
            row += int(wanted or options.passes == "all")
        if anchor > 0:
            coefficient: Tensor = self.network.drift_coefficient
            if options.target == "fixed":
                coefficient = coefficient.detach()
            elif options.target == "split":
                coefficient = torch.where(batch.drift > 0, coefficient, 0.35)
            loss = loss + anchor * ((values[0] - batch.log_n - coefficient * batch.drift) ** 2).mean()
        return loss

    def step(self, batch: Batch) -> float:
        """One update; returns the loss of the batch.

        Raises:
            Diverged: the loss is not finite.
        """
        anchor = max(0.0, 1.0 - self.step_number / max(1, self.options.anchor_steps))
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate(self.step_number)
        flat = batch.inputs.reshape(-1, batch.inputs.shape[-1])
        hidden = self._forward(flat)
        outputs = hidden[-1].reshape(batch.inputs.shape[:2]).requires_grad_()
        self.network.drift_coefficient.grad = None
        loss = self.loss_terms(nn.functional.softplus(outputs), batch, anchor)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise Diverged(f"The loss is {value} at step {self.step_number}; lower the learning rate.")
        loss.backward()  # type: ignore[no-untyped-call]
        assert outputs.grad is not None
        self._backward(hidden, outputs.grad.reshape(-1))
        if self.network.drift_coefficient.grad is None:
            self.network.drift_coefficient.grad = torch.zeros_like(self.network.drift_coefficient)
        self.optimiser.step()
        self.schedule.see(value)
        self.step_number += 1
        return value

    @torch.no_grad()
    def _forward(self, inputs: Tensor) -> list[Tensor]:
        """Inputs of every layer, and f at the end."""
        hidden = [inputs]
        linears = self.network.linears
        for linear in linears[:-1]:
            hidden.append(nn.functional.leaky_relu_(linear(hidden[-1]), 0.1))
        hidden.append(linears[-1](hidden[-1]).squeeze(-1))
        return hidden

    @torch.no_grad()
    def _backward(self, hidden: list[Tensor], gradient: Tensor) -> None:
        """Gradients of all weights from that of f; rows without a gradient are left out."""
        rows = torch.nonzero(gradient).squeeze(-1)
        dense = 2 * len(rows) > len(gradient)
        delta = (gradient if dense else gradient[rows]).unsqueeze(-1)
        for place in range(len(self.network.linears) - 1, -1, -1):
            linear = self.network.linears[place]
            assert isinstance(linear, nn.Linear)
            inputs = hidden[place] if dense else hidden[place][rows]
            linear.weight.grad = delta.T @ inputs
            linear.bias.grad = delta.sum(0)
            if place:
                delta = delta @ linear.weight
                # LeakyReLU keeps the sign, so its output tells its slope
                delta *= torch.where(inputs > 0, 1.0, 0.1)


def random_numbers(count: int, options: TrainingOptions, rng: np.random.Generator) -> Limbs:
    """Random odd n of 2..max_bits bits."""
    return draw(count, rng, max_bits=options.max_bits)


def train(
    options: TrainingOptions,
    *,
    seeds: list[int],
    order: np.random.Generator,
    init_seed: int = 0,
    device: str = "cpu",
    report: Callable[[int, float, LyapunovNetwork], None] | None = None,
    should_stop: Callable[[int], bool] | None = None,
) -> LyapunovNetwork:
    """Train from scratch.

    Args:
        seeds: training trajectories, easy first; test trajectories must be kept out by the caller.
        order: stream of all random draws but the initial weights.
        report: called after each step with step, loss and network.
        should_stop: called before each step.

    Raises:
        Diverged: a loss that is not finite.
    """
    trainer = Trainer(options, seed=init_seed, device=device)
    pool = HardPool(seeds, options.start_seeds, options.ramp_length if options.curriculum else 0, options.mined_share)
    spec = trainer.network.spec
    for step in range(options.steps):
        if should_stop is not None and should_stop(step):
            break
        hard = round(options.batch * options.hard_share)
        limbs = _stack(random_numbers(options.batch - hard, options, order), pool.draw(hard, step, order))
        batch = make_batch(limbs, options, spec)
        if device != "cpu":
            batch = Batch(*(t.to(device) for t in (batch.inputs, batch.log_n, batch.drift, batch.growth)))
        loss = trainer.step(batch)
        if options.mining and (step + 1) % options.mine_interval == 0:
            pool.mine(trainer.network, options, order)
        if report is not None:
            report(step + 1, loss, trainer.network)
    return trainer.network


def _stack(first: Limbs, second: Limbs) -> Limbs:
    """Rows of both, padded to one width."""
    width = max(first.shape[1], second.shape[1])
    padded: list[NDArray[np.uint64]] = []
    for part in (first, second):
        wide = np.zeros((len(part), width), np.uint64)
        wide[:, : part.shape[1]] = part
        padded.append(wide)
    return np.concatenate(padded)
