"""The work of ``future_seed.retrieval``: learn to find the paragraphs that answer a question, among all paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evenhand.data.records import Record, read_records
from evenhand.errors import DataError
from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed.retrieval.settings import Settings
from evenhand_systems.future_seed.text.examples import fraction, normalised
from evenhand_systems.future_seed.text.hotpot import FAULTS, Article, paragraphs
from evenhand_systems.future_seed.text.reading import END
from evenhand_systems.future_seed.text.tokenizers import Tokenizer, make_tokenizer
from evenhand_systems.future_seed.training import Reader, Trainer
from evenhand_systems.rwkv7 import read_twice

DEPTH = 10
"""Ranks below this count nothing in MRR@10."""


@dataclass(frozen=True)
class Query:
    """A question with its paragraphs: those that support the answer, and distractors."""

    id: str
    question: str
    supporting: tuple[str, ...]
    distractors: tuple[str, ...]


def queries(records: Sequence[Record], source: str) -> list[Query]:
    """Queries of HotpotQA records that name at least one supporting paragraph.

    Raises:
        DataError: no record does, or one has another form.
    """
    found = []
    for number, record in enumerate(records, start=1):
        try:
            articles: list[Article] = paragraphs(record)
            question = str(record["question"])
        except FAULTS as error:
            raise DataError(f"{source}: record {number} is no HotpotQA: {type(error).__name__} {error}.") from error
        supporting = tuple(a.text for a in articles if a.supporting)
        distractors = tuple(a.text for a in articles if not a.supporting)
        name = str(record.get("_id", record.get("id", number)))
        if supporting:
            found.append(Query(name, question, supporting, distractors))
    if not found:
        raise DataError(f"{source}: none of {len(records)} records names a supporting paragraph.")
    return found


def split_queries(settings: Settings, bench: Bench) -> tuple[list[Query], list[Query]]:
    """Queries to learn from and to evaluate on; no supporting paragraph stands on both sides."""
    train = queries(read_records(settings.train, bench.data), settings.train)
    if settings.held_out is not None:
        held = queries(read_records(settings.held_out, bench.data), settings.held_out)
    else:
        held = [q for q in train if fraction(normalised(q.question)) < settings.holdout]
        train = [q for q in train if fraction(normalised(q.question)) >= settings.holdout]
    known = {text for query in train for text in query.supporting}
    alone = [q for q in held if not known & set(q.supporting)]
    if len(train) < settings.batch or not alone:
        raise DataError(
            f"Found {len(train)} queries to learn from (batch needs {settings.batch}) and {len(alone)} to evaluate on; "
            "give more data (train, held_out) or lower batch."
        )
    bench.note("queries", f"{len(train)} for training, {len(alone)} for evaluation")
    bench.note(
        "left out", f"{len(held) - len(alone)} evaluation queries that share a supporting paragraph with training"
    )
    return train, alone


def embed(reader: Reader, texts: Sequence[str], tokenizer: Tokenizer, length: int) -> tuple[Tensor, int]:
    """Unit vectors (B, C): the mean of the hidden vectors over a text's own positions; and the tokens it cost."""
    ids = [tokenizer.encode(text)[:length] or [END] for text in texts]
    longest = max(map(len, ids))
    device = reader.model.emb.weight.device
    tokens = torch.full((len(ids), longest), END)
    own = torch.zeros((len(ids), longest))
    for row, text in enumerate(ids):  # filled up in front: what is read last is the text, not its filling
        tokens[row, longest - len(text) :] = torch.tensor(text)
        own[row, longest - len(text) :] = 1.0
    tokens, own = tokens.to(device), own.to(device)
    context = read_twice(tokens) if reader.readings == 2 else tokens
    hidden, _ = reader.model.hidden(context, None, reader.seeding)
    pooled = (hidden[:, -longest:] * own[..., None]).sum(dim=1) / own.sum(dim=1, keepdim=True)
    return torch.nn.functional.normalize(pooled.float(), dim=-1), tokens.numel() * reader.readings


def contrast_loss(questions: Tensor, texts: Tensor, temperature: float) -> Tensor:
    """InfoNCE (van den Oord et al. 2018, eq. 4): question b belongs to text b, every other text is a negative."""
    scores = questions @ texts.T / temperature
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(questions), device=scores.device))


def train_and_score(settings: Settings, bench: Bench) -> Outcome:
    """Train within the budget, then rank all evaluation paragraphs for each query of the item set."""
    tokenizer = make_tokenizer(None if settings.vocabulary is None else bench.data(settings.vocabulary))
    train_queries, held = split_queries(settings, bench)
    reader = Reader.fresh(settings.model, settings.seeding, tokenizer.size, bench)
    reader.describe(bench)
    train(train_queries, reader, tokenizer, settings, bench)
    chosen = [held[i] for i in bench.item_set.choose(len(held))]
    _score(chosen, held, reader, tokenizer, settings, bench)
    return Outcome()


def train(known: Sequence[Query], reader: Reader, tokenizer: Tokenizer, settings: Settings, bench: Bench) -> None:
    """Spend the budget: a batch is questions, one supporting paragraph of each, and one distractor of each."""
    trainer = Trainer(reader, settings.optimiser, bench)
    trainer.restore(bench.resume())
    order = bench.rng("order")
    while bench.budget.left > 0:
        part = [known[i] for i in order.choice(len(known), size=settings.batch, replace=False)]
        positive = [q.supporting[int(order.integers(len(q.supporting)))] for q in part]
        negative = [q.distractors[int(order.integers(len(q.distractors)))] for q in part if q.distractors]
        questions, first = embed(reader, [q.question for q in part], tokenizer, settings.length)
        texts, second = embed(reader, [*positive, *negative], tokenizer, settings.length)
        loss = contrast_loss(questions, texts, settings.temperature)
        trainer.step(loss, tokens=first + second, examples=len(part))
        if (trainer.steps - 1) % settings.loop.log_every == 0:
            bench.log(trainer.steps, loss=loss.item())
        if trainer.steps % settings.loop.checkpoint_every == 0:
            trainer.save()


@torch.no_grad()
def _score(
    chosen: Sequence[Query],
    held: Sequence[Query],
    reader: Reader,
    tokenizer: Tokenizer,
    settings: Settings,
    bench: Bench,
) -> None:
    """Rank every evaluation paragraph for each query; its rank is that of its best supporting one."""
    pool = list(dict.fromkeys(text for q in held for text in (*q.supporting, *q.distractors)))
    place = {text: i for i, text in enumerate(pool)}

    def vectors(texts: Sequence[str]) -> Tensor:
        size = settings.evaluation.batch
        return torch.cat([
            embed(reader, texts[i : i + size], tokenizer, settings.length)[0] for i in range(0, len(texts), size)
        ])  # fmt: skip

    scores = (vectors([q.question for q in chosen]) @ vectors(pool).T).cpu().numpy()
    ranks = []
    for row, query in zip(scores, chosen, strict=True):
        own = [place[text] for text in query.supporting]
        # Ties count against the query: a model that embeds everything alike finds nothing.
        ranks.append(1 + int(np.sum(np.delete(row, own) >= row[own].max())))
    bench.note("paragraphs ranked", str(len(pool)))
    ids = [q.id for q in chosen]
    said = [f"rank {rank}" for rank in ranks]
    for metric, values in (
        ("recall_at_1", [float(rank <= 1) for rank in ranks]),
        ("recall_at_5", [float(rank <= 5) for rank in ranks]),
        ("mrr_at_10", [1 / rank if rank <= DEPTH else 0.0 for rank in ranks]),
    ):
        bench.items(metric, ids, values, said, inputs=[q.question for q in chosen])
