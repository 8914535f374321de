"""Whoever saw how an arm did on a seed can choose by that, also where the trial that is claimed has another hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.decisions.standing import Standing
from evenhand.decisions.verdict import Decision
from evenhand.recipes.outcome import Execution
from evenhand.running.enter import decided
from evenhand.running.extending import extend
from evenhand.running.plan import plan_lines, plan_of
from tests.ledgers import Book

BANK = "[0, 1, 2, 3, 4, 5, 6, 7]"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def standing(book: Book, name: str, seeds: str, **about: object) -> Standing:
    """How a claim stands once it is entered; nothing is run."""
    return stood_of(book, book.enter(book.claim(name, seeds, **about)))  # type: ignore[arg-type]


def stood_of(book: Book, loaded: object) -> Standing:
    return decided(loaded, book.ledger).standing  # type: ignore[arg-type]


def run_bank(book: Book, name: str = "bank", seeds: str = BANK, **about: object) -> None:
    book.run(book.enter(book.claim(name, seeds, **about)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "about",
    [{"items": 19}, {"budget": 11}, {"code": "another remark"}, {"items": 19, "budget": 9, "code": "other"}],
    ids=["one item less", "another budget", "a remark in the code", "all of these"],
)
def test_seeds_chosen_after_the_same_arms_had_been_run_on_them_are_post_hoc(
    book: Book, about: dict[str, object]
) -> None:
    run_bank(book, **about)
    found = standing(book, "final", "[2, 5, 7]")
    assert (found.fixed, found.known, found.alike.trials) == ("post-hoc", 0, 6)
    assert found.alike.claims[0].startswith("bank (")
    assert found.alike.chosen == ("off",)


def test_a_plan_says_before_anything_is_run_that_a_claim_would_be_post_hoc_and_what_to_do(book: Book) -> None:
    run_bank(book, items=19)
    lines = [line for line, _ in plan_lines(plan_of(book.claim("final", "[2, 5, 7]"), book.ledger))]
    (told,) = (line for line in lines if "would be post-hoc" in line)
    assert "the same arm on the same seed" in told
    assert "Take seeds that nobody has run" in told
    for fresh in (book.claim("final", "[20, 21, 22]"), book.claim("bank", BANK, items=19)):
        assert not plan_of(fresh, book.ledger).post_hoc


def test_the_verdict_of_such_a_claim_says_what_was_known_and_its_gain_does_not_hold(book: Book) -> None:
    run_bank(book, items=19, effect=0.4)
    decision: Decision = book.whole("final", "[2, 5, 7]", effect=0.4)
    assert decision.verdicts[0].title == "gain (post-hoc, >= margin)"
    assert "of 6 of its trials the like had been run: the same arm on the same seed" in decision.warnings[0]
    (place,) = decision.families
    assert (place.holds, place.level) == (False, None)


def test_a_variant_that_was_tried_on_the_seeds_of_its_claim_is_post_hoc_and_on_others_it_is_not(book: Book) -> None:
    book.attempt(0.3, seed=1)
    found = standing(book, "tried", "[0, 1, 2]")
    assert (found.fixed, found.alike.trials, found.alike.claims) == ("post-hoc", 1, ("evenhand try",))
    assert standing(book, "fresh", "[3, 4, 5]").fixed == "before"
    assert standing(book, "another", "[0, 1, 2]", effect=0.2).fixed == "before"


@pytest.mark.parametrize(
    ("seeds", "fixed", "why"),
    [
        ("[0, 1, 2, 3, 4, 5, 6, 7]", "before", "all on which the baseline is known"),
        ("[0, 1, 2]", "before", "the first of them"),
        ("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "before", "all, and more"),
        ("[20, 21, 22]", "before", "none of them"),
        ("[1, 4, 6]", "post-hoc", "picked"),
        ("[1, 4, 6, 30, 31]", "post-hoc", "picked, and others beside"),
    ],
)
def test_a_baseline_that_is_known_marks_a_variant_never_run_only_where_its_seeds_are_picked(
    book: Book, seeds: str, fixed: str, why: str
) -> None:
    run_bank(book, effect=0.1, items=19)
    found = standing(book, "other_idea", seeds, effect=0.2)
    assert found.fixed == fixed, why
    assert found.alike.chosen == (("off",) if fixed == "post-hoc" else ())


def test_the_seeds_of_several_claims_together_are_no_bank_to_pick_from(book: Book) -> None:
    run_bank(book, "one", "[0, 1, 2]", effect=0.1, items=19)
    run_bank(book, "two", "[3, 4, 5]", effect=0.15, items=19)
    assert standing(book, "three", "[3, 4, 5]", effect=0.2).fixed == "before"


def test_seeds_that_the_claim_draws_from_its_hash_are_picked_by_nobody(book: Book) -> None:
    run_bank(book, items=19)
    assert standing(book, "drawn", "{ count = 4 }").fixed == "before"


def test_other_settings_make_another_arm(book: Book) -> None:
    run_bank(book, items=19, effect=0.25)
    assert standing(book, "c", "[0, 1, 2]", effect=0.3).fixed == "before"


def as_if(book: Book, loaded: object, **settings: float) -> None:
    """Record the outcomes that a claim's trials would have with other settings."""
    for trial in loaded.resolved.trials(loaded.resolved.claim.rungs[0]):  # type: ignore[attr-defined]
        on = trial.arm == "on"
        own = {key: value for key, value in settings.items() if on or key != "effect"}
        heard = replace(trial, settings={**trial.settings, **own})
        book.ledger.record_outcome(trial, book.world.outcome(heard), Execution(), loaded.resolved.hash, {})  # type: ignore[attr-defined]


@pytest.mark.parametrize("items", [20, 16])
def test_a_setting_that_has_no_effect_hides_nothing_once_the_same_scores_come_out(book: Book, items: int) -> None:
    run_bank(book, items=items)
    loaded = book.enter(book.claim("final", "[2, 5, 7]", head="settings.condition_effect = 2.0"))
    assert stood_of(book, loaded).fixed == "before"
    as_if(book, loaded, condition_effect=1.0)
    decision = book.decide(loaded)
    assert (decision.standing.fixed, decision.standing.alike.scores) == ("post-hoc", 3)
    assert decision.families[0].holds is (False if decision.verdicts[0].kind == "gain" else None)
    assert "came out, item by item, as results did that were known under other settings" in decision.warnings[0]


def test_an_arm_of_its_own_scores_is_another(book: Book) -> None:
    run_bank(book)
    loaded = book.enter(book.claim("other", "[2, 5, 7]", effect=0.2, head="settings.condition_effect = 2.0"))
    as_if(book, loaded, condition_effect=1.0)
    assert stood_of(book, loaded).fixed == "before"


def test_a_claim_run_again_by_mended_code_says_so_and_holds_only_where_it_held(book: Book) -> None:
    first = book.whole("c", "[0, 1, 2, 3]", effect=0.0001)
    assert not first.standing.doubtful
    book.world = type(book.world)(level=0.3)
    again = book.whole("c", "[0, 1, 2, 3]", effect=0.0001, code="mended")
    assert again.standing.fixed == "rerun"
    assert "run again" in again.warnings[0]
    (place,) = again.families
    assert (place.claims, place.copy_of) == (1, "c")


@pytest.mark.parametrize(("before", "holds"), [(0.4, True), (0.0001, False)])
def test_the_gain_of_a_rerun_is_marked_and_has_the_fate_of_the_first(book: Book, before: float, holds: bool) -> None:
    text = {"seeds": "[0, 1, 2, 3, 4, 5]", "effect": 0.4}
    loaded = book.enter(book.claim("c", **text))  # type: ignore[arg-type]
    as_if(book, loaded, effect=before)
    book.decide(loaded)
    again = book.whole("c", **text, code="mended")  # type: ignore[arg-type]
    assert again.verdicts[0].title == "gain (rerun, >= margin)"
    assert again.families[0].holds is holds


def test_what_was_post_hoc_is_so_after_a_rerun(book: Book) -> None:
    run_bank(book, items=19)
    book.whole("final", "[2, 5, 7]")
    assert book.whole("final", "[2, 5, 7]", code="mended").standing.fixed == "post-hoc"


def test_claims_entered_before_any_result_on_the_same_arms_and_seeds_are_one_test(book: Book) -> None:
    first, second = (book.enter(book.claim(name, "[0, 1, 2]", items=n)) for name, n in (("a", 20), ("b", 19)))
    book.run(first)
    book.run(second)
    book.decide(first)
    decision = book.decide(second)
    assert decision.standing.fixed == "before"
    assert (decision.families[0].claims, decision.families[0].copy_of) == (1, "a")


def test_seeds_that_are_added_are_none_on_which_the_like_was_run(book: Book) -> None:
    looks = '[0, 1, 2]\nlooks = "anytime"'
    loaded = book.enter(book.claim("c", looks, effect=0.0001, margin=0.001))
    book.run(loaded)
    book.decide(loaded)
    run_bank(book, "elsewhere", "[3, 5]", effect=0.0001, items=19)
    assert extend(loaded, book.ledger, 3) == (4, 6, 7)
