"""Checkpoints under flash-linear-attention's names, both ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from evenhand_systems.rwkv7 import RWKV7, CheckpointError, RWKV7Config, load_checkpoint, save_hub_folder
from evenhand_systems.rwkv7.hub_names import to_hub, to_released

Checkpoint = dict[str, Tensor]


@pytest.fixture(name="model")
def _model(released_checkpoint: Callable[..., Checkpoint], tmp_path: Path) -> RWKV7:
    torch.save(released_checkpoint(), tmp_path / "released.pth")
    return load_checkpoint(tmp_path / "released.pth")


def logits(model: RWKV7) -> Tensor:
    with torch.no_grad():
        return model(torch.arange(40).view(2, 20))[0]


def test_a_model_goes_to_the_hub_and_back_without_a_bit_of_difference(model: RWKV7, tmp_path: Path) -> None:
    save_hub_folder(model, tmp_path / "hub")
    again = load_checkpoint(tmp_path / "hub")
    assert again.config == model.config
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(logits(again), logits(model))
    assert torch.equal(logits(load_checkpoint(tmp_path / "hub" / "model.safetensors")), logits(model))


def test_names_and_shapes_are_those_of_the_library(model: RWKV7) -> None:
    """As its model of three layers of width 128 with these ranks has them (version 0.6)."""
    shapes = {name: tuple(t.shape) for name, t in to_hub(model.state_dict()).items()}
    layer = {
        "attn_norm.weight": (128,), "attn_norm.bias": (128,), "ffn_norm.weight": (128,), "ffn_norm.bias": (128,),
        "attn.x_r": (1, 1, 128), "attn.x_w": (1, 1, 128), "attn.x_k": (1, 1, 128), "attn.x_v": (1, 1, 128),
        "attn.x_a": (1, 1, 128), "attn.x_g": (1, 1, 128), "attn.k_k": (128,), "attn.k_a": (128,), "attn.r_k": (2, 64),
        "attn.r_proj.weight": (128, 128), "attn.k_proj.weight": (128, 128), "attn.v_proj.weight": (128, 128),
        "attn.o_proj.weight": (128, 128), "attn.g_norm.weight": (128,), "attn.g_norm.bias": (128,),
        "attn.w_lora.lora.0.weight": (8, 128), "attn.w_lora.lora.2.weight": (128, 8), "attn.w_lora.lora.2.bias": (128,),
        "attn.a_lora.lora.0.weight": (16, 128), "attn.a_lora.lora.2.weight": (128, 16),
        "attn.a_lora.lora.2.bias": (128,), "attn.g_lora.lora.0.weight": (40, 128),
        "attn.g_lora.lora.2.weight": (128, 40), "ffn.x_k": (128,), "ffn.key.weight": (512, 128),
        "ffn.value.weight": (128, 512),
    }  # fmt: skip
    mixed = {
        "attn.v_lora.lora.0.weight": (24, 128), "attn.v_lora.lora.2.weight": (128, 24),
        "attn.v_lora.lora.2.bias": (128,),
    }  # fmt: skip
    first = {"pre_norm.weight": (128,), "pre_norm.bias": (128,)}
    expected = {"model.embeddings.weight": (50, 128), "lm_head.weight": (50, 128)}
    expected |= {"model.norm.weight": (128,), "model.norm.bias": (128,)}
    for index, further in enumerate((first, mixed, mixed)):
        expected |= {f"model.layers.{index}.{name}": shape for name, shape in (layer | further).items()}
    assert shapes == expected


def test_older_versions_that_keep_all_shifts_in_one_tensor_are_read(model: RWKV7) -> None:
    hub = to_hub(model.state_dict())
    for index in range(3):
        names = [f"model.layers.{index}.attn.x_{letter}" for letter in "rwkvag"]
        hub[f"model.layers.{index}.attn.x_x"] = torch.stack([hub.pop(name).reshape(-1) for name in names])
    found = to_released(hub)
    assert found.keys() == model.state_dict().keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in model.state_dict().items())


def test_a_folder_in_parts_is_read_and_one_without_a_config_is_refused(model: RWKV7, tmp_path: Path) -> None:
    save_hub_folder(model, tmp_path / "hub", dtype=torch.bfloat16)
    config = json.loads((tmp_path / "hub" / "config.json").read_text())
    assert (config["model_type"], config["torch_dtype"], config["num_heads"]) == ("rwkv7", "bfloat16", 2)
    whole = safetensors.torch.load_file(tmp_path / "hub" / "model.safetensors")
    names = sorted(whole)
    (tmp_path / "hub" / "model.safetensors").unlink()
    for part, chosen in enumerate((names[::2], names[1::2])):
        safetensors.torch.save_file({n: whole[n] for n in chosen}, tmp_path / "hub" / f"model-{part}.safetensors")
    assert load_checkpoint(tmp_path / "hub").config == model.config
    (tmp_path / "hub" / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"a folder with config\.json"):
        load_checkpoint(tmp_path / "hub")


def test_missing_and_unknown_tensors_of_a_hub_folder_are_named(model: RWKV7, tmp_path: Path) -> None:
    hub = {name: t.contiguous() for name, t in to_hub(model.state_dict()).items()}
    del hub["model.layers.2.attn.w_lora.lora.0.weight"]
    hub["model.layers.1.attn.odd"] = torch.zeros(3)
    safetensors.torch.save_file(hub, tmp_path / "m.safetensors")
    with pytest.raises(CheckpointError, match="2 faults") as caught:
        load_checkpoint(tmp_path / "m.safetensors")
    assert "blocks.2.att.w1" in str(caught.value)
    assert "model.layers.1.attn.odd" in str(caught.value)


def test_heads_whose_norm_the_library_computes_otherwise_are_not_written(tmp_path: Path) -> None:
    model = RWKV7(RWKV7Config(layers=1, width=64, head_size=32, vocabulary=5))
    with pytest.raises(CheckpointError, match="64 channels, found 32"):
        save_hub_folder(model, tmp_path / "hub")


@pytest.mark.cuda
@pytest.mark.skipif(
    not (torch.cuda.is_available() and find_spec("fla") and find_spec("transformers")),
    reason="needs CUDA, the extra `cuda` and transformers",
)
@torch.no_grad()
def test_the_library_itself_reads_what_is_written_and_says_the_same(model: RWKV7, tmp_path: Path) -> None:
    from fla.models import RWKV7ForCausalLM

    save_hub_folder(model, tmp_path / "hub", dtype=torch.bfloat16)
    theirs = RWKV7ForCausalLM.from_pretrained(tmp_path / "hub", dtype=torch.bfloat16).cuda().eval()
    tokens = torch.randint(50, (2, 100), generator=torch.Generator().manual_seed(0))
    exact = load_checkpoint(tmp_path / "hub", dtype=torch.float64, backend="reference")
    expected, _ = exact(tokens)
    found = theirs(input_ids=tokens.cuda(), use_cache=False).logits.double().cpu()
    ours = load_checkpoint(tmp_path / "hub", dtype=torch.bfloat16, device="cuda")(tokens.cuda())[0].double().cpu()
    for logits in (found, ours):
        assert float((logits - expected).norm() / expected.norm()) < 3e-2
