"""Segments: append-only, hash-chained JSON lines, one file per writer.

Each line is ``{"sequence", "time", "kind", "body", "previous", "hash"}``, where ``hash`` covers the line without itself
and ``previous`` is the hash before it. The first record of a segment names the heads of all segments seen at that time,
and ``heads/<segment>`` holds the last sequence and hash of each: removed records and removed segments show.
A torn last line is what a crash leaves and is tolerated; any other damage is named.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenhand.errors import LedgerError
from evenhand.ledger.records import Place

FIRST = "0" * 64
"""What stands for the hash before the first record of a segment."""


@dataclass(frozen=True)
class Entry:
    """One record of a segment."""

    place: Place
    time: str
    kind: str
    body: Mapping[str, Any]


@dataclass
class SegmentReading:
    """What a segment file holds.

    Attributes:
        name: of the segment.
        entries: records up to the first damage.
        faults: damages, each naming segment and record.
        torn: the last line is cut short.
    """

    name: str
    entries: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    torn: bool = False

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last good record, (-1, FIRST) where there is none."""
        return (self.entries[-1].place.sequence, self.entries[-1].place.hash) if self.entries else (-1, FIRST)


def record_hash(document: Mapping[str, Any]) -> str:
    """sha256 of a record without its own hash."""
    text = json.dumps(
        {k: v for k, v in document.items() if k != "hash"},
        sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False,
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def cannot_write(path: Path, error: OSError) -> LedgerError:
    """The error for a ledger that cannot be written."""
    return LedgerError(
        f"The ledger at {path} cannot be written: {error.strerror or error}. Free some space, mend the permissions or "
        "name another folder with --ledger. What is in the ledger is whole; the same command goes on from there."
    )


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class SegmentWriter:
    """Appends records to a segment of this process's own; a forked child gets a new one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pid = 0
        self._name = ""
        self._descriptor = -1
        self._sequence = -1
        self._previous = FIRST

    def append(self, kind: str, body: Mapping[str, Any]) -> Place:
        """Write one record and make it durable.

        Raises:
            LedgerError: the disk is full, or the folder cannot be written. The chain stays whole.
        """
        try:
            if self._pid != os.getpid():
                self._open()
            return self._write(kind, body)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def _open(self) -> None:
        """Start a segment; its first record names the heads of all others."""
        segments, heads = self.folder / "segments", self.folder / "heads"
        segments.mkdir(parents=True, exist_ok=True)
        heads.mkdir(exist_ok=True)
        others = {reading.name: list(reading.head) for reading in read_all(self.folder)}
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        name = f"{stamp}-{os.getpid()}-{secrets.token_hex(3)}.jsonl"
        descriptor = os.open(segments / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._pid, self._name, self._descriptor, self._sequence, self._previous = (
            os.getpid(),
            name,
            descriptor,
            -1,
            FIRST,
        )
        try:
            self._write("segment", {"others": others})
            sync_folder(segments)
        except OSError:
            os.close(descriptor)
            self._pid = 0
            with contextlib.suppress(OSError):
                (segments / name).unlink()
            raise

    def _write(self, kind: str, body: Mapping[str, Any]) -> Place:
        document: dict[str, Any] = {
            "sequence": self._sequence + 1,
            "time": datetime.now(UTC).isoformat(timespec="microseconds"),
            "kind": kind,
            "body": body,
            "previous": self._previous,
        }
        document["hash"] = record_hash(document)
        line = (json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()
        before = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, line)
            if written != len(line):
                os.write(self._descriptor, line[written:])
            os.fsync(self._descriptor)
        except OSError:
            # A line cut short by a full disk would break the chain for the next record of this process.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise
        self._sequence, self._previous = document["sequence"], document["hash"]
        self._write_head()
        return Place(self._name, self._sequence, self._previous)

    def _write_head(self) -> None:
        """Note the last record beside the segment; it may lag behind by a crash, or on a full disk, never lead."""
        head = self.folder / "heads" / self._name
        part = head.with_suffix(".part")
        with contextlib.suppress(OSError):
            part.write_text(json.dumps([self._sequence, self._previous]))
            part.replace(head)

    def close(self) -> None:
        """Close the segment file."""
        if self._pid == os.getpid():
            os.close(self._descriptor)
            self._pid = 0


def read_segment(path: Path) -> SegmentReading:
    """Read one segment and check its chain.

    Raises:
        LedgerError: the file cannot be read.
    """
    reading = SegmentReading(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"The segment {path} cannot be read: {error.strerror or error}.") from error
    lines = data.split(b"\n")
    last = lines.pop()
    reading.torn = bool(last)
    for number, line in enumerate(lines):
        fault = _add(reading, line, number)
        if fault:
            is_last = number == len(lines) - 1 and not last
            # Zeros or half a line in front of the last newline are what a power cut can leave.
            if is_last and _unreadable(line):
                reading.torn = True
            else:
                reading.faults.append(f"segment {path.name}, record {number}: {fault}")
            break
    return reading


def _unreadable(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return not line.startswith(b"{") or not line.rstrip().endswith(b"}")
    return False


def _add(reading: SegmentReading, line: bytes, number: int) -> str:
    """Check one line and add its record; returns the fault, or nothing."""
    try:
        document = json.loads(line)
        expected = {"sequence", "time", "kind", "body", "previous", "hash"}
        if not isinstance(document, dict) or set(document) != expected:
            return "the line is no record of a ledger"
    except ValueError:
        return "the line is not valid JSON: it was altered"
    if record_hash(document) != document["hash"]:
        return "its content does not match its hash: it was altered"
    sequence, previous = reading.head
    if document["sequence"] != sequence + 1:
        return f"expected record {sequence + 1}, found {document['sequence']}: records are missing or reordered"
    if document["previous"] != previous:
        return "it does not follow the record before it: a record was replaced"
    place = Place(reading.name, document["sequence"], document["hash"])
    reading.entries.append(Entry(place, document["time"], document["kind"], document["body"]))
    return ""


def read_all(folder: Path) -> list[SegmentReading]:
    """Every segment of a ledger, in order of their names, which is the order in which they were begun."""
    return [read_segment(path) for path in sorted((folder / "segments").glob("*.jsonl"))]


def missing_records(folder: Path, readings: list[SegmentReading]) -> list[str]:
    """Records and segments that other parts of the ledger know of and that are gone."""
    known: dict[str, tuple[int, str, str]] = {}
    for path in sorted((folder / "heads").glob("*.jsonl")):
        try:
            sequence, digest = json.loads(path.read_text())
        except (ValueError, OSError):
            continue  # a head is a hint; the chain itself is what is checked
        known[path.name] = (sequence, digest, f"heads/{path.name}")
    for reading in readings:
        if reading.entries and reading.entries[0].kind == "segment":
            for name, (sequence, digest) in reading.entries[0].body["others"].items():
                if name not in known or known[name][0] < sequence:
                    known[name] = (sequence, digest, f"segment {reading.name}")
    by_name = {reading.name: reading for reading in readings}
    faults = []
    for name, (sequence, digest, witness) in sorted(known.items()):
        found = by_name.get(name)
        if sequence < 0 or (found is not None and found.faults):
            continue
        if found is None:
            faults.append(f"segment {name} is missing: {witness} knows its records 0 to {sequence}")
        elif len(found.entries) <= sequence:
            lost = (
                f"record {sequence}"
                if len(found.entries) == sequence
                else f"records {len(found.entries)} to {sequence}"
            )
            faults.append(f"segment {name}, {lost}: missing; {witness} knows of it")
        elif found.entries[sequence].place.hash != digest:
            faults.append(f"segment {name}, record {sequence}: it is not the record that {witness} knows")
    return faults
