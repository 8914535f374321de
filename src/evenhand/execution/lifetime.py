"""Processes that end with the one that started them, so that a killed lab leaves nothing running."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec should do as little as it can.
_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when its parent ends; where that cannot be asked, nothing happens.

    Args:
        parent: process id of the parent, where known: if it is gone already, this process ends at once.
    """
    if _LIBRARY is None:
        return
    _LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


_NOTICES = (signal.SIGUSR1, signal.SIGUSR2)


@contextlib.contextmanager
def notices_held_back() -> Iterator[None]:
    """Start a child within: it has the notices held back, too, until it calls :func:`ignore_notices`; none is lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _NOTICES)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_notices() -> None:
    """Do not hear what a scheduler sends to all processes of a job that has to end soon: its supervisor answers it.

    A program that wants to hear it sets a handler of its own.
    """
    for number in _NOTICES:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOTICES)
