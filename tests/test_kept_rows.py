"""Rows of a long benchmark outlive the run that measured them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kept_rows import KeptRows


def test_a_run_that_was_stopped_goes_on_with_the_rows_that_it_has(tmp_path: Path) -> None:
    measured: list[str] = []

    def measure(name: str) -> list[object]:
        measured.append(name)
        if name == "third" and measured.count(name) == 1:
            raise KeyboardInterrupt
        return [name, 1.5]

    def run() -> list[tuple[object, ...]]:
        kept = KeptRows(tmp_path / "rows")
        return [kept.row((name, 100), lambda name=name: measure(name)) for name in ("first", "second", "third")]

    with pytest.raises(KeyboardInterrupt):
        run()
    assert run() == [("first", 1.5), ("second", 1.5), ("third", 1.5)]
    assert measured == ["first", "second", "third", "third"]
    assert KeptRows(tmp_path / "rows").row(("first", 200), lambda: measure("more")) == ("more", 1.5)  # other counts
    assert KeptRows().row(("first", 100), lambda: measure("first")) == ("first", 1.5)
    assert measured[-1] == "first"
