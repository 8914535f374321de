"""A scheduler's word on an ending goes before exit codes and signals, and says whether the trial goes on."""

from __future__ import annotations

import pytest

from evenhand.execution.failures import Ending, failure_without_outcome
from evenhand.execution.states import STATES, goes_on, is_cancelled

TABLE = [
    ("OUT_OF_MEMORY", "resource", False),
    ("OutOfMemoryError", "resource", False),
    ("TIMEOUT", "timeout", True),
    ("DEADLINE", "timeout", True),
    ("PREEMPTED", "infrastructure", True),
    ("REQUEUED", "infrastructure", True),
    ("NODE_FAIL", "infrastructure", True),
    ("ActorDiedError", "infrastructure", True),
    ("WorkerCrashedError", "infrastructure", True),
    ("UNKNOWN", "infrastructure", True),
]


@pytest.mark.parametrize(("word", "kind", "on"), TABLE)
def test_a_schedulers_word_tells_the_class_of_a_failure(word: str, kind: str, on: bool) -> None:
    for ending in (Ending(None, "SIGKILL", state=word, node="n7"), Ending(1, None, state=word, node="n7")):
        failure = failure_without_outcome(ending, None, "the last lines")
        assert failure.kind == kind
        assert word in failure.message
        assert "n7" in failure.message
    assert goes_on(word) == on
    assert not is_cancelled(word)


@pytest.mark.parametrize("word", ["CANCELLED", "CANCELLED by 1000", "TaskCancelledError"])
def test_a_trial_that_somebody_cancelled_has_not_failed(word: str) -> None:
    assert is_cancelled(word)
    assert not goes_on(word)


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (Ending(1, None, state="FAILED"), "code"),
        (Ending(None, "SIGSEGV", state="FAILED"), "code"),
        (Ending(None, "SIGKILL", state="FAILED"), "infrastructure"),
        (Ending(None, None, state="FAILED"), "infrastructure"),
        (Ending(None, "SIGTERM", timed_out=True, state="CANCELLED"), "timeout"),
    ],
)
def test_a_word_that_tells_nothing_leaves_it_to_exit_code_and_signal(ending: Ending, kind: str) -> None:
    assert failure_without_outcome(ending, 5.0, "").kind == kind


def test_every_state_says_what_happened() -> None:
    assert all(state.words for state in STATES.values())
