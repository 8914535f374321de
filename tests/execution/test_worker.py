"""What a recipe hands over is taken for what it is: metrics are numbers, and nothing that only looks like one."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer
from evenhand.running.run import run_claim

RECIPE = """
from evenhand import Bench, Outcome, RecipeSettings, recipe
class Settings(RecipeSettings):
    lr: float = 0.5
@recipe(units=("steps",))
def run(settings: Settings, bench: Bench):
    bench.budget.spend(steps=bench.budget.left)
    return {returned}
"""
CLAIM = """
recipe = "own_recipe:run"
metric = { name = "accuracy", margin = 0.01, floor = 0.0, ceiling = 1.0 }
[[arm]]
name = "plain"
role = "baseline"
[[arm]]
name = "idea"
role = "variant"
settings.lr = 0.8
[[rung]]
name = "confirm"
budget = 2
seeds = 2
"""


class First(Observer):
    """Keeps the first trial's outcome and ends the run."""

    outcome: Outcome

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        self.outcome = outcome
        raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize(
    "returned", ['{"accuracy": "0.9"}', '{"accuracy": True}', 'Outcome(metrics={"accuracy": "0.9"})']
)
def test_a_metric_that_is_no_number_is_a_fault_of_the_code_with_one_sentence(tmp_path: Path, returned: str) -> None:
    (tmp_path / "own_recipe.py").write_text(RECIPE.replace("{returned}", returned))
    (tmp_path / "c.toml").write_text(CLAIM)
    watch = First()
    with contextlib.suppress(KeyboardInterrupt):
        run_claim(load_claim(tmp_path / "c.toml"), Ledger(tmp_path / "ledger"), jobs=1, observer=watch)
    assert watch.outcome.failure is not None
    assert watch.outcome.failure.kind == "code"
    assert "The metric 'accuracy' must be a number; the recipe gave" in watch.outcome.failure.message
    assert watch.outcome.metrics == {}
