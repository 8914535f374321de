"""The per-step pull for a scan that has none: each step becomes two plain ones.

With P the pull, U_t = S_t - P obeys the recurrence without a pull but for one more rank-1 term:

    S_t = S_{t-1} diag(w_t) + P diag(1 - w_t) + S_{t-1} a_t b_t^T + v_t k_t^T
    U_t = U_{t-1} diag(w_t) + U_{t-1} a_t b_t^T + v_t k_t^T + (P a_t) b_t^T          y_t = U_t r_t + P r_t

The term is written in a step of its own that decays and removes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from evenhand_systems.rwkv7.autocasting import wide

Scan = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def scan_pulled(
    scan: Scan,
    receptance: Tensor,
    log_decay: Tensor,
    key: Tensor,
    value: Tensor,
    removal: Tensor,
    rewrite: Tensor,
    state: Tensor,
    pull: Tensor,
) -> tuple[Tensor, Tensor]:
    """What `evenhand_systems.rwkv7.kernel.wkv7` computes with a pull, by a scan without one over twice the steps."""
    dtype = receptance.dtype
    exact = torch.promote_types(wide(dtype), state.dtype)
    pull = pull.to(exact)

    def read(vectors: Tensor) -> Tensor:
        """P times the vector of each step: (B, T, H, N)."""
        return torch.einsum("bhij,bthj->bthi", pull, vectors.to(exact))

    nothing = torch.zeros_like(receptance)
    out, terminal = scan(
        _alternate(nothing, receptance),
        _alternate(log_decay, torch.zeros_like(log_decay)),
        _alternate(key, rewrite),
        _alternate(value, read(removal).to(dtype)),
        _alternate(removal, nothing),
        _alternate(rewrite, nothing),
        state.to(exact) - pull,
    )
    return (out[:, 1::2].to(exact) + read(receptance)).to(dtype), terminal + pull


def _alternate(first: Tensor, second: Tensor) -> Tensor:
    """(B, T, H, N) twice -> (B, 2 T, H, N), the steps of the two in turn."""
    return torch.stack((first, second), dim=2).flatten(1, 2)


__all__ = ["Scan", "scan_pulled"]
