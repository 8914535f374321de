"""The two halves of an RWKV-7 block on the CPU in float32, each as one autograd function with a gradient by hand.

Between the matrix products run compiled passes that read and write each array once; nothing but the recurrence is
sequential. What the passes compute is defined by `elementwise.plain`, and checked against it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from evenhand.nn.rwkv7.elementwise import rows as passes
from evenhand.nn.rwkv7.kernel.cpu import flat, run_backward, run_forward
from evenhand.nn.rwkv7.kernel.simd import LANES
from evenhand.nn.rwkv7.kernel.threads import share_out

SHARE_ELEMENTS = 32_768  # of an array; a share smaller than this costs more to hand over than it saves


def _blocks(rows: int) -> int:
    return -(-rows // passes.BLOCK)


def _share(function: Any, rows: int, width: int, *arguments: Any) -> None:
    minimum = max(1, SHARE_ELEMENTS // (width * passes.BLOCK))
    share_out(function, _blocks(rows), minimum, rows, *arguments)


def mix(x: Tensor, before: Tensor, mixes: Tensor) -> Tensor:
    """x (B, T, C) shifted by one step and mixed; mixes (K, C) -> (K, B * T, C)."""
    batch, steps, width = x.shape
    count = mixes.shape[0]
    out = x.new_empty(count, batch * steps, width)
    _share(
        passes.mix_forward, batch * steps, width, steps, width, count,
        flat(x), flat(before), flat(mixes), flat(out),
    )  # fmt: skip
    return out


def mix_gradient(x: Tensor, before: Tensor, mixes: Tensor, d_out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of `mix` with respect to x, before and mixes."""
    batch, steps, width = x.shape
    count = mixes.shape[0]
    d_x, d_before = torch.empty_like(x), torch.empty_like(before)
    d_mixes = x.new_zeros(_blocks(batch * steps), count, width)
    _share(
        passes.mix_backward, batch * steps, width, steps, width, count,
        *map(flat, (x, before, mixes, d_out, d_x, d_before, d_mixes)),
    )  # fmt: skip
    return d_x, d_before, d_mixes.sum(dim=0)


class ChannelMixFunction(torch.autograd.Function):
    """relu(mix(x) W_k^T)^2 W_v^T."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, before: Tensor, x_k: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """x (B, T, C), before (B, C), x_k (1, 1, C), weights (4C, C) and (C, 4C) -> (B, T, C)."""
        x, before = x.contiguous(), before.contiguous()
        mixed = mix(x, before, x_k.reshape(1, -1))[0]
        hidden = torch.mm(mixed, key.t()).relu_()
        out = torch.mm(hidden.square(), value.t())
        ctx.save_for_backward(x, before, x_k, key, value, mixed, hidden)
        return out.view(x.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        x, before, x_k, key, value, mixed, hidden = ctx.saved_tensors
        d_rows = d_out.reshape(mixed.shape)
        d_value = torch.mm(d_rows.t(), hidden.square())
        d_hidden = torch.mm(d_rows, value).mul_(hidden).mul_(2)
        d_key = torch.mm(d_hidden.t(), mixed)
        d_mixed = torch.mm(d_hidden, key)
        d_x, d_before, d_x_k = mix_gradient(x, before, x_k.reshape(1, -1), d_mixed)
        return d_x, d_before, d_x_k.view(x_k.shape), d_key, d_value


class TimeMixFunction(torch.autograd.Function):
    """The time mix up to its output projection."""

    @staticmethod
    def forward(ctx: Any, keep: bool, *tensors: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Tensors in the order of `time_mix`; -> (B * T, C) before the output projection, value, terminal state."""
        x, before, first, state, pull, mixes, w_r, w_k, w_v, w1, w2, a1, a2, v1, v2, g1, g2, *rest = tensors
        w0, a0, v0, k_k, k_a, r_k, weight, bias = rest
        batch, steps, width = x.shape
        heads, size = r_k.shape
        mixed = mix(x, before, mixes)
        for_r, for_w, for_k, for_v, for_a, for_g = mixed.unbind(0)
        r, k, v = torch.mm(for_r, w_r.t()), torch.mm(for_k, w_k.t()), torch.mm(for_v, w_v.t())
        low_w, low_g = torch.mm(for_w, w1).tanh_(), torch.mm(for_g, g1).sigmoid_()
        low_a = torch.mm(for_a, a1)
        w_logit, a_logit, gate = torch.mm(low_w, w2), torch.mm(low_a, a2), torch.mm(low_g, g2)
        low_v = None if first is None else torch.mm(for_v, v1)
        v_logit = None if first is None else torch.mm(low_v, v2)
        decay, key, removal, rewrite = r.new_empty(4, *r.shape).unbind(0)
        value = v if first is None else torch.empty_like(v)
        raw = (k, v, w_logit, a_logit, v_logit, first, w0, a0, v0, k_k, k_a)
        outputs = (decay, key, None if first is None else value, removal, rewrite)
        _share(passes.prepare_forward, r.shape[0], width, heads, size, *map(flat, (*raw, *outputs)))
        scanned = (r, decay, key, value, removal, rewrite, pull)
        y, terminal, removed, checkpoints = run_forward(scanned, (batch, steps, heads, size), state, keep)
        out = torch.empty_like(r)
        finishing = (y, r, key, value, gate, r_k, weight, bias)
        _share(passes.finish_forward, r.shape[0], width, heads, size, *map(flat, (*finishing, out)))
        low = (low_w, low_a, low_v, low_g)
        ctx.save_for_backward(
            *tensors, mixed, *low, k, v, w_logit, a_logit, v_logit, *scanned[:6], y, gate, removed, checkpoints
        )
        ctx.set_materialize_grads(False)
        return out, value.view(batch, steps, heads, size), terminal

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        d_out, d_value_out, d_terminal = gradients
        saved = ctx.saved_tensors
        x, before, first, state, pull, mixes, w_r, w_k, w_v, w1, w2, a1, a2, v1, v2, g1, g2 = saved[:17]
        w0, a0, v0, k_k, k_a, r_k, weight, bias = saved[17:25]
        mixed, low_w, low_a, low_v, low_g, k, v, w_logit, a_logit, v_logit = saved[25:35]
        r, decay, key, value, removal, rewrite, y, gate, removed, checkpoints = saved[35:]
        batch, steps, width = x.shape
        heads, size = r_k.shape
        rows = batch * steps
        blocks = _blocks(rows)
        d_out = torch.zeros_like(r) if d_out is None else d_out.contiguous()

        d_y, d_r, d_key, d_value, d_gate = r.new_empty(5, rows, width).unbind(0)
        d_finish = r.new_zeros(blocks, 3, width)
        finishing = (y, r, key, value, gate, r_k, weight, bias, d_out, d_y, d_r, d_key, d_value, d_gate, d_finish)
        _share(passes.finish_backward, rows, width, heads, size, *map(flat, finishing))
        if d_value_out is not None:
            d_value += d_value_out.reshape(d_value.shape)
        d_decay, d_removal, d_rewrite = r.new_empty(3, rows, width).unbind(0)
        d_state, d_pull = run_backward(
            (r, decay, key, value, removal, rewrite, pull, removed, checkpoints), (batch, steps, heads, size),
            d_y, d_terminal, (d_r, d_decay, d_key, d_value, d_removal, d_rewrite),
        )  # fmt: skip

        layered = first is not None
        d_k, d_w_logit, d_a_logit = r.new_empty(3, rows, width).unbind(0)
        d_v, d_v_logit, d_first = r.new_empty(3, rows, width).unbind(0) if layered else (d_value, None, None)
        d_prepare = r.new_zeros(blocks, 5, width)
        raw = (k, v, w_logit, a_logit, v_logit, first, w0, a0, v0, k_k, k_a)
        inward = (d_decay, d_key, d_value, d_removal, d_rewrite)
        outward = (d_k, d_v if layered else None, d_w_logit, d_a_logit, d_v_logit, d_first, d_prepare)
        _share(passes.prepare_backward, rows, width, heads, size, *map(flat, (*raw, *inward, *outward)))

        d_mixed = torch.empty_like(mixed)
        for_r, for_w, for_k, for_v, for_a, for_g = mixed.unbind(0)
        torch.mm(d_r, w_r, out=d_mixed[0])
        torch.mm(d_k, w_k, out=d_mixed[2])
        torch.mm(d_v, w_v, out=d_mixed[3])
        d_low_w = torch.ops.aten.tanh_backward(torch.mm(d_w_logit, w2.t()), low_w)
        d_low_g = torch.ops.aten.sigmoid_backward(torch.mm(d_gate, g2.t()), low_g)
        d_low_a = torch.mm(d_a_logit, a2.t())
        torch.mm(d_low_w, w1.t(), out=d_mixed[1])
        torch.mm(d_low_a, a1.t(), out=d_mixed[4])
        torch.mm(d_low_g, g1.t(), out=d_mixed[5])
        d_v1 = d_v2 = d_v0 = None
        d_vectors = d_prepare.sum(dim=0)
        if layered:
            d_low_v = torch.mm(d_v_logit, v2.t())
            d_mixed[3].addmm_(d_low_v, v1.t())
            d_v1, d_v2, d_v0 = for_v.t() @ d_low_v, low_v.t() @ d_v_logit, d_vectors[4].view(v0.shape)
            d_first = d_first.view(first.shape)
        d_x, d_before, d_mixes = mix_gradient(x, before, mixes, d_mixed)
        d_bonus, d_weight, d_bias = d_finish.sum(dim=0).unbind(0)
        return (
            None, d_x, d_before, d_first, d_state, d_pull, d_mixes,
            d_r.t() @ for_r, d_k.t() @ for_k, d_v.t() @ for_v,
            for_w.t() @ d_low_w, low_w.t() @ d_w_logit, for_a.t() @ d_low_a, low_a.t() @ d_a_logit, d_v1, d_v2,
            for_g.t() @ d_low_g, low_g.t() @ d_gate,
            d_vectors[0].view(w0.shape), d_vectors[1].view(a0.shape), d_v0,
            d_vectors[2].view(k_k.shape), d_vectors[3].view(k_a.shape), d_bonus.view(r_k.shape), d_weight, d_bias,
        )  # fmt: skip


def fits(module: nn.Module, inputs: Tensor, backend: str) -> bool:
    """Whether a block's half can run here: float32 on the CPU, plain linear layers, sizes that the vectors divide."""
    if backend not in {"auto", "numba"} or inputs.dtype != torch.float32 or inputs.device.type != "cpu":
        return False
    linears = [m for m in module.children() if not isinstance(m, nn.GroupNorm)]
    if any(type(m) is not nn.Linear or m._forward_hooks or m._forward_pre_hooks for m in linears):
        return False  # wrapped or watched from outside: only the plain path calls the modules themselves
    size = module.r_k.shape[1] if hasattr(module, "r_k") else inputs.shape[-1]
    return size % LANES == 0 and linears[0].weight.dtype == torch.float32


def channel_mix(module: Any, inputs: Tensor, before: Tensor) -> Tensor:
    """`ChannelMix.forward` for a module that `fits`."""
    out: Tensor = ChannelMixFunction.apply(inputs, before, module.x_k, module.key.weight, module.value.weight)
    return out


def time_mix(
    module: Any, inputs: Tensor, before: Tensor, first_value: Tensor | None, state: Tensor | None, pull: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """`TimeMix.forward` for a module that `fits`."""
    m = module
    batch, steps, _ = inputs.shape
    heads, size = m.r_k.shape
    if state is None:
        state = inputs.new_zeros(batch, heads, size, size)
    mixes = torch.cat((m.x_r, m.x_w, m.x_k, m.x_v, m.x_a, m.x_g)).view(6, -1)
    low_v = (m.v1, m.v2) if first_value is not None else (None, None)
    tensors = [
        inputs.contiguous(), before.contiguous(), None if first_value is None else first_value.contiguous(), state,
        None if pull is None else pull.contiguous(), mixes,
        m.receptance.weight, m.key.weight, m.value.weight,
        m.w1, m.w2, m.a1, m.a2, *low_v, m.g1, m.g2,
        m.w0, m.a0, None if first_value is None else m.v0, m.k_k, m.k_a, m.r_k, m.ln_x.weight, m.ln_x.bias,
    ]  # fmt: skip
    keep = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    mixed, value, terminal = TimeMixFunction.apply(keep, *tensors)
    out: Tensor = m.output(mixed).view(inputs.shape)
    return out, value if first_value is None else first_value, terminal
