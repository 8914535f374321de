"""Segments: append-only, hash-chained JSON lines, one file per writer. Here they are read and checked.

Each line is ``{"body", "hash", "kind", "previous", "sequence", "time"}``, where ``hash`` covers the line without itself
and ``previous`` is the hash before it. A torn last line is what a crash leaves and is tolerated; any other damage is
named by segment and record.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from evenhand.errors import LedgerError
from evenhand.ledger.records import Place
from evenhand.recipes.outcome import Files

FORMAT = 1
"""Of segments, told in their first record; docs/ledger_format.md. Kinds and keys may be added within a version."""

FIRST = "0" * 64
"""What stands for the hash before the first record of a segment."""

Checked = Callable[[str, bytes], tuple[list["Entry"], int]]
"""Name and bytes of a segment to the records at its beginning that need no second check, and the bytes they take."""

_KEYS = {"sequence", "time", "kind", "body", "previous", "hash"}


class About(NamedTuple):
    """What readers ask of an outcome most often, so that its body need not be parsed for that.

    Attributes:
        trial: id of the trial.
        claim: hash of the claim.
        exploratory: made by ``evenhand try``.
        failure: class of the failure, or empty.
        files: code and data that it was made by and from, as canonical JSON; empty where neither is known.
    """

    trial: str = ""
    claim: str = ""
    exploratory: bool = False
    failure: str = ""
    files: str = ""

    @classmethod
    def of(cls, kind: str, body: Mapping[str, Any]) -> About:
        """Of a record; empty for those that are no outcomes."""
        if kind != "outcome":
            return cls()
        outcome, failure = body["outcome"], body["outcome"]["failure"]
        made = {key: outcome[key] for key in ("code", "data") if outcome.get(key)}
        files = sys.intern(json.dumps(made, sort_keys=True)) if made else ""
        kind = failure["kind"] if failure else ""
        return cls(body["trial"]["id"], body["claim_hash"], body["exploratory"], kind, files)

    @property
    def is_result(self) -> bool:
        """Scores or a divergence: what says something about the model."""
        return self.failure in ("", "diverged")

    @property
    def made(self) -> Files:
        """Code and data that it was made by and from."""
        return _files(self.files)

    def made_otherwise(self, later: About) -> bool:
        """Whether a later attempt was made by other code or from other data."""
        return self.files != later.files and self.made.differ(later.made)


@functools.lru_cache(maxsize=4096)
def _files(text: str) -> Files:
    return Files(**json.loads(text)) if text else Files()


class Entry(NamedTuple):
    """One record of a segment whose content matches its hash; its body is parsed when it is asked for."""

    place: Place
    time: str
    kind: str
    previous: str
    about: About
    line: bytes

    @property
    def body(self) -> Mapping[str, Any]:
        """The content, as plain data."""
        found: Mapping[str, Any] = json.loads(self.line)["body"]
        return found


@dataclass
class SegmentReading:
    """What a segment file holds.

    Attributes:
        name: of the segment.
        entries: records that match their hash, in the order of the file.
        altered: sequence numbers of the records that do not.
        faults: damages, each naming segment and record.
        torn: the last line is cut short.
    """

    name: str
    entries: list[Entry] = field(default_factory=list)
    altered: set[int] = field(default_factory=set)
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


def line_of(document: Mapping[str, Any]) -> bytes:
    """A record as its one possible line, without the line's end."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def read_segment(path: Path, checked: Checked | None = None) -> SegmentReading:
    """Read one segment and check its chain; every damage is named, not only the first.

    Args:
        path: of the segment.
        checked: gives the records at the beginning of the segment's bytes that were checked before; None checks all.

    Raises:
        LedgerError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"The segment {path} cannot be read: {error.strerror or error}.") from error
    return read_records(path.name, data, checked)


def read_records(name: str, data: bytes, checked: Checked | None = None) -> SegmentReading:
    """Check the records in the bytes of a segment; see :func:`read_segment`."""
    before, size = ([], 0) if checked is None else checked(name, data)
    *lines, rest = data[size:].split(b"\n")
    reading = SegmentReading(name, before, torn=bool(rest))
    if lines and all(line.endswith(b"\r") for line in lines):
        lines = [line[:-1] for line in lines]
        reading.faults.append(
            f"segment {name}: every line ends in CR LF: a program has converted the line endings (git with "
            "autocrlf, a transfer in text mode). Fetch the file again as it was, or convert it back "
            "(sed -i 's/\\r$//' FILE)"
        )
    order: list[int] = [entry.place.sequence for entry in before]
    broken: list[tuple[int, str]] = []
    last = len(before) + len(lines) - 1
    for number, line in enumerate(lines, start=len(before)):
        found = _read_line(name, line)
        if isinstance(found, Entry):
            reading.entries.append(found)
            order.append(found.place.sequence)
        elif number == last and not rest and _is_torn(line):
            reading.torn = True
        else:
            broken.append((number, found))
            order.append(-1)
    _name_faults(reading, order, broken)
    return reading


def _is_torn(line: bytes) -> bool:
    """Zeros or half a line in front of the last newline are what a power cut can leave."""
    try:
        json.loads(line)
    except ValueError:
        return not line.startswith(b"{") or not line.rstrip().endswith(b"}")
    return False


def _read_line(name: str, line: bytes) -> Entry | str:
    """The record on a line, or what is wrong with it."""
    try:
        document = json.loads(line)
        if not isinstance(document, dict) or set(document) != _KEYS or not isinstance(document["sequence"], int):
            return "the line is no record of a ledger"
        if record_hash(document) != document["hash"]:
            return "its content does not match its hash: it was altered"
        # The same content in other bytes (a space that became a tab) is no accident of the ledger either.
        if line_of(document) != line:
            return "its bytes are not those that were written: it was altered"
    except (ValueError, RecursionError):
        return "the line is not valid JSON: it was altered"
    place = Place(name, document["sequence"], document["hash"])
    about = About.of(document["kind"], document["body"])
    return Entry(place, document["time"], document["kind"], document["previous"], about, line)


def _name_faults(reading: SegmentReading, order: list[int], broken: list[tuple[int, str]]) -> None:
    """Name every altered, missing, reordered and replaced record of a segment.

    Args:
        reading: takes the faults.
        order: sequence number on each line; -1 where the line cannot be trusted.
        broken: line number and fault of those lines.
    """
    faults: dict[int, list[str]] = {}
    known = set(order)
    for number, fault in broken:
        # What a damaged line says of itself is not to be trusted; its neighbour tells which record stood there.
        before = order[number - 1] if number else -1
        sequence = before + 1 if before + 1 not in known else number
        order[number] = sequence
        known.add(sequence)
        reading.altered.add(sequence)
        faults.setdefault(sequence, []).append(fault)
    for first, last in _gaps(known):
        more = f" (as are all up to record {last})" if last > first else ""
        faults.setdefault(first, []).append(f"missing{more}, though record {last + 1} is there")
    standing: dict[int, int] = {}
    for sequence in order:
        standing[sequence] = standing.get(sequence, 0) + 1
    once = list(dict.fromkeys(order))
    for sequence, times in standing.items():
        if times > 1:
            many = "twice" if times == 2 else f"{times} times"
            faults.setdefault(sequence, []).append(f"it stands {many}: remove what was doubled")
    for found, belongs in zip(once, sorted(once), strict=True):
        if found != belongs:
            faults.setdefault(found, []).append(f"it stands where record {belongs} belongs: records were reordered")
    hashes = {entry.place.sequence: entry.place.hash for entry in reading.entries}
    for entry in reading.entries:
        sequence = entry.place.sequence
        before_it = FIRST if sequence == 0 else hashes.get(sequence - 1)
        if before_it is not None and entry.previous != before_it:
            faults.setdefault(sequence, []).append("it does not follow the record before it: a record was replaced")
    reading.faults += [
        f"segment {reading.name}, record {sequence}: {fault}"
        for sequence in sorted(faults)
        for fault in faults[sequence]
    ]


def _gaps(known: set[int]) -> list[tuple[int, int]]:
    """First and last number of every run that is missing below the largest one known."""
    present = sorted(known)
    return [
        (before + 1, after - 1) for before, after in zip([-1, *present], present, strict=False) if after > before + 1
    ]
