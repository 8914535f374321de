"""One trial on a node that the driver does not share: its process watched, its ending left as a file in its folder.

The driver may be gone meanwhile, and the node's scheduler may start the same job again after the node was lost: a trial
that has ended is not run twice, one that has not goes on from its checkpoint.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from evenhand import files
from evenhand.execution import worker
from evenhand.execution.executor import Finished, read_outcome
from evenhand.execution.failures import Ending, kernel_kills
from evenhand.execution.lifetime import die_with_parent, ignore_notices, notices_held_back
from evenhand.execution.local.server import count_threads
from evenhand.execution.machine import thread_variables
from evenhand.execution.patience import persistently
from evenhand.execution.worker import Job
from evenhand.recipes.outcome import Execution

GRACE_SECONDS = 5.0
"""Time between asking a trial to stop and killing it."""

ENDING = "ending.json"

_KILLS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2")

_HEARING_SECONDS = 2.0
"""A scheduler that wants its node ends the trial and tells its supervisor; not always in this order."""


@dataclass(frozen=True)
class Left:
    """What a supervisor tells of an ending.

    Attributes:
        trial, attempt: what has ended.
        exit_code, signal, timed_out, out_of_memory: as :class:`Ending` has them.
        seconds, cpu_seconds, peak_memory_bytes, started, node: as :class:`Execution` has them.
        state: the scheduler's word, where its supervisor knows it before the scheduler gives it.
    """

    trial: str
    attempt: int
    exit_code: int | None
    signal: str | None
    timed_out: bool
    out_of_memory: bool
    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    started: str
    node: str
    state: str = ""

    @property
    def killed_from_outside(self) -> bool:
        """Somebody other than its supervisor or the kernel's guard of memory ended it."""
        return self.signal in _KILLS and not (self.timed_out or self.out_of_memory or self.state)

    @classmethod
    def read(cls, workdir: Path, trial: str, attempt: int) -> Left | None:
        """What stands in a trial's folder of this attempt; None where it has not ended, or the folder is away."""
        try:
            document: Mapping[str, Any] = json.loads((workdir / ENDING).read_text(encoding="utf-8"))
            found = cls(**document)
        except (OSError, ValueError, TypeError):
            return None
        return found if (found.trial, found.attempt) == (trial, attempt) else None


def finished(key: str, job: Job, attempt: int, limit: float | None, left: Left | None, state: str = "") -> Finished:
    """A trial that has ended, from what it and its supervisor left and from the scheduler's word."""
    ending = Ending(None, None, state=state)
    execution = Execution(attempt=attempt, threads=job.threads)
    if left is not None:
        state = state or left.state
        ending = Ending(left.exit_code, left.signal, left.timed_out, left.out_of_memory, state, left.node)
        execution = Execution(
            attempt, left.started, left.seconds, left.cpu_seconds, left.peak_memory_bytes, left.exit_code, left.signal,
            job.threads,
        )  # fmt: skip
    outcome = read_outcome(Path(job.workdir), ending, limit)
    return Finished(key, job, outcome, Execution(**asdict(execution) | {"device": outcome.notes.get("device", "")}))


class Supervisor:
    """Runs the job of a folder in a process of its own.

    Args:
        workdir: with the job file.
        attempt: how often the trial has been started.
        limit_seconds: after which it is stopped.
        wanted: whether a driver still waits for this trial.
    """

    def __init__(
        self, workdir: str, attempt: int, limit_seconds: float | None, wanted: Callable[[Path], bool] = Path.exists
    ) -> None:
        self.workdir = Path(workdir)
        self.attempt = attempt
        self.limit_seconds = limit_seconds
        self.wanted = wanted
        self.child: int | None = None
        self._trial = ""
        self._began: tuple[float, str, int, int] = (0.0, "", 0, 0)
        self._left: Left | None = None

    def run(self) -> None:
        """Run the trial to its end and leave word of it; where it has ended before, that stands.

        A scheduler may start a job once more that a driver has long heard of: nothing is run for nobody.
        """
        persistently(self.workdir.stat)
        if not self.wanted(self.workdir):
            return
        with _alone(self.workdir):
            self._run()

    def _run(self) -> None:
        job = Job.from_json(persistently(lambda: (self.workdir / "job.json").read_text(encoding="utf-8")))
        left = Left.read(self.workdir, job.trial.id, self.attempt)
        if left is not None and not left.killed_from_outside:
            return
        # What was killed together with the trial may live long enough to leave word of it; a scheduler that starts the
        # job again wants it to go on.
        (self.workdir / ENDING).unlink(missing_ok=True)
        self._trial = job.trial.id
        begun, wall = time.monotonic(), datetime.now(UTC).isoformat(timespec="milliseconds")
        self._began = begun, wall, kernel_kills(), checkpoint_time(self.workdir)
        with notices_held_back():
            self.child = _begin(self.workdir, job.threads)
        timed_out, status, usage = self._await(self.child, begun)
        self._see(status, usage, timed_out=timed_out)
        if self._left is not None and self._left.killed_from_outside:
            time.sleep(_HEARING_SECONDS)  # a request to give way takes it from here
        self._leave_word()

    def _see(self, status: int, usage: Any, *, timed_out: bool = False, state: str = "") -> None:
        """Take note of how the trial's process ended, which is gone now."""
        signalled, (begun, wall, kills, _) = os.WIFSIGNALED(status), self._began
        self._left = Left(
            self._trial, self.attempt, None if signalled else os.WEXITSTATUS(status),
            signal.Signals(os.WTERMSIG(status)).name if signalled else None, timed_out, kernel_kills() > kills,
            time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, wall,
            os.environ.get("SLURMD_NODENAME") or socket.gethostname(), state,
        )  # fmt: skip
        self.child = None

    def _leave_word(self) -> None:
        text = json.dumps(asdict(self._left)) if self._left is not None else ""
        persistently(lambda: files.write_text(self.workdir / ENDING, text))

    def _await(self, pid: int, begun: float) -> tuple[bool, int, Any]:
        """Whether it was stopped at its limit, its wait status, and what it used."""
        asked: float | None = None
        pause = 0.005
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)  # what it left running
                return asked is not None, status, usage
            now = time.monotonic()
            if self.limit_seconds is not None and now - begun > self.limit_seconds:
                if asked is None:
                    asked = now
                    self._signal(signal.SIGTERM)
                elif now - asked > GRACE_SECONDS:
                    self._signal(signal.SIGKILL)
            time.sleep(pause)
            pause = min(0.1, 1.3 * pause)

    def _signal(self, number: signal.Signals) -> None:
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child, number)

    def give_way(self, seconds: float, *, out_of_time: bool = False) -> bool:
        """End the trial because the node is wanted, after its next checkpoint where that comes soon.

        Args:
            seconds: that are left to wait for a checkpoint.
            out_of_time: its job has had all the time that it had asked for.

        Returns:
            Whether it goes on in another job. It has ended, and that is left as a file, where it came to its end
            meanwhile, and where it is out of time without a checkpoint since it began: the next job would do the same.
        """
        before, deadline = checkpoint_time(self.workdir), time.monotonic() + seconds
        while self.child is not None and time.monotonic() < deadline and checkpoint_time(self.workdir) == before:
            if os.waitid(os.P_PID, self.child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                self._see(*os.wait4(self.child, 0)[1:])
            else:
                time.sleep(0.05)
        self._signal(signal.SIGKILL)
        if self.child is not None and out_of_time and checkpoint_time(self.workdir) <= self._began[3]:
            self._see(*os.wait4(self.child, 0)[1:], state="TIMEOUT")
        if self._left is None or self._left.killed_from_outside:
            return True
        self._leave_word()
        return False


def _begin(workdir: Path, threads: int) -> int:
    """Start a trial's process, a group of its own; returns its id.

    It is forked where only one thread runs here, which spares it the start of an interpreter; else it is a fresh one.
    """
    job, variables = workdir / "job.json", thread_variables(threads)
    with (workdir / "log.txt").open("ab") as log:
        if count_threads() > 1:
            command = [sys.executable, "-P", "-m", "evenhand.execution.worker", str(job)]
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=workdir, start_new_session=True,
                env={**os.environ, **variables},
            )  # fmt: skip
            child.returncode = 0  # it is waited for by its id
            return child.pid
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.environ.update(variables)
            _be_child(job, log.fileno(), parent)
        return pid


def _be_child(job: Path, log: int, parent: int) -> NoReturn:
    """The forked child's whole life."""
    code = 1
    try:
        os.setsid()
        die_with_parent(parent)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        ignore_notices()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(job.parent)
        code = worker.main(job)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)  # no shutdown: what was open before the fork is not this process's to close


_HANDLED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGCONT,
    signal.SIGCHLD,
    signal.SIGPIPE,
)


@contextlib.contextmanager
def _alone(workdir: Path) -> Iterator[None]:
    """Wait until no other supervisor has this folder: one whose driver died may be about to end."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a file system without locks; the scheduler's word is what there is
            stack.enter_context(files.locked(workdir / "supervisor.lock"))
        yield


def checkpoint_time(workdir: Path) -> int:
    """When a trial's checkpoint was written, in nanoseconds; 0 without one."""
    try:
        return (workdir / "checkpoint.pickle").stat().st_mtime_ns
    except OSError:
        return 0
