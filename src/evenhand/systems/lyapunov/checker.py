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
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from evenhand.errors import EvenhandError

STRICT = 1 << 20


class CertificateError(EvenhandError):
    """The certificate does not show what it says; names the line."""


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


def _read_model(path: Path, digest: str) -> _Model:
    raw = path.read_bytes()
    _require(hashlib.sha256(raw).hexdigest() == digest, str(path), "is not the model that the certificate names.")
    lines = gzip.decompress(raw).decode().splitlines()
    head = json.loads(lines[0])
    model = _Model(head["units"], 3 ** head["residue_power"], head["lookahead"], {}, {}, 0)
    for number, line in enumerate(lines[1:], 2):
        word, tail, row = json.loads(line)
        where = f"{path}:{number}"
        _require(len(row) == model.modulus and all(isinstance(v, int) and v >= 0 for v in row), where, "bad phi.")
        _require(0 < len(word) <= model.window and all(k >= 1 for k in word), where, "bad context.")
        if tail:
            _require(tuple(word[:-1]) not in model.tails, where, "second tail of one context.")
            model.tails[tuple(word[:-1])] = (word[-1], row)
        else:
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


def _exceptions(model: _Model, head: int, cutoff: int) -> list[int]:
    """The odd n in 3..cutoff-1 at which no V(T^i n) with i <= head + 1 is low enough."""
    found = []
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
            _require(row is not None, f"n = {n}", f"the model has no context for {word[i : i + model.window]}.")
            values.append((row or [])[numbers[i] % model.modulus])
        start = numbers[0] ** model.q * STRICT << values[0]
        if not any(start >= numbers[i] ** model.q * (STRICT + 1) << values[i] for i in range(1, head + 2)):
            found.append(n)
    return found


def check(certificate: Path, model_path: Path) -> Checked:
    """Verify a certificate against its model. A file that was cut off mid-line is checked up to its last whole line.

    Raises:
        CertificateError: a class, margin, overlap, cutoff or exception that does not hold; the line is named.
    """
    opener = gzip.open if certificate.suffix == ".gz" else open
    with opener(certificate, "rt", encoding="utf-8") as file:
        text = file.read()
    lines = text.split("\n")[:-1]  # what follows the last line end was never finished
    _require(len(lines) > 0, str(certificate), "has no header.")
    header = json.loads(lines[0])
    _require(header.get("format") == "evenhand-lyapunov-certificate-1", str(certificate), "is of another format.")
    model = _read_model(model_path, header["model_sha256"])
    head, cutoff = int(header["head"]), int(header["cutoff"])
    _require(head >= 0 and cutoff >= 3, str(certificate), "head or cutoff out of range.")
    _require(_exceptions(model, head, cutoff) == header["exceptions"], str(certificate), "exceptions differ.")
    intervals: list[tuple[int, int, int, int]] = []
    complete, density = False, Fraction(0)
    for number, line in enumerate(lines[1:], 2):
        where = f"{certificate}:{number}"
        entry = json.loads(line)
        if isinstance(entry, dict):
            complete = True
            _require(number == len(lines), where, "something follows the summary.")
            claimed = Fraction(entry["certified"])
            _require(claimed == density, where, f"claims density {claimed}; the classes add up to {density}.")
            continue
        word, tail, i, residues = entry
        valid = all(isinstance(k, int) and k >= 1 for k in word) and isinstance(i, int)
        _require(valid and 1 <= i <= min(head + 1, len(word)), where, "bad word or index.")
        _require(len(set(residues)) == len(residues), where, "a residue stands twice.")
        rows = (_phi_row(model, word, bool(tail)), _phi_row(model, word[i:], bool(tail)))
        a, e = _interval(word, bool(tail))
        for residue in residues:
            _require(0 <= residue < model.modulus, where, f"residue {residue} is out of range.")
            holds = _check_class(model, word, i, residue, cutoff, rows)
            _require(holds, where, f"V need not fall by index {i} on the class {word}, residue {residue}.")
            intervals.append((residue, a, e, number))
        density += Fraction(len(residues), model.modulus << e)
    _check_disjoint(intervals, str(certificate))
    return Checked(density, len(intervals), cutoff, tuple(header["exceptions"]), model.window + head, complete)


def _check_disjoint(intervals: list[tuple[int, int, int, int]], where: str) -> None:
    scale = max((e for _, _, e, _ in intervals), default=0)
    spans = sorted((r, a << (scale - e), (a + 1) << (scale - e), line) for r, a, e, line in intervals)
    for (r, _, end, line), (r2, start, _, line2) in pairwise(spans):
        _require(r != r2 or end <= start, f"{where}:{line2}", f"overlaps the class of line {line}.")
