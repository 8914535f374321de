"""Searching settings: every arm gets as many tries, what wins is confirmed afresh, and no outcome's time matters."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("optuna")

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import decide
from evenhand.decisions.progress import progress
from evenhand.decisions.samplers import propose
from evenhand.decisions.search import SearchLog, unfold
from evenhand.decisions.verdict import VerdictKind
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import Trial
from evenhand.testing.worlds import World, claim_of, failed, searched

TEXT = """
recipe = "world"
[space]
condition_effect = {{ log = [0.25, 4.0] }}
[metric]
name = "score"
margin = 0.05
{search}
[[arm]]
name = "off"
role = "baseline"
settings.effect = {off}
[[arm]]
name = "on"
role = "variant"
settings.effect = {on}
{more}
[[rung]]
name = "confirm"
budget = 10
seeds = [0, 1, 2, 3]
items = 40
"""
TUNING = "[tuning]\ntries = 8\nseeds = [4, 5]"


def searching(search: str = TUNING, off: float = 0.05, on: float = 0.1, more: str = "") -> ResolvedClaim:
    return claim_of(TEXT.format(search=search, off=off, on=on, more=more))


def level(trial: Trial) -> float:
    return float(trial.settings["effect"] * trial.settings["condition_effect"])


def test_every_arm_has_as_many_tries_and_the_best_of_them_goes_on_to_fresh_seeds_and_items() -> None:
    rival = '[[arm]]\nname = "other"\nrole = "rival"\nsettings.effect = 0.02'
    claim, outcomes = searched(searching(more=rival), World(seed_sd=0.0, shared_sd=0.0).outcome)
    tuning, confirm = claim.claim.rungs
    assert not set(tuning.seeds) & set(confirm.seeds)
    assert claim.items["tuning"].stop == claim.items["confirm"].start
    for arm in claim.searched:
        ran = {trial.candidate: level(trial) for trial in claim.trials(tuning, [arm.name])}
        assert len(ran) == 8
        chosen = {level(trial) for trial in claim.trials(confirm, [arm.name])}
        assert len(chosen) == 1
        assert chosen <= set(ran.values())
    assert [row.tries for row in decide(claim, outcomes).tried] == [8, 8, 8]


def test_a_null_arm_goes_on_with_what_its_baseline_won_with() -> None:
    claim, _ = searched(
        searching(more='[[arm]]\nname = "again"\nrole = "null"\nsettings.effect = 0.05'), World().outcome
    )
    won = {trial.arm: trial.settings for trial in claim.trials(claim.claim.rungs[-1])}
    assert won["again"] == won["off"] != won["on"]


def test_what_is_tried_depends_on_outcomes_alone_and_not_on_the_order_in_which_they_come() -> None:
    whole, _ = searched(searching(), World().outcome)
    shuffled, log, found = searching(), SearchLog(), dict[str, Outcome]()
    order = random.Random(1)
    while (now := unfold(shuffled, found, log)).claim.open_search is not None:
        if now.wanted is not None:
            new = {("tuning", arm): tuple(own) for arm, own in propose(shuffled, now.wanted).items()}
            log = SearchLog({key: (*log.proposed.get(key, ()), *own) for key, own in new.items()}, log.kept)
        elif now.closed is not None:
            log = SearchLog(
                log.proposed, {("tuning", a): (own[0].candidate.number,) for a, own in now.closed.kept.items()}
            )
        else:
            trial = order.choice(progress(now.claim, found).pending)
            found[trial.id] = World().outcome(trial)
    assert now.claim.search == whole.search


def test_arms_with_equal_spaces_begin_with_equal_luck() -> None:
    claim, _ = searched(searching(), World().outcome)
    first = {arm: [c.values for c in claim.search.tried["tuning", arm]][:2] for arm in ("off", "on")}  # type: ignore[union-attr]
    assert first["off"] == first["on"]


@pytest.mark.parametrize("sampler", ["random", "tpe", "qmc"])
def test_samplers_stay_within_the_space_and_are_the_same_each_time(sampler: str) -> None:
    text = f'{TUNING}\nsampler = "{sampler}"'
    found = [searched(searching(text), World().outcome)[0].search for _ in range(2)]
    assert found[0] == found[1]
    assert found[0] is not None
    values = [c.values["condition_effect"] for c in found[0].tried["tuning", "on"]]
    assert all(0.25 <= value <= 4.0 for value in values)
    assert len(set(values)) == 8


@pytest.mark.parametrize("kind", ["code", "resource", "diverged"])
def test_a_configuration_that_fails_counts_as_the_worst_and_its_class_is_told(kind: str) -> None:
    def outcome(trial: Trial) -> Outcome:
        hot = trial.rung == "tuning" and trial.settings["condition_effect"] > 1.0
        return failed(kind) if hot else World().outcome(trial)

    claim, outcomes = searched(searching(), outcome)
    for row in decide(claim, outcomes).tried:
        assert row.settings["condition_effect"] <= 1.0
        assert 0 < row.failures[kind] < 8


def test_where_no_trial_says_anything_nothing_is_chosen() -> None:
    claim, _ = searched(searching(), lambda trial: failed("resource"))
    assert claim.open_search is not None
    assert claim.search is not None
    assert not claim.search.winners


def test_a_search_behind_a_search_goes_on_with_the_best_on_seeds_of_its_own() -> None:
    rungs = """
[[rung]]
name = "wide"
kind = "search"
tries = 8
sampler = "random"
budget = 5
seeds = [10]
items = 20
[[rung]]
name = "narrow"
kind = "search"
tries = 3
budget = 10
seeds = [11, 12]
items = 40
"""
    claim, _ = searched(searching(rungs), World(seed_sd=0.0, shared_sd=0.0).outcome)
    assert claim.search is not None
    for arm in ("off", "on"):
        wide, narrow = (claim.search.tried[rung, arm] for rung in ("wide", "narrow"))
        assert (len(wide), len(narrow)) == (8, 3)
        assert {c.number for c in narrow} < {c.number for c in wide}
        assert claim.search.winners[arm] in narrow


def test_a_variant_whose_best_configuration_is_futile_is_pruned_and_not_confirmed() -> None:
    tuning = TUNING.replace("[4, 5]", "[4, 5, 6, 7, 8, 9]")
    claim, outcomes = searched(searching(tuning, off=0.1, on=-0.1), World().outcome)
    (verdict,) = decide(claim, outcomes).verdicts
    assert verdict.kind is VerdictKind.PRUNED
    assert not [t for t in claim.trials(claim.claim.rungs[-1]) if t.id in outcomes]


def test_choices_are_told_apart_by_kind_and_numbers_are_as_the_recipe_reads_them() -> None:
    text = TEXT.replace("{{ log = [0.25, 4.0] }}", "{{ choice = [1, 2, 3] }}")
    claim = claim_of(text.format(search=TUNING, off=0.0, on=0.1, more=""))
    claim, _ = searched(claim, World().outcome)
    assert claim.search is not None
    values = [c.values["condition_effect"] for c in claim.search.tried["tuning", "on"]]
    assert {type(value) for value in values} == {float}
