"""A claim with a control set, from its file to its plan, its trials and its report."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from evenhand.claims.load import LoadedClaim, load_claim
from evenhand.cli.output import plan_document, print_plan, recipe_document
from evenhand.ledger import Ledger
from evenhand.report.save import save_report
from evenhand.running.run import run_claim

RECIPE = """
from evenhand.recipes.contract import RecipeSettings, recipe
from evenhand.recipes.control_sets import Control

class Settings(RecipeSettings):
    level: float = 0.3

def standard(settings):
    return (Control("zeros", {"level": 0.1}), Control("noise", {"level": 0.2}),
            Control("text", {"level": 0.9}, "reference", deterministic=True, untrained=True))

@recipe(control_sets={"standard": standard}, version=1)
def run(settings: Settings, bench):
    if settings.level != 0.9:
        bench.budget.spend(steps=bench.budget.amount)
        noise = bench.rng("sampling").normal(size=8) / 100
    else:
        noise = [0.0] * 8
    bench.items("accuracy", [f"item {i}" for i in range(8)], [settings.level + n for n in noise])
    return {}
"""

CLAIM = """
recipe = "leveller:run"
controls = %s
[metric]
name = "accuracy"
margin = 0.02
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.level = 0.6
[[rung]]
name = "confirm"
budget = 20
seeds = 4
items = 8
"""
WITHOUT = '{ set = "leveller:run.standard", without = ["noise"] }'


def claim(folder: Path, controls: str) -> LoadedClaim:
    (folder / "leveller.py").write_text(RECIPE)
    (folder / "c.toml").write_text(CLAIM % controls)
    return load_claim(folder / "c.toml")


def printed(loaded: LoadedClaim) -> list[str]:
    text = io.StringIO()
    print_plan(loaded, Ledger(loaded.folder / "ledger"), Console(file=text, width=200))
    return text.getvalue().splitlines()


def test_the_plan_names_the_set_of_its_arms(tmp_path: Path) -> None:
    loaded = claim(tmp_path, '"leveller:run.standard"')
    lines = printed(loaded)
    assert "arms: off (baseline), on (variant)" in lines
    assert "controls of leveller:run.standard: zeros (rival), noise (rival), text (reference)" in lines
    document = plan_document(loaded, Ledger(tmp_path / "ledger"))
    assert [arm["control_set"] for arm in document["arms"]] == ["", "", *["leveller:run.standard"] * 3]
    assert document["rungs"][0]["trials"] == 4 * 4 + 1
    assert recipe_document(loaded.recipe)["control_sets"] == ["leveller:run.standard"]


@pytest.mark.slow
def test_plan_and_report_say_which_control_is_missing(tmp_path: Path) -> None:
    loaded = claim(tmp_path, WITHOUT)
    assert "controls of leveller:run.standard: zeros (rival), text (reference); left out: noise" in printed(loaded)
    ledger = Ledger(tmp_path / "ledger")
    decision = run_claim(loaded, ledger, jobs=2)
    (verdict,) = [v for v in decision.verdicts if v.role == "variant"]
    assert {contrast.against for contrast in verdict.contrasts} == {"off", "zeros"}
    page, _ = save_report(loaded, ledger, tmp_path / "c.html")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text()))
    assert "Left out of the control set leveller:run.standard : noise." in text
    assert re.search(r"zeros rival,? [^→]*of leveller:run.standard", text)
    assert re.search(r"text reference[^→]*deterministic, untrained, of leveller:run.standard", text)


@pytest.mark.parametrize("controls", ["3", "[]", "{ without = [] }", '{ set = "leveller:run.standard", with = 1 }'])
def test_a_key_that_is_no_control_set_is_a_sentence_with_its_line(tmp_path: Path, controls: str) -> None:
    with pytest.raises(Exception, match=r"c\.toml:3 \(controls") as caught:
        claim(tmp_path, controls)
    assert type(caught.value).__name__ == "ClaimError"
