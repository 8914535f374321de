"""The checker's rules, one hand-written model and class for each: what it may not know, it takes at its worst."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from evenhand_systems.lyapunov.certificates import certifier
from evenhand_systems.lyapunov.certificates.checker import CertificateError, Checked, _falls, check
from evenhand_systems.lyapunov.potentials.potential import Potential
from evenhand_systems.lyapunov.potentials.search import learn

EXACT, TAIL = 0, 1
Word = tuple[int, ...]
Contexts = Mapping[tuple[Word, int], Sequence[int]]
"""(word, exact or tail) to phi by residue, in 1/41 bit. Only what a class reads need be there: at cutoff 3 no n is."""


def _verified(folder: Path, contexts: Contexts, classes: Sequence[list[Any]], head: int = 0) -> Checked:
    """What the checker makes of these classes at cutoff 3: a step of k = 1, 2, 3 gains -31, 10, 51 units there."""
    power = {1: 0, 3: 1, 9: 2}[len(next(iter(contexts.values())))]
    meta = {"units": 41, "residue_power": power, "lookahead": max(len(word) for word, _ in contexts)}
    rows = [meta, *([list(word), tail, list(row)] for (word, tail), row in contexts.items())]
    model, certificate = folder / "model.json.gz", folder / "certificate.jsonl"
    model.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    header = {
        "format": "evenhand-lyapunov-certificate-1",
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "head": head,
        "cutoff": 3,
        "exceptions": [],
    }
    certificate.write_text("".join(json.dumps(line) + "\n" for line in [header, *classes]))
    return check(certificate, model)


FALL = "need not fall"
CLASSES: dict[str, tuple[Contexts, list[Any], str | None]] = {
    # the context of n: read to its end, or phi(n) counts as 0
    "n known": ({((1, 3, 1), EXACT): [90], ((3,), TAIL): [0]}, [[1, 3, 1], 0, 1, [0]], None),
    "n cut short": ({((1, 3, 1), EXACT): [90], ((3,), TAIL): [0]}, [[1, 3], 0, 1, [0]], FALL),
    "n in an exact k": ({((2,), EXACT): [90], ((3,), EXACT): [0]}, [[2], 0, 1, [0]], None),
    "n in a tail over several k": ({((2,), EXACT): [90], ((3,), EXACT): [0]}, [[2], 1, 1, [0]], FALL),
    "n in a tail inside one of the model": ({((2,), TAIL): [90], ((1,), EXACT): [0]}, [[3], 1, 1, [0]], None),
    "n in a tail that begins with one of the model": ({((2,), TAIL): [90]}, [[2], 1, 1, [0]], None),
    "n in an exact k inside a tail of the model": ({((2,), TAIL): [90]}, [[3], 0, 1, [0]], None),
    # the context of T(n): read to its end, or phi(T n) counts as the highest of all
    "image known": ({((1, 2), EXACT): [90], ((2, 1), EXACT): [0]}, [[1, 2, 1], 0, 1, [0]], None),
    "image cut short": ({((1, 2), EXACT): [90], ((2, 1), EXACT): [0]}, [[1, 2], 0, 1, [0]], FALL),
    "image not read": ({((3,), EXACT): [0], ((1,), EXACT): [90]}, [[3], 0, 1, [0]], FALL),
    "image not read, highest low": ({((3,), EXACT): [0], ((1,), EXACT): [50]}, [[3], 0, 1, [0]], None),
    "image in an exact k": ({((1,), EXACT): [90], ((2,), EXACT): [0]}, [[1, 2], 0, 1, [0]], None),
    "image in a tail over several k": ({((1,), EXACT): [90], ((2,), EXACT): [0]}, [[1, 2], 1, 1, [0]], FALL),
    "image in a tail of the model": ({((1,), EXACT): [90], ((2,), TAIL): [0]}, [[1, 2], 1, 1, [0]], None),
    # residues: k = 1 leads to 2 mod 3, k = 2 to 1 mod 3; a tail leads to one residue for each k
    "residue of n": ({((1,), EXACT): [90, 0, 0]}, [[1, 1], 0, 1, [0]], None),
    "phi of another residue": ({((1,), EXACT): [0, 90, 0]}, [[1, 1], 0, 1, [0]], FALL),
    "image 2 mod 3": ({((1,), EXACT): [90, 0, 90]}, [[1, 1], 0, 1, [0]], FALL),
    "image 1 mod 3": ({((2,), EXACT): [0, 0, 90]}, [[2, 2], 0, 1, [0]], None),
    "image 1 mod 3, phi high there": ({((2,), EXACT): [0, 90, 0]}, [[2, 2], 0, 1, [0]], FALL),
    "image 5 mod 9": ({((1,), EXACT): [90] * 5 + [0] + [90] * 3}, [[1, 1], 0, 1, [0]], None),
    "image after a tail": ({((2,), TAIL): [0, 0, 90]}, [[2], 1, 1, [0]], FALL),
    # what a line may say
    "index beyond the head": ({((2,), TAIL): [0]}, [[2, 2], 0, 2, [0]], "bad word or index"),
    "index 0": ({((2,), TAIL): [0]}, [[2], 0, 0, [0]], "bad word or index"),
    "valuation 0": ({((2,), TAIL): [0]}, [[0, 2], 0, 1, [0]], "bad word or index"),
    "residue twice": ({((2,), TAIL): [0, 0, 0]}, [[2], 0, 1, [1, 1]], "stands twice"),
    "residue too large": ({((2,), TAIL): [0]}, [[2], 0, 1, [1]], "out of range"),
}


@pytest.mark.parametrize(("contexts", "line", "refusal"), CLASSES.values(), ids=CLASSES)
def test_a_class_is_accepted_only_for_what_its_word_decides(
    tmp_path: Path, contexts: Contexts, line: list[Any], refusal: str | None
) -> None:
    if refusal is None:
        assert _verified(tmp_path, contexts, [line]).classes == 1
        return
    with pytest.raises(CertificateError, match=refusal):
        _verified(tmp_path, contexts, [line])


def test_a_tail_counts_for_all_larger_valuations(tmp_path: Path) -> None:
    free = {((1,), TAIL): [0]}
    assert _verified(tmp_path, free, [[[2], TAIL, 1, [0]]]).density == Fraction(1, 2)
    assert _verified(tmp_path, free, [[[2], EXACT, 1, [0]], [[3], TAIL, 1, [0]]]).density == Fraction(1, 2)
    with pytest.raises(CertificateError, match="overlaps"):
        _verified(tmp_path, free, [[[2], TAIL, 1, [0]], [[4], EXACT, 1, [0]]])
    with pytest.raises(CertificateError, match="overlaps"):
        _verified(tmp_path, free, [[[2], EXACT, 1, [0]], [[2, 5], EXACT, 1, [0]]])


def test_a_later_index_counts_where_the_head_allows_it(tmp_path: Path) -> None:
    """(1, 3): T(n) lies above n, T^2(n) below."""
    free = {((1,), TAIL): [0]}
    assert _verified(tmp_path, free, [[[1, 3], EXACT, 2, [0]]], head=1).density == Fraction(1, 16)
    with pytest.raises(CertificateError, match=FALL):
        _verified(tmp_path, free, [[[1, 3], EXACT, 1, [0]]], head=1)
    with pytest.raises(CertificateError, match="bad word or index"):
        _verified(tmp_path, free, [[[4], EXACT, 2, [0]]], head=1)


def test_a_value_that_is_merely_equal_is_no_fall() -> None:
    assert not _falls(1, 0, 0, 0, 3)
    assert _falls(1, 0, 0, 1, 3)


@pytest.fixture(scope="module")
def learned() -> Potential:
    return learn(3, residue_power=1, sweeps=8, seed=1)


def test_every_number_below_the_cutoff_is_looked_at(learned: Potential, tmp_path: Path) -> None:
    """Cutoffs just above an exception, and just at it."""
    model, certificate = tmp_path / "v.json.gz", tmp_path / "c.jsonl"
    learned.save(model)
    last = certifier.exceptions_below(learned, 600)[-1]
    header = {
        "format": "evenhand-lyapunov-certificate-1",
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "head": 0,
    }
    listed = certifier.exceptions_below(learned, last + 1)
    for cutoff, exceptions in ((last + 1, listed), (last + 2, listed), (last, listed[:-1])):
        certificate.write_text(json.dumps(header | {"cutoff": cutoff, "exceptions": exceptions}) + "\n")
        assert check(certificate, model).exceptions == tuple(exceptions)
    for cutoff, exceptions in ((last + 1, listed[:-1]), (last + 2, listed[:-1]), (last, listed)):
        certificate.write_text(json.dumps(header | {"cutoff": cutoff, "exceptions": exceptions}) + "\n")
        with pytest.raises(CertificateError, match="exceptions differ"):
            check(certificate, model)
