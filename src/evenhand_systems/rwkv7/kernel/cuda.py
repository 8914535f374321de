"""The WKV-7 recurrence on CUDA: flash-linear-attention's chunked RWKV-7 behind this package's interface."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from evenhand_systems.rwkv7.kernel.pulling import scan_pulled

LOWEST_LOG_DECAY = -math.exp(-0.5)
"""RWKV-7's decays lie between e to this and 1."""


def available() -> bool:
    """Whether flash-linear-attention can be imported (it is not imported here: that compiles Triton code)."""
    return find_spec("fla") is not None


@functools.cache
def _bounded() -> Mapping[str, Any]:
    """What tells the library that the decay is bounded below, which lets it take longer chunks; later versions only."""
    from fla.ops.rwkv7 import chunk_rwkv7

    told = {"safe_gate": True, "lower_bound": LOWEST_LOG_DECAY, "chunk_size": 64}
    return told if told.keys() <= inspect.signature(chunk_rwkv7).parameters.keys() else {}


def _scan(
    receptance: Tensor, log_decay: Tensor, key: Tensor, value: Tensor, removal: Tensor, rewrite: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    from fla.ops.rwkv7 import chunk_rwkv7

    dtype = receptance.dtype
    # The library keeps states with key rows first, wants one dtype for all but the decay, and keeps long chunks of
    # float32 in more memory than a multiprocessor has.
    out, terminal = chunk_rwkv7(
        r=receptance,
        w=log_decay.float(),
        k=key.to(dtype),
        v=value.to(dtype),
        a=removal.to(dtype),
        b=rewrite.to(dtype),
        scale=1.0,
        initial_state=state.float().transpose(-1, -2).contiguous(),
        output_final_state=True,
        **({} if dtype == torch.float32 else _bounded()),
    )
    return out, terminal.transpose(-1, -2)


def wkv7_cuda(
    receptance: Tensor,
    log_decay: Tensor,
    key: Tensor,
    value: Tensor,
    removal: Tensor,
    rewrite: Tensor,
    state: Tensor,
    pull: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The recurrence of `evenhand_systems.rwkv7.kernel.wkv7` on a CUDA device; with a pull over twice the steps.

    Multiplies in the dtype of `receptance` (float32 as tf32). The log decay must be at least -e^(-1/2), as RWKV-7's is.
    """
    sequences = (receptance, log_decay, key, value, removal, rewrite)
    return _scan(*sequences, state) if pull is None else scan_pulled(_scan, *sequences, state, pull)
