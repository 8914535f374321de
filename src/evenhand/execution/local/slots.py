"""Local slots: trials side by side on this machine, each in its own process, through the fork server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenhand import files
from evenhand.errors import ServerGone
from evenhand.execution.executor import Executor, Finished, read_outcome
from evenhand.execution.failures import Ending, kernel_kills
from evenhand.execution.machine import share_threads
from evenhand.execution.worker import Job
from evenhand.recipes import catalogue
from evenhand.recipes.outcome import Execution

_GRACE_SECONDS = 5.0
"""Time between asking a trial to stop and killing it."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass
class _Running:
    job: Job
    attempt: int
    started: float
    wall: str
    kills: int
    limit: float | None
    begun: bool = False
    asked_to_stop: float | None = None


class LocalSlots(Executor):
    """``jobs`` slots on this machine; use as a context manager.

    Args:
        recipes: references to import once in the server.
        folder: the claims' folder, for modules beside the claim file.
        jobs: trials at a time; the machine's threads are shared out between them.
        warm: whether a worker keeps its process for the next trial of its recipe; on a GPU alone if None.
    """

    def __init__(self, recipes: Sequence[str], folder: Path, jobs: int, warm: bool | None = None) -> None:
        self.warm = warm
        self.jobs = jobs
        self.threads = share_threads(jobs)
        self.problem = ""
        self.forks = True
        self._arguments = [str(folder), *recipes]
        self._running: dict[str, _Running] = {}
        self._buffer = b""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LocalSlots:
        environment = dict(os.environ)
        # Each slot gets its share; OpenBLAS and pyarrow would otherwise start threads at import, before the fork.
        environment |= {name: str(self.threads) for name in _THREAD_VARIABLES} | {
            "OPENBLAS_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
        }
        self._process = subprocess.Popen(
            # -P: a file in the current folder must not stand in for a module of the lab or of an installed recipe.
            [sys.executable, "-P", "-m", "evenhand.execution.local.server", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    @property
    def running(self) -> dict[str, Job]:
        """Key to job of the trials that run now."""
        return {key: run.job for key, run in self._running.items()}

    @property
    def free(self) -> int:
        """Slots without a trial."""
        return self.jobs - len(self._running)

    @property
    def events_fd(self) -> int:
        """Readable when there is something to hear from the server: for those who wait for several."""
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def elapsed(self, key: str) -> float:
        """Seconds since a running trial was started."""
        return time.monotonic() - self._running[key].started

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Start a trial in a free slot."""
        workdir = Path(job.workdir)
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / "outcome.json").unlink(missing_ok=True)
        files.write_text(workdir / "job.json", job.to_json())
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._running[key] = _Running(job, attempt, time.monotonic(), now, kernel_kills(), limit_seconds)
        paths = {"job": str(workdir / "job.json"), "log": str(workdir / "log.txt")}
        self._ask(op="start", key=key, **paths, keep=self._keep(job))

    def _keep(self, job: Job) -> dict[str, Any] | None:
        """Which warm worker may run a job; None for a process of its own."""
        if self.warm is False or job.trial.recipe == catalogue.COMMAND:  # a command line is a process of its own
            return None
        name = f"{job.trial.recipe} {job.trial.fingerprint} {job.memory_gib} {job.threads}"
        return {"of": name, "slots": self.jobs, "always": bool(self.warm)}

    def wait(self, seconds: float) -> list[Finished]:
        """Wait until a trial ends or the time is over, stopping trials that are past their limit."""
        self._stop_overdue()
        return [
            self._finish(event) for event in self._events(seconds) if event["event"] == "ended" and self._known(event)
        ]

    def _known(self, event: dict[str, Any]) -> bool:
        return event["key"] in self._running

    def _ask(self, **request: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write((json.dumps(request) + "\n").encode())
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._server_gone() from error

    def _server_gone(self) -> ServerGone:
        assert self._process is not None
        try:  # its pipe closes a moment before its exit code is there
            code: int | str = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            code = "not known yet"
        return ServerGone(
            f"The process that starts trials has ended (exit code {code}). What is finished is in the ledger; "
            "run the same command again to go on."
        )

    def _events(self, seconds: float) -> Iterator[dict[str, Any]]:
        descriptor = self.events_fd
        ready, _, _ = select.select([descriptor], [], [], max(0.0, seconds))
        if not ready:
            return
        chunk = os.read(descriptor, 65536)
        if not chunk:
            raise self._server_gone()
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["event"] == "started" and self._known(event):
                # The clock of the limit starts with the process: the server may still have been importing.
                run = self._running[event["key"]]
                run.started, run.begun = time.monotonic(), True
            if event["event"] == "ready":
                self.problem = event["problem"]
                self.forks = event["threads"] == 1
            yield event

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for key, run in self._running.items():
            if run.limit is None or not run.begun or now - run.started < run.limit:
                continue
            if run.asked_to_stop is None:
                run.asked_to_stop = now
                self._ask(op="kill", key=key, signal=int(signal.SIGTERM))
            elif now - run.asked_to_stop > _GRACE_SECONDS:
                self._ask(op="kill", key=key, signal=int(signal.SIGKILL))

    def _finish(self, event: dict[str, Any]) -> Finished:
        run = self._running.pop(event["key"])
        ending = Ending(event["exit_code"], event["signal"], run.asked_to_stop is not None, kernel_kills() > run.kills)
        outcome = read_outcome(Path(run.job.workdir), ending, run.limit)
        execution = Execution(
            attempt=run.attempt,
            started=run.wall,
            seconds=event["seconds"],
            cpu_seconds=event["cpu_seconds"],
            peak_memory_bytes=event["peak_memory_bytes"],
            exit_code=event["exit_code"],
            signal=event["signal"],
            threads=run.job.threads,
            device=outcome.notes.get("device", ""),
        )
        return Finished(event["key"], run.job, outcome, execution)
