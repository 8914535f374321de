"""How numba functions of this package are compiled: lazily, without the interpreter lock, kept on disk if possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on first call (never on import), keep the machine code on disk, release the interpreter lock.

    The code is kept beside the source, or in the user's cache folder when the installation is read-only; when
    neither can be written it is compiled anew in each process.
    """
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder that it may write to
        return njit(nogil=True, error_model="numpy")(function)
