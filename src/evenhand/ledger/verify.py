"""The check of a whole ledger: every record, and every file that a record names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.ledger.chain import Chain, head_hash, read_chain
from evenhand.ledger.checked import CheckedRecords
from evenhand.ledger.records import VerifyReport
from evenhand.ledger.score_cache import ScoreCache
from evenhand.ledger.segments import Entry
from evenhand.ledger.tables import items_of, read_checked, read_table
from evenhand.recipes.outcome import ItemScores

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
    faults += _cache_faults(folder, chain)
    named = {reference["file"] for entry in outcomes for reference in entry.body["files"].values()}
    notes = [
        f"{path.parent.name}/{path.name} belongs to no record; a crash can leave such a file"
        for path in present
        if f"{path.parent.name}/{path.name}" not in named
    ]
    notes += [f"{path.relative_to(folder)} was never finished; it may be removed" for path in parts]
    return VerifyReport(len(chain.entries), (*chain.notes, *notes), (*chain.faults, *faults), head_hash(chain.readings))


def _cache_faults(folder: Path, chain: Chain) -> Iterator[str]:
    """Caches that say another thing than the files they stand for: a damaged one is left out by itself."""
    cure = "remove the folder cache/, which holds nothing that is not elsewhere"
    checked = CheckedRecords(folder)
    for reading in chain.readings:
        path = folder / "segments" / reading.name
        known, _ = checked.begin(reading.name, path.read_bytes()) if path.exists() else ([], 0)
        both = min(len(known), len(reading.entries))  # another process may have noted more by now
        if known[:both] != reading.entries[:both]:
            yield f"cache/{reading.name[:-6]}.json is not what the segment {reading.name} holds: {cure}"
    scores = ScoreCache(folder)
    for entry in chain.entries:
        reference = entry.body["files"].get("items") if entry.kind == "outcome" else None
        found = None if reference is None else scores.get(reference["sha256"], lambda metric: None)
        if reference is None or found is None:
            continue
        with contextlib.suppress(LedgerError):  # named already
            if not _same(items_of(read_table(folder, reference, ""), tuple(found)), found):
                yield f"the cache of {reference['file']} is not what that file holds: {cure}"


def _same(file: Mapping[str, ItemScores], cache: Mapping[str, ItemScores]) -> bool:
    return file.keys() == cache.keys() and all(
        table.ids == cache[name].ids
        and table.clusters == cache[name].clusters
        and table.scores.tobytes() == cache[name].scores.tobytes()
        for name, table in file.items()
    )


def _file_faults(folder: Path, entry: Entry) -> Iterator[str]:
    for reference in entry.body["files"].values():
        try:
            read_checked(folder, reference, f"segment {entry.place.segment}, record {entry.place.sequence}")
        except LedgerError as error:
            yield str(error)
