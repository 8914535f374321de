"""What a trial on a narrow task is made of: rows in tokens, the base's own answers, instructions that it follows.

All of it is the same for every trial of a claim but for the order of the lessons, so what takes time is made once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.errors import DataError
from evenhand.files import file_hash
from evenhand.recipes.contract import Bench
from evenhand_systems.anchored_sft.data.chat import render
from evenhand_systems.anchored_sft.data.conversations import Conversation, Tokenised, tokenise
from evenhand_systems.anchored_sft.data.instructions import Instruction, instructions
from evenhand_systems.anchored_sft.data.mix import DataMix, training_order
from evenhand_systems.anchored_sft.data.tasks import (
    Choice,
    answered,
    in_the_order_of_hashes,
    read_choices,
    read_supported,
    read_task,
    talk,
)
from evenhand_systems.anchored_sft.evaluation.decoding import greedy_replies
from evenhand_systems.anchored_sft.evaluation.frozen_trunk import FrozenTrunk
from evenhand_systems.anchored_sft.evaluation.packed import Foretold, foretell
from evenhand_systems.anchored_sft.evaluation.reward_model import read_questions
from evenhand_systems.anchored_sft.narrow_settings import NarrowSettings
from evenhand_systems.anchored_sft.settings import check_epochs
from evenhand_systems.anchored_sft.training.fine_tune import dataset_of, in_order, training_stream


@dataclass(frozen=True)
class Asked:
    """What is measured besides the task: rows in tokens, with what is needed to score them."""

    instructions: tuple[tuple[Instruction, Tokenised], ...]
    chats: tuple[Tokenised, ...]
    arc: tuple[tuple[Choice, tuple[Tokenised, ...]], ...]
    hotpot: tuple[Tokenised, ...]


def follows(instruction: Instruction, told: Foretold, tokenizer: Any) -> bool:
    """Whether the greedy continuation is what the instruction wants."""
    if instruction.options:
        return tokenizer.decode([int(told.said[0])]).strip() in instruction.options
    return told.exact


def as_row(instruction: Instruction, tokenizer: Any) -> Tokenised:
    """The instruction under the chat template with its answer; labels on what is wanted."""
    opened = render(tokenizer, [{"role": "user", "content": instruction.prompt}], generation=True)
    want = instruction.want or instruction.options[0]

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    start, whole = ids(opened + instruction.lead), ids(opened + instruction.lead + want)
    shared = next((i for i, (a, b) in enumerate(zip(start, whole, strict=False)) if a != b), len(start))
    if instruction.ends:
        whole.append(tokenizer.eos_token_id)
    labels = [-100] * shared + whole[shared:]
    return Tokenised(instruction.id, tuple(whole), tuple(labels))


@dataclass
class World:
    """The trial's data: all of it fixed but for the order of the lessons."""

    settings: NarrowSettings
    bench: Bench
    tokenizer: Any
    base: Any

    def __post_init__(self) -> None:
        s, b = self.settings, self.bench
        self.weights = _weights(self.base)
        self.dev, self.target, self.lessons_new, self.mixed = self._task_rows()
        self.general, self.held_out = self._own_answers(b.data(s.prompts))

    def _task_rows(self) -> tuple[list[Tokenised], list[Tokenised], list[Tokenised], list[Tokenised]]:
        """Dev rows, held-out rows, lessons and other data in tokens: the same for all trials, put into tokens once."""
        s, b = self.settings, self.bench
        path, other = b.data(s.data), None if s.mix_data is None else b.data(s.mix_data)
        counts = [s.dev_rows, s.target_rows, s.training_rows]
        key = {"asset": "anchored_sft.task_rows", "version": 1, "task": s.task, "data": file_hash(path),
               "other": other and file_hash(other), "template": _template(self.tokenizer), "split": s.val_split,
               "tokens": self.weights, "length": s.max_seq_length, "counts": counts}  # fmt: skip

        def build(folder: Path) -> None:
            mix = DataMix(val_split=s.val_split)
            whole = sorted(read_task(path, s.task), key=lambda c: c.digest)
            held = self._fit([c for c in whole if mix.held_out(c)], s.dev_rows + s.target_rows, "held-out")
            new = self._fit([c for c in whole if not mix.held_out(c)], s.training_rows, "training")
            mixed: list[Tokenised] = []
            if other is not None:
                others = sorted(answered(read_choices(other)), key=lambda c: c.digest)
                mixed = self._fit(others, s.training_rows, "mixed")
            parts = [held[: s.dev_rows], held[s.dev_rows :], new, mixed]
            kept = [[[row.id, row.input_ids, row.labels] for row in part] for part in parts]
            (folder / "rows.json").write_text(json.dumps(kept), encoding="utf-8")

        kept = json.loads((b.asset(key, build) / "rows.json").read_text(encoding="utf-8"))
        dev, target, new, mixed = (
            [Tokenised(name, tuple(ids), tuple(labels)) for name, ids, labels in part] for part in kept
        )
        return dev, target, new, mixed

    def _fit(self, talks: Sequence[Conversation], count: int, what: str) -> list[Tokenised]:
        """The first ``count`` that are short enough.

        Raises:
            DataError: there are too few.
        """
        found: list[Tokenised] = []
        for conversation in talks:
            row = tokenise(conversation, self.tokenizer)
            if len(row.input_ids) <= self.settings.max_seq_length:
                found.append(row)
            if len(found) == count:
                return found
        raise DataError(
            f"{len(found)} {what} conversations of {len(talks)} have at most "
            f"max_seq_length = {self.settings.max_seq_length} tokens; {count} are needed. Raise it, or ask for fewer."
        )

    def _own_answers(self, path: Path) -> tuple[list[tuple[str, str, Tokenised]], list[tuple[str, str, Tokenised]]]:
        """(id, prompt, the base's own answer in tokens) of general prompts: for training, and held out."""
        s = self.settings
        asked = {q.id: q.turns[0] for q in read_questions(path)}
        limit = s.max_seq_length
        texts = {n: render(self.tokenizer, [{"role": "user", "content": p}], generation=True) for n, p in asked.items()}
        short = [n for n in in_the_order_of_hashes(asked) if len(self._ids(texts[n])) <= limit]
        if len(short) < 2 * s.chats:
            raise DataError(
                f"{path.name} has {len(short)} prompts of at most max_seq_length = {limit} tokens; chats "
                f"= {s.chats} needs {2 * s.chats}, half of them for training. Raise max_seq_length or lower chats."
            )
        key = {"asset": "anchored_sft.own_answers", "version": 1, "weights": self.weights, "prompts": file_hash(path),
               "template": _template(self.tokenizer), "tokens": s.own_tokens, "limit": limit}  # fmt: skip

        def build(folder: Path) -> None:
            said = greedy_replies(self.base, self.tokenizer, [asked[n] for n in short], cap=s.own_tokens)
            kept = {n: list(reply.ids) + [self.tokenizer.eos_token_id] * (not reply.capped)
                    for n, reply in zip(short, said, strict=True)}  # fmt: skip
            (folder / "answers.json").write_text(json.dumps(kept), encoding="utf-8")

        kept = json.loads((self.bench.asset(key, build) / "answers.json").read_text(encoding="utf-8"))
        rows = []
        for name in short:
            opened, answer = self._ids(texts[name]), kept[name]
            rows.append((name, asked[name], Tokenised(name, (*opened, *answer), (*[-100] * len(opened), *answer))))
        return rows[s.chats :], rows[: s.chats]

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    def _questions(self) -> tuple[list[tuple[Choice, tuple[Tokenised, ...]]], list[Tokenised]]:
        s, arc, hotpot = self.settings, [], []
        if s.arc is not None:
            known = {choice.id: choice for choice in read_choices(self.bench.data(s.arc))}
            for name in in_the_order_of_hashes(known)[: s.arc_questions]:
                choice = known[name]
                talks = [talk(f"{name}/{i}", choice.question, answer) for i, answer in enumerate(choice.answers)]
                arc.append((choice, tuple(tokenise(c, self.tokenizer) for c in talks)))
        if s.hotpot is not None:
            told = {c.id: c for c in answered(read_supported(self.bench.data(s.hotpot)))}
            rows = [tokenise(told[name], self.tokenizer) for name in in_the_order_of_hashes(told)]
            hotpot = [row for row in rows if len(row.input_ids) <= 2 * s.max_seq_length][: s.hotpot_questions]
        return arc, hotpot

    def _followed(self, model: Any, trunk: FrozenTrunk | None) -> list[tuple[Instruction, Tokenised]]:
        """The rung's items: of all instructions that the base follows."""
        pool = instructions(self.settings.per_kind)
        rows = [as_row(one, self.tokenizer) for one in pool]
        key = {"asset": "anchored_sft.followed", "version": 1, "weights": self.weights,
               "template": _template(self.tokenizer), "rows": _digest(rows)}  # fmt: skip

        def build(folder: Path) -> None:
            with trunk.standing_in() if trunk else nullcontext():
                told = foretell(model, rows, trunk=trunk)
            kept = [i for i, part in enumerate(told) if follows(pool[i], part, self.tokenizer)]
            (folder / "followed.json").write_text(json.dumps(kept), encoding="utf-8")

        kept = json.loads((self.bench.asset(key, build) / "followed.json").read_text(encoding="utf-8"))
        self.bench.note("instructions that the base follows", f"{len(kept)} of {len(pool)}")
        return [(pool[kept[i]], rows[kept[i]]) for i in self.bench.item_set.choose(len(kept))]

    def trunk(self, model: Any, depth: int) -> FrozenTrunk:
        """The lowest layers as a table that holds all texts of the claim, made once for all trials."""
        found = FrozenTrunk(model, depth)
        arc, hotpot = self._questions()
        texts = [
            *self.dev, *self.target, *self.lessons_new, *hotpot, *(row for _, group in arc for row in group),
            *(row for _, _, row in [*self.general, *self.held_out]),
            *(as_row(one, self.tokenizer) for one in instructions(self.settings.per_kind)),
        ]  # fmt: skip
        rows = [list(row.input_ids) for row in texts] + self._prompts()
        key = {"asset": "anchored_sft.trunk", "version": 1, "weights": self.weights, "depth": depth,
               "rows": hashlib.sha256(json.dumps(rows).encode()).hexdigest()}  # fmt: skip

        def build(folder: Path) -> None:
            found.rows(rows)
            found.save(folder)

        place = self.bench.asset(key, build)
        if not found.known:
            found.load(place)
        return found

    def _prompts(self) -> list[list[int]]:
        """General prompts without answers."""
        return [[t for t, label in zip(row.input_ids, row.labels, strict=True) if label == -100]
                for _, _, row in self.general]  # fmt: skip

    def asked(self, model: Any, trunk: FrozenTrunk | None) -> Asked:
        """What is measured besides the task."""
        arc, hotpot = self._questions()
        chats = tuple(row for _, _, row in self.held_out)
        return Asked(tuple(self._followed(model, trunk)), chats, tuple(arc), tuple(hotpot))

    def lessons(self) -> tuple[Any, list[list[int]] | None]:
        """The training rows in their order, and the prompts of an anchor on prompts."""
        s, steps = self.settings, int(self.bench.budget.amount)
        parts: list[Sequence[Tokenised]] = [self.lessons_new]
        if s.replay is not None:
            parts.append([row for _, _, row in self.general])
        if self.mixed:
            parts.append(self.mixed)
        per_step = s.batch * s.grad_acc
        if s.train:
            check_epochs(s, len(self.lessons_new), steps)
        stream = training_stream(s, self.bench, "order of rows")
        order = training_order([len(part) for part in parts], steps, per_step, s.replay or s.mix, None, stream)
        return dataset_of(in_order(parts, order)), None if s.anchor_prompts is None else self._prompts()


def _weights(model: Any) -> str:
    """A fingerprint of the weights: names, shapes and the beginning of each."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten()[:64].float().cpu().numpy().tobytes())
    return digest.hexdigest()


def _template(tokenizer: Any) -> str:
    told = [tokenizer.chat_template, getattr(tokenizer, "template_arguments", None)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _digest(rows: Sequence[Tokenised]) -> str:
    return hashlib.sha256(json.dumps([[row.id, row.input_ids, row.labels] for row in rows]).encode()).hexdigest()
