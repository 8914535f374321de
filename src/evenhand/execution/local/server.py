"""The fork server: a single-threaded process that has imported the recipe once and forks one child per trial.

Started by ``evenhand.execution.local.slots`` as
``python -m evenhand.execution.local.server FOLDER RECIPE [RECIPE ...]``. It reads
requests from standard input and writes events to standard output, one JSON document a line:

    {"op": "start", "key": k, "job": path, "log": path}   ->  {"event": "started", "key": k, "pid": n}
    {"op": "kill", "key": k, "signal": 15}                     {"event": "ended", "key": k, "exit_code": ..., ...}

A start may ask for a warm worker (see ``warm``): ``"keep": {"of": name, "slots": n, "always":
false}``, where ``always`` means on the CPU, too. One of the same name that waits
takes the job; else one is begun, and of those that wait the oldest ends where there would be more than ``n``.

A child is its own process group and dies with the server; the server ends when its standard input closes.
Importing torch takes seconds; forking takes milliseconds. Forking is safe only while no other thread runs, so the
server counts its threads after the imports and starts a fresh interpreter for each trial where there are any.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenhand.errors import EvenhandError
from evenhand.execution import machine, sources
from evenhand.execution.local import forked, warm
from evenhand.recipes import catalogue


@dataclass
class _Child:
    """A process: of a trial, or a warm worker, which has no key while it waits."""

    key: str
    started: float
    process: subprocess.Popen[bytes] | None = None
    warm: str = ""
    ends: bool = False
    jobs: int = -1
    answers: int = -1


@dataclass
class Server:
    """State of the fork server: its children and its event channel."""

    events: int
    threads_at_start: int = 1
    children: dict[int, _Child] = field(default_factory=dict)

    def tell(self, **event: Any) -> None:
        """Write one event; a closed channel means that nobody waits any more."""
        try:
            os.write(self.events, (json.dumps(event) + "\n").encode())
        except BrokenPipeError:
            self.end_all()
            os._exit(0)

    def start(self, key: str, job: str, log: str, keep: dict[str, Any] | None = None) -> None:
        """Start a child for a job, or give it to a warm worker."""
        begun = time.monotonic()
        if keep is not None and (keep["always"] or machine.device_of_programs()[0] == "cuda"):
            told = (json.dumps({"job": job, "log": log}) + "\n").encode()
            pid, child = self._warm(str(keep["of"]), int(keep["slots"]), told)
            child.key, child.started = key, begun
            self.tell(event="started", key=key, pid=pid)
            return
        if self.threads_at_start > 1:
            process = forked.fresh_interpreter(job, log)
            self.children[process.pid] = _Child(key, begun, process)
            self.tell(event="started", key=key, pid=process.pid)
            return
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            forked.child(job, log, self.events, parent)
        self.children[pid] = _Child(key, begun)
        self.tell(event="started", key=key, pid=pid)

    def _warm(self, name: str, slots: int, told: bytes) -> tuple[int, _Child]:
        """Tell a warm worker that waits, or a new one, of its job."""
        waiting = [(pid, c) for pid, c in self.children.items() if c.warm and not c.key and not c.ends]
        for pid, child in waiting:
            with contextlib.suppress(OSError):  # it has died while it waited
                if child.warm == name:
                    os.write(child.jobs, told)
                    return pid, child
        if len(self.children) >= slots and waiting:
            os.killpg(waiting[0][0], signal.SIGKILL)
        (jobs, to_jobs), (from_answers, answers) = os.pipe(), os.pipe()
        others = [end for child in self.children.values() for end in (child.jobs, child.answers) if end >= 0]
        pid, process = self._begin_warm(jobs, answers, [*others, to_jobs, from_answers])
        os.close(jobs)
        os.close(answers)
        self.children[pid] = child = _Child("", time.monotonic(), process, name, False, to_jobs, from_answers)
        os.write(to_jobs, told)
        return pid, child

    def _begin_warm(self, jobs: int, answers: int, others: list[int]) -> tuple[int, subprocess.Popen[bytes] | None]:
        if self.threads_at_start > 1:
            command = [sys.executable, "-P", "-m", "evenhand.execution.local.warm", str(jobs), str(answers)]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(jobs, answers),
                start_new_session=True,
            )  # fmt: skip
            return process.pid, process
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            forked.warm_child(warm.Pipes(jobs, answers), [*others, self.events], parent)
        return pid, None

    def hear(self, child: _Child) -> None:
        """A warm worker has ended a trial: it waits for the next, or ends."""
        lines = os.read(child.answers, 65536).splitlines()
        if not lines:  # it has died: what it leaves is told when it is reaped
            self._close(child)
            return
        told = json.loads(lines[-1])
        child.ends = bool(told.pop("goes_on"))
        self.tell(event="ended", key=child.key, signal=None, seconds=time.monotonic() - child.started, **told)
        child.key = ""

    @staticmethod
    def _close(child: _Child) -> None:
        for end in (child.jobs, child.answers):
            if end >= 0:
                os.close(end)
        child.jobs = child.answers = -1

    def kill(self, key: str, number: int) -> None:
        """Send a signal to the process group of a child."""
        for pid, child in self.children.items():
            if child.key == key:
                try:
                    os.killpg(pid, number)
                except ProcessLookupError:
                    # A child that has only just been forked is not yet a group of its own.
                    os.kill(pid, number)

    def reap(self) -> None:
        """Report every child that has ended, and end what it left running."""
        while self.children:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is None:
                continue
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            if child.warm and self._heard_last(child):
                continue
            signalled = os.WIFSIGNALED(status)
            self.tell(
                event="ended",
                key=child.key,
                exit_code=None if signalled else os.WEXITSTATUS(status),
                signal=signal.Signals(os.WTERMSIG(status)).name if signalled else None,
                seconds=time.monotonic() - child.started,
                cpu_seconds=usage.ru_utime + usage.ru_stime,
                peak_memory_bytes=usage.ru_maxrss * 1024,
            )

    def _heard_last(self, child: _Child) -> bool:
        """Hear what a warm worker that has ended said before; whether its ending is no trial's."""
        if child.answers >= 0 and select.select([child.answers], [], [], 0)[0]:
            self.hear(child)
        self._close(child)
        return not child.key

    def end_all(self) -> None:
        """Kill every child."""
        for pid in list(self.children):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def serve(self, wake: int) -> None:
        """The loop: requests and ended children, until standard input closes."""
        pending = b""
        while True:
            warm_ones = {child.answers: child for child in self.children.values() if child.answers >= 0}
            ready, _, _ = select.select([0, wake, *warm_ones], [], [])
            for end in warm_ones.keys() & set(ready):
                self.hear(warm_ones[end])
            if wake in ready:
                os.read(wake, 4096)
            self.reap()
            if 0 in ready:
                chunk = os.read(0, 65536)
                if not chunk:
                    self.end_all()
                    return
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    request = json.loads(line)
                    if request.pop("op") == "start":
                        self.start(**request)
                    else:
                        self.kill(request["key"], request["signal"])


def preload(folder: Path, references: list[str]) -> str:
    """Import recipes and what they declare worth importing; returns why it could not, or nothing.

    A recipe that cannot be imported is no reason to stop here: each trial reports it as its own failure.
    """
    why: list[str] = []
    for reference in references:
        try:
            found = catalogue.find(reference, folder)
            for module in found.info.preload:
                importlib.import_module(module)
        except (EvenhandError, ImportError) as error:
            why.append(str(error))
    if "torch" in sys.modules:
        # The first optimiser of a process imports this: seconds for each trial unless it is there before the fork.
        with contextlib.suppress(ImportError):
            importlib.import_module("torch._dynamo")
    sources.prepare()
    machine.device_of_programs()  # asked once: children that have not imported torch know whether there is a GPU
    return "; ".join(why)


def count_threads() -> int:
    """Threads of this process that run Python or hold locks unknown to fork.

    OpenBLAS keeps a pool that its own fork handlers stop and restart, so numpy's is kept to one thread by the caller.
    """
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 1


def main(arguments: list[str]) -> None:
    """Serve until standard input closes."""
    events = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    receive, send = os.pipe()
    os.set_blocking(receive, False)
    os.set_blocking(send, False)
    problem = preload(Path(arguments[0]), arguments[1:])
    # Children touch every object they count references of; frozen objects are left alone by their collector.
    gc.freeze()
    server = Server(events, count_threads())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(send, warn_on_full_buffer=False)
    server.tell(event="ready", threads=server.threads_at_start, problem=problem)
    server.serve(receive)


if __name__ == "__main__":
    main(sys.argv[1:])
