"""A machine's failure is never taken for an idea's failure."""

from __future__ import annotations

import errno
import importlib
import json
import marshal
import py_compile
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from evenhand.errors import DataError, Diverged
from evenhand.execution.failures import (
    Ending,
    classify,
    failure_of,
    failure_without_outcome,
)
from evenhand.execution.retries import POLICY, keeps_its_work
from evenhand.recipes.error_classes import ADVICE
from evenhand.recipes.outcome import FailureClass
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


def test_a_compiled_module_that_a_full_disk_cut_short_is_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cut_short_module.py").write_text("VALUES = [1, 2, 3]\n" * 20)
    compiled = Path(py_compile.compile(str(tmp_path / "cut_short_module.py"), doraise=True) or "")
    compiled.write_bytes(compiled.read_bytes()[:64])
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EOFError) as caught:
        importlib.import_module("cut_short_module")
    failure = failure_of(caught.value, "import")
    assert failure.kind == "infrastructure"
    assert f"delete {compiled}" in failure.message
    # The same words from a recipe's own file are a fault of its code.
    with pytest.raises(EOFError) as own:
        marshal.loads(b"(")
    assert failure_of(own.value, "run").kind == "code"


def test_no_module_that_is_imported_on_a_full_disk_is_left_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imported_under_the_limit.py").write_text("VALUES = [1, 2, 3]\n" * 20)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    with largest_file(64):
        importlib.import_module("imported_under_the_limit")
    assert not list(tmp_path.rglob("*.pyc"))


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
    assert ADVICE.keys() == POLICY.keys()
    assert {kind for kind, policy in POLICY.items() if policy.tries} == {"infrastructure", "resource"}
    assert {kind for kind, policy in POLICY.items() if policy.keeps_work} == {"infrastructure", "resource", "timeout"}
    assert {kind for kind, policy in POLICY.items() if policy.persists} == {"data", "code"}
    assert {kind for kind, policy in POLICY.items() if policy.alone} == {"resource"}


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


def test_a_kept_traceback_names_files_as_python_finds_them_and_no_folder_of_the_machine() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        detail = failure_of(error, "run").detail
    assert 'File "json/decoder.py"' in detail
    assert 'test_failures.py"' in detail
    assert 'File "/' not in detail
