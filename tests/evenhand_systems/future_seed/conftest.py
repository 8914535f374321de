"""A bench for trials of Future-Seed's recipes, run in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand.claims.nesting import expand, merge
from evenhand.execution.worker import Job, run
from evenhand.recipes import catalogue
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import ItemSet, Trial

RunTrial = Callable[..., Outcome]

TINY = {
    "model": {"layers": 2, "width": 16, "head_size": 8, "rank": 4},
    "batch": 4,
    "evaluation": {"pool": 32},
    "loop": {"log_every": 1, "checkpoint_every": 2},
}


@pytest.fixture
def run_trial(tmp_path: Path) -> RunTrial:
    """Run one trial of a recipe with a tiny model; a failure comes back as an outcome."""

    def go(
        settings: Mapping[str, Any],
        *,
        recipe: str = "evenhand_systems.future_seed.inplace.recipe:run",
        seed: int = 0,
        unit: str = "steps",
        amount: float = 3,
        items: int = 8,
        noise: str = "",
        workdir: str = "work",
        base: Mapping[str, Any] = TINY,
    ) -> Outcome:
        found = catalogue.find(recipe)
        full = found.settings.model_validate(merge(base, expand(settings))).model_dump(mode="json")
        trial = Trial(
            "claim", "arm", "condition", "rung", seed, recipe, found.fingerprint, full, unit, amount,
            ItemSet("rung", 0, items, 0), noise,
        )  # fmt: skip
        folder = tmp_path / workdir
        folder.mkdir(exist_ok=True)
        return run(Job(trial, str(tmp_path), str(folder), str(tmp_path / "assets")))

    return go
