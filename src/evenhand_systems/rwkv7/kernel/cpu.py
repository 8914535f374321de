"""The WKV-7 recurrence on the CPU: numba kernels behind one autograd function. Computes in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from evenhand_systems.rwkv7.kernel.scan import CHUNK, scan_backward, scan_forward
from evenhand_systems.rwkv7.kernel.threads import share_out

SHARE_WORK = 200_000  # state elements times steps; below this a thread's start costs more than it saves


def flat(tensor: Tensor | None) -> Any:
    """The tensor's memory as a flat numpy array (None stays None)."""
    return None if tensor is None else tensor.detach().numpy().reshape(-1)


def _minimum_heads(steps: int, size: int) -> int:
    return max(1, SHARE_WORK // (steps * size * size))


def run_forward(
    inputs: Sequence[Tensor | None], shape: tuple[int, int, int, int], state: Tensor, keep: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Scan float32 tensors laid out as (B, T, H, N) = `shape`.

    Args:
        inputs: receptance, decay (not its logarithm), key, value, removal, rewrite, and pull or None.
        shape: (B, T, H, N).
        state: initial state (B, H, N, N); left as it is.
        keep: whether to keep what the backward pass needs.

    Returns:
        Output, shaped as receptance; terminal state; removed parts S_{t-1} a_t; the chunks' first states or None.
    """
    batch, steps, heads, size = shape
    receptance = inputs[0]
    assert receptance is not None
    terminal = state.clone(memory_format=torch.contiguous_format)
    out, removed = torch.empty_like(receptance), torch.empty_like(receptance)
    checkpoints = receptance.new_empty(batch * heads * -(-steps // CHUNK) * size * size) if keep else None
    share_out(
        scan_forward, batch * heads, _minimum_heads(steps, size), steps, heads, size,
        *map(flat, inputs), *map(flat, (terminal, out, removed, checkpoints)),
    )  # fmt: skip
    return out, terminal, removed, checkpoints


def run_backward(
    kept: Sequence[Tensor | None],
    shape: tuple[int, int, int, int],
    d_out: Tensor,
    d_terminal: Tensor | None,
    gradients: Sequence[Tensor],
) -> tuple[Tensor, Tensor | None]:
    """Gradients of `run_forward`.

    Args:
        kept: its seven inputs, the removed parts and the chunks' first states.
        shape: (B, T, H, N).
        d_out, d_terminal: gradients of the output and of the terminal state.
        gradients: of receptance, *log* decay, key, value, removal, rewrite. Those of receptance, key and value are
            added to what the tensors hold, the others overwritten.

    Returns:
        Gradients of the initial state and of the pull.
    """
    batch, steps, heads, size = shape
    pull = kept[6]
    if d_terminal is None:
        d_state = d_out.new_zeros(batch, heads, size, size)
    else:
        d_state = d_terminal.clone(memory_format=torch.contiguous_format)
    d_pull = None if pull is None else torch.zeros_like(pull)
    share_out(
        scan_backward, batch * heads, _minimum_heads(4 * steps, size), steps, heads, size,
        *map(flat, kept), flat(d_out), flat(d_state), *map(flat, gradients), flat(d_pull),
    )  # fmt: skip
    return d_state, d_pull


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, keep: bool, *tensors: Tensor | None) -> tuple[Tensor, Tensor]:
        receptance, log_decay, key, value, removal, rewrite, state, pull = tensors
        assert receptance is not None
        assert log_decay is not None
        assert state is not None
        inputs = [receptance, log_decay.exp(), key, value, removal, rewrite, pull]
        batch, steps, heads, size = receptance.shape
        out, terminal, removed, checkpoints = run_forward(inputs, (batch, steps, heads, size), state, keep)
        ctx.save_for_backward(*inputs, removed, checkpoints)
        ctx.set_materialize_grads(False)
        return out, terminal

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, d_terminal: Tensor | None) -> tuple[Tensor | None, ...]:
        kept = ctx.saved_tensors
        shape = kept[0].shape
        d_out = kept[0].new_zeros(shape) if d_out is None else d_out.contiguous()
        added, written = kept[0].new_zeros(3, *shape), kept[0].new_empty(3, *shape)
        gradients = [added[0], written[0], added[1], added[2], written[1], written[2]]
        d_state, d_pull = run_backward(kept, tuple(shape), d_out, d_terminal, gradients)
        return None, *gradients, d_state, d_pull


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
    """The recurrence of `evenhand_systems.rwkv7.kernel.wkv7` by compiled CPU code; head size a multiple of 8.

    Other dtypes are converted: the scan runs in float32, the output comes back in the dtype of `receptance`, the
    state in float32. Memory for the backward pass: the six inputs, one vector per step and one state per 16 steps.
    """
    given = (receptance, log_decay, key, value, removal, rewrite, state, pull)
    tensors = [None if t is None else t.to(torch.float32).contiguous() for t in given]
    keep = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    out, terminal = _Scan.apply(keep, *tensors)  # type: ignore[no-untyped-call]
    return out.to(receptance.dtype), terminal
