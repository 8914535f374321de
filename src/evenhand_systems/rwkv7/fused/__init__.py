"""The two halves of an RWKV-7 block on the CPU in float32, each as one autograd function with a gradient by hand.

Between the matrix products run compiled passes that read and write each array once; nothing but the recurrence is
sequential. What the passes compute is defined by `elementwise.plain`, and checked against it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand_systems.rwkv7.autocasting import under_autocast
from evenhand_systems.rwkv7.fused.channel_mix import channel_mix
from evenhand_systems.rwkv7.fused.time_mix import time_mix
from evenhand_systems.rwkv7.kernel.simd import LANES


def fits(module: nn.Module, inputs: Tensor, backend: str) -> bool:
    """Whether a block's half can run here: float32 on the CPU, plain linear layers, sizes that the vectors divide."""
    if backend not in {"auto", "numba"} or inputs.dtype != torch.float32 or inputs.device.type != "cpu":
        return False
    if under_autocast(inputs):
        return False  # the products are wanted in another dtype than the compiled passes read
    linears = [m for m in module.children() if not isinstance(m, nn.GroupNorm)]
    if any(type(m) is not nn.Linear or m._forward_hooks or m._forward_pre_hooks for m in linears):
        return False  # wrapped or watched from outside: only the plain path calls the modules themselves
    if any(p.dtype != torch.float32 for p in module.parameters()):
        return False
    bonus = getattr(module, "r_k", None)
    size = inputs.shape[-1] if bonus is None else bonus.shape[1]
    return bool(size % LANES == 0)


__all__ = ["channel_mix", "fits", "time_mix"]
