"""What may keep Future-Seed's recipes from running on a machine. No torch, but for a CPU that is asked for bf16."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

NO_KERNEL = (
    "on a GPU the recurrence of RWKV-7 needs flash-linear-attention: without it each token would be a step of a Python "
    "loop. Install the extra `cuda` (pip install 'evenhand[cuda]'), or hide the GPU with CUDA_VISIBLE_DEVICES="
)
NO_BF16 = (
    'precision = "bf16" needs a GPU that multiplies bfloat16 (NVIDIA, from the A100 on), or a CPU that does (AVX-512 '
    'BF16 or AMX). Run the claim on such a machine, or set precision = "fp32"'
)


def obstacle(settings: Mapping[str, Any], device: str) -> str:
    """Why a trial with these settings cannot run on this machine, or empty.

    Args:
        settings: of one of Future-Seed's recipes.
        device: ``cpu`` or ``cuda``, as the machine has it; a torch that is built for CPUs uses the CPU all the same.
    """
    if device == "cuda" and not _torch_version().endswith("+cpu"):
        return NO_KERNEL if find_spec("fla") is None else ""
    if settings.get("precision") != "bf16":
        return ""
    from evenhand_systems.processor import multiplies_bf16

    return "" if multiplies_bf16() else NO_BF16


def _torch_version() -> str:
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return ""


__all__ = ["NO_BF16", "NO_KERNEL", "obstacle"]
