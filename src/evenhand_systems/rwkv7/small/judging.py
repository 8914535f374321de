"""Bits per byte of held-out text: what models of different tokenizers can be compared by."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evenhand_systems.rwkv7.model import RWKV7
from evenhand_systems.rwkv7.small.corpus import END, Piece

Nats = Callable[[str], float]
"""A text to minus its log probability, read from its beginning, in nats."""


def bits_per_byte(nats: Nats, pieces: Sequence[Piece]) -> dict[str, float]:
    """Of all pieces together (``all``), and of those of each source.

    Args:
        nats: of a model.
        pieces: held-out texts, at least one.
    """
    lost: dict[str, list[tuple[float, int]]] = {}
    for piece in pieces:
        found = (nats(piece.text), len(piece.text.encode()))
        for name in ("all", piece.source):
            lost.setdefault(name, []).append(found)
    return {name: _bits([n for n, _ in each], [b for _, b in each]) for name, each in lost.items()}


def _bits(nats: Sequence[float], sizes: Sequence[int]) -> float:
    return float(np.sum(nats)) / math.log(2) / sum(sizes)


def of_rwkv(model: RWKV7, tokenizer: Any, device: str = "cpu") -> Nats:
    """An RWKV-7 with a ``tokenizers`` tokenizer, whose ids it knows moved up by one; ``END`` stands before the text."""

    @torch.no_grad()
    def nats(text: str) -> float:
        ids = torch.tensor([[END, *(i + 1 for i in tokenizer.encode(text, add_special_tokens=False).ids)]])
        logits, _ = model(ids[:, :-1].to(device))
        return _lost(logits[0], ids[0, 1:])

    return nats


def of_transformers(model: Any, tokenizer: Any) -> Nats:
    """A causal model of transformers; its own token of beginning (or end) stands before the text."""
    first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id

    @torch.no_grad()
    def nats(text: str) -> float:
        ids = torch.tensor([[first, *tokenizer.encode(text, add_special_tokens=False)]])
        return _lost(model(ids[:, :-1]).logits[0], ids[0, 1:])

    return nats


def _lost(logits: Tensor, targets: Tensor) -> float:
    given = logits.float().cpu()
    return float(torch.nn.functional.cross_entropy(given, targets.cpu(), reduction="sum"))


__all__ = ["Nats", "bits_per_byte", "of_rwkv", "of_transformers"]
