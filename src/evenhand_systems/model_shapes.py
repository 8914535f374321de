"""Sizes of causal models by folder, name or hub id, read from configurations: nothing is loaded or fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.data import reading
from evenhand.data.model_store import data_path
from evenhand.data.models import cached_folder
from evenhand.errors import DataError

KINDS: Mapping[str, tuple[bool, bool]] = {
    "llama": (False, False), "mistral": (False, False), "qwen2": (False, False), "qwen3": (False, True),
    "smollm3": (True, False), "gemma": (True, True), "gemma2": (True, True), "gemma3_text": (True, True),
}  # fmt: skip
"""Model types whose layers have the linear maps of Llama's: whether the head is the embedding table where a
configuration does not say, and whether heads have a width of their own, which it must say."""
_BYTES = {"bfloat16": 2, "float16": 2}


@dataclass(frozen=True)
class Shape:
    """Sizes of a causal model of Llama's kind.

    Attributes:
        layers, width, heads, key_heads, head_width, inner, vocabulary: as its configuration has them.
        tied: whether the head is the embedding table.
        stored: bytes of a number in its files, 4 where the configuration does not say.
    """

    layers: int
    width: int
    heads: int
    key_heads: int
    head_width: int
    inner: int
    vocabulary: int
    tied: bool
    stored: int = 4

    @property
    def parameters(self) -> int:
        """Number of its weights, tied ones once; norms within heads and biases, a millionth of them, are left out."""
        return self.vocabulary * self.width * (1 if self.tied else 2) + self.layers * self._layer + self.width

    @property
    def trunk(self) -> int:
        """The same without the output head, in whose place a reward model has one row."""
        return self.vocabulary * self.width + self.layers * self._layer + 2 * self.width

    @property
    def _layer(self) -> int:
        return self.linear + 2 * self.width

    @property
    def linear(self) -> int:
        """Weights of the linear maps of one layer."""
        return sum(read * made for read, made in self.maps.values())

    @property
    def maps(self) -> dict[str, tuple[int, int]]:
        """The linear maps of a layer: name to width of what it reads and of what it makes."""
        across, keys = self.heads * self.head_width, self.key_heads * self.head_width
        return {
            "q_proj": (self.width, across), "k_proj": (self.width, keys), "v_proj": (self.width, keys),
            "o_proj": (across, self.width), "gate_proj": (self.width, self.inner), "up_proj": (self.width, self.inner),
            "down_proj": (self.inner, self.width),
        }  # fmt: skip

    @property
    def key_width(self) -> int:
        """Width of keys and values of one layer together."""
        return 2 * self.key_heads * self.head_width


PUBLISHED = {
    "mistralai/Mistral-7B-Instruct-v0.3": Shape(32, 4096, 32, 8, 128, 14336, 32768, False, 2),
    "meta-llama/Llama-3.1-8B-Instruct": Shape(32, 4096, 32, 8, 128, 14336, 128256, False, 2),
    "Qwen/Qwen3-1.7B": Shape(28, 2048, 16, 8, 128, 6144, 151936, True, 2),
    "Qwen/Qwen3-8B": Shape(36, 4096, 32, 8, 128, 12288, 151936, False, 2),
    "Skywork/Skywork-Reward-Llama-3.1-8B-v0.2": Shape(32, 4096, 32, 8, 128, 14336, 128256, False, 2),
}
"""Sizes of the models that the claims name, as their configurations state them; others are read where they stand."""


def shape_of(reference: str, folder: Path) -> Shape | None:
    """The sizes of a model; None where no configuration is at hand, or says too little.

    Args:
        reference: folder (relative to ``folder``), name (``evenhand models``) or hub id: of a published one that the
            claims name, or one whose configuration the hub's client keeps. Nothing is fetched.
    """
    try:
        local = data_path(reference, folder)
        if not local.exists() and reference in PUBLISHED:
            return PUBLISHED[reference]
        place = local if local.exists() else cached_folder(reference)
        found = None if place is None else reading.read_json(place / "config.json")
    except (DataError, OSError, RuntimeError):  # also a name too long for a path, or a home that nobody has
        return None
    return read_shape(found) if isinstance(found, dict) else None


def read_shape(found: Mapping[str, Any]) -> Shape | None:
    """Sizes as a ``config.json`` has them; None where one is missing or no number, where there are experts or weights
    in fewer bits, and for model types other than :data:`KINDS`."""
    kind = KINDS.get(str(found.get("model_type")))
    if kind is None or found.get("quantization_config") or (kind[1] and not found.get("head_dim")):
        return None
    names = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size")
    values = [found.get(name) for name in names]
    if not all(isinstance(value, int) and value > 0 for value in values) or any("expert" in name for name in found):
        return None
    layers, width, heads, inner, vocabulary = (int(value or 0) for value in values)
    keys, across = found.get("num_key_value_heads") or heads, found.get("head_dim") or width // heads
    if not (isinstance(keys, int) and isinstance(across, int)):
        return None
    stored = _BYTES.get(str(found.get("dtype") or found.get("torch_dtype")), 4)
    tied = found.get("tie_word_embeddings")
    return Shape(layers, width, heads, keys, across, inner, vocabulary, kind[0] if tied is None else bool(tied), stored)


def unknown_words(references: list[str]) -> str:
    """That the sizes of models are not known, and what would tell them: one sentence."""
    named = " and ".join(f"'{reference}'" for reference in references)
    return (
        f"it waits for the sizes of {named}, of which no config.json of Llama's kind is at hand, in a folder or in the "
        "hub's cache"
    )
