"""The segments of a ledger together: each names the heads of the others, so that what is removed is missed.

The first record of a segment names the last record of every segment seen at that time, and ``heads/<segment>`` holds
the last sequence and hash of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evenhand.ledger.segments import Entry, SegmentReading, read_segment


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


def segment_state(folder: Path) -> str:
    """What changes whenever a segment does: the names, sizes and times of all."""
    found = ((path.name, path.stat()) for path in sorted((folder / "segments").glob("*.jsonl")))
    return ";".join(f"{name}:{state.st_size}:{state.st_mtime_ns}" for name, state in found)


def read_chain(folder: Path) -> Chain:
    """Read and check every segment of a ledger; others may be writing to it meanwhile.

    Raises:
        LedgerError: a segment cannot be read.
    """
    # Heads come first: a head never leads its segment, so what it names is there when the segment is read.
    heads, unreadable = _read_heads(folder / "heads")
    readings = {path.name: read_segment(path) for path in sorted((folder / "segments").glob("*.jsonl"))}
    heads += [head for reading in readings.values() for head in _opening_heads(reading)]
    for name in sorted({head.segment for head in heads} - readings.keys()):
        path = folder / "segments" / name
        if path.exists():  # begun while the folder was listed
            readings[name] = read_segment(path)
    ordered = tuple(readings[name] for name in sorted(readings))
    notes = [f"segment {r.name} ends in a torn line, as a crash leaves it; nothing is lost" for r in ordered if r.torn]
    notes += [f"heads/{name} cannot be read; the end of that segment is not checked" for name in unreadable]
    headed = {head.segment for head in heads} | set(unreadable)
    notes += [
        f"segment {r.name} has no file in heads/; its end is not checked"
        for r in ordered
        if r.entries and r.name not in headed
    ]
    faults = [fault for reading in ordered for fault in reading.faults] + _missed(heads, readings)
    return Chain(ordered, tuple(notes), tuple(dict.fromkeys(faults)))


def _read_heads(folder: Path) -> tuple[list[Head], list[str]]:
    """Heads of the segments, and the names of head files that hold none."""
    heads, unreadable = [], []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            sequence, digest = json.loads(path.read_text())
            heads.append(Head(path.name, int(sequence), str(digest), f"heads/{path.name}"))
        except (ValueError, TypeError, OSError):
            unreadable.append(path.name)
    return heads, unreadable


def _opening_heads(reading: SegmentReading) -> Iterator[Head]:
    """The heads that the first record of a segment names."""
    for entry in reading.entries:
        if entry.kind == "segment":
            for name, (sequence, digest) in entry.body["others"].items():
                yield Head(name, sequence, digest, f"segment {reading.name}")


def _missed(heads: list[Head], readings: dict[str, SegmentReading]) -> list[str]:
    """Records and segments that a witness knows of and that are gone or others now."""
    faults = []
    furthest: dict[str, Head] = {}
    for head in heads:
        if head.sequence > furthest.get(head.segment, Head("", -1, "", "")).sequence:
            furthest[head.segment] = head
    for head in heads:
        reading = readings.get(head.segment)
        found = {} if reading is None else {entry.place.sequence: entry.place.hash for entry in reading.entries}
        if found.get(head.sequence, head.hash) != head.hash:
            faults.append(
                f"segment {head.segment}, record {head.sequence}: it is not the record that {head.witness} knows"
            )
    for name, head in sorted(furthest.items()):
        reading = readings.get(name)
        if reading is None:
            faults.append(f"segment {name} is missing: {head.witness} knows its records 0 to {head.sequence}")
            continue
        last = max([*(entry.place.sequence for entry in reading.entries), *reading.altered, -1])
        if last < head.sequence:
            lost = f"record {last + 1}" if last + 1 == head.sequence else f"records {last + 1} to {head.sequence}"
            faults.append(f"segment {name}, {lost}: missing; {head.witness} knows of it")
    return faults
