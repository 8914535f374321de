"""A machine's failure is never taken for an idea's failure."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from evenhand.errors import DataError, Diverged
from evenhand.execution.failures import (
    ADVICE,
    RETRIES,
    Ending,
    Retries,
    classify,
    failure_of,
    failure_without_outcome,
    keeps_its_work,
)
from evenhand.recipes.outcome import Execution, Failure, FailureClass
from tests.full_disk import largest_file


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
        (RuntimeError("PytorchStreamReader failed reading zip archive: failed finding central directory"), "code"),
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


def save_stream(path: Path) -> None:
    with path.open("wb") as file:
        torch.save(torch.zeros(100_000), file)


WRITERS: dict[str, Callable[[Path], object]] = {
    "torch": lambda path: torch.save(torch.zeros(100_000), path),
    "torch, little": lambda path: torch.save(torch.zeros(1), path),
    "torch to a stream": save_stream,
    "safetensors": lambda path: save_file({"a": torch.zeros(100_000)}, path),
    "numpy": lambda path: np.save(path, np.zeros(100_000)),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_that_finds_the_disk_full_is_a_failure_of_the_machine(writer: str, tmp_path: Path) -> None:
    with largest_file(64), pytest.raises((OSError, RuntimeError, SafetensorError)) as caught:
        WRITERS[writer](tmp_path / "weights")
    failure = failure_of(caught.value, "run")
    assert failure.kind == "infrastructure", failure.message
    assert isinstance(caught.value, OSError) or "is the disk full?" in failure.message
    assert keeps_its_work(failure)


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


def test_a_kept_traceback_names_files_as_python_finds_them_and_no_folder_of_the_machine() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        detail = failure_of(error, "run").detail
    assert 'File "json/decoder.py"' in detail
    assert 'test_failures.py"' in detail
    assert 'File "/' not in detail
