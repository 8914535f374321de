"""Beside each contrast stands on how many items both arms gave the same; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from evenhand.cli.output import decision_document
from evenhand.decisions.decide import decide
from evenhand.decisions.verdict import Contrast, IdenticalShare, Verdict
from evenhand.decisions.wording import identical_words
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.recipes.trial import Trial
from evenhand.testing.worlds import claim_of, failed, outcomes_of, two_arms

Change = Callable[[Trial, Outcome], Outcome | None]
SEEDS, ITEMS = 6, 100
PAIRED = SEEDS * ITEMS


def verdict_of(change: Change, text: str = two_arms(variant="settings.effect = 0.0001")) -> Verdict:
    claim = claim_of(text)
    return decide(claim, outcomes_of(claim, change=change)).verdicts[0]


def share_of(change: Change, text: str = two_arms(variant="settings.effect = 0.0001")) -> IdenticalShare | None:
    return verdict_of(change, text).contrasts[0].identical_share


def told(outcome: Outcome, said: Callable[[int], str]) -> Outcome:
    """The outcome with an answer to each of its items, by the item's number."""
    table = outcome.items["score"]
    return replace(outcome, items={"score": replace(table, outputs=tuple(said(int(i)) for i in table.ids))})


def answering(differs: Callable[[int, int], bool]) -> Change:
    """Both arms say the same of an item, but where ``differs`` says otherwise for its seed and its place."""

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        places = {int(item): place for place, item in enumerate(outcome.items["score"].ids)}
        return told(outcome, lambda i: trial.arm if differs(trial.seed or 0, places[i]) else f"answer {trial.seed} {i}")

    return change


def test_identical_outputs_are_all_the_same_also_where_scores_differ() -> None:
    found = share_of(answering(lambda seed, place: False))
    assert found == IdenticalShare("answers", PAIRED, PAIRED, SEEDS)
    assert found.share == 1.0


def test_answers_that_are_partly_the_same_are_counted_over_all_paired_seeds() -> None:
    found = share_of(answering(lambda seed, place: place < 25 or seed == 0))
    assert found == IdenticalShare("answers", 5 * 75, PAIRED, SEEDS)
    assert found.share == pytest.approx(0.625)


def test_answers_are_paired_by_item_and_not_by_place() -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        table = told(outcome, lambda i: f"answer {i}").items["score"]
        if trial.arm == "on":
            table = ItemScores(table.ids[::-1], table.scores[::-1], (table.outputs or ())[::-1])
        return replace(outcome, items={"score": table})

    assert share_of(change) == IdenticalShare("answers", PAIRED, PAIRED, SEEDS)


def test_items_that_cannot_be_paired_are_not_compared() -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        table = told(outcome, lambda i: "yes").items["score"]
        return replace(outcome, items={"score": replace(table, ids=tuple(f"{trial.arm} {i}" for i in table.ids))})

    found = verdict_of(change)
    assert found.kind == "invalid"
    assert found.contrasts[0].identical_share is None


@pytest.mark.parametrize("kept_by", [(), ("on",), ("off",)])
def test_where_answers_are_not_kept_on_both_sides_scores_are_compared(kept_by: tuple[str, ...]) -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        scores = np.zeros(ITEMS)
        scores[: ITEMS // 2] = 1.0
        scores[0] = 0.0 if trial.arm == "on" else 1.0
        found = replace(outcome, items={"score": ItemScores(outcome.items["score"].ids, scores)})
        return told(found, lambda i: "yes") if trial.arm in kept_by else found

    assert share_of(change) == IdenticalShare("scores", PAIRED - SEEDS, PAIRED, SEEDS)


def test_answers_that_only_some_pairs_kept_are_those_of_so_many_seeds() -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        return told(outcome, lambda i: "yes") if (trial.arm, trial.seed) != ("on", 2) else outcome

    assert share_of(change) == IdenticalShare("answers", PAIRED - ITEMS, PAIRED - ITEMS, SEEDS - 1)


@pytest.mark.parametrize("kept", [True, False])
def test_a_trial_that_diverged_said_nothing_that_could_be_the_same(kept: bool) -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        if (trial.arm, trial.seed) == ("on", 2):
            return failed("diverged")
        zeros = replace(outcome, items={"score": ItemScores(outcome.items["score"].ids, np.zeros(ITEMS))})
        return told(zeros, lambda i: "yes") if kept else zeros

    found = verdict_of(change).contrasts[0]
    assert len(found.seeds) == SEEDS
    what = "answers" if kept else "scores"
    assert found.identical_share == IdenticalShare(what, PAIRED - ITEMS, PAIRED - ITEMS, SEEDS - 1)


def test_a_trial_that_was_set_aside_is_in_no_pair() -> None:
    """Without it the claim is pending, and its pairs so far are those of the other seeds."""

    def change(trial: Trial, outcome: Outcome) -> Outcome | None:
        return None if (trial.arm, trial.seed) == ("off", 3) else told(outcome, lambda i: "yes")

    found = verdict_of(change)
    assert found.title == "not-run (pending)"
    assert found.contrasts[0].identical_share == IdenticalShare("answers", PAIRED - ITEMS, PAIRED - ITEMS, SEEDS - 1)


@pytest.mark.parametrize(
    ("kept", "share"), [(True, IdenticalShare("answers", 9 * SEEDS, 10 * SEEDS, SEEDS)), (False, None)]
)
def test_a_metric_without_items_has_the_answers_beside_it_and_no_scores_to_compare(
    kept: bool, share: IdenticalShare | None
) -> None:
    def change(trial: Trial, outcome: Outcome) -> Outcome:
        said = ("yes",) * 9 + (trial.arm,)
        table = ItemScores(tuple(map(str, range(10))), np.zeros(10), said if kept else None)
        return replace(outcome, metrics={"reward": 0.1 * (trial.seed or 0)}, items={"said": table})

    assert share_of(change, two_arms(metric="reward", items=None)) == share


def test_no_verdict_changes_for_it() -> None:
    """All but the note is as it is when the answers differ everywhere, or are not kept."""
    without = verdict_of(lambda trial, outcome: outcome)
    for change in (answering(lambda seed, place: False), answering(lambda seed, place: True)):
        found = verdict_of(change)
        assert (found.title, found.reasons) == (without.title, without.reasons)


def test_the_share_stands_in_json_with_its_counts() -> None:
    claim = claim_of(two_arms())
    decision = decide(claim, outcomes_of(claim, change=answering(lambda seed, place: place < 25)))
    (row,) = decision_document(decision, claim)["verdicts"][0]["contrasts"]
    counts = {"of": "answers", "count": 450, "compared": 600, "seeds": 6, "share": 0.75}
    assert row["identical_share"] == counts


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (IdenticalShare("answers", 1280, 1280, 5), "100 % same answers"),
        (IdenticalShare("answers", 0, 1280, 5), "0 % same answers"),
        (IdenticalShare("answers", 12799, 12800, 5), "99.9 % same answers"),
        (IdenticalShare("scores", 1, 12800, 5), "0.1 % same scores"),
        (IdenticalShare("answers", 1051, 1280, 5), "82.1 % same answers"),
        (IdenticalShare("answers", 1051, 1280, 4), "82.1 % same answers (4 of 5 seeds)"),
    ],
)
def test_a_share_that_is_not_whole_is_never_rounded_to_one_that_is(found: IdenticalShare, words: str) -> None:
    contrast = Contrast("on", "off", "baseline", "default", "confirm", "score", seeds=(0, 1, 2, 3, 4))
    assert identical_words(replace(contrast, identical_share=found), scores=True) == words
    assert identical_words(contrast, scores=True) == ""
