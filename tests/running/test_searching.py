"""Searches run: equal tries for every arm, written down before they run, read back without a sampler, gone on with."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna")

from evenhand.claims.load import LoadedClaim, all_trials, load_claim
from evenhand.claims.resolve import resolve
from evenhand.claims.schema import parse_claim
from evenhand.cli.output import status_documents
from evenhand.decisions import samplers
from evenhand.decisions.progress import progress
from evenhand.decisions.verdict import Decision, VerdictKind
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution
from evenhand.running import searching, standing
from evenhand.running.enter import decided
from evenhand.running.overview import overview
from evenhand.running.plan import plan_lines, plan_of
from evenhand.running.run import run_claim
from evenhand.testing.worlds import RECIPE
from tests.app import evenhand
from tests.ledgers import Book

TEXT = """
recipe = "world"
{head}
[space]
condition_effect = {{ log = [0.25, 4.0] }}
[metric]
name = "score"
margin = 0.05
[tuning]
tries = {tries}
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.effect = 0.1
{more}
[[rung]]
name = "confirm"
budget = 10
seeds = [0, 1, 2, 3]
items = 40
"""


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def searching_claim(book: Book, name: str = "s", *, tries: int = 4, head: str = "", more: str = "") -> LoadedClaim:
    file = parse_claim(TEXT.format(head=head, tries=tries, more=more), f"{name}.toml", name)
    return LoadedClaim(book.folder / f"{name}.toml", file, RECIPE, resolve(file, RECIPE))


def brought_on(book: Book, loaded: LoadedClaim, most: int | None = None) -> LoadedClaim:
    """Run a claim that is entered, as far as so many further trials bring it."""
    outcomes = {r.trial.id: r.outcome for r in book.ledger.outcomes(claim_hash=loaded.resolved.hash)}
    while True:
        loaded = searching.advanced(loaded, book.ledger, outcomes)
        pending = progress(loaded.resolved, outcomes).pending[:most]
        if not pending:
            return loaded
        for trial in pending:
            outcomes[trial.id] = book.world.outcome(trial)
            book.ledger.record_outcome(trial, outcomes[trial.id], Execution(), loaded.resolved.hash, {})
        most = None if most is None else most - len(pending)


def searched(book: Book, name: str = "s", **about: Any) -> Decision:
    loaded = brought_on(book, book.enter(searching_claim(book, name, **about)))
    return book.decide(loaded)


def test_a_verdict_names_the_tries_of_every_arm_and_the_settings_that_won(book: Book) -> None:
    decision = searched(book)
    assert [(row.arm, row.tries) for row in decision.tried] == [("off", 4), ("on", 4)]
    assert all("condition_effect" in row.settings for row in decision.tried)
    assert decision.families[0].tries == {"baseline": 4, "variant": 4}
    assert decision.finished
    assert decision.verdicts[0].tuning is None


def test_a_search_that_is_over_is_read_back_without_a_sampler(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = searched(book)
    monkeypatch.setattr(samplers, "propose", None)
    again = decided(searching_claim(book), Ledger(book.ledger.folder))
    assert again.tried == decision.tried
    assert again.verdicts == decision.verdicts


def test_an_overview_counts_what_a_search_tried_and_what_its_winners_ran(book: Book) -> None:
    """Four configurations of two arms, then four seeds of each winner; the first seven are tries."""
    brought_on(book, book.enter(searching_claim(book)), 7)
    (row,) = overview([book.ledger.folder])
    assert (row.state, row.trials.planned, row.trials.results, row.trials.pending) == ("begun", 16, 7, 9)
    book.decide(brought_on(book, searching.unfolded(searching_claim(book), book.ledger)))
    (row,) = overview([book.ledger.folder])
    assert (row.state, row.trials.planned, row.trials.results, row.trials.unneeded) == ("decided", 16, 16, 0)
    (status,) = status_documents([], book.ledger)
    assert status["results"] == row.trials.results


@pytest.mark.parametrize("stop", [1, 3, 5, 9])
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path, stop: int) -> None:
    whole, parted = Book(tmp_path / "whole"), Book(tmp_path / "parted")
    expected = searched(whole)
    brought_on(parted, parted.enter(searching_claim(parted)), stop)
    loaded = searching.unfolded(searching_claim(parted), Ledger(parted.ledger.folder))
    found = parted.decide(brought_on(parted, loaded))
    assert found.tried == expected.tried
    assert found.verdicts == expected.verdicts


def test_a_claim_beside_results_that_its_search_could_make_its_own_is_post_hoc(book: Book) -> None:
    searched(book)
    bare = searching_claim(book)
    other = searching_claim(book, "again", tries=3)
    assert other.resolved.hash != bare.resolved.hash
    book.enter(other)
    assert standing.standing(other.resolved, book.ledger).fixed == "post-hoc"


def test_a_plan_tells_trials_and_budget_of_the_search_and_what_it_lacks(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = searching_claim(book, tries=5)
    plan = plan_of(loaded, book.ledger)
    assert [(rung.name, rung.trials, rung.tries) for rung in plan.rungs] == [("tuning", 10, 5), ("confirm", 8, None)]
    assert any("5 configurations an arm (tpe), 100 steps in all" in text for text, _ in plan_lines(plan))
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "optuna" else found(name, *a))
    assert any("evenhand[search]" in text for text, _ in plan_lines(plan_of(loaded, book.ledger)))
    with pytest.raises(ClaimError, match=r"tuning.*evenhand\[search\]"):
        searching.check_sampler(loaded)


def test_an_arm_without_a_space_is_told_before_it_makes_tuning_unequal(book: Book) -> None:
    text = TEXT.format(head="", tries=6, more="").replace("[space]\ncondition_effect = { log = [0.25, 4.0] }", "")
    text = text.replace(
        "settings.effect = 0.1", "settings.effect = 0.1\n[arm.space]\ncondition_effect = { int = [1, 9] }"
    )
    file = parse_claim(text, "s.toml", "s")
    loaded = LoadedClaim(book.folder / "s.toml", file, RECIPE, resolve(file, RECIPE))
    assert any("'off': no space" in text for text, _ in plan_lines(plan_of(loaded, book.ledger)))
    (verdict,) = book.decide(brought_on(book, book.enter(loaded))).verdicts
    assert verdict.tuning is not None
    assert (verdict.tuning.tries, verdict.tuning.against_tries) == (7, 2)


UNEQUAL = [
    ("nothing tried", 0, 0, False),
    ("within the ratio", 1, 0, False),
    ("the variant alone", 2, 0, True),
    ("the baseline alone", 0, 2, True),
    ("both alike", 20, 20, False),
    ("twice as many", 20, 10, False),
]


@pytest.mark.parametrize(("what", "variant", "baseline", "said"), UNEQUAL, ids=[row[0] for row in UNEQUAL])
def test_tries_that_differ_by_more_than_twice_are_named_in_the_verdict(
    book: Book, what: str, variant: int, baseline: int, said: bool
) -> None:
    for i in range(variant):
        book.attempt(0.2, seed=100 + i)
    for i in range(baseline):
        book.attempt(0.0, seed=100 + i)
    (verdict,) = book.whole("c", effect=0.4).verdicts
    assert verdict.kind is VerdictKind.GAIN
    assert ("unequal tuning" in verdict.title) == said
    assert any(reason.startswith("unequal tuning: ") for reason in verdict.reasons) == said


def test_a_strict_ledger_makes_a_verdict_on_unequal_tuning_invalid_and_no_gain_of_the_family(book: Book) -> None:
    for i in range(20):
        book.attempt(0.2, seed=100 + i)
    decision = book.whole("c", effect=0.4, head='ledger.policy = "strict"')
    assert decision.verdicts[0].title == "invalid (unequal tuning)"
    assert decision.families[0].gains == 0
    assert decision.families[0].holds is None


def test_the_ratio_is_the_claims_own(book: Book) -> None:
    for i in range(20):
        book.attempt(0.2, seed=100 + i)
    (verdict,) = book.whole("c", effect=0.4, head="ledger.tuning_ratio = 30").verdicts
    assert verdict.tuning is None


def test_what_another_claims_search_tried_counts_as_tries(book: Book) -> None:
    searched(book, "first", tries=6)
    (verdict,) = book.whole("second", "[20, 21, 22]", effect=0.1).verdicts
    assert verdict.tuning is None  # both arms were searched alike
    assert book.whole("third", "[30, 31, 32]", effect=0.1).families[0].tries == {"baseline": 6, "variant": 6}


CLAIM = """
recipe = "toy:run"
[space]
noise = { uniform = [0.01, 0.1] }
[metric]
name = "score"
margin = 0.05
[tuning]
tries = 4
sampler = "SAMPLER"
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.effect = 0.3
[[rung]]
name = "confirm"
budget = 5
seeds = [0, 1, 2]
items = 20
"""


@pytest.mark.slow
def test_a_search_is_the_same_however_many_trials_run_at_a_time(toy_folder: Path) -> None:
    path = toy_folder / "c.toml"
    path.write_text(CLAIM.replace("SAMPLER", "tpe"))
    found = [run_claim(load_claim(path), Ledger(toy_folder / f"ledger{jobs}"), jobs=jobs) for jobs in (1, 3)]
    assert found[0].tried == found[1].tried
    assert found[0].verdicts[0].kind is VerdictKind.GAIN


@pytest.mark.slow
def test_the_winners_settings_stand_in_status_verdict_report_and_table(toy_folder: Path) -> None:
    path, ledger = toy_folder / "c.toml", toy_folder / "ledger"
    path.write_text(CLAIM.replace("SAMPLER", "random"))
    assert evenhand(toy_folder, "run", str(path), "--ledger", str(ledger)).returncode == 0
    for command in ("status", "verdict"):
        assert "4 configurations tried; number" in " ".join(
            evenhand(toy_folder, command, str(path), "--ledger", str(ledger)).stdout.split()
        )
    assert "4 configurations tried; number" in (ledger / "reports" / "c.html").read_text()
    (record,) = Ledger(ledger).claims()
    loaded = searching.unfolded(load_claim(path), Ledger(ledger))
    assert record.hash == loaded.resolved.hash
    assert len(all_trials(loaded.resolved)) == 2 * 4 + 2 * 3


@pytest.mark.slow
def test_a_search_of_which_nothing_ran_is_stopped_and_tried_again_after_the_repair(toy_folder: Path) -> None:
    path, ledger = toy_folder / "c.toml", Ledger(toy_folder / "ledger")
    marker = toy_folder / "data"
    path.write_text(
        CLAIM.replace("SAMPLER", "random").replace(
            "[space]", f'settings = {{ behave = "need", marker = "{marker}" }}\n[space]'
        )
    )
    recipe = toy_folder / "toy.py"
    recipe.write_text(
        recipe.read_text().replace(
            '    if how == "data":',
            '    if how == "need" and not os.path.exists(settings.marker):\n        raise DataError("no data")\n'
            '    if how == "data":',
        )
    )
    with pytest.raises(ClaimError, match=r"nothing to go by[\s\S]*no data"):
        run_claim(load_claim(path), ledger, jobs=2)
    marker.write_text("")
    decision = run_claim(load_claim(path), ledger, jobs=2)
    assert decision.finished
    assert not any(row.failures for row in decision.tried)
