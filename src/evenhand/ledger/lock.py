"""Names that one process at a time may hold: two runs of one claim at once would do the same work twice."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.ledger.disk import cannot_write


@contextlib.contextmanager
def hold(folder: Path, name: str) -> Iterator[None]:
    """Hold a name in a ledger's folder; the system lets it go when the process ends, however that comes about.

    Raises:
        LedgerError: another process holds it (says which and since when), or the folder cannot be written.
    """
    path = folder / "locks" / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(folder, error) from error
    held = [descriptor]

    def let_go() -> None:
        while held:
            os.close(held.pop())

    # A forked child shares the lock and would keep it after this process is gone.
    os.register_at_fork(after_in_child=let_go)
    try:
        _take(descriptor, folder, name)
        yield
    finally:
        let_go()


def _take(descriptor: int, folder: Path, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
        raise LedgerError(
            f"'{name}' is in use by {holder}. Wait until it ends, stop it, or use another --ledger."
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    with contextlib.suppress(OSError):  # who holds it is a courtesy; the lock stands without it
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}".encode())
