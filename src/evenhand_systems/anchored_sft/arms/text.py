"""One arm on real text: a stand-in is taught the text, fine-tuned on conversations, and both are measured as loss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data import reading
from evenhand.errors import DataError
from evenhand.files import file_hash
from evenhand.recipes import working
from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand_systems.anchored_sft.chat_files import read_records
from evenhand_systems.anchored_sft.data.conversations import (
    Conversation,
    Tokenised,
    check_conversations,
    fit_length,
    repeated,
    tokenise,
)
from evenhand_systems.anchored_sft.data.mix import DataMix, training_order
from evenhand_systems.anchored_sft.evaluation.answers import greedy_answers
from evenhand_systems.anchored_sft.evaluation.losses import ForgettingEvaluation, Losses
from evenhand_systems.anchored_sft.settings import TextSettings, check_epochs
from evenhand_systems.anchored_sft.standin.pretrain import small_qwen3
from evenhand_systems.anchored_sft.standin.tokenizer import character_tokenizer
from evenhand_systems.anchored_sft.training.fine_tune import (
    Arm,
    Glance,
    adapted,
    dataset_of,
    in_order,
    training_stream,
)

HELD_OUT = 0.2
BLOCK = 160
PROMPT_LENGTH = 64
SHOWN = 4
"""Validation tasks that are answered for the report."""
SHOWN_CAP = 96
"""Most characters of an answer that is kept for the report."""


@dataclass(frozen=True)
class Document:
    """A paragraph with the article it comes from: paragraphs of one article are one cluster."""

    article: str
    text: str


def read_documents(path: Path) -> list[Document]:
    """Paragraphs of a file in SQuAD's JSON form, or the lines of any other file.

    Raises:
        DataError: there are none, or the file cannot be read; names what is wrong with it.
    """
    found: list[Document] = []
    if path.suffix == ".json":
        found = _articles(path)
    else:
        lines = reading.read_text(path).splitlines()
        found = [Document(f"line {i}", line) for i, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise DataError(f"{path.name} holds no text.")
    return found


def _articles(path: Path) -> list[Document]:
    document = reading.read_json(path)
    articles = document.get("data") if isinstance(document, Mapping) else None
    if not isinstance(articles, list):
        raise DataError(f"{path} is not in SQuAD's form: expected an object with `data`, a list of articles.")
    found = []
    for i, article in enumerate(articles):
        paragraphs = article.get("paragraphs") if isinstance(article, Mapping) else None
        if not isinstance(paragraphs, list):
            raise DataError(f"{path}: article {i} (counted from 0) has no `paragraphs`, a list.")
        name = article.get("title", f"article {i}")
        for k, paragraph in enumerate(paragraphs):
            context = paragraph.get("context") if isinstance(paragraph, Mapping) else None
            if not isinstance(context, str) or not isinstance(name, str):
                raise DataError(
                    f"{path}: article {i}, paragraph {k} (counted from 0) needs a `context` that is a text, and a "
                    "`title` that is one."
                )
            found.append(Document(f"{i} {name}", context.lstrip("\ufeff")))
    return found


def split_documents(documents: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """Documents to be taught and held out; whole articles fall on one side, by a fixed order."""
    names = sorted({document.article for document in documents})
    order = np.random.default_rng(20_252).permutation(len(names))
    held = {names[i] for i in order[: max(1, round(HELD_OUT * len(names)))]}
    return [d for d in documents if d.article not in held], [d for d in documents if d.article in held]


def read_any_conversations(path: Path) -> list[Conversation]:
    """Conversations with ``messages``, or seed tasks with ``instruction`` and ``instances`` of input and output.

    Raises:
        DataError: rows that are neither, or an id before different conversations; names them.
    """
    records = list(read_records(path))
    if records and isinstance(records[0][1], dict) and "instances" in records[0][1]:
        records = [(place, _as_conversation(place, task)) for place, task in records]
    found = check_conversations(records, path.name)
    seen: dict[str, Conversation] = {}
    for conversation in found:
        if seen.setdefault(conversation.id, conversation).messages != conversation.messages:
            raise DataError(
                f"{path.name}: the id {conversation.id} stands before different conversations; answers are kept by it, "
                "so give each its own."
            )
    return found


def _as_conversation(place: str, task: Any) -> dict[str, Any]:
    """A seed task as a conversation.

    Raises:
        DataError: it is none.
    """
    instances = task.get("instances") if isinstance(task, Mapping) else None
    first = instances[0] if isinstance(instances, list) and instances else None
    if not isinstance(first, Mapping):
        raise DataError(f"{place}: a seed task needs `instances`, a list of objects with `input` and `output`.")
    parts = [task.get("instruction"), first.get("input") or "", first.get("output")]
    if not all(isinstance(part, str) for part in parts):
        raise DataError(f"{place}: `instruction`, `input` and `output` of a seed task must be texts.")
    asked = "\n".join(part for part in parts[:2] if part)
    messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": parts[2]}]
    return {"id": task.get("id"), "messages": messages}


def blocks(documents: Sequence[Document], tokenizer: Any) -> list[Tokenised]:
    """Blocks of up to 160 characters of each document, every token labelled."""
    found = []
    for number, document in enumerate(documents):
        ids = tokenizer(document.text, add_special_tokens=False)["input_ids"]
        for start in range(0, len(ids), BLOCK):
            piece = tuple(ids[start : start + BLOCK])
            if len(piece) > 8:
                found.append(Tokenised(f"{document.article}/{number}/{start}", piece, piece))
    return found


def teach_text(place: Path, documents: Sequence[Document], alphabet: str, settings: TextSettings) -> None:
    """Teach a stand-in the text and save it with its tokenizer."""
    import torch

    from evenhand_systems.anchored_sft.anchors import anchored_loss, hidden_states, output_head

    tokenizer = character_tokenizer(alphabet)
    torch.manual_seed(0)
    hidden = settings.hidden
    widths = {"hidden": hidden, "intermediate": 3 * hidden, "layers": 4, "heads": 4, "kv_heads": 2}
    model = small_qwen3(len(tokenizer), tokenizer, widths, length=2 * settings.max_seq_length)
    rows = [row for row in blocks(documents, tokenizer) if len(row.input_ids) == BLOCK]
    rng = np.random.default_rng(1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=settings.teaching_steps, pct_start=0.05)
    history = []
    for step in range(settings.teaching_steps):
        working.tell("teaching a stand-in its text", step, settings.teaching_steps)
        ids = torch.tensor([rows[i].input_ids for i in rng.integers(len(rows), size=16)])
        hidden_rows = hidden_states(model, {"input_ids": ids})[:, :-1].flatten(0, 1)
        loss = anchored_loss(hidden_rows, output_head(model), ids[:, 1:].flatten(), chunk=4096).total
        loss = loss / ids[:, 1:].numel()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rate.step()
        if step % 100 == 0:
            history.append({"step": step, "loss": float(loss.detach())})
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)
    (place / "teaching.json").write_text(json.dumps(history), encoding="utf-8")


@dataclass
class TextProbe:
    """Losses on held-out conversations and on the rung's held-out blocks of text."""

    bench: Bench
    dev: ForgettingEvaluation
    items: ForgettingEvaluation
    level: float
    shown: Sequence[Conversation] = ()

    matched = ("text_loss", "target_loss", "distance")

    def glance(self, model: Any) -> Glance:
        """Losses in nats a token on the dev part; at the level when that on conversations is low enough."""
        loss, text = self.dev.target_loss(model).mean, self.dev.text_loss(model).mean
        values = {"dev_target_loss": loss, "dev_text_loss": text, "dev_distance": self.dev.distance(model).mean}
        return Glance(values, loss <= self.level)

    def record(self, model: Any, prefix: str) -> Mapping[str, float]:
        """Losses and distance on the held-out blocks of the rung, grouped by article."""
        text, target, distance = (
            self.items.text_loss(model), self.items.target_loss(model), self.items.distance(model)
        )  # fmt: skip
        articles = [name.rsplit("/", 2)[0] for name in text.ids]
        self.bench.items(f"{prefix}text_loss", text.ids, text.per_text().tolist(), clusters=articles, groups=articles)
        # Only once the training is over: decoding takes time, and nothing of the run may depend on it.
        if self.shown and prefix:
            self._answers(model, prefix, target)
        return {
            f"{prefix}target_loss": target.mean,
            f"{prefix}distance": distance.mean,
            f"{prefix}text_loss_by_token": text.mean,
        }

    def _answers(self, model: Any, prefix: str, target: Losses) -> None:
        """Greedy answers to the tasks that the report shows, each with the loss of the given answer."""
        prompts = [conversation.messages[:-1] for conversation in self.shown]
        outputs = greedy_answers(model, self.items.tokenizer, prompts, cap=SHOWN_CAP)
        losses = dict(zip(target.ids, target.per_text().tolist(), strict=True))
        names = [conversation.id for conversation in self.shown]
        self.bench.items(
            f"{prefix}answer_loss",
            names,
            [losses[name] for name in names],
            outputs,
            inputs=["\n".join(message["content"] for message in before) for before in prompts],
            expected=[conversation.messages[-1]["content"] for conversation in self.shown],
        )


def run_arm(settings: TextSettings, bench: Bench) -> Outcome:
    """The whole trial."""
    from evenhand_systems.anchored_sft.training.adapters import load_base, load_tokenizer

    text_path, data_path = bench.data(settings.text), bench.data(settings.data)
    documents, conversations = read_documents(text_path), read_any_conversations(data_path)
    twice = repeated(conversations)
    if twice:
        bench.note("repeated conversations", twice)
    taught, held = split_documents(documents)
    key = {"asset": "anchored_sft.text", "version": 1, "text": file_hash(text_path), "data": file_hash(data_path),
           "steps": settings.teaching_steps, "hidden": settings.hidden, "length": settings.max_seq_length}  # fmt: skip
    alphabet = "".join(sorted({c for d in documents for c in d.text} | _characters(conversations)))
    folder = bench.asset(key, lambda place: teach_text(place, taught, alphabet, settings))
    model, tokenizer = load_base(str(folder), device=bench.device, dtype="float32"), load_tokenizer(str(folder))
    mix = DataMix(val_split=settings.val_split)
    new = _fitted([c for c in conversations if not mix.held_out(c)], tokenizer, settings)
    validation = _fitted(mix.validation(conversations), tokenizer, settings)
    parts: list[Sequence[Tokenised]] = [new]
    if settings.replay is not None:
        parts.append(blocks(taught, tokenizer))
    shown = _shown(mix.validation(conversations), tokenizer, settings)
    probe = _probe(settings, bench, tokenizer, validation, blocks(held, tokenizer), shown)
    model = adapted(model, settings, bench)
    steps, per_step = int(bench.budget.amount), settings.batch * settings.grad_acc
    if settings.train:
        check_epochs(settings, len(new), steps)
    order = training_order(
        [len(p) for p in parts],
        steps,
        per_step,
        settings.replay,
        None,
        training_stream(settings, bench, "order of rows"),
    )
    prompts = None
    if settings.anchor_prompts is not None:
        prompts = [row.input_ids[:PROMPT_LENGTH] for row in blocks(taught, tokenizer)]
    rows = dataset_of(in_order(parts, order))
    return Arm(settings, bench, model, tokenizer, rows, probe, prompts).run()


def _characters(conversations: Sequence[Conversation]) -> set[str]:
    return {c for conversation in conversations for message in conversation.messages for c in message["content"]}


def _fitted(conversations: Sequence[Conversation], tokenizer: Any, settings: TextSettings) -> tuple[Tokenised, ...]:
    return fit_length([tokenise(c, tokenizer) for c in conversations], settings.max_seq_length, "truncate").kept


def _shown(validation: Sequence[Conversation], tokenizer: Any, settings: TextSettings) -> list[Conversation]:
    """A few whole validation tasks, by the sha256 of their names: nobody can pick those that please."""
    whole = {c.id: c for c in validation if len(tokenise(c, tokenizer).input_ids) <= settings.max_seq_length}
    chosen = sorted(whole, key=lambda name: hashlib.sha256(name.encode()).digest())[:SHOWN]
    return [whole[name] for name in chosen]


def _probe(
    settings: TextSettings,
    bench: Bench,
    tokenizer: Any,
    validation: Sequence[Tokenised],
    texts: Sequence[Tokenised],
    shown: Sequence[Conversation],
) -> TextProbe:
    """A quarter of the held-out blocks are dev texts; the rung's items come from the others."""
    dev = [row for i, row in enumerate(texts) if i % 4 == 0]
    pool = [row for i, row in enumerate(texts) if i % 4]
    chosen = [pool[i] for i in bench.item_set.choose(len(pool))]
    return TextProbe(
        bench,
        ForgettingEvaluation(tokenizer, validation=validation, texts=dev, batch=32),
        ForgettingEvaluation(tokenizer, validation=validation, texts=chosen, batch=32),
        settings.target_loss,
        shown,
    )
