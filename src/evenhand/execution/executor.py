"""The executor's protocol: what the loop asks of a place where trials run. It knows nothing of claims or verdicts.

An executor is told jobs and tells endings. The trial itself writes its outcome file into its folder; the functions
below read what it left there, whoever ran it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from evenhand.errors import RecipeError
from evenhand.execution import outcome_file
from evenhand.execution.failures import Ending, failure_without_outcome
from evenhand.execution.worker import Job
from evenhand.recipes.outcome import Execution, Failure, Outcome


@dataclass(frozen=True)
class Finished:
    """A trial that has ended.

    Attributes:
        key: under which it was started.
        job: what was to be run.
        outcome: what it returned, or the failure that its ending tells.
        execution: how its process went.
    """

    key: str
    job: Job
    outcome: Outcome
    execution: Execution


class Executor(Protocol):
    """A place where trials run side by side; a context manager that holds it open."""

    jobs: int
    """Trials at a time."""

    threads: int
    """Threads that each of them has."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def running(self) -> Mapping[str, Job]:
        """Key to job of the trials that run now."""
        ...

    @property
    def free(self) -> int:
        """How many more may be started now."""
        ...

    def elapsed(self, key: str) -> float:
        """Seconds since a running trial was started."""
        ...

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Start a trial where one is free; returns at once.

        Args:
            key: under which its ending is told.
            job: what to run, and in which folder.
            attempt: how often it has been started within this run, this time included.
            limit_seconds: after which it is stopped and has failed by time-out; None for no limit.
        """
        ...

    def wait(self, seconds: float) -> Sequence[Finished]:
        """Those that ended, as soon as there are any; none where the time is over first.

        Raises:
            ServerGone: the place itself is gone; what runs there is lost, what is recorded is not.
        """
        ...


def read_outcome(workdir: Path, ending: Ending, limit_seconds: float | None) -> Outcome:
    """The outcome that a trial left in its folder, or the failure that its ending tells."""
    path = workdir / "outcome.json"
    if not path.exists():
        return Outcome(failure=failure_without_outcome(ending, limit_seconds, log_tail(workdir / "log.txt")))
    try:
        return outcome_file.read(path)
    except RecipeError as error:
        return Outcome(failure=Failure("code", str(error), "report", log_tail(workdir / "log.txt")))


def log_tail(path: Path, characters: int = 4000) -> str:
    """The last characters of a trial's output."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - characters))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def last_progress(workdir: Path) -> dict[str, Any] | None:
    """The newest whole line of a running trial's progress file."""
    tail = log_tail(workdir / "progress.jsonl", 2000)
    for line in reversed(tail.split("\n")[:-1]):
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return None
