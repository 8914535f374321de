"""The two stand-in models of the embedded task: small, of different family and tokenizer, trained on the spot.

``stand-in:digits``: Mistral configuration, every digit a token, about 0.8 M parameters.
``stand-in:words``: Llama configuration, number words, about 0.35 M parameters, weaker.

Both learn to solve whole stories written as text; neither ever sees a soft token. They are built once as an asset and
read back from its folder like any other checkpoint.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from evenhand.systems.bridge import numerals, stories
from evenhand.systems.bridge.formats import STORY
from evenhand.systems.bridge.items import Item
from evenhand.trial import stream

StandIn = Literal["digits", "words"]

VERSION = 2
"""Raised by hand when the models that come out change."""

STEPS = {"digits": 1200, "words": 3000}
BATCH = 24
LEARNING_RATE = {"digits": 2e-3, "words": 2.5e-3}
POOL = 16000
"""Training stories."""

INITIAL = 0.1
"""Standard deviation of fresh weights: about one over the root of the width. At the 0.02 that serves large models a
stand-in of this width did not copy a name after 1,000 steps; at 0.1 it does after 250."""


def key(kind: StandIn) -> dict[str, Any]:
    """What a stand-in depends on, for ``bench.asset``."""
    return {
        "asset": "bridge stand-in", "kind": kind, "version": VERSION, "steps": STEPS[kind], "batch": BATCH,
        "learning_rate": LEARNING_RATE[kind], "pool": POOL, "initial": INITIAL,
    }  # fmt: skip


def tokenizer(kind: StandIn) -> PreTrainedTokenizerFast:
    """Word tokens, with digits one by one (``digits``) or numbers as words (``words``)."""
    special = ["<pad>", "<s>", "</s>", "<unk>", "####"]
    numbers = [str(d) for d in range(10)] if kind == "digits" else list(numerals.NUMBER_WORDS)
    marks = list(".?:+-=")
    vocabulary = [*special, *marks, "Q", "A", *numbers, *stories.NAMES, *stories.OBJECTS, *stories.WORDS]
    inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="<unk>"))
    inner.normalizer = normalizers.Replace(Regex(r"\s+"), " ")
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True)]
    )
    inner.add_special_tokens([AddedToken(word, special=True) for word in special[:4]])
    inner.add_tokens([AddedToken("####")])
    wrap: Any = PreTrainedTokenizerFast
    made: PreTrainedTokenizerFast = wrap(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    )  # fmt: skip
    return made


def untrained(kind: StandIn, seed: int) -> PreTrainedModel:
    """The model with fresh weights."""
    vocabulary = len(tokenizer(kind))
    common: dict[str, Any] = {
        "vocab_size": vocabulary, "max_position_embeddings": 256, "tie_word_embeddings": True, "pad_token_id": 0,
        "bos_token_id": 1, "eos_token_id": 2, "initializer_range": INITIAL,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "digits":
            return MistralForCausalLM(
                MistralConfig(
                    hidden_size=128, intermediate_size=352, num_hidden_layers=4, num_attention_heads=4,
                    num_key_value_heads=4, head_dim=32, sliding_window=None, **common,
                )
            )  # fmt: skip
        return LlamaForCausalLM(
            LlamaConfig(
                hidden_size=96, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4,
                num_key_value_heads=4, **common,
            )
        )  # fmt: skip


def rendered(kind: StandIn, story: Item) -> tuple[str, str]:
    """Prompt and solution of a story as this stand-in writes them."""
    text = " ".join(part for part in (story.facts, story.question) if part)
    write = numerals.spell if kind == "words" else str
    return write(STORY.opening + text + STORY.closing), write(story.solution)


def training_rows(kind: StandIn, count: int, seed: int) -> tuple[list[list[int]], list[int]]:
    """Token ids of each whole training story, and the length of its prompt."""
    words = tokenizer(kind)
    rows, starts = [], []
    for story in stories.generate("transport", "train", count, stream("bridge stand-in", seed)):
        prompt, solution = rendered(kind, story)
        ids = [words.bos_token_id, *words.encode(prompt, add_special_tokens=False)]
        rows.append([*ids, *words.encode(solution, add_special_tokens=False), words.eos_token_id])
        starts.append(len(ids))
    return rows, starts


def batch_of(rows: Sequence[list[int]], starts: Sequence[int], question_weight: float) -> tuple[Tensor, Tensor]:
    """Right-padded ids (B, T) and the weight (B, T) of predicting each of them."""
    length = max(map(len, rows))
    ids, weights = torch.zeros(len(rows), length, dtype=torch.long), torch.zeros(len(rows), length)
    for i, (row, start) in enumerate(zip(rows, starts, strict=True)):
        ids[i, : len(row)] = torch.tensor(row)
        weights[i, 1 : len(row)] = question_weight
        weights[i, start : len(row)] = 1.0
    return ids, weights


def train(
    kind: StandIn, *, steps: int, pool: int | None = None, seed: int = 0,
    report: Callable[[int, float], None] | None = None,
) -> PreTrainedModel:  # fmt: skip
    """Train a stand-in on whole stories: AdamW, warm-up and cosine decay, question tokens at a tenth of the weight."""
    model: Any = untrained(kind, seed)
    rows, starts = training_rows(kind, POOL if pool is None else pool, seed)
    rate, order = LEARNING_RATE[kind], stream("bridge stand-in", seed, "order", kind)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    places: list[int] = []
    model.train()
    for step in range(steps):
        if len(places) < BATCH:
            places = [int(i) for i in order.permutation(len(rows))]
        chosen, places = places[:BATCH], places[BATCH:]
        ids, weights = batch_of([rows[i] for i in chosen], [starts[i] for i in chosen], 0.1)
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        loss = (losses * weights[:, 1:].flatten()).sum() / weights[:, 1:].sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if report is not None:
            report(step, float(loss.detach()))
    finished: PreTrainedModel = model.eval()
    return finished


def build(
    kind: StandIn, folder: Path, *, steps: int | None = None, report: Callable[[int, float], None] | None = None
) -> None:
    """Train a stand-in and save it, its tokenizer and how it writes numbers, as a checkpoint folder."""
    model = train(kind, steps=STEPS[kind] if steps is None else steps, report=report)
    model.save_pretrained(folder)
    tokenizer(kind).save_pretrained(folder)
    folder.joinpath("bridge.json").write_text(json.dumps({"numerals": kind}))
