"""A tiny Llama around any tokenizer file, trained for a moment on the questions at hand.

It shows that the GSM8K form runs end to end without a checkpoint; its answers are at the floor.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from evenhand.errors import DataError
from evenhand.files import file_hash
from evenhand.recipes.trial import stream
from evenhand_systems.bridge.tasks.formats import worked_examples
from evenhand_systems.bridge.tasks.items import read_gsm8k

STEPS = 60
CONTEXT = 4096


def key(vocabulary: Path, text: Path) -> dict[str, Any]:
    """What a tiny model depends on, for ``bench.asset``."""
    return {
        "asset": "bridge tiny model", "version": 1, "tokenizer": file_hash(vocabulary), "text": file_hash(text),
        "steps": STEPS,
    }  # fmt: skip


def build(vocabulary: Path, text: Path, folder: Path, *, steps: int = STEPS) -> None:
    """Train a tiny model on the text of a GSM8K file and save it as a checkpoint folder.

    Raises:
        DataError: the tokenizer file cannot be read.
    """
    try:
        inner = Tokenizer.from_file(str(vocabulary))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise DataError(f"{vocabulary.name} is not a tokenizer file of the tokenizers library: {error}") from error
    inner.add_special_tokens(["<pad>", "<s>", "</s>"])
    wrap: Any = PreTrainedTokenizerFast
    tokenizer = wrap(tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    rows = [
        tokenizer.encode(f"{worked_examples([item]).opening}", add_special_tokens=False)
        for item in read_gsm8k(text, "train")[:800]
    ]
    order = stream("bridge tiny model", "order")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model: Any = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer), hidden_size=64, intermediate_size=160, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=CONTEXT,
                tie_word_embeddings=True, pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
        )  # fmt: skip
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        chosen = [rows[int(i)][:160] for i in order.integers(len(rows), size=8)]
        ids = torch.full((8, max(map(len, chosen))), -100)
        for i, row in enumerate(chosen):
            ids[i, : len(row)] = torch.tensor(row)
        loss = model(input_ids=ids.clamp(min=0), labels=ids, use_cache=False).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    folder.joinpath("bridge.json").write_text(json.dumps({"numerals": "plain"}))
