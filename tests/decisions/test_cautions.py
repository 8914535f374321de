"""What a reader is told beside the verdicts: hidden collapses, items in groups, several verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenhand import statistics
from evenhand.cli.output import plain
from evenhand.decisions.decide import decide
from evenhand.decisions.verdict import Decision
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.recipes.trial import Trial
from evenhand.report.text import verdict_lines
from evenhand.testing.worlds import TEXT, World, claim_of, failed, outcomes_of, with_scores
from tests.decisions.test_decide import CONTROL, NULL, text_with, verdict_of


def test_beside_a_gain_stands_how_often_a_collapse_could_hide() -> None:
    claim = claim_of(text_with(effect=0.2))
    decision = decide(claim, outcomes_of(claim))
    found = decision.verdicts[0].contrasts[0]
    assert found.collapse is not None
    assert (found.collapse.seeds, found.collapse.collapsed, found.collapse.bottom) == (6, 0, 0.0)
    share = round(100 * (found.collapse.break_even or 0))
    assert found.scores is not None
    assert found.estimate is not None
    right = found.estimate / (found.estimate + found.scores[1])
    assert found.collapse.break_even == pytest.approx(right)
    words = "0 of 6 seeds collapsed, which does not exclude that up to 39 % of all seeds do; from"
    assert f"{words} {share} % on the mean gain is used up" in decision.verdicts[0].reasons[0]
    assert words in " ".join(" ".join(verdict_lines(claim, decision)).split())
    assert plain(decision)["verdicts"][0]["contrasts"][0]["collapse"]["not_excluded"] == pytest.approx(0.393, abs=1e-3)


def test_a_seed_that_collapsed_is_counted() -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        if trial.arm == "on" and trial.seed == 3:
            table = outcome.items["score"]
            return replace(outcome, items={"score": replace(table, scores=np.zeros(len(table.ids)))})
        return outcome

    text = text_with(effect=0.45).replace("[0, 1, 2, 3, 4, 5]", str(list(range(12))))
    found = verdict_of(text, World(level=0.3), change=change)
    assert found.kind == "gain"
    assert "1 of 12 seeds collapsed" in found.reasons[0]


@pytest.mark.parametrize("effect", [-0.2, 0.001])
def test_only_a_gain_can_be_lost_to_collapse(effect: float) -> None:
    found = verdict_of(text_with(effect=effect))
    assert found.kind != "gain"
    assert found.contrasts[0].collapse is None
    assert "collapsed" not in found.reasons[0]


def test_where_no_seed_is_drawn_none_can_collapse() -> None:
    fixed = text_with(effect=0.3).replace('role = "variant"', 'role = "variant"\ndeterministic = true')
    scope = text_with(effect=0.3).replace("[metric]", 'scope = "checkpoint"\n[metric]', 1)
    for found in (verdict_of(fixed), verdict_of(scope)):
        assert found.kind == "gain"
        assert found.contrasts[0].collapse is None


def test_without_a_floor_the_rate_at_which_the_gain_is_lost_is_said_to_be_unknown() -> None:
    found = verdict_of(text_with(effect=0.2).replace('name = "score"', 'name = "loss"\nceiling = 9.0'))
    bare = verdict_of(text_with(effect=0.2).replace('name = "score"', 'name = "loss"'))
    assert found.kind == bare.kind == "gain"
    assert "on the mean gain is used up" in found.reasons[0]
    assert "neither a floor nor a chance level is declared" in bare.reasons[0]


def lose(arm: str, *seeds: int) -> Callable[[Trial, Outcome], Outcome]:
    return lambda trial, made: failed("code", "boom") if trial.arm == arm and trial.seed in seeds else made


@pytest.mark.parametrize("seeds", [(2,), (0, 2)])
def test_trials_that_failed_are_named_with_arm_seeds_class_and_cure(seeds: tuple[int, ...]) -> None:
    claim = claim_of(TEXT)
    decision = decide(claim, outcomes_of(claim, change=lose("on", *seeds)))
    (warning,) = [w for w in decision.warnings if "failed" in w]
    which = "seed 2" if len(seeds) == 1 else "seeds 0, 2"
    assert warning.startswith(f"'on' failed in 'default' at {which} (code: boom), and ")
    assert "Mend it" in warning
    assert decision.failed, "pairs are missing"
    assert f"{6 - len(seeds)} of 6 seeds" in " ".join(verdict_lines(claim, decision))


def test_a_decision_that_lacks_no_trial_has_not_failed() -> None:
    claim = claim_of(TEXT)
    assert not decide(claim, outcomes_of(claim)).failed
    assert decide(claim, {}).failed, "its trials are still to run"


def test_a_control_that_could_show_nothing_as_it_is_saturated_is_told() -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        return with_scores(outcome, np.ones(100)) if trial.condition == "control" else outcome

    claim = claim_of(text_with(CONTROL.format(effect=0.0)))
    warnings = decide(claim, outcomes_of(claim, change=change)).warnings
    (warning,) = [w for w in warnings if w.startswith("Control condition 'control'")]
    assert "neither shown nor refuted (invalid (saturated))" in warning


@pytest.mark.parametrize(("seeds", "told"), [("[0]", False), ("[0, 1, 2]", True)])
def test_what_intervals_rest_on_is_told_where_there_are_intervals(seeds: str, *, told: bool) -> None:
    claim = claim_of(TEXT.replace("[0, 1, 2, 3, 4, 5]", seeds))
    assert any(w.startswith("The intervals rest") for w in decide(claim, outcomes_of(claim)).warnings) is told
    same = decide(claim, outcomes_of(claim, change=lambda _, made: with_scores(made, np.ones(100))))
    assert not any(w.startswith("The intervals rest") for w in same.warnings)


def grouped(form: str, *, shared: float, clusters: bool = False, scope: str = "recipe") -> Decision:
    """20 groups of 5 items whose differences agree within a group by ``shared``."""
    claim = claim_of(TEXT.replace("[metric]", f'scope = "{scope}"\n[metric]', 1))
    group = np.repeat(np.arange(20), 5)
    ids = tuple(form.format(g=g, i=i) for i, g in enumerate(group))

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        rng = np.random.default_rng(5)
        effect = np.repeat(rng.normal(0, shared, 20), 5) if trial.arm == "on" else np.zeros(100)
        noise = np.random.default_rng([trial.seed or 0, trial.arm == "on"]).normal(0, 0.03, 100)
        scores = np.clip(0.5 + effect + noise, 0, 1)
        labels = tuple(f"g{g}" for g in group) if clusters else None
        return replace(outcome, items={"score": ItemScores(ids, scores, None, labels)})

    return decide(claim, outcomes_of(claim, change=change))


def told(decision: Decision) -> list[str]:
    return [warning for warning in decision.warnings if "look grouped" in warning]


@pytest.mark.parametrize("form", ["doc{g}-q{i}", "{g}/{i}"])
def test_items_whose_ids_share_a_prefix_and_agree_bring_a_warning_with_the_design_effect(form: str) -> None:
    (warning,) = told(grouped(form, shared=0.1))
    assert "20 groups of about 5" in warning
    assert "design effect" in warning
    assert "clusters=" in warning


def test_declared_clusters_other_ids_and_groups_that_do_not_agree_bring_none() -> None:
    assert not told(grouped("doc{g}-q{i}", shared=0.1, clusters=True))
    assert not told(grouped("item{i}", shared=0.1))
    assert not told(grouped("doc{g}-q{i}", shared=0.0))
    assert not told(grouped("doc{g}-q{i}", shared=0.1, scope="seeds"))


def test_contents_that_repeat_bring_a_warning_though_ids_do_not() -> None:
    claim = claim_of(TEXT)

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        rng = np.random.default_rng([trial.seed or 0, trial.arm == "on"])
        scores = np.repeat(rng.random(50) < 0.5, 2).astype(float)
        texts = tuple(f"{trial.arm} {trial.seed} says at length about question {i // 2}" for i in range(100))
        ids = tuple(f"{i:04x}" for i in range(100))
        return replace(outcome, items={"score": ItemScores(ids, scores, texts)})

    (warning,) = told(decide(claim, outcomes_of(claim, change=change)))
    assert "50 groups of about 2" in warning
    assert "design effect 2" in warning


def test_short_answers_that_repeat_are_no_groups() -> None:
    claim = claim_of(TEXT)

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        table = outcome.items["score"]
        return replace(outcome, items={"score": replace(table, outputs=tuple("AB"[int(s)] for s in table.scores))})

    assert not told(decide(claim, outcomes_of(claim, change=change)))


def test_equivalence_says_per_verdict_where_there_are_several() -> None:
    tight = World(seed_sd=0.002, shared_sd=0.01, item_sd=0.0, item_effect_sd=0.0, binary=False)
    second = '[[arm]]\nname = "on2"\nrole = "variant"\nsettings.effect = 0.0002\n'
    one, two = claim_of(text_with(effect=0.0001)), claim_of(text_with(second, effect=0.0001))
    alone, both = (decide(claim, outcomes_of(claim, tight)) for claim in (one, two))
    assert "per verdict" not in alone.verdicts[0].reasons[0]
    assert not any("per verdict" in warning for warning in alone.warnings)
    assert all("5.0 points, per verdict" in v.reasons[0] for v in both.verdicts)
    assert any("2 verdicts" in w and "up to 10 %" in w for w in both.warnings)


def interaction(order: Any = None, ids: Any = None) -> tuple[Any, Any]:
    """The difference of differences over conditions, and both tables of differences."""
    claim = claim_of(text_with(CONTROL.format(effect=0.0)))
    tables: dict[str, dict[str, list[Any]]] = {c: {"off": [], "on": []} for c in ("target", "control")}
    hard = np.random.default_rng(1).normal(0, 0.3, 100)

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        rng = np.random.default_rng([trial.seed or 0, trial.arm == "on", trial.condition == "target"])
        # Items respond to the arm alike in both conditions.
        response = hard if trial.arm == "on" else np.zeros(100)
        scores = (
            0.5 + response / 2 + rng.normal(0, 0.05, 100) + 0.05 * (trial.arm == "on") * (trial.condition == "target")
        )
        scores = np.clip(scores, 0, 1)
        tables[trial.condition][trial.arm].append(scores)
        names = np.array([f"item {i}" for i in range(100)])
        if trial.condition == "control":
            names = names if ids is None else np.array(ids)
            if order is not None:
                names, scores = names[order], scores[order]
        return replace(outcome, items={"score": ItemScores(tuple(names.tolist()), scores)})

    found = decide(claim, outcomes_of(claim, change=change)).interactions[0]
    return found, {name: np.array(arms["on"]) - np.array(arms["off"]) for name, arms in tables.items()}


@pytest.mark.parametrize("order", [None, np.random.default_rng(4).permutation(100)])
def test_differences_of_differences_share_items_where_both_conditions_have_the_same(order: Any) -> None:
    found, tables = interaction(order)
    shared = statistics.difference_of_differences(tables["target"], tables["control"], same_items=True)
    assert shared.interval is not None
    assert found.interval == pytest.approx((shared.interval.low, shared.interval.high))
    apart = statistics.difference_of_differences(tables["target"], tables["control"])
    assert apart.interval is not None
    assert shared.interval.high - shared.interval.low < 0.6 * (apart.interval.high - apart.interval.low)


def test_items_of_their_own_stay_apart() -> None:
    found, tables = interaction(ids=[f"other {i}" for i in range(100)])
    apart = statistics.difference_of_differences(tables["target"], tables["control"])
    assert apart.interval is not None
    assert found.interval == pytest.approx((apart.interval.low, apart.interval.high))


@pytest.mark.parametrize(("noise", "told"), [(0.0, True), (1e-6, False)])
def test_a_null_arm_that_shows_no_noise_is_told(noise: float, told: bool) -> None:
    claim = claim_of(text_with(NULL))
    outcomes = dict(outcomes_of(claim))
    trials = {(t.arm, t.seed): t.id for rung in claim.claim.rungs for t in claim.trials(rung)}
    for (arm, seed), id_ in trials.items():
        table = outcomes[trials["off" if arm == "off_again" else arm, seed]].items["score"]
        scores = table.scores + (noise if arm == "off_again" else 0)
        answered = replace(table, scores=scores, outputs=tuple(f"{score:.9f}" for score in scores))
        outcomes[id_] = replace(outcomes[id_], items={"score": answered})
    found = [warning for warning in decide(claim, outcomes).warnings if "'off_again'" in warning]
    assert ["came out as the baseline to the last bit" in warning for warning in found] == [True] * told
