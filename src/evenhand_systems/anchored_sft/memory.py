"""What a trial on a real model takes of a device's memory at its peak, from sizes and settings alone.

Counted: weights in the precision in which the recipe loads them; the judge, in the precision of its files, which stays
in memory beside the model since it is asked while that trains; adapters with gradients, both moments of AdamW and its
step; what a step keeps of its layers, or of one where they are computed twice (on ``cuda``), of the base's states, and
of logits, a chunk at a time; keys and values of answers; the table of the lowest layers (``adapted_layers``); the
second copy of a merged export. Rows are taken to be as long as the longest of their file that the settings allow: so
far an upper bound. Not counted: what a process holds once its modules are imported (.55 GB on a CPU), a device's own
needs, data sets, and what a chat template adds beyond :data:`TEMPLATE` tokens a turn: so far a lower one.

With SmolLM2 on a CPU the estimate is .8 to 1.5 times the peak that is measured above the imports, which a test holds;
for other models and GPUs it is computed, and has not been measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

from evenhand.data.model_store import data_path
from evenhand.errors import DataError
from evenhand.recipes.contract import Memory
from evenhand_systems.anchored_sft.data.instructions import instructions
from evenhand_systems.anchored_sft.data.lengths import TEMPLATE, Kind, longest_text
from evenhand_systems.anchored_sft.narrow_settings import NarrowSettings
from evenhand_systems.anchored_sft.settings import CheckpointSettings, TrainingSettings
from evenhand_systems.model_memory import (
    RESERVE,
    Step,
    adapter_parameters,
    answering_bytes,
    gb,
    item_bytes,
    keys_bytes,
    pass_bytes,
    step_bytes,
    tokens_of,
    trained_bytes,
    weights_bytes,
)
from evenhand_systems.model_shapes import Shape, shape_of, unknown_words

CHUNK = 128
"""Rows of logits at once in training, as ``AnchoredSFTTrainer`` has them."""
LOSS_CHUNK = 256
"""The same where losses are measured."""
ANSWERED, JUDGED, REPLIED = 16, 8, 64
"""Questions answered at once, conversations judged at once, and prompts whose own answers are decoded at once."""
PACKED, PACKED_CHUNK = 512, 64
"""Tokens of a packed row, and rows of its logits at once."""
CHOICES = 5
"""Most answers of an ARC question."""


@dataclass(frozen=True)
class Student:
    """The model that is trained.

    Attributes:
        shape: its sizes.
        item: bytes of a number.
        weights: bytes of all of them.
        layers: that have adapters, from the last down.
        trained: adapters' weights.
    """

    shape: Shape
    item: int
    weights: float
    layers: int
    trained: int

    def adapters(self, settings: TrainingSettings) -> float:
        """Bytes of adapters, with all that trains them in an arm that trains."""
        return trained_bytes(self.trained) if settings.train else 4.0 * self.trained


def checkpoint_memory(settings: Mapping[str, Any], folder: Path, device: str) -> Memory:
    """What a trial of ``anchored_sft.checkpoint`` takes; where the judge's sizes are not known, a lower bound.

    Args:
        settings: of the recipe, resolved.
        folder: of the claim.
        device: ``cpu``, where the model computes in float32, or ``cuda``, in bf16.
    """
    chosen = CheckpointSettings.model_validate(settings)
    shape = shape_of(chosen.model, folder)
    if shape is None:
        return Memory(None, unknown_words([chosen.model]))
    student = _student(chosen, shape, item_bytes(device), chosen.quantisation)
    longest = _conversation(chosen, folder)
    phases = _training(chosen, student, longest, twice=device == "cuda")
    measured = longest if chosen.general_text is None else chosen.max_seq_length
    phases["measuring losses"] = _losses(student, chosen.batch * measured, LOSS_CHUNK)
    if chosen.save_merged_to is not None:
        phases["merging into a copy"] = student.weights
    beside = {f"for adapters{_optimised(chosen)}": student.adapters(chosen)}
    bound = ""
    if chosen.questions is not None and chosen.reward_model is not None:
        try:
            told, rows = _asked(data_path(chosen.questions, folder), chosen.max_new_tokens)
        except DataError:
            return Memory(None, _unread("questions", chosen.questions))
        new, judge = chosen.max_new_tokens, shape_of(chosen.reward_model, folder)
        phases[f"answering {rows} questions at once"] = answering_bytes(shape, rows, told, new, student.item)
        if judge is None:
            bound = f"; without the judge, so a lower bound: {unknown_words([chosen.reward_model])}"
        else:
            beside = {"of the judge beside them": float(judge.stored * judge.trunk), **beside}
            phases[f"judging {JUDGED} conversations at once"] = _judging(judge, JUDGED * (told + new))
    return _largest(student, phases, beside, bound)


def narrow_memory(settings: Mapping[str, Any], folder: Path, device: str) -> Memory:
    """What each trial of ``anchored_sft.narrow`` takes; in words, what the first of a claim makes for all of them.

    Args:
        settings: of the recipe, resolved.
        folder: of the claim.
        device: ``cpu``, where the model computes in float32, or ``cuda``, in bf16.
    """
    from evenhand_systems.anchored_sft.evaluation.reward_model import read_questions

    chosen = NarrowSettings.model_validate(settings)
    shape = shape_of(chosen.model, folder)
    if shape is None:
        return Memory(None, unknown_words([chosen.model]))
    try:
        prompts = [tokens_of(one.turns[0]) + TEMPLATE for one in read_questions(data_path(chosen.prompts, folder))]
    except DataError:
        return Memory(None, _unread("prompts", chosen.prompts))
    student = _student(chosen, shape, item_bytes(device), None)
    longest = _lengths(chosen, folder, max(prompts))
    phases = _training(chosen, student, longest.row, twice=device == "cuda")
    phases["measuring losses"] = _losses(student, max(PACKED, *astuple(longest)), PACKED_CHUNK)
    beside = {f"for adapters{_optimised(chosen)}": student.adapters(chosen)}
    if student.layers < shape.layers:
        table = RESERVE * _texts(chosen, len(prompts), longest) * shape.width * student.item
        beside = {"of the lowest layers' table": table, **beside}
        phases["writing that table down"] = table
    rows = min(REPLIED, len(prompts))
    alone = student.weights + answering_bytes(shape, rows, longest.prompt, chosen.own_tokens, student.item)
    shared = f"; before that, one trial alone takes {gb(alone)} for the model's own answers to {rows} prompts at once"
    return _largest(student, phases, beside, f"{shared}, which all share")


@dataclass(frozen=True)
class Lengths:
    """Tokens of the longest text of each kind that a trial on a narrow task uses.

    Attributes:
        row: of a step.
        lesson: of the task, or of other data that is mixed in.
        prompt, chat: general ones without and with the model's own answer.
        arc, hotpot: questions with an answer.
    """

    row: int
    lesson: int
    prompt: int
    chat: int
    arc: int
    hotpot: int


def _lengths(settings: NarrowSettings, folder: Path, prompt: int) -> Lengths:
    """What the files have, and the settings let through; where a file cannot be read, what the settings let through."""
    s, limit = settings, settings.max_seq_length
    prompt = min(limit, prompt)
    lesson, chat = _at_most(limit, s.data, folder, s.task), prompt + s.own_tokens + 1
    if s.mix_data is not None:
        lesson = max(lesson, _at_most(limit, s.mix_data, folder, "choices"))
    row = max(lesson, chat if s.replay is not None else 0, prompt if s.anchor_prompts is not None else 0)
    arc = 0 if s.arc is None else _longest(s.arc, folder, "choices") or limit  # none is left out
    hotpot = 0 if s.hotpot is None else _at_most(2 * limit, s.hotpot, folder, "supported")
    return Lengths(row, lesson, prompt, chat, arc, hotpot)


def _conversation(settings: CheckpointSettings, folder: Path) -> int:
    """Tokens of the longest row of a step: as the files have it, and the settings let it through."""
    limit = settings.max_seq_length
    if settings.packing or settings.streaming:
        return limit
    named = [name for name in (settings.dataset, settings.prompts_dataset) if name is not None]
    return max(_at_most(limit, name, folder, "messages") for name in named)


def _at_most(limit: int, name: str, folder: Path, kind: Kind) -> int:
    return min(limit, _longest(name, folder, kind) or limit)


def _longest(name: str, folder: Path, kind: Kind) -> int | None:
    try:
        return longest_text(data_path(name, folder), kind)
    except (OSError, RuntimeError):  # a name too long for a path, or a home that nobody has
        return None


def _student(settings: TrainingSettings, shape: Shape, item: int, quantisation: str | None) -> Student:
    targets = settings.lora_targets
    maps = targets if isinstance(targets, tuple) else None  # a pattern may mean any of them
    layers = min(getattr(settings, "adapted_layers", None) or shape.layers, shape.layers)
    trained = adapter_parameters(shape, settings.lora_r, maps, layers)
    return Student(shape, item, weights_bytes(shape, item, quantisation), layers, trained)


def _training(settings: TrainingSettings, student: Student, length: int, *, twice: bool) -> dict[str, float]:
    """The phase of training: a step of rows of this length; none for an arm that does not train."""
    if not settings.train:
        return {}
    shape, item = replace(student.shape, layers=student.layers), student.item
    prompts = ceil((settings.anchor_prompts or 0) / settings.grad_acc)
    rows, anchored = settings.batch + prompts, settings.anchor_type is not None
    found = step_bytes(shape, Step(rows, 0, length, 0, twice=twice, adapted=True), item)
    # At the head: states, their gradients, and the base's; logits and their softmax in float32, of a chunk.
    found += RESERVE * (3 if anchored else 2) * rows * length * shape.width * item
    found += CHUNK * shape.vocabulary * ((16.0 if anchored else 8.0) + (4 if item == 2 else 0))
    more = f" and {prompts} prompts" if prompts else ""
    doubled = ", its layers computed twice" if twice else ""
    return {f"a training step of {settings.batch} x {length} tokens{more}{doubled}": found}


def _losses(student: Student, tokens: int, chunk: int) -> float:
    """A pass, and a chunk of logits with their logarithms and what is taken off them, in float32."""
    return pass_bytes(student.shape, tokens, student.item) + 12.0 * chunk * student.shape.vocabulary


def _judging(judge: Shape, tokens: int) -> float:
    """A pass of the judge, which keeps keys and values on the way, as transformers does unless it is told not to."""
    return pass_bytes(judge, tokens, judge.stored) + RESERVE * keys_bytes(judge, tokens, judge.stored)


def _asked(path: Path, new: int) -> tuple[int, int]:
    """Tokens before the last answer to the longest of a file's questions, and how many are answered at once.

    Raises:
        DataError: the file cannot be read.
    """
    from evenhand_systems.anchored_sft.evaluation.reward_model import read_questions

    questions = read_questions(path)
    told = [sum(tokens_of(turn) + TEMPLATE for turn in one.turns) + (len(one.turns) - 1) * new for one in questions]
    return max(told), min(ANSWERED, len(questions))


def _texts(settings: NarrowSettings, prompts: int, longest: Lengths) -> int:
    """Tokens of all texts in the table of the lowest layers: each as long as the longest, instructions as they are."""
    s = settings
    rows = (s.dev_rows + s.target_rows + s.training_rows) * longest.lesson
    asked = s.arc_questions * CHOICES * longest.arc + s.hotpot_questions * longest.hotpot
    general = prompts * (longest.chat + longest.prompt)  # with the model's own answers, and alone
    told = sum(tokens_of(one.prompt + one.lead + (one.want or "?")) + TEMPLATE for one in instructions(s.per_kind))
    return rows + asked + general + told


def _optimised(settings: TrainingSettings) -> str:
    return " with gradients and AdamW" if settings.train else ""


def _unread(what: str, path: str) -> str:
    return f"it waits for the {what} in '{path}', which cannot be read"


def _largest(student: Student, phases: Mapping[str, float], beside: Mapping[str, float], more: str) -> Memory:
    """The largest of phases, over what stands beside the weights all the time."""
    held = {"of weights": student.weights, **beside}
    name, own = max(phases.items(), key=lambda one: one[1])
    peak = sum(held.values()) + own
    parts = [f"{gb(count)} {what}" for what, count in held.items()] + [f"{gb(own)} for {name}"]
    return Memory(peak, f"at its peak {gb(peak)} ({', '.join(parts)}){more}")
