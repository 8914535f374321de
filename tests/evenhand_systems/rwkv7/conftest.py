"""Random checkpoints in the released format, and the package `rwkv` as oracle."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

Checkpoint = dict[str, Tensor]
RANKS = {"w": 8, "a": 16, "v": 24, "g": 40}  # all different, and different from the width


def released_checkpoint(
    layers: int = 3, width: int = 128, size: int = 64, vocabulary: int = 50, seed: int = 0, ranks: Any = RANKS
) -> Checkpoint:
    """A flat dict with the names and shapes of a released RWKV-7 checkpoint and random contents."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int, scale: float = 0.3, around: float = 0.0) -> Tensor:
        return around + scale * torch.randn(shape, generator=generator)

    matrix = 1 / width**0.5
    tensors = {"emb.weight": draw(vocabulary, width), "head.weight": draw(vocabulary, width, scale=matrix)}
    norms = ["blocks.0.ln0", "ln_out"]
    for layer in range(layers):
        block = f"blocks.{layer}."
        norms += [block + "ln1", block + "ln2", block + "att.ln_x"]
        for name in ("x_r", "x_w", "x_k", "x_v", "x_a", "x_g"):
            tensors[f"{block}att.{name}"] = draw(1, 1, width, scale=0.2, around=0.5)
        for name, around in (("k_k", 0.7), ("k_a", 1.0)):
            tensors[f"{block}att.{name}"] = draw(1, 1, width, scale=0.1, around=around)
        tensors[f"{block}att.r_k"] = draw(width // size, size)
        for name in ("receptance", "key", "value", "output"):
            tensors[f"{block}att.{name}.weight"] = draw(width, width, scale=matrix)
        for letter, rank in ranks.items():
            if letter == "v" and layer == 0:
                continue
            if letter != "g":
                tensors[f"{block}att.{letter}0"] = draw(1, 1, width, scale=1.0)
            tensors[f"{block}att.{letter}1"] = draw(width, rank, scale=matrix)
            tensors[f"{block}att.{letter}2"] = draw(rank, width, scale=1.0)
        tensors[f"{block}ffn.x_k"] = draw(1, 1, width, scale=0.2, around=0.5)
        tensors[f"{block}ffn.key.weight"] = draw(4 * width, width, scale=matrix)
        tensors[f"{block}ffn.value.weight"] = draw(width, 4 * width, scale=0.5 * matrix)
    for norm in norms:
        tensors[norm + ".weight"] = draw(width, scale=0.1, around=1.0)
        tensors[norm + ".bias"] = draw(width, scale=0.1)
    return tensors


@pytest.fixture(name="released_checkpoint")
def _released_checkpoint() -> Callable[..., Checkpoint]:
    return released_checkpoint


@pytest.fixture(scope="session")
def oracle_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Checkpoint], Any]:
    """Build the package's RWKV-7 (CPU, float32) from a checkpoint."""
    installed = importlib.util.find_spec("rwkv")
    if installed is None or installed.submodule_search_locations is None:
        pytest.skip("the package rwkv is not installed")
    # Its module decides by this variable, while it is imported, which generation it offers: a private copy is imported.
    before = os.environ.get("RWKV_V7_ON")
    os.environ["RWKV_V7_ON"] = "1"
    try:
        source = Path(installed.submodule_search_locations[0]) / "model.py"
        spec = importlib.util.spec_from_file_location("rwkv7_oracle", source)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        if before is None:
            del os.environ["RWKV_V7_ON"]
        else:
            os.environ["RWKV_V7_ON"] = before

    def build(checkpoint: Checkpoint) -> Any:
        folder = tmp_path_factory.mktemp("oracle")
        torch.save(checkpoint, folder / "model.pth")
        return module.RWKV_x070(str(folder / "model"), "cpu fp32")

    return build
