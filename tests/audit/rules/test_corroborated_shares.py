"""Shares and notes are told aloud only where the text shows what their numbers are; else they are hints, or silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

HALL = "| hall | n | solved |\n|---|---|---|\n| a | {} | 62.5 % |\n| b | {} | 75.0 % |\n| c | 30 | 71.0 % |\n"
TWO = (
    "| hall | n | solved | first solved |\n|---|---|---|---|\n| a | 40 | 62.5 % | 55.0 % |\n"
    "| b | 24 | 75.0 % | 45.8 % |\n| c | 30 | 71.0 % | {} % |\n"
)
LAST = "| hall | n | solved |\n|---|---|---|\n| a | 40 | 62.5 % |\n| b | 24 | 75.0 % |\n| {} | 30 | 71.0 % |\n"
LEARNED = "| hall | {} | solved |\n|---|---|---|\n| a | 40 | 62.5 % |\n| b | 24 | 75.0 % |\n| c | 30 | 71.0 % |\n"
TITLED = "# Log\n\n## Results (60 questions)\n\n| model | accuracy |\n|---|---|\n| a | 57.4 % |\n| b | 51.7 % |\n{}"

SHARES: dict[str, tuple[str, str, str]] = {
    "siblings that any number would fit": ("odd-share", HALL.format(40, 24), HALL.format(120, 160)),
    "two columns that do not fit the same items": ("odd-share", TWO.format("56.7"), TWO.format("55.9")),
    "a row made of the rows above": ("odd-share", LAST.format("c"), LAST.format("overall")),
    "items that were learned from": ("odd-share", LEARNED.format("n"), "Trained on:\n\n" + LEARNED.format("n")),
    "one sibling alone": ("odd-share", TITLED.format("| c | 43.3 % |\n"), TITLED.format("")),
    "tasks that each have many answers": (
        "odd-share", "84.0 % of the tasks solved on 15 test tasks.\n", "Predicts risk with 84.0 % accuracy on 15 tasks.\n",
    ),
    "a number of unknown meaning beside it": (
        "odd-share", "Accuracy on the 30 test questions: 71.4 %.\n", "Accuracy (v 2) on the 30 test questions: 71.4 %.\n",
    ),
    "the point before has the items": (
        "odd-share", "Accuracy on the 30 test questions: 71.4 %.\n",
        "- asked 30 test questions\n- accuracy of the other run: 71.4 %\n",
    ),
    "a line that says more": (
        "impossible-share", "accuracy = 0.347 on 50 problems\n", "accuracy = 0.347 on 50 problems, 12 of them new\n",
    ),
    "tasks of a line": (
        "impossible-share", "accuracy = 0.347 on 50 problems\n", "accuracy = 0.347 on 50 tasks\n",
    ),
}  # fmt: skip


def rules(folder: Path, text: str, *, name: str = "log.md") -> list[str]:
    """What is told aloud of a log."""
    (folder / name).write_text(text, encoding="utf-8")
    return [one.rule for one in audit(open_logs([folder / name]))]


@pytest.mark.parametrize("form", SHARES)
def test_a_share_is_impossible_only_of_items_that_are_its_own(tmp_path: Path, form: str) -> None:
    rule, shown, open_ = SHARES[form]
    assert rule in rules(tmp_path, shown)
    assert rule not in rules(tmp_path, open_)
