"""Packing: the tables and segments of a finished ledger go into a few files, and nothing is lost on the way.

Each table's file is checked against the hash in its record and written to a pack; the pack is read again, table by
table; then the record of the packing (kind ``pack``) enters the chain, with the sha256 of each file and the hash of
what it held; and only then the files go. Wherever that is cut short, every table lies in a file, in a pack, or in both,
and packing again goes on from there. Segments go the same way, byte by byte, into an archive.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand.errors import LedgerError
from evenhand.files import locked, make_folder, sync_folder, write_bytes
from evenhand.ledger.archive import Archive, archived, read_archive, read_archives
from evenhand.ledger.clearing import clear, sound
from evenhand.ledger.content import content_hash
from evenhand.ledger.disk import cannot_write
from evenhand.ledger.lock import hold
from evenhand.ledger.packs import COLUMNS, Key, Packed, PackFile, PackReader, packed_tables
from evenhand.ledger.records import PackReport
from evenhand.ledger.store import TableStore
from evenhand.ledger.tables import FURTHER, TableRef, references, table_of
from evenhand.ledger.writer import SegmentWriter
from evenhand.recipes import working

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1 << 18
"""Of a row group, about: a reader decodes one at a time, and each repeats the texts that stand in it."""

_LEVEL = 19
_PAGE = 32 << 20
_FOLDERS = ("segments", "heads", "items", "curves", "packs")


def pack(folder: Path, everything: bool = False) -> PackReport:
    """Put the tables and segments of a ledger into a few files.

    Args:
        folder: of the ledger.
        everything: also what was packed before, so that one pack of a kind and one archive are left; otherwise those
            stay as they are, and new ones stand beside them.

    Raises:
        LedgerError: another process writes to the ledger, it is damaged, or it cannot be written; nothing is lost.
    """
    try:
        with alone(folder) as held:
            before = _extent(folder)
            tables, segments, files = _enter(folder, everything, held)
            removed = clear(folder, held)
            after = _extent(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return PackReport(tables, segments, files, removed, (before[0], after[0]), (before[1], after[1]))


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[frozenset[str]]:
    """Hold every name and every segment of a ledger, and give the segments: none of them is written meanwhile.

    Raises:
        LedgerError: another process holds one of them.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(hold(folder, "pack"))
        for path in sorted((folder / "locks").glob("*.lock")):
            if path.stem != "pack":
                stack.enter_context(hold(folder, path.stem))
        held = sorted((folder / "segments").glob("*.jsonl"))
        for path in held:
            try:
                stack.enter_context(locked(path, wait=False))
            except BlockingIOError as error:
                raise LedgerError(
                    f"segments/{path.name} is open for writing, by the process whose number stands in its name after "
                    "the time. Wait until it ends, or close the ledger there."
                ) from error
        yield frozenset(path.name for path in held)


def _extent(folder: Path) -> tuple[int, int]:
    """Number and bytes of the files of a ledger."""
    found = [path.stat() for name in _FOLDERS for path in (folder / name).glob("*")]
    return len(found), sum(state.st_size for state in found)


def _enter(folder: Path, everything: bool, held: frozenset[str]) -> tuple[int, int, tuple[str, ...]]:
    """Write packs and archive, and enter them; gives the tables, segments and files, none where all is packed."""
    chain = sound(folder)
    packed = packed_tables(chain.entries)
    store = TableStore(folder, packed.get)
    outcomes = [entry for entry in chain.entries if entry.kind == "outcome"]
    refs = {(ref.kind, ref.trial, ref.sha256): ref for entry in outcomes for ref in references(entry).values()}
    left = [ref for key, ref in refs.items() if key not in packed]
    present = {path.name: path for path in sorted((folder / "segments").glob("*.jsonl")) if path.name in held}
    news = [
        r for r in chain.readings if r.name in present and any(e.kind not in ("segment", "pack") for e in r.entries)
    ]
    new = bool(left or news)
    if everything and _parts(folder, packed) > (0 if new else 1):
        left, new = list(refs.values()), True
    else:
        everything = False
    if not new:
        return 0, 0, ()
    make_folder(folder / "packs")
    packs = [_packed(folder, store, kind, [ref for ref in left if ref.kind == kind]) for kind in COLUMNS]
    archive = _archive(folder, list(present.values()), read_archives(folder)[0] if everything else [])
    records = {
        "file": archive.file,
        "sha256": archive.sha256,
        "segments": [[r.name, *r.head] for r in chain.readings if r.name in archive.segments],
    }
    written = [found for found in packs if found is not None]
    writer = SegmentWriter(folder)
    # The last packing is the one that counts, whatever clock an earlier one went by.
    writer.append("pack", {"packs": written, "records": records}, after=max(entry.time for entry in chain.entries))
    writer.close()
    files = (*(found["file"] for found in written), archive.file)
    return len(left), len(archive.segments), files


def _parts(folder: Path, packed: Mapping[Key, Packed]) -> int:
    """Number of packs of a kind, or of archives, whichever is more: that of earlier packings."""
    kinds = Counter(pack.kind for pack in {spot.pack for spot in packed.values()})
    return max([*kinds.values(), len(list((folder / "packs").glob("records-*.tar.gz")))])


def _packed(folder: Path, store: TableStore, kind: str, refs: Sequence[TableRef]) -> dict[str, Any] | None:
    """Write the tables of a kind into a pack, read it again, and say what stands in it."""
    if not refs:
        return None
    rows: list[list[Any]] = []

    def tables() -> Iterator[pa.Table]:
        for number, ref in enumerate(refs):
            working.tell(f"packing {kind}", number, len(refs))
            table, before = _plain(store, ref)
            rows.append([ref.trial, ref.sha256, content_hash(table), len(table)])
            if not {ref.content, None if before is None else before.content} <= {None, rows[-1][2]}:
                file = ref.file if before is None else before.pack.file
                raise LedgerError(f"{file} does not hold what {ref.whose} says, and cannot be packed.")
            yield _with_trial(table, ref.trial, COLUMNS[kind])

    data = parquet_of(tables())
    digest = hashlib.sha256(data).hexdigest()
    file = f"packs/{kind}-{digest[:12]}.parquet"
    write_bytes(folder / file, data)
    sync_folder(folder / "packs")
    reader, first = PackReader(folder), 0
    for number, (ref, (_, _, content, count)) in enumerate(zip(refs, rows, strict=True)):
        working.tell(f"reading the packed {kind} again", number, len(refs))
        spot = Packed(PackFile(kind, file, digest, "this packing"), first, count, content)
        if content_hash(reader.table(ref, spot)) != content:
            raise LedgerError(
                f"{file} does not hold the {kind} of trial {ref.trial} as {ref.file} does. Look after the disk."
            )
        first += count
    return {"kind": kind, "file": file, "sha256": digest, "tables": rows}


def _plain(store: TableStore, ref: TableRef) -> tuple[pa.Table, Packed | None]:
    """A table in the columns that a pack has, from its own file or from the pack that holds it so far."""
    found = store.found(ref)
    if isinstance(found, Packed):
        return store.table(ref), found
    table = table_of(found)
    known = COLUMNS[ref.kind]
    if tuple(table.column_names) != tuple(c for c in known if c not in FURTHER or c in table.column_names):
        raise LedgerError(f"{ref.file} has the columns {table.column_names}, not {list(known)}: it cannot be packed.")
    return table, None


def _with_trial(table: pa.Table, trial: str, names: Sequence[str]) -> pa.Table:
    """The table with its trial and all the columns of a pack, empty where it has none of them."""
    import pyarrow as pa

    columns = {"trial": pa.array([trial] * len(table), pa.string())}
    for name in names:
        column = table[name] if name in table.column_names else pa.nulls(len(table), pa.string())
        columns[name] = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    return pa.table(columns)


def parquet_of(tables: Iterable[pa.Table]) -> bytes:
    """Tables under one another as a Parquet file; none lies in more than one row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    options: dict[str, Any] = {"compression": "zstd", "compression_level": _LEVEL, "data_page_size": _PAGE}
    options["dictionary_pagesize_limit"] = _PAGE
    if "max_rows_per_page" in inspect.signature(pq.write_table).parameters:  # small pages hide what trials share
        options["max_rows_per_page"] = _PAGE
    groups = _grouped(tables)
    first = next(groups)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, first.schema, **options) as writer:
        for group in itertools.chain([first], groups):
            if len(group):
                writer.write_table(group, row_group_size=len(group))
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _grouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Neighbours together, up to the size of a row group; at least one table."""
    import pyarrow as pa

    held: list[pa.Table] = []
    for table in tables:
        if held and sum(map(len, held)) + len(table) > ROWS:
            yield pa.concat_tables(held)
            held = []
        held.append(table)
    yield pa.concat_tables(held)


def _archive(folder: Path, paths: Sequence[Path], earlier: Sequence[Archive]) -> Archive:
    """Write segments and their heads into an archive, those of earlier archives too, and read it again."""
    segments = {path.name: path.read_bytes() for path in paths}
    heads = {path.name: path.read_bytes() for path in (folder / "heads" / name for name in segments) if path.exists()}
    for before in earlier:
        for name, data in before.segments.items():
            if name not in segments or len(data) > len(segments[name]):
                segments[name] = data
                heads |= {name: before.heads[name]} if name in before.heads else {}
        heads = dict(before.heads) | heads
    data = archived(segments, heads)
    target = folder / "packs" / f"records-{hashlib.sha256(data).hexdigest()[:12]}.tar.gz"
    write_bytes(target, data)
    sync_folder(target.parent)
    archive = read_archive(target)
    if archive.segments != segments or archive.heads != heads:
        raise LedgerError(f"{archive.file} does not hold the segments as they are. Look after the disk.")
    return archive
