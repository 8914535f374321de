"""Files of conversations and questions: rows of .jsonl, .json and .parquet files, each with its place."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evenhand.data import reading
from evenhand.errors import DataError


def read_records(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, record) of every row of a .jsonl, .json or .parquet file; lines are read one by one.

    Raises:
        DataError: another kind of file, or one that cannot be read; names the line.
    """
    kind = path.suffix.lower()
    if kind == ".jsonl":
        yield from _records_of_lines(path)
    elif kind == ".json":
        document = reading.read_json(path)
        if not isinstance(document, list):
            raise DataError(f"{path} must hold a list of records; found {type(document).__name__}.")
        yield from ((f"{path.name}[{number}]", record) for number, record in enumerate(document, 1))
    elif kind == ".parquet":
        rows = reading.read_parquet(path)
        yield from ((f"{path.name} row {number}", record) for number, record in enumerate(rows, 1))
    else:
        raise DataError(f"{path.name}: conversations are read from .jsonl, .json or .parquet; found '{kind}'.")


def _records_of_lines(path: Path) -> Iterator[tuple[str, Any]]:
    """A file may be larger than the memory, so no more than one line of it is held."""
    reading.check_file(path)
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).rstrip(b"\r\n")
            if not line.strip():
                continue
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = f"0x{line[error.start]:02x}"
                raise DataError(
                    f"{path}:{number}: the byte {byte} is no UTF-8; save the file in the encoding UTF-8."
                ) from error
            yield f"{path.name}:{number}", reading.parse_json(text, str(path), number)


def shown(value: Any) -> str:
    """A value in an error: short, and never deeper than one level."""
    if value is None or isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= 120 else f"{text[:117]}..."
    if isinstance(value, Mapping):
        return f"an object with {', '.join(map(repr, list(value)[:6])) or 'nothing'}"[:120]
    return f"a {type(value).__name__}"
