"""Released checkpoints: what loads, what is refused, and what the refusal says."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from evenhand.nn.rwkv7 import CheckpointError, RWKV7Config, load_checkpoint, save_checkpoint

Checkpoint = dict[str, Tensor]


@pytest.fixture(name="tensors")
def _tensors(released_checkpoint: Callable[..., Checkpoint]) -> Checkpoint:
    return released_checkpoint()


def written(folder: Path, content: Any) -> Path:
    path = folder / "model.pth"
    torch.save(content, path)
    return path


def test_sizes_are_read_off_the_shapes(tensors: Checkpoint, tmp_path: Path) -> None:
    model = load_checkpoint(written(tmp_path, tensors))
    assert model.config == RWKV7Config(
        layers=3, width=128, head_size=64, vocabulary=50, decay_rank=8, rate_rank=16, value_rank=24, gate_rank=40
    )
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in tensors.items())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_a_saved_model_loads_again(tensors: Checkpoint, tmp_path: Path, suffix: str, dtype: torch.dtype | None) -> None:
    path = tmp_path / f"copy{suffix}"
    save_checkpoint(load_checkpoint(written(tmp_path, tensors)), path, dtype=dtype)
    again = load_checkpoint(path)
    for name, tensor in tensors.items():
        assert torch.equal(again.state_dict()[name], tensor.to(dtype or torch.float32).float())
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({"model.pth", f"copy{suffix}"})  # no draft left over


def test_the_unused_value_residual_of_the_first_layer_is_passed_over(tensors: Checkpoint, tmp_path: Path) -> None:
    extra = {f"blocks.0.att.v{i}": torch.zeros(1) for i in range(3)}
    assert load_checkpoint(written(tmp_path, tensors | extra)).config.layers == 3


def test_all_faults_are_reported_at_once_by_tensor_name(tensors: Checkpoint, tmp_path: Path) -> None:
    del tensors["blocks.2.ffn.x_k"]
    tensors["blocks.1.att.w2"] = tensors["blocks.1.att.w2"].t()
    tensors["blocks.1.att.w9"] = torch.zeros(3)
    tensors["ln_out.bias"] = torch.zeros(128, dtype=torch.int64)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(written(tmp_path, tensors))
    message = str(caught.value)
    assert "4 faults" in message
    for name in ("blocks.2.ffn.x_k", "blocks.1.att.w2", "blocks.1.att.w9", "ln_out.bias"):
        assert name in message
    assert "expected shape (8, 128), found (128, 8)" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks.0.att.r_k": torch.zeros(3, 64)}, "width 128"),
        ({"blocks.0.att.r_k": torch.zeros(128)}, "expected 2 dimensions"),
        ({"emb.weight": None}, "emb.weight: this tensor, which tells"),
        ({"blocks.0.att.r_k": None, "blocks.0.att.time_maa_x": torch.zeros(1)}, "found RWKV-6"),
        ({"blocks.0.att.r_k": None, "blocks.0.att.time_first": torch.zeros(1)}, "found RWKV-4"),
    ],
)
def test_a_checkpoint_whose_sizes_cannot_be_told_is_refused(
    tensors: Checkpoint, tmp_path: Path, change: dict[str, Tensor | None], message: str
) -> None:
    changed = {name: t for name, t in (tensors | change).items() if t is not None}
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(written(tmp_path, changed))


class Malicious:
    """Unpickling this makes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("zipped", [True, False], ids=["torch.save", "bare pickle"])
def test_a_pickle_that_would_run_code_is_refused_unrun(tmp_path: Path, zipped: bool) -> None:
    path, target = tmp_path / "evil.pth", tmp_path / "made"
    if zipped:
        torch.save({"emb.weight": Malicious(target)}, path)
    else:
        path.write_bytes(pickle.dumps(Malicious(target)))
    with pytest.raises(CheckpointError, match="could run code"):
        load_checkpoint(path)
    assert not target.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("kept", [0, 0.5, 0.99])
def test_a_truncated_file_is_named_as_such(tensors: Checkpoint, tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"whole{suffix}"
    save_checkpoint(load_checkpoint(written(tmp_path, tensors)), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(CheckpointError, match="damaged or truncated"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.pth", "found nothing"),
        ("model.bin", "ending in .pth or .safetensors"),
        ("folder.pth", "found a folder"),
    ],
)
def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.pth").mkdir()
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path / name)


@pytest.mark.parametrize("content", [[torch.zeros(2)], {"emb.weight": 3}])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(CheckpointError, match="flat dict of tensors"):
        load_checkpoint(written(tmp_path, content))


def test_saving_where_nothing_can_be_written_is_an_error(tensors: Checkpoint, tmp_path: Path) -> None:
    model = load_checkpoint(written(tmp_path, tensors))
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(model, tmp_path / "absent" / "copy.pth")
    with pytest.raises(CheckpointError, match="ending in"):
        save_checkpoint(model, tmp_path / "copy.bin")
