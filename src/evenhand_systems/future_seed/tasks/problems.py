"""In-place problems: a row of symbols with blanks, and the symbols that belong there; and how they are split.

The model reads the row and names, at the position of every blank, the symbol that stands there. Only blanks are scored:
a clue copied from the row is no achievement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand.recipes.trial import ItemSet

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

IGNORED = -100
"""Target of a position that is not scored (the value that torch's cross entropy leaves out)."""

BUCKETS = 16
EVALUATION_BUCKET = 0
"""Generated problems fall into buckets by a hash of their content; this one is kept for evaluation."""

PATIENCE = 20
"""Draws in vain after which a generator is taken to have no further problems."""


@dataclass(frozen=True)
class Problems:
    """A batch of in-place problems.

    Attributes:
        tokens: (B, T) what the model reads.
        targets: (B, T) the symbol that belongs at each blank, ``IGNORED`` elsewhere.
        keys: (B,) hash of the content by which training and evaluation are kept apart (for sudoku: of the solution).
    """

    tokens: Ints
    targets: Ints
    keys: Keys

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, positions: NDArray[np.int64] | NDArray[np.bool_]) -> Problems:
        """Some of the problems."""
        return Problems(self.tokens[positions], self.targets[positions], self.keys[positions])


@dataclass(frozen=True)
class EvaluationItems:
    """The problems of an item set: their ids, and the group each belongs to where they do not stand alone."""

    problems: Problems
    ids: tuple[str, ...]
    clusters: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Ceiling:
    """The best score that any reader can reach on average.

    Attributes:
        reader: who reads: everything, or only what stands at and before each blank.
        accuracy: highest expected share of right blanks; None where it is not known.
        exact_match: highest expected share of problems without an error; None where it is not known.
        reason: how it was computed, or why it could not be.
    """

    reader: str
    accuracy: float | None
    exact_match: float | None
    reason: str

    def __str__(self) -> str:
        parts = [
            f"{name} {value:.4g}"
            for name, value in (("accuracy", self.accuracy), ("exact match", self.exact_match))
            if value is not None
        ]
        return f"{self.reader}: {', '.join(parts) or 'not known'} ({self.reason})"


class InPlaceTask(Protocol):
    """What a recipe needs of an in-place task."""

    @property
    def symbols(self) -> Sequence[str]:
        """The vocabulary: token id to symbol."""

    def training(self, rng: np.random.Generator, count: int) -> Problems:
        """One batch of training problems, none of which is ever an evaluation item."""

    def evaluation(self, items: ItemSet) -> EvaluationItems:
        """The problems of an item set."""

    def ceilings(self, problems: Problems) -> tuple[Ceiling, ...]:
        """What the best readers can reach on these problems."""

    def statistics(self) -> Mapping[str, str]:
        """Facts about the data, to stand beside the result."""


def row_keys(rows: Ints) -> Keys:
    """A 64-bit hash of each row (B, T), equal for equal rows on every machine."""
    keys = np.full(len(rows), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in np.ascontiguousarray(rows.T).astype(np.uint64):
        keys = (keys ^ (column + np.uint64(1))) * np.uint64(0x100000001B3)
        keys ^= keys >> np.uint64(29)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(keys ^ (keys >> np.uint64(31)))


def for_evaluation(keys: Keys, buckets: int = BUCKETS) -> NDArray[np.bool_]:
    """Which contents belong to the evaluation; the others are for training."""
    return np.asarray(keys % np.uint64(buckets) == EVALUATION_BUCKET)


class ProblemSource(Protocol):
    """A generator of problems without end."""

    @property
    def symbols(self) -> Sequence[str]:
        """The vocabulary."""

    def draw(self, rng: np.random.Generator, count: int, *, evaluation: bool) -> Problems:
        """``count`` problems of equal length; the two splits may differ in size of problem, never in kind."""

    def ceilings(self, problems: Problems) -> tuple[Ceiling, ...]:
        """See :class:`InPlaceTask`."""

    def statistics(self) -> Mapping[str, str]:
        """See :class:`InPlaceTask`."""


@dataclass(frozen=True)
class GeneratedTask:
    """An in-place task whose problems are generated: training never meets a content of the evaluation's bucket.

    Attributes:
        source: where problems come from.
        pool: how many distinct problems the evaluation is chosen from.
        setting: name of the setting that makes problems larger, for the error that says there are too few.
        buckets: one of so many buckets of contents is for evaluation.
    """

    source: ProblemSource
    pool: int = 4096
    setting: str = "task.length"
    buckets: int = BUCKETS

    @property
    def symbols(self) -> Sequence[str]:
        """The vocabulary."""
        return self.source.symbols

    def training(self, rng: np.random.Generator, count: int) -> Problems:
        """One batch; contents of the evaluation's bucket are drawn and thrown away."""
        found: list[Problems] = []
        missing = count
        for _ in range(20 * PATIENCE):
            drawn = self.source.draw(rng, missing + 2 * missing // self.buckets + 2, evaluation=False)
            kept = drawn.take(~for_evaluation(drawn.keys, self.buckets))
            kept = kept.take(np.arange(min(len(kept), missing)))
            if found and kept.tokens.shape[1] != found[0].tokens.shape[1]:
                continue
            found.append(kept)
            missing -= len(kept)
            if not missing:
                return _joined(found)
        raise DataError(
            f"Only {count - missing} of {count} training problems could be drawn outside the evaluation's bucket; "
            f"raise {self.setting}, there are too few different problems at this size."
        )

    def evaluation(self, items: ItemSet) -> EvaluationItems:
        """The item set's share of a pool of ``pool`` distinct problems, which depends on the item seed alone.

        Raises:
            DataError: there are fewer distinct problems than the pool needs.
        """
        rng = items.rng("pool")
        found: dict[str, None] = {}
        kept: list[Problems] = []
        without_new = 0
        while len(found) < self.pool:
            drawn = self.source.draw(rng, 4 * self.pool + 64, evaluation=True)
            drawn = drawn.take(for_evaluation(drawn.keys, self.buckets))
            fresh = []
            for position, key in enumerate(row_keys(drawn.tokens)):
                label = f"{int(key):016x}"
                if label not in found and len(found) < self.pool:
                    found[label] = None
                    fresh.append(position)
            kept.append(drawn.take(np.asarray(fresh, dtype=np.int64)))
            without_new = 0 if fresh else without_new + 1
            if without_new == PATIENCE:
                raise DataError(
                    f"The evaluation pool needs {self.pool} distinct problems, only {len(found)} were found; "
                    f"lower evaluation.pool or raise {self.setting}."
                )
        chosen = items.choose(self.pool)
        labels = list(found)
        return EvaluationItems(_joined(kept).take(chosen), tuple(labels[i] for i in chosen))

    def ceilings(self, problems: Problems) -> tuple[Ceiling, ...]:
        """What the best readers can reach."""
        return self.source.ceilings(problems)

    def statistics(self) -> Mapping[str, str]:
        """The source's facts and the split."""
        return {
            **self.source.statistics(),
            "split": f"by a hash of the content, 1 bucket of {self.buckets} for evaluation: {self.pool} distinct items",
        }


def _joined(parts: Sequence[Problems]) -> Problems:
    return Problems(
        np.concatenate([p.tokens for p in parts]),
        np.concatenate([p.targets for p in parts]),
        np.concatenate([p.keys for p in parts]),
    )
