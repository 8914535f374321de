"""A gate holds, does not hold, or is not decided: a table of verdicts against each requirement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evenhand.decisions.gate import Answer, Criterion, Gate, gate, joined
from evenhand.decisions.standing import Standing
from evenhand.decisions.verdict import (
    Contrast,
    Decision,
    Judgement,
    LostPairs,
    Overruled,
    Verdict,
    VerdictKind,
)
from evenhand.report.gate import gate_lines
from evenhand.statistics import identical_scores

HOLDS, FAILS, OPEN = Answer.HOLDS, Answer.FAILS, Answer.UNDECIDED
MARGIN = Criterion(0.02, 1.0)


def contrast(kind: str, low: float | None = None, high: float | None = None, **further: object) -> Contrast:
    bounds = None if low is None or high is None else (low, high)
    found = Contrast(
        "idea", "plain", "baseline", "default", "confirm", "accuracy", judgement=Judgement(VerdictKind(kind)),
        estimate=None if bounds is None else sum(bounds) / 2, interval=bounds, equivalence_interval=bounds,
    )  # fmt: skip
    return replace(found, **further)  # type: ignore[arg-type]


def verdict(found: Contrast, kind: str = "", **further: object) -> Verdict:
    one = Verdict(
        "idea", "variant", "default", "accuracy", "confirm", VerdictKind(kind or found.kind), ("said",),
        contrasts=(found,), standing="plain",
    )  # fmt: skip
    return replace(one, **further)  # type: ignore[arg-type]


def asked(*verdicts: Verdict, require: str, fixed: str = "before", **further: object) -> Gate:
    decision = Decision("c", "0" * 16, verdicts, finished=True, standing=Standing(fixed=fixed))  # type: ignore[arg-type]
    return gate(decision, {"accuracy": MARGIN}, require, **further)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "low", "high", "gain", "no_regression", "no_effect"),
    [
        ("gain", 0.01, 0.05, HOLDS, HOLDS, FAILS),
        ("no-effect", -0.01, 0.01, FAILS, HOLDS, HOLDS),
        ("no-effect", -0.015, -0.001, FAILS, HOLDS, HOLDS),  # a loss, and too small to matter
        ("inconclusive", -0.01, 0.05, OPEN, HOLDS, OPEN),  # perhaps a gain, surely no loss
        ("inconclusive", -0.03, 0.05, OPEN, OPEN, OPEN),
        ("inconclusive", -0.02, 0.05, OPEN, OPEN, OPEN),  # the bound must lie above -margin, not on it
        ("inconclusive", None, None, OPEN, OPEN, OPEN),
        ("regression", -0.03, -0.001, FAILS, FAILS, FAILS),
        ("inconclusive", -0.09, -0.03, OPEN, FAILS, OPEN),  # not below 0 at Holm's level, yet below -margin at its own
        ("invalid", -0.01, 0.05, OPEN, OPEN, OPEN),
        ("not-run", None, None, OPEN, OPEN, OPEN),
    ],
)
def test_what_a_verdict_answers_to_each_requirement(
    kind: str, low: float | None, high: float | None, gain: Answer, no_regression: Answer, no_effect: Answer
) -> None:
    found = verdict(contrast(kind, low, high))
    for require, answer in (("gain", gain), ("no-regression", no_regression), ("no-effect", no_effect)):
        assert asked(found, require=require).answer is answer, require


def test_identical_outputs_are_neither_gain_nor_regression() -> None:
    found = verdict(contrast("no-op", 0.0, 0.0, identical=True))
    assert [asked(found, require=r).answer for r in ("gain", "no-regression", "no-effect")] == [FAILS, HOLDS, HOLDS]


@pytest.mark.parametrize(("items", "answer"), [(100, OPEN), (1000, HOLDS)])
def test_equal_scores_hold_where_so_many_cannot_hide_a_loss(items: int, answer: Answer) -> None:
    found = verdict(contrast("inconclusive", 0.0, 0.0, same_scores=identical_scores(1, items)))
    assert asked(found, require="no-regression").answer is answer
    assert asked(found, require="gain").answer is OPEN


def test_a_lost_trial_leaves_no_regression_open_unless_it_was_tried_at_its_worst() -> None:
    lost = {"dropped": {"3": "'idea' failed (infrastructure)"}}
    stood = LostPairs((3,), ("idea",), 0.01, (0.001, 0.02), True, VerdictKind.GAIN)
    assert asked(verdict(contrast("inconclusive", -0.01, 0.05, **lost)), require="no-regression").answer is OPEN
    gained = contrast("gain", 0.01, 0.05, lost_pairs=stood, **lost)
    assert asked(verdict(gained), require="no-regression").answer is HOLDS
    (row,) = asked(verdict(contrast("inconclusive", -0.01, 0.05, **lost)), require="no-regression").rows
    assert "failed (infrastructure)" in row.why


def test_to_fall_behind_a_rival_is_no_regression_and_no_gain() -> None:
    behind = replace(contrast("regression", -0.05, -0.03), against="rival", against_role="rival")
    found = replace(
        verdict(contrast("gain", 0.01, 0.05), "regression"), contrasts=(contrast("gain", 0.01, 0.05), behind)
    )
    assert asked(found, require="no-regression").answer is HOLDS
    assert asked(found, require="gain").answer is FAILS


def beaten_by_none(kind: str, *, standing: str = "rival") -> Verdict:
    """A variant that gains over the baseline, and against the rival shows what ``kind`` says."""
    against = replace(contrast(kind, -0.01, 0.012), against="rival", against_role="rival")
    over = contrast("gain", 0.01, 0.05, words="against plain: gain")
    return verdict(over, kind, contrasts=(over, against), standing=standing)


def test_no_effect_is_asked_against_the_baseline_whatever_a_rival_says() -> None:
    gained = asked(beaten_by_none("no-effect"), require="no-effect")
    assert gained.answer is FAILS
    (row,) = gained.rows
    assert (row.against, row.interval, row.why) == ("plain", (0.01, 0.05), "against plain: gain")
    assert asked(beaten_by_none("inconclusive"), require="no-effect").answer is FAILS


def test_the_numbers_of_a_row_are_those_of_the_contrast_that_answers() -> None:
    (row,) = asked(beaten_by_none("no-effect"), require="gain").rows
    assert (row.against, row.estimate, row.interval) == ("rival", 0.001, (-0.01, 0.012))
    assert any("idea against rival" in line for line in gate_lines(asked(beaten_by_none("no-effect"), require="gain")))
    (row,) = asked(beaten_by_none("no-effect"), require="no-regression").rows
    assert (row.against, row.interval) == ("plain", (0.01, 0.05))


def test_a_null_arm_that_failed_leaves_everything_open() -> None:
    null = verdict(contrast("gain", 0.01, 0.05), role="null", arm="again")
    spoilt = verdict(contrast("gain", 0.01, 0.05), "invalid", overruled=Overruled("null arm", null))
    for require in ("gain", "no-regression", "no-effect"):
        assert asked(spoilt, null, require=require).answer is OPEN


@pytest.mark.parametrize("fixed", ["post-hoc", "amended"])
def test_a_claim_fixed_after_its_results_holds_only_where_that_is_allowed(fixed: str) -> None:
    found = verdict(contrast("gain", 0.01, 0.05))
    refused = asked(found, require="gain", fixed=fixed)
    assert refused.answer is OPEN
    assert f"--allow {fixed}" in refused.rows[0].why
    assert asked(found, require="gain", fixed=fixed, allow=(fixed,)).answer is HOLDS
    assert asked(verdict(contrast("regression", -0.05, -0.03)), require="gain", fixed=fixed).answer is FAILS


def test_all_variants_in_all_target_conditions_must_hold() -> None:
    good, bad = verdict(contrast("gain", 0.01, 0.05)), verdict(contrast("regression", -0.05, -0.03), arm="other")
    still = verdict(contrast("no-effect", -0.01, 0.01), condition="control")
    assert asked(good, bad, require="gain").answer is FAILS
    assert asked(good, bad, require="gain", arms=("idea",)).answer is HOLDS
    assert asked(good, still, require="gain").answer is FAILS
    assert asked(good, still, require="gain", controls=("control",)).answer is HOLDS
    assert asked(require="gain").answer is OPEN
    assert joined([asked(good, require="gain"), asked(bad, require="gain")]) is FAILS
    assert joined([]) is OPEN
