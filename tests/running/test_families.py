"""Where a claim stands among those of its ledger: which count, which are one, and at which level each is held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.cli.output import decision_document
from evenhand.decisions.ledger_families import jointly
from evenhand.decisions.standing import FamilyPlace
from evenhand.decisions.wording import family_words
from evenhand.errors import ClaimError
from evenhand.running.families import at_level, families
from evenhand.running.plan import plan_of, smallest_effect_words
from evenhand.running.watching import ClaimSeen, RunSeen
from tests.ledgers import Book


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_a_verdict_says_which_claim_it_is_of_how_many_on_its_recipe_and_metric(book: Book) -> None:
    book.whole("first", "[0, 1, 2]", effect=0.0001)
    book.run(book.enter(book.claim("left", "[3, 4, 5]")), trials=3)
    book.enter(book.claim("nothing_seen", "[6, 7, 8]"))
    for effect in (0.0, 0.3, 0.1):
        book.attempt(effect)
    decision = book.whole("last", "[9, 10, 11]")
    (place,) = decision.families
    assert (place.place, place.claims, place.left, place.running, place.gains) == (3, 3, 1, 0, 0)
    assert place.tries == {"baseline": 1, "variant": 2}
    assert family_words(place).startswith(
        "Claim 3 of 3 on `world` / score in this ledger; 0 gains; 1 claim was started and left; "
        "tries: variant 2, baseline 1."
    )


def test_a_claim_that_runs_at_this_moment_is_not_said_to_be_left(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    other = book.enter(book.claim("other", "[3, 4, 5]"))
    book.run(other, trials=3)
    going = ClaimSeen("other", "confirm", 3, 6, 3, 0, hash=other.resolved.hash)
    run = RunSeen(1, "host", 0.0, 1.0, 1, 3, (going,), ())
    monkeypatch.setattr("evenhand.running.families.runs_of", lambda _: [run])
    (place,) = book.whole("mine", "[0, 1, 2]", effect=0.0001).families
    assert (place.left, place.running) == (0, 1)
    assert "1 claim is running" in family_words(place)
    states = {row.claim: row.state for row in families(book.ledger)[0].rows}
    assert states == {"other": "running", "mine": "decided"}


@pytest.mark.slow
def test_claims_that_are_renamed_count_as_they_did_before(book: Book) -> None:
    for i in range(4):
        book.whole(f"name_{i}", f"[{3 * i}, {3 * i + 1}, {3 * i + 2}]", effect=0.0001 * (i + 1))
    assert book.whole("quite_another", "[90, 91, 92]").families[0].place == 5


def test_each_version_of_an_amended_claim_counts(book: Book) -> None:
    book.whole("c", "[0, 1, 2]")
    decision = book.whole("c", "[3, 4, 5]", amend=True)
    assert (decision.families[0].place, decision.families[0].claims) == (2, 2)


def test_a_claim_on_known_outcomes_is_shown_spends_nothing_and_its_gain_never_holds(book: Book) -> None:
    book.whole("bank", "[0, 1, 2, 3, 4, 5]", effect=0.4)
    decision = book.whole("chosen", "[0, 2, 5]", effect=0.4)
    (place,) = decision.families
    assert decision.verdicts[0].title.startswith("gain (post-hoc")
    assert (place.holds, place.level, place.post_hoc) == (False, None, 1)
    assert "does not count" in family_words(place)
    fresh = book.whole("fresh", "[6, 7, 8]", effect=0.4)
    (row,) = [r for r in families(book.ledger)[0].rows if r.claim == "fresh"]
    assert (row.test, fresh.families[0].place) == (2, 3)


def set_aside(book: Book, loaded: LoadedClaim, seed: int, times: int = 1) -> None:
    """Set a variant's result aside, and run it again, so often."""
    trial = next(t for t in all_trials(loaded.resolved) if t.arm == "on" and t.seed == seed)
    for _ in range(times):
        book.ledger.record_set_aside(trial.id, trial.label(), "node", "result")
        book.run(loaded)


def test_a_gain_does_not_hold_where_results_were_set_aside_once_they_were_known(book: Book) -> None:
    loaded = book.enter(book.claim("c", "[0, 1, 2]", effect=0.4))
    book.run(loaded)
    assert book.decide(loaded).families[0].holds
    earned = families(book.ledger)[0].next_level
    set_aside(book, loaded, 1, times=3)
    set_aside(book, loaded, 2)
    before = families(book.ledger)[0].rows[0]
    assert (before.gains, before.holds) == (0, None), "what was decided of other results does not stand"
    decision = book.decide(loaded)
    (place,), ((row,),) = decision.families, [one.rows for one in families(book.ledger)]
    assert decision.verdicts[0].title.startswith("gain (amended")
    assert (place.holds, place.p, place.level) == (row.holds, row.p, row.level)
    assert place.holds is False
    assert "results were set aside" in family_words(place)
    assert families(book.ledger)[0].next_level < earned, "a gain that does not hold earns nothing"
    assert row.test == 1, "it spends all the same"
    (told,) = [w for w in decision.warnings if "set aside" in w]
    assert told.count("seed 1") == told.count("seed 2") == 1
    assert "3 times" in told
    assert "error rate is no longer known" in told


def test_a_failure_that_is_set_aside_changes_nothing_of_a_gain(book: Book) -> None:
    loaded = book.enter(book.claim("c", "[0, 1, 2]", effect=0.4))
    trial = all_trials(loaded.resolved)[0]
    book.ledger.record_set_aside(trial.id, trial.label(), "mended", "infrastructure")
    book.run(loaded)
    assert book.decide(loaded).families[0].holds


def test_a_claim_on_copies_of_the_same_trials_is_one_with_the_first(book: Book) -> None:
    first, second = (book.enter(book.claim(name, "[0, 1, 2]", margin=m)) for name, m in (("a", 0.05), ("b", 0.01)))
    book.run(first)
    one, two = book.decide(first), book.decide(second)
    assert (one.families[0].claims, two.families[0].claims) == (1, 1)
    assert (two.families[0].place, two.families[0].copy_of) == (1, "a")
    assert one.families[0].level == two.families[0].level


def test_the_level_of_a_decided_claim_stays_whatever_comes_later(book: Book) -> None:
    loaded = book.claim("first", "[0, 1, 2]", effect=0.0001)
    before = book.whole("first", "[0, 1, 2]", effect=0.0001).families[0].level
    early = book.enter(book.claim("early", "[3, 4, 5]", effect=0.0001))
    book.run(early)
    level = book.decide(early).families[0].level
    for i in range(3):
        book.whole(f"gain_{i}", f"[{10 * i + 20}, {10 * i + 21}, {10 * i + 22}]", effect=0.4)
    assert book.decide(loaded).families[0].level == before
    assert book.decide(early).families[0].level == level
    assert book.whole("late", "[80, 81, 82]", effect=0.0001).families[0].level != level


def test_a_claim_left_unfinished_spends_its_level_all_the_same(book: Book) -> None:
    book.run(book.enter(book.claim("left", "[3, 4, 5]")), trials=1)
    after = book.whole("next", "[6, 7, 8]", effect=0.0001).families[0].level
    alone = Book(book.folder / "other").whole("next", "[6, 7, 8]", effect=0.0001).families[0].level
    assert after is not None
    assert alone is not None
    assert after < alone


def test_a_claim_that_names_a_family_stands_in_that_of_its_recipe_and_metric_too(book: Book) -> None:
    book.whole("plain", "[0, 1, 2]", effect=0.0001)
    decision = book.whole("named", "[3, 4, 5]", effect=0.0001, head='family = "mine"')
    named, common = decision.families
    assert (named.family, named.place, named.claims, named.beside) == ("mine", 1, 1, (2, 2))
    assert (common.family, common.place, common.claims) == ("world / score", 2, 2)
    assert "the family 'mine' in this ledger (claim 2 of 2 on the same recipe and metric)" in family_words(named)
    assert {one.family: len(one.rows) for one in families(book.ledger)} == {"world / score": 2, "mine": 1}


def test_a_family_for_each_claim_begins_no_sequence_of_levels_anew(book: Book) -> None:
    plain = Book(book.folder / "other")
    for i in range(3):
        seeds = f"[{3 * i}, {3 * i + 1}, {3 * i + 2}]"
        decision = book.whole(f"c{i}", seeds, effect=0.0001, head=f'family = "family {i}"')
        (level,) = (one.level for one in plain.whole(f"c{i}", seeds, effect=0.0001).families)
        named, common = decision.families
        assert (named.level, common.level) == (pytest.approx(0.02188, rel=1e-3), level)
        strict = book.claim("later", "[90, 91, 92]", head='family = "new"\n[ledger]\npolicy = "strict"')
        assert at_level(strict.resolved, book.ledger).claim.alpha < level


def test_a_family_that_is_called_as_that_of_recipe_and_metric_is_that_one(book: Book) -> None:
    (place,) = book.whole("c", "[0, 1, 2, 3]", effect=0.4, head='family = "world / score"').families
    assert (place.family, place.holds) == ("world / score", True)
    (other,) = book.whole("d", "[4, 5, 6, 7]", effect=0.3).families
    assert (other.place, other.claims) == (2, 2)


@pytest.mark.parametrize(("p", "held"), [(0.0001, [True, True]), (0.01, [False, False]), (0.03, [False, False])])
def test_a_gain_holds_only_where_the_levels_of_both_families_reject(p: float, held: list[bool]) -> None:
    named = FamilyPlace("mine", named=True, level=0.02, p=p, holds=p <= 0.02)
    common = FamilyPlace("world / score", level=0.004, p=p, holds=p <= 0.004)
    found = jointly([named, common])
    assert [place.holds for place in found] == held
    assert [place.refused for place in found] == (["world / score", ""] if p == 0.01 else ["", ""])


def test_a_run_says_of_its_gain_what_a_verdict_says_afterwards(book: Book) -> None:
    loaded = book.enter(book.claim("c", "[0, 1, 2, 3]", effect=0.4))
    book.run(loaded)
    first, again = (book.decide(loaded).families[0] for _ in range(2))
    assert replace(first, remaining=None) == replace(again, remaining=None)
    assert first.gains == 1


def test_a_strict_claim_is_judged_at_the_level_of_its_ledger(book: Book) -> None:
    for i in range(3):
        book.whole(f"no_{i}", f"[{3 * i}, {3 * i + 1}, {3 * i + 2}]", effect=0.0001 * (i + 1))
    plain = book.claim("plain", "[30, 31, 32]", effect=0.12)
    strict = book.claim("strict", "[30, 31, 32]", effect=0.12, head='[ledger]\npolicy = "strict"')
    assert plain.resolved.hash != strict.resolved.hash
    book.enter(strict)
    book.run(strict)
    decision = book.decide(strict)
    (place,) = decision.families
    assert decision.claim_hash == strict.resolved.hash
    assert decision.verdicts[0].family_level == pytest.approx(1 - place.level)
    assert "its verdicts are judged at that" in family_words(place)


def test_a_strict_claim_is_not_said_to_be_judged_above_its_own_level(book: Book) -> None:
    for i in range(2):
        book.whole(f"gain_{i}", f"[{4 * i}, {4 * i + 1}, {4 * i + 2}, {4 * i + 3}]", effect=0.4)
    decision = book.whole("strict", "[20, 21, 22]", effect=0.12, head='alpha = 0.01\n[ledger]\npolicy = "strict"')
    (place,) = decision.families
    assert place.level is not None
    assert place.level > 0.01 == pytest.approx(1 - decision.verdicts[0].family_level)
    assert "judged at that, or at a lower one that the claim or another family has." in family_words(place)


def test_a_strict_claim_is_planned_at_the_level_that_it_will_be_judged_at(book: Book) -> None:
    for i in range(3):
        book.whole(f"no_{i}", f"[{3 * i}, {3 * i + 1}, {3 * i + 2}]", effect=0.0001 * (i + 1))
    strict = book.claim("strict", "[30, 31, 32]", head='[ledger]\npolicy = "strict"')
    (row,) = plan_of(strict, book.ledger).smallest_effects
    assert f"level {row.level:.2g}" in smallest_effect_words(row)
    planned = at_level(strict.resolved, book.ledger).claim.alpha
    book.enter(strict)
    assert at_level(strict.resolved, book.ledger).claim.alpha == pytest.approx(planned)
    book.run(strict)
    (place,) = book.decide(strict).families
    assert planned == row.level == pytest.approx(place.level)
    assert planned < 0.05


def test_a_claim_that_asks_for_nothing_new_has_the_hash_that_it_had(book: Book) -> None:
    identity = book.claim("c").resolved.identity()
    assert not {"family", "ledger", "items_drawn"} & identity.keys()
    assert "drawn" not in identity["rungs"][0]


def test_the_json_of_a_verdict_has_its_families_beside_all_that_it_had(book: Book) -> None:
    document = decision_document(book.whole("c"))
    assert {"claim", "claim_hash", "verdicts", "interactions", "exploratory", "warnings", "finished", "look"} <= set(
        document
    )
    assert document["families"][0]["family"] == "world / score"


def test_p_values_that_an_earlier_version_did_not_write_down_are_found_again(book: Book) -> None:
    loaded = book.enter(book.claim("c", "[0, 1, 2, 3, 4, 5]", effect=0.4))
    book.run(loaded)
    from evenhand.running.enter import decided

    decision = decided(loaded, book.ledger)
    book.ledger.record_decision("c", loaded.resolved.hash, {"on/default/score": decision.verdicts[0].title})
    (row,) = families(book.ledger)[0].rows
    assert row.p == pytest.approx(decision.families[0].p)
    assert row.holds is True


def test_what_only_the_lab_sets_is_no_key_of_a_claim_file(book: Book) -> None:
    with pytest.raises(ClaimError, match="unknown key 'items_drawn'"):
        book.claim("c", head="items_drawn = true")
