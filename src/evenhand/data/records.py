"""Records (mappings) from a local file or a hub id: JSON, JSON lines, CSV, Parquet, plain text.

A source is a path (``data/train.jsonl``) or ``hub:OWNER/NAME[/CONFIG]/SPLIT``, say
``hub:allenai/ai2_arc/ARC-Challenge/train``.
Nothing is fetched unless a hub id is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evenhand.data import reading
from evenhand.errors import DataError

Record = Mapping[str, Any]
HUB = "hub:"
SUFFIXES = (".jsonl", ".json", ".csv", ".parquet", ".txt")


def read_records(source: str, resolve: Callable[[str], Path]) -> list[Record]:
    """All records of a source.

    Args:
        source: path or hub id.
        resolve: turns a path as written into the file (``Bench.data``, which records its hash).

    Raises:
        DataError: no such file, a form that is not known, a line that cannot be read, or a hub that cannot be reached.
    """
    return read_hub(source) if source.startswith(HUB) else read_file(resolve(source))


def read_file(path: Path) -> list[Record]:
    """All records of a local file; a text file's lines become ``{"text": line}``."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path} has the unknown form '{suffix}'; expected one of {', '.join(SUFFIXES)}.")
    if suffix == ".parquet":
        rows: list[Record] = list(reading.read_parquet(path))
    elif suffix == ".csv":
        rows = [row for _, row in reading.read_csv(path)]
    elif suffix == ".txt":
        rows = [{"text": line} for line in reading.read_text(path).splitlines() if line.strip()]
    elif suffix == ".json":
        document = reading.read_json(path)
        if not isinstance(document, list):
            raise DataError(f"{path} must hold a list of records; found {type(document).__name__}.")
        rows = _records(path, list(enumerate(document)), "record")
    else:
        rows = _records(path, reading.read_json_lines(path), "line")
    if not rows:
        raise DataError(f"{path} holds no records.")
    return rows


def _records(path: Path, rows: list[tuple[int, Any]], unit: str) -> list[Record]:
    faults = [f"{unit} {number}: {type(row).__name__}" for number, row in rows if not isinstance(row, Mapping)]
    if faults:
        raise DataError(f"{path}: expected records of named values (JSON objects); found {'; '.join(faults[:5])}.")
    return [row for _, row in rows]


def read_hub(source: str) -> list[Record]:
    """All records of a hub data set, through the package ``datasets``."""
    parts = source.removeprefix(HUB).split("/")
    if len(parts) not in (3, 4):
        raise DataError(f"'{source}' is no hub id; expected {HUB}OWNER/NAME/SPLIT or {HUB}OWNER/NAME/CONFIG/SPLIT.")
    name, config, split = "/".join(parts[:2]), parts[2] if len(parts) == 4 else None, parts[-1]
    try:
        import datasets
    except ImportError as error:
        raise DataError(
            f"'{source}' needs the package datasets: pip install datasets, or give a local file."
        ) from error
    try:
        return list(datasets.load_dataset(name, config, split=split))
    except (ConnectionError, TimeoutError):
        raise  # a hub that does not answer is the machine's failure, not the data's
    except Exception as error:
        raise DataError(f"'{source}' could not be loaded: {type(error).__name__}: {error}") from error
