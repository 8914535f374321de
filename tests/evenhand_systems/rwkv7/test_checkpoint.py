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

from evenhand.errors import DataError
from evenhand_systems.rwkv7 import CheckpointError, RWKV7Config, load_checkpoint, save_checkpoint
from tests.mutations import assert_only_data_errors, mutations

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


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (float("nan"), "not finite"),
        (float("inf"), "not finite"),
        (-float("inf"), "not finite"),
        (1e30, "a number as large as 1e[+]30"),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_that_no_training_gives_are_refused_by_name(
    tensors: Checkpoint, tmp_path: Path, number: float, message: str, dtype: torch.dtype
) -> None:
    changed = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    changed["blocks.1.ffn.key.weight"][3, 5] = number
    with pytest.raises(CheckpointError, match=rf"blocks\.1\.ffn\.key\.weight: holds .*{message}") as caught:
        load_checkpoint(written(tmp_path, changed))
    assert "1 fault" in str(caught.value)


def test_numbers_that_the_wanted_dtype_cannot_hold_are_refused(tensors: Checkpoint, tmp_path: Path) -> None:
    tensors["ln_out.weight"][0] = 1e6
    path = written(tmp_path, tensors)
    load_checkpoint(path)
    with pytest.raises(
        CheckpointError, match=r"ln_out\.weight: holds a number as large as 1e[+]06, which torch.float16"
    ):
        load_checkpoint(path, dtype=torch.float16)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 382000000\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "an HTML page"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_stands_in_the_place_of_a_checkpoint_is_named_and_nobody_is_alarmed(
    tmp_path: Path, content: bytes, message: str, suffix: str
) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path)
    assert "run code" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["_forward_module.", "model.", "_orig_mod.", "module.", "net.rwkv."])
def test_names_that_a_framework_has_put_something_before_are_told_with_the_cure(
    tensors: Checkpoint, tmp_path: Path, prefix: str
) -> None:
    changed = {prefix + name: tensor for name, tensor in tensors.items()}
    with pytest.raises(CheckpointError, match="every name begins with") as caught:
        load_checkpoint(written(tmp_path, changed))
    assert f"name.removeprefix('{prefix}')" in str(caught.value)


@pytest.mark.parametrize("key", ["state_dict", "model", "module"])
def test_a_dict_inside_a_dict_is_told_with_its_key(tensors: Checkpoint, tmp_path: Path, key: str) -> None:
    with pytest.raises(CheckpointError, match=rf"flat dict of tensors, found one wrapped .* under the key '{key}'"):
        load_checkpoint(written(tmp_path, {"epoch": 3, key: tensors}))


@pytest.mark.parametrize(
    "name", ["model.layers.0.attn.x_x", "model.embeddings.weight", "rwkv.layers.0.attn.r_proj.weight"]
)
def test_a_part_of_another_librarys_model_is_told_as_such(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match=f"flash-linear-attention or Hugging Face .{name}"):
        load_checkpoint(written(tmp_path, {name: torch.zeros(2, 2), "lm_head.weight": torch.zeros(2, 2)}))


def test_a_tensor_saved_flat_is_told_to_be_viewed_in_its_shape(tensors: Checkpoint, tmp_path: Path) -> None:
    tensors["blocks.0.att.x_r"] = tensors["blocks.0.att.x_r"].flatten()
    with pytest.raises(CheckpointError, match=r"expected shape \(1, 1, 128\), found \(128,\); .* view them"):
        load_checkpoint(written(tmp_path, tensors))


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("ln_out.weight", torch.ones(128).to_sparse(), "expected a dense tensor, found layout torch.sparse_coo"),
        ("ln_out.weight", torch.ones(128, device="meta"), "a meta tensor without numbers"),
        ("ln_out.weight", torch.ones(128, dtype=torch.int8), "expected floating-point numbers"),
        ("ln_out.weight", torch.ones(1).expand(128), "4 bytes are there for 128 numbers"),
        ("emb.weight", torch.zeros(0, 128), r"none of them 0, found shape \(0, 128\)"),
        ("blocks.0.att.w1", torch.zeros(128, 0), r"none of them 0, found shape \(128, 0\)"),
    ],
    ids=["sparse", "meta", "int8", "expanded", "no ids", "no rank"],
)
def test_tensors_of_another_kind_are_refused_by_name(
    tensors: Checkpoint, tmp_path: Path, name: str, tensor: Tensor, message: str
) -> None:
    with pytest.raises(CheckpointError, match=f"{name}: .*{message}"):
        load_checkpoint(written(tmp_path, tensors | {name: tensor}))


def test_a_byte_changed_anywhere_in_the_weights_of_a_pth_file_is_seen(tensors: Checkpoint, tmp_path: Path) -> None:
    path = written(tmp_path, tensors)
    sound = path.read_bytes()
    place = sound.index(tensors["blocks.1.ffn.key.weight"].numpy().tobytes())
    for offset in (0, 1001, 40_003):
        damaged = bytearray(sound)
        damaged[place + offset] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=r"damaged or truncated .*CRC"):
            load_checkpoint(path)


def test_a_file_written_without_checksums_is_read(tensors: Checkpoint, tmp_path: Path) -> None:
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        path = written(tmp_path, tensors)
    finally:
        torch.serialization.set_crc32_options(before)
    assert load_checkpoint(path).config.layers == 3


@pytest.mark.parametrize("form", ["pth", "legacy.pth", "safetensors"])
def test_damaged_checkpoints_are_told_as_data_errors(
    released_checkpoint: Callable[..., Checkpoint], tmp_path: Path, form: str
) -> None:
    tensors = released_checkpoint(1, 16, 8, 8)
    path = tmp_path / f"sound.{form}"
    if form == "safetensors":
        save_checkpoint(load_checkpoint(written(tmp_path, tensors)), path)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=form == "pth")
    refused, accepted = assert_only_data_errors(
        load_checkpoint, mutations(path.read_bytes()), tmp_path / f"damaged.{form}"
    )
    assert issubclass(CheckpointError, DataError)
    assert refused > 300
    if form == "pth":
        assert accepted < 100  # what lies between the records, which no checksum covers


@pytest.mark.parametrize("layer", ["99999", "1" + "0" * 17, "\u00b2", "9" * 5000])
def test_a_layer_of_a_number_that_cannot_be_is_refused_before_a_model_is_built(
    tensors: Checkpoint, tmp_path: Path, layer: str
) -> None:
    stray = f"blocks.{layer}.att.x_r"
    with pytest.raises(CheckpointError, match=f"blocks.{layer}"):
        load_checkpoint(written(tmp_path, {**tensors, stray: torch.ones(1)}))


@pytest.mark.parametrize("fault", [NameError("no such name"), ImportError("no such module"), ZeroDivisionError()])
def test_a_fault_of_the_program_is_not_taken_for_a_damaged_file(
    fault: Exception, released_checkpoint: Callable[..., Checkpoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, released_checkpoint(1, 16, 8, 8))

    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(type(fault)):
        load_checkpoint(path)


def test_a_call_with_wrong_arguments_is_not_taken_for_a_damaged_file(
    released_checkpoint: Callable[..., Checkpoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "load", lambda path: {})
    with pytest.raises(TypeError, match="unexpected keyword"):
        load_checkpoint(written(tmp_path, released_checkpoint(1, 16, 8, 8)))
