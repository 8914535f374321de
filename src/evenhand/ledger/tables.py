"""Item scores and curves as Parquet files, written once, named by what they hold, and read when they are needed."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evenhand.errors import LedgerError
from evenhand.files import make_folder, sync_folder, write_bytes
from evenhand.ledger.codec import whole_text
from evenhand.ledger.columns import numbers, texts
from evenhand.ledger.content import content_hash
from evenhand.ledger.score_cache import StoredScores
from evenhand.ledger.segments import Entry
from evenhand.ledger.texts import Names, Texts
from evenhand.recipes.outcome import ITEM_COLUMNS, Curve, ItemColumn, ItemScores

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

T = TypeVar("T")
COLUMN_OF: Mapping[ItemColumn, str] = {
    "outputs": "output", "clusters": "cluster", "inputs": "input", "groups": "item_group", "expected": "expected",
}  # fmt: skip
"""What may be recorded of items, and the column that it stands in (``group`` is a word of SQL)."""

FURTHER = ("input", "item_group", "expected")
"""Columns that a table has only where something stands in them; early tables have none."""

_FILE = re.compile(r"(items|curves)/[^./\\\0][^/\\\0]*\.parquet")


@dataclass(frozen=True)
class TableRef:
    """What a record says of one of its tables.

    Attributes:
        kind: ``items`` or ``curves``.
        trial: id of the trial.
        file: where it was written, relative to the ledger; it may have been packed since.
        sha256: of that file.
        names: of what stands in it, those without rows too; None in the records of early versions.
        content: hash of what it holds (see ``content``); None in the records of early versions.
        whose: the record, for errors.
    """

    kind: str
    trial: str
    file: str
    sha256: str
    names: Names | None
    content: str | None
    whose: str


def references(entry: Entry, body: Mapping[str, Any] | None = None) -> dict[str, TableRef]:
    """The tables of an outcome, by kind.

    Args:
        entry: the record.
        body: its body, where that was parsed already.

    Raises:
        LedgerError: the record names a file elsewhere than in the ledger.
    """
    whose = f"segment {entry.place.segment}, record {entry.place.sequence}"
    found = {}
    for kind, named in (entry.body if body is None else body)["files"].items():
        file, digest, content = named["file"], named["sha256"], named.get("content")
        if not _FILE.fullmatch(file):
            raise LedgerError(f"{whose} names {file!r} as the file of its {kind}: no table of a ledger.")
        names = tuple(named["names"]) if "names" in named else None
        found[kind] = TableRef(kind, entry.about.trial, file, digest, names, content, whose)
    return found


class StoredTables(Mapping[str, T]):
    """Tables of one record by name; their file is read, and its hash checked, when the first of them is asked for.

    Raises (on access):
        LedgerError: the file is missing or altered.
    """

    def __init__(self, names: tuple[str, ...] | None, read: Callable[[], dict[str, T]]) -> None:
        self._names = names
        self._read = read
        self._found: dict[str, T] | None = None

    def _all(self) -> dict[str, T]:
        if self._found is None:
            self._found = self._read()
        return self._found

    def __getitem__(self, name: str) -> T:
        if self._names is not None and name not in self._names:
            raise KeyError(name)
        return self._all()[name]

    def __contains__(self, name: object) -> bool:
        return name in (self._all() if self._names is None else self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all() if self._names is None else self._names)

    def __len__(self) -> int:
        return len(self._all() if self._names is None else self._names)

    def __repr__(self) -> str:
        return repr(self._all())


def items_table(items: Mapping[str, ItemScores]) -> pa.Table:
    """Columns metric, item, score, output, cluster, and those of :data:`FURTHER` that hold something.

    One row per metric and item.
    """
    import numpy as np
    import pyarrow as pa

    columns: dict[str, list[Any]] = {"metric": [], "item": [], **{column: [] for column in COLUMN_OF.values()}}
    scores = [np.zeros(0)]
    for name, table in items.items():
        count = len(table.ids)
        columns["metric"] += [name] * count
        columns["item"] += map(whole_text, table.ids)
        for key, column in COLUMN_OF.items():
            held = table.column(key)
            columns[column] += [None] * count if held is None else map(whole_text, held)
        scores.append(table.scores)
    made = {
        "metric": texts(columns["metric"]).dictionary_encode(),
        "item": texts(columns["item"]),
        "score": numbers(np.concatenate(scores)),
        "output": texts(columns["output"]),
        "cluster": texts(columns["cluster"]),
    }
    further = {column: texts(columns[column]) for column in FURTHER}
    return pa.table(made | {column: array for column, array in further.items() if _holds(array)})


def _holds(array: pa.Array | pa.ChunkedArray) -> bool:
    """Whether anything stands in a column."""
    return bool(array.null_count < len(array))


def without_empty(table: pa.Table) -> pa.Table:
    """A table of items without the further columns that hold nothing: as it was before it was packed with others."""
    return table.select([c for c in table.column_names if c not in FURTHER or _holds(table[c])])


def curves_table(curves: Mapping[str, Curve]) -> pa.Table:
    """Columns curve, step, value; one row per point."""
    import numpy as np
    import pyarrow as pa

    names: list[str] = []
    for name, curve in curves.items():
        names += [name] * len(curve.steps)
    return pa.table(
        {
            "curve": texts(names).dictionary_encode(),
            "step": numbers(np.concatenate([np.zeros(0), *(c.steps for c in curves.values())])),
            "value": numbers(np.concatenate([np.zeros(0), *(c.values for c in curves.values())])),
        }
    )


def write_table(folder: Path, stem: str, table: pa.Table, names: list[str]) -> dict[str, Any]:
    """Write a table durably under a name that its content gives.

    Returns:
        The reference for the record.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    digest = hashlib.sha256(data).hexdigest()
    make_folder(folder)
    target = folder / f"{stem}-{digest[:12]}.parquet"
    write_bytes(target, data)
    sync_folder(folder)
    file = f"{folder.name}/{target.name}"
    return {"file": file, "sha256": digest, "names": names, "content": content_hash(table)}


def table_of(data: bytes) -> pa.Table:
    """The table in the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)


@dataclass(frozen=True)
class ItemColumns:
    """The columns of one or many tables of item scores; ``texts`` are those of :data:`COLUMN_OF` that were read."""

    metric: Texts
    item: Texts
    score: NDArray[np.float64]
    texts: Mapping[ItemColumn, Texts]

    @classmethod
    def of(cls, table: pa.Table) -> ItemColumns:
        """Decoded."""
        texts = {key: Texts(table[column]) for key, column in COLUMN_OF.items() if column in table.column_names}
        return cls(Texts(table["metric"]), Texts(table["item"]), _numbers(table["score"]), texts)

    def items(
        self,
        first: int,
        end: int,
        names: Names = (),
        known: dict[Names, Names] | None = None,
        later: Callable[[ItemColumn, int, int], Names | None] | None = None,
    ) -> dict[str, ItemScores]:
        """Metric to item scores of the table that stands in some rows.

        Args:
            first, end: of the rows.
            names: of all metrics; one without rows has no items.
            known: item identifiers seen before: trials on the same items then share one tuple.
            later: gives the texts of a column that was left out, in some rows, when they are asked for.
        """
        import numpy as np

        found = {name: ItemScores((), np.zeros(0)) for name in names}
        for name, a, b in self.metric.runs(first, end):
            own = self.item.of(a, b, known) or ()
            # Answers differ from trial to trial; what was asked of the items is the same in all.
            texts: dict[Any, Any] = {
                key: column.of(a, b, None if key == "outputs" else known) for key, column in self.texts.items()
            }
            if later is None:
                found[name] = ItemScores(own, self.score[a:b], **texts)
            else:
                left: dict[Any, Any] = {
                    key: functools.partial(later, key, a, b) for key in ITEM_COLUMNS if key not in texts
                }
                found[name] = StoredScores(own, self.score[a:b], **texts, **left)
        return found


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column without missing values; ``to_numpy`` would import a large part of pyarrow for the same."""
    import numpy as np

    return np.array(np.from_dlpack(column.combine_chunks()), dtype=np.float64)


def items_of(table: pa.Table, names: Names = (), known: dict[Names, Names] | None = None) -> dict[str, ItemScores]:
    """Metric to item scores; the inverse of :func:`items_table`. See :meth:`ItemColumns.items`."""
    return ItemColumns.of(table).items(0, len(table), names, known)


def curves_of(table: pa.Table, names: tuple[str, ...] = ()) -> dict[str, Curve]:
    """Name to curve; the inverse of :func:`curves_table`. A name without rows is a curve without points."""
    import numpy as np

    steps, values = _numbers(table["step"]), _numbers(table["value"])
    found = {name: Curve(np.zeros(0), np.zeros(0)) for name in names}
    for name, first, end in Texts(table["curve"]).runs(0, len(table)):
        found[name] = Curve(steps[first:end], values[first:end])
    return found
