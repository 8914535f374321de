"""Simulated claims: outcomes drawn from known effects, so that verdicts can be checked against the truth.

>>> claim = claim_of()  # the variant "on" is better by .2
>>> decide(claim, outcomes_of(claim)).verdicts[0].title
'gain (>= margin)'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.progress import progress
from evenhand.decisions.samplers import propose
from evenhand.decisions.search import SearchLog, Wanted, unfold
from evenhand.recipes.contract import Bench, Metric, Recipe, RecipeInfo, RecipeSettings
from evenhand.recipes.outcome import Failure, ItemScores, Outcome
from evenhand.recipes.trial import Trial, stream

Propose = Callable[[ResolvedClaim, Wanted], Mapping[str, Sequence[Mapping[str, Any]]]]
"""Arm to the values of its next candidates."""


class Settings(RecipeSettings):
    """How much better an arm is, and by what a condition multiplies that."""

    effect: float = 0.0
    condition_effect: float = 1.0


def run(settings: Settings, bench: Bench) -> dict[str, float]:
    """Never run: the outcomes of its trials are drawn, see :class:`World`."""
    return {}


INFO = RecipeInfo(
    {"score": Metric(floor=0.0, ceiling=1.0), "loss": Metric("minimise"), "reward": Metric()}, ("steps",), 1
)
RECIPE = Recipe("world", run, Settings, INFO, "version 1")


def two_arms(
    recipe: str = "world",
    *,
    head: str = "",
    metric: str = "score",
    margin: object = 0.05,
    variant: str = "settings.effect = 0.2",
    more: str = "",
    budget: object = 10,
    seeds: object = (0, 1, 2, 3, 4, 5),
    items: object = 100,
) -> str:
    """The text of a claim file: a variant ``on`` against the baseline ``off`` at one rung.

    Args:
        recipe, metric, margin, budget: of the claim. A figure may be a text to be filled in later: ``"{margin}"``.
        head: further keys at the top of the file.
        variant: keys of the variant.
        more: further tables, before the rung.
        seeds: a list of seeds, or their number.
        items: their number; None for a metric without items.
    """
    lines = [f'recipe = "{recipe}"', head, "[metric]", f'name = "{metric}"', f"margin = {margin}"]
    lines += ["[[arm]]", 'name = "off"', 'role = "baseline"', "[[arm]]", 'name = "on"', 'role = "variant"', variant]
    seeds = list(seeds) if isinstance(seeds, tuple) else seeds
    lines += [more, "[[rung]]", 'name = "confirm"', f"budget = {budget}", f"seeds = {seeds}"]
    lines += [] if items is None else [f"items = {items}"]
    return "\n" + "\n".join(line for line in lines if line) + "\n"


TEXT = two_arms()


def claim_of(text: str = TEXT) -> ResolvedClaim:
    """A claim on the simulated recipe ``world``, from the text of a claim file."""
    return resolve(parse_claim(text, "world.toml", "world"), RECIPE)


@dataclass(frozen=True)
class World:
    """How outcomes come about: score of a binary item = level + effect x condition + seed + item + noise.

    Attributes:
        level: of the baseline, as a probability.
        seed_sd: seed effect on each arm, of its own.
        shared_sd: seed effect shared by the arms of a pair.
        item_sd: item difficulty.
        item_effect_sd: item-by-arm effect.
        binary: right-or-wrong items; else the level itself with noise .1.
    """

    level: float = 0.5
    seed_sd: float = 0.02
    shared_sd: float = 0.05
    item_sd: float = 0.15
    item_effect_sd: float = 0.05
    binary: bool = True

    def outcome(self, trial: Trial, salt: int = 0) -> Outcome:
        """What a trial returns in this world; another ``salt`` draws all trials anew."""
        effect = trial.settings["effect"] * trial.settings["condition_effect"]
        own = stream(salt, trial.arm, trial.condition, trial.seed, trial.rung)
        shared = stream(salt, "shared", trial.condition, trial.seed, trial.rung).normal(0, self.shared_sd)
        items = trial.items.choose(10_000)
        difficulty = stream(salt, "items", trial.condition).normal(0, self.item_sd, 10_000)[items]
        personal = stream(salt, "personal", trial.arm, trial.condition).normal(0, self.item_effect_sd, 10_000)[items]
        level = self.level + effect + shared + own.normal(0, self.seed_sd) + difficulty + personal
        if self.binary:
            scores = (own.random(len(items)) < level).astype(np.float64)
        else:
            scores = np.clip(level + own.normal(0, 0.1, len(items)), 0, 1)
        return Outcome(
            metrics={"loss": float(1 - scores.mean())},
            items={"score": ItemScores(tuple(map(str, items)), scores)},
            spent={"steps": trial.amount},
            grain={"steps": 1.0},
        )


def outcomes_of(
    claim: ResolvedClaim,
    world: World | None = None,
    salt: int = 0,
    change: Callable[[Trial, Outcome], Any] | None = None,
) -> dict[str, Outcome]:
    """Outcomes of every trial of a claim; ``change`` may replace one, or drop it by returning None."""
    found = {}
    for rung in claim.claim.rungs:
        for trial in claim.trials(rung):
            outcome = (world or World()).outcome(trial, salt)
            outcome = change(trial, outcome) if change else outcome
            if outcome is not None:
                found[trial.id] = outcome
    return found


def searched(
    claim: ResolvedClaim, outcome: Callable[[Trial], Outcome], propose: Propose = propose
) -> tuple[ResolvedClaim, dict[str, Outcome]]:
    """A claim that searches, run to its end in memory: its search unfolded, and the outcomes of all that ran.

    Args:
        claim: any claim; one without a search just runs.
        outcome: what a trial returns.
        propose: gives the values of candidates; Optuna's samplers unless another is given.
    """
    log, found = SearchLog(), dict[str, Outcome]()
    while True:
        now = unfold(claim, found, log)
        if now.wanted is not None:
            rung = now.wanted.rung.name
            new = {(rung, arm): tuple(values) for arm, values in propose(claim, now.wanted).items()}
            log = SearchLog({**log.proposed, **{key: (*log.proposed.get(key, ()), *new[key]) for key in new}}, log.kept)
        elif now.closed is not None:
            kept = {
                (now.closed.rung, arm): tuple(one.candidate.number for one in own)
                for arm, own in now.closed.kept.items()
            }
            log = SearchLog(log.proposed, {**log.kept, **kept})
        else:
            pending = progress(now.claim, found).pending
            if not pending:
                return now.claim, found
            found |= {trial.id: outcome(trial) for trial in pending}


def failed(kind: Any, message: str = "it broke") -> Outcome:
    """An outcome that is a failure of a class."""
    return Outcome(failure=Failure(kind, message))


def with_scores(outcome: Outcome, scores: Any, outputs: tuple[str, ...] | None = None) -> Outcome:
    """The outcome with other scores for the same items, and what was answered."""
    table = outcome.items["score"]
    return replace(outcome, items={"score": ItemScores(table.ids, np.asarray(scores, dtype=float), outputs)})


def scalar(trial: Trial, values: Mapping[tuple[str, int | None], float]) -> Outcome:
    """An outcome with one scalar metric and no items."""
    return Outcome(metrics={"score": values[trial.arm, trial.seed]}, spent={"steps": trial.amount})
