"""What a trial between two models takes of a device's memory at its peak, from their sizes and the texts at hand.

Counted is what stands at the same time: weights, what the layers of the target keep for the gradient, the logits at
places of answers, the translator with its optimiser. Nothing heavy is imported here; the check of the figures against
measured ones is a test. A device's own needs (its context, pieces of memory that lie unused) come on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.data import reading
from evenhand.data.model_store import data_path
from evenhand.errors import DataError
from evenhand.recipes.contract import Memory
from evenhand_systems.bridge.settings import Settings, computes_twice
from evenhand_systems.bridge.tasks.items import Item, read_gsm8k

CHARACTERS = 3.2
"""Characters of English exercises to a token: 3.2 with Mistral's tokenizer, more with Llama's."""

STATES_BATCH = 32
"""Texts that the source reads at once."""

RESERVE = 1.1
"""What an allocator holds on top of what is asked of it."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a causal model of Llama's kind.

    Attributes:
        layers, width, heads, key_heads, head_width, inner, vocabulary: as its configuration has them.
        tied: whether the head is the embedding table.
    """

    layers: int
    width: int
    heads: int
    key_heads: int
    head_width: int
    inner: int
    vocabulary: int
    tied: bool

    @property
    def parameters(self) -> int:
        """Number of its weights, tied ones once."""
        attention = 2 * self.width * self.head_width * (self.heads + self.key_heads)
        layer = attention + 3 * self.width * self.inner + 2 * self.width
        return self.vocabulary * self.width * (1 if self.tied else 2) + self.layers * layer + self.width

    @property
    def key_width(self) -> int:
        """Width of keys and values of one layer together."""
        return 2 * self.key_heads * self.head_width


PUBLISHED = {
    "mistralai/Mistral-7B-Instruct-v0.3": Shape(32, 4096, 32, 8, 128, 14336, 32768, False),
    "meta-llama/Llama-3.1-8B-Instruct": Shape(32, 4096, 32, 8, 128, 14336, 128256, False),
}
"""Sizes of the models that the claims name, as their configurations state them; others are read where they stand."""


@dataclass(frozen=True)
class Texts:
    """Tokens of the texts of a claim.

    Attributes:
        opening: what stands before all questions.
        question: the longest question.
        solution, usual_solution: the longest solution, and one of the mean length.
    """

    opening: int
    question: int
    solution: int
    usual_solution: int


@dataclass(frozen=True)
class Step:
    """One training step of the target.

    Attributes:
        rows: of the batch.
        opening: tokens before all rows.
        rest: tokens of a row behind the opening, soft tokens and solution included.
        places: places whose logits are computed.
        apart: the opening is read beforehand, without a gradient.
        twice: layers are computed again on the way back.
        behind: places of keys and values before all that, which are made and not read (a cache).
    """

    rows: int
    opening: int
    rest: int
    places: int
    apart: bool = True
    twice: bool = False
    behind: int = 0


def step_bytes(shape: Shape, step: Step, item: int) -> float:
    """What a training step takes beside the weights of the target, in bytes.

    A layer keeps, for each token: the input of its two norms in float32; queries, what attention gave, the gate before
    and after its activation and the value beside it; and for each token that can be looked at, keys and values,
    repeated for each head. Weights are frozen, so that no input of a linear map is kept.

    Args:
        item: bytes of a number: 4 in float32, 2 in bf16.
    """
    own = step.rest if step.apart else step.opening + step.rest
    tokens, seen = step.rows * own, step.rows * (step.behind + step.opening + step.rest)
    across = shape.heads * shape.head_width
    layer = tokens * (8 * shape.width + item * (3 * shape.inner + 2 * across)) + seen * item * 2 * across
    kept = shape.layers * tokens * shape.width * item + layer if step.twice else shape.layers * layer
    opening = step.opening * shape.layers * 2 * shape.key_heads * shape.head_width * item if step.apart else 0
    on_the_way = tokens * item * (3 * shape.inner + 4 * shape.width)
    logits = step.places * shape.vocabulary * 16  # themselves, their logarithms, and the gradients of both
    return RESERVE * (kept + opening + on_the_way + logits)


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
    told = texts.question if settings.training.prompt_mode == "soft_plus_text" else 0
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
        f"the source reads, both models in memory: {_gb(sum(weights))} of weights": sum(weights) + reading,
        f"training: {_gb(weights[1])} of weights, {_gb(own)} for a step of the target"
        f"{', its layers computed twice' if twice else ''}, {_gb(bridge)} for the bridge": weights[1] + own + bridge,
        f"answering: {_gb(held)} of weights, {_gb(answering)} for {settings.batch} rows": held + answering + bridge / 4,
    }  # fmt: skip
    words, peak = max(phases.items(), key=lambda pair: pair[1])
    return Memory(peak, f"at its peak {_gb(peak)} ({words})")


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
    told = texts.question + soft + texts.opening
    held = 2 * target.layers * target.key_heads * target.head_width * (told + settings.new_tokens)
    return RESERVE * item * settings.batch * (held + told * (3 * target.inner + 6 * target.width))


def memory(settings: Mapping[str, Any], folder: Path, device: str) -> Memory | None:
    """What a trial with these settings takes; None for stand-ins, which are small, and for models not seen yet.

    Args:
        settings: of the recipe, resolved.
        folder: of the claim.
        device: ``cpu``, where models compute in float32, or ``cuda``, in bf16.
    """
    chosen = Settings.model_validate(settings)
    shapes = [shape_of(reference, folder) for reference in (chosen.source, chosen.target)]
    if chosen.task != "gsm8k" or shapes[0] is None or shapes[1] is None:
        return None
    try:
        rows = read_gsm8k(data_path(chosen.train_data, folder), "train")
    except DataError:
        return None  # the trial itself will say what is wrong with it
    texts = texts_of(rows[: chosen.shots], rows[: chosen.train_pool])
    return trial_memory(chosen, (shapes[0], shapes[1]), texts, 2 if device == "cuda" else 4)


def texts_of(examples: list[Item], items: list[Item]) -> Texts:
    """Tokens of worked examples and of items, from their characters."""
    solutions = [len(item.solution) for item in items]
    opening = sum(len(item.text) + len(item.solution) + 8 for item in examples)
    question = max(len(item.text) for item in items)
    counted = (opening, question, max(solutions), sum(solutions) / len(solutions))
    return Texts(*(round(count / CHARACTERS) for count in counted))


def shape_of(reference: str, folder: Path) -> Shape | None:
    """The sizes of a model; None for stand-ins and for what is not here or says too little."""
    if reference.startswith(("stand-in:", "tiny:")):
        return None
    if reference in PUBLISHED:
        return PUBLISHED[reference]
    place = data_path(reference, folder) / "config.json"
    try:
        found = reading.read_json(place) if place.is_file() else None
    except DataError:
        return None
    return read_shape(found) if isinstance(found, dict) else None


def read_shape(found: Mapping[str, Any]) -> Shape | None:
    """Sizes as a ``config.json`` has them; None where one is missing or no number."""
    names = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size")
    values = [found.get(name) for name in names]
    if not all(isinstance(value, int) and value > 0 for value in values):
        return None
    layers, width, heads, inner, vocabulary = (int(value or 0) for value in values)
    keys, across = found.get("num_key_value_heads") or heads, found.get("head_dim") or width // heads
    if not (isinstance(keys, int) and isinstance(across, int)):
        return None
    return Shape(layers, width, heads, keys, across, inner, vocabulary, bool(found.get("tie_word_embeddings")))


def _gb(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
