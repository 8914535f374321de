"""One arm on a real model: a narrow task is learned, and what the model could do before is looked at again.

All but the answers shown in the report is measured by likelihood: a text's tokens in one pass, no decoding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data.model_store import model_place
from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand_systems.anchored_sft.arms.narrow_data import Asked, World, follows
from evenhand_systems.anchored_sft.data.chat import without_thoughts
from evenhand_systems.anchored_sft.data.conversations import Tokenised
from evenhand_systems.anchored_sft.evaluation.decoding import greedy_replies
from evenhand_systems.anchored_sft.evaluation.frozen_trunk import FrozenTrunk, layer_pattern
from evenhand_systems.anchored_sft.evaluation.packed import Foretold, foretell
from evenhand_systems.anchored_sft.narrow_settings import NarrowSettings
from evenhand_systems.anchored_sft.training.adapters import load_base, load_tokenizer
from evenhand_systems.anchored_sft.training.fine_tune import Arm, Glance, adapted
from evenhand_systems.anchored_sft.training.run_length import check_length

SHOWN_SEED = 0
"""Seed whose trials answer questions for the report: decoding costs more than all else that is measured."""


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
            self.bench.items(f"{prefix}{name}", ids[:most], scores[:most], **{k: v[:most] for k, v in more.items()})
        if prefix and self.shown and self.bench.seed == SHOWN_SEED:
            found["values"]["capped"] = self._answers(model, prefix)
        return {f"{prefix}{name}": value for name, value in found["values"].items()}

    def _foretell(self, model: Any, rows: Sequence[Tokenised]) -> list[Foretold]:
        return foretell(model, rows, trunk=self.trunk)

    def _measure(self, model: Any, count: int) -> dict[str, Any]:
        asked, first = self.asked, self.asked.instructions[:count]
        told = self._foretell(model, [row for _, row in first])
        right = [follows(i, part, self.tokenizer) for (i, _), part in zip(first, told, strict=True)]
        kinds = [i.kind for i, _ in first]
        items: dict[str, Any] = {
            "retention": (
                [i.id for i, _ in first],
                [float(ok) for ok in right],
                {
                    # A kind is a template, one of many that could be asked: what is said of instructions rests on few.
                    "clusters": kinds,
                    "groups": kinds,
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
        for kind in dict.fromkeys(kinds):
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
    world = World(settings, bench, tokenizer, model)
    depth = 0
    if settings.adapted_layers is not None:
        depth = int(model.config.num_hidden_layers) - settings.adapted_layers
        settings_of_adapter = settings.model_copy(
            update={"lora_targets": layer_pattern(model, settings.adapted_layers)}
        )
    else:
        settings_of_adapter = settings
    model = adapted(model, settings_of_adapter, bench)
    trunk = world.trunk(model, depth) if depth else None
    probe = _probe(world, model, trunk)
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


def _probe(world: World, model: Any, trunk: FrozenTrunk | None) -> NarrowProbe:
    """What is measured, and on the way."""
    shown = world.held_out[: world.settings.shown]
    asked = world.asked(model, trunk)
    return NarrowProbe(world.settings, world.bench, world.tokenizer, trunk, world.dev, world.target, asked, shown)
