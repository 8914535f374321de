"""What errors and answers have in common: how they count."""

from __future__ import annotations

import pytest

from evenhand.errors import ClaimError, Fault, counted


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("table",), "0 tables"),
        (1, ("table",), "1 table"),
        (2, ("table",), "2 tables"),
        (12345, ("record",), "12,345 records"),
        (1, ("entry", "entries"), "1 entry"),
        (3, ("entry", "entries"), "3 entries"),
    ],
)
def test_a_count_agrees_with_what_it_counts(number: int, words: tuple[str, ...], text: str) -> None:
    assert counted(number, *words) == text


def test_faults_are_counted_as_people_write_it() -> None:
    assert str(ClaimError("c.toml", [Fault("a", "b")])).splitlines()[0] == "c.toml: 1 fault"
    assert str(ClaimError("c.toml", [Fault("a", "b")] * 2)).splitlines()[0] == "c.toml: 2 faults"
