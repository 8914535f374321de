"""What all processes of a sandbox hold together, read from its /proc by a process that stands outside it.

Standard library only: executed by the process that builds the sandbox.
"""

# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import os
from contextlib import suppress

SOCKET = 212_992
"""Bytes that the kernel keeps for a socket whose other end does not read; the filter lets nobody ask for more."""


def held(proc: str = "/proc") -> int:
    """Bytes that the processes of a process namespace hold: memory, what of it was swapped out, and their sockets'.

    Resident sets count a page once for each process that shares it. Where that matters the caller asks ``shared_out``.
    """
    return sum(_status(f"{proc}/{process}") for process in _processes(proc)) + _sockets(proc)


def shared_out(proc: str = "/proc") -> int:
    """The same, a page that n processes share counted 1/n times; a process that does not show this counts in full."""
    return sum(_proportional(f"{proc}/{process}") for process in _processes(proc)) + _sockets(proc)


def _sockets(proc: str) -> int:
    """What sockets may hold at most: it belongs to no process, so none shows it."""
    with suppress(OSError), open(f"{proc}/1/net/unix", "rb") as file:
        return SOCKET * max(0, sum(1 for _ in file) - 1)
    return 0


def _processes(proc: str) -> list[str]:
    with suppress(OSError):
        return [name for name in os.listdir(proc) if name.isdigit()]
    return []


def _status(folder: str) -> int:
    """Of the process or, where its first thread has ended and shows nothing any more, of a thread that is left."""
    fields = ("VmRSS:", "VmSwap:")
    found = _sum(f"{folder}/status", fields)
    with suppress(OSError):
        threads = iter(() if found else os.listdir(f"{folder}/task"))
        while not found and (thread := next(threads, None)):
            found = _sum(f"{folder}/task/{thread}/status", fields)
    return found or 0


def _proportional(folder: str) -> int:
    found = _sum(f"{folder}/smaps_rollup", ("Pss:", "SwapPss:"))
    return _status(folder) if found is None else found


def _sum(path: str, fields: tuple[str, ...]) -> int | None:
    """Bytes in these fields; None where the file cannot be read (no right, or its process has ended)."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(fields)) * 1024
    except (OSError, ValueError, IndexError):
        return None
