"""Limits of a process that each process started from it inherits. Executed inside the sandbox too."""

from __future__ import annotations

import os
import resource
from typing import Any


def limit(limits: dict[str, Any]) -> None:
    """Set the limits that a program cannot lift again.

    ``processes`` is None where there are no walls: all that this user runs would count.
    """
    disk = limits["disk_mib"] * 2**20
    for what, amount in (
        (resource.RLIMIT_AS, limits["memory_mib"] * 2**20),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
        (getattr(resource, "RLIMIT_MSGQUEUE", None), 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        if what is None or amount is None:
            continue
        _, hard = resource.getrlimit(what)
        amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (amount, amount))


def silence() -> None:
    """Standard streams that lead nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    if null > 2:
        os.close(null)
