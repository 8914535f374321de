"""Run a program before its tests in sandboxes of Linux namespaces, and say which tests passed.

Two sandboxes: the program's, which executes the code once and answers calls, and the judge's, which holds the tests and
compares what comes back. Nothing of a test but the arguments of its calls reaches the program.

Inside: no network (a network namespace without devices), no view of the machine's files but Python's own libraries
(numpy's with them) and a scratch folder in memory, no other processes, an empty environment, no further namespaces, a
filter of system calls, and limits on time, memory, processes and disk. Where the machine allows no such namespaces, or
has no libseccomp, execution is refused unless the caller says ``unsafe``.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evenhand.errors import EvenhandError
from evenhand_systems.future_seed.sandbox.cgroup import MemoryGroup

_FOLDER = Path(__file__).parent
_SHARED = ("codec", "limits", "filter", "memory")  # executed inside, with the side's own
_PATIENCE = 30.0  # seconds that the building of a sandbox may take on a busy machine
_GRACE = 1.5  # seconds after which a judge that does not end by itself is ended
_LONGEST_REPORT = 1 << 20


class SandboxUnavailable(EvenhandError):
    """This machine allows no sandbox, and the caller did not ask for execution without one."""


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    Attributes:
        seconds: wall time of the program with all its tests, from when its sandbox stands.
        cpu_seconds: processor time of each of its processes.
        memory_mib: memory of all its processes together, and address space of each.
        processes: how many there may be at once, threads among them.
        disk_mib: size of the scratch folder, which lies in memory.
    """

    seconds: float = 5.0
    cpu_seconds: int = 4
    memory_mib: int = 512
    processes: int = 16
    disk_mib: int = 16


@dataclass(frozen=True)
class Verdict:
    """What became of a program.

    Attributes:
        exec_ok: the program itself ran to its end.
        passed: for each test, whether it ran to its end.
        detail: what stopped it, for people: an exception's last line, a signal, "time is up".
    """

    exec_ok: bool
    passed: tuple[bool, ...]
    detail: str

    @property
    def tests_passed(self) -> float:
        """Share of the tests that passed; 0 where there are none to pass."""
        return sum(self.passed) / len(self.passed) if self.passed else 0.0

    @property
    def all_passed(self) -> bool:
        """Whether the program ran and every test passed."""
        return self.exec_ok and bool(self.passed) and all(self.passed)


@functools.cache
def why_unavailable() -> str:
    """Why this machine allows no sandbox, or empty; found out by judging an empty program in one."""
    if sys.platform != "linux":
        return f"namespaces are a matter of Linux, this is {sys.platform}"
    try:
        verdict = _run({"code": "", "imports": ""}, {"tests": [""], "setup": "", "names": []}, Limits(20.0), walls=True)
    except SandboxUnavailable as error:
        return str(error)
    return "" if verdict.all_passed else f"an empty program could not be judged in namespaces ({verdict.detail})"


def run_tests(
    code: str, tests: Sequence[str], *, setup: str = "", names: Sequence[str] = (), limits: Limits, unsafe: bool = False
) -> Verdict:
    """Execute ``code`` once, then each test after ``setup``, each before a process of its own that goes on from there.

    Tests and setup are executed where the program is not. Names that they read and do not bind are the program's,
    except Python's built-ins and its modules. ``names`` says which are the program's, whatever they are called.
    Imports at the top of ``setup`` are made for the program too, before its code.

    Raises:
        SandboxUnavailable: no sandbox can be made here and ``unsafe`` is not set.
    """
    reason = why_unavailable()
    if reason and not unsafe:
        raise SandboxUnavailable(
            f"Code that a model wrote is executed in a sandbox only, and this machine allows none: {reason}. "
            "Allow unprivileged user namespaces and install libseccomp, or set data.unsafe = true to run it without "
            "protection."
        )
    program = {"code": code, "imports": _imports(setup)}
    return _run(program, {"tests": list(tests), "setup": setup, "names": list(names)}, limits, walls=not reason)


def _imports(setup: str) -> str:
    """The import statements of a setup."""
    try:
        body = ast.parse(setup).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""  # every test will say so
    return "\n".join(ast.unparse(line) for line in body if isinstance(line, (ast.Import, ast.ImportFrom)))


def _run(program: dict[str, Any], tests: dict[str, Any], limits: Limits, *, walls: bool) -> Verdict:
    """Program and judge in fresh interpreters; whatever they start is gone when this returns."""
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="evenhand-sandbox-"))
        ends = [stack.enter_context(end) for end in socket.socketpair()]
        sides = []
        for role, facts, end in (("program", program, ends[0]), ("judge", tests, ends[1])):
            job = {**facts, **_surroundings(scratch, limits, role), "walls": walls, "channel": end.fileno()}
            if not walls:
                job["limits"]["processes"] = None
            sides.append(stack.enter_context(_Side(job, limits, end)))
            end.close()
        for side in sides:
            side.begin()
        judged = sides[1].finish(_PATIENCE, once_ready=limits.seconds + _GRACE)
        return _verdict(judged, sides[0].finish(0), len(tests["tests"]), limits)


def _surroundings(scratch: str, limits: Limits, role: str) -> dict[str, Any]:
    """What both sides are told."""
    return {
        "role": role,
        "limits": asdict(limits),
        "patience": _PATIENCE,
        "scratch": scratch,
        "sources": {name: source for name, source in _sources().items() if name in (*_SHARED, role)},
        "libraries": [sys.base_prefix, "/usr", "/lib", "/lib64"],
        "packages": _packages(),
        "path": [str(Path(package).parent) for package in _packages()],
    }


@functools.cache
def _sources() -> dict[str, str]:
    """The files that are executed inside, where they cannot be found."""
    return {name: (_FOLDER / f"{name}.py").read_text(encoding="utf-8") for name in (*_SHARED, "program", "judge")}


@functools.cache
def _packages() -> tuple[str, ...]:
    """Folders of numpy and the libraries that come with it, where it is installed."""
    found = importlib.util.find_spec("numpy")
    if found is None or found.origin is None:
        return ()
    folder = Path(found.origin).parent
    return tuple(str(path) for path in (folder, folder.with_name("numpy.libs")) if path.is_dir())


class _Side:
    """One of the two sandboxes, as a process of ours."""

    def __init__(self, job: dict[str, Any], limits: Limits, end: socket.socket) -> None:
        self._job = json.dumps(job).encode()
        # Room for the two processes that hold the walls.
        self._group = MemoryGroup.make(limits.memory_mib * 2**20, limits.processes + 2) if job["walls"] else None
        self._process = subprocess.Popen(
            [os.path.realpath(sys.executable), "-I", "-S", "-B", str(_FOLDER / "enter.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=job["scratch"],
            # As many threads as there are cores would count as processes.
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            pass_fds=[end.fileno()],
            start_new_session=True,
        )
        if self._group is not None:
            self._group.add(self._process.pid)

    def begin(self) -> None:
        """Hand over the job, without which nothing starts."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(self._job)
            self._process.stdin.close()
        self._process.stdin = None

    def finish(self, seconds: float, once_ready: float = 0.0) -> list[dict[str, Any]]:
        """What it reports within this time, or within ``once_ready`` of saying that it is ready; then its end."""
        assert self._process.stdout is not None
        out, deadline, ready = b"", time.monotonic() + seconds, False
        while len(out) < _LONGEST_REPORT:
            if not select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                break
            chunk = os.read(self._process.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            out += chunk
            if not ready and b'"ready"' in out:
                deadline, ready = time.monotonic() + once_ready, True
        self._kill()
        lines = []
        for line in out.splitlines():
            with contextlib.suppress(ValueError):
                lines.append(json.loads(line))
        return [line for line in lines if isinstance(line, dict)]

    def _kill(self) -> None:
        # SIGKILL, which nobody can ignore; the first process of a process namespace goes with it and takes all others.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def __enter__(self) -> _Side:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        if self._group is not None:
            self._group.remove()


def _verdict(judged: list[dict[str, Any]], program: list[dict[str, Any]], tests: int, limits: Limits) -> Verdict:
    """What the reports of both sides come to.

    Raises:
        SandboxUnavailable: the walls could not be built; nothing of the program was executed.
    """
    reports = judged + program
    broken = next((report["broken"] for report in reports if "broken" in report), None)
    if broken is not None or not any("ready" in report for report in judged):
        raise SandboxUnavailable(f"no sandbox could be built: {broken or 'it was not ready in time'}")
    passed = [bool(report["passed"]) for report in judged if "passed" in report][:tests]
    exec_ok = any(report.get("exec_ok") is True for report in judged)
    details = [str(report["full"]) for report in reports if "full" in report]
    details += [str(report["detail"]) for report in judged if report.get("detail")]
    finished = len(passed) == tests or any(report.get("exec_ok") is False for report in judged)
    detail = details[0] if details else "" if finished else "the judge was stopped"
    if detail == "time is up":
        detail = f"time is up after {limits.seconds:g} s"
    return Verdict(exec_ok, (*passed, *(False for _ in range(tests - len(passed)))), detail[:500])
