"""What an RWKV-7 model carries from one pass to the next: per layer a WKV state and two token shifts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class LayerState:
    """One layer's memory.

    Attributes:
        wkv: (B, H, N, N), value rows first, float32 or wider.
        time_shift: (B, C), the time mix's (normalised) input at the last step.
        channel_shift: (B, C), the channel mix's (normalised) input at the last step.
    """

    wkv: Tensor
    time_shift: Tensor
    channel_shift: Tensor


@dataclass(frozen=True)
class RWKV7State:
    """The memory of all layers, from the bottom up."""

    layers: tuple[LayerState, ...]

    @property
    def batch(self) -> int:
        """Number of sequences."""
        return self.layers[0].wkv.shape[0]

    def detach(self) -> RWKV7State:
        """The same state cut off from the graph."""
        return self._map(Tensor.detach)

    def select(self, rows: Sequence[int] | Tensor) -> RWKV7State:
        """The state of some of the sequences, in the order of `rows` (repeats allowed)."""
        return self._map(lambda t: t[torch.as_tensor(rows, device=t.device)])

    @classmethod
    def stack(cls, states: Sequence[RWKV7State]) -> RWKV7State:
        """The sequences of several states, one after the other."""
        return cls(
            tuple(
                LayerState(
                    torch.cat([layer.wkv for layer in layers]),
                    torch.cat([layer.time_shift for layer in layers]),
                    torch.cat([layer.channel_shift for layer in layers]),
                )
                for layers in zip(*(state.layers for state in states), strict=True)
            )
        )

    def _map(self, change: Callable[[Tensor], Tensor]) -> RWKV7State:
        return RWKV7State(
            tuple(LayerState(change(s.wkv), change(s.time_shift), change(s.channel_shift)) for s in self.layers)
        )
