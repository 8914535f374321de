"""The WKV-7 recurrence, the heart of RWKV-7: one function over three interchangeable backends.

Per head, with state S (value rows, key columns), for each step (RWKV-7 "Goose", arXiv 2503.14456, eq. 17):

    S_t = S_{t-1} diag(w_t) + S_{t-1} a_t b_t^T + v_t k_t^T          y_t = S_t r_t

where a_t = -kk_t is read out of the state (removal) and b_t = kk_t * in_context_learning_rate_t writes it back
(rewrite).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from evenhand.errors import EvenhandError
from evenhand_systems.rwkv7.autocasting import wide, without_autocast
from evenhand_systems.rwkv7.kernel import cuda
from evenhand_systems.rwkv7.kernel.cpu import wkv7_cpu
from evenhand_systems.rwkv7.kernel.reference import wkv7_reference

Backend = Literal["auto", "reference", "numba", "fla"]

_FUNCTIONS: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    "reference": wkv7_reference,
    "numba": wkv7_cpu,
    "fla": cuda.wkv7_cuda,
}


class KernelError(EvenhandError, ValueError):
    """Tensors or a backend that the recurrence cannot work with."""


@dataclass(frozen=True)
class Choice:
    """Which backend was chosen, and why, in words fit for a report; `degraded` if a faster one was wanted in vain."""

    name: Literal["reference", "numba", "fla"]
    reason: str
    degraded: bool = False


def choose_backend(
    device: torch.device | str, dtype: torch.dtype, head_size: int = 64, *, per_step: bool = False
) -> Choice:
    """The fastest backend that computes correctly for these tensors, with its reason."""
    kind = torch.device(device).type
    if dtype == torch.float64:
        return Choice("reference", "float64: the fast kernels compute in float32")
    if kind == "cpu" and head_size % 8 == 0:
        return Choice("numba", f"CPU, {dtype}: compiled kernel, computing in float32")
    if kind == "cuda" and cuda.available():
        twice = ", two of its steps for each (per-step seeding)" if per_step else ""
        return Choice("fla", f"CUDA, {dtype}: flash-linear-attention's chunked kernel{twice}")
    obstacle = f"no fast kernel for device type {kind}"
    if kind == "cpu":
        obstacle = f"head size {head_size} is no multiple of 8, which the compiled CPU kernel needs"
    elif kind == "cuda":
        obstacle = "flash-linear-attention is not installed (extra `cuda`)"
    return Choice("reference", f"{obstacle}: step-by-step torch loop, slow", degraded=True)


def wkv7(
    receptance: Tensor,
    log_decay: Tensor,
    key: Tensor,
    value: Tensor,
    removal: Tensor,
    rewrite: Tensor,
    initial_state: Tensor | None = None,
    pull: Tensor | None = None,
    backend: Backend = "auto",
) -> tuple[Tensor, Tensor]:
    """Run the recurrence over a batch of sequences; differentiable in every tensor argument, once.

    States are float32 or wider whatever the sequences are, and autocast does not reach in here.

    Args:
        receptance, key, value: (B, T, H, N), r, k and v above.
        log_decay: (B, T, H, N), log w, at most 0; on CUDA at least -e^(-1/2), as RWKV-7 makes it.
        removal, rewrite: (B, T, H, N), a and b above.
        initial_state: (B, H, N, N), value rows first; None starts from zero.
        pull: (B, H, N, N), the per-step seed: every step adds pull * (1 - w_t) to the state, so that what decays
            decays towards it. None adds nothing.
        backend: "auto" takes `choose_backend`'s choice and warns when that is a slow substitute.

    Returns:
        output (B, T, H, N) in the dtype of `receptance`; terminal state (B, H, N, N), float32 or wider.

    Raises:
        KernelError: shapes that do not fit together, T = 0, or a backend that cannot serve these tensors.
    """
    inputs = {"receptance": receptance, "log_decay": log_decay, "key": key, "value": value}
    inputs |= {"removal": removal, "rewrite": rewrite}
    state = _checked_state(inputs, initial_state, pull)
    head_size = receptance.shape[-1]
    if backend == "auto":
        choice = choose_backend(receptance.device, receptance.dtype, head_size, per_step=pull is not None)
        if choice.degraded:
            warnings.warn(f"RWKV-7 recurrence: {choice.reason}", RuntimeWarning, stacklevel=2)
        name: str = choice.name
    else:
        name = backend
        _check_backend(name, receptance)
    with without_autocast(receptance):
        return _FUNCTIONS[name](*inputs.values(), state, pull)


def _checked_state(inputs: dict[str, Tensor], initial_state: Tensor | None, pull: Tensor | None) -> Tensor:
    receptance = inputs["receptance"]
    if receptance.ndim != 4 or receptance.shape[1] == 0:
        raise KernelError(f"receptance must be (batch, steps >= 1, heads, head size), found {tuple(receptance.shape)}")
    for name, tensor in inputs.items():
        if tensor.shape != receptance.shape:
            raise KernelError(
                f"{name} must be shaped {tuple(receptance.shape)} as receptance, found {tuple(tensor.shape)}"
            )
    batch, _, heads, size = receptance.shape
    for name, matrix in (("initial_state", initial_state), ("pull", pull)):
        if matrix is not None and matrix.shape != (batch, heads, size, size):
            raise KernelError(f"{name} must be shaped {(batch, heads, size, size)}, found {tuple(matrix.shape)}")
    if initial_state is not None:
        return initial_state
    return receptance.new_zeros(batch, heads, size, size, dtype=wide(receptance.dtype))


def _check_backend(name: str, receptance: Tensor) -> None:
    kind, size = receptance.device.type, receptance.shape[-1]
    if name not in _FUNCTIONS:
        raise KernelError(f"backend must be 'auto' or one of {sorted(_FUNCTIONS)}, found {name!r}")
    if name == "numba" and (kind != "cpu" or size % 8):
        raise KernelError(f"backend 'numba' needs CPU tensors and a head size that 8 divides, found {kind}, {size}")
    if name == "fla" and (kind != "cuda" or not cuda.available()):
        raise KernelError("backend 'fla' needs CUDA tensors and flash-linear-attention (extra `cuda`)")


__all__ = ["Backend", "Choice", "KernelError", "choose_backend", "wkv7"]
