"""Copying digits into a gap: ``L=31..|M=##..|R=84..``.

| task | what belongs in the gap | who can know it |
|---|---|---|
| rightcopy | R | a reader of the whole row; a causal scan meets the gap before R and can only guess |
| rightreverse | R backwards | likewise |
| leftcopy | L | a causal scan too: the control, R says nothing |
| constr | the last digit of L, then R's two digits in turn | a causal scan the first blank only |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenhand_systems.future_seed.tasks.problems import IGNORED, Ceiling, Ints, Problems, row_keys

CopyName = Literal["rightcopy", "leftcopy", "rightreverse", "constr"]

SYMBOLS = "0123456789LMR=|#"
DIGITS = 10
_L, _M, _R, _EQUALS, _BAR, _BLANK = range(DIGITS, len(SYMBOLS))


@dataclass(frozen=True)
class Copying:
    """Source of copying problems.

    Attributes:
        name: which digits belong in the gap.
        length: digits in L and in the gap, at least 2.
    """

    name: CopyName
    length: int

    @property
    def symbols(self) -> Sequence[str]:
        """Digits, segment letters, ``=``, ``|`` and the blank ``#``."""
        return SYMBOLS

    def draw(self, rng: np.random.Generator, count: int, *, evaluation: bool = False) -> Problems:
        """``count`` problems; the digits of L and R are uniform and independent."""
        left = rng.integers(DIGITS, size=(count, self.length))
        right = rng.integers(DIGITS, size=(count, 2 if self.name == "constr" else self.length))
        gap = np.full_like(left, _BLANK)

        def row(middle: Ints, filler: int | None = None) -> Ints:
            def fixed(*symbols: int) -> Ints:
                return np.broadcast_to(np.asarray(symbols), (count, len(symbols)))

            parts = [fixed(_L, _EQUALS), left, fixed(_BAR, _M, _EQUALS), middle, fixed(_BAR, _R, _EQUALS), right]
            if filler is not None:
                parts = [part if part is middle else np.full_like(part, filler) for part in parts]
            return np.concatenate(parts, axis=1)

        tokens = row(gap)
        return Problems(tokens, row(self._answer(left, right), IGNORED), row_keys(tokens))

    def _answer(self, left: Ints, right: Ints) -> Ints:
        if self.name == "leftcopy":
            return left.copy()
        if self.name == "rightcopy":
            return right.copy()
        if self.name == "rightreverse":
            return right[:, ::-1].copy()
        turns = right[:, np.arange(self.length - 1) % 2]
        return np.concatenate([left[:, -1:], turns], axis=1)

    def ceilings(self, problems: Problems) -> tuple[Ceiling, ...]:
        """Exact: digits are uniform and independent, so what has not been read can only be guessed."""
        known = {"leftcopy": self.length, "constr": 1}.get(self.name, 0)
        hidden = self.length - known
        guesses = min(hidden, 2) if self.name == "constr" else hidden
        causal = (known + hidden / DIGITS) / self.length
        reason = f"{known} of {self.length} blanks follow from what stands before them, the others are guesses"
        return (
            Ceiling("a reader of the whole row", 1.0, 1.0, "the row determines every blank"),
            Ceiling("a causal scan", causal, float(DIGITS) ** -guesses, reason),
        )

    def statistics(self) -> Mapping[str, str]:
        """Size of a problem."""
        return {"task": f"{self.name}, {self.length} digits, {self.length} blanks"}
