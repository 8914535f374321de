"""What a trial between two models takes of a device's memory at its peak, from their sizes and the texts at hand.

Counted is what stands at the same time: weights, what the layers of the target keep for the gradient, the logits at
places of answers, the translator with its optimiser. Nothing heavy is imported here; the check of the figures against
measured ones is a test. A device's own needs (its context, pieces of memory that lie unused) come on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.data.model_store import data_path
from evenhand.errors import DataError
from evenhand.recipes.contract import Memory
from evenhand.recipes.trial import stream
from evenhand_systems import model_shapes
from evenhand_systems.bridge.settings import Settings, computes_twice
from evenhand_systems.bridge.tasks import counts, facts, stories
from evenhand_systems.bridge.tasks.items import Item, read_gsm8k
from evenhand_systems.model_memory import Step, answering_bytes, gb, item_bytes, step_bytes, tokens_of
from evenhand_systems.model_shapes import Shape

STATES_BATCH = 32
"""Texts that the source reads at once."""

STAND_INS = {
    "stand-in:digits": Shape(4, 128, 4, 4, 32, 352, 61, True),
    "stand-in:words": Shape(3, 96, 4, 4, 24, 256, 80, True),
    "stand-in:records": Shape(4, 128, 4, 4, 32, 352, 281, True),
    "stand-in:copyist": Shape(3, 96, 4, 4, 24, 256, 1079, True),
}
"""Sizes of the models that are trained on the spot."""

_STORIES = 200
"""Stories of a task that are looked at for the longest."""


@dataclass(frozen=True)
class Texts:
    """Tokens of the texts of a claim.

    Attributes:
        opening: what stands before all questions.
        question: the longest text that the source reads.
        solution, usual_solution: the longest solution, and one of the mean length.
        asked: the longest question that the target reads in any case; 0 where the source reads it, too.
    """

    opening: int
    question: int
    solution: int
    usual_solution: int
    asked: int = 0


def translator_bytes(settings: Settings, source: Shape, target: Shape, facts: int) -> float:
    """Weights, gradients and both moments of a translator in float32, and what it keeps in a step.

    Args:
        source, target: of the models.
        facts: tokens that the source reads.
    """
    if settings.bridge == "cache":
        return _cache_bytes(settings, source, target, facts)
    soft, rows, width = settings.soft_tokens, settings.training.batch, settings.bottleneck
    read, made = source.width, target.width
    heads = made * made + made * read  # of the losses
    if settings.bridge in ("linear", "constant_prompt"):
        return 16.0 * (read * made + heads) + 4.0 * rows * (facts * read * 3 + soft * (read + 3 * made))
    if settings.bridge == "vocabulary":
        words = soft * target.vocabulary
        return 16.0 * (words * read + heads) + 4.0 * target.vocabulary * made + 4.0 * rows * (2 * words + 3 * read)
    block = (8 + 8 + (9 if settings.bridge == "dit" else 0)) * width * width
    weights = settings.depth * block + width * (read + 2 * made) + 5 * width * width + heads
    passes = 1 if settings.bridge == "cross_attention" else settings.train_steps + bool(settings.training.losses.flow)
    kept = passes * (settings.depth * (soft * 30 + facts * 4) * width + soft * 3 * made) + facts * 3 * read
    return 16.0 * weights + 4.0 * rows * kept


def _cache_bytes(settings: Settings, source: Shape, target: Shape, facts: int) -> float:
    """The same of a projector for each layer of the target, which makes keys and values at each place that was read.

    Kept for each place: what is read, that normed, the inner layer before and after its activation, both paths, their
    sum, that at the size of one, and what goes over, layer by layer and as a whole.
    """
    read, made, width = source.key_width, target.key_width, settings.bottleneck
    weights = target.layers * (read * made + width * (read + made))
    kept = target.layers * facts * (2 * read + 2 * width + 6 * made)
    return 16.0 * weights + 4.0 * settings.training.batch * kept


def trial_memory(settings: Settings, shapes: tuple[Shape, Shape], texts: Texts, item: int) -> Memory:
    """The peak of a trial: the source reads, or the bridge is trained, or the target answers.

    Args:
        shapes: of source and target.
        item: bytes of a number.
    """
    source, target = shapes
    weights = [item * shape.parameters for shape in shapes]
    told = texts.asked + (texts.question if settings.training.prompt_mode == "soft_plus_text" else 0)
    training, cached = settings.training, settings.bridge == "cache"
    twice = computes_twice(training.checkpointing, target.parameters)
    step = Step(
        training.batch, texts.opening, told + texts.solution + (0 if cached else settings.soft_tokens),
        _places(settings, texts), settings.injection == "prepend", twice, texts.question if cached else 0,
    )  # fmt: skip
    own = step_bytes(target, step, item)
    bridge = translator_bytes(settings, source, target, texts.question)
    reading = STATES_BATCH * texts.question * item * ((source.layers + 3) * source.width + 4 * source.inner)
    answering = _answering(settings, target, texts, item)
    if settings.training.losses.token_alignment:
        own += target.vocabulary * (12.0 * target.width + 16.0 * training.batch * settings.soft_tokens)
    # Only an arm with a bridge lets its source go.
    held = weights[1] if _lets_go(settings) else sum(weights)
    phases = {
        f"the source reads, both models in memory: {gb(sum(weights))} of weights": sum(weights) + reading,
        f"training: {gb(weights[1])} of weights, {gb(own)} for a step of the target"
        f"{', its layers computed twice' if twice else ''}, {gb(bridge)} for the bridge": weights[1] + own + bridge,
        f"answering: {gb(held)} of weights, {gb(answering)} for {settings.batch} rows": held + answering + bridge / 4,
    }  # fmt: skip
    words, peak = max(phases.items(), key=lambda pair: pair[1])
    return Memory(peak, f"at its peak {gb(peak)} ({words})")


def _lets_go(settings: Settings) -> bool:
    return settings.reference == "none" and settings.control != "no_soft_tokens" and not settings.answers_folder


def _places(settings: Settings, texts: Texts) -> int:
    """Places whose logits stand at the same time; those of the KL are there several times over."""
    training = settings.training
    rows, losses = training.batch, training.losses
    answers = rows * texts.usual_solution + texts.solution
    decode = 2 * rows * settings.soft_tokens if losses.decode else 0
    return answers + decode + (4 * rows * training.kl_tokens if losses.kl else 0)


def _answering(settings: Settings, target: Shape, texts: Texts, item: int) -> float:
    """Keys and values of all rows, and the widest layer over the prompt."""
    soft = texts.question if settings.bridge == "cache" else settings.soft_tokens
    told = texts.opening + texts.question + texts.asked + soft
    return answering_bytes(target, settings.batch, told, settings.new_tokens, item)


def memory(settings: Mapping[str, Any], folder: Path, device: str) -> Memory | None:
    """What a trial with these settings takes; None between stand-ins, which are small.

    Args:
        settings: of the recipe, resolved.
        folder: of the claim.
        device: ``cpu``, where models compute in float32, or ``cuda``, in bf16.
    """
    chosen = Settings.model_validate(settings)
    named = (chosen.source, chosen.target)
    if all(reference.startswith(("stand-in:", "tiny:")) for reference in named):
        return None
    source, target = (STAND_INS.get(reference) or model_shapes.shape_of(reference, folder) for reference in named)
    if source is None or target is None:
        unknown = [name for name, shape in zip(named, (source, target), strict=True) if shape is None]
        return Memory(None, model_shapes.unknown_words(unknown))
    try:
        texts = _texts(chosen, folder)
    except DataError:
        return None  # the trial itself will say what is wrong with its data
    return trial_memory(chosen, (source, target), texts, item_bytes(device))


def _texts(settings: Settings, folder: Path) -> Texts:
    """Tokens of a task's texts: of its file, or of what is generated.

    Raises:
        DataError: the file cannot be read.
    """
    if settings.task == "gsm8k":
        rows = read_gsm8k(data_path(settings.train_data, folder), "train")
        return texts_of(rows[: settings.shots], rows[: settings.train_pool])
    if settings.task == "facts":
        return texts_of([], [*facts.candidates(), *facts.read_words()])
    if settings.task == "counts":
        items = counts.candidates()
        return texts_of(items[: settings.shots], items)
    return texts_of([], stories.generate(settings.task, "train", _STORIES, stream("bridge", settings.task, "train")))


def texts_of(examples: Sequence[Item], items: Sequence[Item]) -> Texts:
    """Tokens of worked examples and of items, from their characters."""
    solutions = [tokens_of(item.solution) for item in items]
    opening = sum(tokens_of(f"Q: {item.text} {item.question}\nA: {item.solution}\n\n") for item in examples)
    return Texts(
        opening,
        max(tokens_of(item.text) for item in items),
        max(solutions),
        round(sum(solutions) / len(solutions)),
        max(tokens_of(item.question) for item in items),
    )
