"""Item scores and curves as Parquet files, written once and named by what they hold."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.errors import LedgerError
from evenhand.outcome import Curve, ItemScores

if TYPE_CHECKING:
    import pyarrow as pa


def items_table(items: Mapping[str, ItemScores]) -> pa.Table:
    """Columns metric, item, score, output, cluster; one row per metric and item."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {"metric": [], "item": [], "output": [], "cluster": []}
    scores = [np.zeros(0)]
    for name, table in items.items():
        count = len(table.ids)
        columns["metric"] += [name] * count
        columns["item"] += table.ids
        columns["output"] += table.outputs or [None] * count
        columns["cluster"] += table.clusters or [None] * count
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


def write_table(folder: Path, stem: str, table: pa.Table) -> dict[str, str]:
    """Write a table durably under a name that its content gives.

    Returns:
        ``file`` (relative to the ledger) and ``sha256`` for the record that refers to it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    digest = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem}-{digest[:12]}.parquet"
    part = folder / f".{target.name}.{os.getpid()}.{secrets.token_hex(3)}.part"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return {"file": f"{folder.name}/{target.name}", "sha256": digest}


def read_table(ledger: Path, reference: Mapping[str, str], whose: str) -> pa.Table:
    """Read a table that a record refers to, checking its hash.

    Raises:
        LedgerError: the file is missing or altered; names it and the record.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = ledger / reference["file"]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{reference['file']}, which {whose} refers to, cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != reference["sha256"]:
        raise LedgerError(f"{reference['file']} does not match the hash in {whose}: it was altered.")
    return pq.read_table(pa.BufferReader(data), use_threads=False)


def items_of(table: pa.Table) -> dict[str, ItemScores]:
    """Metric to item scores; the inverse of :func:`items_table`."""
    names = np.asarray(table["metric"].combine_chunks().dictionary_decode().to_pylist(), dtype=object)
    ids, outputs, clusters = (table[column].to_pylist() for column in ("item", "output", "cluster"))
    scores = table["score"].to_numpy()
    found = {}
    for name in dict.fromkeys(names.tolist()):
        rows = np.flatnonzero(names == name)
        first, last = int(rows[0]), int(rows[-1]) + 1
        found[name] = ItemScores(
            tuple(ids[first:last]),
            np.asarray(scores[first:last], dtype=np.float64),
            None if outputs[first] is None else tuple(outputs[first:last]),
            None if clusters[first] is None else tuple(clusters[first:last]),
        )
    return found


def curves_of(table: pa.Table) -> dict[str, Curve]:
    """Name to curve; the inverse of :func:`curves_table`."""
    names = np.asarray(table["curve"].combine_chunks().dictionary_decode().to_pylist(), dtype=object)
    steps, values = table["step"].to_numpy(), table["value"].to_numpy(zero_copy_only=False)
    return {
        name: Curve(np.asarray(steps[names == name]), np.asarray(values[names == name], dtype=np.float64))
        for name in dict.fromkeys(names.tolist())
    }
