"""A disk that is full, for the process at hand."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A limit on the size, in bytes, of the files that this process writes: to a writer, the disk is full.

    Python would cut the bytecode of a module that is imported meanwhile to this size too, without an error, and every
    later process would find it damaged: none is written under the limit, by this process or by those that it starts.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with patch.object(sys, "dont_write_bytecode", True), patch.dict(os.environ, PYTHONDONTWRITEBYTECODE="1"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
