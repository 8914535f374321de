"""Files that are whole or not there, their hashes, and one lock: what everything that writes goes through.

Where a file system has no locks, or none that hold, a lease stands for the lock: a file that is made if it is not
there, which every file system does for one process alone, and that its holder touches again and again. Its age is that
of a file that is made beside it at the moment, so that clocks of several machines need not agree.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import signal
import socket
import threading
import time
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


LEASES = "leases"
"""A file of this name in a folder says that locks do not hold there: leases stand for them."""

LEASE_SECONDS, BEAT_SECONDS = 60.0, 5.0
"""A lease that nobody has touched for so long is over; its holder touches it so often."""

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Hold a lock file; the system lets it go when the process ends, however that comes about.

    Where the file system has no locks, or its folder has a file :data:`LEASES`, by a lease; see :func:`leased`.

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
        if _lockable(path, held[0], wait=wait):
            yield held[0]
        else:
            with leased(path.with_name(f"{path.name}.lease"), wait=wait):
                yield held[0]
    finally:
        let_go()


def _lockable(path: Path, descriptor: int, *, wait: bool) -> bool:
    """Lock an open file; False where there are no locks that hold."""
    if (path.parent / LEASES).exists():
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


@contextlib.contextmanager
def leased(
    path: Path, *, wait: bool = True, seconds: float = LEASE_SECONDS, beat: float = BEAT_SECONDS
) -> Iterator[None]:
    """Hold a lease: a file that is there while somebody holds it, and is taken from who has not touched it for long.

    A holder whose lease was taken, as it stood still for so long, is interrupted as by Ctrl-C, or ended where it does
    not hear that.

    Args:
        path: of the file, which is removed at the end; its folder must be there.
        wait: until it is free.
        seconds: for which it holds after it was touched last.
        beat: seconds after which its holder touches it again.

    Raises:
        BlockingIOError: somebody holds it, and ``wait`` is off.
        OSError: the folder cannot be written.
    """
    own = f"process {os.getpid()} on {socket.gethostname()}, {os.urandom(6).hex()}"
    while not (_made(path, own) or _taken(path, own, seconds)):
        if not wait:
            raise BlockingIOError(errno.EWOULDBLOCK, f"held by {_text(path) or 'another process'}", str(path))
        time.sleep(min(beat, 0.2))
    ended = threading.Event()
    heart = threading.Thread(target=_touch, args=(path, own, beat, ended), daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        if heart.ident is not None and _text(path) == own:
            path.unlink(missing_ok=True)


def _made(path: Path, text: str) -> bool:
    """Make a file that is not there; at most one of all who try does."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def _taken(path: Path, own: str, seconds: float) -> bool:
    """Take a lease that is over. Only who has made a second file may, so that a new one is not taken for the old."""
    if _age(path) <= seconds:
        return False
    gate = path.with_name(f"{path.name}.taking")
    if not _made(gate, own):
        if _age(gate) > seconds:  # who made it died at it
            gate.unlink(missing_ok=True)
        return False
    try:
        if _age(path) <= seconds:
            return False
        path.unlink(missing_ok=True)
        return _made(path, own)
    finally:
        gate.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Seconds since a file was touched, by the clock of its file system; 0 where there is none."""
    beside = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    beside.touch()
    try:
        return beside.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    finally:
        beside.unlink(missing_ok=True)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _touch(path: Path, own: str, beat: float, ended: threading.Event) -> None:
    """Touch a lease until it is given back; who has lost it must not go on as if nothing were."""
    while not ended.wait(beat):
        try:
            found = path.read_text(encoding="utf-8", errors="replace")
            if found == own:
                os.utime(path)
        except FileNotFoundError:
            found = ""
        except OSError:
            continue  # the file system is away; the lease is seen to when it is back
        if found != own and not ended.is_set():
            deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as where a shell started it in the background
            os.kill(os.getpid(), signal.SIGTERM if deaf else signal.SIGINT)
            return
