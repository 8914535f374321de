"""The lab's own exhibits of a small claim whose trials are really run, in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.claims.resolve import resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.decide import decide
from evenhand.execution.worker import Job, run
from evenhand.recipes import catalogue
from evenhand.recipes.exhibit import Exhibit, ScoredTrial
from evenhand.report.exhibits.items import item_exhibits
from evenhand.report.exhibits.views import ExhibitView, exhibit_views


@dataclass(frozen=True)
class Exhibited:
    """What was made of the items, and how the page shows it."""

    exhibits: tuple[Exhibit, ...]
    views: tuple[ExhibitView, ...]

    def of(self, kind: type) -> list[Any]:
        return [one for one in self.exhibits if isinstance(one, kind)]


def exhibited(folder: Path, recipe: str, text: str) -> Exhibited:
    """Run every trial of a claim file with one rung, decide, and make the exhibits of its items."""
    claim = resolve(parse_claim(f'recipe = "{recipe}"\n{text}', "small.toml", "small"), catalogue.find(recipe))
    (rung,) = claim.claim.rungs
    outcomes, trials = {}, []
    for number, trial in enumerate(claim.trials(rung)):
        place = folder / str(number)
        place.mkdir()
        outcome = run(Job(trial, str(folder), str(place), str(folder / "assets")))
        assert outcome.failure is None, outcome.failure
        outcomes[trial.id] = outcome
        role = next(arm.role for arm in claim.claim.arms if arm.name == trial.arm)
        trials.append(
            ScoredTrial(trial.id, trial.arm, role, trial.condition, rung.name, trial.seed, trial.settings, outcome)
        )
    found = item_exhibits(claim, decide(claim, outcomes), trials, outcomes)
    return Exhibited(found, exhibit_views(claim, found))
