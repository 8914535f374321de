"""The check of a whole ledger: every record, and every file that a record names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.ledger.archive import recorded
from evenhand.ledger.chain import Chain, files_of_records, head_hash, read_chain
from evenhand.ledger.checked import CheckedRecords
from evenhand.ledger.content import content_hash
from evenhand.ledger.packs import Key, Packed, packed_tables, read_pack, superseded
from evenhand.ledger.records import VerifyReport
from evenhand.ledger.score_cache import ScoreCache
from evenhand.ledger.store import TableStore
from evenhand.ledger.tables import TableRef, items_of, references
from evenhand.recipes import working
from evenhand.recipes.outcome import ItemScores

_FOLDERS = ("items", "curves")

_TRIES = 5
"""How often a ledger is checked anew that was packed while it was checked."""


def verify(folder: Path) -> VerifyReport:
    """Check every record and every table of a ledger; names all that is altered, missing or reordered.

    Raises:
        LedgerError: a segment cannot be read at all.
    """
    for _ in range(_TRIES):
        before = files_of_records(folder)
        report = _verify(folder)
        if not report.faults or files_of_records(folder) == before:
            break  # otherwise files were packed while they were looked for
    return report


def _verify(folder: Path) -> VerifyReport:
    # Files are listed before the records are read: a file that a running trial writes now is then no stray one.
    present = [path for name in _FOLDERS for path in sorted((folder / name).glob("*.parquet"))]
    present += sorted((folder / "packs").glob("[!.]*"))
    parts = [path for name in (*_FOLDERS, "heads", "packs") for path in sorted((folder / name).glob(".*.part"))]
    parts += sorted(folder.glob(".index-*.duckdb*"))
    chain = read_chain(folder)
    faults: list[str] = []
    refs, packed = _named(chain, faults)
    spoilt = _pack_faults(folder, packed)
    faults += spoilt.values()
    store = TableStore(folder, packed.get)
    for number, ref in enumerate(refs):
        working.tell("checking tables", number, len(refs))
        faults += _table_faults(store, ref, spoilt)
    faults += _cache_faults(folder, chain, store, refs)
    packs = {spot.pack.file for spot in packed.values()} | recorded(chain.entries).keys()
    old = superseded(chain.entries, packed) if packed else []
    named = {ref.file for ref in refs} | packs | set(old)
    notes = [f"{file} was packed anew; packing removes it" for file in old if (folder / file).exists()]
    notes += [
        f"{path.parent.name}/{path.name} belongs to no record; a crash can leave such a file"
        for path in present
        if f"{path.parent.name}/{path.name}" not in named
    ]
    notes += [f"{path.relative_to(folder)} was never finished; it may be removed" for path in parts]
    return VerifyReport(len(chain.entries), (*chain.notes, *notes), (*chain.faults, *faults), head_hash(chain.readings))


def _named(chain: Chain, faults: list[str]) -> tuple[list[TableRef], dict[Key, Packed]]:
    """The tables that outcomes name, and where those lie that were packed; faults of the records are added."""
    refs: list[TableRef] = []
    for entry in chain.entries:
        if entry.kind == "outcome":
            try:
                refs += references(entry).values()
            except LedgerError as error:
                faults.append(str(error))
    try:
        return refs, packed_tables(chain.entries)
    except LedgerError as error:
        faults.append(str(error))
        return refs, {}


def _pack_faults(folder: Path, packed: Mapping[Key, Packed]) -> dict[str, str]:
    """What is wrong with packs that are missing or altered, each named with the first of the trials that it holds."""
    first: dict[str, tuple[Packed, str]] = {}
    for (kind, trial, _), spot in packed.items():
        first.setdefault(spot.pack.file, (spot, f"the {kind} of trial {trial} and of those after it"))
    faults = {}
    for file, (spot, what) in first.items():
        try:
            read_pack(folder, spot.pack, what)
        except LedgerError as error:
            faults[file] = str(error)
    return faults


def _table_faults(store: TableStore, ref: TableRef, spoilt: Mapping[str, str]) -> Iterator[str]:
    """A table whose file is not the one that was recorded, or that its pack holds in another form."""
    try:
        found = store.found(ref)
        if not isinstance(found, Packed) or found.pack.file in spoilt:
            return
        if ref.content not in (None, found.content) or content_hash(store.table(ref)) != found.content:
            yield (
                f"{found.pack.file}: the {ref.kind} of trial {ref.trial} ({ref.whose}) are not those whose hash was "
                "recorded. Restore the file from a backup; without it the record cannot be used."
            )
    except LedgerError as error:
        yield str(error)


def _cache_faults(folder: Path, chain: Chain, store: TableStore, refs: list[TableRef]) -> Iterator[str]:
    """Caches that say another thing than the files they stand for: a damaged one is left out by itself."""
    cure = "remove the folder cache/, which holds nothing that is not elsewhere"
    checked = CheckedRecords(folder)
    for reading in chain.readings:
        known, _ = checked.begin(reading.name, b"".join(entry.line + b"\n" for entry in reading.entries))
        both = min(len(known), len(reading.entries))  # another process may have noted more by now
        if known[:both] != reading.entries[:both]:
            yield f"cache/{reading.name[:-6]}.json is not what the segment {reading.name} holds: {cure}"
    scores = ScoreCache(folder)
    for ref in refs:
        found = scores.get(ref.sha256, lambda metric, column: None) if ref.kind == "items" else None
        if found is None:
            continue
        with contextlib.suppress(LedgerError):  # named already
            if not _same(items_of(store.table(ref), tuple(found)), found):
                yield f"the cache of {ref.file} is not what that file holds: {cure}"


def _same(file: Mapping[str, ItemScores], cache: Mapping[str, ItemScores]) -> bool:
    return file.keys() == cache.keys() and all(
        table.ids == cache[name].ids
        and table.clusters == cache[name].clusters
        and table.scores.tobytes() == cache[name].scores.tobytes()
        for name, table in file.items()
    )
