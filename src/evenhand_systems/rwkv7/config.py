"""The sizes of an RWKV-7 language model."""

from __future__ import annotations

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


def recommended_rank(factor: float, width: int) -> int:
    """The public recipe's low-rank size: factor * sqrt(width), rounded to a multiple of 32, at least 32."""
    return max(32, round(factor * math.sqrt(width) / 32) * 32)


class RWKV7Config(BaseModel):
    """Sizes of a model; ranks left at None take the public recipe's value for the width.

    Attributes:
        layers: number of blocks, at least 1.
        width: channels C; a multiple of `head_size`.
        head_size: N; 64 in released models, a multiple of 8 for the compiled CPU kernel.
        vocabulary: number of token ids.
        decay_rank, rate_rank, value_rank, gate_rank: inner sizes of the low-rank maps of the decay (w1, w2), of the
            in-context learning rate (a1, a2), of the value residual (v1, v2) and of the gate (g1, g2).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = Field(ge=1)
    width: int = Field(ge=1)
    head_size: int = Field(default=64, ge=1)
    vocabulary: int = Field(default=65536, ge=1)
    decay_rank: int | None = Field(default=None, ge=1)
    rate_rank: int | None = Field(default=None, ge=1)
    value_rank: int | None = Field(default=None, ge=1)
    gate_rank: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _heads_fill_the_width(self) -> Self:
        if self.width % self.head_size:
            raise ValueError(f"width {self.width} must be a multiple of head_size {self.head_size}")
        return self

    @property
    def heads(self) -> int:
        """Number of heads H = width / head_size."""
        return self.width // self.head_size

    @property
    def ranks(self) -> tuple[int, int, int, int]:
        """Low-rank sizes of decay, rate, value residual and gate."""
        return (
            self.decay_rank or recommended_rank(2.5, self.width),
            self.rate_rank or recommended_rank(2.5, self.width),
            self.value_rank or recommended_rank(1.7, self.width),
            self.gate_rank or recommended_rank(5.0, self.width),
        )
