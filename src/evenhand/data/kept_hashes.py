"""Hashes of large files, kept on this machine: 16 GB of weights are not read anew by each trial to learn what they are.

What is kept belongs to a path, a size, a time of change and an inode; where one of them differs, it is computed anew.
The file itself is never written to, nor is anything put beside it: what lies in a folder of weights is data.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from evenhand.files import content_hash, file_hash, folder_hash, write_text

SMALLEST = 64 * 2**20
"""Bytes from which on it is worth while."""

SETTLED = 2.0
"""Seconds since the last change before a hash is kept: a file that changes twice within one tick of its clock, at the
same size, would be taken for the first."""

_HASH = re.compile(r"[0-9a-f]{64}")


def kept_folder() -> Path:
    """Where hashes are kept: in the user's cache, beside the folder of models."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "evenhand" / "hashes"


def kept_content_hash(path: Path) -> str:
    """The same as :func:`evenhand.files.content_hash`, of a file or a folder."""
    if path.is_dir():
        return folder_hash(path, hash_of=kept_file_hash)
    return kept_file_hash(path) if path.is_file() else content_hash(path)


def kept_file_hash(path: Path) -> str:
    """The same as :func:`evenhand.files.file_hash`."""
    if path.stat().st_size < SMALLEST:
        return file_hash(path)
    return remembered("sha256", [path], lambda: file_hash(path))


def remembered(kind: str, files: Sequence[Path], compute: Callable[[], str]) -> str:
    """A hash that depends on these files alone, computed where it is not known of them as they are now.

    Args:
        kind: what is computed; another version of it needs another name.
        files: that it depends on.
        compute: gives 64 hex digits.
    """
    seen = [_identity(path) for path in files]
    place = kept_folder() / hashlib.sha256(repr((kind, seen)).encode()).hexdigest()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known = place.read_text(encoding="ascii")
        if _HASH.fullmatch(known):
            return known
    found = compute()
    newest = max((path.stat().st_mtime for path in files), default=0.0)
    if [_identity(path) for path in files] == seen and time.time() - newest > SETTLED:
        with contextlib.suppress(OSError):  # a cache that cannot be written costs time and nothing else
            place.parent.mkdir(parents=True, exist_ok=True)
            write_text(place, found)
    return found


def _identity(path: Path) -> tuple[str, int, int, int]:
    state = path.stat()
    return str(path.absolute()), state.st_size, state.st_mtime_ns, state.st_ino
