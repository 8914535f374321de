"""A ledger that fills up without running anything: claims on the simulated recipe, their outcomes drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.resolve import resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.verdict import Decision
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution
from evenhand.recipes.trial import ItemSet, Trial
from evenhand.running import families
from evenhand.running.enter import decided, fix_claim
from evenhand.testing.worlds import RECIPE, World, two_arms

TEXT = two_arms(
    head="{head}",
    margin="{margin}",
    variant="settings.effect = {effect}",
    budget="{budget}",
    seeds="{seeds}",
    items="{items}",
)


@dataclass
class Book:
    """A ledger in a folder, and the world in which its claims are made."""

    folder: Path
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.folder / "ledger")

    def claim(
        self,
        name: str,
        seeds: str = "[0, 1, 2]",
        *,
        effect: float = 0.3,
        margin: float = 0.05,
        head: str = "",
        items: int = 20,
        budget: int = 10,
        code: str = RECIPE.fingerprint,
    ) -> LoadedClaim:
        """A claim on the simulated recipe."""
        text = TEXT.format(head=head, margin=margin, effect=effect, seeds=seeds, items=items, budget=budget)
        file, recipe = parse_claim(text, f"{name}.toml", name), replace(RECIPE, fingerprint=code)
        return LoadedClaim(self.folder / f"{name}.toml", file, recipe, resolve(file, recipe))

    def enter(self, loaded: LoadedClaim, *, amend: bool = False) -> LoadedClaim:
        """Enter it."""
        fix_claim(loaded, self.ledger, amend=amend)
        return loaded

    def run(self, loaded: LoadedClaim, trials: int | None = None) -> None:
        """Record outcomes of the first so many trials that have none."""
        known = self.ledger.results([trial.id for trial in all_trials(loaded.resolved)])
        for trial in [t for t in all_trials(loaded.resolved) if t.id not in known][:trials]:
            outcome = self.world.outcome(trial)
            self.ledger.record_outcome(trial, outcome, Execution(), loaded.resolved.hash, {})

    def decide(self, loaded: LoadedClaim) -> Decision:
        """Decide it, and write the decision down as a run does."""
        decision = decided(loaded, self.ledger)
        claim = loaded.resolved
        ids = [trial.id for trial in all_trials(claim)]
        self.ledger.record_decision(claim.name, claim.hash, decision.titles, ids, families.to_record(decision))
        return decision

    def whole(self, name: str, seeds: str = "[0, 1, 2]", *, amend: bool = False, **about: object) -> Decision:
        """Enter, run and decide a claim."""
        loaded = self.enter(self.claim(name, seeds, **about), amend=amend)  # type: ignore[arg-type]
        self.run(loaded)
        return self.decide(loaded)

    def attempt(self, effect: float, seed: int = 99) -> None:
        """An exploratory trial."""
        settings = {"effect": effect, "condition_effect": 1.0}
        trial = Trial("", "try", "", "", seed, "world", "version 1", settings, "steps", 10, ItemSet("try", 0, 20))
        self.ledger.record_outcome(trial, self.world.outcome(trial), Execution(), "", {}, exploratory=True)
