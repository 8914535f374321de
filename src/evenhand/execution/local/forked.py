"""How the processes of trials begin: forked from a server that has imported their recipe, or as a new interpreter."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from evenhand.execution import worker
from evenhand.execution.lifetime import die_with_parent
from evenhand.execution.local import warm


def warm_child(pipes: warm.Pipes, others: list[int], parent: int) -> NoReturn:
    """The whole life of a warm worker that was forked."""
    code = 1
    try:
        _as_forked(others)
        os.setsid()
        die_with_parent(parent)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = warm.serve(pipes)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _as_forked(others: list[int]) -> None:
    """Put away what is the server's: its signal handlers and its ends of pipes."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    for end in others:
        os.close(end)


def _prepare(log: str, job: str, parent: int) -> None:
    """Make this process a group of its own, with its own output and working folder."""
    os.setsid()
    die_with_parent(parent)
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(Path(job).parent)


def child(job: str, log: str, events: int, parent: int) -> NoReturn:
    """The forked child's whole life."""
    code = 1
    try:
        _as_forked([events])
        _prepare(log, job, parent)
        sys.stdout = open(1, "w", closefd=False, buffering=1, encoding="utf-8", errors="replace")  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False, buffering=1, encoding="utf-8", errors="replace")  # noqa: SIM115
        code = worker.main(Path(job))
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # No interpreter shutdown: what the server had open is not this child's to close.
        os._exit(code)


def fresh_interpreter(job: str, log: str) -> subprocess.Popen[bytes]:
    """A new interpreter for a job, for servers that cannot fork safely."""
    with Path(log).open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "evenhand.execution.worker", job],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=Path(job).parent,
            start_new_session=True,
        )
