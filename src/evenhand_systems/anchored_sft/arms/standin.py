"""One arm on the stand-in: the new answer format is learned, the old skills are asked again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evenhand.recipes.contract import Bench
from evenhand.recipes.outcome import Outcome
from evenhand_systems.anchored_sft.data.chat import render
from evenhand_systems.anchored_sft.data.conversations import Conversation, Tokenised, tokenise
from evenhand_systems.anchored_sft.data.mix import training_order
from evenhand_systems.anchored_sft.data.questions import Question
from evenhand_systems.anchored_sft.evaluation.losses import ForgettingEvaluation
from evenhand_systems.anchored_sft.settings import StandinSettings, check_epochs
from evenhand_systems.anchored_sft.standin import skills
from evenhand_systems.anchored_sft.standin.pretrain import ENOUGH, Teaching, teach
from evenhand_systems.anchored_sft.training.fine_tune import (
    Arm,
    Glance,
    adapted,
    dataset_of,
    in_order,
    training_stream,
)

CAP = 14
TEXTS = 200
PROMPTS = 512


def kept_skills() -> list[str]:
    """The skills that should be kept: all but the one whose answers are to change."""
    return [skill for skill in skills.SKILLS if skill != skills.TARGET_SKILL]


def teaching_of(settings: StandinSettings) -> tuple[Teaching, float]:
    """How the stand-in is taught, and what share of exact answers it must reach."""
    teaching = Teaching(seed=settings.teaching_seed)
    if settings.teaching_steps is not None:
        teaching = replace(teaching, steps=settings.teaching_steps)
    if settings.teaching_enough is None:
        return teaching, ENOUGH
    return replace(teaching, exam_questions=8), settings.teaching_enough


def stand_in(settings: StandinSettings, bench: Bench) -> tuple[Any, Any]:
    """The taught stand-in and its tokenizer, built once for all trials."""
    from evenhand_systems.anchored_sft.training.adapters import load_base, load_tokenizer

    teaching, enough = teaching_of(settings)
    folder = bench.asset({**teaching.key(), "enough": enough}, lambda place: _teach(place, teaching, enough))
    return load_base(str(folder), device=bench.device, dtype="float32"), load_tokenizer(str(folder))


def _teach(place: Any, teaching: Teaching, enough: float) -> None:
    teach(place, teaching, enough)


@dataclass
class SkillProbe:
    """Dev questions for the way, the rung's items for the record."""

    bench: Bench
    dev: ForgettingEvaluation
    items: ForgettingEvaluation
    level: float

    @property
    def matched(self) -> tuple[str, ...]:
        """Retention, target, text loss and distance, and each skill that is to be kept."""
        return ("retention", "target", "text_loss", "distance", *(f"kept_{skill}" for skill in kept_skills()))

    def glance(self, model: Any) -> Glance:
        """Shares of dev questions answered, new and old; distance in nats; at the level when the new share is."""
        new = self.dev.answers(model, skills=["target"])
        old = self.dev.answers(model, skills=kept_skills())
        distance = self.dev.distance(model).mean
        values = {"dev_target": new.mean, "dev_retention": old.mean, "dev_distance": distance}
        return Glance(values, new.mean >= self.level, old)

    def record(self, model: Any, prefix: str) -> Mapping[str, float]:
        """Answers to the items of the rung by skill, loss on text and distance from the base in nats."""
        old = self.items.answers(model, skills=kept_skills())
        new = self.items.answers(model, skills=["target"])
        asked = {question.id: question for question in self.items.questions}
        for name, found in (("retention", old), ("target", new)):
            self.bench.items(
                f"{prefix}{name}",
                found.ids,
                found.scores.tolist(),
                found.outputs,
                inputs=[asked[item].prompt for item in found.ids],
                groups=found.skills,
                expected=[asked[item].answer for item in found.ids],
            )
        by_skill = {f"{prefix}kept_{skill}": share for skill, share in old.by_skill().items()}
        text, distance = self.items.text_loss(model), self.items.distance(model)
        return by_skill | {f"{prefix}text_loss": text.mean, f"{prefix}distance": distance.mean}


def build_probe(settings: StandinSettings, bench: Bench, tokenizer: Any) -> SkillProbe:
    """Fixed questions: the rung's items by the item set, dev questions from a stream of their own."""
    world, style = skills.the_world(), settings.answer_format
    chosen = bench.item_set.choose(settings.pool)
    questions: list[Question] = []
    dev: list[Question] = []
    names = [*kept_skills(), "target"]
    for skill in names:
        # One pool holds both, so that a dev question is never an item.
        extra = settings.dev_questions if skill == "target" else -(-settings.dev_questions // len(kept_skills()))
        pool = skills.question_pool(skill, settings.pool + extra, bench.item_set.rng(f"pool {skill}"), world, style)
        asked = {pool[i].id: pool[i] for i in chosen}
        questions += asked.values()
        dev += pool[settings.pool :]
    texts = markov_texts(tokenizer, bench.item_set.rng("texts"), world)
    make = ForgettingEvaluation
    return SkillProbe(
        bench,
        make(tokenizer, dev, CAP, texts=texts[: TEXTS // 4]),
        make(tokenizer, questions, CAP, texts=texts[TEXTS // 4 :]),
        settings.target_level,
    )


def markov_texts(tokenizer: Any, rng: np.random.Generator, world: skills.World) -> list[Tokenised]:
    """General texts in the form in which the stand-in met them: a beginning, and its sampled continuation."""
    found = []
    for i in range(TEXTS):
        prompt, answer = skills.lesson("text", rng, world)
        found.append(as_tokens(f"text/{i}", prompt, answer, tokenizer))
    return found


def as_tokens(name: str, prompt: str, answer: str, tokenizer: Any) -> Tokenised:
    """A question and its answer as a conversation in tokens."""
    messages = ({"role": "user", "content": prompt}, {"role": "assistant", "content": answer})
    return tokenise(Conversation(name, messages), tokenizer)


def lessons(settings: StandinSettings, bench: Bench, tokenizer: Any, taken: set[str]) -> list[list[Tokenised]]:
    """The new task's lessons, and old lessons to replay; none of them is a dev question or an item."""
    rng, world = training_stream(settings, bench, "data"), skills.the_world()
    new: dict[str, str] = {}
    while len(new) < settings.training_questions:
        prompt, answer = skills.target_lesson(rng, settings.answer_format)
        if prompt not in taken:
            new[prompt] = answer
    old: list[tuple[str, str]] = []
    replayed = training_stream(settings, bench, "replay")
    while settings.replay is not None and len(old) < settings.training_questions:
        pair = skills.lesson(str(replayed.choice(kept_skills())), replayed, world)
        # A fact has one question only: to replay facts is to replay those that are asked.
        if pair[0] not in taken or pair[0].startswith("fact:"):
            old.append(pair)
    groups: list[list[tuple[str, str]]] = [list(new.items()), *([old] if old else [])]
    return [[as_tokens(f"{i}", p, a, tokenizer) for i, (p, a) in enumerate(group)] for group in groups]


def generic_prompts(bench: Bench, tokenizer: Any, taken: Collection[str]) -> list[list[int]]:
    """Questions of the old skills without their answers: what an anchor on generic prompts sees.

    Args:
        taken: dev questions and items. None of them is a prompt: an anchor on the very questions that are asked would
            show how well they are kept, not what else is. A fact has one question only, so facts that are asked are
            not anchored at all.
    """
    rng, world = bench.rng("prompts data"), skills.the_world()
    asked: list[str] = []
    while len(asked) < PROMPTS:
        prompt = skills.ask(str(rng.choice(kept_skills())), rng, world)[0]
        if prompt not in taken:
            asked.append(prompt)
    texts = [render(tokenizer, [{"role": "user", "content": prompt}], generation=True) for prompt in asked]
    found: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return found


def run_arm(settings: StandinSettings, bench: Bench) -> Outcome:
    """The whole trial."""
    model, tokenizer = stand_in(settings, bench)
    probe = build_probe(settings, bench, tokenizer)
    taken = {q.prompt for evaluation in (probe.dev, probe.items) for q in evaluation.questions}
    model = adapted(model, settings, bench)
    parts = lessons(settings, bench, tokenizer, taken)
    steps, per_step = int(bench.budget.amount), settings.batch * settings.grad_acc
    if settings.train:
        check_epochs(settings, len(parts[0]), steps)
    order = training_order(
        [len(part) for part in parts],
        steps,
        per_step,
        settings.replay,
        settings.curriculum,
        training_stream(settings, bench, "order of rows"),
    )
    prompts = None if settings.anchor_prompts is None else generic_prompts(bench, tokenizer, taken)
    rows = dataset_of(in_order(parts, order))
    bench.note("entropy of the Markov text", f"{skills.the_world().entropy:.4f} nats per letter")
    return Arm(settings, bench, model, tokenizer, rows, probe, prompts).run()
