"""Reading files that people bring: whatever is wrong with one is a single sentence with file and line.

Every reader goes through here, so that bytes that are no UTF-8, a byte order mark, broken JSON or Parquet, deep
nesting, numbers of hundreds of digits, a Git LFS pointer or an HTML page in a file's place are told alike, as
:class:`DataError`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evenhand.data.encodings import HEAD, no_text
from evenhand.errors import DataError, counted

_HEAD = 512
UNPACKED_BYTES = 1 << 28
"""What a compressed file may hold at most: a file of a few kilobytes can stand for terabytes."""
_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html", b"<head", b'<?xml version="1.0" encoding="utf-8"?><!doctype html')


def disguise(head: bytes, *, page: bool = False) -> str:
    """What a file really is, where its first bytes show a download gone wrong (no ``page`` was wanted), or empty."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_LFS):
        return "a Git LFS pointer, not the file itself; fetch it with `git lfs pull`"
    if start.startswith(_HTML) and not page:
        return "an HTML page, not the file itself; the download failed or needs a login"
    return ""


def check_file(path: Path, *, page: bool = False) -> None:
    """Refuse what is no file, or a file that stands for another; with ``page``, one in HTML is what is asked for.

    Raises:
        DataError: there is no such file, it is a folder, cannot be read, or is a Git LFS pointer or an HTML page.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; expected a file.")
    try:
        with path.open("rb") as file:
            found = disguise(file.read(_HEAD), page=page)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if found:
        raise DataError(f"{path} is {found}.")


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, without its byte order mark.

    Raises:
        DataError: as :func:`check_file`, or bytes that are no UTF-8; names the line.
    """
    return _decoded(path, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: as :func:`check_file`.
    """
    check_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _decoded(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start
        line = raw.count(b"\n", 0, at) + 1
        raise no_text(path, line, raw[at], raw[:HEAD], raw[max(0, at - HEAD) : at + HEAD]) from error


def read_lines(path: Path) -> list[str]:
    """The lines of a text file without their ends, which are those of Unix, Windows or old Macs and nothing else.

    ``str.splitlines`` breaks at separators, too, that texts may hold, and lines are then counted wrong.

    Raises:
        DataError: as :func:`read_text`.
    """
    lines = re.split(r"\r\n|\r|\n", read_text(path))
    return lines if lines[-1] else lines[:-1]


def read_gzip_text(path: Path, most: int = UNPACKED_BYTES) -> str:
    """The text of a file that gzip has compressed.

    Raises:
        DataError: as :func:`read_text`; not compressed, damaged, or more than ``most`` bytes when unpacked.
    """
    check_file(path)
    try:
        with gzip.open(path) as file:
            raw = file.read(most + 1)
    except gzip.BadGzipFile as error:
        raise DataError(
            f"{path} is not compressed, or damaged: {error}. Compress it with gzip, or fetch it again."
        ) from error
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path} is compressed and damaged: {error}.") from error
    if len(raw) > most:
        raise DataError(f"{path} holds more than {most:,} bytes when unpacked; no file of its kind is that large.")
    return _decoded(path, raw)


def parse_json(text: str, where: str, first_line: int = 1, *, strict: bool = True) -> Any:
    """A JSON document; NaN and Infinity, which are no JSON, are refused.

    Args:
        text: the document.
        where: the file, for the sentence of an error.
        first_line: number of the text's first line in that file.
        strict: as in :func:`read_json_lines`.

    Raises:
        DataError: no valid JSON, too deeply nested, or a number that is none or has too many digits; names the line.
    """
    try:
        document = _STRICT.decode(text) if strict else json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except UnicodeEncodeError as error:
        raise DataError(f"{where}:{first_line}: no usable JSON (an escape is half of a surrogate pair).") from error
    except json.JSONDecodeError as error:
        place = f"{where}:{first_line + error.lineno - 1}"
        raise DataError(f"{place}: no valid JSON ({error.msg}, column {error.colno}).") from error
    except RecursionError as error:
        raise DataError(f"{where}:{first_line}: no usable JSON (nested too deeply).") from error
    except ValueError as error:
        reason = str(error) if isinstance(error, _NoNumber) else "a number has too many digits"
        raise DataError(f"{where}:{first_line}: no usable JSON ({reason}).") from error


class _NoNumber(ValueError):
    """A number that JSON does not have, or that no float can hold."""


def _no_constant(name: str) -> float:
    raise _NoNumber(f"{name} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _NoNumber(f"the number {text[:20]} is too large")
    return value


_STRICT = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
"""Made once: lines of logs are many, and short."""
_LENIENT = json.JSONDecoder()
_AT_ONCE = 1 << 20
"""Characters of lines that are parsed in one call, which takes half as long as a call for each."""
_BETWEEN = os.urandom(16).hex()
"""Stands between lines that are parsed at once; random, so that no line holds it."""


def read_json(path: Path, *, strict: bool = True) -> Any:
    """The one JSON document of a file; ``strict`` as in :func:`read_json_lines`.

    Raises:
        DataError: as :func:`read_text` and :func:`parse_json`.
    """
    return parse_json(read_text(path), str(path), strict=strict)


def read_json_lines(path: Path, *, strict: bool = True) -> list[tuple[int, Any]]:
    """(line number, document) of every line of a JSON lines file that is not blank.

    Args:
        path: the file.
        strict: refuse NaN and Infinity, which are no JSON; else they are read as Python writes them, and whoever uses a
            number must look whether it is finite. Logs of other programs hold them in fields that nobody needs.

    Raises:
        DataError: as :func:`read_text`; lines that are no JSON, up to five of them named at once.
    """
    return list(iter_json_lines(path, strict=strict))


def iter_json_lines(path: Path, *, strict: bool = True) -> Iterator[tuple[int, Any]]:
    """The same one after the other, so that what a line holds can be let go; faults are told at the end.

    Raises:
        DataError: as :func:`read_json_lines`.
    """
    faults = []
    for lines in _batches(read_text(path)):
        documents = _at_once([line for _, line in lines], _STRICT if strict else _LENIENT)
        if documents is not None:
            yield from ((number, document) for (number, _), document in zip(lines, documents, strict=True))
            continue
        for number, line in lines:
            try:
                document = parse_json(line, str(path), number, strict=strict)
            except DataError as error:
                faults.append(str(error))
                continue
            yield number, document
    if faults:
        more = f" And {counted(len(faults) - 5, 'line')} more." if len(faults) > 5 else ""
        raise DataError(" ".join(faults[:5]) + more)


def _batches(text: str) -> Iterator[list[tuple[int, str]]]:
    """(number, line) of all lines that are not blank, as many together as are parsed at once."""
    batch, size = list[tuple[int, str]](), 0
    # splitlines() would also break at separators that JSON strings may hold unescaped.
    for number, line in enumerate(text.split("\n"), start=1):
        if line and not line.isspace():
            batch.append((number, line))
            size += len(line)
            if size >= _AT_ONCE:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _at_once(lines: Sequence[str], decoder: json.JSONDecoder) -> list[Any] | None:
    """The documents of some lines, one for each; None where that is not what they hold, and each must be looked at.

    With what stands between them every second value of one list, each line is exactly one document: nothing that is
    open at the end of one is closed by another.
    """
    text = f',"{_BETWEEN}",'.join(lines)
    if "\\ud" in text or "\\uD" in text:
        return None
    try:
        found: list[Any] = decoder.decode(f"[{text}]")
    except (ValueError, RecursionError):
        return None
    sound = len(found) == 2 * len(lines) - 1 and found[1::2] == [_BETWEEN] * (len(lines) - 1)
    return found[::2] if sound else None


def read_csv(path: Path, columns: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of every row of a CSV file with a header; every row has all columns of the header.

    Args:
        path: the file.
        columns: names that the header must hold.

    Raises:
        DataError: as :func:`read_text`; a column that is missing; a row that is shorter or longer than the header.
    """
    # as a file that was opened with newline="": fields may hold separators at which str.splitlines would break
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    try:
        names = reader.fieldnames or ()
        missing = [name for name in columns if name not in names]
        if missing:
            raise DataError(
                f"{path}:1: the header lacks {', '.join(missing)}; found {', '.join(map(str, names)) or 'no header'}."
            )
        for row in reader:
            short = [name for name, value in row.items() if name is not None and value is None]
            if short:
                raise DataError(f"{path}:{reader.line_num}: the row is short; it has nothing for {', '.join(short)}.")
            if None in row:
                raise DataError(f"{path}:{reader.line_num}: the row has more fields than the header's {len(names)}.")
            yield reader.line_num, row
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: no valid CSV ({error}).") from error


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file.

    Raises:
        DataError: as :func:`check_file`, or the file is no sound Parquet.
    """
    check_file(path)
    import pyarrow
    import pyarrow.parquet

    try:
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: no sound Parquet file ({str(error).splitlines()[0][:200]}).") from error
    return rows
