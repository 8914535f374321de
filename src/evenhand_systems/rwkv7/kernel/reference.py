"""The WKV-7 recurrence as a torch loop over steps, under autograd: any device and dtype; the other backends' oracle."""

from __future__ import annotations

import torch
from torch import Tensor

from evenhand_systems.rwkv7.autocasting import wide


def wkv7_reference(
    receptance: Tensor,
    log_decay: Tensor,
    key: Tensor,
    value: Tensor,
    removal: Tensor,
    rewrite: Tensor,
    state: Tensor,
    pull: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Step through the recurrence of `evenhand_systems.rwkv7.kernel.wkv7` literally.

    Shapes as there; `state` and `pull` are (B, H, N, N) with value rows first. Memory O(T N^2). Computes in float32, or
    in float64 where that is given; the output comes back in the dtype of `receptance`.
    """
    dtype = receptance.dtype
    exact = torch.promote_types(wide(dtype), state.dtype)
    receptance, key, value, removal, rewrite = (t.to(exact) for t in (receptance, key, value, removal, rewrite))
    state, pull = state.to(exact), None if pull is None else pull.to(exact)
    decay = log_decay.to(exact).exp()
    outputs = []
    for step in range(receptance.shape[1]):
        carried = state * decay[:, step, :, None, :]
        if pull is not None:
            carried = carried + pull * (1 - decay[:, step, :, None, :])
        removed = state @ removal[:, step, :, :, None]
        state = carried + removed * rewrite[:, step, :, None, :] + value[:, step, :, :, None] * key[:, step, :, None, :]
        outputs.append((state @ receptance[:, step, :, :, None]).squeeze(-1))
    return torch.stack(outputs, dim=1).to(dtype), state
