"""A GGUF file becomes the model that it holds: weights, config and tokenizer as transformers has them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from evenhand.data import models
from evenhand.data.gguf_llama import convert
from evenhand.errors import DataError
from evenhand.files import folder_hash
from tests.data.tiny_gguf import HEADS, KEY_HEADS, LAYERS, WIDTH, vocabulary, write_gguf
from tests.full_disk import largest_file

pytest.importorskip("gguf", reason="the package gguf is not installed: pip install 'evenhand[models]'")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_gguf(tmp_path / "tiny.gguf")
    return tmp_path / "tiny.gguf"


@pytest.fixture
def converted(source: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    convert(source, folder)
    return folder


def test_the_weights_are_bit_for_bit_those_that_transformers_reads_from_the_same_file(
    source: Path, converted: Path
) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
    ours = models.load_model(AutoModelForCausalLM, str(converted))
    wanted, found = theirs.state_dict(), ours.state_dict()
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)
    ids = torch.arange(20)[None]
    assert torch.equal(theirs(ids).logits, ours(ids).logits)


def test_the_config_says_what_the_file_says(converted: Path) -> None:
    model = models.load_model(AutoModelForCausalLM, str(converted))
    config = model.config
    assert (config.hidden_size, config.num_hidden_layers) == (WIDTH, LAYERS)
    assert (config.num_attention_heads, config.num_key_value_heads) == (HEADS, KEY_HEADS)
    assert config.rms_norm_eps == 1e-5
    assert config.rope_parameters["rope_theta"] == 100000.0
    assert config.max_position_embeddings == 128
    assert model.dtype == torch.float32
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert (model.generation_config.eos_token_id, model.generation_config.pad_token_id) == (2, 2)


def test_parameters_are_counted_once_where_they_are_tied(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    parameters, _ = convert(source, folder)
    model = models.load_model(AutoModelForCausalLM, str(folder))
    assert parameters == sum(values.numel() for values in model.parameters())


@pytest.mark.parametrize("text", ["plain and  two", "Привет 🙂", "<|im_start|>user\nhi<|im_end|>\n", " 12 and 345 "])
def test_text_and_special_tokens_come_back_as_they_were(converted: Path, text: str) -> None:
    tokenizer = models.load_tokenizer(str(converted))
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_each_digit_is_a_piece_of_its_own_and_spaces_before_it_stay_together(converted: Path) -> None:
    """Split as GPT-2 does, the last space would go to the digit, and two spaces before it were never merged."""
    tokenizer = models.load_tokenizer(str(converted))
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("and  12")["input_ids"])
    assert pieces == ["and", "ĠĠ", "1", "2"]


def test_the_chat_template_and_the_tokens_that_end_an_answer_come_along(converted: Path) -> None:
    tokenizer = models.load_tokenizer(str(converted))
    said = tokenizer.apply_chat_template([{"role": "user", "content": "and"}], tokenize=False)
    assert said == "<|im_start|>user\nand<|im_end|>\n"
    assert (tokenizer.eos_token, tokenizer.pad_token, tokenizer.bos_token) == (
        "<|im_end|>",
        "<|im_end|>",
        "<|im_start|>",
    )
    assert tokenizer.model_max_length == 128
    assert tokenizer.is_fast
    assert len(tokenizer) == len(vocabulary())
    assert tokenizer("and")["input_ids"] == [vocabulary().index("and")], "nothing is put before or behind a text"


def test_the_same_file_gives_the_same_bytes(source: Path, converted: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    convert(source, again)
    assert folder_hash(again) == folder_hash(converted)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "gpt2"}, "general.architecture = 'gpt2'; only 'llama'"),
        ({"rule": "qwen2"}, "tokenizer.ggml.pre = 'qwen2'; only 'smollm'"),
        ({"lacks": "token_embd"}, "no GGUF file of a Llama"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    write_gguf(tmp_path / "other.gguf", **change)
    with pytest.raises(DataError, match=said):
        convert(tmp_path / "other.gguf", tmp_path)


def test_a_file_that_is_cut_or_no_gguf_at_all_is_refused(source: Path, tmp_path: Path) -> None:
    for content in (source.read_bytes()[:20000], b"GGUF", b"no model"):
        (tmp_path / "bad.gguf").write_bytes(content)
        with pytest.raises(DataError, match="no GGUF file of a Llama"):
            convert(tmp_path / "bad.gguf", tmp_path)


def test_a_disk_that_fills_up_is_told_as_one(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    with pytest.raises(OSError, match=r"File too large: .*model\.safetensors"), largest_file(20_000):
        convert(source, folder)
