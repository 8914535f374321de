"""Which record answers which trial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evenhand.report.results import Results


@pytest.fixture
def sample(world):
    return world({"off": "baseline", "on": "variant"}, seeds=(10, 11), items=3)


@pytest.mark.parametrize(
    ("attempts", "counts"),
    [
        (["timeout", "scores", "code"], 1),
        (["scores", "scores"], 0),
        (["resource", "diverged", "scores"], 1),
        (["timeout", "infrastructure"], 1),
    ],
)
def test_the_first_result_counts_else_the_last_failure(sample, attempts, counts):
    claim = sample.claim()
    trial = next(iter(claim.trials(claim.claim.rungs[-1])))
    records = [
        sample.record(trial, sample.outcome(trial, 0.5), i) if kind == "scores" else sample.failed(trial, kind, "", i)
        for i, kind in enumerate(attempts)
    ]
    found = Results.of(claim, records).at("confirm", "default", trial.arm, trial.seed)
    assert found.record is records[counts]
    assert found.attempts == tuple(records)


def test_one_record_answers_every_condition_in_which_its_trial_is_the_same(world):
    sample = world({"off": "baseline", "on": "variant"}, ("here", "there"))
    claim = sample.claim()
    same = {key: {"seeding": key[0]} for key in claim.settings}
    claim = replace(claim, settings=same)
    trial = next(iter(claim.trials(claim.claim.rungs[-1])))
    results = Results.of(claim, [sample.record(trial, sample.outcome(trial, 0.5), 0)])
    for condition in ("here", "there"):
        assert results.at("confirm", condition, trial.arm, trial.seed).state == "done"
