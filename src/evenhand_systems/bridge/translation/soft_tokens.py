"""Soft tokens of several items, and which of them are real where items have different numbers of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class SoftTokens:
    """Soft tokens of I items.

    Attributes:
        tokens: (I, K, C); zeros where nothing real stands.
        mask: (I, K), 1 where a real one stands; None where all are real.
    """

    tokens: Tensor
    mask: Tensor | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, items: slice | Tensor) -> SoftTokens:
        """Those of some items."""
        return SoftTokens(self.tokens[items], None if self.mask is None else self.mask[items])

    def mean(self) -> SoftTokens:
        """The mean token (1, K, C) at each place, over the items that have one there."""
        if self.mask is None:
            return SoftTokens(self.tokens.mean(0, keepdim=True))
        counts = self.mask.sum(0)
        total = (self.tokens * self.mask.unsqueeze(-1)).sum(0)
        return SoftTokens((total / counts.clamp(min=1).unsqueeze(-1)).unsqueeze(0), (counts > 0).long().unsqueeze(0))

    def expand(self, items: int) -> SoftTokens:
        """The tokens of one item for ``items`` items."""
        mask = None if self.mask is None else self.mask.expand(items, -1)
        return SoftTokens(self.tokens.expand(items, -1, -1), mask)


def joined(parts: Sequence[SoftTokens]) -> SoftTokens:
    """Batches one after the other; shorter ones are filled up with places that are not real."""
    if all(part.mask is None for part in parts):
        return SoftTokens(torch.cat([part.tokens for part in parts]))
    length = max(part.tokens.shape[1] for part in parts)
    tokens, masks = [], []
    for part in parts:
        real = torch.ones_like(part.tokens[..., 0], dtype=torch.long) if part.mask is None else part.mask.long()
        missing = length - real.shape[1]
        held = part.tokens.masked_fill(real.unsqueeze(-1) == 0, 0.0)
        tokens.append(torch.nn.functional.pad(held, (0, 0, 0, missing)))
        masks.append(torch.nn.functional.pad(real, (0, missing)))
    return SoftTokens(torch.cat(tokens), torch.cat(masks))
