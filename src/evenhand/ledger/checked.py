"""Which records were checked before, so that a long segment is not parsed and hashed anew by every command.

A cache and never the truth: ``cache/<segment>.json`` holds the sha256 of the bytes that were checked and what readers
ask of each record most often. The bytes are hashed each time; where they are others, all is checked again. Whoever
reads a ledger again and again keeps the records themselves, and checks what was added.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenhand.files import make_folder, write_bytes
from evenhand.ledger.records import Place
from evenhand.ledger.segments import FIRST, About, Entry, SegmentReading

_FORM = "2"
"""Raised when the content changes, so that a cache of another form is as if it were not there."""

_MANY, _MUCH = 500, 100_000
"""Records, or bytes of them, beyond those noted that are worth noting: the record of a pack names all that is in it."""


@dataclass
class _Kept:
    """The records of a segment that this process has checked, their bytes and the sha256 of these.

    Most commands read a ledger once: bytes are hashed when the segment is looked at again.
    """

    entries: list[Entry] = field(default_factory=list)
    _hashed: int = 0
    _size: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def begins(self, data: bytes) -> int:
        """How many bytes these records take at the beginning of some data; -1 where they do not stand there."""
        for entry in self.entries[self._hashed :]:
            self._digest.update(entry.line + b"\n")
            self._size += len(entry.line) + 1
        self._hashed = len(self.entries)
        same = len(data) >= self._size and hashlib.sha256(data[: self._size]).digest() == self._digest.digest()
        return self._size if same else -1


class CheckedRecords:
    """What is known of the segments of one ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cache"
        self._known: dict[str, tuple[int, int]] = {}
        self._kept: dict[str, _Kept] = {}

    def begin(self, name: str, data: bytes) -> tuple[list[Entry], int]:
        """The records at the beginning of a segment that were checked before, and the bytes that they take."""
        kept = self._kept.get(name)
        if kept is not None:
            size = kept.begins(data)
            if size >= 0:
                return list(kept.entries), size
            del self._kept[name]
        found = self._read(name)
        size = found["size"] if found else 0
        if found is None or len(data) < size or hashlib.sha256(data[:size]).hexdigest() != found["sha256"]:
            return [], 0
        entries = _entries(name, found, data)
        self._known[name] = (len(entries), size)
        return entries, size

    def note(self, readings: Sequence[SegmentReading]) -> None:
        """Note long segments without faults; where the folder cannot be written, nothing is lost."""
        for reading in readings:
            if not reading.faults:
                kept = self._kept.setdefault(reading.name, _Kept())
                kept.entries += reading.entries[len(kept.entries) :]
                self._note(reading)

    def _note(self, reading: SegmentReading) -> None:
        count, size = self._known.get(reading.name, (0, 0))
        more = sum(len(entry.line) + 1 for entry in reading.entries[count:])
        if len(reading.entries) - count >= _MANY or more >= _MUCH:
            with contextlib.suppress(OSError):
                self._write(reading)
            self._known[reading.name] = (len(reading.entries), size + more)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            head, text = (self.folder / f"{name[:-6]}.json").read_bytes().split(b"\n", 1)
            if head != _seal(text):
                return None
            found: dict[str, Any] = json.loads(text)
        except (OSError, ValueError):
            return None
        return found

    def _write(self, reading: SegmentReading) -> None:
        entries = reading.entries
        data = b"".join(entry.line + b"\n" for entry in entries)
        kinds = sorted({entry.kind for entry in entries})
        claims = sorted({entry.about.claim for entry in entries})
        files = sorted({entry.about.files for entry in entries})
        place = {text: i for i, text in enumerate(files)}
        document = {
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "kinds": kinds,
            "claims": claims,
            "lengths": [len(entry.line) for entry in entries],
            "times": [entry.time for entry in entries],
            "hashes": [entry.place.hash for entry in entries],
            "kind": [kinds.index(entry.kind) for entry in entries],
            "trial": [entry.about.trial for entry in entries],
            "claim": [claims.index(entry.about.claim) for entry in entries],
            "files": files,
            "made": [place[entry.about.files] for entry in entries],
            "exploratory": [i for i, entry in enumerate(entries) if entry.about.exploratory],
            "failure": {str(i): entry.about.failure for i, entry in enumerate(entries) if entry.about.failure},
        }
        text = json.dumps(document, separators=(",", ":")).encode()
        make_folder(self.folder)
        write_bytes(self.folder / f"{reading.name[:-6]}.json", _seal(text) + b"\n" + text)


def _seal(text: bytes) -> bytes:
    return hashlib.sha256(_FORM.encode() + text).hexdigest().encode()


def _entries(name: str, found: dict[str, Any], data: bytes) -> list[Entry]:
    entries: list[Entry] = []
    exploratory, failures = set(found["exploratory"]), found["failure"]
    kinds, claims, files = found["kinds"], found["claims"], found["files"]
    previous, start = FIRST, 0
    rows = zip(
        found["lengths"], found["times"], found["hashes"], found["kind"], found["trial"], found["claim"],
        found["made"], strict=True,
    )  # fmt: skip
    for sequence, (length, time, digest, kind, trial, claim, made) in enumerate(rows):
        failure = failures.get(str(sequence), "")
        about = About(trial, claims[claim], sequence in exploratory, failure, files[made])
        line = data[start : start + length]
        entries.append(Entry(Place(name, sequence, digest), time, kinds[kind], previous, about, line))
        previous, start = digest, start + length + 1
    return entries
