"""Trackio: the SQLite database of a project, ``trackio:PROJECT`` or its file; the package itself is not needed."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evenhand.errors import DataError, shortened
from evenhand.runs.checked import source_of, table, utc
from evenhand.runs.run import Certainty, Options, Run
from evenhand.runs.tracked import Tracked, runs_of_tracked

_TABLE = "trackio.table"


class Trackio:
    """Reader of Trackio's databases."""

    name = "trackio"
    about = "Trackio: PROJECT.db, or trackio:PROJECT"

    def recognises(self, path: Path) -> Certainty:
        """By the tables of the database."""
        return Certainty.SURE if path.suffix == ".db" and {"metrics", "configs"} <= tables_of(path) else Certainty.NO

    def read(self, path: Path, options: Options) -> list[Run]:
        """The runs of a project.

        Raises:
            DataError: no sound database of Trackio.
        """
        return [run for one in _tracked(path) for run in runs_of_tracked(one, options)]

    def ask(self, query: str, options: Options) -> list[Run]:
        """The runs of a project by its name, where Trackio keeps its databases (``TRACKIO_DIR``)."""
        home = os.environ.get("TRACKIO_DIR") or str(Path.home() / ".cache" / "huggingface" / "trackio")
        path = Path(home) / f"{query}.db"
        if not path.is_file():
            known = ", ".join(sorted(one.stem for one in Path(home).glob("*.db"))) or "none"
            raise DataError(f"trackio:{query}: there is no project '{query}' in {home}; there are: {known}.")
        return self.read(path, options)


def tables_of(path: Path) -> set[str]:
    """Names of the tables of an SQLite database; none where it is no such file."""
    try:
        with path.open("rb") as file:
            if file.read(15) != b"SQLite format 3":
                return set()
        with reading(path) as connection:
            return {str(name) for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    except (OSError, sqlite3.Error, ValueError):
        return set()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that nothing is written to."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        yield connection
    finally:
        connection.close()


def _tracked(path: Path) -> list[Tracked]:
    try:
        with reading(path) as connection:
            configs = list(connection.execute("select run_name, config, created_at from configs order by id"))
            logged = list(connection.execute("select run_name, metrics, timestamp from metrics order by step, id"))
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise DataError(f"{path}: no sound database of Trackio ({error}).") from error
    source = source_of(path, READER.name)
    runs: dict[str, dict[str, Any]] = {}
    for name, config, created in configs:
        own = runs.setdefault(str(name), {"config": {}, "metrics": {}, "tables": {}, "times": []})
        own["config"].update(_object(config, path))
        own["times"].append(utc(created))
    for name, values, time in logged:
        own = runs.setdefault(str(name), {"config": {}, "metrics": {}, "tables": {}, "times": []})
        own["times"].append(utc(time))
        for key, value in _object(values, path).items():
            if isinstance(value, dict):
                if value.get("_type") == _TABLE:
                    own["tables"][key] = _rows(value)
            else:
                own["metrics"][key] = value
    return [
        Tracked(
            name, source, own["config"], own["metrics"], own["tables"],
            started=min(filter(None, own["times"]), default=""), ended=max(filter(None, own["times"]), default=""),
        )
        for name, own in runs.items()
    ]  # fmt: skip


def _object(raw: Any, path: Path) -> dict[str, Any]:
    try:
        return dict(table(json.loads(raw)))
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{path}: an entry is no JSON: {shortened(raw)}.") from error


def _rows(value: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    rows = [table(row) for row in value.get("_value", ())] if isinstance(value.get("_value"), list) else []
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    return columns, [[row.get(column) for column in columns] for row in rows]


READER = Trackio()
