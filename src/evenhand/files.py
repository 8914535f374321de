"""Files that are whole or not there, their hashes, and one lock: what everything that writes goes through."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(target: Path, *, durable: bool = True, public: bool = False) -> Iterator[Path]:
    """A path to write to, which takes the place of ``target`` once the block ends well; readers meet one of the two.

    The content is on disk before the name is, so that a power cut leaves one of the two as well. Meanwhile it is called
    ``.NAME.*.part``, which no reader takes for the file.

    Args:
        target: the file; its folder must be there.
        durable: wait until the content is on disk.
        public: readable for others too, as far as the umask allows, whatever the writer makes of the file.

    Raises:
        OSError: the file cannot be written; the old one is as it was.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(3).hex()}.part")
    try:
        yield part
        if durable:
            with part.open("rb+") as file:
                os.fsync(file.fileno())
        if public:
            mask = os.umask(0)
            os.umask(mask)
            part.chmod(0o666 & ~mask)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(target: Path, data: bytes) -> None:
    """Write a whole file, durably; see :func:`replacing`."""
    with replacing(target) as part:
        part.write_bytes(data)


def write_text(target: Path, text: str) -> None:
    """Write a whole file in UTF-8 with plain line ends, durably; see :func:`replacing`."""
    write_bytes(target, text.encode("utf-8"))


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


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_hash(folder: Path, leave_out: Collection[str] = (), hash_of: Callable[[Path], str] = file_hash) -> str:
    """sha256 over the names and contents of all files of a folder, 64 hex digits.

    Args:
        folder: read with all that is below it.
        leave_out: names of files and folders that do not count.
        hash_of: gives a file's sha256; one that keeps those of large files saves reading them.
    """
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if not any(part in leave_out for part in path.relative_to(folder).parts):
            digest.update(f"{path.relative_to(folder).as_posix()}\0{hash_of(path)}\n".encode())
    return digest.hexdigest()


def content_hash(path: Path) -> str:
    """sha256 of a file, or over all files of a folder."""
    return folder_hash(path) if path.is_dir() else file_hash(path)


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Hold a lock file; the system lets it go when the process ends, however that comes about.

    Args:
        path: of the lock file, which stays; its folder must be there.
        wait: until it is free.

    Yields:
        The file's descriptor, to say in it who holds it.

    Raises:
        BlockingIOError: another process holds it, and ``wait`` is off.
        OSError: the file cannot be opened.
    """
    held = [os.open(path, os.O_RDWR | os.O_CREAT, 0o644)]

    def let_go() -> None:
        while held:
            os.close(held.pop())

    # A forked child shares the lock and would keep it after this process is gone.
    os.register_at_fork(after_in_child=let_go)
    try:
        fcntl.flock(held[0], fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield held[0]
    finally:
        let_go()
