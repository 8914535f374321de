"""One arm on a real model: a narrow task is learned, and what the model could do before is looked at again.

All but the answers shown in the report is measured by likelihood: a text's tokens in one pass, no decoding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data.model_store import model_place
from evenhand.errors import DataError
from evenhand.files import file_hash
from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand_systems.anchored_sft.data.chat import render, without_thoughts
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
from evenhand_systems.anchored_sft.evaluation.frozen_trunk import FrozenTrunk, layer_pattern
from evenhand_systems.anchored_sft.evaluation.packed import Foretold, foretell
from evenhand_systems.anchored_sft.evaluation.reward_model import read_questions
from evenhand_systems.anchored_sft.narrow_settings import NarrowSettings
from evenhand_systems.anchored_sft.settings import check_epochs
from evenhand_systems.anchored_sft.training.adapters import load_base, load_tokenizer
from evenhand_systems.anchored_sft.training.fine_tune import (
    Arm,
    Glance,
    adapted,
    dataset_of,
    in_order,
    training_stream,
)
from evenhand_systems.anchored_sft.training.run_length import check_length


SHOWN_SEED = 0
"""Seed whose trials answer questions for the report: decoding costs more than all else that is measured."""


@dataclass(frozen=True)
class Asked:
    """What is measured besides the task: rows in tokens, with what is needed to score them."""

    instructions: tuple[tuple[Instruction, Tokenised], ...]
    chats: tuple[Tokenised, ...]
    arc: tuple[tuple[Choice, tuple[Tokenised, ...]], ...]
    hotpot: tuple[Tokenised, ...]


@dataclass
class NarrowProbe:
    """Losses on held-out conversations of the task; instructions, general chats and questions on the old side."""

    settings: NarrowSettings
    bench: Bench
    tokenizer: Any
    trunk: FrozenTrunk | None
    dev: Sequence[Tokenised]
    target: Sequence[Tokenised]
    asked: Asked
    shown: Sequence[tuple[str, str, Tokenised]]
    measured: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def matched(self) -> list[str]:
        """What is measured at the target level."""
        found = ["retention", "text_loss", "target_loss"]
        if self.asked.arc:
            found += ["arc_loss"] if self.settings.arc_choices == "right" else ["arc", "arc_loss"]
        return found + (["hotpot_loss"] if self.asked.hotpot else [])

    def glance(self, model: Any) -> Glance:
        """The loss on the dev rows; at the level when it is low enough."""
        loss = _mean(self._foretell(model, self.dev))
        return Glance({"dev_target_loss": loss}, loss <= self.settings.target_loss)

    def record(self, model: Any, prefix: str) -> Mapping[str, float]:
        """Everything, on the items of the rung; the same weights are measured once."""
        state = _state(model)
        share = self.settings.at_the_end if prefix else 1.0
        count = max(1, round(share * len(self.asked.instructions)))
        if state not in self.measured:
            self.measured[state] = self._measure(model, count)
        found = self.measured[state]
        for name, (ids, scores, more) in found["items"].items():
            most = count if name == "retention" else len(ids)
            self.bench.items(
                f"{prefix}{name}", ids[:most], scores[:most], **{k: v[:most] for k, v in more.items()}
            )
        if prefix and self.shown and self.bench.seed == SHOWN_SEED:
            found["values"]["capped"] = self._answers(model, prefix)
        return {f"{prefix}{name}": value for name, value in found["values"].items()}

    def _foretell(self, model: Any, rows: Sequence[Tokenised]) -> list[Foretold]:
        return foretell(model, rows, trunk=self.trunk)

    def _measure(self, model: Any, count: int) -> dict[str, Any]:
        asked, first = self.asked, self.asked.instructions[:count]
        told = self._foretell(model, [row for _, row in first])
        right = [follows(i, part, self.tokenizer) for (i, _), part in zip(first, told, strict=True)]
        items: dict[str, Any] = {
            "retention": (
                [i.id for i, _ in first],
                [float(ok) for ok in right],
                {
                    "groups": [i.kind for i, _ in first],
                    "inputs": [f"{i.prompt} | {i.lead}" if i.lead else i.prompt for i, _ in first],
                    "expected": [i.want or " / ".join(i.options) for i, _ in first],
                    "outputs": [self.tokenizer.decode(part.said.tolist()) for part in told],
                },
            )
        }
        chats = self._foretell(model, asked.chats)
        items["text_loss"] = ([row.id for row in asked.chats], [part.loss for part in chats], {})
        target = self._foretell(model, self.target)
        values = {"target_loss": _mean(target), "text_loss_by_token": _mean(chats)}
        if asked.arc:
            items |= self._arc(model)
        if asked.hotpot:
            told = self._foretell(model, asked.hotpot)
            items["hotpot_loss"] = ([row.id for row in asked.hotpot], [part.loss for part in told], {})
        for kind in dict.fromkeys(i.kind for i, _ in first):
            here = [ok for (i, _), ok in zip(first, right, strict=True) if i.kind == kind]
            values[f"kept_{kind}"] = float(np.mean(here))
        return {"items": items, "values": values}

    def _arc(self, model: Any) -> dict[str, Any]:
        """Whether the right answer is the likeliest by token, and its loss; or that loss alone."""
        if self.settings.arc_choices == "right":
            told = self._foretell(model, [group[choice.right] for choice, group in self.asked.arc])
            return {"arc_loss": ([choice.id for choice, _ in self.asked.arc], [part.loss for part in told], {})}
        rows = [row for _, group in self.asked.arc for row in group]
        losses = iter([part.loss for part in self._foretell(model, rows)])
        names, right, loss = [], [], []
        for choice, group in self.asked.arc:
            mine = [next(losses) for _ in group]
            names.append(choice.id)
            right.append(float(int(np.argmin(mine)) == choice.right))
            loss.append(mine[choice.right])
        return {"arc": (names, right, {}), "arc_loss": (names, loss, {})}

    def _answers(self, model: Any, prefix: str) -> float:
        """MT-Bench questions answered for the report, beside what the base answered; the share cut by the cap."""
        with self.trunk.lifted() if self.trunk else nullcontext():
            said = greedy_replies(
                model, self.tokenizer, [asked for _, asked, _ in self.shown], cap=self.settings.shown_tokens
            )
        losses = [part.loss for part in self._foretell(model, [row for _, _, row in self.shown])]
        self.bench.items(
            f"{prefix}shown_loss",
            [name for name, _, _ in self.shown],
            losses,
            [without_thoughts(reply.text) for reply in said],
            inputs=[asked for _, asked, _ in self.shown],
            expected=[self.tokenizer.decode([t for t in row.labels if t != -100], skip_special_tokens=True)
                      for _, _, row in self.shown],
        )  # fmt: skip
        return float(np.mean([reply.capped for reply in said]))


def _mean(told: Sequence[Foretold]) -> float:
    """Nats per token, every token counting the same."""
    return float(np.concatenate([part.nats for part in told]).mean())


def _state(model: Any) -> str:
    """The adapter's weights and scales, so that the same model is not measured twice."""
    digest = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        if parameter.requires_grad:
            digest.update(name.encode())
            digest.update(parameter.detach().float().cpu().numpy().tobytes())
    scales = [getattr(m, "scaling", None) for m in model.modules() if hasattr(m, "lora_A")]
    digest.update(repr(scales).encode())
    return digest.hexdigest()


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


def run_arm(settings: NarrowSettings, bench: Bench) -> Outcome:
    """The whole trial."""
    check_length(settings, int(bench.budget.amount))
    local = model_place(settings.model, Path(bench.folder))
    if local is not None:
        bench.data(settings.model)
    path = settings.model if local is None else str(local)
    tokenizer = load_tokenizer(
        path,
        None if settings.chat_template is None else bench.data(settings.chat_template),
        settings.template_arguments,
    )
    model = load_base(path, device=bench.device)
    world = _World(settings, bench, tokenizer, model)
    depth = 0
    if settings.adapted_layers is not None:
        depth = int(model.config.num_hidden_layers) - settings.adapted_layers
        settings_of_adapter = settings.model_copy(update={"lora_targets": layer_pattern(model, settings.adapted_layers)})
    else:
        settings_of_adapter = settings
    model = adapted(model, settings_of_adapter, bench)
    trunk = world.trunk(model, depth) if depth else None
    probe = world.probe(model, trunk)
    rows, prompts = world.lessons()
    arm = Arm(settings, bench, model, tokenizer, rows, probe, prompts, skip_baseline=True)
    with trunk.standing_in() if trunk else nullcontext():
        outcome = arm.run()
    return _with_costs(outcome, arm)


def _with_costs(outcome: Outcome, arm: Arm) -> Outcome:
    """What the training took: tokens through the student, tokens through the base, processor seconds."""
    trainer = arm.trainer
    if trainer is None:
        return outcome
    costs = {
        "student_tokens": float(trainer.tokens_seen),
        "base_tokens": float(trainer.base_tokens),
        "training_seconds": trainer.processor_seconds,
    }
    return Outcome(metrics={**outcome.metrics, **costs}, undefined=outcome.undefined)


@dataclass
class _World:
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
        """Dev rows, held-out rows, lessons and other data in tokens: the same for all trials, so put into tokens once."""
        s, b = self.settings, self.bench
        path, other = b.data(s.data), None if s.mix_data is None else b.data(s.mix_data)
        key = {"asset": "anchored_sft.task_rows", "version": 1, "task": s.task, "data": file_hash(path),
               "other": other and file_hash(other), "template": _template(self.tokenizer), "split": s.val_split,
               "tokens": self.weights, "length": s.max_seq_length, "counts": [s.dev_rows, s.target_rows, s.training_rows],
               }  # fmt: skip

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

    def probe(self, model: Any, trunk: FrozenTrunk | None) -> NarrowProbe:
        """What is measured."""
        arc, hotpot = self._questions()
        asked = Asked(
            tuple(self._followed(model, trunk)),
            tuple(row for _, _, row in self.held_out),
            tuple(arc),
            tuple(hotpot),
        )
        shown = self.held_out[: self.settings.shown]
        return NarrowProbe(self.settings, self.bench, self.tokenizer, trunk, self.dev, self.target, asked, shown)

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
