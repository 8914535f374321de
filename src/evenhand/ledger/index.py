"""The DuckDB index over a ledger: tables to query, always rebuildable, never the truth."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evenhand.errors import LedgerError
from evenhand.ledger.records import OutcomeRecord

_SCHEMA = """
create table outcomes (
    trial varchar, claim varchar, claim_hash varchar, arm varchar, condition varchar, rung varchar, seed bigint,
    recipe varchar, code varchar, exploratory boolean, status varchar, message varchar, settings json, unit varchar,
    budget double, spent json, seconds double, cpu_seconds double, peak_memory_bytes bigint, attempt integer,
    started varchar, device varchar, segment varchar, sequence bigint
);
create table metrics (trial varchar, segment varchar, sequence bigint, name varchar, value double, undefined varchar);
create table items (
    trial varchar, segment varchar, sequence bigint, metric varchar, item varchar, score double, output varchar,
    cluster varchar
);
create table curves (trial varchar, segment varchar, sequence bigint, curve varchar, step double, value double);
create table state (stamp varchar);
"""


def stamp(folder: Path) -> str:
    """What the index depends on: names and sizes of all segments."""
    return ";".join(f"{path.name}:{path.stat().st_size}" for path in sorted((folder / "segments").glob("*.jsonl")))


def query(folder: Path, records: Sequence[OutcomeRecord], sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a query against the index, rebuilding it first where it is stale, missing or damaged.

    Args:
        folder: of the ledger.
        records: all outcome records, for a rebuild.
        sql: one read-only statement.

    Raises:
        LedgerError: the query cannot be run.
    """
    import duckdb

    path = _fresh_index(folder, records)
    try:
        with contextlib.closing(duckdb.connect(str(path), read_only=True)) as connection:
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description or ()]
            return columns, cursor.fetchall()
    except duckdb.Error as error:
        raise LedgerError(
            f"The query cannot be run: {error}. Tables: outcomes, metrics, items, curves "
            "(`select * from information_schema.columns` lists their columns)."
        ) from error
    finally:
        if path.parent != folder:
            path.unlink(missing_ok=True)


def _fresh_index(folder: Path, records: Sequence[OutcomeRecord]) -> Path:
    """The index file; in a temporary place where the ledger's folder cannot be written."""
    path = folder / "index.duckdb"
    wanted = stamp(folder)
    if path.exists() and _stamp_of(path) == wanted:
        return path
    try:
        part = folder / f".index-{os.getpid()}-{secrets.token_hex(3)}.duckdb"
        _build(part, wanted, records)
        part.replace(path)
    except (OSError, _database_error()):
        path = Path(tempfile.gettempdir()) / f"evenhand-index-{os.getpid()}-{secrets.token_hex(3)}.duckdb"
        _build(path, wanted, records)
    return path


def _database_error() -> type[Exception]:
    import duckdb

    error: type[Exception] = duckdb.Error
    return error


def _stamp_of(path: Path) -> str | None:
    import duckdb

    try:
        with contextlib.closing(duckdb.connect(str(path), read_only=True)) as connection:
            row = connection.execute("select stamp from state").fetchone()
            return None if row is None else str(row[0])
    except duckdb.Error:
        return None


def _build(path: Path, wanted: str, records: Sequence[OutcomeRecord]) -> None:
    import duckdb
    import pyarrow as pa

    from evenhand.ledger.tables import curves_table, items_table

    def placed(table: pa.Table, record: OutcomeRecord) -> pa.Table:
        keys = {"trial": record.trial.id, "segment": record.place.segment, "sequence": record.place.sequence}
        for i, (name, value) in enumerate(keys.items()):
            table = table.add_column(i, name, pa.array([value] * len(table)))
        return table

    with contextlib.closing(duckdb.connect(str(path))) as connection:
        connection.execute(_SCHEMA)
        for record in records:
            connection.execute(f"insert into outcomes values ({', '.join('?' * 24)})", _row(record))
        metrics = [row for record in records for row in _metric_rows(record)]
        if metrics:
            connection.executemany("insert into metrics values (?, ?, ?, ?, ?, ?)", metrics)
        for name, maker in (("items", items_table), ("curves", curves_table)):
            filled = [record for record in records if getattr(record.outcome, name)]
            if filled:
                found = [placed(maker(getattr(record.outcome, name)).unify_dictionaries(), record) for record in filled]
                rows = pa.concat_tables([_plain(table) for table in found])
                connection.register("rows", rows)
                connection.execute(f"insert into {name} select * from rows")
                connection.unregister("rows")
        connection.execute("insert into state values (?)", [wanted])


def _plain(table: Any) -> Any:
    """A table without dictionary columns, so that tables with other dictionaries can be joined."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table[field.name].cast(pa.string()))
    return table


def _row(record: OutcomeRecord) -> list[Any]:
    trial, outcome, execution = record.trial, record.outcome, record.execution
    failure = outcome.failure
    return [
        trial.id, trial.claim, record.claim_hash, trial.arm, trial.condition, trial.rung, trial.seed,
        trial.recipe, trial.fingerprint, record.exploratory, "ok" if failure is None else failure.kind,
        None if failure is None else failure.message, json.dumps(dict(trial.settings)), trial.unit, trial.amount,
        json.dumps(dict(outcome.spent)), execution.seconds, execution.cpu_seconds, execution.peak_memory_bytes,
        execution.attempt, execution.started, execution.device, record.place.segment, record.place.sequence,
    ]  # fmt: skip


def _metric_rows(record: OutcomeRecord) -> list[tuple[Any, ...]]:
    outcome, place = record.outcome, record.place
    names = sorted({*outcome.metrics, *outcome.items})
    keys = (record.trial.id, place.segment, place.sequence)
    defined = [(*keys, name, outcome.metric(name), None) for name in names]
    return defined + [(*keys, name, None, reason) for name, reason in outcome.undefined.items()]
