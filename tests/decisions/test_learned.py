"""A baseline that has not learned says nothing of a mechanism: it must beat an arm, or the commonest right answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenhand.claims.schema import COMMONEST
from evenhand.decisions.decide import decide
from evenhand.decisions.pair_faults import OtherGroups
from evenhand.decisions.verdict import Verdict
from evenhand.errors import ClaimError
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import Trial
from evenhand.testing.worlds import TEXT, World, claim_of, failed, outcomes_of, scalar

BLANK = '[[arm]]\nname = "blank"\nrole = "{role}"\nsettings.effect = {effect}\n'


def text_of(above: str, *arms: str, metric: str = "score", extra: str = "") -> str:
    keys = f'margin = 0.05\nlearned_above = "{above}"\n{extra}'
    text = TEXT.replace("margin = 0.05\n", keys).replace('"score"', f'"{metric}"')
    return text.replace("[[rung]]", "".join(arms) + "[[rung]]")


def asked(share: float) -> Callable[[Trial, Outcome], Outcome]:
    """Items whose right answer is "7" for a share of them, and another for each of the rest."""

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        table = outcome.items["score"]
        count = len(table.ids)
        expected = tuple("7" if i < share * count else f"only {i}" for i in range(count))
        return replace(outcome, items={"score": replace(table, expected=expected)})

    return change


def grouped(groups: Callable[[int, int], str | None]) -> Callable[[Trial, Outcome], Outcome]:
    """Items as ``asked(0.2)`` has them, in the groups of (seed, place); a seed that names none tells no groups."""

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        table = asked(0.2)(trial, outcome).items["score"]
        told = [groups(trial.seed, i) for i in range(len(table.ids))]
        clusters = tuple(name for name in told if name is not None)
        return replace(outcome, items={"score": replace(table, clusters=clusters or None)})

    return change


def verdict_of(text: str, change: Any = None, **world: Any) -> Verdict:
    claim = claim_of(text)
    found = decide(claim, outcomes_of(claim, World(**world), change=change))
    return next(v for v in found.verdicts if v.role == "variant")


@pytest.mark.parametrize(
    ("above", "arms", "change", "title", "words"),
    [
        (COMMONEST, (), asked(0.2), "gain (>= margin)", ""),
        (COMMONEST, (), asked(0.5), "invalid (not learned)", "always giving the commonest right answer ('7') 50.0 %"),
        (COMMONEST, (), asked(0.9), "invalid (not learned)", "which must lie above 0"),
        (COMMONEST, (), None, "invalid (not learned)", "no right answers are recorded"),
        ("blank", (BLANK.format(role="reference", effect=-0.3),), None, "gain (>= margin)", ""),
        ("blank", (BLANK.format(role="rival", effect=-0.3),), None, "gain (>= margin)", ""),
        ("blank", (BLANK.format(role="reference", effect=0.0001),), None, "invalid (not learned)", "blank"),
        ("blank", (BLANK.format(role="reference", effect=0.1),), None, "invalid (not learned)", "above 0"),
    ],
)
def test_a_baseline_must_beat_the_floor_that_its_metric_names(above, arms, change, title, words) -> None:
    found = verdict_of(text_of(above, *arms), change, item_sd=0.05)
    assert found.title == title, found.reasons
    assert words in found.reasons[0]


def test_the_sentence_gives_both_figures_and_the_interval_of_their_difference() -> None:
    found = verdict_of(text_of(COMMONEST), asked(0.6))
    floor = found.contrasts[0].learned
    assert floor is not None
    baseline, constant = floor.scores
    assert constant == 0.6
    low, high = floor.interval
    assert found.reasons[0] == (
        f"not learned: off scores {100 * baseline:.1f} %, always giving the commonest right answer ('7') 60.0 %: "
        f"{100 * floor.estimate:+.1f} points, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}, "
        "which must lie above 0"
    )
    assert floor.estimate == pytest.approx(baseline - constant)
    assert low < floor.estimate < high


def test_without_the_key_nothing_is_asked_and_the_claim_is_the_one_that_it_was() -> None:
    claim = claim_of(TEXT)
    assert all("learned_above" not in metric for metric in claim.identity()["metrics"])
    assert claim_of(text_of(COMMONEST)).hash != claim.hash
    found = verdict_of(TEXT, asked(0.9))
    assert (found.kind, found.contrasts[0].learned) == ("gain", None)


def test_a_metric_to_be_minimised_counts_a_wrong_answer_as_its_ceiling() -> None:
    text = text_of(COMMONEST, metric="loss", extra="floor = 0\nceiling = 1\n")

    def wrongs(share: float) -> Callable[[Trial, Outcome], Outcome]:
        def change(trial: Trial, outcome: Outcome) -> Outcome:
            table = asked(share)(trial, outcome).items["score"]
            return replace(outcome, metrics={}, items={"loss": replace(table, scores=1 - table.scores)})

        return change

    assert verdict_of(text, wrongs(0.2)).kind == "gain"
    found = verdict_of(text, wrongs(0.9))
    assert found.title == "invalid (not learned)"
    assert found.contrasts[0].learned.scores[1] == pytest.approx(0.1)


def test_a_metric_without_items_can_be_held_against_an_arm_and_not_against_an_answer() -> None:
    text = text_of("blank", BLANK.format(role="reference", effect=-0.3))
    values = {("off", seed): 0.3 + 0.01 * seed for seed in range(6)}
    values |= {("on", seed): 0.6 + 0.013 * (seed % 4) for seed in range(6)}
    for blank, kind in ((0.1, "gain"), (0.35, "invalid")):
        spread = {("blank", seed): blank + 0.02 * (seed % 3) for seed in range(6)}
        found = verdict_of(text, lambda trial, _, v=values | spread: scalar(trial, v))
        assert found.kind == kind, found.reasons
    with pytest.raises(ClaimError, match="`commonest answer` needs the metric's `floor` and `ceiling`"):
        claim_of(text_of(COMMONEST, metric="reward"))


@pytest.mark.parametrize(
    ("above", "words"),
    [
        ("nobody", "there is no arm 'nobody'; give `commonest answer` or one of blank"),
        ("on", "'on' is a variant; what has not learned is an arm with the role reference or rival"),
        ("off", "'off' is a baseline"),
        ("", "at least 1 character"),
    ],
)
def test_what_cannot_be_a_floor_is_told_with_its_line(above: str, words: str) -> None:
    with pytest.raises(ClaimError) as told:
        claim_of(text_of(above, BLANK.format(role="reference", effect=1e-9)))
    assert words in str(told.value)
    assert "world.toml:6" in str(told.value)


def test_a_floor_that_has_not_run_keeps_the_verdict_pending() -> None:
    text = text_of("blank", BLANK.format(role="reference", effect=-0.3))
    lost = verdict_of(text, lambda trial, found: None if (trial.arm, trial.seed) == ("blank", 3) else found)
    assert lost.title == "not-run (pending)"


def test_a_floor_without_any_scores_is_no_floor() -> None:
    text = text_of("blank", BLANK.format(role="reference", effect=-0.3))
    found = verdict_of(text, lambda trial, o: failed("code") if trial.arm == "blank" else o)
    assert found.title == "invalid (not learned)"
    assert "cannot be told" in found.reasons[0]


def test_a_baseline_that_always_gives_the_commonest_answer_has_not_learned() -> None:
    def collapsed(trial: Trial, outcome: Outcome) -> Outcome:
        table = asked(0.4)(trial, outcome).items["score"]
        if trial.arm == "off":
            table = replace(table, scores=np.asarray([float(one == "7") for one in table.expected]))
        return replace(outcome, items={"score": table})

    found = verdict_of(text_of(COMMONEST), collapsed)
    assert found.title == "invalid (not learned)"
    assert "there is no interval" in found.reasons[0]


def test_beside_each_contrast_with_the_baseline_stands_how_often_it_answers_the_same() -> None:
    def answering(trial: Trial, outcome: Outcome) -> Outcome:
        table = outcome.items["score"]
        said = tuple("yes" if i % 4 == 0 else f"{trial.seed} {i}" for i in range(len(table.ids)))
        return replace(outcome, items={"score": replace(table, outputs=said)})

    text = text_of("twice", BLANK.format(role="rival", effect=-0.3).replace("blank", "twice"))
    baseline, rival = verdict_of(text, answering).contrasts
    assert (baseline.same_answer.answer, baseline.same_answer.share) == ("yes", 0.25)
    assert baseline.same_answer.arm == "off"
    assert rival.same_answer is None
    assert verdict_of(text).contrasts[0].same_answer is None


def test_groups_of_the_items_hold_for_the_floor_whichever_seed_tells_them() -> None:
    def floor(groups: Callable[[int, int], str | None]) -> Any:
        return verdict_of(text_of(COMMONEST), grouped(groups), item_sd=0.05).contrasts[0].learned

    last = max(claim_of(TEXT).claim.rungs[0].seeds)
    always, late, never = (floor(f) for f in (
        lambda _, place: f"group {place % 3}",
        lambda seed, place: f"group {place % 3}" if seed == last else None,
        lambda *_: None,
    ))  # fmt: skip
    assert late.interval == always.interval != never.interval


def test_seeds_that_group_the_items_otherwise_give_no_floor() -> None:
    found = verdict_of(text_of(COMMONEST), grouped(lambda seed, place: f"group {place % (2 + seed % 2)}"), item_sd=0.05)
    assert found.title.startswith("invalid")
    assert isinstance(found.contrasts[0].learned.obstacle.reason, OtherGroups)
    assert "groups the items otherwise" in found.contrasts[0].learned.why_none


def test_groups_of_a_floor_are_told_in_the_order_of_its_items() -> None:
    first, *_ = claim_of(TEXT).claim.rungs[0].seeds

    def turned(trial: Trial, outcome: Outcome) -> Outcome:
        table = grouped(lambda _, place: f"group {min(place // 10, 4)}")(trial, outcome).items["score"]
        if trial.seed == first:
            return replace(outcome, items={"score": replace(table, clusters=None)})
        parts = {
            name: getattr(table, name)[::-1]
            for name in ("ids", "scores", "expected", "clusters", "outputs")
            if getattr(table, name) is not None
        }
        return replace(outcome, items={"score": replace(table, **parts)})

    always = verdict_of(text_of(COMMONEST), grouped(lambda _, place: f"group {min(place // 10, 4)}"), item_sd=0.05)
    found = verdict_of(text_of(COMMONEST), turned, item_sd=0.05)
    assert found.contrasts[0].learned.interval == pytest.approx(always.contrasts[0].learned.interval)
