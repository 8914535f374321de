"""Sizes of models from configurations at hand, and the arithmetic of what they take."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
import transformers

from evenhand.data import model_store
from evenhand_systems import model_memory
from evenhand_systems.model_memory import Step
from evenhand_systems.model_shapes import KINDS, PUBLISHED, Shape, read_shape, shape_of

SMOLLM2 = {
    "model_type": "llama", "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64, "vocab_size": 49152,
    "tie_word_embeddings": True,
}  # fmt: skip
SMALL = Shape(6, 256, 4, 2, 64, 704, 8192, True)


def test_the_sizes_of_a_model_are_read_from_its_configuration() -> None:
    shape = read_shape(SMOLLM2)
    assert shape is not None
    assert (shape.parameters, shape.stored) == (134_515_008, 4)
    assert [read_shape({**SMOLLM2, name: "bfloat16"}) for name in ("dtype", "torch_dtype")] == [
        replace(shape, stored=2)
    ] * 2
    for broken in ({}, {**SMOLLM2, "hidden_size": "wide"}, {**SMOLLM2, "vocab_size": None}):
        assert read_shape(broken) is None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_matrices_of_each_kind_are_counted_as_its_model_has_them(kind) -> None:
    sizes = {name: value for name, value in SMOLLM2.items() if name not in ("model_type", "tie_word_embeddings")}
    config = transformers.AutoConfig.for_model(kind, pad_token_id=0, **{**sizes, "num_hidden_layers": 2})
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    said = {"model_type": kind, **sizes, "num_hidden_layers": 2}  # no word of ties
    shape = read_shape(said)
    assert shape is not None
    matrices = sum(value.numel() for value in model.parameters() if value.ndim == 2)
    assert shape.parameters == matrices + (2 * shape.layers + 1) * shape.width
    assert read_shape({**said, "tie_word_embeddings": not shape.tied}) == replace(shape, tied=not shape.tied)


@pytest.mark.parametrize(
    "other",
    [{"model_type": kind} for kind in ("gpt_neox", "bert", "phi3", "rwkv7", None)]
    + [{"quantization_config": {"bits": 4}}, {"model_type": "gemma", "head_dim": None}],
)
def test_what_is_built_otherwise_or_stored_in_fewer_bits_tells_no_sizes(other) -> None:
    assert read_shape({**SMOLLM2, **other}) is None


@pytest.mark.parametrize("reference", ["~nosuchuser/x", "n" * 300])
def test_a_name_that_no_path_can_have_tells_no_sizes(reference, tmp_path) -> None:
    assert shape_of(reference, tmp_path) is None


def test_a_mixture_of_experts_is_not_taken_for_a_plain_model() -> None:
    assert read_shape({**SMOLLM2, "num_local_experts": 8}) is None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248),
        ("mistralai/Mistral-7B-Instruct-v0.3", 7_248_023_552),
        ("Qwen/Qwen3-8B", 8_190_735_360 - 36 * 256),  # without the norms of queries and keys
        ("Qwen/Qwen3-1.7B", 1_720_574_976 - 28 * 256),
    ],
)
def test_published_models_have_as_many_weights_as_their_files(name, parameters) -> None:
    assert PUBLISHED[name].parameters == parameters
    assert shape_of(name, Path()) == PUBLISHED[name]


def test_a_reward_model_has_one_row_in_the_place_of_the_output_head() -> None:
    judge = PUBLISHED["Skywork/Skywork-Reward-Llama-3.1-8B-v0.2"]
    assert judge.trunk == judge.parameters - (judge.vocabulary - 1) * judge.width


def write(folder: Path, **more) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({**SMOLLM2, **more}))
    return folder


def test_a_model_is_looked_for_beside_the_claim_by_its_name_and_in_the_cache_of_the_hub(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    for reference in ("mine", "smollm2", "org/model", "no id/of/a hub"):
        assert shape_of(reference, tmp_path) is None
    write(tmp_path / "mine", num_hidden_layers=1)
    (write(tmp_path / "models" / "smollm2", num_hidden_layers=2) / model_store.MANIFEST).write_text("{}")
    kept = tmp_path / "hub" / "models--org--model"
    write(kept / "snapshots" / "abc", num_hidden_layers=3)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    found = [shape_of(reference, tmp_path) for reference in ("mine", "smollm2", "org/model")]
    assert [shape and shape.layers for shape in found] == [1, 2, 3]


def test_a_damaged_configuration_tells_no_sizes(tmp_path) -> None:
    (write(tmp_path / "mine") / "config.json").write_text("{")
    assert shape_of("mine", tmp_path) is None


def test_quantised_weights_are_smaller_in_the_linear_maps_alone() -> None:
    plain, eight, four = (model_memory.weights_bytes(SMALL, 2, kind) for kind in (None, "8bit", "4bit"))
    mapped = SMALL.layers * SMALL.linear
    assert plain - eight == mapped
    assert eight - four == pytest.approx((0.5 - 4 / 64) * mapped)


def test_what_linear_maps_read_is_kept_where_adapters_are_trained() -> None:
    frozen = Step(8, 0, 2000, 0)
    more = [
        model_memory.step_bytes(SMALL, replace(step, adapted=True), 4) - model_memory.step_bytes(SMALL, step, 4)
        for step in (frozen, replace(frozen, twice=True))
    ]
    assert more[0] == pytest.approx(1.1 * 6 * 8 * 2000 * 4 * (2 * 256 + 256 + 704))
    assert more[1] == pytest.approx(more[0] / 6)  # of the one layer that is there at a time


def test_small_pieces_of_memory_leave_holes_on_a_cpu() -> None:
    short, long = (Step(8, 0, length, 0, adapted=True) for length in (1200, 2400))
    on_cpu, on_gpu = (
        model_memory.step_bytes(SMALL, long, item) / model_memory.step_bytes(SMALL, short, item) for item in (4, 2)
    )
    assert on_gpu == pytest.approx(2)
    assert on_cpu == pytest.approx(2 * 1.1 / 1.9)


def test_letters_of_two_bytes_count_twice() -> None:
    assert model_memory.tokens_of("да" * 8) == 2 * model_memory.tokens_of("da" * 8) == 10


@pytest.mark.parametrize(("count", "words"), [(38.84e9, "38.8 GB"), (0.5e9, "0.5 GB"), (9.6e6, "10 MB"), (0, "0 MB")])
def test_small_amounts_are_told_in_megabytes(count, words) -> None:
    assert model_memory.gb(count) == words
