"""Claims over runs that exist: the same claim as ever, and a verdict that says when it was fixed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.claims.load import all_trials, load_claim
from evenhand.decisions.verdict import Decision
from evenhand.decisions.wording import family_words
from evenhand.errors import DataError
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Failure, Outcome
from evenhand.report.save import save_report
from evenhand.running.enter import decided, fix_claim
from evenhand.running.families import families
from evenhand.running.run import run_claim
from evenhand.runs.recipe import arm_outcome, dumped, read_arm, seed_for
from evenhand.statistics.online import online_levels
from tests.runs.logs import lm_eval

SEEDS = range(4)


def write_runs(
    folder: Path, arm: str, share: float, seeds: Any = SEEDS, steps: int | None = None, items: int = 120
) -> None:
    for seed in seeds:
        scores = np.random.default_rng([ord(arm[0]), seed]).random(items) < share
        place = folder / "runs" / arm / f"seed{seed}"
        lm_eval(place, scores.astype(float).tolist(), model=arm)
        if steps is not None:
            (place / "trainer_state.json").write_text(json.dumps({"global_step": steps, "log_history": []}))


def claim_file(folder: Path, extra: str = "", variant: str = "", budget: int = 100, seeds: str = "4") -> Path:
    path = folder / "better.toml"
    path.write_text(f"""
recipe = "runs"
{extra}
[budget]
unit = "steps"
[metric]
name = "acc"
margin = 0.02
[[arm]]
name = "base"
role = "baseline"
settings.runs = "runs/base/seed{{seed}}"
[[arm]]
name = "new"
role = "variant"
settings.runs = "runs/new/seed{{seed}}"
{variant}
[[rung]]
name = "all"
budget = {budget}
seeds = {seeds}
""")
    return path


def decide(folder: Path, path: Path, seeds: Any = None) -> Decision:
    """As a run of the claim does, without a process for every trial; of some seeds only."""
    loaded, ledger = load_claim(path), Ledger(folder / "ledger")
    fix_claim(loaded, ledger, amend=False)
    for trial in (one for one in all_trials(loaded.resolved) if seeds is None or one.seed in seeds):
        settings = dumped(trial.settings)
        try:
            arm = read_arm(settings, folder)
            outcome = arm_outcome(settings, arm, seed_for(arm, trial.seed or 0), folder)
        except DataError as error:
            outcome = Outcome(failure=Failure("data", str(error)))
        ledger.record_outcome(trial, outcome, Execution(), loaded.resolved.hash, {"data": dict(outcome.data)})
    return decided(loaded, ledger)


@pytest.mark.slow  # a process for every trial
def test_a_claim_put_to_runs_that_exist_is_retrospective_and_says_that_no_budget_is_shown(tmp_path: Path) -> None:
    write_runs(tmp_path, "base", 0.5)
    write_runs(tmp_path, "new", 0.8)
    decision = run_claim(load_claim(claim_file(tmp_path)), Ledger(tmp_path / "ledger"), jobs=1)
    assert decision.verdicts[0].title == "gain (retrospective, >= margin, budget not shown)"
    assert decision.standing.fixed == "retrospective"
    page, missing = save_report(
        load_claim(tmp_path / "better.toml"), Ledger(tmp_path / "ledger"), tmp_path / "page.html"
    )
    assert missing == ()
    assert "What could have been chosen after the fact" in page.read_text()
    assert "Retrospective: the runs existed" in page.read_text()


@pytest.mark.parametrize("amend", [False, True])
def test_a_gain_over_runs_that_existed_spends_nothing_and_does_not_hold_in_the_ledger(
    tmp_path: Path, *, amend: bool
) -> None:
    write_runs(tmp_path, "base", 0.5, steps=100)
    write_runs(tmp_path, "new", 0.8, steps=100)
    path, ledger = claim_file(tmp_path), Ledger(tmp_path / "ledger")
    if amend:
        decide(tmp_path, path)
        path.write_text(path.read_text().replace("margin = 0.02", "margin = 0.03"))
        fix_claim(load_claim(path), ledger, amend=True)
    decision = decide(tmp_path, path)
    assert decision.verdicts[0].title.startswith("gain (amended" if amend else "gain (retrospective")
    (place,) = decision.families
    assert (place.holds, place.level) == (False, None)
    (family,) = families(ledger)
    assert {row.test for row in family.rows} == {None}
    assert family.next_level == online_levels([]).next_level * 2
    assert ("its outcomes were known" if amend else "the runs existed") in family_words(place)


@pytest.mark.slow
def test_a_claim_that_stood_in_the_ledger_before_the_first_result_file_is_sealed(tmp_path: Path) -> None:
    path = claim_file(tmp_path)
    waiting = decide(tmp_path, path)
    assert waiting.verdicts[0].title == "not-run (data)"
    write_runs(tmp_path, "base", 0.5, steps=100)
    write_runs(tmp_path, "new", 0.8, steps=100)
    for one in (tmp_path / "runs").rglob("results_*.json"):  # the time inside is the earlier one
        one.write_text(one.read_text().replace("1768964383.8", "4102444800"))
    decision = decide(tmp_path, path)
    assert decision.verdicts[0].title == "gain (sealed, >= margin)"


def test_runs_that_cost_more_are_no_fair_comparison(tmp_path: Path) -> None:
    write_runs(tmp_path, "base", 0.5, steps=100)
    write_runs(tmp_path, "new", 0.8, steps=300)
    verdict = decide(tmp_path, claim_file(tmp_path)).verdicts[0]
    assert verdict.title == "invalid (budget)"
    assert "300 against 100 steps" in verdict.reasons[0]


@pytest.mark.slow
def test_a_declared_budget_is_held_against_one_that_files_show(tmp_path: Path) -> None:
    write_runs(tmp_path, "base", 0.5, steps=100)
    write_runs(tmp_path, "new", 0.8)
    declared = decide(tmp_path, claim_file(tmp_path, variant="settings.spent = { steps = 100 }"))
    assert declared.verdicts[0].title == "gain (retrospective, >= margin)"


@pytest.mark.slow
def test_an_item_that_one_arm_lacks_is_left_out_and_told(tmp_path: Path) -> None:
    write_runs(tmp_path, "base", 0.5, items=118)
    write_runs(tmp_path, "new", 0.8, items=120)
    decision = decide(tmp_path, claim_file(tmp_path))
    assert decision.verdicts[0].contrasts[0].items == 118
    assert any("2 of 120 items left out on acc" in warning for warning in decision.warnings)


@pytest.mark.slow
def test_a_null_arm_is_the_same_model_run_twice_from_a_place_of_its_own(tmp_path: Path) -> None:
    for arm, share in (("base", 0.5), ("new", 0.8), ("again", 0.95)):
        write_runs(tmp_path, arm, share)
    null = '[[arm]]\nname = "again"\nrole = "null"\nsettings.runs = "runs/again/seed{seed}"'
    decision = decide(tmp_path, claim_file(tmp_path, variant=null))
    assert decision.verdicts[0].title == "invalid (null arm)"


@pytest.mark.slow
def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    write_runs(tmp_path, "base", 0.5)
    write_runs(tmp_path, "new", 0.8)
    path = claim_file(tmp_path)
    assert decide(tmp_path, path).verdicts[0].kind == "gain"
    (tmp_path / "runs" / "new").rename(tmp_path / "old")
    write_runs(tmp_path, "new", 0.5)
    assert decide(tmp_path, path).verdicts[0].kind == "inconclusive"


@pytest.mark.slow
def test_a_variant_that_was_prompted_otherwise_gives_no_verdict_unless_that_is_allowed(tmp_path: Path) -> None:
    write_runs(tmp_path, "base", 0.5)
    for seed in SEEDS:
        scores = (np.random.default_rng(seed).random(120) < 0.8).astype(float).tolist()
        lm_eval(tmp_path / "runs" / "new" / f"seed{seed}", scores, prompt="Answer:")
    verdict = decide(tmp_path, claim_file(tmp_path)).verdicts[0]
    assert verdict.title == "not-run (data)"
    assert "120 items of 120 had another prompt" in verdict.reasons[0]
    allowed = claim_file(tmp_path, extra='name = "allowed"\n[settings]\nallow = ["prompt"]')
    assert decide(tmp_path, allowed).verdicts[0].kind == "gain"


LOOKS = "looks = [4, 8]"


@pytest.mark.slow
def test_at_a_planned_look_a_claim_over_runs_is_decided_on_the_seeds_that_are_there(tmp_path: Path) -> None:
    path = claim_file(tmp_path, seeds=f"8\n{LOOKS}")
    write_runs(tmp_path, "base", 0.5)
    write_runs(tmp_path, "new", 0.8)
    found = run_claim(load_claim(path), Ledger(tmp_path / "ledger"), jobs=2)
    assert found.look is not None
    assert found.look.early
    assert found.finished
    assert found.verdicts[0].kind == "gain"
    assert len(Ledger(tmp_path / "ledger").outcomes()) == 8  # of sixteen


@pytest.mark.slow
def test_runs_that_a_look_still_needs_are_waited_for_and_then_read(tmp_path: Path) -> None:
    path = claim_file(tmp_path, seeds=f"8\n{LOOKS}")
    for arm, share in (("base", 0.5), ("new", 0.53)):
        write_runs(tmp_path, arm, share)
    assert not decide(tmp_path, path, seeds=range(4)).finished  # the first look settles nothing
    waiting = decide(tmp_path, path)
    assert waiting.verdicts[0].title == "invalid (missing pairs)", waiting.verdicts[
        0
    ].reasons  # four a side have no files
    for arm, share in (("base", 0.5), ("new", 0.53)):
        write_runs(tmp_path, arm, share, seeds=range(4, 8))
    decided_ = decide(tmp_path, path)
    assert decided_.finished
    assert len(decided_.verdicts[0].contrasts[0].seeds) == 8
