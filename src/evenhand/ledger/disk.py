"""What to do when the disk refuses a ledger."""

from __future__ import annotations

import errno
from pathlib import Path

from evenhand.errors import LedgerError

_CURES = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some space, or ask for a larger quota",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "Mount the folder writable, or name another one with --ledger",
    errno.EACCES: "Mend the permissions, or name another folder with --ledger",
    errno.EPERM: "Mend the permissions, or name another folder with --ledger",
    errno.ENOTDIR: "A file stands where a folder is needed: move it, or name another folder with --ledger",
    errno.EEXIST: "A file stands where a folder is needed: move it, or name another folder with --ledger",
}


def cannot_write(path: Path, error: OSError) -> LedgerError:
    """The error for a ledger that cannot be written, with the cure for this fault of the disk."""
    cure = _CURES.get(error.errno or 0, "Look after the disk, or name another folder with --ledger")
    return LedgerError(
        f"The ledger at {path} cannot be written: {error.strerror or error}. {cure}, and run the same command again: "
        "what the ledger holds is whole, and the command goes on from there."
    )
