"""The elementwise parts of an RWKV-7 block in plain torch: any device, any dtype; the compiled versions' oracle.

Formulas: RWKV-7 "Goose", arXiv 2503.14456, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from evenhand_systems.rwkv7.autocasting import wide, without_autocast

DECAY_FLOOR = 0.6065306597126334  # e^(-1/2): log decay lies between minus this and 0
GROUP_NORM_EPSILON = 64e-5


@dataclass(frozen=True)
class Prepared:
    """What the recurrence reads, all (B, T, H, N): log decay, key, value, removal (-kk), rewrite (kk * rate).

    All in the dtype of the projections, but the log decay in float32 or wider: its rounding would add up over steps.
    """

    log_decay: Tensor
    key: Tensor
    value: Tensor
    removal: Tensor
    rewrite: Tensor


def shift_mix(inputs: Tensor, before: Tensor, mixes: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """x + (x_prev - x) * mix for each mix; inputs (B, T, C), before (B, C) one step earlier, mixes of C values."""
    delta = torch.cat((before.to(inputs.dtype).unsqueeze(1), inputs[:, :-1]), dim=1) - inputs
    return tuple(torch.addcmul(inputs, delta, mix.reshape(-1)) for mix in mixes)


def prepare(
    key: Tensor,
    value: Tensor,
    decay_logit: Tensor,
    rate_logit: Tensor,
    value_logit: Tensor | None,
    first_value: Tensor | None,
    decay_bias: Tensor,
    rate_bias: Tensor,
    value_bias: Tensor | None,
    removal_scale: Tensor,
    rate_scale: Tensor,
    heads: int,
) -> Prepared:
    """From the projections of one layer (B, T, C) to the recurrence's inputs (B, T, H, N).

    w = exp(-e^(-1/2) sigmoid(w0 + .)); rate a = sigmoid(a0 + .); v += (v_first - v) sigmoid(v0 + .) above the first
    layer; kk = normalise per head (k k_k); k *= 1 + (a - 1) k_a. Computed in float32 or wider, and rounded once.
    """
    batch, steps, width = key.shape
    shape, dtype, exact = (batch, steps, heads, width // heads), key.dtype, wide(key.dtype)

    def channels(parameter: Tensor) -> Tensor:
        return parameter.reshape(-1).to(exact)

    with without_autocast(key):
        log_decay = -DECAY_FLOOR * torch.sigmoid(channels(decay_bias) + decay_logit.to(exact))
        rate = torch.sigmoid(channels(rate_bias) + rate_logit.to(exact))
        key = key.to(exact)
        removal = F.normalize((key * channels(removal_scale)).view(shape), dim=-1)
        key = key * (1 + (rate - 1) * channels(rate_scale))
        if value_logit is not None:
            assert first_value is not None
            assert value_bias is not None
            share = torch.sigmoid(channels(value_bias) + value_logit.to(exact))
            value = torch.lerp(value.to(exact), first_value.view_as(value).to(exact), share)
        rewrite = removal * rate.view(shape)
        prepared = (key.view(shape), value.view(shape), -removal, rewrite)
        return Prepared(log_decay.view(shape), *(tensor.to(dtype) for tensor in prepared))


def finish(
    out: Tensor,
    receptance: Tensor,
    key: Tensor,
    value: Tensor,
    gate: Tensor,
    bonus: Tensor,
    norm_weight: Tensor,
    norm_bias: Tensor,
) -> Tensor:
    """(GroupNorm(y) + (sum over the head of r k r_k) v) * g: from (B, T, H, N) to (B, T, C); bonus r_k is (H, N).

    Computed in float32 or wider; comes back in the dtype of the gate.
    """
    batch, steps, heads, size = out.shape
    exact = wide(out.dtype)
    with without_autocast(out):
        normed = F.layer_norm(out.to(exact), (size,), eps=GROUP_NORM_EPSILON).view(batch, steps, heads * size)
        normed = torch.addcmul(norm_bias.to(exact), normed, norm_weight.to(exact))
        along = (receptance.to(exact) * key.to(exact) * bonus.to(exact)).sum(dim=-1, keepdim=True)
        direct = along * value.to(exact)
        finished = (normed + direct.view(batch, steps, heads * size)) * gate.to(exact)
        return finished.to(gate.dtype)


def squared_relu(inputs: Tensor) -> Tensor:
    """relu(x)^2."""
    return torch.relu(inputs).square()
