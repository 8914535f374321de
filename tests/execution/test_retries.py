"""What the machine did is tried again, and what was done before it outlives it; what the recipe did is not."""

from __future__ import annotations

import pytest

from evenhand.execution.retries import Retries, keeps_its_work
from evenhand.recipes.outcome import Execution, Failure, FailureClass, Outcome


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


def test_what_ran_out_of_memory_is_tried_again_once_and_alone() -> None:
    retries, failure = Retries(), Failure("resource", "memory ran out")
    assert retries.again("one", "a", failure, Execution(1))
    assert retries.alone == {"one"}
    assert not retries.again("one", "a", failure, Execution(2))
    assert not retries.again("two", "a", Failure("code", "a fault"), Execution(1))
    assert retries.alone == {"one"}


CODE = Failure("code", "a fault")


@pytest.mark.parametrize(
    ("failure", "ended", "count"),
    [
        (CODE, [CODE], 0),
        (CODE, [CODE, CODE], 2),
        (CODE, [CODE, None], 0),
        (CODE, [CODE, CODE, Failure("code", "another fault")], 0),
        (CODE, [CODE, CODE, CODE], 3),
        (Failure("diverged", "nan"), [Failure("diverged", "nan")] * 3, 0),
        (Failure("infrastructure", "no answer"), [Failure("infrastructure", "no answer")] * 3, 0),
    ],
)
def test_an_arm_is_given_up_where_all_its_trials_failed_alike_and_more_would(
    failure: Failure, ended: list[Failure | None], count: int
) -> None:
    assert Retries().failed_alike(failure, [Outcome(failure=one) for one in ended]) == count
