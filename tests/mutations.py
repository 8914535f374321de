"""Damage for readers: a sound file in, many damaged ones out, the same for the same seed.

``assert_only_data_errors(reader, mutations(sound), tmp_path / "file.csv")`` shows that a reader tells every damage as a
DataError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from evenhand.errors import DataError, EvenhandError

COUNT = 500
_DIGITS = b"9" * 400
_INSERTS = (
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r",
    b"\n\n",
    b"\t",
    b'"',
    b"'",
    b",",
    b";",
    b"{",
    b"}",
    b"[",
    b"]",
    b"<",
    b"NaN",
    b"Infinity",
    b"-",
    b"1e999",
    _DIGITS,
    b"[" * 5000,
    b'{"a":' * 5000,
    b"null",
    b"true",
    b"-1",
    b"2147483648",
    "\u2028".encode(),
    "\u202e".encode(),
    "\u2212".encode(),
)
_WHOLE = (
    b"",
    b"\n",
    b"\xef\xbb\xbf",
    b"null",
    b"1",
    b"[]",
    b"{}",
    b"[null]",
    b'{"a": 1}',
    b"\x00" * 64,
    b"[" * 100_000,
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    b"<!DOCTYPE html><html><body>404</body></html>",
)


def mutations(sound: bytes, count: int = COUNT, seed: int = 0) -> Iterator[bytes]:
    """``count`` damaged copies of a file: bytes changed, cut, doubled, put in; fields and values replaced."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        if number < len(_WHOLE):
            yield _WHOLE[number]
            continue
        damaged = bytearray(sound)
        for _ in range(int(rng.integers(1, 4))):
            _damage(damaged, rng)
        yield bytes(damaged)


def binary_mutations(sound: bytes, count: int = COUNT, seed: int = 0) -> Iterator[bytes]:
    """``count`` damaged copies of a binary file: bytes flipped, cut, zeroed, taken out, put in, doubled, swapped."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        if number < len(_WHOLE):
            yield _WHOLE[number]
            continue
        damaged = bytearray(sound)
        for _ in range(int(rng.integers(1, 4))):
            _damage_bytes(damaged, rng)
        yield bytes(damaged)


def _damage_bytes(data: bytearray, rng: np.random.Generator) -> None:
    kind, at = int(rng.integers(7)), int(rng.integers(len(data) + 1))
    size = int(2 ** rng.uniform(0, 12))
    part = data[at : at + size]
    if kind == 0 and data:
        data[at % len(data)] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        data[at : at + size] = bytes(len(part))
    elif kind == 3:
        del data[at : at + size]
    elif kind == 4:
        data[at:at] = rng.bytes(min(size, 64))
    elif kind == 5:
        data[at:at] = part
    else:
        other = int(rng.integers(len(data) + 1))
        data[at : at + size], data[other : other + len(part)] = data[other : other + len(part)], part


def _damage(data: bytearray, rng: np.random.Generator) -> None:
    kind = int(rng.integers(8))
    at = int(rng.integers(len(data) + 1))
    if kind == 0 and data:
        data[at % len(data)] = int(rng.integers(256))
    elif kind == 1 and data:
        data[at % len(data)] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        del data[at : at + int(rng.integers(1, 40))]
    elif kind == 4:
        data[at:at] = _INSERTS[int(rng.integers(len(_INSERTS)))]
    elif kind == 5:
        data[at:at] = data[at : at + int(rng.integers(1, 200))]
    elif kind == 6:
        _replace_token(data, rng)
    else:
        lines = bytes(data).split(b"\n")
        lines.insert(
            int(rng.integers(len(lines) + 1)), lines[int(rng.integers(len(lines)))][: int(rng.integers(1, 30))]
        )
        data[:] = b"\n".join(lines)


_MARK = re.compile(rb'[],:;\t\n "[{}>]')


def _replace_token(data: bytearray, rng: np.random.Generator) -> None:
    """Put another value in the place of one between separators."""
    marks = [found.start() for found in _MARK.finditer(data)]
    if len(marks) < 2:
        return
    chosen = int(rng.integers(len(marks) - 1))
    data[marks[chosen] + 1 : marks[chosen + 1]] = _INSERTS[int(rng.integers(len(_INSERTS)))]


def json_mutations(document: object, count: int = COUNT, seed: int = 0) -> Iterator[bytes]:
    """Damaged JSON that is still JSON: values of another kind, keys that are missing, doubled or unknown."""
    rng = np.random.default_rng(seed)
    odd = (
        None,
        True,
        -1,
        0,
        1e308,
        10**400,
        "",
        "x",
        [],
        {},
        [[]],
        {"a": {}},
        "\x00",
        "\u202e",
        2**31,
        2**63,
        0.5,
        [1, "a"],
    )
    for _ in range(count):
        copy = json.loads(json.dumps(document))
        for _ in range(int(rng.integers(1, 3))):
            copy = _mutate(copy, rng, odd)
        yield json.dumps(copy).encode()


def _mutate(value: object, rng: np.random.Generator, odd: tuple[object, ...]) -> object:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = list(value)[int(rng.integers(len(value)))]
        if rng.random() < 0.15:
            del value[key]
        elif rng.random() < 0.1:
            value[key + "_"] = value[key]
        else:
            value[key] = _mutate(value[key], rng, odd)
        return value
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = int(rng.integers(len(value)))
        value[at] = _mutate(value[at], rng, odd)
        return value
    return json.loads(json.dumps(odd[int(rng.integers(len(odd)))]))


def assert_only_data_errors(
    reader: Callable[[Path], object],
    damaged: Iterator[bytes],
    path: Path,
    allowed: type[EvenhandError] = DataError,
    names: str = "",
) -> tuple[int, int]:
    """Read every damaged file; anything raised but a one-sentence error that names the file fails the test.

    ``names`` is what the error must name in place of the file, which may be one beside it.

    Returns:
        How many were refused, and how many read.
    """
    refused = accepted = 0
    for number, content in enumerate(damaged):
        path.unlink(missing_ok=True)  # a file that is cut and written anew is waited for until the disk has it
        path.write_bytes(content)
        try:
            reader(path)
        except allowed as error:
            refused += 1
            if (names or path.name) not in str(error) and path.name not in str(error):
                raise AssertionError(f"mutation {number}: the error does not name the file: {error}") from error
        except Exception as error:
            raise AssertionError(f"mutation {number} of {path.name}: {type(error).__name__}: {error}") from error
        else:
            accepted += 1
    return refused, accepted
