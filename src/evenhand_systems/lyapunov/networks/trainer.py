"""One fast, exact training step of a network V.

Loss per number: weighted hinge max(0, margin - (V(n) - V(T n))), optionally the same over 4 steps (0.5) and 8 steps
(0.2), and an anchor to ln n + c drift that fades linearly.

What would be wasted is left out, and changes no result but for the order of sums: numbers that occur twice in a batch
(T(n) of one row is n of another, all along a trajectory) pass once; passes that the loss does not use are not made;
only rows with a gradient go through the backward pass, for a satisfied hinge contributes exactly nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from evenhand.errors import Diverged
from evenhand_systems.lyapunov.networks.layers import parse_layers
from evenhand_systems.lyapunov.networks.network import LyapunovNetwork
from evenhand_systems.lyapunov.networks.options import TrainingOptions
from evenhand_systems.lyapunov.networks.precision import PrecisionChoice, backward_products, choose_precision
from evenhand_systems.lyapunov.numbers.features import FeatureSpec, features
from evenhand_systems.lyapunov.numbers.limbs import Limbs, advance, log2_of
from evenhand_systems.schedules import WarmUp, cosine

LN_2 = math.log(2.0)
NEARLY_ALL = 0.9  # of the rows: from there on, picking rows costs more than it saves


def schedule_of(optimiser: torch.optim.Optimizer, options: TrainingOptions) -> LRScheduler:
    """A rise and half a wave of the cosine, or, by ``plateau``, halves on batches without a new best, down to 1e-6."""
    if options.schedule == "plateau":
        return ReduceLROnPlateau(
            optimiser, factor=0.5, patience=options.patience, threshold=0.0, threshold_mode="abs", min_lr=1e-6, eps=0.0
        )
    return WarmUp(optimiser, min(200, options.steps // 10), cosine(options.steps))


@dataclass(frozen=True)
class Batch:
    """Features of n and of the iterates that the loss compares it with, each number once.

    Attributes:
        inputs: (R, width) float32 features of the R distinct numbers among them.
        places: (P, B) row of n, T(n) and, where the loss wants them, T^4(n), T^8(n).
        log_n: (B,) natural logarithms of n.
        drift: (B,) drift in natural logarithms over the window.
        growth: (B,) whether T(n) > n.
        unused: inputs of passes that are made although the loss does not use them; None where there are none.
    """

    inputs: Tensor
    places: Tensor
    log_n: Tensor
    drift: Tensor
    growth: Tensor
    unused: Tensor | None = None

    def to(self, device: str) -> Batch:
        """The same on a device."""
        parts = (self.inputs, self.places, self.log_n, self.drift, self.growth)
        unused = None if self.unused is None else self.unused.to(device)
        inputs, places, log_n, drift, growth = (part.to(device) for part in parts)
        return Batch(inputs, places, log_n, drift, growth, unused)


def make_batch(limbs: Limbs, options: TrainingOptions, spec: FeatureSpec) -> Batch:
    """Follow the orbits and collect the passes that ``options`` asks for."""
    wanted = {0: True, 1: True, 4: options.four_steps, 8: options.eight_steps}
    used: list[Limbs] = []
    unused: list[Limbs] = []
    current, at = limbs, 0
    for place, needed in wanted.items():
        if needed or options.passes == "all":
            current, at = (advance(current, place - at) if place > at else current), place
            (used if needed else unused).append(current)
    rows, places = np.unique(stack(*used), axis=0, return_inverse=True)
    places = places.reshape(len(used), len(limbs))
    table = features(rows, spec.lookahead)
    columns = spec.columns
    return Batch(
        inputs=torch.from_numpy(table[:, columns]),
        places=torch.from_numpy(places),
        log_n=torch.from_numpy((log2_of(limbs) * LN_2).astype(np.float32)),
        drift=torch.from_numpy(table[places[0], 5] * np.float32(spec.lookahead * LN_2)),
        growth=torch.from_numpy((limbs[:, 0] & np.uint64(3)) == 3),
        unused=torch.from_numpy(features(stack(*unused), spec.lookahead)[:, columns]) if unused else None,
    )


def stack(*parts: Limbs) -> Limbs:
    """Rows of all parts, padded to one width."""
    width = max(part.shape[1] for part in parts)
    padded: list[NDArray[np.uint64]] = []
    for part in parts:
        wide = np.zeros((len(part), width), np.uint64)
        wide[:, : part.shape[1]] = part
        padded.append(wide)
    return np.concatenate(padded)


@dataclass
class Trainer:
    """A network, its optimiser, and the fast step."""

    options: TrainingOptions
    seed: int = 0
    device: str = "cpu"
    network: LyapunovNetwork = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)
    schedule: LRScheduler = field(init=False)
    precision: PrecisionChoice = field(init=False)
    step_number: int = 0

    def __post_init__(self) -> None:
        spec = FeatureSpec(self.options.lookahead, self.options.groups)
        self.network = LyapunovNetwork(spec, parse_layers(self.options.layers), seed=self.seed).to(self.device)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=self.options.learning_rate, fused=True)
        self.schedule = schedule_of(self.optimiser, self.options)
        weights = [linear.weight.numel() for linear in self.network.layers_of_weights]
        self.precision = choose_precision(self.options.precision, weights, self.device)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def loss_terms(self, values: Tensor, batch: Batch, anchor: float) -> Tensor:
        """The loss as a function of (P, B) values V; P as in ``Batch.places``."""
        options = self.options
        weight = torch.where(batch.growth, options.growth_weight, 1.0)
        weight = weight / weight.sum()
        loss = (weight * nn.functional.relu(options.margin - (values[0] - values[1]))).sum()
        row = 2
        for factor, wanted in ((0.5, options.four_steps), (0.2, options.eight_steps)):
            if wanted:
                loss = loss + factor * (weight * nn.functional.relu(options.margin - (values[0] - values[row]))).sum()
                row += 1
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
        hidden = self._forward(batch.inputs)
        if batch.unused is not None:
            self._forward(batch.unused)
        outputs = hidden[-1].requires_grad_()
        self.network.drift_coefficient.grad = None
        values = nn.functional.softplus(outputs).index_select(0, batch.places.flatten()).view(batch.places.shape)
        loss = self.loss_terms(values, batch, anchor)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise Diverged(f"The loss is {value} at step {self.step_number}; lower the learning rate.")
        loss.backward()  # type: ignore[no-untyped-call]
        assert outputs.grad is not None
        self._backward(hidden, outputs.grad)
        if self.network.drift_coefficient.grad is None:
            self.network.drift_coefficient.grad = torch.zeros_like(self.network.drift_coefficient)
        self.optimiser.step()
        if isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step(value)
        else:
            self.schedule.step()
        self.step_number += 1
        return value

    def state(self) -> dict[str, Any]:
        """What :meth:`restore` needs; tensors are shared with the trainer, so write them before the next step."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "step": self.step_number,
            "precision": asdict(self.precision),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state, in its precision: half a training in another would be neither."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.step_number = state["step"]
        self.precision = PrecisionChoice(**state["precision"])

    @torch.no_grad()
    def _forward(self, inputs: Tensor) -> list[Tensor]:
        """Inputs of every layer, and f at the end."""
        hidden = [inputs]
        linears = self.network.layers_of_weights
        for linear in linears[:-1]:
            hidden.append(nn.functional.leaky_relu_(linear(hidden[-1]), 0.1))
        hidden.append(linears[-1](hidden[-1]).squeeze(-1))
        return hidden

    @torch.no_grad()
    def _backward(self, hidden: list[Tensor], gradient: Tensor) -> None:
        """Gradients of all weights from that of f; rows without a gradient are left out."""
        rows = torch.nonzero(gradient).squeeze(-1)
        every = len(rows) > NEARLY_ALL * len(gradient)
        delta: Tensor | None = (gradient if every else gradient[rows]).unsqueeze(-1)
        linears = self.network.layers_of_weights
        for place in range(len(linears) - 1, -1, -1):
            assert delta is not None
            inputs = hidden[place] if every else hidden[place][rows]
            delta = backward_products(delta, inputs, linears[place], further=place > 0, bf16=self.precision.bf16)
