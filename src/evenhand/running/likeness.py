"""What a ledger knows of a claim by trials that are alike: see :mod:`evenhand.decisions.likeness`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from evenhand.claims.nesting import leaves
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Condition
from evenhand.ledger import Ledger
from evenhand.ledger.segments import Entry
from evenhand.recipes.catalogue import RUNS
from evenhand.recipes.outcome import Outcome
from evenhand.running import searching

if TYPE_CHECKING:
    from evenhand.decisions.likeness import Alike
    from evenhand.decisions.pairs import Outcomes

TRY = "evenhand try"
Place = tuple[str, str, int | None]
"""Arm, condition and seed of a trial in the last rung of a claim."""


class _Known(NamedTuple):
    """A result: its seed, the claim for which it was made (none: a try), and its record."""

    seed: int | None
    source: str
    entry: Entry


@dataclass
class _Shelf:
    """The results of a recipe's trials with one complete set of settings."""

    settings: Mapping[str, Any]
    results: list[_Known] = field(default_factory=list)


def _shelves(claim: ResolvedClaim, ledger: Ledger, *, by_now: bool = False) -> list[_Shelf]:
    """Results of the claim's recipe before it was entered (by now, where it was not), null arms left out."""
    found: dict[str, _Shelf] = {}
    for entry in ledger.entries():
        if not by_now and entry.kind == "claim" and entry.body["hash"] == claim.hash:
            break
        if entry.kind != "outcome" or not entry.about.is_result:
            continue
        trial = entry.body["trial"]
        if trial["recipe"] != claim.recipe or trial.get("noise"):
            continue
        flat = leaves(trial["settings"])
        shelf = found.setdefault(json.dumps(flat, sort_keys=True), _Shelf(flat))
        shelf.results.append(_Known(trial["seed"], "" if entry.about.exploratory else entry.about.claim, entry))
    return list(found.values())


def known_alike(claim: ResolvedClaim, ledger: Ledger) -> Alike:
    """What is known of a claim before it is entered by trials that are alike, in the rung that it confirms at.

    A variant counts by itself; a baseline or rival where the claim's seeds are picked from those of one source.
    """
    from evenhand.decisions.likeness import Alike

    if claim.recipe == RUNS:
        return Alike()
    shelves, rung = _shelves(claim, ledger), claim.claim.rungs[-1]
    found: dict[Place, set[str]] = {}
    chosen: dict[str, None] = {}
    for arm, condition in _places(claim, "variant"):
        seeds = {None} if arm.deterministic else set(rung.seeds)
        _note(
            claim, arm, condition, [one for one in _fitting(claim, arm, condition, shelves) if one.seed in seeds], found
        )
    for arm, condition in _places(claim, "baseline", "rival") if not rung.drawn else ():
        if not arm.deterministic and _note(claim, arm, condition, _picked(claim, arm, condition, shelves), found):
            chosen[arm.name] = None
    sources = dict.fromkeys(source for own in found.values() for source in sorted(own))
    return Alike(len(found), _names(sources, ledger), tuple(chosen))


def _places(claim: ResolvedClaim, *roles: str) -> Iterator[tuple[Arm, Condition]]:
    return ((arm, condition) for arm in claim.arms(*roles) for condition in claim.claim.conditions)


def _fitting(claim: ResolvedClaim, arm: Arm, condition: Condition, shelves: Iterable[_Shelf]) -> list[_Known]:
    """Results of trials with the settings of an arm, but for what the claim searches itself."""
    written = leaves(claim.settings[arm.name, condition.name])
    fits = [shelf for shelf in shelves if searching.fits(arm, written, shelf.settings)]
    return [one for shelf in fits for one in shelf.results]


def _picked(claim: ResolvedClaim, arm: Arm, condition: Condition, shelves: Iterable[_Shelf]) -> list[_Known]:
    """Results of a baseline or rival on the claim's seeds, where these were picked from those of one source."""
    from evenhand.decisions.likeness import picked

    results = _fitting(claim, arm, condition, shelves)
    found = []
    for source in dict.fromkeys(one.source for one in results):
        own = [one for one in results if one.source == source and one.seed is not None]
        seeds = picked(claim.claim.rungs[-1].seeds, {one.seed for one in own if one.seed is not None})
        found += [one for one in own if one.seed in seeds]
    return found


def _note(
    claim: ResolvedClaim, arm: Arm, condition: Condition, known: Collection[_Known], found: dict[Place, set[str]]
) -> bool:
    """Note where results are of trials that are alike; those of the very trial are counted by themselves."""
    noted = False
    rung = claim.claim.rungs[-1]
    exact = {one.seed for one in known if one.source and one.entry.about.trial == _id(claim, arm, condition, one.seed)}
    for one in known:
        if one.seed not in exact and (one.seed is None or one.seed in rung.seeds):
            found.setdefault((arm.name, condition.name, one.seed), set()).add(one.source)
            noted = True
    return noted


def _id(claim: ResolvedClaim, arm: Arm, condition: Condition, seed: int | None) -> str:
    rung = claim.claim.rungs[-1]
    return claim.trial(arm, condition, rung, rung.seeds[0] if seed is None else seed).id


def _names(sources: Iterable[str], ledger: Ledger) -> tuple[str, ...]:
    from evenhand.running.standing import names_of  # here: it asks what is known

    found = list(sources)
    return (*names_of([source for source in found if source], ledger), *([TRY] if "" in found else []))


def known_seeds(claim: ResolvedClaim, ledger: Ledger) -> set[int | None]:
    """Seeds on which a variant of the claim, or its like, has a result in the ledger by now, tries included."""
    shelves = _shelves(claim, ledger, by_now=True)
    variants = _places(claim, "variant")
    return {one.seed for arm, condition in variants for one in _fitting(claim, arm, condition, shelves)}


def same_scores(claim: ResolvedClaim, outcomes: Outcomes, ledger: Ledger) -> int:
    """Trials of a claim's variants that came out, item by item, as results did that were known under other settings.

    A variant that came out as its own baseline says nothing of where its scores come from.
    """
    if claim.recipe == RUNS:
        return 0
    rung, shelves, count = claim.claim.rungs[-1], _shelves(claim, ledger), 0
    for arm, condition in _places(claim, "variant"):
        seeds: list[int | None] = [None] if arm.deterministic else list(rung.seeds)
        pairs = {
            seed: [outcomes.get(_id(claim, one, condition, seed)) for one in (arm, claim.baseline)] for seed in seeds
        }
        written, metrics = leaves(claim.settings[arm.name, condition.name]), [metric.name for metric in claim.primary]
        others = [shelf for shelf in shelves if not searching.fits(arm, written, shelf.settings)]
        count += len(set().union(*(_same_on(shelf, pairs, metrics, ledger) for shelf in others)))
    return count


def _same_on(
    shelf: _Shelf, pairs: Mapping[int | None, list[Outcome | None]], metrics: list[str], ledger: Ledger
) -> set[int | None]:
    """Seeds on which a variant came out as the trials of a shelf did: all that both have, and two at least."""
    from evenhand.decisions.likeness import scored_alike

    found: set[int | None] = set()
    for one in shelf.results:
        own, base = pairs.get(one.seed, [None, None])
        if own is None or own.failure is not None or one.entry.about.failure or one.seed in found:
            continue
        if not scored_alike(own, ledger.outcome_of(one.entry), metrics):
            return set()
        if base is None or base.failure is not None or not scored_alike(own, base, metrics):
            found.add(one.seed)
    return found if len(found) > 1 or None in found else set()
