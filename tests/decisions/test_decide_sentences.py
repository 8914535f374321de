"""What a decision says is what it rests on: looks, intervals, orientation, reasons, in text, tables and pages."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import decide
from evenhand.decisions.power import smallest_effects
from evenhand.decisions.progress import progress
from evenhand.decisions.verdict import Decision
from evenhand.recipes.outcome import Failure, Outcome
from evenhand.recipes.trial import Trial
from evenhand.report.markdown import verdict_markdown
from evenhand.report.page import render_report
from evenhand.report.text import verdict_lines, verdict_view
from evenhand.running.plan import smallest_effect_words
from evenhand.testing.worlds import TEXT, World, claim_of, outcomes_of, scalar

LOOKS = TEXT.replace("seeds = [0, 1, 2, 3, 4, 5]", "seeds = [0, 1, 2, 3, 4]\nlooks = [3, 5]")
NULL = '[[arm]]\nname = "off_again"\nrole = "null"\n'


def with_arms(text: str, *arms: str) -> str:
    return text.replace("[[rung]]", "".join(arms) + "[[rung]]", 1)


def everywhere(claim: ResolvedClaim, decision: Decision) -> dict[str, str]:
    """The decision as each face shows it, in one line each."""
    console = Console(width=140, file=io.StringIO(), force_terminal=False, color_system=None)
    console.print(verdict_view(claim, decision, 140))
    faces = {
        "narrow": " ".join(verdict_lines(claim, decision, width=60)),
        "wide": console.file.getvalue(),
        "table": verdict_markdown(claim, decision),
        "page": render_report(claim, decision, []),
    }
    return {name: " ".join(text.replace("−", "-").split()) for name, text in faces.items()}


def stopped_early() -> tuple[ResolvedClaim, Decision]:
    claim = claim_of(with_arms(LOOKS, NULL).replace("settings.effect = 0.2", "settings.effect = 0.3"))
    early = outcomes_of(claim, World(seed_sd=0.01), change=lambda t, o: o if (t.seed or 0) < 3 else None)
    assert progress(claim, early).finished
    return claim, decide(claim, early)


@pytest.mark.slow
def test_a_look_that_stops_early_is_announced_everywhere() -> None:
    claim, decision = stopped_early()
    for face, text in everywhere(claim, decision).items():
        assert "Stopped at look 1 of 2 planned ones, 3 of 5 seeds" in text, face
        assert "97.2 %" in text, face


@pytest.mark.slow
def test_after_an_early_stop_nothing_says_that_the_planned_seeds_would_settle_more() -> None:
    claim, decision = stopped_early()
    assert decision.verdicts[-1].role == "null"
    for face, text in everywhere(claim, decision).items():
        assert "would settle" not in text, face


@pytest.mark.slow
def test_the_last_planned_look_is_named_and_is_not_called_early() -> None:
    claim = claim_of(LOOKS.replace("settings.effect = 0.2", "settings.effect = 0.01"))
    decision = decide(claim, outcomes_of(claim, World(seed_sd=0.1)))
    assert decision.look is not None
    assert not decision.look.early
    assert "Look 2 of 2 planned ones, 5 of 5 seeds" in everywhere(claim, decision)["narrow"]


def test_no_look_is_told_where_none_was_planned_or_none_is_reached() -> None:
    claim = claim_of()
    assert decide(claim, outcomes_of(claim)).look is None
    planned = claim_of(LOOKS)
    two = outcomes_of(planned, change=lambda t, o: o if (t.seed or 0) < 2 else None)
    assert decide(planned, two).look is None


def scalar_decision(deltas: list[float], margin: float, *, direction: str = "") -> tuple[ResolvedClaim, Decision]:
    name = "loss" if direction else "score"
    text = TEXT.replace('name = "score"', f'name = "{name}"').replace("margin = 0.05", f"margin = {margin}")
    claim = claim_of(text.replace("[0, 1, 2, 3, 4, 5]", str(list(range(len(deltas))))))
    values = {("off", s): 0.3 for s in range(len(deltas))} | {("on", s): 0.3 + d for s, d in enumerate(deltas)}

    def outcome(trial: Trial) -> Outcome:
        found = scalar(trial, values)
        return replace(found, metrics={name: found.metrics["score"]})

    return claim, decide(claim, {t.id: outcome(t) for t in claim.trials(claim.claim.rungs[0])})


def test_no_effect_shows_the_interval_that_lies_within_the_margin() -> None:
    claim, decision = scalar_decision([0.03, -0.01, 0.03, -0.01, 0.03, -0.01], 0.03)
    (verdict,) = decision.verdicts
    contrast = verdict.contrasts[0]
    assert verdict.kind == "no-effect"
    assert contrast.interval is not None
    assert contrast.interval[1] > 0.03, "the wider interval reaches beyond the margin: showing it would contradict"
    low, high = contrast.equivalence_interval or (0.0, 0.0)
    assert contrast.equivalence_level == pytest.approx(0.9)
    assert f"90 % interval {100 * low:+.1f} to {100 * high:+.1f}" in verdict.reasons[0]
    for face, text in everywhere(claim, decision).items():
        assert f"[{low:+.3f}, {high:+.3f}]" in text, face
        assert f"[{contrast.interval[0]:+.3f}, {contrast.interval[1]:+.3f}]" not in text, face
        assert "90 %" in text, face


def test_a_trivial_effect_shows_both_intervals_it_rests_on() -> None:
    _, decision = scalar_decision([0.010, 0.011, 0.012, 0.009, 0.010, 0.011], 0.05)
    (verdict,) = decision.verdicts
    assert verdict.title == "no-effect (trivial)"
    assert "90 % interval" in verdict.reasons[0]
    assert "there is an effect (95 % interval +" in verdict.reasons[0]


def test_what_is_minimised_says_that_above_zero_is_better() -> None:
    claim, decision = scalar_decision([-0.1, -0.12, -0.09, -0.1, -0.11, -0.1], 0.05, direction="minimise")
    assert decision.verdicts[0].kind == "gain"
    for face, text in everywhere(claim, decision).items():
        assert "lower is better" in text, face
        if face != "page":
            assert "above 0 is an improvement" in text, face
    plain, shown = scalar_decision([0.1, 0.12, 0.09, 0.1, 0.11, 0.1], 0.05)
    assert "lower is better" not in everywhere(plain, shown)["narrow"]


SCREEN = '[[rung]]\nname = "screen"\nbudget = 5\nseeds = [100, 101, 102]\nitems = 50\n'
CONDITIONS = (
    '[[condition]]\nname = "easy"\n[[condition]]\nname = "hard"\nsettings.condition_effect = 1.5\n'
    '[[condition]]\nname = "still"\nexpect = "no-effect"\nsettings.condition_effect = 0.0\n'
)


def test_a_pruning_reason_names_the_condition_whose_figures_it_quotes() -> None:
    hopeless = '[[arm]]\nname = "bad"\nrole = "variant"\nsettings.effect = -0.2\n'
    claim = claim_of(with_arms(TEXT, hopeless, CONDITIONS, SCREEN))
    found = [v for v in decide(claim, outcomes_of(claim)).verdicts if v.arm == "bad"]
    assert {v.kind for v in found} == {"pruned"}
    for verdict in found:
        assert "in 'easy': the 90 % upper bound" in verdict.reasons[0]
        assert "in 'hard': the 90 % upper bound" in verdict.reasons[0]
        assert "in 'still'" not in verdict.reasons[0]
        assert "which looks at 'easy' and 'hard' and not at controls" in verdict.reasons[0]


MINIMISED = TEXT.replace('name = "score"', 'name = "loss"\nceiling = 1.0').replace("items = 100", "")


def diverging(text: str, seeds: set[int], arm: str = "on") -> tuple[ResolvedClaim, Decision]:
    claim = claim_of(text)

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        lost = trial.arm == arm and trial.seed in seeds
        return Outcome(failure=Failure("diverged", "loss is nan")) if lost else outcome

    return claim, decide(claim, outcomes_of(claim, change=change))


def test_divergence_of_every_seed_is_a_result_that_says_so_and_has_no_interval() -> None:
    claim, decision = diverging(MINIMISED, {0, 1, 2, 3, 4, 5})
    (verdict,) = decision.verdicts
    assert verdict.title == "regression (6 of 6 seeds diverged)"
    assert "6 of 6 seeds of on diverged; scored at the worst value 1" in verdict.reasons[0]
    assert verdict.contrasts[0].interval is None
    assert verdict.contrasts[0].p_value is None
    for face, text in everywhere(claim, decision).items():
        assert "6 of 6 seeds diverged" in text, face
        assert "95 %" not in text.split("Method")[0] or face == "page", face


def test_some_seeds_that_diverged_are_counted_in_the_verdicts_line() -> None:
    _, decision = diverging(MINIMISED, {1, 4})
    (verdict,) = decision.verdicts
    assert "2 of 6 seeds diverged" in verdict.title
    assert "2 of 6 seeds of on diverged, and were scored at the worst value 1" in verdict.reasons[0]
    assert verdict.contrasts[0].interval is not None


def test_a_rival_that_diverged_at_every_seed_does_not_decide_a_gain() -> None:
    rival = '[[arm]]\nname = "other"\nrole = "rival"\nsettings.effect = 0.05\n'
    _, decision = diverging(with_arms(MINIMISED, rival), {0, 1, 2, 3, 4, 5}, arm="other")
    assert decision.verdicts[0].kind == "gain"
    assert decision.verdicts[0].standing == "off"


def test_without_a_worst_value_the_key_that_gives_one_is_named() -> None:
    _, decision = diverging(MINIMISED.replace("ceiling = 1.0", ""), {0, 1, 2, 3, 4, 5})
    assert decision.verdicts[0].title == "not-run (diverged)"
    assert "give `ceiling` under [metric], the worst value of loss" in decision.verdicts[0].reasons[0]


def test_a_plan_for_fixed_models_counts_items_and_not_seeds() -> None:
    claim = claim_of('scope = "checkpoint"\n' + TEXT.replace("[0, 1, 2, 3, 4, 5]", "[0]"))
    (row,) = smallest_effects(claim, {})
    assert row.unit == "item sd of differences"
    assert row.in_sd == pytest.approx(0.28, abs=0.005), "t test over 100 items at 80 % power"
    assert "for new seeds" not in smallest_effect_words(row)


def test_a_table_of_an_unfinished_claim_says_pending_and_nothing_else() -> None:
    claim = claim_of()
    decision = decide(claim, outcomes_of(claim, change=lambda t, o: o if (t.seed or 0) < 3 else None))
    table = verdict_markdown(claim, decision)
    assert "| **not-run (pending)** |" in table
    assert "None" not in table


@pytest.mark.parametrize(("spread", "said"), [(0.0, True), (0.0625, False)])
def test_where_no_seed_differs_from_another_the_verdict_names_what_may_be_behind_it(spread: float, said: bool) -> None:
    def alike(trial: Trial, _: Outcome) -> Outcome:
        value = (0.25 if trial.arm == "off" else 0.5) + spread * (trial.seed or 0)
        return scalar(trial, {(trial.arm, trial.seed): value})

    claim = claim_of()
    (verdict,) = decide(claim, outcomes_of(claim, change=alike)).verdicts
    told = " ".join(verdict.reasons)
    assert "show the same difference" in told
    assert ("in each arm every seed gave the same result, and the program may ignore its seed" in told) == said
