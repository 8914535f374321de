"""The pictures of the practitioners' page are drawn from simulations, and the page quotes what they show."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
SPEC = importlib.util.spec_from_file_location("pictures", DOCS / "pictures.py")
assert SPEC is not None
assert SPEC.loader is not None
pictures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pictures)


def test_what_the_page_says_is_what_the_simulations_give() -> None:
    agree, best, wide = pictures.all_agree(), pictures.best_of(), pictures.subset()
    for seeds, rate in agree.items():
        assert rate == pytest.approx(2.0 ** (1 - seeds), abs=0.012), "the exact rate of agreement by chance"
    assert best[1] == pytest.approx(0.0, abs=0.1)
    assert best[8] == pytest.approx(5.0, abs=0.3)
    assert wide[16] == pytest.approx(27, abs=0.5)
    assert wide[16] / wide[320] == pytest.approx(20**0.5)
    called = pictures.peeking()
    assert called[3] == pytest.approx(0.05, abs=0.01)
    assert 0.2 < called[20] < 0.3
    assert list(called.values()) == sorted(called.values())


def test_every_picture_of_the_page_is_there_and_fetches_nothing() -> None:
    page = (DOCS / "practitioners.md").read_text()
    shown = re.findall(r"\]\(images/(\w+)\.svg\)", page)
    assert sorted(shown) == ["all_agree", "best_of", "peeking", "subset", "verdicts"]
    for name in shown:
        text = (DOCS / "images" / f"{name}.svg").read_text()
        assert text.count("<svg") == 1
        assert not re.search(r'(href|src)="https?:', text)
        assert not re.search(r">[-\u2212]0\.?0*<", text), "no minus before a zero"
