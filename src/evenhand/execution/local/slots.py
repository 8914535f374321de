"""Local slots: trials side by side on this machine, each in its own process, through the fork server."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenhand import files
from evenhand.errors import ServerGone
from evenhand.execution.command.script_calls import why_cold
from evenhand.execution.command.settings import CommandSettings
from evenhand.execution.executor import Executor, Finished, read_outcome
from evenhand.execution.failures import Ending, kernel_kills
from evenhand.execution.local.room import Held, Room
from evenhand.execution.machine import thread_variables
from evenhand.execution.resources import Capacity
from evenhand.execution.worker import Job
from evenhand.recipes import catalogue
from evenhand.recipes.outcome import Execution

_GRACE_SECONDS = 5.0
"""Time between asking a trial to stop and killing it."""


@dataclass
class _Running:
    job: Job
    attempt: int
    started: float
    wall: str
    kills: int
    limit: float | None
    held: Held | None = None  # None while it waits for what it asks for
    name: str = ""  # its process, for the server: a trial that was cancelled may be started again before it is gone
    begun: bool = False
    asked_to_stop: float | None = None


def _may_be_kept(job: Job) -> bool:
    """Whether a worker may keep what a command line imports."""
    settings = CommandSettings.model_validate(dict(job.trial.settings))
    return not why_cold(settings, Path(job.folder), job.trial.unit)


class LocalSlots(Executor):
    """``jobs`` slots on this machine; use as a context manager.

    Args:
        recipes: references to import once in the server.
        folder: the claims' folder, for modules beside the claim file.
        jobs: trials at a time; the machine's threads are shared out between them.
        warm: whether a worker keeps its process for the next trial of its recipe; on a GPU alone if None, and
            what a command line imports only if it is asked for.
        room: what of this machine trials may have, where others use it too, or where there are GPUs to give.
    """

    def __init__(
        self,
        recipes: Sequence[str],
        folder: Path,
        jobs: int | None = None,
        warm: bool | None = None,
        room: Room | None = None,
    ) -> None:
        self.warm = warm
        self.room = room or Room(jobs)
        self.jobs = self.room.jobs
        self.threads = self.room.threads
        self.problem = ""
        self.forks = True
        self._arguments = [str(folder), *recipes]
        self._running: dict[str, _Running] = {}
        self._dying: dict[str, _Running] = {}
        self._count = itertools.count()
        self._buffer = b""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LocalSlots:
        environment = {**os.environ, **thread_variables(self.threads)}  # each slot gets its share
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
        return max(0, self.room.free - self.waiting)

    @property
    def waiting(self) -> int:
        """Trials that have been started and wait for what they ask for."""
        return sum(run.held is None for run in self._running.values())

    @property
    def events_fd(self) -> int:
        """Readable when there is something to hear from the server: for those who wait for several."""
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def elapsed(self, key: str) -> float:
        """Seconds since a running trial was started."""
        run = self._running[key]
        return 0.0 if run.held is None else time.monotonic() - run.started

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Start a trial in a free slot; one that asks for more than is free begins when it is."""
        self._running[key] = _Running(job, attempt, time.monotonic(), "", 0, limit_seconds)
        self._begin(key)

    def _begin(self, key: str) -> None:
        """Give a trial what it asks for, and start its process, where that is free."""
        run = self._running[key]
        held = self.room.take(run.job.resources)
        if held is None:
            return
        asked = run.job.resources.over(self.room.default)
        job = replace(run.job, threads=held.threads if asked.cpus else run.job.threads)
        job = replace(job, environment={**job.environment, **held.environment})
        workdir = Path(job.workdir)
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / "outcome.json").unlink(missing_ok=True)
        files.write_text(workdir / "job.json", job.to_json())
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        name = f"{next(self._count)} {key}"
        self._running[key] = replace(
            run, job=job, started=time.monotonic(), wall=now, kills=kernel_kills(), held=held, name=name
        )
        paths = {"job": str(workdir / "job.json"), "log": str(workdir / "log.txt")}
        self._ask(op="start", key=name, **paths, keep=self._keep(job))

    def _keep(self, job: Job) -> dict[str, Any] | None:
        """Which warm worker may run a job; None for a process of its own."""
        if self.warm is False or job.probing:  # what tries how much fits is a process of its own
            return None
        if job.trial.recipe == catalogue.COMMAND and not (self.warm and _may_be_kept(job)):
            return None
        own = f"{job.memory_gib} {job.threads} {json.dumps(dict(job.environment))}"  # what a process is bound to
        return {
            "of": f"{job.trial.recipe} {job.trial.fingerprint} {own}",
            "slots": self.jobs,
            "always": bool(self.warm),
        }

    def wait(self, seconds: float) -> list[Finished]:
        """Wait until a trial ends or the time is over, stopping trials that are past their limit."""
        for key in [key for key, run in self._running.items() if run.held is None]:
            self._begin(key)
        self._stop_overdue()
        ended = [event for event in self._events(seconds) if event["event"] == "ended"]
        for event in ended:
            self._give_back_dead(event["key"])
        return [self._finish(event) for event in ended if self._known(event)]

    def _give_back_dead(self, name: str) -> None:
        """A process that was cancelled is gone: what it held is free."""
        run = self._dying.pop(name, None)
        if run is not None and run.held is not None:
            self.room.give_back(run.held)

    def cancel(self, key: str) -> None:
        """Kill a trial; nothing is told of it."""
        run = self._running.pop(key)
        if run.held is not None:
            self._ask(op="kill", key=run.name, signal=int(signal.SIGKILL))
            self._dying[run.name] = run

    def capacity(self) -> Capacity:
        """This machine."""
        return self.room.capacity()

    def _known(self, event: dict[str, Any]) -> bool:
        key = event["key"].partition(" ")[2]
        return key in self._running and self._running[key].name == event["key"]

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
                run = self._running[event["key"].partition(" ")[2]]
                run.started, run.begun = time.monotonic(), True
            if event["event"] == "ready":
                self.problem = event["problem"]
                self.forks = event["threads"] == 1
            yield event

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for run in self._running.values():
            if run.limit is None or not run.begun or now - run.started < run.limit:
                continue
            if run.asked_to_stop is None:
                run.asked_to_stop = now
                self._ask(op="kill", key=run.name, signal=int(signal.SIGTERM))
            elif now - run.asked_to_stop > _GRACE_SECONDS:
                self._ask(op="kill", key=run.name, signal=int(signal.SIGKILL))

    def _finish(self, event: dict[str, Any]) -> Finished:
        key = event["key"].partition(" ")[2]
        run = self._running.pop(key)
        if run.held is not None:
            self.room.give_back(run.held)
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
        return Finished(key, run.job, outcome, execution)
