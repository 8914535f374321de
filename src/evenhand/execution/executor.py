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

from evenhand.errors import EvenhandError, RecipeError
from evenhand.execution import outcome_file
from evenhand.execution.failures import Ending, failure_without_outcome
from evenhand.execution.resources import Capacity
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
        pending_again: why it is to be started again as if this had not been: it was cancelled, or it lost its node and
            has a checkpoint that it goes on from. Then there is nothing to record, and no attempt is counted.
    """

    key: str
    job: Job
    outcome: Outcome
    execution: Execution
    pending_again: str = ""


class Executor(Protocol):
    """A place where trials run side by side; a context manager that holds it open, and ends what runs when it closes.

    The members from ``capacity`` on have defaults: a place whose trials end with the driver needs none of its own.
    """

    jobs: int
    """Trials at a time."""

    threads: int
    """Threads that each of them has."""

    queues: bool = False
    """Whether trials wait in a queue of the place's own; ``jobs`` bounds how many are in it, not how many run."""

    elsewhere: str = ""
    """Where trials run, if not on the driver's machine, whose devices say nothing then: ``Slurm, partition gpu``."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def running(self) -> Mapping[str, Job]:
        """Key to job of the trials that run or wait in the place's own queue."""
        ...

    @property
    def free(self) -> int:
        """How many more may be started now."""
        ...

    def elapsed(self, key: str) -> float:
        """Seconds since a running trial was started; 0 while it waits in a queue."""
        ...

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Start a trial; returns at once. One of the same trial and attempt that is under way is taken up instead.

        Args:
            key: under which its ending is told.
            job: what to run, and in which folder.
            attempt: how often it has been started within this run, this time included.
            limit_seconds: after which it is stopped and has failed by time-out; None for no limit.
        """
        ...

    def wait(self, seconds: float) -> Sequence[Finished]:
        """Those that ended, as soon as there are any; none where the time is over first. A lost job is an ending.

        Raises:
            ServerGone: the place itself is gone; what runs there is lost, what is recorded is not.
        """
        ...

    def capacity(self) -> Capacity:
        """What could run here at all, and how much is free now; may be asked before the place is opened."""
        return Capacity()

    def cancel(self, key: str) -> None:
        """End a running trial without an ending being told; it is pending again.

        Raises:
            EvenhandError: this place cannot.
        """
        raise EvenhandError(f"{type(self).__name__} cannot cancel a trial.")

    def detach(self) -> None:
        """Leave what runs to itself when the place closes; :meth:`reattach` takes it up.

        Raises:
            EvenhandError: trials end with the driver here.
        """
        raise EvenhandError("Here trials end with the command that started them; --detach needs a place like Slurm.")

    def reattach(self, workdirs: Mapping[str, Path]) -> Sequence[str]:
        """Take up trials that an earlier driver started here, running or ended unseen.

        Args:
            workdirs: key to folder of trials that may be.

        Returns:
            The keys of those taken up; they are among :attr:`running` now.
        """
        return []


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
