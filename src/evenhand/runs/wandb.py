"""Weights & Biases: the folder of an offline run, and ``wandb:ENTITY/PROJECT`` of a server.

A run's folder holds its record as blocks of a LevelDB log (which is read here) of protobuf messages (which need the
package ``wandb``). Of each metric the last value that was logged counts, never the summary, which may hold a best one.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evenhand.data.reading import check_file, read_bytes
from evenhand.errors import DataError
from evenhand.runs.checked import source_of, utc
from evenhand.runs.run import Certainty, Options, Run, Source
from evenhand.runs.tracked import Tracked, missing_package, read_table, runs_of_tracked

_BLOCK, _HEADER = 32768, 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_TABLE = "table-file"


class Wandb:
    """Reader of Weights & Biases."""

    name = "wandb"
    about = "Weights & Biases: the folder of an offline run, or wandb:ENTITY/PROJECT?run=NAME"

    def recognises(self, path: Path) -> Certainty:
        """A folder that holds a record, or the record."""
        if path.is_dir():
            return Certainty.SURE if _record_of(path) is not None else Certainty.NO
        return Certainty.SURE if path.suffix == ".wandb" else Certainty.NO

    def read(self, path: Path, options: Options) -> list[Run]:
        """The run of a folder.

        Raises:
            DataError: the package is not installed, or the record is damaged.
        """
        record = _record_of(path) if path.is_dir() else path
        assert record is not None
        return runs_of_tracked(_tracked(record), options)

    def ask(self, query: str, options: Options) -> list[Run]:
        """The runs of a project on a server, or one of them by its name.

        Raises:
            DataError: the package is not installed, the server does not answer or has no such project.
        """
        project, _, rest = query.partition("?")
        wanted = rest.removeprefix("run=")
        try:
            import wandb
        except ImportError as error:
            raise missing_package("wandb", "wandb", f"wandb:{query}") from error
        try:
            found = [_asked(run, project) for run in wandb.Api().runs(project) if wanted in ("", run.name, run.id)]
        except DataError:
            raise
        except (wandb.errors.AuthenticationError, wandb.errors.UsageError) as error:
            raise DataError(
                f"wandb:{query} cannot be read: nobody is logged in. Call `wandb login`, or set WANDB_API_KEY (and "
                "WANDB_BASE_URL for a server of your own)."
            ) from error
        except Exception as error:  # of many kinds: no connection, no such project
            line = " ".join(str(error).split())[:200].rstrip(".")
            raise DataError(f"wandb:{query} cannot be read ({type(error).__name__}: {line}).") from error
        return [run for one in found for run in runs_of_tracked(one, options)]


def _asked(run: Any, project: str) -> Tracked:
    """A run of a server: the last values of its history, and the tables that it logged last."""
    last: dict[str, Any] = {}
    for row in run.scan_history():
        last.update({key: value for key, value in row.items() if not key.startswith("_") and value is not None})
    place = f"wandb:{project}?run={run.id}"
    named = {key: value for key, value in last.items() if isinstance(value, dict) and value.get("_type") == _TABLE}
    with tempfile.TemporaryDirectory() as folder:
        tables = {name: _fetched(run, str(value.get("path")), Path(folder), place) for name, value in named.items()}
    return Tracked(
        str(run.name), Source(place, "", READER.name), dict(run.config),
        {key: value for key, value in last.items() if key not in named}, tables,
        status=str(run.state), ended_well=run.state == "finished", started=utc(run.created_at),
    )  # fmt: skip


def _fetched(run: Any, name: str, folder: Path, place: str) -> tuple[list[str], list[list[Any]]]:
    """A table of a run on a server."""
    with run.file(name).download(root=str(folder), replace=True) as file:
        path = Path(file.name)
    return read_table(path, f"{place}, {name}")


def _record_of(folder: Path) -> Path | None:
    if "run" not in folder.name:
        return None
    found = sorted(folder.glob("run-*.wandb"))
    return found[0] if len(found) == 1 else None


def _tracked(path: Path) -> Tracked:
    """What the record of a run says."""
    try:
        from wandb.proto import wandb_internal_pb2 as messages
    except ImportError as error:
        raise missing_package("wandb", "wandb", f"{path}") from error
    run: dict[str, Any] = {
        "name": path.parent.name,
        "config": {},
        "last": {},
        "started": "",
        "code": None,
        "version": "",
    }
    for raw in _records(path):
        record = messages.Record()
        try:
            record.ParseFromString(raw)
        except Exception as error:  # protobuf's own, which is not always the same class
            raise DataError(f"{path}: no sound record of Weights & Biases ({error}).") from error
        _take(run, record, path)
    files = {key.removesuffix("/_type") for key, value in run["last"].items() if value == _TABLE}
    return Tracked(
        str(run["name"]), source_of(path, READER.name, run["version"]), run["config"],
        {key: value for key, value in run["last"].items() if key.rpartition("/")[0] not in files},
        dict(_tables(path, {name: run["last"].get(f"{name}/path") for name in sorted(files)})),
        status="no end was recorded" if run["code"] is None else f"exit code {run['code']}",
        ended_well=run["code"] == 0, started=run["started"],
    )  # fmt: skip


def _take(run: dict[str, Any], record: Any, path: Path) -> None:
    """Take up one message: the run, its configuration, a row of its history, or its end."""
    kind = record.WhichOneof("record_type")
    if kind == "run":
        run["name"] = record.run.display_name or record.run.run_id or run["name"]
        run["config"].update(_values(record.run.config.update, path))
        run["started"] = utc(record.run.start_time.seconds)
        run["version"] = str(record.run.telemetry.cli_version)
    elif kind == "config":
        run["config"].update(_values(record.config.update, path))
    elif kind == "history":
        row = _values(record.history.item, path)
        run["last"].update({key: value for key, value in row.items() if not key.startswith("_")})
    elif kind == "exit":
        run["code"] = int(record.exit.exit_code)


def _values(items: Any, path: Path) -> dict[str, Any]:
    found = {}
    for item in items:
        key = item.key or "/".join(item.nested_key)
        try:
            found[key] = json.loads(item.value_json)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: the value of '{key}' is no JSON ({error}).") from error
    return found


def _tables(path: Path, named: Mapping[str, Any]) -> Iterator[tuple[str, tuple[list[str], list[list[Any]]]]]:
    """The tables that the run logged last under each name, which lie beside its record."""
    top = (path.parent / "files").resolve()
    for name, place in named.items():
        beside = (top / str(place)).resolve()
        if not beside.is_relative_to(top):
            raise DataError(f"{path}: the table '{name}' lies outside the folder of the run ({place}).")
        if not beside.is_file():
            told = f"there is no {beside}" if isinstance(place, str) else "the record does not say where"
            raise DataError(f"{path}: the table '{name}' is missing: {told}; fetch the folder of the run again.")
        yield name, read_table(beside, str(beside))


def _records(path: Path) -> Iterator[bytes]:
    """The messages of a record: a LevelDB log behind seven bytes that say what it is.

    Raises:
        DataError: no such file, or a block whose checksum is another. A torn last block is what a run that was killed
            leaves: it is left out.
    """
    check_file(path)
    data = read_bytes(path)
    if data[:4] != b":W&B":
        raise DataError(f"{path}: no record of Weights & Biases; it does not begin with ':W&B'.")
    at, part = _HEADER, b""
    while at + _HEADER <= len(data):
        left = _BLOCK - at % _BLOCK
        if left < _HEADER:
            at += left
            continue
        checksum = int.from_bytes(data[at : at + 4], "little")
        size, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        body = data[at + _HEADER : at + _HEADER + size]
        if len(body) < size:
            return
        if zlib.crc32(body, zlib.crc32(bytes([kind]))) != checksum or kind not in (_FULL, _FIRST, _MIDDLE, _LAST):
            raise DataError(f"{path}: the record is damaged at byte {at:,}; fetch the folder of the run again.")
        at += _HEADER + size
        part = body if kind in (_FULL, _FIRST) else part + body
        if kind in (_FULL, _LAST):
            yield part
            part = b""


READER = Wandb()
