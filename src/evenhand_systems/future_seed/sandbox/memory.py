"""What all processes of a sandbox hold together, read from its /proc by a process that stands outside it.

Standard library only: executed by the process that builds the sandbox.
"""

# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import os
from contextlib import suppress


def held(proc: str = "/proc") -> int:
    """Bytes that the processes of a process namespace hold: memory, and what of it was swapped out.

    Resident sets count a page once for each process that shares it. Where that matters the caller asks ``shared_out``.
    """
    return sum(_status(f"{proc}/{process}") for process in _processes(proc))


def shared_out(proc: str = "/proc") -> int:
    """The same, a page that n processes share counted 1/n times; a process that does not show this counts in full."""
    return sum(_proportional(f"{proc}/{process}") for process in _processes(proc))


def _processes(proc: str) -> list[str]:
    with suppress(OSError):
        return [name for name in os.listdir(proc) if name.isdigit()]
    return []


def _status(folder: str) -> int:
    return _sum(f"{folder}/status", ("VmRSS:", "VmSwap:")) or 0


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
