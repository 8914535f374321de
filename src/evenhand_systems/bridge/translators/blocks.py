"""Parts that the translators share: positions, attention, SwiGLU, and the scale at which soft tokens leave."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from evenhand_systems.bridge.translators.config import TranslatorError


def positions_of(mask: Tensor) -> Tensor:
    """Places 0, 1, 2 ... of the valid entries of a mask (B, S), whichever side the padding is on; 0 at padding."""
    return (mask.long().cumsum(-1) - 1).clamp(min=0)


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Sinusoidal embedding (..., width) of positions (Vaswani et al. 2017, section 3.5); ``width`` is even."""
    half = width // 2
    rates = torch.exp(-math.log(10000.0) * torch.arange(half, device=positions.device, dtype=torch.float32) / half)
    angles = positions.float().unsqueeze(-1) * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def check_states(states: Tensor, mask: Tensor, width: int) -> None:
    """Refuse source states that do not fit.

    Raises:
        TranslatorError: states are not (B, S, width), the mask is not (B, S), or an item has no valid state.
    """
    if states.ndim != 3 or states.shape[-1] != width or mask.shape != states.shape[:2]:
        raise TranslatorError(
            f"Expected source states (B, S, {width}) with a mask (B, S); found {tuple(states.shape)} and "
            f"{tuple(mask.shape)}."
        )
    empty = torch.nonzero(mask.sum(-1) == 0).flatten()
    if len(empty):
        raise TranslatorError(f"Item {int(empty[0])} of the batch has no source state: its mask is empty.")


class Attention(nn.Module):
    """Multi-head attention of queries (B, K, C) over a memory (B, S, C) under a mask (B, S)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def forward(self, queries: Tensor, memory: Tensor, mask: Tensor | None = None) -> Tensor:
        """The attended values (B, K, C)."""
        batch, count, width = queries.shape
        shape = (batch, -1, self.heads, width // self.heads)
        query = self.query(queries).view(shape).transpose(1, 2)
        key, value = (part.view(shape).transpose(1, 2) for part in self.key_value(memory).chunk(2, dim=-1))
        bias = None if mask is None else mask.bool()[:, None, None, :]
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        result: Tensor = self.output(mixed.transpose(1, 2).reshape(batch, count, width))
        return result


class SwiGLU(nn.Module):
    """Gated feed-forward layer (Shazeer 2020, eq. 6) of width 8/3 C."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = max(8, 8 * width // 3)
        self.up = nn.Linear(width, 2 * inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, K, C) -> (B, K, C)."""
        gate, value = self.up(inputs).chunk(2, dim=-1)
        result: Tensor = self.down(functional.silu(gate) * value)
        return result


class SourceReader(nn.Module):
    """Normalise source states (B, S, C_source), bring them to the bottleneck and add their positions."""

    def __init__(self, source_width: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(source_width)
        self.project = nn.Linear(source_width, width)
        self.position_gain = nn.Parameter(torch.ones(()))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """The memory (B, S, C) that queries attend to."""
        memory = self.project(self.norm(states.float()))
        result: Tensor = memory + self.position_gain * sinusoids(positions_of(mask), memory.shape[-1])
        return result


class EmbeddingScale(nn.Module):
    """Soft tokens leave at the target's embedding rms times one learned scalar, each token alike.

    There is no clamp: a bound that is reached stops the gradient and sets the size by itself.
    """

    def __init__(self, target_rms: float) -> None:
        super().__init__()
        self.target_rms = target_rms
        self.log_gain = nn.Parameter(torch.zeros(()))

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., C) of any size -> (..., C) of rms ``target_rms * exp(log_gain)``."""
        unit = functional.rms_norm(tokens, tokens.shape[-1:], eps=1e-6)
        return unit * (self.target_rms * self.log_gain.exp())
