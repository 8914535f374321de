"""The check of a whole ledger: every record, and every file that a record names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.ledger.chain import head_hash, read_chain
from evenhand.ledger.records import VerifyReport
from evenhand.ledger.segments import Entry
from evenhand.ledger.tables import read_checked

_FOLDERS = ("items", "curves")


def verify(folder: Path) -> VerifyReport:
    """Check every record and every file of a ledger; names all that is altered, missing or reordered.

    Raises:
        LedgerError: a segment cannot be read at all.
    """
    # Files are listed before the records are read: a file that a running trial writes now is then no stray one.
    present = [path for name in _FOLDERS for path in sorted((folder / name).glob("*.parquet"))]
    parts = [path for name in (*_FOLDERS, "heads") for path in sorted((folder / name).glob(".*.part"))]
    parts += sorted(folder.glob(".index-*.duckdb*"))
    chain = read_chain(folder)
    outcomes = [entry for entry in chain.entries if entry.kind == "outcome"]
    faults = [fault for entry in outcomes for fault in _file_faults(folder, entry)]
    named = {reference["file"] for entry in outcomes for reference in entry.body["files"].values()}
    notes = [
        f"{path.parent.name}/{path.name} belongs to no record; a crash can leave such a file"
        for path in present
        if f"{path.parent.name}/{path.name}" not in named
    ]
    notes += [f"{path.relative_to(folder)} was never finished; it may be removed" for path in parts]
    return VerifyReport(len(chain.entries), (*chain.notes, *notes), (*chain.faults, *faults), head_hash(chain.readings))


def _file_faults(folder: Path, entry: Entry) -> Iterator[str]:
    for reference in entry.body["files"].values():
        try:
            read_checked(folder, reference, f"segment {entry.place.segment}, record {entry.place.sequence}")
        except LedgerError as error:
            yield str(error)
