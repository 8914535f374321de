"""The final checkpoint is primary; a selected one needs a split of its own; a peak shows by how much it flatters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenhand.claims.schema import MetricClaim
from evenhand.decisions.checkpoint_selection import checkpoints, select
from evenhand.decisions.decide import decide
from evenhand.decisions.verdict import Verdict
from evenhand.errors import ClaimError
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.recipes.trial import Trial, stream
from evenhand.testing.worlds import TEXT, claim_of, outcomes_of

STEPS = (100, 200, 300, 400)
SELECTED = TEXT.replace("margin = 0.05", 'margin = 0.05\ncheckpoint = "selected"')
METRIC = MetricClaim(name="score", margin=0.05, direction="maximise", checkpoint="selected")


def table(scores: Any, prefix: str = "e") -> ItemScores:
    values = np.asarray(scores, dtype=float)
    return ItemScores(tuple(f"{prefix}{i}" for i in range(values.size)), values)


def by_step(evaluation: dict[int, Any], selection: dict[int, Any]) -> Outcome:
    items = {f"score@{step}": table(scores) for step, scores in evaluation.items()}
    items |= {f"score@{step}/selection": table(scores, "s") for step, scores in selection.items()}
    return Outcome(items=items)


def stepped(best: int, *, with_selection: bool = True, steps: tuple[int, ...] = STEPS) -> Callable[..., Outcome]:
    """A change that gives each trial noisy scores at several steps; the level is .3 higher at step ``best``."""

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        items: dict[str, ItemScores] = {}
        effect = trial.settings["effect"]
        for step in steps:
            draws = stream("steps", trial.arm, trial.seed, step)
            level = 0.3 + effect + (0.3 if step == best else 0.0)
            items[f"score@{step}"] = table(draws.random(100) < level)
            if with_selection:
                items[f"score@{step}/selection"] = table(draws.random(80) < level, "s")
        return replace(outcome, items=items)

    return change


def verdict_of(text: str, change: Any) -> Verdict:
    claim = claim_of(text)
    return decide(claim, outcomes_of(claim, change=change)).verdicts[0]


def test_the_step_with_the_best_selection_mean_is_taken_though_another_evaluates_better() -> None:
    outcome = by_step({1: [0, 0], 2: [1, 0], 3: [1, 1]}, {1: [0, 0], 2: [1, 1], 3: [1, 0]})
    choice = select(checkpoints(outcome, "score"), METRIC)
    assert (choice.step, choice.steps) == (2, (1, 2, 3))
    assert choice.table is outcome.items["score@2"]
    minimised = METRIC.model_copy(update={"direction": "minimise"})
    assert select(checkpoints(outcome, "score"), minimised).step == 1


def test_of_equal_steps_the_earliest_is_taken_and_steps_count_as_numbers() -> None:
    outcome = by_step({1000: [1, 1], 90: [0, 0]}, {1000: [1, 0], 90: [1, 0]})
    assert select(checkpoints(outcome, "score"), METRIC).step == 90
    assert checkpoints(outcome, "score").final is outcome.items["score@1000"]


def test_a_selected_checkpoint_enters_the_contrast_and_is_named() -> None:
    found = verdict_of(SELECTED, stepped(best=200))
    assert found.kind == "gain"
    assert found.contrasts[0].scores == pytest.approx((0.8, 0.6), abs=0.06)
    assert str(found.contrasts[0].figures["selected checkpoints"]).startswith("on: step 200, 200, 200")
    assert verdict_of(TEXT, stepped(best=200)).contrasts[0].scores == pytest.approx((0.5, 0.3), abs=0.06)


def _shared(trial: Trial, outcome: Outcome) -> Outcome:
    outcome = stepped(200)(trial, outcome)
    named = {key: replace(value, ids=("e7", *value.ids[1:])) for key, value in outcome.items.items() if "/" in key}
    return replace(outcome, items={**outcome.items, **named})


def _other_steps(trial: Trial, outcome: Outcome) -> Outcome:
    return stepped(200, steps=STEPS if trial.arm == "on" else STEPS[:2])(trial, outcome)


def _drifting(trial: Trial, outcome: Outcome) -> Outcome:
    outcome = stepped(200)(trial, outcome)
    moved = table(np.ones(80), "t")
    return replace(outcome, items={**outcome.items, "score@300/selection": moved})


def _scalar(trial: Trial, outcome: Outcome) -> Outcome:
    return replace(outcome, items={}, metrics={"score": 0.5})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (stepped(200, with_selection=False), '"score@STEP/selection" at every step evaluated; missing at 100, 200'),
        (_shared, "shares items with the evaluation split: e7"),
        (_other_steps, "on chose among steps 100, 200, 300, 400, off among 100, 200"),
        (_drifting, "must hold the same items at every step"),
        (None, "records no scores by step"),
        (_scalar, "records no scores by step"),
    ],
    ids=["absent", "shared", "unequal", "drifting", "no steps", "no items"],
)
def test_without_a_selection_split_of_its_own_no_checkpoint_is_selected(change: Any, words: str) -> None:
    found = verdict_of(SELECTED, change)
    assert found.title == "invalid (selection)"
    assert words in found.reasons[0]
    assert found.contrasts[0].estimate is None


def test_an_untrained_arm_has_one_checkpoint_and_nothing_to_choose() -> None:
    text = SELECTED.replace('role = "baseline"', 'role = "baseline"\nuntrained = true')

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        changed = stepped(200)(trial, outcome)
        closed = replace(changed, items={"score": changed.items["score@100"]}, spent={})
        return changed if trial.arm == "on" else closed

    assert verdict_of(text, change).kind == "gain"


def test_final_checkpoints_show_the_peak_and_what_picking_it_adds() -> None:
    flat = TEXT.replace("settings.effect = 0.2", "settings.effect = 0.0001")
    figures = verdict_of(flat, stepped(best=0)).contrasts[0].figures
    peak, inflation = (
        figures["peak of on over 4 checkpoints (no result)"],
        figures["expected inflation of the peak of on"],
    )
    assert isinstance(peak, float)
    assert isinstance(inflation, float)
    # Four independent evaluations of a share of .3 on 100 items: 1.03 standard errors of .046.
    assert inflation == pytest.approx(1.03 * 0.0458, rel=0.1)
    assert peak - inflation == pytest.approx(0.3, abs=0.03)
    assert "expected inflation of the peak of off" in figures


def test_evaluations_that_share_their_item_noise_inflate_nothing() -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        scores = stream(trial.arm, trial.seed).random(100)
        return replace(outcome, items={f"score@{step}": table(scores) for step in STEPS})

    figures = verdict_of(TEXT, change).contrasts[0].figures
    assert figures["expected inflation of the peak of on"] == pytest.approx(0.0, abs=1e-12)


def test_an_inflation_that_cannot_be_known_is_none_with_a_reason() -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        ids = {step: (f"item at {step}", "b") for step in STEPS}
        items = {
            f"score@{step}": ItemScores(ids[step], np.array([step / 1000, (trial.seed or 0) / 9])) for step in STEPS
        }
        return replace(outcome, items=items)

    figures = verdict_of(TEXT, change).contrasts[0].figures
    assert figures["expected inflation of the peak of on"] is None
    assert "not known" in str(figures["why the inflation of the peak of on is unknown"])


def test_without_several_checkpoints_no_peak_is_told() -> None:
    assert not any("peak" in key for key in verdict_of(TEXT, None).contrasts[0].figures)


def test_a_claim_may_say_final_or_selected_and_nothing_else() -> None:
    with pytest.raises(ClaimError, match="'final' or 'selected'"):
        claim_of(SELECTED.replace('"selected"', '"best"'))
