"""A gain counts only where its guard metrics did not fall by their margins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import decide, verdicts_alone
from evenhand.decisions.verdict import VerdictKind
from evenhand.errors import ClaimError
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import Trial
from evenhand.testing.worlds import TEXT, claim_of, failed, outcomes_of

GUARD = 'guards = [{{ metric = "reward", margin = {margin} }}]\n'
REWARD = '[[metric]]\nname = "score"\nmargin = 0.05\n[[metric]]\nname = "reward"\nmargin = 0.1\nprimary = false\n'
SPREAD = (0.01, -0.02, 0.015, -0.005, 0.02, -0.02)


def guarded(margin: float | None = 0.05, more: str = "", effect: float = 0.2) -> ResolvedClaim:
    own = "" if margin is None else GUARD.format(margin=margin)
    text = TEXT.replace('[metric]\nname = "score"\nmargin = 0.05\n', REWARD)
    return claim_of(own + text.replace("effect = 0.2", f"effect = {effect}").replace("[[rung]]", more + "[[rung]]", 1))


def rewarded(shift: float | None, arms: Mapping[str, float] | None = None) -> Callable[[Trial, Outcome], Outcome]:
    """Rewards of the variant lie ``shift`` above those of the baseline, with some spread over seeds."""

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        own = 0.0 if trial.arm == "off" else (arms or {}).get(trial.arm, shift)
        if own is None:
            return replace(outcome, undefined={"reward": "it could not be computed"})
        spread = 0.0 if trial.arm == "off" else SPREAD[(trial.seed or 0) % 6]
        return replace(outcome, metrics={"reward": 1.0 + own + spread})

    return change


@pytest.mark.parametrize(
    ("shift", "margin", "title", "words"),
    [
        (0.0, 0.05, "gain (>= margin)", "guard reward: no loss as large as its margin 0.05"),
        (0.3, 0.05, "gain (>= margin)", "no loss as large"),
        (-0.04, 0.05, "inconclusive (guard reward)", "a loss as large as its margin 0.05 is not excluded"),
        (-0.04, 0.2, "gain (>= margin)", "no loss as large as its margin 0.2"),
        (-0.2, 0.05, "inconclusive (guard reward)", "it falls by more than its margin 0.05"),
        (None, 0.05, "inconclusive (guard reward)", "not excluded (no interval)"),
    ],
)
def test_a_gain_counts_only_where_the_guard_is_shown_to_hold(
    shift: float | None, margin: float, title: str, words: str
) -> None:
    claim = guarded(margin)
    (verdict,) = decide(claim, outcomes_of(claim, change=rewarded(shift))).verdicts
    assert verdict.title == title
    assert words in verdict.reasons[0]
    assert verdict.contrasts[0].kind is VerdictKind.GAIN, "the contrast itself says what it said before"


def test_a_guard_makes_nothing_else_of_what_is_no_gain() -> None:
    for effect, kind in ((-0.2, "regression"), (0.001, "no-effect"), (0.02, "inconclusive")):
        claim, plain = guarded(effect=effect), guarded(None, effect=effect)
        (with_guard,) = decide(claim, outcomes_of(claim, change=rewarded(-0.3))).verdicts
        (without,) = decide(plain, outcomes_of(plain, change=rewarded(-0.3))).verdicts
        assert with_guard.kind == without.kind, kind
        assert with_guard.guards == ()


def test_a_guard_that_the_variant_lost_trials_on_is_judged_with_them_at_their_worst() -> None:
    claim = guarded()

    def lost(trial: Trial, outcome: Outcome) -> Any:
        return failed("timeout") if (trial.arm, trial.seed) == ("on", 2) else rewarded(0.1)(trial, outcome)

    (verdict,) = decide(claim, outcomes_of(claim, change=lost)).verdicts
    assert verdict.kind is not VerdictKind.GAIN or verdict.guards[0].held


def test_a_reward_that_nobody_changed_holds_and_an_unknown_one_is_named() -> None:
    claim = guarded()
    same = outcomes_of(claim, change=lambda t, o: replace(o, metrics={"reward": 1.0}))
    assert decide(claim, same).verdicts[0].title == "inconclusive (guard reward)", "6 equal seeds may still differ"
    text = TEXT.replace('[metric]\nname = "score"\nmargin = 0.05\n', REWARD)
    with pytest.raises(ClaimError, match=r"which are score, reward; found 'rewards'; did you mean 'reward'"):
        claim_of(GUARD.format(margin=1).replace("reward", "rewards") + text)


def test_claims_without_guards_are_the_claims_that_they_were() -> None:
    assert "guards" not in guarded(None).identity()
    assert guarded(0.05).hash != guarded(0.06).hash != guarded(None).hash


@pytest.mark.slow  # two hundred claims are decided
def test_a_guard_at_its_margin_lets_a_gain_pass_no_more_often_than_the_level() -> None:
    second = '[[arm]]\nname = "two"\nrole = "variant"\nsettings.effect = 0.3\n'
    claim, rng, passed, runs = guarded(0.05, second), np.random.default_rng(5), 0, 200
    for _ in range(runs):
        outcomes = {
            trial.id: Outcome(
                metrics={
                    "score": 0.3 + (0.3 if trial.arm != "off" else 0.0) + 0.02 * rng.normal(),
                    "reward": 1.0 - (0.05 if trial.arm != "off" else 0.0) + 0.02 * rng.normal(),
                },
                spent={"steps": trial.amount},
            )
            for trial in claim.trials(claim.claim.rungs[0])
        }
        verdicts = verdicts_alone(claim, outcomes).verdicts
        passed += any(verdict.kind is VerdictKind.GAIN for verdict in verdicts)
    assert passed <= 13, "2.5 % of 200 are 5; above 13 lies less than 1 in 1000"
