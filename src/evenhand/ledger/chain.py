"""The segments of a ledger together: each names the heads of the others, so that what is removed is missed.

The first record of a segment names the last record of every segment seen at that time, and ``heads/<segment>`` holds
the last sequence and hash of each. A head may lag behind its segment, as a crash between the two leaves it; one that is
missing or spoilt is damage, for without it records could be cut from the end unseen. A segment that was packed stands
in an archive, with its head, instead of in a file of its own; the checks are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.ledger.archive import Archive, archive_faults, longest, read_archives
from evenhand.ledger.records import Place
from evenhand.ledger.segments import Checked, Entry, SegmentReading, read_records, read_segment

_TRIES = 5
"""How often a ledger is read anew whose files were put elsewhere while it was read."""


@dataclass(frozen=True)
class Head:
    """The last record of a segment, as a witness knew it."""

    segment: str
    sequence: int
    hash: str
    witness: str


@dataclass(frozen=True)
class Chain:
    """All segments of a ledger, checked.

    Attributes:
        readings: one per segment, in the order in which they were begun.
        notes: harmless remarks.
        faults: every altered, missing or reordered record, by segment and number.
    """

    readings: tuple[SegmentReading, ...]
    notes: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def entries(self) -> list[Entry]:
        """All records in the order of writing."""
        return sorted(
            (entry for reading in self.readings for entry in reading.entries),
            key=lambda entry: (entry.time, entry.place.segment, entry.place.sequence),
        )


def head_hash(readings: Iterable[SegmentReading]) -> str:
    """One hash over the last records of some segments: what was written before them cannot change without it."""
    return hash_of_places(reading.entries[-1].place for reading in readings if reading.entries)


def hash_of_places(places: Iterable[Place]) -> str:
    """One hash (16 hex digits) over the furthest of some records in each segment; empty where there is none.

    Each record carries the hash of the one before it, so that this one covers all that was written up to them.
    """
    furthest: dict[str, tuple[int, str]] = {}
    for place in places:
        furthest[place.segment] = max((place.sequence, place.hash), furthest.get(place.segment, (-1, "")))
    lines = [f"{name} {sequence} {digest}" for name, (sequence, digest) in sorted(furthest.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] if lines else ""


def segment_state(folder: Path) -> str:
    """What changes whenever a segment does: the names, sizes and times of all, and of the archives and packs."""
    found = []
    for path in sorted([*(folder / "segments").glob("*.jsonl"), *(folder / "packs").glob("*")]):
        with contextlib.suppress(FileNotFoundError):  # packed meanwhile
            state = path.stat()
            found.append(f"{path.name}:{state.st_size}:{state.st_mtime_ns}")
    return ";".join(found)


def read_chain(folder: Path, checked: Checked | None = None) -> Chain:
    """Read and check every segment of a ledger; others may be writing to it, or packing it, meanwhile.

    Args:
        folder: of the ledger.
        checked: gives the records that were checked before; None checks all.

    Raises:
        LedgerError: a segment cannot be read.
    """
    for _ in range(_TRIES):
        before = files_of_records(folder)
        chain = _read_chain(folder, checked)
        if not chain.faults or files_of_records(folder) == before:
            break
    return chain


def files_of_records(folder: Path) -> list[Path]:
    """Segments, archives and packs: while these are the same, nothing was packed."""
    return sorted([*(folder / "segments").glob("*.jsonl"), *(folder / "packs").glob("*")])


def _read_chain(folder: Path, checked: Checked | None) -> Chain:
    # Heads come first: a head never leads its segment, so what it names is there when the segment is read.
    heads, unreadable = _read_heads(folder / "heads")
    owned = {head.segment for head in heads}
    readings = _readings(sorted((folder / "segments").glob("*.jsonl")), checked)
    present = set(readings)
    # Archives come after the segments: what was packed meanwhile was in an archive before its file was removed.
    archives, spoilt = read_archives(folder)
    for name, data in longest(archives).items():
        if name not in readings:
            readings[name] = read_records(name, data, checked)
    archived = [head for archive in archives for head in _archived_heads(archive)]
    owned |= {head.segment for head in archived}
    heads += archived
    heads += [head for reading in readings.values() for head in _opening_heads(reading)]
    unseen = {head.segment for head in heads} - readings.keys()
    begun = _readings([folder / "segments" / name for name in sorted(unseen)], checked)  # while the folder was listed
    readings |= begun
    present |= begun.keys()
    ordered, copies, twice = _without_copies([readings[name] for name in sorted(readings)], {h.segment for h in heads})
    for name in copies:
        del readings[name]
    # A head comes before its segment: one of a segment that was begun meanwhile is there now.
    owned |= {name for name in readings.keys() - owned if _read_head(folder / "heads" / name) is not None}
    headless, bare = _headless(ordered, owned, unreadable)
    entries = [entry for reading in ordered for entry in reading.entries]
    packing, lost = archive_faults(archives, spoilt, entries, present)
    faults = [fault for reading in ordered for fault in reading.faults] + twice + headless + packing
    gone = _missed([head for head in heads if head.segment in readings or head.segment not in lost], readings)
    faults += [fault for found in gone.values() for fault in found]
    torn = [
        f"segment {r.name} ends in a torn line, as a crash leaves it; nothing is lost"
        for r in ordered
        if r.torn and r.name not in gone
    ]
    return Chain(ordered, (*torn, *copies.values(), *bare), tuple(dict.fromkeys(faults)))


def _readings(paths: Iterable[Path], checked: Checked | None) -> dict[str, SegmentReading]:
    """The segments that are there, by name."""
    readings = {}
    for path in paths:
        try:
            readings[path.name] = read_segment(path, checked)
        except LedgerError:
            if path.exists():
                raise
    return readings


def _archived_heads(archive: Archive) -> Iterator[Head]:
    for name, data in archive.heads.items():
        head = _head_of(name, data.decode("utf-8", "replace"), archive.file)
        if head is not None:
            yield head


def _without_copies(
    readings: list[SegmentReading], known: set[str]
) -> tuple[tuple[SegmentReading, ...], dict[str, str], list[str]]:
    """Leave out whole segments that stand a second time under another name, as a copy or a sync program makes them.

    The one that a head or another segment knows is the segment; of two strangers, the longer one.

    Returns:
        The segments, copies by name with a note on each, and faults of copies that hold what the segment does not.
    """
    first: dict[str, SegmentReading] = {}
    copies, faults = {}, []
    for reading in sorted(readings, key=lambda r: (r.name not in known, -len(r.entries), r.name)):
        opening = reading.entries[0].place.hash if reading.entries else reading.name
        original = first.setdefault(opening, reading)
        if original is reading:
            continue
        held = {entry.place.hash for entry in original.entries}
        words = f"segment {reading.name} is segment {original.name} again under another name"
        if reading.faults or any(entry.place.hash not in held for entry in reading.entries):
            faults.append(f"{words}, and they differ: find out which is right, and move the other one away")
        else:
            copies[reading.name] = f"{words}; its records are counted once, and the copy may be removed"
    return tuple(reading for reading in readings if reading.name not in copies), copies, faults


def _headless(
    readings: Sequence[SegmentReading], owned: set[str], unreadable: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Faults and notes on segments whose head is missing or cannot be read.

    A segment that names itself in its first record was begun after its head was written, so that no crash explains a
    missing one. Earlier ledgers wrote the head after the first record: a crash in between left that record alone.
    """
    cure = "the end of this segment cannot be checked. Restore it from a backup"
    faults = [f"heads/{name} cannot be read: {cure}" for name in unreadable]
    notes = []
    for reading in readings:
        if not (reading.entries or reading.altered) or reading.name in owned or reading.name in unreadable:
            continue
        alone = len(reading.entries) == 1 and not reading.altered and reading.entries[0].kind == "segment"
        if alone and "name" not in reading.entries[0].body:
            notes.append(f"segment {reading.name} has no file in heads/, and holds no result")
        else:
            faults.append(f"heads/{reading.name} is missing: {cure}")
    return faults, notes


def _read_heads(folder: Path) -> tuple[list[Head], list[str]]:
    """Heads of the segments, and the names of head files that hold none."""
    found = {path.name: _read_head(path) for path in sorted(folder.glob("*.jsonl"))}
    unreadable = [name for name, head in found.items() if head is None and (folder / name).exists()]
    return [head for head in found.values() if head is not None], unreadable


def _read_head(path: Path) -> Head | None:
    """What a head file says; None where it is missing or says nothing."""
    try:
        return _head_of(path.name, path.read_text(encoding="utf-8"), f"heads/{path.name}")
    except (ValueError, OSError):
        return None


def _head_of(name: str, text: str, witness: str) -> Head | None:
    try:
        sequence, digest = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    known = type(sequence) is int and type(digest) is str
    return Head(name, sequence, digest, witness) if known else None


def _opening_heads(reading: SegmentReading) -> Iterator[Head]:
    """The heads that the first record of a segment names."""
    for entry in reading.entries:
        if entry.kind == "segment":
            for name, (sequence, digest) in entry.body["others"].items():
                yield Head(name, sequence, digest, f"segment {reading.name}")


def _missed(heads: list[Head], readings: dict[str, SegmentReading]) -> dict[str, list[str]]:
    """Records and segments that a witness knows of and that are gone or others now, by segment."""
    faults: dict[str, list[str]] = {}
    furthest: dict[str, Head] = {}
    for head in heads:
        if head.sequence > furthest.get(head.segment, Head("", -1, "", "")).sequence:
            furthest[head.segment] = head
    for head in heads:
        reading = readings.get(head.segment)
        found = {} if reading is None else {entry.place.sequence: entry.place.hash for entry in reading.entries}
        if found.get(head.sequence, head.hash) != head.hash:
            faults.setdefault(head.segment, []).append(
                f"segment {head.segment}, record {head.sequence}: it is not the record that {head.witness} knows"
            )
    for name, head in sorted(furthest.items()):
        reading = readings.get(name)
        if reading is None:
            words = f"segment {name} is missing: {head.witness} knows its records 0 to {head.sequence}"
            faults.setdefault(name, []).append(words)
            continue
        last = max([*(entry.place.sequence for entry in reading.entries), *reading.altered, -1])
        if last < head.sequence:
            lost = f"record {last + 1}" if last + 1 == head.sequence else f"records {last + 1} to {head.sequence}"
            cut = ", and the file was cut off within it: restore the segment from a backup" if reading.torn else ""
            faults.setdefault(name, []).append(f"segment {name}, {lost}: missing; {head.witness} knows of it{cut}")
    return faults
