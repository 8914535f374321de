"""Outcomes of other code or other data are never joined; what is not known of them says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from evenhand.decisions.decide import decide
from evenhand.recipes.outcome import Files, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.freshness import Freshness
from evenhand.testing.worlds import TEXT, claim_of, outcomes_of

CONDITIONS = TEXT + '[[condition]]\nname = "here"\n[[condition]]\nname = "there"\nexpect = "no-effect"\n'
CONDITIONS += "settings.condition_effect = 0.0\n"


def title(**tables: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """The verdict where the outcomes of each arm carry these tables of ``code`` or ``data``."""
    claim = claim_of()

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        return replace(outcome, **{kind: by_arm.get(trial.arm, {}) for kind, by_arm in tables.items()})

    verdict = decide(claim, outcomes_of(claim, change=change)).verdicts[0]
    return verdict.title, verdict.reasons[0]


def test_arms_that_ran_other_code_are_invalid_and_the_file_is_named() -> None:
    found, reason = title(code={"off": {"a.py": "1", "b.py": "1"}, "on": {"a.py": "1", "b.py": "2"}})
    assert found == "invalid (code)"
    assert "b.py was not the same for all: on (seeds 0, 1, 2, 3, 4, 5) against off (seeds 0, 1, 2, 3, 4, 5)" in reason


def test_arms_that_read_other_data_under_one_name_are_invalid() -> None:
    found, reason = title(data={"off": {"x.csv": "1"}, "on": {"x.csv": "2"}})
    assert (found, "x.csv" in reason) == ("invalid (data)", True)


@pytest.mark.parametrize(
    "tables",
    [
        {"code": {"off": {}, "on": {"a.py": "1"}}},
        {"code": {"off": {"a.py": "1"}, "on": {"a.py": "1", "only_on.py": "2"}}},
        {"data": {"off": {"train.csv": "1"}, "on": {"other.csv": "2"}}},
        {"data": {"off": {"asset:1": "1"}, "on": {"asset:1": "2"}}},
    ],
    ids=["not known", "further files", "other names", "assets"],
)
def test_what_is_not_shared_or_not_known_says_nothing(tables: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    assert title(**tables)[0] == title()[0] == "gain (>= margin)"


def test_a_difference_of_differences_joins_no_two_states_of_a_file() -> None:
    claim = claim_of(CONDITIONS)

    def change(trial: Trial, outcome: Outcome) -> Outcome:
        return replace(outcome, code={"a.py": trial.condition})

    decision = decide(claim, outcomes_of(claim, change=change))
    assert decision.verdicts[0].kind == "gain", "within a condition all agree"
    assert decision.interactions[0].estimate is None
    assert "a.py was not the same for all" in decision.interactions[0].why_none


@pytest.mark.parametrize(
    ("earlier", "later", "otherwise"),
    [
        ({"code": {"a": "1"}}, {"code": {"a": "2"}}, True),
        ({"code": {"a": "1"}}, {"code": {"a": "1"}}, False),
        ({}, {"code": {"a": "1"}}, False),
        ({"code": {"a": "1"}}, {}, False),
        ({"data": {"x": "1"}}, {"data": {"x": "2"}, "code": {"a": "1"}}, True),
        ({"data": {"x": "1"}}, {"data": {"y": "2"}}, False),
    ],
)
def test_only_an_attempt_by_other_code_or_data_supersedes_a_result(
    earlier: Mapping[str, Mapping[str, str]], later: Mapping[str, Mapping[str, str]], otherwise: bool
) -> None:
    assert Files(**earlier).differ(Files(**later)) is otherwise


def test_what_runs_anew_is_told_by_reason_with_its_arms() -> None:
    trials = [t for t in claim_of().trials(claim_of().claim.rungs[0]) if t.seed in (0, 1)]
    stale = {trial.id: "helper.py changed" for trial in trials[:3]} | {trials[3].id: "x.csv changed"}
    assert Freshness(stale, {"y.csv": 2}).sentences([*trials, *trials]) == [
        "3 trials (off, on) run anew: helper.py changed since then",
        "1 trial (on) run anew: x.csv changed since then",
        "y.csv is not there, so 2 results that were made from it cannot be compared with it",
    ]
