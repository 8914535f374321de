"""Processes that end with the one that started them, so that a killed lab leaves nothing running."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

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
