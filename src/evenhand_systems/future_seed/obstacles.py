"""What may keep Future-Seed's recipes from running on a machine: what it cannot do, and what is not there.

No torch, but for a CPU that is asked for bf16.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from evenhand.recipes.gpus import given_gpus
from evenhand.recipes.inputs import Kind, Named, named

NO_KERNEL = (
    "on a GPU the recurrence of RWKV-7 needs flash-linear-attention: without it each token would be a step of a Python "
    "loop. Install the extra `cuda` (pip install 'evenhand[cuda]'), or hide the GPU with CUDA_VISIBLE_DEVICES="
)
NO_BF16 = (
    'precision = "bf16" needs a GPU that multiplies bfloat16 (NVIDIA, from the A100 on), or a CPU that does (AVX-512 '
    'BF16 or AMX). Run the claim on such a machine, or set precision = "fp32"'
)
BF16_CAPABILITY = (8, 0)
"""The compute capability from which on NVIDIA's GPUs multiply bfloat16: the first of Ampere, the A100's."""

INPUTS: Mapping[str, Kind] = {
    "checkpoint": "file",
    **dict.fromkeys(("data.train", "data.evaluation", "train", "held_out"), "records"),
    **dict.fromkeys(("data.labels", "data.mask", "data.vocabulary", "vocabulary"), "file"),
    **dict.fromkeys(("task.csv", "task.sequences", "task.labels", "task.mask"), "file"),
}
"""What settings of the recipes name outside the claim. A checkpoint is a file, a folder or a model by name."""


def reads(settings: Mapping[str, Any]) -> list[Named]:
    """What settings of one of Future-Seed's recipes name outside the claim."""
    generated = (settings.get("data") or {}).get("name") == "sudoku_text"
    return [one for one in named(settings, INPUTS) if not (generated and one.kind == "records")]


def obstacle(settings: Mapping[str, Any], device: str) -> str:
    """Why a trial with these settings cannot run on this machine, or empty.

    Args:
        settings: of one of Future-Seed's recipes.
        device: ``cpu`` or ``cuda``, as the machine has it; a torch that is built for CPUs uses the CPU all the same.
    """
    bf16 = settings.get("precision") == "bf16"
    if device == "cuda" and not _torch_version().endswith("+cpu"):
        if bf16 and (weak := _without_bf16()):
            return f"{NO_BF16}. {weak}"
        return NO_KERNEL if find_spec("fla") is None else ""
    if not bf16:
        return ""
    from evenhand_systems.processor import multiplies_bf16

    return "" if multiplies_bf16() else NO_BF16


def _without_bf16() -> str:
    """Which of the GPUs, of which a trial may get any, only imitate bfloat16; empty where none is known to."""
    seen = given_gpus()
    weak = [one for one in seen if one.capability is not None and one.capability < BF16_CAPABILITY]
    if not weak:
        return ""
    named = ", ".join(
        f"GPU {gpu.device} is a {gpu.name} of compute capability {_version(gpu.capability)}" for gpu in weak
    )
    able = ",".join(one.device for one in seen if one not in weak)
    hide = f"; --gpus {able} leaves {'it' if len(weak) == 1 else 'them'} out" if able else ""
    return f"{named}, and {_version(BF16_CAPABILITY)} is needed{hide}"


def _version(capability: tuple[int, int] | None) -> str:
    return ".".join(map(str, capability or ()))


def _torch_version() -> str:
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return ""


__all__ = ["BF16_CAPABILITY", "INPUTS", "NO_BF16", "NO_KERNEL", "obstacle", "reads"]
