"""Verdicts: the first rule that matches wins, and each verdict says what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenhand.decisions.decide import decide, running_contrasts
from evenhand.decisions.progress import progress
from evenhand.decisions.verdict import Verdict
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.recipes.trial import Trial
from evenhand.testing.worlds import TEXT, World, claim_of, failed, outcomes_of, scalar, with_scores

NULL = '[[arm]]\nname = "off_again"\nrole = "null"\n'
RIVAL = '[[arm]]\nname = "rival"\nrole = "rival"\nsettings.effect = {effect}\n'
CONTROL = (
    '[[condition]]\nname = "target"\n[[condition]]\nname = "control"\nexpect = "no-effect"\n'
    "settings.condition_effect = {effect}\n"
)


def text_with(*parts: str, effect: float = 0.2, **replaced: str) -> str:
    text = TEXT.replace("settings.effect = 0.2", f"settings.effect = {effect}")
    for old, new in replaced.items():
        text = text.replace(f"{old} = ", f"{new} = ")
    return text.replace("[[rung]]", "".join(parts) + "[[rung]]", 1)


def verdict_of(text: str, world: World | None = None, change: Any = None, **keys: Any) -> Verdict:
    claim = claim_of(text)
    found = decide(claim, outcomes_of(claim, world, change=change, **keys)).verdicts
    return next(v for v in found if v.role == "variant" and v.condition in ("default", "target"))


def only(arm: str, outcome: Any) -> Any:
    """A change that applies to one arm."""
    return lambda trial, found: (outcome(trial, found) if callable(outcome) else outcome) if trial.arm == arm else found


def test_a_real_effect_is_a_gain_and_its_mirror_a_regression() -> None:
    assert verdict_of(text_with(effect=0.2)).kind == "gain"
    assert verdict_of(text_with(effect=-0.2)).kind == "regression"


def test_a_metric_to_be_minimised_turns_the_sign() -> None:
    text = text_with(effect=0.2).replace('name = "score"', 'name = "loss"')
    found = verdict_of(text)
    assert found.kind == "gain"
    assert (found.contrasts[0].estimate or 0) > 0


def test_a_gain_clear_of_the_margin_says_so() -> None:
    assert verdict_of(text_with(effect=0.3)).title == "gain (>= margin)"


def test_no_effect_needs_equivalence_not_mere_silence() -> None:
    tight = World(seed_sd=0.002, shared_sd=0.01, item_sd=0.0, item_effect_sd=0.0, binary=False)
    assert verdict_of(text_with(effect=0.0001), tight).kind == "no-effect"
    assert verdict_of(text_with(effect=0.0001), World(seed_sd=0.1)).kind == "inconclusive"


def test_a_trivial_effect_is_no_effect_and_called_trivial() -> None:
    tight = World(seed_sd=0.001, shared_sd=0.01, item_sd=0.0, item_effect_sd=0.0, binary=False)
    assert verdict_of(text_with(effect=0.02), tight).title == "no-effect (trivial)"


def test_an_inconclusive_verdict_says_what_would_settle_it() -> None:
    found = verdict_of(text_with(effect=0.06), World(seed_sd=0.08))
    assert found.kind == "inconclusive"
    assert "seeds would settle an effect" in found.reasons[0]
    assert "95 % interval" in found.reasons[0]
    assert "points" in found.reasons[0]


def twins(text: str, *, answers: bool, one_sided: bool = False) -> Verdict:
    """A variant whose every score is the baseline's, with or without what was answered."""
    claim = claim_of(text)
    outcomes = outcomes_of(claim)
    for trial in claim.trials(claim.claim.rungs[0]):
        if trial.arm == "on":
            twin = next(t for t in claim.trials(claim.claim.rungs[0]) if t.arm == "off" and t.seed == trial.seed)
            table = outcomes[twin.id].items["score"]
            told = replace(table, outputs=tuple(f"answer {i}" for i in table.ids)) if answers else table
            outcomes[twin.id] = replace(outcomes[twin.id], items={"score": told})
            outcomes[trial.id] = replace(outcomes[twin.id], items={"score": table if one_sided else told})
    return decide(claim, outcomes).verdicts[0]


def test_an_arm_that_changes_no_output_is_a_no_op() -> None:
    found = twins(text_with(), answers=True)
    assert found.title == "no-op"
    assert found.contrasts[0].identical
    assert found.contrasts[0].same_scores is None


@pytest.mark.parametrize("one_sided", [False, True])
def test_equal_scores_without_outputs_say_how_many_answers_may_differ(one_sided: bool) -> None:
    found = twins(text_with(), answers=one_sided, one_sided=one_sided)
    assert found.title == "inconclusive (scores identical)"
    same = found.contrasts[0].same_scores
    assert same is not None
    assert (same.compared, same.unit) == (600, "answers")
    assert same.may_differ == pytest.approx(3 / 600, rel=0.01)
    assert "up to 0.5 % of answers may differ (0 of 600 do" in found.reasons[0]
    assert not found.contrasts[0].identical


def test_equal_scores_with_other_outputs_are_not_a_no_op() -> None:
    half = [0.0, 1.0] * 50

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        return with_scores(outcome, half, tuple(f"{trial.arm} {i}" for i in range(100)))

    assert verdict_of(text_with(), change=change).kind != "no-op"


@pytest.mark.parametrize(("value", "words"), [(1.0, "ceiling"), (0.0, "floor")])
def test_a_task_at_its_ceiling_or_floor_for_both_arms_is_saturated(value: float, words: str) -> None:
    found = verdict_of(text_with(), change=lambda trial, outcome: with_scores(outcome, [value] * 100))
    assert found.title == "invalid (saturated)"
    assert words in found.reasons[0]


def test_a_task_at_the_declared_chance_level_is_saturated() -> None:
    text = text_with(effect=0.0001).replace("margin = 0.05", "margin = 0.05\nchance = 0.5")
    flat = World(seed_sd=0, shared_sd=0, item_sd=0, item_effect_sd=0)
    assert verdict_of(text, flat).title == "invalid (saturated)"
    assert verdict_of(text.replace("chance = 0.5", "chance = 0.1"), flat).title != "invalid (saturated)"


def test_unequal_budgets_yield_no_number() -> None:
    found = verdict_of(text_with(), change=only("on", lambda t, o: replace(o, spent={"steps": 27.5})))
    assert found.title == "invalid (budget)"
    assert found.contrasts[0].estimate is None
    assert "27.5 against 10 steps" in found.reasons[0]


def test_a_recipe_that_reports_no_spending_cannot_be_compared() -> None:
    assert verdict_of(text_with(), change=lambda t, o: replace(o, spent={})).title == "invalid (budget)"


def test_an_untrained_arm_is_exempt_from_equal_budgets() -> None:
    text = text_with().replace('role = "variant"', 'role = "variant"\nuntrained = true')
    assert verdict_of(text, change=only("on", lambda t, o: replace(o, spent={}))).kind == "gain"


def test_other_items_yield_no_number() -> None:
    def shifted(trial: Trial, outcome: Outcome) -> Outcome:
        table = outcome.items["score"]
        return replace(outcome, items={"score": replace(table, ids=(*table.ids[:-1], "stranger"))})

    found = verdict_of(text_with(), change=only("on", shifted))
    assert found.title == "invalid (items)"
    assert found.contrasts[0].estimate is None
    assert "stranger" in found.reasons[0]


def test_items_in_another_order_are_the_same_items() -> None:
    def turned(trial: Trial, outcome: Outcome) -> Outcome:
        table = outcome.items["score"]
        return replace(outcome, items={"score": replace(table, ids=table.ids[::-1], scores=table.scores[::-1])})

    plain, reordered = verdict_of(text_with()), verdict_of(text_with(), change=only("on", turned))
    assert reordered.contrasts[0].estimate == pytest.approx(plain.contrasts[0].estimate)
    assert reordered.contrasts[0].interval == pytest.approx(plain.contrasts[0].interval)


def grouped(by: int, turned: bool = False) -> Callable[[Trial, Outcome], Outcome]:
    def changed(trial: Trial, outcome: Outcome) -> Outcome:
        table = outcome.items["score"]
        own = tuple(f"group {place // by}" for place in range(len(table.ids)))
        step = -1 if turned else 1
        found = replace(table, ids=table.ids[::step], scores=table.scores[::step], clusters=own[::step])
        return replace(outcome, items={"score": found})

    return changed


def test_items_that_the_arms_group_otherwise_yield_no_number() -> None:
    def unlike(trial: Trial, outcome: Outcome) -> Outcome:
        return grouped(5 if trial.arm == "on" else 10)(trial, outcome)

    found = verdict_of(text_with(), change=unlike)
    assert found.title == "invalid (items)"
    assert "off at seed 0 groups the items otherwise than on at seed 0 does" in found.reasons[0]


def test_what_groups_are_called_makes_no_other_groups() -> None:
    def renamed(trial: Trial, outcome: Outcome) -> Outcome:
        made = grouped(10)(trial, outcome)
        table = made.items["score"]
        names = tuple(f"{trial.arm} {trial.seed} {name}" for name in table.clusters or ())
        return replace(made, items={"score": replace(table, clusters=names)})

    wanted = verdict_of(text_with(), change=grouped(10)).contrasts[0].bootstrap_interval
    assert verdict_of(text_with(), change=renamed).contrasts[0].bootstrap_interval == pytest.approx(wanted)


def test_groups_hold_in_whatever_order_items_are_told_and_whichever_arm_tells_them() -> None:
    def turned(trial: Trial, outcome: Outcome) -> Outcome:
        return grouped(10, turned=trial.arm == "on")(trial, outcome)

    wanted = verdict_of(text_with(), change=grouped(10)).contrasts[0].bootstrap_interval
    assert wanted != verdict_of(text_with()).contrasts[0].bootstrap_interval
    for change in (turned, only("on", grouped(10)), only("off", grouped(10))):
        assert verdict_of(text_with(), change=change).contrasts[0].bootstrap_interval == pytest.approx(wanted)


def test_scores_outside_the_declared_range_yield_no_number() -> None:
    found = verdict_of(text_with(), change=only("on", lambda t, o: with_scores(o, [1.5] * 100)))
    assert found.title == "invalid (range)"
    assert "mend the scorer" in found.reasons[0]
    assert found.contrasts[0].estimate is None


def test_one_missing_pair_is_dropped_and_named() -> None:
    found = verdict_of(text_with(), change=lambda t, o: failed("infrastructure") if t.seed == 3 else o)
    assert found.kind == "gain"
    assert found.contrasts[0].seeds == (0, 1, 2, 4, 5)
    assert "infrastructure" in found.contrasts[0].dropped["3"]


def test_too_many_missing_pairs_or_pairs_missing_in_one_arm_are_invalid() -> None:
    many = verdict_of(text_with(), change=lambda t, o: failed("resource") if (t.seed or 0) < 2 else o)
    assert many.title == "invalid (missing pairs)"
    text = TEXT.replace("[0, 1, 2, 3, 4, 5]", str(list(range(12))))
    one = verdict_of(text, change=only("on", lambda t, o: failed("resource") if (t.seed or 0) < 2 else o))
    assert one.title == "invalid (missing pairs)"


def test_machine_failures_of_all_trials_are_not_a_verdict_on_the_model() -> None:
    found = verdict_of(text_with(), change=only("on", failed("resource", "out of memory")))
    assert found.title == "not-run (resource)"


def test_a_diverged_trial_is_a_result_where_the_metric_has_a_worst_value() -> None:
    found = verdict_of(text_with(effect=0.0001), change=only("on", failed("diverged")))
    assert found.kind == "regression"
    loss = text_with().replace('name = "score"', 'name = "loss"')
    assert verdict_of(loss, change=only("on", failed("diverged"))).kind == "not-run"


def test_while_trials_are_pending_there_is_no_verdict_but_something_to_watch() -> None:
    claim = claim_of(text_with())
    outcomes = outcomes_of(claim, change=lambda t, o: None if t.seed == 5 else o)
    decision = decide(claim, outcomes)
    assert decision.verdicts[0].title == "not-run (pending)"
    assert not decision.finished
    stand = progress(claim, outcomes)
    assert {t.seed for t in stand.pending} == {5}
    assert len(running_contrasts(claim, stand, outcomes)[0].seeds) == 5


def test_a_variant_must_beat_every_rival() -> None:
    weak, strong = text_with(RIVAL.format(effect=0.05)), text_with(RIVAL.format(effect=0.45))
    assert verdict_of(weak).kind == "gain"
    found = verdict_of(strong)
    assert found.title == "regression (>= margin, against rival)"
    assert found.standing == "rival"
    assert [c.kind for c in found.contrasts] == ["gain", "regression"]


def test_a_rival_that_failed_to_run_forbids_a_gain() -> None:
    found = verdict_of(text_with(RIVAL.format(effect=0.05)), change=only("rival", failed("code")))
    assert found.title == "not-run (code, against rival)"


def test_a_null_arm_that_differs_makes_the_verdicts_invalid() -> None:
    def shifted(trial: Trial, outcome: Outcome) -> Outcome:
        return with_scores(outcome, np.ones(100) * 0.95)

    assert verdict_of(text_with(NULL)).kind == "gain"
    assert verdict_of(text_with(NULL), change=only("off_again", shifted)).title == "invalid (null arm)"


def test_a_control_that_shows_an_effect_makes_the_target_invalid() -> None:
    quiet, loud = text_with(CONTROL.format(effect=0.0)), text_with(CONTROL.format(effect=0.9))
    assert verdict_of(quiet).kind == "gain"
    assert verdict_of(loud).title == "invalid (control)"


def test_helps_only_here_is_a_difference_of_differences() -> None:
    claim = claim_of(text_with(CONTROL.format(effect=0.0)))
    found = decide(claim, outcomes_of(claim)).interactions[0]
    assert (found.target, found.control) == ("target", "control")
    assert found.interval is not None
    assert found.interval[0] > 0
    assert found.estimate == pytest.approx(np.mean(found.differences))


def test_several_variants_are_adjusted_by_holm_and_one_alone_is_not() -> None:
    second = '[[arm]]\nname = "on2"\nrole = "variant"\nsettings.effect = 0.0001\n'
    claim = claim_of(text_with(second))
    found = {v.arm: v for v in decide(claim, outcomes_of(claim)).verdicts}
    assert found["on"].family_level == pytest.approx(0.975)
    assert found["on2"].family_level == pytest.approx(0.95)
    assert verdict_of(text_with()).family_level == pytest.approx(0.95)


def test_metrics_that_are_not_primary_stand_in_an_exploratory_table_only() -> None:
    text = text_with().replace("[metric]", "[[metric]]") + '[[metric]]\nname = "loss"\nmargin = 0.1\nprimary = false\n'
    claim = claim_of(text)
    decision = decide(claim, outcomes_of(claim))
    assert [v.metric for v in decision.verdicts] == ["score"]
    assert [row.contrast.metric for row in decision.exploratory] == ["loss"]


LOOKS = "seeds = [0, 1, 2, 3, 4]\nlooks = [3, 5]"


def test_a_planned_look_stops_a_settled_claim_at_its_own_level() -> None:
    claim = claim_of(text_with(effect=0.3).replace("seeds = [0, 1, 2, 3, 4, 5]", LOOKS))
    early = outcomes_of(claim, World(seed_sd=0.01), change=lambda t, o: o if (t.seed or 0) < 3 else None)
    stand = progress(claim, early)
    assert stand.finished
    found = decide(claim, early).verdicts[0]
    assert found.kind == "gain"
    assert found.contrasts[0].seeds == (0, 1, 2)
    assert found.family_level == pytest.approx(1 - 0.028)


def test_an_unsettled_look_asks_for_the_next_seeds_and_gives_no_verdict() -> None:
    claim = claim_of(text_with(effect=0.01).replace("seeds = [0, 1, 2, 3, 4, 5]", LOOKS))
    first = progress(claim, {})
    assert {t.seed for t in first.pending} == {0, 1, 2}
    early = outcomes_of(claim, World(seed_sd=0.1), change=lambda t, o: o if (t.seed or 0) < 3 else None)
    stand = progress(claim, early)
    assert {t.seed for t in stand.pending} == {3, 4}
    assert decide(claim, early).verdicts[0].title == "not-run (pending)"
    assert decide(claim, outcomes_of(claim, World(seed_sd=0.1))).verdicts[0].kind == "inconclusive"


def test_looking_between_planned_looks_gives_no_verdict() -> None:
    claim = claim_of(text_with(effect=0.3).replace("seeds = [0, 1, 2, 3, 4, 5]", LOOKS))
    two = outcomes_of(claim, change=lambda t, o: o if (t.seed or 0) < 2 else None)
    assert decide(claim, two).verdicts[0].title == "not-run (pending)"


SCREEN = '[[rung]]\nname = "screen"\nbudget = 5\nseeds = [100, 101, 102]\nitems = 50\n'


def test_futility_prunes_hopeless_variants_and_keeps_the_rest() -> None:
    hopeless = '[[arm]]\nname = "bad"\nrole = "variant"\nsettings.effect = -0.3\n'
    claim = claim_of(text_with(hopeless, SCREEN))
    outcomes = outcomes_of(claim)
    stand = progress(claim, outcomes)
    assert set(stand.active_arms) == {"off", "on"}
    found = {v.arm: v for v in decide(claim, outcomes).verdicts}
    assert found["bad"].title == "pruned (screen)"
    assert "at most 10 % of the time" in found["bad"].reasons[0]
    assert found["on"].kind == "gain"


def test_screening_data_never_enter_the_confirmation() -> None:
    claim = claim_of(text_with(SCREEN))
    outcomes = outcomes_of(claim)
    confirm = decide(claim, outcomes).verdicts[0].contrasts[0]
    assert confirm.seeds == (0, 1, 2, 3, 4, 5)
    for trial in claim.trials(claim.claim.rungs[0]):
        outcomes[trial.id] = with_scores(outcomes[trial.id], np.full(50, 0.5 if trial.arm == "off" else 0.6))
    assert decide(claim, outcomes).verdicts[0].contrasts[0] == confirm


def test_a_threshold_rule_prunes_and_is_labelled_as_uncontrolled() -> None:
    rule = SCREEN + 'prune = { rule = "threshold", threshold = 0.5 }\n'
    claim = claim_of(text_with(rule))
    found = decide(claim, outcomes_of(claim)).verdicts[0]
    assert found.kind == "pruned"
    assert "without error control" in found.reasons[0]


def test_two_deterministic_arms_are_compared_over_items_alone() -> None:
    text = text_with().replace('role = "baseline"', 'role = "baseline"\ndeterministic = true')
    found = verdict_of(text.replace('role = "variant"', 'role = "variant"\ndeterministic = true'))
    assert len(found.contrasts[0].seeds) == 1
    assert "McNemar" in str(found.contrasts[0].figures["method"])
    assert found.kind == "gain"


def test_a_deterministic_arm_pairs_with_every_seed() -> None:
    found = verdict_of(text_with().replace('role = "baseline"', 'role = "baseline"\ndeterministic = true'))
    assert found.contrasts[0].seeds == (0, 1, 2, 3, 4, 5)


def test_equal_inputs_give_equal_decisions() -> None:
    claim = claim_of(text_with(NULL, RIVAL.format(effect=0.1)))
    assert decide(claim, outcomes_of(claim)) == decide(claim, outcomes_of(claim))


def from_deltas(deltas: list[float], margin: float = 0.01, outputs: tuple[str, ...] | None = None) -> Verdict:
    """A claim whose pairs differ by known amounts, on a metric without items."""
    seeds = list(range(len(deltas)))
    claim = claim_of(TEXT.replace("[0, 1, 2, 3, 4, 5]", str(seeds)).replace("margin = 0.05", f"margin = {margin}"))
    values = {("off", s): 0.3 for s in seeds} | {("on", s): 0.3 + d for s, d in zip(seeds, deltas, strict=True)}
    outcomes = {t.id: scalar(t, values) for t in claim.trials(claim.claim.rungs[0])}
    if outputs is not None:
        table = ItemScores(tuple(f"item {i}" for i in range(len(outputs))), np.zeros(len(outputs)), outputs)
        outcomes = {key: replace(outcome, items={"answers": table}) for key, outcome in outcomes.items()}
    return decide(claim, outcomes).verdicts[0]


def test_worked_case_arc_options_first_is_inconclusive() -> None:
    found = from_deltas([0.0156, 0.0234, 0.0625])
    assert found.kind == "inconclusive"
    assert found.contrasts[0].p_value == pytest.approx(0.145, abs=0.0005)
    assert "+3.4 points, 95 % interval -2.9 to +9.6 over 3 seeds: inconclusive" in found.reasons[0]
    assert "seeds would settle an effect of this size" in found.reasons[0]


def test_worked_case_hotpot_layer_start_12_is_a_no_op() -> None:
    assert from_deltas([0.0, 0.0, 0.0], outputs=("Paris", "1967", "no")).kind == "no-op"


def test_worked_case_hotpot_layer_start_12_without_outputs_shows_equal_scores_alone() -> None:
    found = from_deltas([0.0, 0.0, 0.0])
    assert found.title == "inconclusive (scores identical)"
    same = found.contrasts[0].same_scores
    assert same is not None
    assert (same.compared, same.unit) == (3, "seeds")
    assert same.may_differ == pytest.approx(1 - 0.05 ** (1 / 3))


def test_worked_case_220_seconds_against_80_is_invalid() -> None:
    claim = claim_of(TEXT.replace("[budget]", ""))
    spent = {"off": 80.0, "on": 220.0}
    outcomes = outcomes_of(claim, change=lambda t, o: replace(o, spent={"steps": spent[t.arm]}))
    assert decide(claim, outcomes).verdicts[0].title == "invalid (budget)"


def test_worked_case_contact_ties_near_the_majority_answer_are_saturated() -> None:
    scores = [0.0] * 3 + [1.0] * 253

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        return with_scores(outcome, scores)

    text = TEXT.replace("items = 100", "items = 256").replace("margin = 0.05", "margin = 0.05\nchance = 0.98828125")
    assert verdict_of(text, change=change).title == "invalid (saturated)"


REFERENCE = '[[arm]]\nname = "oracle"\nrole = "reference"\nsettings.effect = 0.4\n'


def test_a_reference_is_shown_with_its_difference_and_never_judged() -> None:
    claim = claim_of(text_with(REFERENCE, effect=0.2))
    found = decide(claim, outcomes_of(claim))
    assert [v.arm for v in found.verdicts] == ["on"]
    (shown,) = found.exploratory
    assert (shown.contrast.arm, shown.contrast.metric) == ("oracle", "score")
    assert (shown.contrast.estimate or 0) > 0.2


def test_references_take_no_share_of_the_error_rate() -> None:
    alone, beside = (claim_of(text_with(*parts, effect=0.2)) for parts in ((), (REFERENCE,)))
    levels = [decide(c, outcomes_of(c)).verdicts[0].family_level for c in (alone, beside)]
    assert levels[0] == levels[1]
    both = claim_of(text_with(REFERENCE.replace("reference", "variant"), effect=0.2))
    assert max(v.family_level for v in decide(both, outcomes_of(both)).verdicts) > levels[0]


def score_of(trial: Trial, outcome: Outcome, differences: dict[str, list[float]]) -> Outcome:
    """Graded scores: 100 items around a level that each arm exceeds by its own difference at this seed."""
    level = 0.5 + differences.get(trial.arm, [0.0] * 10)[trial.seed or 0]
    return with_scores(outcome, level + 0.001 * np.sin(np.arange(100.0) + len(trial.arm) + 7 * (trial.seed or 0)))


TWO = (
    '[[arm]]\nname = "second"\nrole = "variant"\nsettings.effect = 0.1\n'
    '[[arm]]\nname = "rival"\nrole = "rival"\nsettings.effect = 0.3\n'
)
SPREAD = np.array([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0])


def family(first: float, rival: float, second: float) -> dict[str, Verdict]:
    """Verdicts of two variants and a rival with these mean differences from the baseline."""
    seeds = {"on": list(first + 0.02 * SPREAD), "second": list(second + 0.013 * SPREAD), "rival": [rival] * 6}
    claim = claim_of(text_with(TWO).replace("margin = 0.05", "margin = 0.001"))
    outcomes = outcomes_of(claim, change=lambda trial, outcome: score_of(trial, outcome, seeds))
    return {v.arm: v for v in decide(claim, outcomes).verdicts}


@pytest.mark.parametrize("first", [0.001, -0.001])
def test_a_variant_that_calls_nothing_does_not_loosen_the_level_of_another(first: float) -> None:
    """Far below a rival and undecided against the baseline: no verdict rests on the contrast with that rival."""
    near, far = family(first, 0.0, second=0.011), family(first, 0.3, second=0.311)
    assert near["on"].kind == far["on"].kind == "inconclusive"
    assert near["second"].kind == "inconclusive"
    worst = max(c.p_value or 0.0 for c in far["second"].contrasts)
    assert 0.025 < worst < 0.05
    assert far["second"].kind == "inconclusive"
    assert far["second"].family_level == pytest.approx(0.975)


def test_a_variant_that_gains_over_the_baseline_and_loses_to_a_rival_loosens_no_level_either() -> None:
    found = family(0.1, 0.3, second=0.311)
    assert found["on"].title == "regression (>= margin, against rival)"
    assert found["second"].kind == "inconclusive"
    assert found["second"].family_level == pytest.approx(0.975)


def test_a_regression_against_the_baseline_counts_in_the_family_whatever_the_rivals() -> None:
    found = family(-0.1, 0.3, second=0.311)
    assert found["on"].kind == "regression"
    assert (found["second"].kind, found["second"].family_level) == ("gain", pytest.approx(0.95))


def test_the_lowest_of_several_rivals_was_chosen_and_beats_a_variant_only_where_that_is_allowed_for() -> None:
    rivals = RIVAL.format(effect=0.3) + RIVAL.format(effect=0.4).replace('"rival"', '"other"', 1)
    for two, kind in ((False, "regression"), (True, "inconclusive")):
        text = text_with(rivals if two else RIVAL.format(effect=0.3))
        seeds = {"on": list(0.2 + 0.013 * SPREAD), "rival": [0.2105] * 6, "other": [0.1] * 6}
        claim = claim_of(text.replace("margin = 0.05", "margin = 0.001"))
        outcomes = outcomes_of(claim, change=lambda trial, outcome, s=seeds: score_of(trial, outcome, s))
        found = decide(claim, outcomes).verdicts[0]
        against = next(c for c in found.contrasts if c.against == "rival")
        assert 0.025 < (against.p_value or 0.0) < 0.05
        assert (found.kind, found.standing) == (kind, "rival")


@pytest.mark.parametrize("seed", range(12))
def test_the_verdict_is_what_the_calibrated_test_calls_at_the_verdicts_own_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 0.012, 3)
    found = family(means[0], means[1], second=means[2])
    for verdict in found.values():
        baseline, rival = verdict.contrasts
        ends = [c.interval or (0.0, 0.0) for c in (baseline, rival)]
        assert (verdict.kind == "gain") == all(low > 0 for low, _ in ends)
        if ends[0][1] < 0:
            assert verdict.kind == "regression"
            assert verdict.standing == "off"
