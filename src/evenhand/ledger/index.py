"""The DuckDB index over a ledger: tables to query, always rebuildable, never the truth."""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand.errors import LedgerError
from evenhand.ledger import ask
from evenhand.ledger.chain import segment_state
from evenhand.ledger.records import OutcomeRecord
from evenhand.ledger.tables import TableRef

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SECONDS = 60.0
"""How long a query may take, where nothing else is said."""

MEMORY = 2048
"""MiB that a query may take."""

_VERSION = 3
"""Raised when the tables change, so that an index of an older form is rebuilt."""

_TABLES = {
    "outcomes": (
        "trial varchar, claim varchar, claim_hash varchar, arm varchar, condition varchar, rung varchar, seed bigint, "
        "recipe varchar, code varchar, exploratory boolean, status varchar, message varchar, settings json, "
        "unit varchar, budget double, spent json, seconds double, cpu_seconds double, peak_memory_bytes bigint, "
        "attempt bigint, started varchar, device varchar, segment varchar, sequence bigint, counts boolean"
    ),
    "metrics": "trial varchar, segment varchar, sequence bigint, name varchar, value double, undefined varchar",
    "items": (
        "trial varchar, segment varchar, sequence bigint, metric varchar, item varchar, score double, output varchar, "
        "cluster varchar, input varchar, item_group varchar, expected varchar"
    ),
    "curves": "trial varchar, segment varchar, sequence bigint, curve varchar, step double, value double",
}


Read = Callable[[TableRef], "pa.Table"]


@dataclass(frozen=True)
class Source:
    """What an index is built from.

    Attributes:
        records: every outcome, exploratory ones too.
        counting: hashes of the records that count for their trial.
        tables: hash of a record to its ``items`` and ``curves``.
    """

    records: Sequence[OutcomeRecord]
    counting: Collection[str]
    tables: dict[str, dict[str, TableRef]]


def query(
    folder: Path,
    source: Callable[[], Source],
    read: Read,
    sql: str,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a query against the index, rebuilding it first where it is stale, missing or damaged.

    Args:
        folder: of the ledger.
        source: asked for the records when the index has to be rebuilt.
        read: gives a table of one of them, its hash checked.
        sql: one statement that only reads; it can reach nothing but the index.
        seconds: after which it is ended.
        memory: in MiB, that it may take.

    Raises:
        LedgerError: the query cannot be run, or not within these bounds.
    """
    with _fresh_index(folder, source, read) as path:
        command = [sys.executable, "-I", str(Path(ask.__file__)), str(path), str(memory)]
        try:
            done = subprocess.run(
                command, input=sql.encode("utf-8", "replace"), capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise LedgerError(
                f"The query was ended after {seconds:g} seconds: narrow it with `where`, or allow more with --seconds."
            ) from error
    if done.returncode != 0:
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason was given"])[-1]
        raise LedgerError(
            f"The query ended its process ({last}). It may have needed more than {memory} MiB of memory: narrow it "
            "with `where`, or add `limit`."
        )
    found: tuple[list[str], list[tuple[Any, ...]]] | str = pickle.loads(done.stdout)
    if isinstance(found, str):
        raise LedgerError(found)
    return found


@contextlib.contextmanager
def _fresh_index(folder: Path, source: Callable[[], Source], read: Read) -> Iterator[Path]:
    """The index file; in a temporary folder where the ledger's own cannot be written."""
    import duckdb

    path = folder / "index.duckdb"
    wanted = f"{_VERSION};{segment_state(folder)}"
    if path.exists() and _stamp_of(path) == wanted:
        yield path
        return
    built = source()
    part = folder / f".index-{os.getpid()}-{os.urandom(3).hex()}.duckdb"
    try:
        _build(part, wanted, built, read)
        part.replace(path)
    except (OSError, duckdb.Error):
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="evenhand-index-") as elsewhere:
            path = Path(elsewhere) / "index.duckdb"
            _build(path, wanted, built, read)
            yield path
        return
    yield path


def _stamp_of(path: Path) -> str | None:
    import duckdb

    try:
        with contextlib.closing(duckdb.connect(str(path), read_only=True)) as connection:
            row = connection.execute("select stamp from state").fetchone()
            return None if row is None else str(row[0])
    except duckdb.Error:
        return None


def _build(path: Path, wanted: str, source: Source, read: Read) -> None:
    import duckdb
    import pyarrow as pa

    outcomes = [_row(record, record.place.hash in source.counting) for record in source.records]
    metrics = [row for record in source.records for row in _metric_rows(record)]
    tables = {
        "outcomes": pa.Table.from_pylist(outcomes) if outcomes else None,
        "metrics": pa.Table.from_pylist(metrics) if metrics else None,
        "items": _stored(source, "items", read),
        "curves": _stored(source, "curves", read),
    }
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        for name, columns in _TABLES.items():
            connection.execute(f"create table {name} ({columns})")
            _fill(connection, name, tables[name])
        connection.execute("create table state (stamp varchar)")
        connection.execute("insert into state values (?)", [wanted])


def _fill(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table | None) -> None:
    if rows is not None:
        connection.register("rows", rows)
        connection.execute(f"insert into {name} by name select * from rows")
        connection.unregister("rows")


def _stored(source: Source, name: str, read: Read) -> pa.Table | None:
    """The tables of all records under one another, each row with its record."""
    import pyarrow as pa

    found = []
    for record in source.records:
        reference = source.tables.get(record.place.hash, {}).get(name)
        if reference is not None:
            table = read(reference)
            text = [i for i, field in enumerate(table.schema) if pa.types.is_dictionary(field.type)]
            for i in text:
                # Each file has a dictionary of its own; plain text can be put under one another.
                table = table.set_column(i, table.schema[i].name, table.column(i).cast(pa.string()))
            keys = {"trial": record.trial.id, "segment": record.place.segment, "sequence": record.place.sequence}
            for key, value in keys.items():
                table = table.append_column(key, pa.repeat(pa.scalar(value), len(table)))
            found.append(table)
    return pa.concat_tables(found, promote_options="default") if found else None  # not all have all columns


def _row(record: OutcomeRecord, counts: bool) -> dict[str, Any]:
    trial, outcome, execution = record.trial, record.outcome, record.execution
    failure = outcome.failure
    return {
        "trial": trial.id,
        "claim": trial.claim,
        "claim_hash": record.claim_hash,
        "arm": trial.arm,
        "condition": trial.condition,
        "rung": trial.rung,
        "seed": trial.seed,
        "recipe": trial.recipe,
        "code": trial.fingerprint,
        "exploratory": record.exploratory,
        "status": "ok" if failure is None else failure.kind,
        "message": None if failure is None else failure.message,
        "settings": json.dumps(dict(trial.settings), sort_keys=True),
        "unit": trial.unit,
        "budget": float(trial.amount),
        "spent": json.dumps(dict(outcome.spent), sort_keys=True),
        "seconds": float(execution.seconds),
        "cpu_seconds": float(execution.cpu_seconds),
        "peak_memory_bytes": execution.peak_memory_bytes,
        "attempt": execution.attempt,
        "started": execution.started,
        "device": execution.device,
        "segment": record.place.segment,
        "sequence": record.place.sequence,
        "counts": counts,
    }


def _metric_rows(record: OutcomeRecord) -> list[dict[str, Any]]:
    outcome, place = record.outcome, record.place
    keys = {"trial": record.trial.id, "segment": place.segment, "sequence": place.sequence}
    rows = []
    for name in sorted({*outcome.metrics, *outcome.items, *outcome.undefined}):
        value = outcome.metric(name)
        reason = outcome.undefined.get(name)
        if value is not None and not math.isfinite(value):
            value, reason = None, f"the mean of the item scores is {value}"
        rows.append(keys | {"name": name, "value": value, "undefined": reason})
    return rows
