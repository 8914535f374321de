"""Models that people bring: adapters, files that stand for others, weights that are missing or no numbers."""

from __future__ import annotations

import contextlib
import itertools
import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from evenhand.data import models
from evenhand.errors import DataError
from evenhand.files import file_hash
from evenhand.recipes.error_classes import classify
from evenhand_systems.anchored_sft.standin.tokenizer import character_tokenizer
from tests.mutations import assert_only_data_errors, json_mutations, mutations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=11, max_position_embeddings=16, **small)).save_pretrained(tmp_path / "m")
    return tmp_path / "m"


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder as the hub's client keeps it, under the id ``some/model``; the hub itself is not asked."""
    import huggingface_hub

    cache, revision = tmp_path / "hub" / "models--some--model", "0" * 39 + "1"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text(revision)
    shutil.copytree(folder, cache / "snapshots" / revision)
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.setattr(huggingface_hub.constants, name, str(tmp_path / "hub"), raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return cache / "snapshots" / revision


def with_adapter(folder: Path) -> None:
    """Put an adapter that does something beside the model, as saving a trained PeftModel into its folder does."""
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(folder), LoraConfig(r=2, target_modules=["q_proj"]))
    with torch.no_grad():
        for name, value in adapted.named_parameters():
            if "lora_B" in name:
                value.fill_(1.0)
    adapted.save_pretrained(folder)


def load(path: Any) -> Any:
    return models.load_model(AutoModelForCausalLM, str(path))


@contextlib.contextmanager
def limited_memory(more: int) -> Iterator[None]:
    """Address space for the while: what is taken now, and so many bytes more."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def change(folder: Path, weights: dict[str, Any]) -> None:
    path = folder / "model.safetensors"
    save_file({k: v for k, v in (load_file(path) | weights).items() if v is not None}, path, {"format": "pt"})


def test_a_sound_model_is_loaded(folder: Path) -> None:
    assert load(folder).config.hidden_size == 8


def test_a_folder_that_holds_an_adapter_is_refused_with_the_cure(folder: Path) -> None:
    with_adapter(folder)
    with pytest.raises(DataError, match=r"holds an adapter .* Merge the adapter first .*merge_and_unload"):
        load(folder)


def test_a_folder_with_an_adapter_alone_is_refused_as_such(folder: Path) -> None:
    with_adapter(folder)
    (folder / "config.json").unlink()
    with pytest.raises(DataError, match="holds an adapter"):
        load(folder)


def test_a_hub_id_whose_files_hold_an_adapter_is_refused_too(folder: Path, hub: Path) -> None:
    assert load("some/model").config.hidden_size == 8
    with_adapter(folder)
    shutil.rmtree(hub)
    shutil.copytree(folder, hub)
    with pytest.raises(DataError, match="'some/model' holds an adapter"):
        load("some/model")


def test_what_a_hub_id_stood_for_is_told_by_revision_and_hash(folder: Path, hub: Path) -> None:
    told = models.provenance("some/model", load("some/model"))
    assert f"revision {hub.name}" in told
    assert models.weights_hash(folder) in told


def test_other_weights_have_another_hash_and_other_papers_the_same(folder: Path) -> None:
    before = models.weights_hash(folder)
    (folder / "README.md").write_text("about")
    assert models.weights_hash(folder) == before
    raw = bytearray((folder / "model.safetensors").read_bytes())
    raw[-1] ^= 1
    (folder / "model.safetensors").write_bytes(raw)
    assert models.weights_hash(folder) != before


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
def test_one_weight_that_is_no_number_is_refused_with_its_name(bad: float, kind: torch.dtype, folder: Path) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    weight = load(folder).state_dict()[name].to(kind)
    weight[3, 2] = bad
    change(folder, {name: weight.clone()})
    with pytest.raises(DataError, match=rf"no finite numbers .*{name}") as caught:
        load(folder)
    assert classify(caught.value) == "data"


def test_whole_numbers_empty_and_eight_bit_weights_are_looked_at_too() -> None:
    models.check_finite([("a", torch.zeros(2, dtype=torch.int8)), ("b", torch.zeros(0))], "It")
    eight = torch.tensor([1.0, float("nan")]).to(torch.float8_e4m3fn)
    with pytest.raises(DataError, match=r"It has weights that are no finite numbers .* c and 1 more"):
        models.check_finite([("c", eight), ("d", torch.tensor(float("inf")))], "It")


def test_weights_that_are_missing_are_never_filled_with_random_numbers(folder: Path) -> None:
    change(folder, {"model.layers.0.mlp.up_proj.weight": None})
    with pytest.raises(DataError, match=r"lacks weights .*up_proj\.weight.* random numbers"):
        load(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "model.safetensors is a Git LFS pointer",
        ),
        (b"<!DOCTYPE html><html>404</html>", "model.safetensors is an HTML page"),
    ],
)
def test_weights_that_stand_for_others_are_named_for_what_they_are(content: bytes, said: str, folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError, match=said):
        load(folder)


@pytest.mark.slow
def test_damaged_weights_load_whole_or_are_a_fault_of_the_data(folder: Path) -> None:
    path = folder / "model.safetensors"

    def read(_: Path) -> None:
        try:
            model = load(folder)
        except DataError as error:
            raise DataError(f"{path.name}: {error}") from error
        assert all(bool(torch.isfinite(value).all()) for value in model.parameters())

    refused, _ = assert_only_data_errors(read, mutations(path.read_bytes(), 190), path)
    assert refused > 20


ABSURD = (10**12, -4, 3, "8")


@pytest.mark.slow
def test_configs_that_do_not_fit_their_weights_are_refused_before_memory_is_taken(folder: Path) -> None:
    path = folder / "config.json"
    sound = json.loads(path.read_text())
    wanted = {name: value.shape for name, value in load(folder).state_dict().items()}
    one_off = (json.dumps({**sound, key: value}).encode() for key in sorted(sound) for value in ABSURD[:8])
    damaged = itertools.islice(
        itertools.chain(one_off, json_mutations(sound, 60), mutations(path.read_bytes(), 60)), 300
    )

    def read(_: Path) -> None:
        with limited_memory(2 << 30):
            model = load(folder)
        assert {name: value.shape for name, value in model.state_dict().items()} == wanted

    refused, accepted = assert_only_data_errors(read, damaged, path)
    assert refused > 40
    assert accepted > 10


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_size", 10**12), ("num_hidden_layers", 10**9), ("vocab_size", 2**62), ("hidden_size", 16)],
)
def test_an_absurd_size_is_said_with_the_weights_that_are_there(key: str, value: int, folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(DataError, match=r"config\.json.*(weights beside it|transformers can build)"):
        load(folder)


def test_weights_that_a_config_has_no_place_for_are_not_left_out_in_silence(folder: Path) -> None:
    path = folder / "model.safetensors"
    more = {k.replace("layers.0", "layers.1"): v.clone() for k, v in load_file(path).items() if "layers.0" in k}
    save_file(load_file(path) | more, path, {"format": "pt"})
    with pytest.raises(DataError, match=r"config\.json has no place for \(model\.layers\.1\..* and 8 more\)"):
        load(folder)
    save_file({k: v for k, v in load_file(path).items() if "layers.1" not in k} | {"v_head": torch.ones(1)}, path)
    assert load(folder).config.num_hidden_layers == 1  # another program's head is nothing of the model


@pytest.mark.slow
def test_damaged_tokenizers_are_a_fault_of_the_data(folder: Path) -> None:
    character_tokenizer("abc ").save_pretrained(folder)
    for name, damaged in (
        ("tokenizer.json", json_mutations(json.loads((folder / "tokenizer.json").read_text()), 60)),
        ("tokenizer.json", mutations((folder / "tokenizer.json").read_bytes(), 40)),
        ("tokenizer_config.json", json_mutations(json.loads((folder / "tokenizer_config.json").read_text()), 50)),
        ("tokenizer_config.json", mutations((folder / "tokenizer_config.json").read_bytes(), 50)),
    ):
        sound = (folder / name).read_bytes()
        refused, _ = assert_only_data_errors(lambda _: models.load_tokenizer(str(folder)), damaged, folder / name)
        assert refused > 5
        (folder / name).write_bytes(sound)


@pytest.mark.parametrize("content", ["{", "[]", "null", "", '{"version": "1.0", "model": 3}'])
def test_a_damaged_tokenizer_is_a_fault_of_the_data(content: str, folder: Path) -> None:
    (folder / "tokenizer.json").write_text(content)
    with pytest.raises(DataError, match="tokenizer"):
        models.load_tokenizer(str(folder))


def test_a_machine_s_failure_while_loading_is_not_the_folder_s_fault(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, kind in (
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "resource"),
        (OSError(5, "Input/output error"), "infrastructure"),
        (ConnectionError("reset"), "infrastructure"),
    ):

        def fail(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", fail)
        with pytest.raises(type(error)) as caught:
            load(folder)
        assert classify(caught.value) == kind


class TestFilesOfWeights:
    def test_a_file_that_was_changed_since_it_was_saved_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "w.safetensors"
        save_file({"a": torch.zeros(3)}, path)
        written = file_hash(path)
        assert set(models.read_weights(path, written)) == {"a"}
        raw = bytearray(path.read_bytes())
        raw[-2] ^= 1  # a bit of a number: nothing in the format itself would tell
        path.write_bytes(raw)
        assert set(models.read_weights(path)) == {"a"}
        with pytest.raises(DataError, match=r"w\.safetensors is not as it was saved"):
            models.read_weights(path, written)

    def test_numbers_that_are_none_are_refused(self, tmp_path: Path) -> None:
        save_file({"a": torch.tensor([1.0, float("nan")])}, tmp_path / "w.safetensors")
        with pytest.raises(DataError, match=r"w\.safetensors has weights that are no finite numbers"):
            models.read_weights(tmp_path / "w.safetensors")
