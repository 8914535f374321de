"""Future-Seed: a layer's scan starts from the state in which the layer below ended in the same pass.

For layer i >= max(1, layer_start), with S the terminal state of layer i-1 (B, H, N, N):

    seed = S, cut off from the graph if `detach`; divided by max(rms over the last two dims, 1e-6) if `norm`
    gate = scale * schedule(i) * sigmoid(alpha_i)                                     gate "scalar"
           ... * sigmoid(alpha_head_{i,h})                                            gate "head"
           scale * schedule(i) * sigmoid(alpha_i + <x_last, w_i> / sqrt(C) + b_i)     gate "input"
    initial:   S_0 = clamp(gate * seed, -clip, clip) + the state that was carried in
    per_step:  S_0 = clamp(seed, -clip, clip) + the state carried in, and every step adds clamp(gate * seed) * (1 - w_t)

x_last is the layer's normalised input at the last step. The scan itself stays causal.
"""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from evenhand_systems.rwkv7.autocasting import wide, without_autocast
from evenhand_systems.rwkv7.config import RWKV7Config

NORM_FLOOR = 1e-6


class SeedingSettings(BaseModel):
    """All that Future-Seed can be set to.

    Attributes:
        mode: "off"; "initial" (seed the scan's start); "per_step" (seed the start in full and pull towards the seed at
            every step).
        passes: "full" (one pass over the whole sequence, for in-place tasks) or "prompt" (seed the prompt's pass; the
            answer goes on from the prompt's states without seeding).
        layer_start: lowest layer that is seeded; layer 0 never is. From the number of layers on, nothing is.
        norm, detach: divide the seed by its root mean square; pass no gradient to the layer below.
        clip: bound on every entry of the gated seed; None for no bound.
        scale: factor on every gate.
        schedule, schedule_low, schedule_high: factor by depth: 1, or from low to high, linearly or along a half cosine.
        gate: what the gate depends on: the layer, the head too, or the layer's last input.
        alpha_init, head_alpha_init: gate logits at the start.
        trainable: whether the gates are trained, with a learning rate of their own (`alpha_learning_rate`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["off", "initial", "per_step"] = "initial"
    passes: Literal["full", "prompt"] = "full"
    layer_start: int = Field(default=1, ge=0)
    norm: bool = True
    detach: bool = True
    clip: float | None = Field(default=1.0, gt=0)
    scale: float = Field(default=1.0, ge=0)
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    schedule_low: float = Field(default=0.25, ge=0)
    schedule_high: float = Field(default=1.0, ge=0)
    gate: Literal["scalar", "head", "input"] = "scalar"
    alpha_init: float = -2.0
    head_alpha_init: float = -3.0
    trainable: bool = False
    alpha_learning_rate: float = Field(default=5e-4, gt=0)

    @model_validator(mode="after")
    def _low_below_high(self) -> Self:
        if self.schedule_low > self.schedule_high:
            raise ValueError(f"schedule_low {self.schedule_low} must not exceed schedule_high {self.schedule_high}")
        return self

    @classmethod
    def variant(cls, name: str, **changes: Any) -> Self:
        """A variant by its short name (`VARIANTS`), with further settings on top.

        Raises:
            KeyError: an unknown name; the message lists the known ones.
        """
        if name not in VARIANTS:
            raise KeyError(f"unknown seeding variant {name!r}; known are {', '.join(VARIANTS)}")
        return cls(**{**VARIANTS[name], **changes})

    def schedule_factor(self, layer: int, layers: int) -> float:
        """The schedule's factor at `layer`: p runs from 0 at the first seeded layer to 1 at the last layer."""
        first = max(1, self.layer_start)
        # A single seeded layer has no depth to speak of: it is the last one, and takes the schedule's end.
        place = (layer - first) / (layers - 1 - first) if layers - 1 > first else 1.0
        span = self.schedule_high - self.schedule_low
        if self.schedule == "linear":
            return self.schedule_low + span * place
        if self.schedule == "cosine":
            return self.schedule_low + span * (1 - math.cos(math.pi * place)) / 2
        return 1.0


VARIANTS: dict[str, dict[str, Any]] = {
    "norm_detach": {},
    "norm_nodetach": {"detach": False},
    "nonorm_detach": {"norm": False},
    "trainable": {"trainable": True, "alpha_learning_rate": 5e-4},
    "sched_linear": {"schedule": "linear", "schedule_low": 0.25},
    "sched_cos": {"schedule": "cosine", "schedule_low": 0.4},
    "head": {"gate": "head", "alpha_init": -3.0, "trainable": True},
    "inputgate": {"gate": "input", "trainable": True},
}


class Seeding(nn.Module):
    """Future-Seed's gates for one model; hand it to `RWKV7.forward` as `seeding`.

    Parameters: `alpha` (layers), `head_alpha` (layers, H) for gate "head", `input_weight` (layers, C) and `input_bias`
    (layers) for gate "input"; without gradient unless `settings.trainable`.
    """

    def __init__(self, settings: SeedingSettings, config: RWKV7Config) -> None:
        super().__init__()
        self.settings, self.layers = settings, config.layers
        train = settings.trainable

        def parameter(value: Tensor) -> nn.Parameter:
            return nn.Parameter(value, requires_grad=train)

        self.alpha = parameter(torch.full((config.layers,), settings.alpha_init))
        if settings.gate == "head":
            self.head_alpha = parameter(torch.full((config.layers, config.heads), settings.head_alpha_init))
        if settings.gate == "input":
            self.input_weight = parameter(torch.zeros(config.layers, config.width))
            self.input_bias = parameter(torch.zeros(config.layers))
        self.watch = False
        self._watched: dict[int, dict[str, Tensor]] = {}

    def seeds_layer(self, layer: int) -> bool:
        """Whether `layer` is seeded at all."""
        return self.settings.mode != "off" and layer >= max(1, self.settings.layer_start)

    def forward(self, layer: int, below: Tensor, carried: Tensor, last_input: Tensor) -> tuple[Tensor, Tensor | None]:
        """The initial state and the per-step pull of `layer`.

        Args:
            layer: index from 0 at the bottom.
            below: (B, H, N, N), terminal state of the layer below in this pass.
            carried: (B, H, N, N), the state that the layer would start from without seeding.
            last_input: (B, C), the layer's normalised input at the last step.

        Returns:
            Initial state (B, H, N, N); pull (B, H, N, N), None unless mode is "per_step". A layer that is not seeded
            gets `carried` itself back. States are float32 or wider, under autocast too.
        """
        if not self.seeds_layer(layer):
            return carried, None
        with without_autocast(below):
            return self._seeded(layer, below, carried, last_input)

    def _seeded(self, layer: int, below: Tensor, carried: Tensor, last_input: Tensor) -> tuple[Tensor, Tensor | None]:
        seed = self._seed(below)
        gate = self.gate(layer, last_input).to(seed.dtype)
        gated = self._clamp(gate * seed)
        if self.watch:
            gated = gated if gated.requires_grad or not torch.is_grad_enabled() else gated.detach().requires_grad_()
            if gated.requires_grad:
                gated.retain_grad()
            self._watched[layer] = {"gate": gate.detach(), "seed": seed.detach(), "gated": gated}
        if self.settings.mode == "per_step":
            return self._clamp(seed) + carried, gated
        return gated + carried, None

    def gate(self, layer: int, last_input: Tensor | None = None) -> Tensor:
        """The effective gate of a seeded layer, shaped to multiply a (B, H, N, N) seed."""
        settings = self.settings
        factor = settings.scale * settings.schedule_factor(layer, self.layers)
        logit = self.alpha[layer]
        if settings.gate == "input":
            if last_input is None:
                raise ValueError("the gate 'input' depends on the layer's last input")
            exact = wide(last_input.dtype)
            weight = self.input_weight[layer].to(exact)
            logit = logit + (last_input.to(exact) @ weight) / math.sqrt(weight.shape[0]) + self.input_bias[layer]
            return factor * torch.sigmoid(logit)[:, None, None, None]
        value = factor * torch.sigmoid(logit)
        if settings.gate == "head":
            return value * torch.sigmoid(self.head_alpha[layer])[:, None, None]
        return value

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Optimizer groups of the trained gates, with their own learning rate; none when nothing is trained."""
        if not self.settings.trainable or self.settings.mode == "off":
            return []
        return [{"params": list(self.parameters()), "lr": self.settings.alpha_learning_rate, "weight_decay": 0.0}]

    def measurements(self) -> dict[str, float]:
        """Numbers for the log, one set per seeded layer.

        The effective gate (mean over heads and samples); and of the last pass under `watch = True` the seed's root mean
        square and, once backward has run, that of the loss's gradient with respect to the gated seed.
        """
        values: dict[str, float] = {}
        for layer in filter(self.seeds_layer, range(self.layers)):
            watched = self._watched.get(layer)
            if watched is not None:
                values[f"seeding/gate/{layer}"] = watched["gate"].mean().item()
                values[f"seeding/seed_rms/{layer}"] = watched["seed"].square().mean().sqrt().item()
                if watched["gated"].grad is not None:
                    values[f"seeding/gradient_rms/{layer}"] = watched["gated"].grad.square().mean().sqrt().item()
            elif self.settings.gate != "input":
                values[f"seeding/gate/{layer}"] = self.gate(layer).mean().item()
        return values

    def _seed(self, below: Tensor) -> Tensor:
        seed = below.detach() if self.settings.detach else below
        if self.settings.norm:
            mean_square = seed.square().mean(dim=(-2, -1), keepdim=True)
            seed = seed / mean_square.clamp_min(NORM_FLOOR**2).sqrt()  # floored before the root: no infinite slope at 0
        return seed

    def _clamp(self, tensor: Tensor) -> Tensor:
        clip = self.settings.clip
        return tensor if clip is None else tensor.clamp(-clip, clip)
