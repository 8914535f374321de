"""One lost pair is not forgiven blindly: what a verdict says stands only if it stands with the loss at its worst."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenhand.decisions.decide import decide
from evenhand.decisions.verdict import Verdict
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.recipes.trial import Trial
from evenhand.testing.worlds import TEXT, World, claim_of, failed, outcomes_of
from tests.decisions.test_decide import text_with, verdict_of

UNBOUNDED = TEXT.replace('name = "score"', 'name = "reward"')


def lose(arm: str, *seeds: int) -> Any:
    return lambda trial, found: failed("timeout", "too slow") if trial.arm == arm and trial.seed in seeds else found


def world(effect: float, seeds: int, *, bounded: bool, change: Any, sd: float = 0.01, direction: str = "") -> Verdict:
    """Graded scores around .5, whose true effect is far clear of their spread."""
    text = (TEXT if bounded else UNBOUNDED).replace("[0, 1, 2, 3, 4, 5]", str(list(range(seeds))))
    text = text.replace('"reward"', '"loss"') if direction == "minimise" else text
    claim = claim_of(text.replace("items = 100", "items = 40"))
    ids = tuple(f"item {i}" for i in range(40))
    outcomes = {}
    for trial in claim.trials(claim.claim.rungs[0]):
        rng = np.random.default_rng([trial.seed or 0, trial.arm == "on"])
        level = 0.5 + (effect if trial.arm == "on" else 0.0) + rng.normal(0, sd)
        scores = level + rng.normal(0, 0.02, 40)
        made = Outcome(
            items={claim.claim.metrics[0].name: ItemScores(ids, scores)}, spent={"steps": trial.amount},
            grain={"steps": 1.0},
        )  # fmt: skip
        outcomes[trial.id] = change(trial, made)
    return decide(claim, outcomes).verdicts[0]


def nothing(trial: Trial, outcome: Outcome) -> Outcome:
    return outcome


def test_a_gain_that_a_lost_trial_could_undo_is_not_called_one() -> None:
    assert world(0.1, 6, bounded=True, change=nothing).kind == "gain"
    found = world(0.1, 6, bounded=True, change=lose("on", 4))
    assert found.title == "inconclusive (lost pair)"
    assert "on lost seed 4, and with the floor 0 there it does not hold" in found.reasons[0]
    assert "run what was lost again" in found.reasons[0]
    lost = found.contrasts[0].lost_pairs
    assert lost is not None
    assert (lost.seeds, lost.arms, lost.agrees) == ((4,), ("on",), False)
    assert lost.interval is not None
    assert lost.interval[0] < 0


def test_a_gain_that_stands_with_the_loss_at_its_worst_stays_one_and_says_so() -> None:
    found = world(0.4, 12, bounded=True, change=lose("on", 4))
    assert found.title == "gain (>= margin)"
    assert "with the floor 0 there it still holds" in found.reasons[0]
    assert found.contrasts[0].lost_pairs is not None


def test_a_gain_clear_of_the_margin_must_clear_it_with_the_loss_too() -> None:
    found = world(0.24, 12, bounded=True, change=lose("on", 4))
    assert found.title == "gain"
    assert "at least the margin" not in found.reasons[0]


def test_a_regression_is_tried_with_the_lost_trial_at_its_best() -> None:
    assert world(-0.1, 6, bounded=True, change=nothing).kind == "regression"
    found = world(-0.1, 6, bounded=True, change=lose("on", 4))
    assert found.title == "inconclusive (lost pair)"
    assert "with the ceiling 1 there" in found.reasons[0]


def test_what_the_baseline_lost_is_taken_at_its_best_against_a_gain() -> None:
    found = world(0.1, 6, bounded=True, change=lose("off", 4))
    assert found.title == "inconclusive (lost pair)"
    assert "off lost seed 4, and with the ceiling 1 there" in found.reasons[0]


def test_no_effect_is_tried_both_ways() -> None:
    assert world(0.0, 6, bounded=True, change=nothing, sd=0.001).kind == "no-effect"
    assert world(0.0, 6, bounded=True, change=lose("on", 4), sd=0.001).title == "inconclusive (lost pair)"
    assert world(0.0, 6, bounded=False, change=lose("on", 4), sd=0.001).kind == "no-effect"


def test_without_a_bound_the_worst_trial_seen_stands_in() -> None:
    found = world(0.1, 6, bounded=False, change=lose("on", 4))
    assert found.kind == "gain"
    assert "with the worst trial seen there it still holds" in found.reasons[0]
    lost = found.contrasts[0].lost_pairs
    assert lost is not None
    estimate = found.contrasts[0].estimate
    assert estimate is not None
    assert lost.estimate is not None
    assert lost.estimate < estimate


def test_a_gain_that_the_worst_trial_seen_could_undo_is_not_called_one() -> None:
    assert world(0.1, 5, bounded=False, change=nothing, sd=0.04).kind == "gain"
    found = world(0.1, 5, bounded=False, change=lose("on", 2), sd=0.04)
    assert found.title == "inconclusive (lost pair)"


def test_where_less_is_better_the_worst_is_the_most() -> None:
    found = world(-0.1, 6, bounded=False, change=lose("on", 4), direction="minimise")
    assert found.kind == "gain"
    lost = found.contrasts[0].lost_pairs
    assert lost is not None
    assert (lost.estimate or 0) < (found.contrasts[0].estimate or 0)


def test_a_pair_that_both_arms_lost_speaks_against_neither() -> None:
    both = verdict_of(text_with(), change=lambda t, o: failed("infrastructure") if t.seed == 3 else o)
    assert both.kind == "gain"
    assert both.contrasts[0].lost_pairs is None


def test_losses_on_both_sides_are_named_with_their_arms() -> None:
    def change(trial: Trial, outcome: Outcome) -> Any:
        return lose("off", 7)(trial, lose("on", 4)(trial, outcome))

    found = world(0.1, 12, bounded=True, change=change)
    assert found.title == "inconclusive (lost pair)"
    assert "on lost seed 4 and off lost seed 7, and with the floor 0 and the ceiling 1 there" in found.reasons[0]


def test_a_metric_without_items_is_filled_in_too() -> None:
    text = text_with().replace('name = "score"', 'name = "score"\nchance = 0.1')
    claim = claim_of(text)

    def change(trial: Trial, outcome: Outcome) -> Any:
        scalar = replace(outcome, items={}, metrics={"score": 0.5 + (0.1 + 0.001 * trial.seed) * (trial.arm == "on")})
        return lose("on", 2)(trial, scalar)

    found = decide(claim, outcomes_of(claim, World(), change=change)).verdicts[0]
    assert found.title == "inconclusive (lost pair)"


def test_a_half_pair_scored_on_other_items_yields_no_number() -> None:
    def change(trial: Trial, outcome: Outcome) -> Any:
        if trial.seed == 4 and trial.arm == "off":
            table = outcome.items["score"]
            return replace(outcome, items={"score": replace(table, ids=(*table.ids[:-1], "stranger"))})
        return lose("on", 4)(trial, outcome)

    assert verdict_of(text_with(), change=change).title == "invalid (items)"


@pytest.mark.parametrize("bounded", [True, False])
def test_the_trials_that_are_there_are_the_estimate_s_alone(bounded: bool) -> None:
    found = world(0.4, 12, bounded=bounded, change=lose("on", 4)).contrasts[0]
    assert 4 not in found.seeds
    assert len(found.differences) == len(found.seeds) == 11
