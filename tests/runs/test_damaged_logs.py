"""Damage to what trackers and Inspect write in binary: one sentence, whatever their own packages make of it.

Each test takes a small real file, written by its package, and reads five hundred damaged ones. Where a checksum would
catch every damage at the door, half of them get a sound one, so that what is behind it is reached.
"""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand.runs import mlflow, tensorboard
from evenhand.runs.inspect_ai import InspectLog
from evenhand.runs.mlflow import MLflow
from evenhand.runs.run import Options, Reader, Source
from evenhand.runs.tensorboard import TensorBoard
from evenhand.runs.tracked import Tracked, runs_of_tracked
from evenhand.runs.trackio import Trackio
from evenhand.runs.wandb import Wandb, _records, _tables
from tests.mlflow_server import database
from tests.mutations import assert_only_data_errors, binary_mutations, json_mutations, mutations
from tests.runs import writers

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_is_sent")]
ROWS = [[f"q{i}", f"question {i}", i % 2] for i in range(4)]
ODD = (None, "", "x", "{", '{"a": ', "[]", "9" * 400, -1, 2**62, 1e308, b"\xff\xfe", '{"_type": "trackio.table"}')


def reads(reader: Reader) -> Callable[[Path], object]:
    def read(path: Path) -> None:
        reader.recognises(path)
        reader.read(path, Options())

    return read


def changed_rows(sound: Path, tables: dict[str, list[str]], count: int) -> Iterator[bytes]:
    """A database that is sound, with an odd value in one field or without a row."""
    rng = np.random.default_rng(0)
    place = sound.with_suffix(".changed")
    for _ in range(count):
        place.write_bytes(sound.read_bytes())
        table = list(tables)[int(rng.integers(len(tables)))]
        column = tables[table][int(rng.integers(len(tables[table])))]
        value = ODD[int(rng.integers(len(ODD)))]
        with sqlite3.connect(place) as connection:
            connection.execute("pragma synchronous = off")
            try:
                connection.execute(f"update or ignore {table} set {column} = ?", (value,))
            except (sqlite3.Error, OverflowError):  # refused by the table itself
                connection.execute(f"delete from {table}")
        connection.close()
        yield place.read_bytes()


def test_trackio(tmp_path: Path) -> None:
    sound = tmp_path / "sound.db"
    with sqlite3.connect(sound) as connection:  # as Trackio 0.43 makes it
        connection.executescript("""
            create table metrics (id integer primary key, run_id text not null, timestamp text not null,
                run_name text not null, step integer not null, metrics text not null, log_id text, space_id text);
            create table configs (id integer primary key, run_id text not null, run_name text not null,
                config text not null, created_at text not null, unique(run_id));
        """)
        table = {"_type": "trackio.table", "_value": [dict(zip(writers.COLUMNS, row, strict=True)) for row in ROWS]}
        for step, values in enumerate(({"accuracy": 0.5}, {"accuracy": 0.75, "scored": table})):
            connection.execute("insert into metrics values (?, 'r', '2026-01-01T00:00:00', 'base', ?, ?, null, null)",
                               (step, step, json.dumps(values)))  # fmt: skip
        connection.execute("insert into configs values (0, 'r', 'base', '{\"seed\": 0}', '2026-01-01T00:00:00')")
    connection.close()
    read = reads(Trackio())
    read(sound)
    refused, accepted = assert_only_data_errors(read, binary_mutations(sound.read_bytes()), tmp_path / "p.db")
    assert min(refused, accepted) > 50
    columns = {"metrics": ["run_name", "timestamp", "step", "metrics"], "configs": ["run_name", "config", "created_at"]}
    refused, accepted = assert_only_data_errors(read, changed_rows(sound, columns, 200), tmp_path / "p.db")
    assert min(refused, accepted) > 20


class Artifacts:
    """Of a client of MLflow, what tables are asked of."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def download_artifacts(self, run: str, name: str, folder: str) -> str:
        return str(self.path)


def test_mlflow(tmp_path: Path) -> None:
    """Through MLflow, which opens a database in a tenth of a second: most damage is done to one that is open."""
    uri = database(tmp_path)
    from mlflow import MlflowClient

    experiment = MlflowClient(uri).create_experiment("e", artifact_location=(tmp_path / "artifacts").as_uri())
    writers.mlflow_run(uri, experiment, "base", ROWS)
    open_ = tmp_path / "mlflow.db"
    sound = open_.read_bytes()
    names = iter(range(1000))

    def read_anew(path: Path) -> None:
        own = path.rename(path.with_name(f"{next(names)}-{path.name}"))  # MLflow keeps what it has opened by its name
        MLflow().recognises(own)
        MLflow().read(own, Options())

    refused, accepted = assert_only_data_errors(read_anew, binary_mutations(sound, 50), tmp_path / "p.db")
    assert min(refused, accepted) > 5
    columns = {
        "runs": ["name", "status", "start_time", "end_time", "artifact_uri", "lifecycle_stage", "experiment_id"],
        "latest_metrics": ["key", "value", "step", "is_nan"], "params": ["key", "value"], "tags": ["key", "value"],
    }  # fmt: skip
    for table in columns:
        changed(open_, f"create table saved_{table} as select * from {table}")
    rng = np.random.default_rng(0)
    for number in range(150):
        table = list(columns)[number % len(columns)]
        column = columns[table][int(rng.integers(len(columns[table])))]
        changed(open_, f"update or ignore {table} set {column} = ?", ODD[int(rng.integers(len(ODD)))])
        try:
            MLflow().read(open_, Options())
        except DataError as error:
            assert open_.name in str(error), f"{table}.{column}"  # noqa: PT017
        changed(open_, f"delete from {table}")
        changed(open_, f"insert into {table} select * from saved_{table}")
    (run,) = MLflow().read(open_, Options())
    assert run.items is not None
    run_ = SimpleNamespace(info=SimpleNamespace(run_id="r"), data=SimpleNamespace(tags={}))
    table_ = {"columns": writers.COLUMNS, "data": ROWS}

    def read_table(path: Path) -> None:
        found = dict(mlflow._tables(Artifacts(path), run_, {"table": path.name}, path.name))
        runs_of_tracked(Tracked("base", Source(path.name, "", "mlflow"), tables=found), Options())

    for damaged in (mutations(json.dumps(table_).encode(), 150), json_mutations(table_, 150)):
        assert_only_data_errors(read_table, damaged, tmp_path / "scored.json")


def changed(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as connection, contextlib.suppress(sqlite3.Error, OverflowError):
        connection.execute("pragma synchronous = off")
        connection.execute(statement, values)  # what the table itself refuses is no damage that a file can have
    connection.close()


def framed(messages: list[bytes], frame: Callable[[bytes], bytes], head: bytes = b"") -> bytes:
    return head + b"".join(map(frame, messages))


def block(message: bytes) -> bytes:
    """A record of Weights & Biases with its checksum."""
    kind = b"\x01"
    return struct.pack("<IHB", zlib.crc32(message, zlib.crc32(kind)), len(message), 1) + message


@pytest.mark.parametrize(
    ("place", "says"), [(None, "the record does not say where"), ("gone.json", "there is no .*gone.json")]
)
def test_a_table_that_a_wandb_record_names_and_that_is_missing_is_told(
    tmp_path: Path, place: str | None, says: str
) -> None:
    with pytest.raises(DataError, match=f"run-x.wandb: the table 'scored' is missing: {says}; fetch the folder"):
        dict(_tables(tmp_path / "run-x.wandb", {"scored": place}))


def test_wandb(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    import wandb

    writers.wandb_run(tmp_path, "base", ROWS)
    wandb.teardown()
    (record,) = tmp_path.rglob("run-*.wandb")
    sound = record.read_bytes()
    read = reads(Wandb())
    read(record)
    refused, accepted = assert_only_data_errors(read, binary_mutations(sound, 250), record)
    assert refused > 100
    record.write_bytes(sound)
    messages = list(_records(record))
    assert max(map(len, messages)) < 30_000
    inside = one_damaged(messages, lambda parts: framed(parts, block, sound[:7]), 250)
    refused, accepted = assert_only_data_errors(read, inside, record)
    assert min(refused, accepted) > 10
    record.write_bytes(sound)
    (table,) = record.parent.rglob("*.table.json")
    document = json.loads(table.read_text())

    def read_beside(path: Path) -> None:
        Wandb().read(record, Options())

    for damaged in (mutations(table.read_bytes(), 100), json_mutations(document, 100)):
        assert_only_data_errors(read_beside, damaged, table, names=record.name.removesuffix(".wandb"))


def one_damaged(messages: list[bytes], whole: Callable[[list[bytes]], bytes], count: int) -> Iterator[bytes]:
    """Files one of whose messages is damaged inside sound checksums."""
    rng = np.random.default_rng(1)
    for number in range(count):
        at = int(rng.integers(len(messages)))
        (*_, damaged) = binary_mutations(messages[at], 14, seed=number)
        yield whole([*messages[:at], damaged[:60_000], *messages[at + 1 :]])


def test_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    path = writers.event_file(tmp_path / "run")
    sound, read = path.read_bytes(), reads(TensorBoard())
    messages = list(tensorboard._records(path, masked_crc32c))

    def record(message: bytes) -> bytes:
        size = struct.pack("<Q", len(message))
        return size + struct.pack("<I", masked_crc32c(size)) + message + struct.pack("<I", masked_crc32c(message))

    assert framed(messages, record) == sound
    refused, _ = assert_only_data_errors(read, binary_mutations(sound, 250), path)
    assert refused > 100
    inside = one_damaged(messages, lambda parts: framed(parts, record), 250)
    refused, accepted = assert_only_data_errors(read, inside, path)
    assert min(refused, accepted) > 20


@pytest.mark.parametrize("installed", [True, False], ids=["with inspect", "without"])
def test_inspects_packed_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    pytest.importorskip("inspect_ai")
    made, _ = writers.inspect_run(tmp_path, ["A", "B", "A"], 3, "json")
    document = json.loads(made.read_text())
    samples = document.pop("samples")
    if not installed:
        monkeypatch.setitem(sys.modules, "inspect_ai.log", None)

    def packed(parts: dict[str, bytes]) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return held.getvalue()

    parts = {"header.json": json.dumps(document).encode()}
    parts |= {f"samples/{one['id']}_epoch_1.json": json.dumps(one).encode() for one in samples}
    path, read = tmp_path / "log.eval", reads(InspectLog())
    path.write_bytes(packed(parts))
    read(path)
    refused, _ = assert_only_data_errors(read, binary_mutations(path.read_bytes(), 250), path)
    assert refused > 100  # of the few copies that are read as if they were sound there may be none

    def inside() -> Iterator[bytes]:
        for number in range(250):
            name = list(parts)[number % len(parts)]
            damaged = json_mutations(json.loads(parts[name]), 1, seed=number)
            yield packed({**parts, name: next(damaged)})

    refused, accepted = assert_only_data_errors(read, inside(), path)
    assert min(refused, accepted) > 20
