"""Items, percentages and quoted results as they are told most plainly, each with a sound twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

SUBSET = "# Log\n\n- 16-question subset: 2.07 -> 2.49 (+20 %)\n- full 80 questions: 2.85 -> {}\n"
SHARES = (
    "# Log\n\nOn a random subset of 100 test questions the adapter scores 64 %, the base 58 %. On the whole test set "
    "(1,319) it is {} % against 56.0 %.\n"
)
SETS = "| set | n | base | tuned |\n|---|---|---|---|\n| {} | 16 | 2.07 | 2.49 |\n| {} | 80 | 2.85 | 2.73 |\n"
QUOTED = "# Summary\n\nThe bridge reaches {} accuracy{}.\n\n# Results\n\n| run | accuracy |\n|---|---|\n"
ROWS = "| bridge | 0.64 |\n| text | 0.70 |\n"
FITS = "| model | {} |\n|---|---|\n| a | {} % |\n| b | 51.7 % |\n| c | 43.3 % |\n"
COLUMNS = "| model | {} | {} |\n|---|---|---|\n| baseline | 2.07 | 2.85 |\n| tuned | 2.49 | 2.73 |\n"
GAINS = "| set | gain |\n|---|---|\n| subset (100 questions) | +3.1 % |\n| full set (1319 questions) | {} % |\n"
HEADED = (
    "## {} 16 questions\n\nThe score rose from 2.07 to 2.49.\n\n## {} 80 questions\n\nThe score fell from 2.85 to "
    "2.73.\n"
)

FORMS: dict[str, tuple[str, str, int, str, str]] = {
    "two points of a list": ("subset-against-full", "fault", 3, SUBSET.format("2.73"), SUBSET.format("2.93")),
    "two sentences with roles": ("subset-against-full", "fault", 3, SHARES.format("55.2"), SHARES.format("57.2")),
    "two rows for parts of one set": (
        "subset-against-full", "fault", 3, SETS.format("subset", "full"), SETS.format("MBPP", "MATH"),
    ),
    "two gains, and no values": (
        "subset-against-full", "fault", 1,
        "Subset of 30 questions: +6.7 points. Full set of 300: -0.7 points.\n",
        "LoRA on a subset of 30 questions: +6.7 points. DPO on the full set of 300: -0.7 points.\n",
    ),
    "two columns for parts of one set": (
        "subset-against-full", "fault", 4,
        COLUMNS.format("16 questions", "all 80 questions"), COLUMNS.format("16 puzzles of MBPP", "80 of MATH"),
    ),
    "two gains in rows": ("subset-against-full", "fault", 3, GAINS.format("-0.8"), GAINS.format("+0.8")),
    "two headings for parts of one set": (
        "subset-against-full", "fault", 3, HEADED.format("Subset of", "Full set of"), HEADED.format("Hard", "Easy"),
    ),
    "a share of the items of its sentence": (
        "odd-share", "caution", 1, "Accuracy on the 30 test questions: 71.4 %.\n",
        "With 30 examples: accuracy 71.4 %.\n",
    ),
    "one of two shares": (
        "odd-share", "caution", 1, "On the 30 test questions A has an accuracy of 71.4 % and B one of 70.0 %.\n",
        "On the 30 test questions A has an accuracy of 71.4 % and B one of 68.9 %.\n",
    ),
    "a mean over seeds of so many items": (
        "odd-share", "caution", 1, "mean over 4 seeds of 20 questions each: 61.9 %\n",
        "mean over 4 seeds of 20 questions each: 61.25 %\n",
    ),
    "a share under a heading with its items": (
        "odd-share", "caution", 3, "## Eval on 24 problems\n\n- pass rate: 68.0 %\n",
        "## Training on 24 problems\n\n- pass rate: 68.0 %\n",
    ),
    "a row beside one that fits": (
        "odd-share", "caution", 7, "# Log\n\n## Results (60 questions)\n\n" + FITS.format("accuracy", "57.4"),
        "# Log\n\n## Results (60 questions)\n\n" + FITS.format("F1", "57.4"),
    ),
    "the baseline and the change in one bracket": (
        "change-disagrees", "fault", 1, "loss=0.9169 (baseline 1.0577, -18.3 %)\n",
        "loss=0.9169 (baseline 1.0577, -18.3 % tokens)\n",
    ),
    "the change before the baseline": (
        "change-disagrees", "fault", 1, "BLEU 31.2, up 2.8 from 29.4\n", "BLEU 31.2, up 1.8 from 29.4\n",
    ),
    "a summary and its table": (
        "drift", "fault", 3, QUOTED.format("0.68", "") + ROWS, QUOTED.format("0.68", " on the hard half") + ROWS,
    ),
    "a hope beside a table": (
        "drift", "fault", 3, QUOTED.format("0.46", "") + ROWS,
        QUOTED.format("0.46", "").replace("reaches", "should reach") + ROWS,
    ),
}  # fmt: skip


def loud(folder: Path, text: str) -> list[Finding]:
    """What is told aloud of a log."""
    (folder / "log.md").write_text(text, encoding="utf-8")
    return list(audit(open_logs([folder / "log.md"])))


@pytest.mark.parametrize("form", FORMS)
def test_a_plain_form_is_named_and_its_sound_twin_is_not(tmp_path: Path, form: str) -> None:
    rule, level, line, fault, twin = FORMS[form]
    assert (rule, level, line) in [(one.rule, one.level, one.place.line) for one in loud(tmp_path, fault)]
    assert rule not in [one.rule for one in loud(tmp_path, twin)]
