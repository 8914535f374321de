"""Recipes and claims that were written with the module names of before go on working."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import evenhand as eh
from evenhand.old_names import PLACES, place_of

OLD_RECIPE = """
from evenhand.outcome import Outcome
from evenhand.recipe import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    step: float = 1.0


@recipe(metrics={"closeness": Metric(floor=0.0, ceiling=1.0)}, units=("steps",))
def run(settings: Settings, bench: Bench) -> Outcome:
    bench.budget.spend(steps=bench.budget.amount)
    return Outcome(metrics={"closeness": min(1.0, settings.step * (0.4 + 0.01 * bench.rng("order").random()))})
"""

OLD_CLAIM = """
recipe = "old_recipe:run"
[metric]
name = "closeness"
margin = 0.1
[[arm]]
name = "baseline"
role = "baseline"
[[arm]]
name = "longer"
role = "variant"
settings.step = 2.0
[[rung]]
name = "confirm"
budget = 2
seeds = [0, 1, 2]
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.slow  # it runs trials in processes of their own, which must know the old names too
def test_a_claim_and_its_recipe_with_old_names_run_to_a_verdict(tmp_path: Path) -> None:
    (tmp_path / "old_recipe.py").write_text(OLD_RECIPE)
    claim = tmp_path / "old.toml"
    claim.write_text(OLD_CLAIM)
    result = eh.run(claim, tmp_path / "ledger", progress=False)
    assert [verdict.kind for verdict in result.verdicts] == ["gain"]


@pytest.mark.parametrize("name", sorted(PLACES))
def test_an_old_name_leads_to_what_took_its_place_and_says_so(name: str) -> None:
    sys.modules.pop(name, None)
    with pytest.warns(DeprecationWarning, match=f"{name} is now"):
        module = importlib.import_module(name)
    there = importlib.import_module(PLACES[name])
    shared = [word for word in vars(there) if not word.startswith("__")]
    assert all(getattr(module, word) is getattr(there, word) for word in shared)


@pytest.mark.slow
def test_what_stands_below_an_old_name_is_not_run_a_second_time() -> None:
    code = (
        "import evenhand.systems.lyapunov.recipes as old, evenhand_systems.lyapunov.recipes as new\n"
        "assert old.potential is new.potential\n"
        "from evenhand import recipe; import evenhand.recipe; from evenhand import recipe as again\n"
        "assert again()(lambda settings, bench: None).__evenhand_recipe__\n"  # the front door's, though a module came
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


@pytest.mark.parametrize(
    "name", ["evenhand", "evenhand.recipes", "evenhand.recipes.outcome", "evenhand_systems.bridge"]
)
def test_a_name_of_today_is_no_old_one(name: str) -> None:
    assert place_of(name) is None
