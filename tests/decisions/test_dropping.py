"""Variants that are given up while others go on: they get no further seeds, and are judged by those they have."""

from __future__ import annotations

import pytest

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import decide, verdicts_alone
from evenhand.decisions.looks import look_plan
from evenhand.decisions.progress import progress, rung_trials
from evenhand.recipes.outcome import Outcome
from evenhand.testing.worlds import TEXT, World, claim_of, outcomes_of

BAD = '[[arm]]\nname = "bad"\nrole = "variant"\nsettings.effect = -0.3\n[[rung]]\nname = "confirm"'
OPEN = World(seed_sd=0.1)


def claim_with(looks: str, text: str = TEXT) -> ResolvedClaim:
    """A hopeless variant beside one of which three seeds say too little."""
    text = text.replace("settings.effect = 0.2", "settings.effect = 0.05").replace('[[rung]]\nname = "confirm"', BAD)
    return claim_of(text + f"looks = {looks}\n")


DROPS = "{ at = [3, 6], futility = 0.9, drop = true }"
GOES_ON = "{ at = [3, 6], futility = 0.9 }"


def first_three(claim: ResolvedClaim) -> dict[str, Outcome]:
    return outcomes_of(claim, OPEN, change=lambda t, o: o if (t.seed or 0) < 3 else None)


def run(claim: ResolvedClaim) -> dict[str, Outcome]:
    """Only what its progress asks for, as a run does."""
    whole, found = outcomes_of(claim, OPEN), dict[str, Outcome]()
    while pending := progress(claim, found).pending:
        found |= {trial.id: whole[trial.id] for trial in pending}
    return found


@pytest.mark.parametrize(("looks", "arms"), [(DROPS, {"off", "on"}), (GOES_ON, {"off", "on", "bad"})])
def test_a_variant_that_is_given_up_gets_no_further_seeds_where_the_claim_asks_for_that(
    looks: str, arms: set[str]
) -> None:
    claim = claim_with(looks)
    now = progress(claim, first_three(claim))
    assert {trial.arm for trial in now.pending} == arms
    assert {trial.seed for trial in now.pending} == {3, 4, 5}
    assert now.dropped == ({} if "bad" in arms else {"bad": 3})
    assert len(rung_trials(claim, now)) == 6 * len(arms) + (0 if "bad" in arms else 3)


def test_it_is_judged_by_the_seeds_that_it_has_and_nothing_of_it_is_missing() -> None:
    claim = claim_with(DROPS)
    decision = decide(claim, run(claim))
    found = {verdict.arm: verdict for verdict in decision.verdicts}
    assert decision.finished
    assert len(found["on"].contrasts[0].seeds) == 6
    assert found["on"].dropped_after is None
    assert found["bad"].contrasts[0].seeds == (0, 1, 2)
    assert found["bad"].dropped_after == 3
    assert found["bad"].kind in ("inconclusive", "regression")
    assert not found["bad"].contrasts[0].missing
    assert "given up after 3 seeds" in found["bad"].reasons[0]
    assert "given up after" not in found["on"].reasons[0]


def test_further_seeds_of_it_that_are_there_all_the_same_change_nothing() -> None:
    claim = claim_with(DROPS)
    assert decide(claim, outcomes_of(claim, OPEN)) == decide(claim, run(claim))


def test_holm_still_counts_it_with_the_p_value_that_it_had() -> None:
    claim = claim_with(DROPS)
    found = {verdict.arm: verdict for verdict in verdicts_alone(claim, run(claim)).verdicts}
    alone = look_plan(claim.claim.rungs[-1], 0.05).level_at(6)
    assert 1 - found["on"].family_level == pytest.approx(alone / 2, rel=0.1)
    assert found["bad"].adjusted_p is not None


def test_metrics_that_are_only_shown_show_it_over_its_own_seeds() -> None:
    loss = '[[metric]]\nname = "loss"\nmargin = 0.1\nprimary = false\n[[arm]]\nname = "off"'
    text = TEXT.replace("[metric]", "[[metric]]").replace('[[arm]]\nname = "off"', loss)
    claim = claim_with(DROPS, text)
    shown = {row.contrast.arm: len(row.contrast.seeds) for row in decide(claim, run(claim)).exploratory}
    assert shown == {"on": 6, "bad": 3}


def test_where_all_are_given_up_at_one_look_the_claim_ends_there_and_none_was_dropped() -> None:
    claim = claim_of(
        TEXT.replace("effect = 0.2", "effect = -0.2").replace('[[rung]]\nname = "confirm"', BAD) + f"looks = {DROPS}\n"
    )
    decision = decide(claim, run(claim))
    assert decision.look is not None
    assert decision.look.seeds == 3
    assert {verdict.dropped_after for verdict in decision.verdicts} == {None}


def test_a_claim_that_says_it_drops_nothing_is_the_same_claim() -> None:
    assert claim_with("{ at = [3, 6], futility = 0.9, drop = false }").hash == claim_with(GOES_ON).hash
    assert claim_with(DROPS).hash != claim_with(GOES_ON).hash
