"""Trials that are alike: one arm on one seed, whatever items, budget or code, or whatever scored the same. Pure.

Whoever knows how an arm did on a seed can choose it, or the seed, by that, also where the trial that is claimed is
another by its hash. What is told of the *variant* alone is enough to choose by; what is told of a baseline or rival is
what every second claim of a ledger has, and is a choice only where seeds were picked from among the known ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenhand.recipes.outcome import ItemScores, Outcome

COMMON = 0.5
"""Share of the shorter list of items that two outcomes must have in common to be held against each other."""


@dataclass(frozen=True)
class Alike:
    """What was known of a claim's outcomes, when it was entered, by trials that are alike and not the same.

    Attributes:
        trials: of the claim, whose like had a result: the same arm (recipe and settings) on the same seed, with other
            items, another budget, other code, or tried out.
        claims: those under which the results were made, each as ``name (hash)``, or ``evenhand try``.
        chosen: baselines and rivals among them: the claim's seeds are picked from those on which they were known.
        scores: trials of the claim that came out, item by item, as results did that were known under other settings.
    """

    trials: int = 0
    claims: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    scores: int = 0

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Alike:
        """Read back from the record of a claim."""
        claims, chosen = (tuple(map(str, plain.get(key, ()))) for key in ("claims", "chosen"))
        return cls(int(plain.get("trials", 0)), claims, chosen)

    def plain(self) -> dict[str, Any]:
        """What the record of a claim holds."""
        return {"trials": self.trials, "claims": list(self.claims), "chosen": list(self.chosen)}

    def __bool__(self) -> bool:
        return self.trials > 0 or self.scores > 0


def picked(seeds: Iterable[int], known: Collection[int]) -> set[int]:
    """The known seeds of a claim, where they are a choice: neither all that are known nor the lowest of them."""
    own = set(seeds) & set(known)
    return own if own and own != set(sorted(known)[: len(own)]) else set()


def scored_alike(one: Outcome, other: Outcome, metrics: Sequence[str]) -> bool:
    """Whether two outcomes are the same on some metrics, and say something: on the items that both have, to the bit."""
    said = False
    for name in metrics:
        first, second = one.items.get(name), other.items.get(name)
        if first is not None and second is not None:
            same, telling = _same_items(first, second)
        else:
            value = one.metric(name)
            same, telling = value is not None and value == other.metric(name), value not in (None, 0.0, 1.0)
        if not same:
            return False
        said |= telling
    return said


def _same_items(one: ItemScores, other: ItemScores) -> tuple[bool, bool]:
    """Whether the scores of the items that both have are the same, and whether they differ from item to item."""
    import numpy as np  # here: whoever only asks how a claim stands does without

    places = {name: place for place, name in enumerate(other.ids)}
    shared = [(i, places[name]) for i, name in enumerate(one.ids) if name in places]
    if not shared or len(shared) < COMMON * min(len(one.ids), len(other.ids)):
        return False, False
    mine, theirs = (np.asarray(own) for own in zip(*shared, strict=True))
    scores = one.scores[mine]
    return bool(np.array_equal(scores, other.scores[theirs])), bool(np.ptp(scores) > 0)
