"""RWKV-7 models written as flash-linear-attention and the hub keep them; `load_checkpoint` reads them."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from evenhand.files import replacing, write_text
from evenhand_systems.rwkv7.checkpoint import CheckpointError
from evenhand_systems.rwkv7.hub_names import hub_config, to_hub
from evenhand_systems.rwkv7.model import RWKV7


def save_hub_folder(model: RWKV7, folder: str | Path, *, dtype: torch.dtype | None = None) -> None:
    """Write the model as flash-linear-attention and `transformers` read it: `config.json`, `model.safetensors`.

    Args:
        model: what to write.
        folder: made where it is missing.
        dtype: what to convert the weights to; None keeps them.

    Raises:
        CheckpointError: heads of other than 64 channels, whose norm that library computes otherwise, or the folder
            cannot be written.
    """
    folder, size = Path(folder), model.config.head_size
    if size != 64:
        raise CheckpointError(
            f"{folder}: that library's norm suits heads of 64 channels, found {size}; use save_checkpoint instead."
        )
    named = to_hub(model.state_dict())
    tensors = {name: t.detach().to(device="cpu", dtype=dtype or t.dtype).contiguous() for name, t in named.items()}
    kind = str(next(iter(tensors.values())).dtype).removeprefix("torch.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / "model.safetensors") as part:
            safetensors.torch.save_file(tensors, part, metadata={"format": "pt"})
        write_text(folder / "config.json", json.dumps(hub_config(model.config, kind), indent=2))
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{folder}: the checkpoint cannot be written: {error}.") from error


__all__ = ["save_hub_folder"]
