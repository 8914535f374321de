"""Check a certificate: integers and fractions only, no code shared with what wrote it.

What is checked. V(n) = log2 n + phi(n)/q, phi a whole number read from the model file by the first valuations of n and
by n mod 3^j; T^i(n) = (3^i n + b) / 2^s. The certificate lists classes of odd n (first valuations, residue) and an
index i <= head + 1 for each. A class is accepted if, for all its n >= cutoff,

    2^(q s + phi(n) - phi(T^i n)) n^q 2^20 >= (3^i n + b)^q (2^20 + 1),

which says V(T^i(n)) <= V(n) - c, c = log2(1 + 2^-20)/q. The right side over n^q falls with n, so n = cutoff decides.
Smaller n are checked one by one; those that do not fall must be the listed exceptions. Classes must not overlap: k_1,
k_2, ... in unary (k - 1 zeros, a one) make a class a dyadic interval whose length is its density among the odd numbers.

What falls. With head m, V'(n) = min over 0 <= i <= m of V(T^i(n)) + c i/(m + 2), for m = 0 V itself. If that minimum
stands at an i >= 1, it counts for T(n) with i - 1, so V'(T(n)) <= V'(n) - c/(m + 2). If it stands at 0, V'(n) = V(n),
and the i of the class gives V'(T(n)) <= V(T^i(n)) + c (i - 1)/(m + 2) <= V(n) - c + c m/(m + 2) = V'(n) - 2c/(m + 2).
A density below 1 says nothing about the numbers outside, nor that any trajectory ends at 1.

What is read is taken as whole numbers within the bounds below and as nothing else: True is no 1, and no file can ask
for more than minutes of work.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from evenhand.errors import DataError

STRICT = 1 << 20
BOUNDS = {"units": (1, 1000), "residue_power": (0, 6), "lookahead": (1, 1000), "head": (0, 1000), "cutoff": (3, 10**6)}
MOST_VALUATIONS = 512  # the sum of a word's valuations: no class of density below 2^-512
MOST_PHI = 1 << 16
MOST_BYTES = 1 << 28  # of a file when unpacked
MOST_WORK = 10**10  # numbers below the cutoff x places looked at x units
_FRACTION = re.compile(r"[0-9]{1,400}(/[1-9][0-9]{0,399})?")


class CertificateError(DataError):
    """The certificate does not show what it says, or is none; names the line."""


@dataclass(frozen=True)
class Checked:
    """What the file shows: density among odd n, number of classes, cutoff, the exceptions below it."""

    density: Fraction
    classes: int
    cutoff: int
    exceptions: tuple[int, ...]
    lookahead: int
    complete: bool


@dataclass
class _Model:
    q: int
    modulus: int
    window: int
    exact: dict[tuple[int, ...], list[int]]
    tails: dict[tuple[int, ...], tuple[int, list[int]]]
    highest: int


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise CertificateError(f"{where}: {message}")


def _whole(values: object, low: int, high: int) -> bool:
    """Whether this is a list of whole numbers within bounds."""
    return isinstance(values, list) and all(type(value) is int and low <= value <= high for value in values)


def _bounded(document: dict[str, Any], key: str, where: str) -> int:
    value: Any = document.get(key)
    low, high = BOUNDS[key]
    _require(_whole([value], low, high), where, f"expected {key} as a whole number in {low}..{high}.")
    return int(value)


def _lines(path: Path) -> list[str]:
    """The finished lines of a text file, compressed or not: what follows the last line end was never finished."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        _require(len(raw) <= MOST_BYTES, str(path), f"holds more than {MOST_BYTES} bytes.")
        return str(raw.decode()).split("\n")[:-1]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CertificateError(f"{path} cannot be read: {error}.") from error


def _constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _entry(line: str, where: str) -> Any:
    try:
        return json.loads(line, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise CertificateError(f"{where}: no usable JSON: {error}.") from error


def _read_model(path: Path, digest: object, certificate: Path) -> _Model:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CertificateError(f"The model {path} cannot be read: {error}.") from error
    _require(found == digest, str(path), f"is not the model that the certificate {certificate.name} names.")
    lines = _lines(path)
    head: Any = _entry(lines[0], f"{path}:1") if lines else None
    _require(isinstance(head, dict), f"{path}:1", "expected the header of a potential.")
    q, power, window = (_bounded(head, key, f"{path}:1") for key in ("units", "residue_power", "lookahead"))
    model = _Model(q, 3**power, window, {}, {}, 0)
    for number, line in enumerate(lines[1:], 2):
        where, entry = f"{path}:{number}", _entry(line, f"{path}:{number}")
        _require(isinstance(entry, list) and len(entry) == 3 and _whole([entry[1]], 0, 1), where, "no context.")
        word, tail, row = entry
        _require(_whole(row, 0, MOST_PHI) and len(row) == model.modulus, where, "bad phi.")
        valid = _whole(word, 1, MOST_VALUATIONS) and 0 < len(word) <= model.window
        _require(valid, where, "bad context.")
        if tail:
            _require(tuple(word[:-1]) not in model.tails, where, "second tail of one context.")
            model.tails[tuple(word[:-1])] = (word[-1], row)
        else:
            _require(tuple(word) not in model.exact, where, "a context stands twice.")
            model.exact[tuple(word)] = row
        model.highest = max(model.highest, *row)
    return model


def _phi_row(model: _Model, word: list[int], tail: bool) -> list[int] | None:
    """phi by residue for numbers whose valuations begin so; None where they do not decide the context."""
    for length in range(1, len(word) + 1):
        prefix, k = tuple(word[: length - 1]), word[length - 1]
        if prefix in model.tails and k >= model.tails[prefix][0]:
            return model.tails[prefix][1]
        if tail and length == len(word):
            return None
        if (*prefix, k) in model.exact:
            return model.exact[(*prefix, k)]
    return None


@lru_cache(maxsize=1 << 16)
def _falls(q: int, i: int, b: int, exponent: int, cutoff: int) -> bool:
    """2^exponent cutoff^q 2^20 >= (3^i cutoff + b)^q (2^20 + 1)."""
    left, right = cutoff**q * STRICT, (3**i * cutoff + b) ** q * (STRICT + 1)
    return bool(left << exponent >= right if exponent >= 0 else left >= right << -exponent)


def _check_class(
    model: _Model, word: list[int], i: int, residue: int, cutoff: int, rows: tuple[list[int] | None, ...]
) -> bool:
    """Whether the inequality holds at the cutoff, with phi(n) from below and phi(T^i n) from above.

    A tail counts at its least k, so with its least s; one that ends at i leaves no word: phi(T^i n) unknown.
    """
    b, s, image = 0, 0, residue
    for k in word[:i]:
        b, s = 3 * b + (1 << s), s + k
        image = (3 * image + 1) * pow(pow(2, k, model.modulus), -1, model.modulus) % model.modulus
    low = 0 if rows[0] is None else rows[0][residue]
    high = model.highest if rows[1] is None else rows[1][image]
    return _falls(model.q, i, b, model.q * s + low - high, cutoff)


def _interval(word: list[int], tail: bool) -> tuple[int, int]:
    """(a, e): the class is [a, a + 1) / 2^e."""
    a, e = 0, 0
    for k in word:
        a, e = (a << k) | 1, e + k
    return (a >> 1, e - 1) if tail else (a, e)


def _check_exceptions(model: _Model, head: int, cutoff: int, listed: Sequence[int], where: str) -> None:
    """The odd n in 3..cutoff-1 at which no V(T^i n) with i <= head + 1 is low enough must be those listed."""
    work = cutoff * (head + 1 + model.window) * model.q
    _require(work <= MOST_WORK, where, f"cutoff, head and units ask for {work} steps; {MOST_WORK} are the most.")
    expected = iter((*listed, None))
    awaited = next(expected)
    for n in range(3, cutoff, 2):
        current, values, word, numbers = n, [], [], []
        for _ in range(head + 1 + model.window):
            numbers.append(current)
            image = 3 * current + 1
            k = (image & -image).bit_length() - 1
            word.append(k)
            current = image >> k
        for i in range(head + 2):
            row = _phi_row(model, word[i : i + model.window], False)
            _require(row is not None, where, f"the model has no context for {word[i : i + model.window]}, n = {n}.")
            values.append((row or [])[numbers[i] % model.modulus])
        start = numbers[0] ** model.q * STRICT << values[0]
        falls = any(start >= numbers[i] ** model.q * (STRICT + 1) << values[i] for i in range(1, head + 2))
        _require(falls == (n != awaited), where, f"exceptions differ at n = {n}.")
        awaited = awaited if falls else next(expected)
    _require(awaited is None, where, f"exceptions differ: {awaited} is none.")


def _header(certificate: Path, line: str) -> dict[str, Any]:
    where = f"{certificate}:1"
    header = _entry(line, where)
    _require(isinstance(header, dict), where, "expected the header of a certificate.")
    _require(header.get("format") == "evenhand-lyapunov-certificate-1", where, "is of another format.")
    _require(_whole(header.get("exceptions"), 3, BOUNDS["cutoff"][1]), where, "expected exceptions as whole numbers.")
    return dict(header)


def check(certificate: Path, model_path: Path) -> Checked:
    """Verify a certificate against its model. A file that was cut off mid-line is checked up to its last whole line.

    Raises:
        CertificateError: a class, margin, overlap, cutoff or exception that does not hold, or a line that is none; it
            is named.
    """
    lines = _lines(certificate)
    _require(len(lines) > 0, str(certificate), "has no header.")
    header = _header(certificate, lines[0])
    model = _read_model(model_path, header.get("model_sha256"), certificate)
    head, cutoff = (_bounded(header, key, f"{certificate}:1") for key in ("head", "cutoff"))
    _check_exceptions(model, head, cutoff, header["exceptions"], f"{certificate}:1 of {model_path.name}")
    intervals: list[tuple[int, int, int, int]] = []
    complete, density = False, Fraction(0)
    for number, line in enumerate(lines[1:], 2):
        where = f"{certificate}:{number}"
        entry = _entry(line, where)
        if isinstance(entry, dict):
            complete = True
            _require(number == len(lines), where, "something follows the summary.")
            claimed: Any = entry.get("certified")
            valid = isinstance(claimed, str) and _FRACTION.fullmatch(claimed)
            _require(bool(valid), where, "expected a summary with a fraction under 'certified'.")
            _require(Fraction(claimed) == density, where, f"claims {claimed}; the classes add up to {density}.")
            continue
        density += _check_line(model, head, cutoff, entry, where, intervals, number)
    _check_disjoint(intervals, str(certificate))
    return Checked(density, len(intervals), cutoff, tuple(header["exceptions"]), model.window + head, complete)


def _check_line(
    model: _Model, head: int, cutoff: int, entry: Any, where: str, out: list[tuple[int, int, int, int]], number: int
) -> Fraction:
    """The density of a line's classes, each of which holds."""
    _require(
        isinstance(entry, list) and len(entry) == 4, where, "expected a class [valuations, tail, index, residues]."
    )
    word, tail, i, residues = entry
    valid = _whole(word, 1, MOST_VALUATIONS) and sum(word) <= MOST_VALUATIONS and _whole([tail], 0, 1)
    _require(valid and _whole([i], 1, min(head + 1, len(word))), where, "bad word or index.")
    _require(_whole(residues, 0, model.modulus - 1), where, f"a residue is out of range 0..{model.modulus - 1}.")
    _require(len(set(residues)) == len(residues), where, "a residue stands twice.")
    rows = (_phi_row(model, word, bool(tail)), _phi_row(model, word[i:], bool(tail)))
    a, e = _interval(word, bool(tail))
    for residue in residues:
        holds = _check_class(model, word, i, residue, cutoff, rows)
        _require(holds, where, f"V need not fall by index {i} on the class {word}, residue {residue}.")
        out.append((residue, a, e, number))
    return Fraction(len(residues), model.modulus << e)


def _check_disjoint(intervals: list[tuple[int, int, int, int]], where: str) -> None:
    scale = max((e for _, _, e, _ in intervals), default=0)
    spans = sorted((r, a << (scale - e), (a + 1) << (scale - e), line) for r, a, e, line in intervals)
    for (r, _, end, line), (r2, start, _, line2) in pairwise(spans):
        _require(r != r2 or end <= start, f"{where}:{line2}", f"overlaps the class of line {line}.")
