"""Memory that causal models of Llama's kind take: weights, a training step, a pass without a gradient, keys and values.

Plain arithmetic over :class:`~evenhand_systems.model_shapes.Shape`, in bytes; nothing heavy is imported. What a device
needs for itself (its context, workspaces of its libraries, pieces of memory that lie unused beyond :data:`RESERVE`) and
what a process holds once its modules are imported come on top.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenhand_systems.model_shapes import Shape

CHARACTERS = 3.2
"""Characters of English exercises to a token: 3.2 with Mistral's tokenizer, more with Llama's."""

RESERVE = 1.1
"""What an allocator holds on top of what is asked of it."""

HOLES, HEAPED = 1.9, 2**25
"""The same with adapters on a CPU, where a layer's pieces are smaller than so many bytes: these lie on the C library's
heap, between temporary ones that leave holes (measured: 1.85 to 2 with glibc, 1.2 with pieces mapped one by one)."""

QUANTISED = {"4bit": 0.5 + 4 / 64, "8bit": 1.0}
"""Bytes of a weight of a linear map: with four bits, one number in float32 stands beside each 64 of them."""


def tokens_of(text: str) -> int:
    """Tokens of a text by its bytes in UTF-8, so that Cyrillic letters count twice; rounded up."""
    return -int(-len(text.encode()) // CHARACTERS)


def item_bytes(device: str) -> int:
    """Bytes of a number of a model that computes in bf16 on ``cuda`` and in float32 on ``cpu``."""
    return 2 if device == "cuda" else 4


def gb(count: float) -> str:
    """Bytes for people, in units of 10**9, or of 10**6 where that would show little."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"


def weights_bytes(shape: Shape, item: int, quantisation: str | None = None) -> float:
    """Weights in memory; with a quantisation the linear maps of its layers alone are smaller."""
    if quantisation is None:
        return float(item * shape.parameters)
    mapped = shape.layers * shape.linear
    return QUANTISED[quantisation] * mapped + item * (shape.parameters - mapped)


@dataclass(frozen=True)
class Step:
    """One training step of a model.

    Attributes:
        rows: of the batch.
        opening: tokens before all rows.
        rest: tokens of a row behind the opening.
        places: places whose logits are all there at once.
        apart: the opening is read beforehand, without a gradient.
        twice: layers are computed again on the way back.
        behind: places of keys and values before all that, which are made and not read (a cache).
        adapted: adapters at all linear maps are trained, so that what these read is kept.
    """

    rows: int
    opening: int
    rest: int
    places: int
    apart: bool = True
    twice: bool = False
    behind: int = 0
    adapted: bool = False


def step_bytes(shape: Shape, step: Step, item: int) -> float:
    """What a training step takes beside the weights, in bytes.

    A layer keeps, for each token: the input of its two norms in float32; queries, what attention gave, the gate before
    and after its activation and the value beside it; and for each token that can be looked at, keys and values,
    repeated for each head. Where weights are frozen, no input of a linear map is kept.

    Args:
        item: bytes of a number: 4 in float32, 2 in bf16.
    """
    own = step.rest if step.apart else step.opening + step.rest
    tokens, seen = step.rows * own, step.rows * (step.behind + step.opening + step.rest)
    across = shape.heads * shape.head_width
    layer = tokens * (8 * shape.width + item * (3 * shape.inner + 2 * across)) + seen * item * 2 * across
    layer += tokens * _read_by_adapters(shape, item) if step.adapted else 0
    kept = shape.layers * tokens * shape.width * item + layer if step.twice else shape.layers * layer
    opening = keys_bytes(shape, step.opening, item) if step.apart else 0
    on_the_way = tokens * item * (3 * shape.inner + 4 * shape.width)
    logits = step.places * shape.vocabulary * 16  # themselves, their logarithms, and the gradients of both
    on_heap = step.adapted and item == 4 and tokens * shape.inner * item < HEAPED
    return (HOLES if on_heap else RESERVE) * (kept + opening + on_the_way + logits)


def _read_by_adapters(shape: Shape, item: int) -> int:
    """Bytes of a token's inputs of a layer's linear maps: in float32 the maps share one, in bf16 each casts its own."""
    across = shape.heads * shape.head_width
    return item * ((2 if item == 4 else 5) * shape.width + across + shape.inner)


def pass_bytes(shape: Shape, tokens: float, item: int) -> float:
    """The widest layer of a pass without a gradient over so many tokens."""
    return RESERVE * item * tokens * (3 * shape.inner + 6 * shape.width)


def keys_bytes(shape: Shape, tokens: float, item: int) -> float:
    """Keys and values of so many tokens in all layers."""
    return float(tokens * shape.layers * shape.key_width * item)


def answering_bytes(shape: Shape, rows: int, told: int, new: int, item: int) -> float:
    """Greedy answers: keys and values of all rows, and the widest layer over their prompts.

    Args:
        rows: answered at once.
        told, new: tokens of the longest prompt, and most tokens of an answer.
    """
    return RESERVE * keys_bytes(shape, rows * (told + new), item) + pass_bytes(shape, rows * told, item)


def adapter_parameters(shape: Shape, rank: int, maps: tuple[str, ...] | None = None, layers: int | None = None) -> int:
    """Weights of adapters of low rank (Hu et al. 2021): ``rank`` times what a map reads and makes.

    Args:
        maps: at these linear maps; None: at all of them. Others count nothing.
        layers: in so many layers; None: in all.
    """
    widths = [sum(pair) for name, pair in shape.maps.items() if maps is None or name in maps]
    return (shape.layers if layers is None else layers) * rank * sum(widths)


def trained_bytes(parameters: int) -> float:
    """Trained weights in float32, their gradients, both moments of AdamW, and what its step holds meanwhile."""
    return 20.0 * parameters
