"""The real SmolLM2-135M-Instruct, as ``evenhand models get smollm2`` leaves it; skipped where it is not there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from evenhand.data import models
from evenhand.data.model_catalogue import SMOLLM2
from evenhand.data.model_store import held

PLAIN = (
    "The water cycle describes how water moves above, on and below the surface of the Earth. Heat from the sun makes "
    "water evaporate from oceans and lakes. The vapour rises into the air, cools down and forms clouds. When the drops "
    "in the clouds become too heavy, they fall back to the ground as rain or snow, and rivers carry the water back to "
    "the sea."
)
NUMBERS = (
    "In 2021 there were 1,245 schools and 36 libraries.  By 2023 the numbers had risen to 1,310 schools.\n\n"
    "1. First, count to 10.\n2. Then, count to 20."
)


@pytest.fixture(scope="module")
def smollm2() -> tuple[Any, Any]:
    found = held("smollm2")
    if not found.present:
        pytest.skip("SmolLM2 is not there: run `evenhand models get smollm2`")
    assert found.sound, found.finding
    assert found.facts is not None
    assert found.facts.weights_sha256 == SMOLLM2.weights_sha256
    model = models.load_model(AutoModelForCausalLM, "smollm2").eval()
    return model, models.load_tokenizer("smollm2")


def loss(smollm2: tuple[Any, Any], text: str) -> float:
    """Natural logarithms a token."""
    model, tokenizer = smollm2
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        return float(model(ids, labels=ids).loss)


def test_it_has_the_size_and_the_kind_that_it_is_published_with(smollm2: tuple[Any, Any]) -> None:
    model, _ = smollm2
    assert sum(values.numel() for values in model.parameters()) == 134_515_008
    assert model.dtype == torch.float32
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    config = model.config
    assert (config.num_hidden_layers, config.hidden_size, config.max_position_embeddings) == (30, 576, 8192)


def test_it_knows_the_capital_of_france_and_stops_when_it_has_said_so(smollm2: tuple[Any, Any]) -> None:
    model, tokenizer = smollm2
    question = [{"role": "user", "content": "What is the capital of France?"}]
    given = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    answer = model.generate(**given, max_new_tokens=16, do_sample=False)[0, given["input_ids"].shape[1] :]
    assert tokenizer.decode(answer) == "The capital of France is Paris.<|im_end|>"


def test_plain_english_costs_it_little_more_than_two_nats_a_token(smollm2: tuple[Any, Any]) -> None:
    """2.12 as it is; a layer's queries or keys in another order, or a tokenizer with other pieces, cost far more."""
    assert loss(smollm2, PLAIN) < 2.2


def test_each_digit_is_a_token_as_it_was_in_its_training(smollm2: tuple[Any, Any]) -> None:
    tokenizer = smollm2[1]
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("\n\n  12 of 345")["input_ids"])
    assert pieces == ["ĊĊĠĠ", "1", "2", "Ġof", "Ġ", "3", "4", "5"]


@pytest.mark.parametrize("text", [PLAIN, NUMBERS, "Привет, мир 🙂", "<|im_start|>user\nhi<|im_end|>\n", "  \t\n x"])
def test_text_and_special_tokens_come_back_as_they_were(smollm2: tuple[Any, Any], text: str) -> None:
    tokenizer = smollm2[1]
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_what_begins_ends_and_fills_an_answer(smollm2: tuple[Any, Any]) -> None:
    model, tokenizer = smollm2
    assert tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_start|>", "<|im_end|>"]) == [0, 1, 2]
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (1, 2, 2)
    assert (model.generation_config.eos_token_id, model.generation_config.pad_token_id) == (2, 2)
    chat = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]
    said = tokenizer.apply_chat_template(chat, tokenize=False)
    assert said.endswith("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n")
