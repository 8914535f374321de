"""Packs: the tables of many records in one Parquet file of a kind, read a part at a time.

A pack has the columns of its tables, and ``trial`` before them; a column that only some of them have is empty in the
rows of the others. The record of the packing (kind ``pack``) holds the
sha256 of the pack and, in the order of the rows, each table's trial, the sha256 of the file that it was, the hash of
its content (see ``content``) and its number of rows. No table lies in more than one row group.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand.errors import LedgerError
from evenhand.ledger.segments import Entry
from evenhand.ledger.tables import COLUMN_OF, FURTHER, ItemColumns, TableRef, curves_of, without_empty
from evenhand.ledger.texts import Names, Texts
from evenhand.recipes.outcome import Curve, ItemColumn, ItemScores

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_FILE = re.compile(r"packs/(items|curves)-[0-9a-f]{12}\.parquet")
_HELD = 16
"""Row groups that are kept decoded: trials that are compared lie near each other."""

COLUMNS = {"items": ("metric", "item", "score", "output", "cluster", *FURTHER), "curves": ("curve", "step", "value")}
"""Of the tables of a kind, in their order; early packs of items have none of those in ``FURTHER``."""

SCORES = ("metric", "item", "score", "cluster")
"""What most readers ask of items; the other columns are read when they are looked at."""

_CODED = {"items": ["metric", "item", "cluster", *FURTHER], "curves": ["curve"]}
"""Columns of few different texts, which are read as numbers into those."""

_CURE = "Restore the file from a backup; without it the record cannot be used."


@dataclass(frozen=True)
class PackFile:
    """A pack, as the record of the packing names it."""

    kind: str
    file: str
    sha256: str
    whose: str


@dataclass(frozen=True)
class Packed:
    """Where a table lies, and what it must hold."""

    pack: PackFile
    first: int
    rows: int
    content: str


Key = tuple[str, str, str]
"""Kind of a table, id of its trial, sha256 of the file that it was."""


def packed_tables(entries: Iterable[Entry]) -> dict[Key, Packed]:
    """Every table that was packed, with the pack that holds it.

    Raises:
        LedgerError: a record of a packing names a file elsewhere, or was written by a newer version.
    """
    found: dict[Key, Packed] = {}
    for entry in entries:
        if entry.kind != "pack":
            continue
        whose = f"segment {entry.place.segment}, record {entry.place.sequence}"
        try:
            for body in entry.body["packs"]:
                pack = PackFile(body["kind"], body["file"], body["sha256"], whose)
                if pack.kind not in COLUMNS or not _FILE.fullmatch(pack.file):
                    raise LedgerError(f"{whose} names {pack.file!r} as a pack of {pack.kind}: no file of a ledger.")
                first = 0
                for trial, digest, content, rows in body["tables"]:
                    found[pack.kind, trial, digest] = Packed(pack, first, rows, content)
                    first += rows
        except (TypeError, KeyError, ValueError) as error:
            raise LedgerError(
                f"{whose}: this version of evenhand does not know all that the record holds ({error}). It was written "
                "by a newer version; install that one to read it."
            ) from error
    return found


def superseded(entries: Iterable[Entry], packed: Mapping[Key, Packed]) -> list[str]:
    """Packs that were packed anew: records name them, and every table of theirs lies in a later one.

    Args:
        entries: the records of a ledger.
        packed: what :func:`packed_tables` found in them.
    """
    named = (body["file"] for entry in entries if entry.kind == "pack" for body in entry.body["packs"])
    held = {spot.pack.file for spot in packed.values()}
    return [file for file in dict.fromkeys(named) if file not in held]


class _OpenPack:
    """A pack whose bytes are those that the record names."""

    def __init__(self, parquet: pq.ParquetFile) -> None:
        import numpy as np

        self.parquet = parquet
        rows = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
        self.ends = np.cumsum(rows).tolist()
        self.columns = parquet.schema_arrow.names

    def spot(self, packed: Packed) -> tuple[int, int]:
        """Number of the row group that holds a table, and the table's first row in it."""
        if packed.rows == 0:  # in any group
            return 0, 0
        group = bisect.bisect_right(self.ends, packed.first)
        if group == len(self.ends) or packed.first + packed.rows > self.ends[group]:
            raise IndexError(f"rows {packed.first} to {packed.first + packed.rows} stand in no row group together")
        return group, packed.first - (self.ends[group - 1] if group else 0)


class PackReader:
    """Reads tables from the packs of one ledger; each pack is hashed once, however many tables are read from it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[tuple[str, str], _OpenPack] = {}
        self._groups: OrderedDict[tuple[str, int, Names], Any] = OrderedDict()

    def check(self, ref: TableRef, packed: Packed) -> None:
        """Whether the pack is the one that the record names; raises as :meth:`table`, and reads it once."""
        self._opened(ref, packed.pack)

    def table(self, ref: TableRef, packed: Packed) -> pa.Table:
        """A whole table, as its file held it.

        Raises:
            LedgerError: the pack is missing, or is another than the record names; says which trial needs it.
        """
        found, first = self._group(ref, packed, COLUMNS[ref.kind])
        return without_empty(found.slice(first, packed.rows))

    def items(self, ref: TableRef, packed: Packed, known: dict[Names, Names]) -> dict[str, ItemScores]:
        """Metric to item scores; answers and what was asked are read when they are looked at."""
        columns, first = self._group(ref, packed, SCORES)

        def later(key: ItemColumn, first: int, end: int) -> Names | None:
            table = self._group(ref, packed, (COLUMN_OF[key],))[0]
            if not table.column_names:
                return None
            column = Texts(table.column(0).slice(first, end - first))
            return column.of(0, end - first, None if key == "outputs" else known)

        found: dict[str, ItemScores] = columns.items(first, first + packed.rows, ref.names or (), known, later)
        return found

    def curves(self, ref: TableRef, packed: Packed) -> dict[str, Curve]:
        """Name to curve."""
        return curves_of(self.table(ref, packed), ref.names or ())

    def _group(self, ref: TableRef, packed: Packed, columns: Names) -> tuple[Any, int]:
        """Columns of the row group that holds a table, those of the scores decoded; and the table's first row in it."""
        import pyarrow as pa

        try:
            opened = self._opened(ref, packed.pack)
            number, first = opened.spot(packed)
            key = (packed.pack.file, number, columns)
            if key not in self._groups:
                groups = [number] if opened.ends else []
                there = [column for column in columns if column not in FURTHER or column in opened.columns]
                table = opened.parquet.read_row_groups(groups, there, use_threads=False)
                self._groups[key] = ItemColumns.of(table) if columns == SCORES else table
        except (pa.ArrowException, IndexError, KeyError, OSError) as error:
            raise LedgerError(
                f"{packed.pack.file}, which holds the {ref.kind} of trial {ref.trial} ({ref.whose}), is no pack as "
                f"{packed.pack.whose} says ({error}). {_CURE}"
            ) from error
        self._groups.move_to_end(key)
        while len(self._groups) > _HELD:
            self._groups.popitem(last=False)
        return self._groups[key], first

    def _opened(self, ref: TableRef, pack: PackFile) -> _OpenPack:
        import pyarrow as pa
        import pyarrow.parquet as pq

        key = (pack.file, pack.sha256)
        if key not in self._open:
            data = read_pack(self._folder, pack, f"the {ref.kind} of trial {ref.trial} ({ref.whose})")
            there = pq.read_schema(pa.BufferReader(data)).names
            coded = [column for column in _CODED[pack.kind] if column in there]
            self._open[key] = _OpenPack(pq.ParquetFile(pa.BufferReader(data), read_dictionary=coded))
        return self._open[key]


def read_pack(folder: Path, pack: PackFile, what: str) -> bytes:
    """The bytes of a pack.

    Args:
        folder: of the ledger.
        pack: which one.
        what: stands in it and is wanted, for the error.

    Raises:
        LedgerError: it is missing or altered.
    """
    try:
        data = (folder / pack.file).read_bytes()
    except OSError as error:
        raise LedgerError(
            f"{pack.file}, which holds {what}, cannot be read: {error.strerror or error}. {_CURE}"
        ) from error
    if hashlib.sha256(data).hexdigest() != pack.sha256:
        raise LedgerError(
            f"{pack.file}, which holds {what}, does not match the hash in {pack.whose}: it was altered. {_CURE}"
        )
    return data
