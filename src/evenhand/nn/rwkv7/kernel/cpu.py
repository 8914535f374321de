"""The WKV-7 recurrence on the CPU: numba kernels behind one autograd function. Computes in float32."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from evenhand.nn.rwkv7.kernel.scan import CHUNK, scan_backward, scan_forward
from evenhand.nn.rwkv7.kernel.threads import share_out

SHARE_WORK = 200_000  # state elements times steps; below this a thread's start costs more than it saves


def flat(tensor: Tensor | None) -> Any:
    """The tensor's memory as a flat numpy array (None stays None)."""
    return None if tensor is None else tensor.detach().numpy().reshape(-1)


def _minimum_heads(steps: int, size: int) -> int:
    return max(1, SHARE_WORK // (steps * size * size))


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, keep: bool, *tensors: Tensor | None) -> tuple[Tensor, Tensor]:
        receptance, log_decay, key, value, removal, rewrite, state, pull = tensors
        assert receptance is not None
        assert log_decay is not None
        assert state is not None
        batch, steps, heads, size = receptance.shape
        decay = log_decay.exp()
        terminal, out, removed = state.clone(), torch.empty_like(receptance), torch.empty_like(receptance)
        chunks = -(-steps // CHUNK)
        checkpoints = receptance.new_empty(batch * heads * chunks * size * size) if keep else None
        inputs = [receptance, decay, key, value, removal, rewrite, pull]
        share_out(
            scan_forward, batch * heads, _minimum_heads(steps, size), steps, heads, size,
            *map(flat, inputs), *map(flat, (terminal, out, removed, checkpoints)),
        )  # fmt: skip
        ctx.save_for_backward(*inputs, removed, checkpoints)
        ctx.set_materialize_grads(False)
        return out, terminal

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, d_terminal: Tensor | None) -> tuple[Tensor | None, ...]:
        receptance, decay, key, value, removal, rewrite, pull, removed, checkpoints = ctx.saved_tensors
        batch, steps, heads, size = receptance.shape
        d_out = torch.zeros_like(receptance) if d_out is None else d_out.contiguous()
        if d_terminal is None:
            d_state = receptance.new_zeros(batch, heads, size, size)
        else:
            d_state = d_terminal.clone(memory_format=torch.contiguous_format)
        grads = [torch.empty_like(receptance) for _ in range(6)]
        d_pull = None if pull is None else torch.zeros_like(pull)
        inputs = (receptance, decay, key, value, removal, rewrite, pull, removed, checkpoints)
        share_out(
            scan_backward, batch * heads, _minimum_heads(4 * steps, size), steps, heads, size,
            *map(flat, inputs), flat(d_out), flat(d_state), *map(flat, grads), flat(d_pull),
        )  # fmt: skip
        return None, *grads, d_state, d_pull


def wkv7_cpu(
    receptance: Tensor,
    log_decay: Tensor,
    key: Tensor,
    value: Tensor,
    removal: Tensor,
    rewrite: Tensor,
    state: Tensor,
    pull: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The recurrence of `evenhand.nn.rwkv7.kernel.wkv7` by compiled CPU code; head size a multiple of 8.

    Other dtypes are converted: the scan runs in float32, the output comes back in the dtype of `receptance`, the
    state in float32. Memory for the backward pass: the six inputs, one vector per step and one state per 16 steps.
    """
    given = (receptance, log_decay, key, value, removal, rewrite, state, pull)
    tensors = [None if t is None else t.to(torch.float32).contiguous() for t in given]
    keep = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    out, terminal = _Scan.apply(keep, *tensors)  # type: ignore[no-untyped-call]
    return out.to(receptance.dtype), terminal
