"""What rests on more than the words nearest to it: each case speaks, its look-alike is at most a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

CONFIGS = (
    "# Runs\n\n| Config | Epochs | batch | acc |\n|---|---|---|---|\n| baseline | 1 | 16 | {} |\n"
    "| wide | 3 | {} | {} |\n"
)
STEPS = (
    "| Config | Epochs | Acc (%) | Size | Δ vs base |\n|---|---|---|---|---|\n| base | 2 | 41.25 | 8.2 | - |\n"
    "| r=16 | 2 | 42.00 | 8.4 | +0.75 |\n| r=32 | 6 | 45.50 | 8.9 | {} |\n"
)

CASES = {
    "the budget alone tells two rows apart": (
        "unequal-budgets",
        CONFIGS.format(0.411, 16, 0.433),
        CONFIGS.format(0.411, 64, 0.433),
    ),
    "rows without results are plans": (
        "unequal-budgets",
        CONFIGS.format(0.411, 16, 0.433),
        CONFIGS.format(0.01, 16, 0.001),
    ),
    "the row's own difference is of its results": ("unequal-budgets", STEPS.format("+4.25"), STEPS.format("+0.7")),
    "arms of which one is a baseline": (
        "unequal-budgets",
        "- baseline: trained 2 epochs, 71.3 %\n- ours: trained 8 epochs, 74.1 %\n",
        "- entities: 3-5 epochs sufficient, 71.3 %\n- relations: 7-10 epochs needed, 74.1 %\n",
    ),
    "results of both": (
        "unequal-budgets",
        "- baseline trained 5 epochs, wide 15 epochs\n- baseline 71.3 %, wide 74.1 %\n",
        "- baseline trained 5 epochs, wide 15 epochs\n- baseline and wide in 3.2 and 9.1 minutes\n",
    ),
}


def aloud(tmp_path: Path, rule: str, text: str) -> list[int]:
    path = tmp_path / "a.md"
    path.write_text(text)
    return [one.place.line for one in audit(open_logs([path])) if one.rule == rule and one.level != "note"]


@pytest.mark.parametrize("case", CASES)
def test_what_the_text_shows_is_told_and_its_look_alike_is_not(tmp_path: Path, case: str) -> None:
    rule, fault, look_alike = CASES[case]
    assert aloud(tmp_path, rule, fault)
    assert aloud(tmp_path, rule, look_alike) == []
