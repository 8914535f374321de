"""A shared file system that goes away for a while and comes back: what is written to it is tried again until then."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

PATIENCE_SECONDS = 60.0
"""So long a file that is not there, or cannot be written, is looked for again. NFS closes to open within that."""

_GONE = frozenset({errno.ENOENT, errno.ESTALE, errno.EIO, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN})
_PAUSE_SECONDS = 0.2


def persistently(action: Callable[[], Result], seconds: float = PATIENCE_SECONDS) -> Result:
    """Do what a file system that is away for a moment refuses; a full disk or a missing right is told at once.

    Raises:
        OSError: it was refused for other reasons, or to the end.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except OSError as error:
            if error.errno not in _GONE or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_SECONDS)
