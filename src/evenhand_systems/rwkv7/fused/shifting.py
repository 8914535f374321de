"""The token shift before the matrix products: one pass forward, one backward; and how such passes are shared out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from evenhand_systems.rwkv7.elementwise import compiled as passes
from evenhand_systems.rwkv7.kernel.cpu import flat
from evenhand_systems.rwkv7.kernel.threads import share_out

SHARE_ELEMENTS = 32_768  # of an array; a share smaller than this costs more to hand over than it saves


def blocks(rows: int) -> int:
    """Number of row blocks, the unit of sharing out and of partial sums."""
    return -(-rows // passes.BLOCK)


def share(function: Any, rows: int, width: int, *arguments: Any) -> None:
    """Run a pass of `elementwise.compiled` over (rows, width) arrays on the threads that pay."""
    minimum = max(1, SHARE_ELEMENTS // (width * passes.BLOCK))
    share_out(function, blocks(rows), minimum, rows, *arguments)


def mix(x: Tensor, before: Tensor, mixes: Tensor) -> Tensor:
    """x (B, T, C) shifted by one step and mixed; mixes (K, C) -> (K, B * T, C)."""
    batch, steps, width = x.shape
    count = mixes.shape[0]
    out = x.new_empty(count, batch * steps, width)
    share(
        passes.mix_forward, batch * steps, width, steps, width, count,
        flat(x), flat(before), flat(mixes), flat(out),
    )  # fmt: skip
    return out


def mix_gradient(x: Tensor, before: Tensor, mixes: Tensor, d_out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of `mix` with respect to x, before and mixes."""
    batch, steps, width = x.shape
    count = mixes.shape[0]
    d_x, d_before = torch.empty_like(x), torch.empty_like(before)
    d_mixes = x.new_zeros(blocks(batch * steps), count, width)
    share(
        passes.mix_backward, batch * steps, width, steps, width, count,
        *map(flat, (x, before, mixes, d_out, d_x, d_before, d_mixes)),
    )  # fmt: skip
    return d_x, d_before, d_mixes.sum(dim=0)
