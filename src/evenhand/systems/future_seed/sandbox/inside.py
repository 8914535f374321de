"""Runs a program and each of its tests in processes of their own and prints a report: what happens inside the sandbox.

Standard library only. A test counts as passed when the process that ran it came to its end and said so on a pipe, with
a word that is drawn anew each time: a program that exits early, kills itself or writes to every open file has passed
nothing. (A program that searches the interpreter's frames for the word could forge it: scores of code that is written
to deceive its judge are not to be trusted.)
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any, NoReturn


def limit(limits: dict[str, Any]) -> None:
    """Limits that every process started from here inherits."""
    memory = limits["memory_mib"] * 2**20
    disk = limits["disk_mib"] * 2**20
    for what, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (amount, amount))


def attempt(code: str, test: str | None, seconds: float) -> tuple[bool, bool, str]:
    """Run code and then a test in a child; (whether each came to its end, what stopped it)."""
    receive, send = os.pipe()
    word = os.urandom(8).hex().encode()
    child = os.fork()
    if child == 0:
        os.close(receive)
        run_child(code, test, send, word)
    os.close(send)
    said = b""
    deadline = time.monotonic() + seconds
    while len(said) < 4096:
        ready, _, _ = select.select([receive], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(receive, 4096) if ready else b""
        if not chunk:
            break
        said += chunk
    os.close(receive)
    over = time.monotonic() >= deadline
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    detail = said.partition(b"!")[2].decode("utf-8", "replace")
    if over and not detail:
        detail = "time is up"
    elif os.WIFSIGNALED(status) and not detail and word + b"T" not in said:
        detail = f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return word + b"C" in said, word + b"T" in said, detail


def run_child(code: str, test: str | None, send: int, word: bytes) -> NoReturn:
    """The child's whole life."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    space: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(code, "answer.py", "exec"), space)
        os.write(send, word + b"C")
        if test is not None:
            exec(compile(test, "test.py", "exec"), space)
            os.write(send, word + b"T")
    except BaseException as error:
        try:
            text = f"!{type(error).__name__}: {error}"[:300]
        except BaseException:
            text = "!an error that cannot be shown"
        os.write(send, text.encode("utf-8", "replace"))
    os._exit(0)


def main(job: dict[str, Any]) -> None:
    """Run everything and print the report."""
    limit(job["limits"])
    deadline = time.monotonic() + 0.9 * job["limits"]["seconds"]
    exec_ok, _, detail = attempt(job["code"], None, max(0.1, deadline - time.monotonic()))
    passed = []
    for test in job["tests"] if exec_ok else ():
        _, good, why = attempt(job["code"], test, max(0.05, deadline - time.monotonic()))
        passed.append(good)
        detail = detail or why
    passed += [False] * (len(job["tests"]) - len(passed))
    print(json.dumps({"exec_ok": exec_ok, "passed": passed, "detail": detail}), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.stdin.buffer.read()))
