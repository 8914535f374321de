"""Names that one process at a time may hold: two runs of one claim at once would do the same work twice."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.files import locked
from evenhand.ledger.disk import cannot_write


@contextlib.contextmanager
def hold(folder: Path, name: str) -> Iterator[None]:
    """Hold a name in a ledger's folder; the system lets it go when the process ends, however that comes about.

    Raises:
        LedgerError: another process holds it (says which and since when), or the folder cannot be written.
    """
    path = folder / "locks" / f"{name}.lock"
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = stack.enter_context(locked(path, wait=False))
        except BlockingIOError as error:
            holder = path.read_text(encoding="utf-8", errors="replace")[:200].strip() or "another process"
            raise LedgerError(
                f"'{name}' is in use by {holder}. Wait until it ends, stop it, or use another --ledger."
            ) from error
        except OSError as error:
            raise cannot_write(folder, error) from error
        _sign(descriptor)
        yield


def _sign(descriptor: int) -> None:
    """Say who holds the lock: a courtesy, without which it stands all the same."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}".encode())
