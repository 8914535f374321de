"""A bench for trials of the Lyapunov recipes, run in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand.execution.worker import Job, run
from evenhand.recipes import catalogue
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import ItemSet, Trial

RunTrial = Callable[..., Outcome]


@pytest.fixture
def run_trial(tmp_path: Path) -> RunTrial:
    """Run one trial of a recipe; a failure comes back as an outcome. The same ``workdir`` goes on from a checkpoint."""

    def go(
        settings: Mapping[str, Any],
        *,
        recipe: str = "lyapunov.network",
        amount: float = 3,
        items: int = 60,
        workdir: str = "work",
    ) -> Outcome:
        found = catalogue.find(recipe)
        full = found.settings.model_validate(settings).model_dump(mode="json")
        trial = Trial(
            "claim", "arm", "condition", "rung", 0, recipe, found.fingerprint, full, "steps", amount,
            ItemSet("rung", 0, items, 0), "",
        )  # fmt: skip
        folder = tmp_path / workdir
        folder.mkdir(exist_ok=True)
        return run(Job(trial, str(tmp_path), str(folder), str(tmp_path / "assets")))

    return go
