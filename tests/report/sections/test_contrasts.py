"""What is said beside the contrasts: each reason once, however many rivals it holds for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.verdict import VerdictKind
from evenhand.report.sections.contrasts import VerdictView


def remarks(reason: str, *rows: tuple[str, str, dict[int, str]]) -> tuple[str, ...]:
    """Of an invalid verdict with this reason, from what its contrasts are against, why they have no figures, and the
    pairs that they lost."""
    found: Any = tuple(
        SimpleNamespace(reason=why, contrast=SimpleNamespace(against=against, dropped=lost))
        for against, why, lost in rows
    )
    verdict: Any = None
    return VerdictView(verdict, LOOKS[VerdictKind.INVALID], (reason,), None, found).remarks


def budget(against: str) -> str:
    return f"budget: at seed 0, half and {against}: spent 5 against 10 steps"


LOST = {0: "ValueError", 1: "ValueError", 2: "not tried"}


@pytest.mark.parametrize(
    ("reason", "rows", "told"),
    [
        (budget("off"), [("off", budget("off"), {}), ("twice", budget("twice"), {})], ()),
        ("", [("off", "no spread", {}), ("twice", "no spread", {})], ("against off, twice: no spread",)),
        ("", [("off", "no spread", {}), ("twice", "", {})], ("against off: no spread",)),
        (
            "no pair is complete (gate: ValueError)",
            [("off", "gate: ValueError", LOST), ("twice", "gate: ValueError", LOST)],
            ("against off, twice: pairs of seeds 0, 1 dropped: ValueError; pair of seed 2 dropped: not tried",),
        ),
    ],
)
def test_a_reason_is_said_once_for_all_rivals_that_it_holds_for(
    reason: str, rows: list[Any], told: tuple[str, ...]
) -> None:
    assert remarks(reason, *rows) == told
