"""Trials that are alike: one arm on one seed, whatever items, budget or code, or whatever scored the same. Pure.

Whoever knows how an arm did on a seed can choose it, or the seed, by that, also where the trial that is claimed is
another by its hash. What is told of the *variant* alone is enough to choose by; what is told of a baseline or rival is
what every second claim of a ledger has, and is a choice only where seeds were picked from among the known ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from evenhand.claims.nesting import leaves
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Condition
from evenhand.claims.spaces import fits
from evenhand.recipes.catalogue import RUNS

if TYPE_CHECKING:
    from evenhand.decisions.pairs import Outcomes
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


class Result(NamedTuple):
    """A result that the ledger has: of which trial, by which claim's hash (none: a try), and where it is kept."""

    settings: Mapping[str, Any]
    seed: int | None
    trial: str
    source: str
    kept: Any = None


Place = tuple[str, str, int | None]
"""Arm, condition and seed of a trial in the last rung of a claim."""


@dataclass
class _Shelf:
    """Results of trials with one complete set of settings, which are flat."""

    settings: Mapping[str, Any]
    results: list[Result] = field(default_factory=list)


def _shelves(results: Iterable[Result]) -> list[_Shelf]:
    found: dict[str, _Shelf] = {}
    for one in results:
        flat = leaves(one.settings)
        found.setdefault(json.dumps(flat, sort_keys=True), _Shelf(flat)).results.append(one)
    return list(found.values())


def _places(claim: ResolvedClaim, *roles: str) -> Iterator[tuple[Arm, Condition]]:
    return ((arm, condition) for arm in claim.arms(*roles) for condition in claim.claim.conditions)


def _fitting(claim: ResolvedClaim, arm: Arm, condition: Condition, shelves: Iterable[_Shelf]) -> list[Result]:
    """Results of trials with the settings of an arm, but for what the claim searches itself."""
    written = leaves(claim.settings[arm.name, condition.name])
    return [one for shelf in shelves if fits(arm.space, written, shelf.settings) for one in shelf.results]


def known_alike(claim: ResolvedClaim, results: Iterable[Result]) -> Alike:
    """What is known of a claim by trials that are alike, in the rung that it confirms at.

    A variant counts by itself; a baseline or rival where the claim's seeds are picked from those of one source.

    Args:
        claim: which.
        results: of its recipe before it is entered, null arms left out; what the answer calls ``claims`` are sources.
    """
    if claim.recipe == RUNS:
        return Alike()
    shelves, found, chosen = _shelves(results), dict[Place, set[str]](), dict[str, None]()
    for arm, condition in _places(claim, "variant"):
        _note(claim, arm, condition, _fitting(claim, arm, condition, shelves), found)
    for arm, condition in _places(claim, "baseline", "rival") if not claim.claim.rungs[-1].drawn else ():
        if not arm.deterministic and _note(claim, arm, condition, _picked(claim, arm, condition, shelves), found):
            chosen[arm.name] = None
    sources = dict.fromkeys(source for own in found.values() for source in sorted(own))
    return Alike(len(found), tuple(sources), tuple(chosen))


def _picked(claim: ResolvedClaim, arm: Arm, condition: Condition, shelves: Iterable[_Shelf]) -> list[Result]:
    """Results of a baseline or rival on the claim's seeds, where these were picked from those of one source."""
    results = _fitting(claim, arm, condition, shelves)
    found = []
    for source in dict.fromkeys(one.source for one in results):
        own = [one for one in results if one.source == source and one.seed is not None]
        seeds = picked(claim.claim.rungs[-1].seeds, {one.seed for one in own if one.seed is not None})
        found += [one for one in own if one.seed in seeds]
    return found


def _note(
    claim: ResolvedClaim, arm: Arm, condition: Condition, known: Collection[Result], found: dict[Place, set[str]]
) -> bool:
    """Note where results are of trials that are alike; those of the very trial are counted by themselves."""
    noted = False
    seeds: set[int | None] = {None} if arm.deterministic else set(claim.claim.rungs[-1].seeds)
    own = [one for one in known if one.seed in seeds]
    exact = {one.seed for one in own if one.source and one.trial == _id(claim, arm, condition, one.seed)}
    for one in own:
        if one.seed not in exact:
            found.setdefault((arm.name, condition.name, one.seed), set()).add(one.source)
            noted = True
    return noted


def _id(claim: ResolvedClaim, arm: Arm, condition: Condition, seed: int | None) -> str:
    rung = claim.claim.rungs[-1]
    return claim.trial(arm, condition, rung, rung.seeds[0] if seed is None else seed).id


def known_seeds(claim: ResolvedClaim, results: Iterable[Result]) -> set[int | None]:
    """Seeds on which a variant of the claim, or its like, has a result."""
    shelves = _shelves(results)
    variants = _places(claim, "variant")
    return {one.seed for arm, condition in variants for one in _fitting(claim, arm, condition, shelves)}


def same_scores(
    claim: ResolvedClaim, outcomes: Outcomes, results: Iterable[Result], outcome_of: Callable[[Result], Outcome]
) -> int:
    """Trials of a claim's variants that came out, item by item, as results did that were known under other settings.

    A variant that came out as its own baseline says nothing of where its scores come from.

    Args:
        claim, outcomes: trial id to outcome.
        results: of its recipe before it was entered, null arms left out.
        outcome_of: what a result holds.
    """
    if claim.recipe == RUNS:
        return 0
    shelves, count = _shelves(results), 0
    for arm, condition in _places(claim, "variant"):
        seeds: list[int | None] = [None] if arm.deterministic else list(claim.claim.rungs[-1].seeds)
        both = (arm, claim.baseline)
        pairs = {seed: [outcomes.get(_id(claim, one, condition, seed)) for one in both] for seed in seeds}
        written, metrics = leaves(claim.settings[arm.name, condition.name]), [metric.name for metric in claim.primary]
        others = [shelf for shelf in shelves if not fits(arm.space, written, shelf.settings)]
        count += len(set[int | None]().union(*(_same_on(shelf, pairs, metrics, outcome_of) for shelf in others)))
    return count


def _same_on(
    shelf: _Shelf,
    pairs: Mapping[int | None, list[Outcome | None]],
    metrics: Sequence[str],
    outcome_of: Callable[[Result], Outcome],
) -> set[int | None]:
    """Seeds on which a variant came out as the trials of a shelf did: all that both have, and two at least."""
    found: set[int | None] = set()
    for one in shelf.results:
        own, base = pairs.get(one.seed, [None, None])
        if own is None or own.failure is not None or one.seed in found:
            continue
        if not scored_alike(own, outcome_of(one), metrics):
            return set()
        if base is None or base.failure is not None or not scored_alike(own, base, metrics):
            found.add(one.seed)
    return found if len(found) > 1 or None in found else set()


def picked(seeds: Iterable[int], known: Collection[int]) -> set[int]:
    """The known seeds of a claim, where they are a choice: neither all that are known nor the lowest of them."""
    own = set(seeds) & set(known)
    return own if own and own != set(sorted(known)[: len(own)]) else set()


def scored_alike(one: Outcome, other: Outcome, metrics: Sequence[str]) -> bool:
    """Whether two outcomes are the same on some metrics, and say something: on the items that both have, to the bit."""
    if one.failure is not None or other.failure is not None:
        return False
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
