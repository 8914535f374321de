"""What is piped in as a log: ``... | evenhand audit -``. Its kind is told by what it holds, as it has no name."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from evenhand.audit.reading.opened import open_log
from evenhand.audit.text.log import Log
from evenhand.errors import DataError

DASH = Path("-")
"""What stands for standard input where files are named."""

NAME = "standard input"

_ROWS, _MOST_LOOKED_AT = 3, 200


def read_standard_input(stream: BinaryIO) -> Log:
    """All that a stream holds as one log, with its name in remarks and errors; a file keeps it while it is read.

    Raises:
        DataError: as for a file of this content; there is no room to keep it.
    """
    try:
        given = stream.read()
        with tempfile.TemporaryDirectory(prefix="evenhand-") as folder:
            path = Path(folder, f"{NAME}{_ending(given)}")
            path.write_bytes(given)
            try:
                log = open_log(path)
            except DataError as error:
                raise DataError(str(error).replace(str(path), NAME)) from None
    except OSError as error:
        raise DataError(
            f"{NAME} could not be kept while it is read: {error.strerror or error}. Make room in {_kept_in()}, or set "
            "TMPDIR to a folder that has some."
        ) from error
    return replace(log, name=NAME, remarks=tuple(one.replace(str(path), NAME) for one in log.remarks))


def _kept_in() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "a folder for temporary files"


def _ending(given: bytes) -> str:
    """How the name of a file would end that holds this."""
    lines = [line for line in given.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    if not lines:
        return ".md"
    if lines[0].lstrip()[0] in "{[":
        if len(lines) > 1 and all(_is_object(line) for line in lines[:2]):
            return ".jsonl"
        return ".json" if _is_json("\n".join(lines)) else ".md"
    return next((ending for mark, ending in ((",", ".csv"), ("\t", ".tsv")) if _is_table(lines, mark)), ".md")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _is_object(line: str) -> bool:
    return line.lstrip().startswith("{") and _is_json(line)


def _is_table(lines: list[str], mark: str) -> bool:
    """Whether lines have a header of names, and cells for each of them without blanks behind the marks."""
    if mark not in lines[0] or len(lines) < _ROWS or any(f"{mark} " in line for line in lines[:_ROWS]):
        return False
    try:
        cells = list(csv.reader(lines[:_MOST_LOOKED_AT], delimiter=mark))
    except csv.Error:
        return False
    return len(cells[0]) > 1 and len({len(row) for row in cells}) == 1
