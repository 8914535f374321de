"""Merging: ledgers that were made on several machines become one, each with its chains as they were written.

Segments have names of their own wherever they were written, and tables and packs are named by what they hold: the files
of all ledgers stand beside one another in one folder. The whole is put together in a folder of its own first (by hard
links where the file system has them) and checked there, every record and every table; only then what is new moves into
the ledger, in an order that leaves no reader without what a record names. Cut short, the same merging goes on from
there. A record (kind ``merge``) ends it, in a segment whose first record names the heads of all.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp

from evenhand.errors import LedgerError, counted
from evenhand.files import make_folder, sync_folder, write_bytes
from evenhand.ledger.archive import longest, read_archives
from evenhand.ledger.chain import read_chain
from evenhand.ledger.compare import Side, differences, doubled
from evenhand.ledger.disk import cannot_write
from evenhand.ledger.pack import alone
from evenhand.ledger.records import MergeReport
from evenhand.ledger.segments import FIRST
from evenhand.ledger.verify import verify
from evenhand.ledger.writer import SegmentWriter

_KEPT_WHOLE = ("items", "curves", "packs")
"""Folders whose files are named by what they hold."""


def merge(folder: Path, others: Sequence[Path]) -> MergeReport:
    """Take up the records and tables of other ledgers.

    Args:
        folder: of the ledger that takes them up.
        others: folders of the others, which stay as they are.

    Raises:
        LedgerError: a ledger is given twice, the ledgers do not make one sound ledger together, another process writes
            to the one that takes them up, or it cannot be written.
    """
    given = [folder, *others]
    if len({path.resolve() for path in given}) < len(given):
        raise LedgerError(f"A ledger is merged with others, not with itself: {', '.join(map(str, given))}.")
    try:
        make_folder(folder)
        with alone(folder):
            return _merge(folder, others)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _merge(folder: Path, others: Sequence[Path]) -> MergeReport:
    sides = [Side.of(str(path), read_chain(path).entries) for path in (folder, *others)]
    staged = Path(mkdtemp(prefix=".merging-", dir=folder))
    try:
        for path in (folder, *others):
            _stage(path, staged)
        _lengthen(staged)
        checked = verify(staged)
        if checked.faults:
            listed = "\n  ".join(checked.faults)
            raise LedgerError(f"{', '.join(side.name for side in sides)} make no sound ledger:\n  {listed}")
        before = {entry.place.hash for entry in sides[0].entries}
        added = {entry.place.hash for side in sides[1:] for entry in side.entries} - before
        _move(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    both, differ = doubled(sides), differences(sides)
    if added:
        body = {
            "ledgers": [{"name": side.name, "head": side.head, "records": len(side.entries)} for side in sides],
            "doubled": both,
            "differences": differ,
        }
        writer = SegmentWriter(folder)
        writer.append("merge", body)
        writer.close()
    whole = verify(folder)
    if whole.faults:
        raise LedgerError("\n  ".join([f"The ledger {folder} is damaged after the merging:", *whole.faults]))
    records = {side.name: len(side.entries) for side in sides}
    return MergeReport(records, len(added), tuple(both), tuple(differ), whole.notes, whole.head)


def _stage(source: Path, staged: Path) -> None:
    """Put the files of a ledger beside those that are staged; equal names must have equal contents."""
    # Heads come first: a head never leads its segment, even while somebody writes to it.
    for name in ("heads", "segments", *_KEPT_WHOLE):
        (staged / name).mkdir(exist_ok=True)
        for path in sorted((source / name).glob("[!.]*")):
            target = staged / name / path.name
            if not target.exists():
                _link(path, target)
            elif name == "heads":
                _keep_furthest(path, target)
            elif name == "segments":
                _keep_longest(path, target)
            elif path.read_bytes() != target.read_bytes():
                raise LedgerError(f"{path} is not what another of the ledgers has under that name: one was altered.")


def _link(path: Path, target: Path) -> None:
    """The same file, or a copy where the two stand on different file systems."""
    if path.parent.name in ("heads", "segments"):  # these grow: what is staged must not
        target.write_bytes(path.read_bytes())
        return
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _keep_furthest(path: Path, target: Path) -> None:
    def place(file: Path) -> int:
        try:
            return int(json.loads(file.read_bytes())[0])
        except (ValueError, TypeError, LookupError):
            return -2

    if place(path) > place(target):
        target.write_bytes(path.read_bytes())


def _keep_longest(path: Path, target: Path) -> None:
    """One ledger may have been copied from the other while the segment was written: its beginning is the same."""
    one, other = path.read_bytes(), target.read_bytes()
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    if not longer.startswith(shorter):
        raise LedgerError(f"The segment {path} goes on otherwise in another of the ledgers: one was altered.")
    if longer is one:
        target.write_bytes(longer)


def _lengthen(staged: Path) -> None:
    """A segment that one ledger has as a file and another one in an archive, further on, is taken from there."""
    for name, data in longest(read_archives(staged)[0]).items():
        path = staged / "segments" / name
        known = path.read_bytes() if path.exists() else None
        if known is not None and len(known) < len(data) and data.startswith(known):
            path.write_bytes(data)


def _new(staged: Path, folder: Path, name: str) -> Iterator[tuple[Path, Path]]:
    for path in sorted((staged / name).glob("*")):
        target = folder / name / path.name
        if not target.exists() or target.read_bytes() != path.read_bytes():
            yield path, target


def _move(staged: Path, folder: Path) -> None:
    """Bring in what is new: tables before the records that name them, segments before the heads that know their ends.

    An archive comes after the segments, one of which names it; what a killed merging leaves is completed by the next.
    """
    for name in ("items", "curves", "packs", "segments", "heads"):
        if any(_new(staged, folder, name)):
            make_folder(folder / name)
    archives = sorted((staged / "packs").glob("records-*"))
    for name in ("items", "curves", "packs"):
        for path, target in _new(staged, folder, name):
            if path not in archives:
                path.replace(target)
        _settle(folder / name)
    for path, _ in _new(staged, folder, "segments"):
        if not (folder / "heads" / path.name).exists():  # one without a head would be damage
            write_bytes(folder / "heads" / path.name, json.dumps([-1, FIRST]).encode())
    for name in ("segments", "packs", "heads"):
        for path, target in _new(staged, folder, name):
            write_bytes(target, path.read_bytes())
        _settle(folder / name)


def _settle(folder: Path) -> None:
    if folder.exists():
        sync_folder(folder)


def summary(report: MergeReport) -> list[str]:
    """The report for people, a sentence a line."""
    of = ", ".join(f"{name} ({counted(count, 'record')})" for name, count in report.records.items())
    return [f"{of}: {counted(report.added, 'record')} added, head {report.head}", *report.doubled, *report.differences]
