"""Simulated claims that search settings, through search, screen, confirm and verdict: how often they are wrong.

The mechanism does nothing in any of them. Settings do nothing either (``quality_sd`` 0), or they matter as much for one
arm as for the other: then what a search chose by luck may differ, and differ for good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import verdicts_alone
from evenhand.decisions.search import Wanted
from evenhand.decisions.verdict import VerdictKind
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.recipes.trial import ItemSet, Trial, canonical_hash
from evenhand.testing.worlds import Propose, claim_of, searched

POOL = 400
TUNING = """
[[rung]]
name = "search"
kind = "search"
tries = {tries}
sampler = "{sampler}"
budget = 5
seeds = {seeds}
items = 40
"""
HALVING = """
[[rung]]
name = "narrow"
kind = "search"
tries = {kept}
budget = 10
seeds = [110, 111]
items = 40
"""
ARM = '[[arm]]\nname = "{name}"\nrole = "{role}"\nsettings.effect = {mark}\n'
TEXT = """
recipe = "world"
[space]
condition_effect = {{ uniform = [0.5, 1.5] }}
[metric]
name = "score"
margin = 0.05
{arms}
{rungs}
[[rung]]
name = "confirm"
budget = 10
seeds = [0, 1, 2, 3, 4]
items = 60
"""


def searching_claim(
    tries: int = 50, *, sampler: str = "random", seeds: int = 1, kept: int | None = None, variants: int = 1,
    rivals: int = 0,
) -> ResolvedClaim:  # fmt: skip
    """A claim that searches ``tries`` configurations of every arm; with ``kept``, the best of them once more."""
    names = ["off", *(f"on{i}" for i in range(variants)), *(f"rival{i}" for i in range(rivals))]
    roles = ["baseline", *["variant"] * variants, *["rival"] * rivals]
    arms = "".join(
        ARM.format(name=name, role=role, mark=0.01 * i) for i, (name, role) in enumerate(zip(names, roles, strict=True))
    )
    rungs = TUNING.format(tries=tries, sampler=sampler, seeds=list(range(100, 100 + seeds)))
    rungs += "" if kept is None else HALVING.format(kept=kept)
    return claim_of(TEXT.format(arms=arms, rungs=rungs))


@dataclass(frozen=True)
class Nothing:
    """A world in which no mechanism does anything: score = 1/2 + quality of the settings + seed + item + noise.

    Attributes:
        salt: draws another world.
        quality_sd: of what settings are worth, the same for all arms; 0 where they do nothing.
        seed_sd, item_sd, personal_sd, noise_sd: of a trial's seed, of an item, of a configuration's response to an
            item, and of a score.
    """

    salt: int
    quality_sd: float = 0.0
    seed_sd: float = 0.03
    item_sd: float = 0.1
    personal_sd: float = 0.03
    noise_sd: float = 0.1

    def quality(self, settings: Mapping[str, Any]) -> float:
        """What the searched setting is worth: a smooth curve of a random phase, the same for all arms."""
        if self.quality_sd == 0:
            return 0.0
        return float(self.quality_sd * np.sqrt(2) * np.sin(2 * np.pi * settings["condition_effect"] + self._phase))

    @cached_property
    def _phase(self) -> float:
        return float(np.random.default_rng([7, self.salt]).uniform(0, 2 * np.pi))

    @cached_property
    def _items(self) -> NDArray[np.float64]:
        return np.random.default_rng([8, self.salt]).normal(0, self.item_sd, POOL)

    @cached_property
    def _chosen(self) -> dict[ItemSet, NDArray[np.int64]]:
        return {}

    def outcome(self, trial: Trial) -> Outcome:
        """What a trial returns."""
        own = np.random.default_rng([9, self.salt, int(trial.id, 16)])
        setting = np.random.default_rng([10, self.salt, int(canonical_hash(dict(trial.settings))[:12], 16)])
        if trial.items not in self._chosen:
            self._chosen[trial.items] = trial.items.choose(POOL)
        items = self._chosen[trial.items]
        level = 0.5 + self.quality(trial.settings) + own.normal(0, self.seed_sd) + self._items[items]
        personal = setting.normal(0, self.personal_sd, POOL)[items]
        scores = np.clip(level + personal + own.normal(0, self.noise_sd, len(items)), 0, 1)
        return Outcome(items={"score": ItemScores(tuple(map(str, items)), scores)}, spent={"steps": trial.amount})


def at_random(claim: ResolvedClaim, wanted: Wanted) -> dict[str, list[dict[str, Any]]]:
    """What a random sampler proposes, without Optuna: a hundred times as fast, for many claims."""
    generator = np.random.default_rng([int(claim.hash, 16) % 2**32, wanted.first])
    values = [{"condition_effect": float(value)} for value in generator.uniform(0.5, 1.5, wanted.count)]
    return dict.fromkeys(wanted.past, values)


@dataclass(frozen=True)
class Errors:
    """Shares of claims: with a gain of any variant, with any gain or regression, with every variant pruned."""

    claims: int
    gain: float
    effect: float
    pruned: float


def errors(
    claim: ResolvedClaim, count: int, seed: int, *, quality_sd: float = 0.0, propose: Propose = at_random
) -> Errors:
    """How often a claim on nothing is wrong, over ``count`` worlds."""
    found = np.zeros(3)
    for i in range(count):
        kinds = _kinds(claim, Nothing(seed * 1_000_003 + i, quality_sd).outcome, propose)
        found += [
            VerdictKind.GAIN in kinds,
            any(kind.is_effect for kind in kinds),
            all(kind is VerdictKind.PRUNED for kind in kinds),
        ]
    return Errors(count, *(float(share) for share in found / count))


def _kinds(claim: ResolvedClaim, outcome: Callable[[Trial], Outcome], propose: Propose) -> Sequence[VerdictKind]:
    whole, outcomes = searched(claim, outcome, propose)
    return [verdict.kind for verdict in verdicts_alone(whole, outcomes).verdicts]  # none of those that are pruned
