"""Which parts of a model autocast may reach: the matrix products, and nothing that is summed up over a sequence."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def under_autocast(like: Tensor) -> bool:
    """Whether autocast is on where this tensor lives."""
    kind = like.device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def without_autocast(like: Tensor) -> AbstractContextManager[object]:
    """A context in which operations on this tensor compute in the dtype of what they are given."""
    return torch.autocast(like.device.type, enabled=False) if under_autocast(like) else nullcontext()


def wide(dtype: torch.dtype) -> torch.dtype:
    """The dtype to compute in: float32, or float64 where that is given."""
    return torch.promote_types(dtype, torch.float32)
