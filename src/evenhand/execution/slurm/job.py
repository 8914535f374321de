"""One trial as a Slurm job: what runs on the node, and what stands in the trial's folder for a later driver."""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand import files
from evenhand.errors import EvenhandError
from evenhand.execution.machine import thread_variables
from evenhand.execution.supervise import ENDING, Supervisor
from evenhand.execution.worker import Job

SUBMISSION = "submission.json"


class GivesWay:
    """What submitit runs on a node, and asks to give way on its signal: the trial ends, and its job is queued again."""

    def __init__(
        self, workdir: str, attempt: int, limit: float | None, seconds: float, name: str, lasts: float = math.inf
    ) -> None:
        self.supervisor = Supervisor(workdir, attempt, limit, self.wanted)
        self.seconds = seconds
        self.name = name
        self.lasts = lasts  # after so many seconds a notice is that of the end of its time
        self._began = 0.0

    def wanted(self, workdir: Path) -> bool:
        """Whether the trial still stands in the queue under this job's name, as far as its driver knows."""
        return (submission(workdir) or {}).get("name") == self.name

    def __call__(self) -> None:
        """Run the trial."""
        self._began = time.monotonic()
        self.supervisor.run()

    def checkpoint(self) -> Any:
        """Submitit's question for what is to be run when the job starts again; None for nothing."""
        old = self.supervisor
        if not old.give_way(self.seconds, out_of_time=time.monotonic() - self._began >= self.lasts):
            return None
        again = GivesWay(str(old.workdir), old.attempt, old.limit_seconds, self.seconds, self.name, self.lasts)
        return importlib.import_module("submitit").helpers.DelayedSubmission(again)


@dataclass
class QueuedJob:
    """A trial that Slurm has, or gets next."""

    job: Job
    attempt: int
    limit: float | None
    name: str = ""
    id: str = ""  # empty until Slurm has it
    begun: float | None = None
    checkpoint: int = 0
    unseen: float | None = None  # since when Slurm says that it has ended, and no file does

    @property
    def workdir(self) -> Path:
        """Of its trial."""
        return Path(self.job.workdir)

    def write(self) -> None:
        """Leave in the trial's folder what a later driver needs."""
        document = {"trial": self.job.trial.id, "attempt": self.attempt, "limit": self.limit, "name": self.name,
                    "id": self.id, "checkpoint": self.checkpoint}  # fmt: skip
        files.write_text(self.workdir / SUBMISSION, json.dumps(document))


def submission(workdir: Path) -> Mapping[str, Any] | None:
    """Under which name and number a trial stands in Slurm's queue; None where it does not."""
    try:
        found: Mapping[str, Any] = json.loads((workdir / SUBMISSION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def forget(workdir: Path) -> None:
    """Remove what stands for a job that has been told of, or never was."""
    for name in (SUBMISSION, ENDING):
        with contextlib.suppress(OSError):
            (workdir / name).unlink(missing_ok=True)


def exports(threads: int) -> str:
    """The shell line that sets what the job's Python needs."""
    variables = {"PYTHONSAFEPATH": "1", "SUBMITIT_PREEMPT_SIGNAL": "USR1", **thread_variables(threads)}
    return "export " + " ".join(f"{name}={value}" for name, value in variables.items())


def submitit() -> Any:
    """The library, told of the signal on which a job gives way.

    Raises:
        EvenhandError: it is not installed.
    """
    os.environ["SUBMITIT_PREEMPT_SIGNAL"] = "USR1"  # read when submitit is imported
    try:
        found = importlib.import_module("submitit")
    except ImportError as error:
        raise EvenhandError("--on slurm needs submitit: pip install 'evenhand[slurm]'.") from error
    found.core.job_environment.JobEnvironment.USR_SIG = "USR1"
    return found
