"""Durable files, and what to do when the disk refuses them."""

from __future__ import annotations

import errno
import os
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


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files durable, where the file system knows of that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, durably; its parents are made where they are missing."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


def replace_file(target: Path, data: bytes) -> None:
    """Put a whole file in the place of what stood there: readers see the old file or the new one, never a part.

    The content is on disk before the name is: a power cut leaves the old file or the new one, too.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(3).hex()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
