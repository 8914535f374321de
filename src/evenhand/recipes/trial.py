"""A trial: one arm x condition x rung x seed, and everything that determines its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evenhand.errors import DataError

if TYPE_CHECKING:
    import numpy as np

CONTRACT_VERSION = 1
"""Raised when the meaning of a trial's inputs changes, so that older outcomes are no longer reused."""

TRY = "try"
"""Arm and item set of a trial outside any claim."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_hash(value: Any) -> str:
    """sha256 (64 hex digits) of the canonical JSON form of plain data; the order of keys does not matter."""
    return hashlib.sha256(_CANONICAL.encode(value).encode()).hexdigest()


def stream(*parts: object) -> np.random.Generator:
    """The random generator of a named stream; equal names give equal streams, different names independent ones."""
    import numpy as np

    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest[:16], "big")))


@dataclass(frozen=True)
class ItemSet:
    """A declared set of evaluation items: the same for all arms, disjoint between the rungs of a claim.

    The pool that a recipe has (or generates) is put in one random order that depends on ``seed`` alone; this set is
    the slice ``start .. start + count`` of it.

    Attributes:
        name: the rung it belongs to.
        start: first position in the ordered pool.
        count: number of items; None takes all that the recipe has.
        seed: of the random order.
    """

    name: str
    start: int = 0
    count: int | None = None
    seed: int = 0

    @property
    def stop(self) -> int | None:
        """One past the last position, or None for all."""
        return None if self.count is None else self.start + self.count

    def rng(self, purpose: str = "items") -> np.random.Generator:
        """A generator that depends on the item seed alone: for recipes that generate their pool of items."""
        return stream("items", self.seed, purpose)

    def choose(self, pool: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Positions (I,) of this set's items in a pool of ``pool`` items.

        Raises:
            DataError: the pool is too small for the set.
        """
        import numpy as np

        if self.stop is not None and self.stop > pool:
            if self.name == TRY:
                raise DataError(f"The recipe's pool has {pool} items; --items {self.count} asks for more.")
            raise DataError(
                f"The item set '{self.name}' needs items {self.start} to {self.stop} of the ordered pool, "
                f"which has {pool}. Lower `items` of this rung or of the rungs before it."
            )
        order = self.rng("order").permutation(pool).astype(np.int64)
        return order[self.start : self.stop]


@dataclass(frozen=True)
class Trial:
    """One arm x condition x rung x seed of a claim.

    Attributes:
        claim, arm, condition, rung: where the trial stands in its claim; they do not determine its result.
        seed: of the trial's random streams; None for a deterministic arm, which pairs with every seed.
        recipe: reference of the recipe.
        fingerprint: version or source hash of the recipe's code.
        settings: complete resolved settings as plain data.
        unit, amount: the budget.
        items: the evaluation items.
        noise: name that sets this trial's random streams apart from those of its pair (null arms); else empty.
        untrained: its arm trains nothing.
        candidate: number of the configuration among those that a search tries of its arm; None outside a search. It
            says where the trial stands, as the names of claim and arm do.
    """

    claim: str
    arm: str
    condition: str
    rung: str
    seed: int | None
    recipe: str
    fingerprint: str
    settings: Mapping[str, Any]
    unit: str
    amount: float
    items: ItemSet
    noise: str = ""
    untrained: bool = field(default=False)
    candidate: int | None = None

    def determinants(self) -> dict[str, Any]:
        """Everything that determines the result, as plain data."""
        return {
            "contract": CONTRACT_VERSION,
            "recipe": self.recipe,
            "fingerprint": self.fingerprint,
            "settings": dict(self.settings),
            "seed": self.seed,
            "noise": self.noise,
            "budget": [self.unit, self.amount],
            "items": [self.items.start, self.items.count, self.items.seed],
        }

    @cached_property
    def id(self) -> str:
        """Hash (16 hex digits) of everything that determines the result."""
        return canonical_hash(self.determinants())[:16]

    @cached_property
    def _around_seed(self) -> tuple[str, str]:
        """What stands before and behind the seed in the text whose hash is the id."""
        text = _CANONICAL.encode(self.determinants() | {"seed": None})
        # No table stands before the seed, and in a string the quotation marks would be escaped: the first is the key.
        before, _, after = text.partition('"seed":null')
        return before, after

    def ids(self, seeds: Iterable[int]) -> Iterator[str]:
        """The ids that this trial has at other seeds; what does not depend on the seed is written once.

        Args:
            seeds: in the order in which the ids are wanted.
        """
        before, after = self._around_seed
        for seed in seeds:
            yield hashlib.sha256(f'{before}"seed":{seed}{after}'.encode()).hexdigest()[:16]

    def at(self, seed: int) -> Trial:
        """This trial at another seed, with its id."""
        (found,) = self.ids((seed,))
        other = object.__new__(Trial)
        vars(other).update(vars(self) | {"seed": seed, "id": found})
        return other

    def rng(self, name: str) -> np.random.Generator:
        """The named random stream of this trial: equal for the arms of one pair."""
        return stream("trial", 0 if self.seed is None else self.seed, self.noise, name)

    def label(self) -> str:
        """Short text for people: arm, condition, rung, try of a search, and seed."""
        seed = "deterministic" if self.seed is None else f"seed {self.seed}"
        tried = "" if self.candidate is None else f"try {self.candidate + 1}"
        return " · ".join(part for part in (self.arm, self.condition, self.rung, tried, seed) if part)
