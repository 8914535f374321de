"""Flags that switch off a protection are checked, and what an answer holds for stands in its line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.decide import decide
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import Trial
from evenhand.report.markdown import verdict_markdown
from evenhand.report.text import verdict_lines
from evenhand.testing.worlds import INFO, RECIPE, claim_of, failed, outcomes_of
from tests.decisions.test_decide import text_with, verdict_of


def flagged(text: str, **flags: str) -> str:
    for role, flag in flags.items():
        text = text.replace(f'role = "{role}"', f'role = "{role}"\n{flag} = true')
    return text


def drawing(*streams: str) -> Any:
    return lambda trial, outcome: replace(outcome, draws=streams)


BOTH_FIXED = flagged(text_with(), baseline="deterministic", variant="deterministic")


def test_deterministic_arms_that_draw_from_random_streams_yield_no_number() -> None:
    found = verdict_of(BOTH_FIXED, change=drawing("init", "order"))
    assert found.title == "invalid (not deterministic)"
    assert "random streams 'init', 'order'" in found.reasons[0]
    assert found.contrasts[0].estimate is None


@pytest.mark.parametrize("role", ["baseline", "variant"])
def test_one_deterministic_arm_that_draws_is_enough(role: str) -> None:
    text = flagged(text_with(), **{role: "deterministic"})
    assert verdict_of(text, change=drawing("init")).title == "invalid (not deterministic)"


@pytest.mark.parametrize("draws", [(), None])
def test_deterministic_arms_that_draw_nothing_or_were_run_before_draws_were_recorded_are_compared(
    draws: tuple[str, ...] | None,
) -> None:
    found = verdict_of(BOTH_FIXED, change=lambda t, o: replace(o, draws=draws))
    assert found.kind == "gain"


def test_arms_that_are_not_called_deterministic_may_draw() -> None:
    assert verdict_of(text_with(), change=drawing("init")).kind == "gain"


NULL = '[[arm]]\nname = "off_again"\nrole = "null"\ndeterministic = true\n'


def test_a_deterministic_baseline_that_comes_out_otherwise_when_repeated_is_none() -> None:
    text = flagged(text_with(NULL), baseline="deterministic")
    found = verdict_of(text)  # the world draws other scores for the null arm
    assert found.title == "invalid (null arm)"
    claim = claim_of(text)
    null = next(v for v in decide(claim, outcomes_of(claim)).verdicts if v.role == "null")
    assert null.title == "invalid (not deterministic)"


def test_a_deterministic_baseline_that_repeats_itself_is_believed() -> None:
    claim = claim_of(flagged(text_with(NULL), baseline="deterministic"))
    outcomes = outcomes_of(claim)
    first = next(t for t in claim.trials(claim.claim.rungs[0]) if t.arm == "off")
    again = next(t for t in claim.trials(claim.claim.rungs[0]) if t.arm == "off_again")
    outcomes[again.id] = outcomes[first.id]
    assert decide(claim, outcomes).verdicts[0].kind == "gain"


def test_untrained_arms_that_spend_the_budget_yield_no_number() -> None:
    text = flagged(text_with(), baseline="untrained")
    found = verdict_of(text)
    assert found.title == "invalid (budget)"
    assert "off is declared untrained and spent 10 steps" in found.reasons[0]


@pytest.mark.parametrize("spent", [{}, {"steps": 0.0}, {"seconds": 3.0}, {"steps": 0.0, "examples": 4.0}])
def test_untrained_arms_that_spend_nothing_of_the_budget_s_unit_are_compared(spent: dict[str, float]) -> None:
    text = flagged(text_with(), baseline="untrained")

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        return replace(outcome, spent=spent) if trial.arm == "off" else outcome

    assert verdict_of(text, change=change).kind == "gain"


def timed_claim(text: str) -> ResolvedClaim:
    recipe = replace(RECIPE, info=replace(INFO, units=("seconds", "steps")))
    return resolve(parse_claim(text, "world.toml", "world"), recipe)


def test_where_seconds_are_the_budget_the_clock_is_no_training() -> None:
    text = flagged(text_with(), baseline="untrained").replace("[[arm]]", '[budget]\nunit = "seconds"\n[[arm]]', 1)

    def spending(**own: float) -> Any:
        def change(trial: Trial, outcome: Outcome) -> Outcome:
            return replace(outcome, spent={"seconds": 10.0} | (own if trial.arm == "off" else {"steps": 90.0}))

        return change

    claim = timed_claim(text)
    closed_form = decide(claim, outcomes_of(claim, change=spending())).verdicts[0]
    trained = decide(claim, outcomes_of(claim, change=spending(steps=9.0))).verdicts[0]
    assert (closed_form.kind, trained.title) == ("gain", "invalid (budget)")


def test_a_flag_that_does_not_hold_is_found_though_the_partner_failed() -> None:
    text = flagged(text_with(), baseline="untrained")
    found = verdict_of(text, change=lambda t, o: failed("code") if t.arm == "on" else o)
    assert found.title == "invalid (budget)"


@pytest.mark.parametrize("scope", ["seeds", "checkpoint"])
def test_a_scope_short_of_the_recipe_stands_in_the_verdict_s_line(scope: str) -> None:
    text = text_with(effect=0.3).replace("[metric]", f'scope = "{scope}"\n[metric]', 1)
    found = verdict_of(text)
    assert found.title == f"gain (>= margin, scope {scope})"
    assert f"(scope {scope})" in found.reasons[0]


def test_two_deterministic_arms_are_told_to_be_these_checkpoints_alone() -> None:
    found = verdict_of(BOTH_FIXED)
    assert found.title.endswith("scope checkpoint)")
    assert "for these trained models only" in found.reasons[0]
    claim = claim_of(BOTH_FIXED)
    decision = decide(claim, outcomes_of(claim))
    assert "scope checkpoint" in " ".join(verdict_lines(claim, decision))
    assert "scope checkpoint" in verdict_markdown(claim, decision)


def test_the_usual_scope_and_level_are_not_told() -> None:
    found = verdict_of(text_with(effect=0.2))
    assert "scope" not in found.title + found.reasons[0]
    assert "alpha" not in found.title


@pytest.mark.parametrize(("alpha", "told"), [(0.01, False), (0.05, False), (0.06, True), (0.2, True)])
def test_an_error_rate_above_five_per_cent_stands_in_the_verdict_s_line(alpha: float, told: bool) -> None:
    found = verdict_of(text_with(effect=0.3).replace("[metric]", f"alpha = {alpha}\n[metric]", 1))
    assert (f"alpha {alpha:g}" in found.title) is told


def test_warnings_count_the_seeds_that_were_paired() -> None:
    claim = claim_of(BOTH_FIXED.replace("[0, 1, 2, 3, 4, 5]", "[0, 1, 2, 3, 4]"))
    assert decide(claim, outcomes_of(claim)).warnings == ()  # one seed was run, and no interval rests on five
    six = claim_of(text_with())
    lost = decide(six, outcomes_of(six, change=lambda t, o: failed("infrastructure") if t.seed == 3 else o))
    assert any("rest on 5 seeds" in warning for warning in lost.warnings)
    assert decide(six, outcomes_of(six)).warnings == ()
