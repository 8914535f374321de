"""What stands before the soft tokens of every row, read once: its keys and values, which no gradient ever reaches.

A causal model reads the worked examples of a prompt alike whatever follows them, and nothing that is trained stands
before them. Reading them anew in each row of each step is most of what a step would compute and keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer

LEAST = 64
"""Tokens from which on it is worth while; the short openings of the stand-ins are read with their rows."""


@dataclass(frozen=True, eq=False)
class Prefix:
    """Keys and values (1, G, P, D) of P tokens in each layer.

    Attributes:
        ids: the tokens.
        layers: keys and values.
    """

    ids: tuple[int, ...]
    layers: tuple[tuple[Tensor, Tensor], ...]

    def __len__(self) -> int:
        return len(self.ids)

    def cache(self) -> Any:
        """A cache of ``transformers`` that puts the prefix before the keys and values of every row."""
        cache: Any = DynamicCache()
        cache.layers = [_Held(keys, values) for keys, values in self.layers]
        return cache


class _Held(DynamicLayer):  # type: ignore[no-untyped-call]
    """Keys and values that stay as they are: a layer may be run again, as checkpointing does, and finds the same."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.lazy_initialization(keys, values)
        self.keys, self.values = keys, values
        self._before = (keys, values)
        self.grows = False

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """The rows' own keys and values (B, G, T, D) behind those of the prefix: (B, G, P + T, D).

        A layer that ``grows`` keeps them, as writing token by token needs it.
        """
        rows, (keys, values) = len(key_states), self._before
        joined = (
            torch.cat([keys.expand(rows, -1, -1, -1), key_states], dim=-2),
            torch.cat([values.expand(rows, -1, -1, -1), value_states], dim=-2),
        )
        if self.grows:
            self._before = self.keys, self.values = joined
        return joined


def as_cache(soft: Tensor, layers: int, heads: int) -> Any:
    """Keys and values (B, S, L * 2 * G * D), the layers one after the other, as a cache before the rows.

    Args:
        layers: L of the target.
        heads: G, its heads of keys and values.
    """
    cache: Any = DynamicCache()
    cache.layers = []
    for layer in soft.chunk(layers, dim=-1):
        rows, tokens, _ = layer.shape
        keys, values = (half.reshape(rows, tokens, heads, -1).transpose(1, 2) for half in layer.chunk(2, dim=-1))
        cache.layers.append(_Held(keys, values))
    return cache


@torch.no_grad()
def read_prefix(model: Any, ids: Sequence[int], device: torch.device) -> Prefix | None:
    """A prefix as a causal model of ``transformers`` reads it; None for a model that keeps no plain keys and values.

    Such are models with windows, with a state instead of keys, or with a cache of their own.
    """
    rows = torch.tensor([list(ids)], device=device)
    cache = getattr(model.get_decoder()(input_ids=rows, use_cache=True), "past_key_values", None)
    layers = list(getattr(cache, "layers", []))
    if not layers or any(type(layer) is not DynamicLayer for layer in layers):
        return None
    kept = tuple((layer.keys, layer.values) for layer in layers if layer.keys is not None and layer.values is not None)
    every = len(kept) == len(layers) == int(model.config.num_hidden_layers)
    whole = all(keys.shape[-2] == values.shape[-2] == len(ids) for keys, values in kept)
    return Prefix(tuple(ids), kept) if every and whole else None
