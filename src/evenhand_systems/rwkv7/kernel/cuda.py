"""The WKV-7 recurrence on CUDA: flash-linear-attention's chunked RWKV-7 behind this package's interface."""

from __future__ import annotations

from importlib.util import find_spec

from torch import Tensor


def available() -> bool:
    """Whether flash-linear-attention can be imported (it is not imported here: that compiles Triton code)."""
    return find_spec("fla") is not None


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
    """The recurrence of `evenhand_systems.rwkv7.kernel.wkv7` on a CUDA device; `pull` is not offered by the library."""
    from fla.ops.rwkv7 import chunk_rwkv7

    if pull is not None:
        raise ValueError("flash-linear-attention has no per-step pull; use backend='reference' for it")
    # The library keeps states with key rows first.
    out, terminal = chunk_rwkv7(
        r=receptance,
        w=log_decay,
        k=key,
        v=value,
        a=removal,
        b=rewrite,
        scale=1.0,
        initial_state=state.float().transpose(-1, -2).contiguous(),
        output_final_state=True,
    )
    return out, terminal.transpose(-1, -2)
