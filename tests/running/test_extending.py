"""Seeds that are added to a claim which may be looked at at any time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.claims.load import LoadedClaim
from evenhand.claims.resolve import further_seeds, number_of
from evenhand.errors import ClaimError
from evenhand.recipes.trial import canonical_hash
from evenhand.running import families, standing
from evenhand.running.enter import decided
from evenhand.running.extending import awaits_decision, extend
from evenhand.running.searching import unfolded, unfolded_claim
from evenhand.testing.worlds import World
from tests.ledgers import Book

NOISY = World(seed_sd=0.05)
OPEN = '[0, 1, 2, 3]\nlooks = "anytime"'


def book(tmp_path: Path) -> Book:
    return Book(tmp_path, NOISY)


def whole(book: Book, seeds: str = OPEN, effect: float = 0.06, name: str = "c") -> LoadedClaim:
    loaded = book.enter(book.claim(name, seeds, effect=effect))
    book.run(loaded)
    book.decide(loaded)
    return loaded


def longer(book: Book, loaded: LoadedClaim, seeds: int) -> LoadedClaim:
    extend(loaded, book.ledger, seeds)
    loaded = unfolded(loaded, book.ledger)
    book.run(loaded)
    book.decide(loaded)
    return loaded


@pytest.mark.slow
def test_a_claim_that_is_inconclusive_goes_on_with_the_next_seeds_and_stays_the_claim_it_is(tmp_path: Path) -> None:
    desk = book(tmp_path)
    loaded = whole(desk)
    before = decided(loaded, desk.ledger)
    assert before.verdicts[0].kind == "inconclusive"
    assert (before.look.rule, before.look.added, before.look.early) == ("anytime", 0, False)
    assert extend(loaded, desk.ledger, 3) == (4, 5, 6)
    assert awaits_decision(loaded.resolved, desk.ledger)
    open_again = decided(loaded, desk.ledger)
    assert open_again.verdicts[0].title == "not-run (pending)"
    whole_of = unfolded(loaded, desk.ledger)
    desk.run(whole_of)
    after = desk.decide(whole_of)
    assert not awaits_decision(loaded.resolved, desk.ledger)
    assert after.verdicts[0].contrasts[0].seeds == (0, 1, 2, 3, 4, 5, 6)
    assert (after.claim_hash, after.look.added) == (before.claim_hash, 3)
    assert after.standing.fixed == "before"
    assert decided(loaded, desk.ledger).verdicts == after.verdicts
    assert unfolded_claim(whole_of.resolved, desk.ledger) is whole_of.resolved


def test_a_strict_claim_that_its_ledgers_level_leaves_open_goes_on(tmp_path: Path) -> None:
    desk = book(tmp_path)
    for i in range(4):
        desk.whole(f"no_{i}", f"[{50 + 3 * i}, {51 + 3 * i}, {52 + 3 * i}]", effect=0.0001 * (i + 1))
    loaded = desk.enter(desk.claim("strict", OPEN, effect=0.35, head='[ledger]\npolicy = "strict"'))
    desk.run(loaded)
    (verdict,) = desk.decide(loaded).verdicts
    assert verdict.kind == "inconclusive"
    assert verdict.contrasts[0].p_value < 0.05  # a gain, were it not for its ledger
    assert extend(loaded, desk.ledger, 2) == (4, 5)


@pytest.mark.slow
def test_with_enough_seeds_an_effect_is_found_and_then_no_more_can_be_added(tmp_path: Path) -> None:
    desk = book(tmp_path)
    loaded = whole(desk, effect=0.12)
    for _ in range(6):
        decision = decided(loaded, desk.ledger)
        if decision.verdicts[0].kind.settled:
            break
        loaded = longer(desk, loaded, 4)
    assert decision.verdicts[0].kind == "gain"
    assert decision.look.added > 0
    with pytest.raises(ClaimError, match="every verdict on a variant is settled"):
        extend(loaded, desk.ledger, 1)


def test_seeds_that_the_hash_draws_go_on_by_the_same_rule(tmp_path: Path) -> None:
    desk = book(tmp_path)
    loaded = whole(desk, '{ count = 4 }\nlooks = "anytime"')
    digest = canonical_hash(loaded.resolved.identity())
    assert extend(loaded, desk.ledger, 2) == tuple(number_of(digest, "seeds", i) for i in (4, 5))
    known = standing.of_identity(loaded.resolved.identity())
    assert known is not None
    assert unfolded_claim(known, desk.ledger).claim.rungs[0].seeds[4:] == tuple(
        number_of(digest, "seeds", i) for i in (4, 5)
    )


def test_a_seed_whose_outcome_somebody_has_seen_is_passed_over(tmp_path: Path) -> None:
    desk = book(tmp_path)
    loaded = whole(desk)
    other = desk.enter(desk.claim("other", "[5, 100, 101]", effect=0.06))
    desk.run(other)
    assert extend(loaded, desk.ledger, 3) == (4, 6, 7)


def test_no_seed_of_another_rung_is_added(tmp_path: Path) -> None:
    claim = book(tmp_path).claim("c", OPEN).resolved
    rung = claim.claim.rungs[0].model_copy(update={"seeds": (50, 51)})
    two = claim.claim.model_copy(update={"rungs": (rung, *claim.claim.rungs)})
    seeds = further_seeds(type(claim)(two, claim.recipe, claim.fingerprint, claim.settings, claim.items))
    assert [next(seeds), next(seeds)] == [52, 53]


REFUSED = [
    ("[0, 1, 2, 3]", "its looks are fixed (one look, at the end)"),
    ("[0, 1, 2, 3]\nlooks = [2, 4]", "its looks are fixed (looks after 2, 4 seeds)"),
    ('[0, 1, 2, 3]\nlooks = { at = "anytime", futility = 0.6 }', "settled, or was given up"),
]


@pytest.mark.parametrize(("seeds", "said"), REFUSED)
def test_a_claim_that_cannot_be_extended_says_why_and_what_to_do(tmp_path: Path, seeds: str, said: str) -> None:
    desk = book(tmp_path)
    loaded = whole(desk, seeds, effect=0.0001)
    with pytest.raises(ClaimError) as caught:
        extend(loaded, desk.ledger, 2)
    assert said in str(caught.value)
    assert "c.toml:" in str(caught.value)
    assert desk.ledger.added_seeds(loaded.resolved.hash) == ()


def test_a_claim_is_run_to_its_end_before_it_is_unfolded_claim(tmp_path: Path) -> None:
    desk = book(tmp_path)
    loaded = desk.enter(desk.claim("c", OPEN))
    with pytest.raises(ClaimError, match=r"6 trials of it are still to run; first run it with `evenhand run c\.toml`"):
        extend(loaded, desk.ledger, 2)
    desk.run(loaded, 3)
    with pytest.raises(ClaimError, match="still to run"):
        extend(loaded, desk.ledger, 2)


def test_more_seeds_than_a_rung_can_have_are_refused(tmp_path: Path) -> None:
    desk = book(tmp_path)
    with pytest.raises(ClaimError, match="10,000 seeds at most; 9,996 more"):
        extend(whole(desk), desk.ledger, 9_997)


@pytest.mark.slow
def test_in_its_family_a_claim_is_what_it_was_decided_to_be_after_its_last_seeds(tmp_path: Path) -> None:
    desk = book(tmp_path)
    loaded = whole(desk, effect=0.12)
    first = families.families(desk.ledger)[0].rows[0]
    assert (first.state, first.gains) == ("decided", 0)
    extend(loaded, desk.ledger, 16)
    assert families.families(desk.ledger)[0].rows[0].state == "left"
    loaded = unfolded(loaded, desk.ledger)
    desk.run(loaded)
    desk.decide(loaded)
    last = families.families(desk.ledger)[0].rows[0]
    assert (last.state, last.gains, last.level) == ("decided", 1, first.level)
    assert last.p < 0.05


@pytest.mark.slow
def test_the_command_line_extends_runs_and_says_how_many_were_planned_and_added(toy_folder: Path) -> None:
    from tests.app import evenhand
    from tests.running.test_run import write_claim

    path = write_claim(toy_folder, seeds="3", more='looks = "anytime"')
    assert evenhand(toy_folder, "extend", path.name, "--seeds", "2").returncode == 2
    assert evenhand(toy_folder, "run", path.name).returncode == 0
    done = evenhand(toy_folder, "extend", path.name, "--seeds", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert "2 seeds added: 3, 4" in done.stderr
    (decision,) = json.loads(done.stdout)
    assert decision["look"]["added"] == 2
    assert decision["verdicts"][0]["kind"] == "gain"
    (state,) = json.loads(evenhand(toy_folder, "status", path.name, "--json").stdout)
    assert state["seeds"] == {"planned": 3, "added": 2}
    assert "3 planned and 2 added" in evenhand(toy_folder, "status", path.name).stdout
    assert "2 of them added" in evenhand(toy_folder, "plan", path.name).stdout
    again = evenhand(toy_folder, "extend", path.name, "--seeds", "2")
    assert (again.returncode, "is settled" in again.stderr) == (2, True)
    assert evenhand(toy_folder, "ledger", "export", "--to", "l.tar.gz").returncode == 0
    told = evenhand(toy_folder, "recheck", "l.tar.gz").stdout
    assert "not derived: " in told
    assert "looks" in told
