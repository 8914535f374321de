"""A machine's failure is never taken for an idea's failure."""

from __future__ import annotations

import errno

import pytest

from evenhand.errors import DataError, Diverged
from evenhand.execution.failures import ADVICE, RETRIES, Ending, classify, failure_of, failure_without_outcome
from evenhand.outcome import FailureClass


class OutOfMemoryError(RuntimeError):
    pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Diverged("loss is inf"), "diverged"),
        (DataError("3 rows"), "data"),
        (MemoryError(), "resource"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "resource"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"), "resource"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "resource"),
        (OSError(errno.ENOSPC, "No space left on device"), "infrastructure"),
        (ConnectionResetError("peer"), "infrastructure"),
        (TimeoutError("hub"), "infrastructure"),
        (FileNotFoundError(errno.ENOENT, "x"), "code"),
        (ValueError("x"), "code"),
        (AssertionError(), "code"),
    ],
)
def test_exceptions_are_classified(error: BaseException, kind: FailureClass) -> None:
    assert classify(error) == kind


def test_the_cause_of_an_exception_counts() -> None:
    error = RuntimeError("could not load the model")
    error.__cause__ = ConnectionError("hub")
    assert classify(error) == "infrastructure"
    assert "ConnectionError" in failure_of(error, "run").detail


@pytest.mark.parametrize(
    ("ending", "kind", "words"),
    [
        (Ending(None, "SIGKILL"), "infrastructure", "killed from outside"),
        (Ending(None, "SIGKILL", out_of_memory=True), "resource", "out of memory"),
        (Ending(None, "SIGTERM", timed_out=True), "timeout", "limit of 5 s"),
        (Ending(None, "SIGSEGV"), "code", "crashed (SIGSEGV)"),
        (Ending(7, None), "code", "exit code 7"),
        (Ending(74, None), "infrastructure", "disk full"),
    ],
)
def test_processes_without_an_outcome_are_classified_by_their_ending(
    ending: Ending, kind: FailureClass, words: str
) -> None:
    failure = failure_without_outcome(ending, 5.0, "the log")
    assert failure.kind == kind
    assert words in failure.message
    assert failure.detail == "the log"


def test_every_class_has_advice_and_a_retry_rule_and_results_are_never_retried() -> None:
    assert ADVICE.keys() == RETRIES.keys()
    assert RETRIES["diverged"] == RETRIES["code"] == RETRIES["data"] == 0 < RETRIES["infrastructure"]
