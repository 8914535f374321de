"""Item scores and curves as Parquet files, written once, named by what they hold, and read when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import LedgerError
from evenhand.files import make_folder, sync_folder, write_bytes
from evenhand.ledger.codec import whole_text
from evenhand.recipes.outcome import Curve, ItemScores

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
Reference = Mapping[str, Any]
"""What a record says of a file: ``file`` (relative to the ledger), ``sha256``, and ``names`` of what stands in it."""


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
    """Columns metric, item, score, output, cluster; one row per metric and item."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {"metric": [], "item": [], "output": [], "cluster": []}
    scores = [np.zeros(0)]
    for name, table in items.items():
        count = len(table.ids)
        columns["metric"] += [name] * count
        columns["item"] += map(whole_text, table.ids)
        columns["output"] += [None] * count if table.outputs is None else map(whole_text, table.outputs)
        columns["cluster"] += [None] * count if table.clusters is None else map(whole_text, table.clusters)
        scores.append(table.scores)
    text = pa.string()
    return pa.table(
        {
            "metric": pa.array(columns["metric"], pa.dictionary(pa.int32(), text)),
            "item": pa.array(columns["item"], text),
            "score": pa.array(np.concatenate(scores), pa.float64()),
            "output": pa.array(columns["output"], text),
            "cluster": pa.array(columns["cluster"], text),
        }
    )


def curves_table(curves: Mapping[str, Curve]) -> pa.Table:
    """Columns curve, step, value; one row per point."""
    import pyarrow as pa

    names: list[str] = []
    for name, curve in curves.items():
        names += [name] * len(curve.steps)
    return pa.table(
        {
            "curve": pa.array(names, pa.dictionary(pa.int32(), pa.string())),
            "step": pa.array(np.concatenate([np.zeros(0), *(c.steps for c in curves.values())]), pa.float64()),
            "value": pa.array(np.concatenate([np.zeros(0), *(c.values for c in curves.values())]), pa.float64()),
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
    return {"file": f"{folder.name}/{target.name}", "sha256": digest, "names": names}


def read_table(ledger: Path, reference: Reference, whose: str) -> pa.Table:
    """Read a table that a record refers to, checking its hash.

    Raises:
        LedgerError: the file is missing or altered; names it and the record.
    """
    return table_of(read_checked(ledger, reference, whose))


def table_of(data: bytes) -> pa.Table:
    """The table in the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)


def read_checked(ledger: Path, reference: Reference, whose: str) -> bytes:
    """The bytes of a file that a record refers to.

    Raises:
        LedgerError: the file is missing or altered; names it and the record.
    """
    cure = "Restore the file from a backup; without it the record cannot be used."
    try:
        data = ledger.joinpath(reference["file"]).read_bytes()
    except OSError as error:
        raise LedgerError(
            f"{reference['file']}, which {whose} refers to, cannot be read: {error.strerror}. {cure}"
        ) from error
    if hashlib.sha256(data).hexdigest() != reference["sha256"]:
        raise LedgerError(f"{reference['file']} does not match the hash in {whose}: it was altered. {cure}")
    return data


def _runs(column: pa.ChunkedArray) -> list[tuple[str, int, int]]:
    """Name, first row and one past the last row of each name in a column; equal names stand together."""
    import pyarrow as pa

    if len(column) == 0:
        return []
    coded = column.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    codes = np.from_dlpack(coded.indices)
    starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
    names = coded.dictionary.to_pylist()
    return [(names[codes[first]], first, end) for first, end in zip(starts, [*starts[1:], len(codes)], strict=True)]


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column without missing values; ``to_numpy`` would import a large part of pyarrow for the same."""
    return np.array(np.from_dlpack(column.combine_chunks()), dtype=np.float64)


def _column(values: list[Any], first: int, end: int) -> tuple[str, ...] | None:
    return None if values[first] is None else tuple(values[first:end])


def items_of(
    table: pa.Table, names: tuple[str, ...] = (), known: dict[tuple[str, ...], tuple[str, ...]] | None = None
) -> dict[str, ItemScores]:
    """Metric to item scores; the inverse of :func:`items_table`.

    Args:
        table: as written.
        names: of all metrics; one without rows has no items.
        known: item identifiers seen before: trials on the same items then share one tuple.
    """
    shared = {} if known is None else known
    ids, outputs, clusters = (table[column].to_pylist() for column in ("item", "output", "cluster"))
    scores = _numbers(table["score"])
    found = {name: ItemScores((), np.zeros(0)) for name in names}
    for name, first, end in _runs(table["metric"]):
        own = tuple(ids[first:end])
        found[name] = ItemScores(
            shared.setdefault(own, own), scores[first:end], _column(outputs, first, end), _column(clusters, first, end)
        )
    return found


def curves_of(table: pa.Table, names: tuple[str, ...] = ()) -> dict[str, Curve]:
    """Name to curve; the inverse of :func:`curves_table`. A name without rows is a curve without points."""
    steps, values = _numbers(table["step"]), _numbers(table["value"])
    found = {name: Curve(np.zeros(0), np.zeros(0)) for name in names}
    for name, first, end in _runs(table["curve"]):
        found[name] = Curve(steps[first:end], values[first:end])
    return found
