"""What the machine did is tried again, and what was done before it outlives it; what the recipe did is not."""

from __future__ import annotations

import pytest

from evenhand.execution.retries import Retries, keeps_its_work
from evenhand.recipes.outcome import Execution, Failure, FailureClass


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("infrastructure", True), ("resource", True), ("timeout", True), ("code", False), ("data", False),
     ("diverged", False)],
)  # fmt: skip
def test_a_checkpoint_outlives_what_the_machine_did_and_nothing_else(kind: FailureClass, kept: bool) -> None:
    assert keeps_its_work(Failure(kind, "x")) is kept
    assert not keeps_its_work(None)


RAISED, KILLED = {"exit_code": 0}, {"exit_code": None, "signal": "SIGKILL"}


def tries(retries: Retries, trial: str, message: str, arm: str = "a", ending: dict[str, object] = RAISED) -> int:
    """How often a trial is tried that meets one failure of infrastructure again and again."""
    failure = Failure("infrastructure", message)
    for attempt in range(1, 10):
        if not retries.again(trial, arm, failure, Execution(attempt, **ending)):  # type: ignore[arg-type]
            return attempt
    raise AssertionError("tried for ever")


def test_a_machine_failure_that_outlived_its_retries_is_not_retried_by_other_trials() -> None:
    retries = Retries()
    failure = Failure("infrastructure", "no room: 11 MiB free")
    assert not retries.is_persistent(failure)
    assert tries(retries, "one", "no room: 12 MiB free") == 3
    assert tries(retries, "two", "no room: 9 MiB free", arm="b") == 1
    assert retries.is_persistent(failure)
    assert tries(retries, "three", "the hub does not answer") == 3


def test_what_a_later_trial_of_the_arm_came_through_has_not_lasted() -> None:
    retries = Retries()
    assert tries(retries, "one", "no answer") == 3
    retries.passed("another arm")
    assert tries(retries, "two", "no answer") == 1
    retries.passed("a")
    assert tries(retries, "three", "no answer") == 3


def test_kills_from_outside_and_failures_that_differ_are_always_retried() -> None:
    retries = Retries()
    for trial in ("one", "two"):
        assert tries(retries, trial, "its process was killed from outside (SIGKILL)", ending=KILLED) == 3
    for attempt, text in enumerate(("reset", "refused", "refused"), 1):
        again = retries.again("three", "a", Failure("infrastructure", text), Execution(attempt, exit_code=0))
        assert again is (attempt < 3)
    assert tries(retries, "four", "refused") == 3
