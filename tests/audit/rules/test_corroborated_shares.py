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
        "odd-share", "84.0 % of the tasks solved on 15 test tasks.\n",
        "Predicts risk with 84.0 % accuracy on 15 tasks.\n",
    ),
    "a number of unknown meaning beside it": (
        "odd-share", "Accuracy on the 30 test questions: 71.4 %.\n",
        "Accuracy (v 2) on the 30 test questions: 71.4 %.\n",
    ),
    "the point before has the items": (
        "odd-share", "Accuracy on the 30 test questions: 71.4 %.\n",
        "- asked 30 test questions\n- accuracy of the other run: 71.4 %\n",
    ),
    "an entry without the name of a share": (
        "odd-share", "- 27 scenes, one attempt each\n- solved: 80.3 %\n",
        "- 27 scenes, one attempt each\n- fan: 80.3 %\n",
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


ROWS = "| {} | accuracy |\n|---|---|\n" + "".join(
    f"| {name} | {k / 128:.4f} |\n" for name, k in zip("abcdefgh", (61, 63, 67, 70, 71, 75, 79, 83), strict=True)
)
SPENT = (0.4765625, 0.4921875, 0.5234375, 0.546875, 0.5546875, 0.5859375, 0.6171875)
STEPS = [0.1 + 0.013 * (7 * k % 30) for k in range(30)]
LONG = '{{\n "about": "gaps {}",\n "mean": 0.2885,\n "std": 0.1125207,\n "raw": {}\n}}\n'
LISTED = '{{\n "mean_{}": 0.5429688,\n "{}": {}\n}}\n'
TWINS = (
    "| {} | {} | perplexity | F1 |\n|---|---|---|---|\n| {} | {} | 14.2718 | 61.273 |\n"
    "| {} | {} | 14.2718 | 61.273 |\n| gated | 8.1234 | 15.1234 | 58.132 |\n"
)
FAILED = "# {}\n\n- base run: accuracy 61.2 %\n- wide run failed: killed by the scheduler\n- {}\n"
ARMS = "arm,accuracy,f1,mcc\n{},0.61273,0.58131,0.4127\n{},0.61273,0.58131,0.4127\nnet,0.7123,0.6912,0.5\n"

COLUMNS = "| arm | mean | S1 | S2 | S3 |\n|---|---|---|---|---|\n| new | {} | 0.5758 | 0.5461 | 0.5755 |\n"

NOTES: dict[str, tuple[str, str, str, str]] = {
    "rows that are sets of items": ("granularity", "log.md", ROWS.format("arm"), ROWS.format("dataset")),
    "a list of something else": (
        "granularity", "a.json", LISTED.format("val_acc", "val_acc", list(SPENT)),
        LISTED.format("fuel_pct_spent", "fuel_pct_spent", list(SPENT)),
    ),
    "means over runs": (
        "granularity", "log.md", ROWS.format("arm"), ROWS.format("arm").replace("4766 |", "4766 ± 0.0120 |"),
    ),
    "an arm that only looks on": (
        "identical-rows", "log.md", TWINS.format("arm", "loss", "plain", "2.6583", "new", "2.6583"),
        TWINS.format("arm", "loss", "plain", "2.6583", "new in shadow", "2.6583"),
    ),
    "a spread of parts, not of repeats": (
        "spread-kind", "log.md", "- entropy of the seeds: [4.61, 4.78, 4.78, 4.79], mean=4.74, std=0.075\n",
        "- entropy of the heads: [4.61, 4.78, 4.78, 4.79], mean=4.74, std=0.075\n",
    ),
    "a spread of a long list": (
        "spread-kind", "a.json", LONG.format("over the seeds", STEPS), LONG.format("along a talk", STEPS),
    ),
    "columns that are called like seeds": (
        "recomputed", "log.md", COLUMNS.format("0.5658"), COLUMNS.format("0.5851"),
    ),
    "signs of results": (
        "recomputed", "log.md", "- differences over 3 seeds: -0.018, +0.029, +0.315\n",
        "- Sharpe over 3 seeds: -0.018, +0.029, +0.315\n",
    ),
    "two seeds of one result": (
        "recomputed", "log.md", "- seed differences: -0.99, -1.16\n",
        "- seed differences: seed06/07 = -0.99, -1.16 is better\n",
    ),
    "what is equal by design": (
        "identical-rows", "log.md", TWINS.format("arm", "loss", "plain", "2.6583", "new", "2.6583"),
        TWINS.format("arm", "bits", "plain", "2.6583", "new", "2.6583").replace("F1", "bpp"),
    ),
    "one run under its number": (
        "identical-rows", "log.md", TWINS.format("run", "loss", "plain", "2.6583", "gate off", "2.6583"),
        TWINS.format("run", "loss", "3856939", "2.6583", "249a6c1e", "2.6583"),
    ),
    "the same time to the last digit": (
        "identical-rows", "log.md", TWINS.format("arm", "loss", "plain", "2.6583", "new", "2.6583"),
        TWINS.format("arm", "time (s)", "plain", "102.88", "new", "102.88"),
    ),
    "a run that was taken up again": (
        "infrastructure", "log.md", FAILED.format("Results", "narrow run: accuracy 60.8 %"),
        FAILED.format("Results", "resumed from its checkpoint: accuracy 60.8 %"),
    ),
    "a lesson": (
        "infrastructure", "log.md", FAILED.format("Results", "narrow run: accuracy 60.8 %"),
        FAILED.format("Lessons", "narrow run: accuracy 60.8 %"),
    ),
    "baselines that do not look": (
        "twin-arms", "a.csv", ARMS.format("plain", "no_gate"), ARMS.format("majority", "always_yes"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", NOTES)
def test_a_note_takes_no_other_numbers_for_its_own(tmp_path: Path, form: str) -> None:
    rule, name, shown, other = NOTES[form]
    assert rule in rules(tmp_path, shown, name=name)
    assert rule not in rules(tmp_path, other, name=name)
