"""The stand-in models of the embedded tasks: small, of different family and tokenizer, trained on the spot.

``stand-in:digits``: Mistral configuration, every digit a token, about 0.8 M parameters.
``stand-in:words``: Llama configuration, number words, about 0.35 M parameters, weaker.
``stand-in:records``: Mistral configuration, every number a token, about 0.8 M parameters.
``stand-in:copyist``: Llama configuration, every word of ``bridge.tasks.facts`` a token, about 0.45 M parameters.

The first two learn to solve whole stories written as text; the third learns by heart what the people of
``bridge.tasks.people`` have, give and take; the fourth to say the word that it is told. None ever sees a soft token.
They are built once as an asset and read back from its folder like any other checkpoint.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
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

from evenhand.recipes import working
from evenhand.recipes.trial import canonical_hash, stream
from evenhand_systems.bridge.models import copyist, numerals
from evenhand_systems.bridge.settings import StandIn
from evenhand_systems.bridge.tasks import facts, people, stories
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.schedules import WarmUp, cosine

VERSION = 2
"""Raised by hand when the models that come out change."""

NUMERALS: dict[StandIn, numerals.Numerals] = {
    "digits": "digits",
    "words": "words",
    "records": "plain",
    "copyist": "plain",
}
STEPS: dict[StandIn, int] = {"digits": 1200, "words": 3000, "records": 2400, "copyist": 600}
BATCH = {"digits": 24, "words": 24, "records": 32, "copyist": 48}
LEARNING_RATE: dict[StandIn, float] = {"digits": 2e-3, "words": 2.5e-3, "records": 2e-3, "copyist": 2.5e-3}
POOL = 16000
"""Training rows: stories, or for ``records`` half lists of sentences and half recitals."""

SENTENCES = 6
"""Sentences in a list, which then is about as long as a recital."""
READ = {"digits": 0.1, "words": 0.1, "records": 0.02, "copyist": 0.0}
"""Weight of predicting what is only read, against 1 for what is to be learned: solutions, and what people have. Lists
are mostly names, which nobody could predict: at 0.1 they held up learning several times over."""

INITIAL = 0.1
"""Standard deviation of fresh weights: about one over the root of the width. At the 0.02 that serves large models a
stand-in of this width did not copy a name after 1,000 steps; at 0.1 it does after 250."""


def key(kind: StandIn) -> dict[str, Any]:
    """What a stand-in depends on, for ``bench.asset``."""
    found = {
        "asset": "bridge stand-in", "kind": kind, "version": VERSION, "steps": STEPS[kind], "batch": BATCH[kind],
        "learning_rate": LEARNING_RATE[kind], "pool": POOL, "initial": INITIAL,
    }  # fmt: skip
    if kind == "records":
        everything = [people.known(person, people.NAMES[0]) for person in people.PEOPLE]
        found |= {"sentences": SENTENCES, "read": READ[kind], "known": canonical_hash(everything)}
    if kind == "copyist":
        found |= {"words": canonical_hash(facts.vocabulary()), "frames": canonical_hash(list(facts.told_frames()))}
    return found


def tokenizer(kind: StandIn) -> PreTrainedTokenizerFast:
    """Word tokens, with digits one by one (``digits``), numbers as words (``words``) or numbers whole (``records``)."""
    special = ["<pad>", "<s>", "</s>", "<unk>", "####"]
    if kind == "copyist":
        return _wrapped([*special, ".", ",", ":", *facts.vocabulary()], special, digits=False)
    numbers = {"digits": map(str, range(10)), "words": numerals.NUMBER_WORDS, "records": map(str, range(100))}[kind]
    marks = list(".?:+-=")
    words = stories.WORDS if kind != "records" else (*people.SURNAMES, *sorted({*stories.WORDS, *people.WORDS}))
    vocabulary = [*special, *marks, "Q", "A", *numbers, *people.NAMES, *people.OBJECTS, *words]
    return _wrapped(vocabulary, special, digits=kind != "records")


def _wrapped(vocabulary: Sequence[str], special: Sequence[str], *, digits: bool) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words, with digits one by one if wanted."""
    inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="<unk>"))
    inner.normalizer = normalizers.Replace(Regex(r"\s+"), " ")
    apart = [pre_tokenizers.Digits(individual_digits=True)] if digits else []
    inner.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation(), *apart])
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
        if kind in ("digits", "records"):
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
    write = numerals.spell if NUMERALS[kind] == "words" else str
    return write(STORY.opening + text + STORY.closing), write(story.solution)


@dataclass(frozen=True)
class Row:
    """Token ids of a text, and the weight of predicting each of them."""

    ids: list[int]
    weights: list[float]


def training_rows(kind: StandIn, count: int, seed: int) -> list[Row]:
    """What a stand-in is trained on."""
    words, rng = tokenizer(kind), stream("bridge stand-in", seed)
    if kind == "copyist":
        asked = ((f"{text} {facts.QUESTION}", f" #### {word}") for text, word in copyist.told(rng, count))
        return [_answered(words, prompt, solution, READ[kind]) for prompt, solution in asked]
    if kind != "records":
        told = (rendered(kind, story) for story in stories.generate("transport", "train", count, rng))
        return [_answered(words, prompt, solution, READ[kind]) for prompt, solution in told]
    recitals = (stories.recital(rng, int(rng.integers(1, 4))) for _ in range(count // 2))
    told_so = ((STORY.opening + read + STORY.closing, known) for read, known in recitals)
    recited = [_answered(words, prompt, known, READ[kind]) for prompt, known in told_so]
    return [*recited, *itertools.islice(_listed(words, rng), count - len(recited))]


def _answered(words: PreTrainedTokenizerFast, prompt: str, answer: str, weight: float) -> Row:
    """A prompt, which is read at a weight, and an answer, which is learned."""
    read = [words.bos_token_id, *words.encode(prompt, add_special_tokens=False)]
    learned = [*words.encode(answer, add_special_tokens=False), words.eos_token_id]
    return Row([*read, *learned], [0.0, *[weight] * (len(read) - 1), *[1.0] * len(learned)])


def _listed(words: PreTrainedTokenizerFast, rng: np.random.Generator) -> Iterator[Row]:
    """What is known of all people, in an order that is drawn anew each time; numbers and objects are learned."""
    learned = {words.get_vocab()[word] for word in (*map(str, range(100)), *people.OBJECTS)}
    while True:
        said = [
            sentence
            for person in people.PEOPLE
            for sentence in people.known(person, people.NAMES[int(rng.integers(len(people.NAMES)))])
        ]
        order = rng.permutation(len(said))
        for start in range(0, len(said), SENTENCES):
            text = " ".join(said[int(i)] for i in order[start : start + SENTENCES])
            ids = words.encode(text, add_special_tokens=False)
            yield Row([words.bos_token_id, *ids], [0.0, *(1.0 if i in learned else READ["records"] for i in ids)])


def batch_of(rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Right-padded ids (B, T) and the weight (B, T) of predicting each of them."""
    length = max(len(row.ids) for row in rows)
    ids, weights = torch.zeros(len(rows), length, dtype=torch.long), torch.zeros(len(rows), length)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        weights[i, : len(row.ids)] = torch.tensor(row.weights)
    return ids, weights


def train(
    kind: StandIn, *, steps: int, pool: int | None = None, seed: int = 0,
    report: Callable[[int, float], None] | None = None,
) -> PreTrainedModel:  # fmt: skip
    """Train a stand-in: AdamW, warm-up and cosine decay, what is only read at the weight ``READ``."""
    model: Any = untrained(kind, seed)
    rows = training_rows(kind, POOL if pool is None else pool, seed)
    rate, order = LEARNING_RATE[kind], stream("bridge stand-in", seed, "order", kind)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = WarmUp(optimiser, 100, cosine(steps))
    places: list[int] = []
    model.train()
    for step in range(steps):
        working.tell(f"teaching the stand-in '{kind}'", step, steps)
        if len(places) < BATCH[kind]:
            places = [int(i) for i in order.permutation(len(rows))]
        chosen, places = places[: BATCH[kind]], places[BATCH[kind] :]
        ids, weights = batch_of([rows[i] for i in chosen])
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        loss = (losses * weights[:, 1:].flatten()).sum() / weights[:, 1:].sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
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
    folder.joinpath("bridge.json").write_text(json.dumps({"numerals": NUMERALS[kind]}))
