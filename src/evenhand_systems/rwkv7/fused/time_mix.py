"""The time mix as one autograd function with a gradient by hand."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from evenhand_systems.rwkv7.elementwise import compiled as passes
from evenhand_systems.rwkv7.fused.shifting import blocks, mix, mix_gradient, share
from evenhand_systems.rwkv7.kernel.cpu import flat, run_backward, run_forward


class Inputs(NamedTuple):
    """What the time mix reads: sequence, carried state, and the layer's parameters by the letters of the checkpoint.

    Shapes: x (B, T, C), before (B, C), first and value (B, T, H, N), state and pull (B, H, N, N), mixes (6, C).
    None: `first` and v0, v1, v2 in the first layer; `pull` without per-step seeding.
    """

    x: Any
    before: Any
    first: Any
    state: Any
    pull: Any
    mixes: Any
    receptance: Any
    key: Any
    value: Any
    w0: Any
    w1: Any
    w2: Any
    a0: Any
    a1: Any
    a2: Any
    v0: Any
    v1: Any
    v2: Any
    g1: Any
    g2: Any
    k_k: Any
    k_a: Any
    r_k: Any
    norm_weight: Any
    norm_bias: Any


class Kept(NamedTuple):
    """What the backward pass needs besides the inputs: (B T, C) each, but `mixed` (6, B T, C) and the low ranks."""

    mixed: Any
    low_w: Any
    low_a: Any
    low_v: Any
    low_g: Any
    raw_key: Any
    raw_value: Any
    w_logit: Any
    a_logit: Any
    v_logit: Any
    gate: Any
    receptance: Any
    decay: Any
    key: Any
    value: Any
    removal: Any
    rewrite: Any
    out: Any
    removed: Any
    checkpoints: Any

    def scanned(self, pull: Tensor | None) -> tuple[Any, ...]:
        """The recurrence's inputs in its order."""
        return self.receptance, self.decay, self.key, self.value, self.removal, self.rewrite, pull


def _raw(i: Inputs, k: Kept) -> tuple[Any, ...]:
    """The arguments that the passes `prepare_forward` and `prepare_backward` share."""
    logits = (k.w_logit, k.a_logit, k.v_logit)
    return k.raw_key, k.raw_value, *logits, i.first, i.w0, i.a0, i.v0, i.k_k, i.k_a


def _finishing(i: Inputs, k: Kept) -> tuple[Any, ...]:
    """The arguments that the passes `finish_forward` and `finish_backward` share."""
    return k.out, k.receptance, k.key, k.value, k.gate, i.r_k, i.norm_weight, i.norm_bias


def _projected(i: Inputs) -> Kept:
    """All matrix products before the recurrence, the recurrence's inputs left empty."""
    mixed = mix(i.x, i.before, i.mixes)
    for_r, for_w, for_k, for_v, for_a, for_g = mixed.unbind(0)
    low_w, low_a, low_g = torch.mm(for_w, i.w1).tanh_(), torch.mm(for_a, i.a1), torch.mm(for_g, i.g1).sigmoid_()
    low_v = None if i.first is None else torch.mm(for_v, i.v1)
    value = torch.mm(for_v, i.value.t())
    decay, key, removal, rewrite = mixed.new_empty(4, *value.shape).unbind(0)
    return Kept(
        mixed=mixed,
        low_w=low_w,
        low_a=low_a,
        low_v=low_v,
        low_g=low_g,
        raw_key=torch.mm(for_k, i.key.t()),
        raw_value=value,
        w_logit=torch.mm(low_w, i.w2),
        a_logit=torch.mm(low_a, i.a2),
        v_logit=None if low_v is None else torch.mm(low_v, i.v2),
        gate=torch.mm(low_g, i.g2),
        receptance=torch.mm(for_r, i.receptance.t()),
        decay=decay,
        key=key,
        value=value if i.first is None else torch.empty_like(value),
        removal=removal,
        rewrite=rewrite,
        out=None,
        removed=None,
        checkpoints=None,
    )


def _finish_gradients(i: Inputs, k: Kept, d_out: Tensor) -> tuple[Any, ...]:
    """Gradients of out, receptance, key, value, gate; and of r_k, norm_weight, norm_bias."""
    rows, width = d_out.shape
    gradients = d_out.new_empty(5, rows, width).unbind(0)
    sums = d_out.new_zeros(blocks(rows), 3, width)
    arguments = (*_finishing(i, k), d_out, *gradients, sums)
    share(passes.finish_backward, rows, width, *i.r_k.shape, *map(flat, arguments))
    return *gradients, sums.sum(dim=0)


def _prepare_gradients(i: Inputs, k: Kept, inward: tuple[Any, ...]) -> tuple[Any, ...]:
    """From gradients of log decay, key, value, removal, rewrite to those of the projections.

    Returns gradients of raw key, raw value, the logits of w, a and v, first; and of w0, a0, k_k, k_a, v0.
    """
    rows, width = k.raw_key.shape
    d_key, d_w, d_a = k.raw_key.new_empty(3, rows, width).unbind(0)
    d_value, d_v, d_first = inward[2], None, None
    if i.first is not None:
        d_value, d_v, d_first = k.raw_key.new_empty(3, rows, width).unbind(0)
    sums = k.raw_key.new_zeros(blocks(rows), 5, width)
    outward = (d_key, None if i.first is None else d_value, d_w, d_a, d_v, d_first, sums)
    share(passes.prepare_backward, rows, width, *i.r_k.shape, *map(flat, (*_raw(i, k), *inward, *outward)))
    return d_key, d_value, d_w, d_a, d_v, d_first, sums.sum(dim=0)


class TimeMixFunction(torch.autograd.Function):
    """The time mix up to its output projection; arguments in the order of `Inputs`."""

    @staticmethod
    def forward(ctx: Any, keep: bool, *tensors: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """-> (B T, C) before the output projection; value (B, T, H, N); terminal state (B, H, N, N)."""
        i = Inputs(*tensors)
        (batch, steps, width), (heads, size) = i.x.shape, i.r_k.shape
        k = _projected(i)
        outputs = (k.decay, k.key, None if i.first is None else k.value, k.removal, k.rewrite)
        share(passes.prepare_forward, batch * steps, width, heads, size, *map(flat, (*_raw(i, k), *outputs)))
        out, terminal, removed, checkpoints = run_forward(k.scanned(i.pull), (batch, steps, heads, size), i.state, keep)
        k = k._replace(out=out, removed=removed, checkpoints=checkpoints)
        finished = torch.empty_like(out)
        share(passes.finish_forward, batch * steps, width, heads, size, *map(flat, (*_finishing(i, k), finished)))
        if keep:
            ctx.save_for_backward(*i, *k)
            ctx.set_materialize_grads(False)
        return finished, k.value.view(batch, steps, heads, size), terminal

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        """Gradients in the order of `Inputs`, after None for `keep`."""
        i, k = Inputs(*ctx.saved_tensors[: len(Inputs._fields)]), Kept(*ctx.saved_tensors[len(Inputs._fields) :])
        shape = (*i.x.shape[:2], *i.r_k.shape)
        d_finished, d_value_out, d_terminal = gradients
        d_finished = torch.zeros_like(k.out) if d_finished is None else d_finished.contiguous()
        d_out, d_r, d_key, d_value, d_gate, d_norm = _finish_gradients(i, k, d_finished)
        if d_value_out is not None:
            d_value += d_value_out.reshape(d_value.shape)
        d_decay, d_removal, d_rewrite = torch.empty_like(k.mixed[:3]).unbind(0)
        scanned = (d_r, d_decay, d_key, d_value, d_removal, d_rewrite)
        d_state, d_pull = run_backward(
            (*k.scanned(i.pull), k.removed, k.checkpoints), shape, d_out, d_terminal, scanned
        )
        d_k, d_v, d_w, d_a, d_v_logit, d_first, d_vectors = _prepare_gradients(
            i, k, (d_decay, d_key, d_value, d_removal, d_rewrite)
        )
        products, d_mixed = _product_gradients(i, k, (d_r, d_k, d_v, d_w, d_a, d_v_logit, d_gate))
        d_x, d_before, d_mixes = mix_gradient(i.x, i.before, i.mixes, d_mixed)
        first = i.first is not None
        return None, *Inputs(
            x=d_x,
            before=d_before,
            first=d_first.view(i.first.shape) if first else None,
            state=d_state,
            pull=d_pull,
            mixes=d_mixes,
            w0=d_vectors[0].view(i.w0.shape),
            a0=d_vectors[1].view(i.a0.shape),
            v0=d_vectors[4].view(i.v0.shape) if first else None,
            k_k=d_vectors[2].view(i.k_k.shape),
            k_a=d_vectors[3].view(i.k_a.shape),
            r_k=d_norm[0].view(i.r_k.shape),
            norm_weight=d_norm[1],
            norm_bias=d_norm[2],
            **products,
        )


def _product_gradients(i: Inputs, k: Kept, outward: tuple[Any, ...]) -> tuple[dict[str, Any], Tensor]:
    """Gradients of the matrices by name, and of the mixed inputs (6, B T, C)."""
    d_r, d_k, d_v, d_w, d_a, d_v_logit, d_gate = outward
    for_r, for_w, for_k, for_v, for_a, for_g = k.mixed.unbind(0)
    d_low_w = torch.ops.aten.tanh_backward(torch.mm(d_w, i.w2.t()), k.low_w)
    d_low_g = torch.ops.aten.sigmoid_backward(torch.mm(d_gate, i.g2.t()), k.low_g)
    d_low_a = torch.mm(d_a, i.a2.t())
    d_mixed = torch.empty_like(k.mixed)
    pairs = ((d_r, i.receptance), (d_low_w, i.w1.t()), (d_k, i.key), (d_v, i.value), (d_low_a, i.a1.t()))
    for index, (gradient, matrix) in enumerate((*pairs, (d_low_g, i.g1.t()))):
        torch.mm(gradient, matrix, out=d_mixed[index])
    products = {
        "receptance": d_r.t() @ for_r,
        "key": d_k.t() @ for_k,
        "value": d_v.t() @ for_v,
        "w1": for_w.t() @ d_low_w,
        "w2": k.low_w.t() @ d_w,
        "a1": for_a.t() @ d_low_a,
        "a2": k.low_a.t() @ d_a,
        "g1": for_g.t() @ d_low_g,
        "g2": k.low_g.t() @ d_gate,
        "v1": None,
        "v2": None,
    }
    if i.first is not None:
        d_low_v = torch.mm(d_v_logit, i.v2.t())
        d_mixed[3].addmm_(d_low_v, i.v1.t())
        products |= {"v1": for_v.t() @ d_low_v, "v2": k.low_v.t() @ d_v_logit}
    return products, d_mixed


def time_mix(
    module: Any, inputs: Tensor, before: Tensor, first_value: Tensor | None, state: Tensor | None, pull: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """`TimeMix.forward` for a module that `fits`."""
    m = module
    heads, size = m.r_k.shape
    if state is None:
        state = inputs.new_zeros(inputs.shape[0], heads, size, size)
    own = {name: getattr(m, name) for name in ("w0", "w1", "w2", "a0", "a1", "a2", "g1", "g2", "k_k", "k_a", "r_k")}
    tensors = Inputs(
        x=inputs.contiguous(),
        before=before.contiguous(),
        first=None if first_value is None else first_value.contiguous(),
        state=state,
        pull=None if pull is None else pull.contiguous(),
        mixes=torch.cat((m.x_r, m.x_w, m.x_k, m.x_v, m.x_a, m.x_g)).view(6, -1),
        receptance=m.receptance.weight,
        key=m.key.weight,
        value=m.value.weight,
        v0=None if first_value is None else m.v0,
        v1=None if first_value is None else m.v1,
        v2=None if first_value is None else m.v2,
        norm_weight=m.ln_x.weight,
        norm_bias=m.ln_x.bias,
        **own,
    )
    keep = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    mixed, value, terminal = TimeMixFunction.apply(keep, *tensors)  # type: ignore[no-untyped-call]
    out: Tensor = m.output(mixed).view(inputs.shape)
    return out, value if first_value is None else first_value, terminal
