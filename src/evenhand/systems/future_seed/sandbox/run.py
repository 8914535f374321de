"""Run a program and its tests in a sandbox of Linux namespaces, and say which tests passed.

Inside: no network (a network namespace without devices), no view of the machine's files but Python's own libraries and
a scratch folder in memory, no other processes, an empty environment, and limits on time, memory, processes and disk.
Where the machine allows no such namespaces, execution is refused unless the caller says ``unsafe``.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evenhand.errors import EvenhandError

_INSIDE = Path(__file__).with_name("inside.py")
_ENTER = Path(__file__).with_name("enter.py")
_LONGEST_REPORT = 65536


class SandboxUnavailable(EvenhandError):
    """This machine allows no sandbox, and the caller did not ask for execution without one."""


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    Attributes:
        seconds: wall time of the program with all its tests.
        cpu_seconds: processor time of each of its processes.
        memory_mib: address space of each of its processes.
        processes: how many there may be at once.
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
    """Why this machine allows no sandbox, or empty; found out by running an empty program in one."""
    if sys.platform != "linux":
        return f"namespaces are a matter of Linux, this is {sys.platform}"
    verdict = _run("", (), Limits(seconds=20.0), sandboxed=True)
    return "" if verdict.exec_ok else f"an empty program could not be run in namespaces ({verdict.detail})"


def run_tests(code: str, tests: Sequence[str], *, setup: str = "", limits: Limits, unsafe: bool = False) -> Verdict:
    """Run ``setup`` and ``code``, then each test in a process of its own that starts from what they left.

    Raises:
        SandboxUnavailable: no sandbox can be made here and ``unsafe`` is not set.
    """
    reason = why_unavailable()
    if reason and not unsafe:
        raise SandboxUnavailable(
            f"Code that a model wrote is executed in a sandbox only, and this machine allows none: {reason}. "
            "Allow unprivileged user namespaces, or set data.unsafe = true to run it without protection."
        )
    return _run(f"{setup}\n{code}" if setup else code, tests, limits, sandboxed=not reason)


def _run(code: str, tests: Sequence[str], limits: Limits, *, sandboxed: bool) -> Verdict:
    """One program in a fresh interpreter; whatever it starts is gone when this returns."""
    with tempfile.TemporaryDirectory(prefix="evenhand-sandbox-") as scratch:
        job: dict[str, Any] = {
            "code": code,
            "tests": list(tests),
            "limits": asdict(limits),
            "inside": str(_INSIDE),
            "scratch": scratch,
            "libraries": [sys.base_prefix, "/usr", "/lib", "/lib64"],
            "python": os.path.realpath(sys.executable),
        }
        script = _ENTER if sandboxed else _INSIDE
        process = subprocess.Popen(
            [job["python"], "-I", "-S", "-B", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=scratch,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        return _wait(process, json.dumps(job).encode(), len(tests), limits.seconds)


def _wait(process: subprocess.Popen[bytes], job: bytes, tests: int, seconds: float) -> Verdict:
    """Hand over the job, wait no longer than allowed, end the whole session of processes."""
    nothing = tuple(False for _ in range(tests))
    deadline = time.monotonic() + seconds
    try:
        out, _ = process.communicate(job, timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return Verdict(False, nothing, f"time is up after {seconds:g} s")
    finally:
        # SIGKILL, which nobody can ignore; the first process of a process namespace takes all others with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
    try:
        report = json.loads(out[:_LONGEST_REPORT])
        return Verdict(bool(report["exec_ok"]), tuple(map(bool, report["passed"])), str(report["detail"])[:500])
    except (ValueError, KeyError, TypeError):
        return Verdict(False, nothing, f"no report (exit status {process.returncode}): {out[:200]!r}")
