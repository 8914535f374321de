"""The committed certificates: that they are about the committed potential, and say what the page says."""

from __future__ import annotations

import gzip
import hashlib
import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from evenhand_systems.lyapunov.certificates.certifier import exceptions_below
from evenhand_systems.lyapunov.potentials.potential import load_potential

RESULTS = Path(__file__).parents[3] / "results" / "lyapunov"
PAGE = Path(__file__).parents[3] / "docs" / "systems" / "lyapunov.md"
CERTIFICATES = {path.name: path for path in sorted(RESULTS.glob("certificate-*.jsonl.gz"))}


@cache
def _lines(path: Path) -> tuple[dict[str, Any], list[Any], dict[str, Any]]:
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return lines[0], lines[1:-1], lines[-1]


def test_the_page_names_every_certificate_and_there_are_three() -> None:
    page = PAGE.read_text()
    assert list(CERTIFICATES) == [f"certificate-L{L}.jsonl.gz" for L in (10, 100, 20)]
    assert all(name in page for name in CERTIFICATES)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_committed_certificate_is_about_the_committed_potential(name: str) -> None:
    header, _, _ = _lines(CERTIFICATES[name])
    model = RESULTS / header["model"]
    assert header["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    potential = load_potential(model).with_head(header["head"])
    assert name == f"certificate-L{potential.lookahead}.jsonl.gz"
    assert header["exceptions"] == exceptions_below(potential, header["cutoff"])


@pytest.mark.parametrize("name", CERTIFICATES)
def test_the_summary_of_a_committed_certificate_is_the_sum_of_its_classes_and_stands_on_the_page(name: str) -> None:
    header, classes, summary = _lines(CERTIFICATES[name])
    modulus = 27
    scale = max(sum(word) for word, *_ in classes)
    mass = sum(len(residues) << (scale - sum(word) + tail) for word, tail, _, residues in classes)
    certified = Fraction(mass, modulus << scale)
    assert certified == Fraction(summary["certified"])
    assert all(index <= header["head"] + 1 for _, _, index, _ in classes)
    rows = [row for row in PAGE.read_text().splitlines() if f"head {header['head']}" in row and row.startswith("|")]
    shown = int(certified * 10**7) / 10**5  # a lower bound is rounded down
    assert any(f"| {shown:.5f} |" in row for row in rows)
