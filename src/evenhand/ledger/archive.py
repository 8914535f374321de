"""Segments that are no longer written, with their heads, together in one compressed file.

``packs/records-<hash>.tar.gz`` holds ``segments/`` and ``heads/`` byte by byte as they were (``tar xzf`` puts them
back), and the beginning of its own sha256 stands in its name. What it holds is checked as if it lay in the folder.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.ledger.segments import Entry

_NAME = re.compile(r"records-([0-9a-f]{12})\.tar\.gz")
_MEMBER = re.compile(r"(segments|heads)/([^/\\\0]+\.jsonl)")
CURE = "Restore the file from a backup"


@dataclass(frozen=True)
class Archive:
    """What one archive holds.

    Attributes:
        file: relative to the ledger, e.g. ``packs/records-0123456789ab.tar.gz``.
        sha256: of its bytes.
        segments, heads: name of a segment to the bytes of its file, and of its head's.
    """

    file: str
    sha256: str
    segments: Mapping[str, bytes]
    heads: Mapping[str, bytes]


def archived(segments: Mapping[str, bytes], heads: Mapping[str, bytes]) -> bytes:
    """The bytes of an archive: the same for the same content, whenever and by whomever it is made."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as bundle:
        for folder, files in (("segments", segments), ("heads", heads)):
            for name, data in sorted(files.items()):
                member = tarfile.TarInfo(f"{folder}/{name}")
                member.size = len(data)
                bundle.addfile(member, io.BytesIO(data))
    return gzip.compress(sink.getvalue(), 9, mtime=0)


def read_archive(path: Path) -> Archive:
    """Read one archive; its name says what its bytes must be.

    Raises:
        LedgerError: it cannot be read, was altered, or holds what is no segment.
    """
    file = f"{path.parent.name}/{path.name}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{file}, which holds records, cannot be read: {error.strerror or error}. {CURE}.") from error
    digest, name = hashlib.sha256(data).hexdigest(), _NAME.fullmatch(path.name)
    if name is None or not digest.startswith(name[1]):
        raise LedgerError(f"{file}, which holds records, does not match the hash in its name: it was altered. {CURE}.")
    found: dict[str, dict[str, bytes]] = {"segments": {}, "heads": {}}
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as bundle:
            for member in bundle:
                known, content = _MEMBER.fullmatch(member.name), bundle.extractfile(member)
                if known is None or content is None or known[2] in found[known[1]]:
                    raise LedgerError(f"{file} holds {member.name!r}, which is no segment of a ledger. {CURE}.")
                found[known[1]][known[2]] = content.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error, KeyError) as error:
        raise LedgerError(f"{file}, which holds records, is no archive of a ledger ({error}). {CURE}.") from error
    return Archive(file, digest, found["segments"], found["heads"])


def read_archives(folder: Path) -> tuple[list[Archive], dict[str, str]]:
    """The archives of a ledger in the order of their names, and what is wrong with those that cannot be used."""
    archives, faults = [], {}
    for path in sorted((folder / "packs").glob("records-*.tar.gz")):
        try:
            archives.append(read_archive(path))
        except LedgerError as error:
            faults[f"packs/{path.name}"] = str(error)
    return archives, faults


def longest(archives: list[Archive]) -> dict[str, bytes]:
    """Each segment that is archived, as the archive that knows most of it holds it."""
    held: dict[str, bytes] = {}
    for archive in archives:
        for name, data in archive.segments.items():
            held[name] = max(held.get(name, b""), data, key=len)
    return held


@dataclass(frozen=True)
class Recorded:
    """What the record of a packing says of the archive that was made then."""

    file: str
    sha256: str
    segments: tuple[str, ...]
    whose: str


def recorded(entries: Iterable[Entry]) -> dict[str, Recorded]:
    """The archives that records name, by file.

    Raises:
        LedgerError: a record names a file elsewhere, or was written by a newer version.
    """
    found = {}
    for entry in entries:
        if entry.kind != "pack":
            continue
        whose = f"segment {entry.place.segment}, record {entry.place.sequence}"
        try:
            body = entry.body["records"]
            file, digest, names = body["file"], body["sha256"], tuple(name for name, *_ in body["segments"])
            if _NAME.fullmatch(file.removeprefix("packs/")) is None:
                raise LedgerError(f"{whose} names {file!r} as an archive of segments: no file of a ledger.")
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise LedgerError(
                f"{whose}: this version of evenhand does not know all that the record holds ({error}). It was written "
                "by a newer version; install that one to read it."
            ) from error
        found[file] = Recorded(file, digest, names, whose)
    return found


def archive_faults(
    archives: Sequence[Archive], spoilt: Mapping[str, str], entries: Sequence[Entry], present: Collection[str]
) -> tuple[list[str], set[str]]:
    """What is wrong with the archives as wholes.

    Args:
        archives, spoilt: what :func:`read_archives` found.
        entries: the records of packings are among them.
        present: segments that still lie in the folder as files of their own.

    Returns:
        Faults, and the segments that need no word of their own, as their archive is named already.
    """
    named, here = recorded(entries), {archive.file: archive for archive in archives}
    held = {*present, *(name for archive in archives for name in archive.segments)}
    faults, lost = list(spoilt.values()), set[str]()
    for file, record in named.items():
        if file in here and here[file].sha256 == record.sha256:
            continue
        if file in here:
            faults.append(f"{file} does not match the hash in {record.whose}: it was altered. {CURE}.")
        elif file not in spoilt and set(record.segments) <= held:
            continue  # they were put back as files, or packed anew since
        elif file not in spoilt:
            faults.append(
                f"{file} is missing, which {record.whose} names: it holds {len(record.segments)} segments. {CURE}."
            )
        lost |= set(record.segments)
    known = {*present, *(name for record in named.values() for name in record.segments)}
    for archive in archives:
        if archive.file not in named and not archive.segments.keys() <= known:
            faults.append(
                f"{archive.file} is named by no record, and its segments lie nowhere else: the segment that recorded "
                "the packing is missing. Restore it from a backup, with its file in heads/."
            )
    return faults, lost
