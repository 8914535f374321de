"""Putting things in order in a gap: ``M=######|R=O=2013;2130``, the order and the things stand to the right (or left).

permfill: the keys of the list, sorted by the order. kvsort: keys with their values, sorted by key: ``O=2013;1a3b``.
With ``side = "left"`` list and order come before the gap: the control that a causal scan can do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenhand_systems.future_seed.tasks.problems import IGNORED, Ceiling, Ints, Problems, row_keys

SortName = Literal["kvsort", "permfill"]

KEYS = "0123456789abcdefghijklmnopqrstuvwxyz"
MARKS = "MRO=;|#"
VALUES = 26  # values are letters
_FIRST_LETTER = 10
_M, _R, _O, _EQUALS, _SEMICOLON, _BAR, _BLANK = range(len(KEYS), len(KEYS) + len(MARKS))


@dataclass(frozen=True)
class Sorting:
    """Source of sorting problems.

    Attributes:
        name: keys alone, or keys with values.
        keys: how many different keys there are, at most 36.
        training_size: fewest and most keys in a training list; all problems of a batch are of one size.
        evaluation_size: keys in an evaluation list.
        order: "given" (a random order of all keys stands before the list) or "alphabet".
        side: where order and list stand.
    """

    name: SortName
    keys: int
    training_size: tuple[int, int]
    evaluation_size: int
    order: Literal["given", "alphabet"] = "given"
    side: Literal["right", "left"] = "right"

    @property
    def symbols(self) -> Sequence[str]:
        """Keys (which are values too), marks and the blank ``#``."""
        return KEYS + MARKS

    def draw(self, rng: np.random.Generator, count: int, *, evaluation: bool) -> Problems:
        """``count`` problems with lists of one size."""
        low, high = self.training_size
        size = self.evaluation_size if evaluation else int(rng.integers(low, high + 1))
        listed = rng.permuted(np.tile(np.arange(self.keys), (count, 1)), axis=1)[:, :size]
        order = np.tile(np.arange(self.keys), (count, 1))
        if self.order == "given":
            order = rng.permuted(order, axis=1)
        values = _FIRST_LETTER + rng.integers(VALUES, size=listed.shape)
        rank = np.argsort(order, axis=1)
        places = np.argsort(np.take_along_axis(rank, listed, axis=1), axis=1)
        pairs = self._paired(listed, values)
        answer = self._paired(np.take_along_axis(listed, places, axis=1), np.take_along_axis(values, places, axis=1))
        tokens = self._row(order, pairs, np.full_like(answer, _BLANK))
        targets = self._row(np.full_like(order, IGNORED), np.full_like(pairs, IGNORED), answer, filler=IGNORED)
        return Problems(tokens, targets, row_keys(tokens))

    def _paired(self, keys: Ints, values: Ints) -> Ints:
        if self.name == "permfill":
            return keys
        return np.stack([keys, values], axis=2).reshape(len(keys), -1)

    def _row(self, order: Ints, pairs: Ints, gap: Ints, filler: int | None = None) -> Ints:
        def fixed(*symbols: int) -> Ints:
            shape = (len(gap), len(symbols))
            return np.full(shape, filler) if filler is not None else np.broadcast_to(np.asarray(symbols), shape)

        stated = [fixed(_O, _EQUALS), order, fixed(_SEMICOLON)] if self.order == "given" else []
        context = [fixed(_R, _EQUALS), *stated, pairs]
        middle = [fixed(_M, _EQUALS), gap]
        parts = [*middle, fixed(_BAR), *context] if self.side == "right" else [*context, fixed(_BAR), *middle]
        return np.concatenate(parts, axis=1)

    def ceilings(self, problems: Problems) -> tuple[Ceiling, ...]:
        """Exact for the whole row; for a causal scan with everything to the right, what guessing gives."""
        whole = Ceiling("a reader of the whole row", 1.0, 1.0, "the row determines every blank")
        if self.side == "left":
            return (whole, Ceiling("a causal scan", 1.0, 1.0, "order and list stand before the gap"))
        size = self.evaluation_size
        per_key, sequence = _guessing_keys(self.keys, size, self.order)
        values = 1.0 / VALUES if self.name == "kvsort" else None
        accuracy = per_key if values is None else (per_key + values) / 2
        exact = sequence if values is None else sequence * values**size
        return (whole, Ceiling("a causal scan", accuracy, exact, "nothing has been read: the commonest answer"))

    def statistics(self) -> Mapping[str, str]:
        """Sizes of the problems."""
        low, high = self.training_size
        return {
            "task": f"{self.name}, lists of {low} to {high} of {self.keys} keys in training, {self.evaluation_size} "
            f"in evaluation, order {self.order}, context to the {self.side}"
        }


def _guessing_keys(keys: int, size: int, order: str) -> tuple[float, float]:
    """Best expected accuracy per key and best chance of the whole sequence for a reader who has seen nothing.

    With a random order every sequence of different keys is equally likely. With the alphabet the k-th of ``size``
    sorted keys out of ``keys`` is v with probability C(v, k) C(keys - 1 - v, size - 1 - k) / C(keys, size).
    """
    if order == "given":
        return 1.0 / keys, 1.0 / math.perm(keys, size)
    ways = math.comb(keys, size)
    best = [
        max(math.comb(v, k) * math.comb(keys - 1 - v, size - 1 - k) for v in range(keys)) / ways for k in range(size)
    ]
    return sum(best) / size, 1.0 / ways
