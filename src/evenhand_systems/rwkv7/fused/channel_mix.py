"""The channel mix as one autograd function with a gradient by hand."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from evenhand_systems.rwkv7.fused.shifting import mix, mix_gradient


class ChannelMixFunction(torch.autograd.Function):
    """relu(mix(x) W_k^T)^2 W_v^T."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, before: Tensor, x_k: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """x (B, T, C), before (B, C), x_k (1, 1, C), weights (4C, C) and (C, 4C) -> (B, T, C)."""
        x, before = x.contiguous(), before.contiguous()
        mixed = mix(x, before, x_k.reshape(1, -1))[0]
        hidden = torch.mm(mixed, key.t()).relu_()
        squared = hidden * hidden
        out = torch.mm(squared, value.t())
        ctx.save_for_backward(x, before, x_k, key, value, mixed, hidden, squared)
        return out.view(x.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of what ``forward`` was given, in its order."""
        x, before, x_k, key, value, mixed, hidden, squared = ctx.saved_tensors
        d_rows = d_out.reshape(mixed.shape)
        d_value = torch.mm(d_rows.t(), squared)
        # beta = 0: `hidden` lends its shape only; the 2 of the square's slope rides on the product.
        d_hidden = torch.addmm(hidden, d_rows, value, beta=0, alpha=2).mul_(hidden)
        d_key = torch.mm(d_hidden.t(), mixed)
        d_mixed = torch.mm(d_hidden, key)
        d_x, d_before, d_x_k = mix_gradient(x, before, x_k.reshape(1, -1), d_mixed)
        return d_x, d_before, d_x_k.view(x_k.shape), d_key, d_value


def channel_mix(module: Any, inputs: Tensor, before: Tensor) -> Tensor:
    """`ChannelMix.forward` for a module that `fits`."""
    tensors = (inputs, before, module.x_k, module.key.weight, module.value.weight)
    out: Tensor = ChannelMixFunction.apply(*tensors)  # type: ignore[no-untyped-call]
    return out
