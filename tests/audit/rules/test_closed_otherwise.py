"""Logs in which nothing is wrong, though their forms are those of closed ones: what a number is of stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs
from evenhand.audit.told.changes.words import only_joins

SOUND = {
    "what a leaderboard lists": (
        "| model | mmlu |\n|---|---|\n| qwen 0.5b | 47.53 |\n| qwen 1.5b | 60.91 |\n| llama 1b | 49.32 |\n\n"
        "The leaderboard lists qwen 0.5b 47.63, qwen 1.5b 60.91, llama 1b 49.32.\n"
    ),
    "ties count half": ("61 of 96 correct, i.e. 66.3 % when ties count half.\n"),
    "a part of the ceiling": ("61/96 is 71 % of the ceiling of 86.\n"),
    "of those that ran": ("120 tasks: 61 passed, so 53.0 % of those that ran.\n"),
    "some timed out": ("120 tasks, 61 passed, 5 timed out: pass@1 53.0 %.\n"),
    "a range that is called a spread": ("seeds 0, 1, 2: 81.23, 82.09, 81.01; mean 81.44, spread 1.08 (max-min)\n"),
    "a spread without a word of how": ("seeds 0, 1, 2: 81.23, 82.09, 81.01; mean 81.44, spread 1.08\n"),
    "a gain of another metric": (
        "3 seeds.\n\n- base 76.22 ± 0.21\n- LS 76.33 ± 0.12\n\nLS improves ECE by 0.11, from 0.31 to 0.20.\n"
    ),
    "spreads over prompts": (
        "- base 76.22 ± 1.21 (se over prompts)\n- ours 76.83 ± 1.12 (se over prompts)\n\n"
        "Ours improves by 0.61 on the same runs of prompts.\n"
    ),
    "the errors that are left": ("Accuracy 61.2 → 64.2 (-7.7 %).\n"),
    "what was left, in words": ("Accuracy rose from 61.2 to 64.2, an increase of 7.7 % of what was left.\n"),
    "a gain over topics": ("- BM25: 0.312\n- ours: 0.344\n- gain: +12.4 %\n\nThe gain is a mean over topics.\n"),
    "a mean over patients": ("fold 0: 0.842\nfold 1: 0.801\nfold 2: 0.765\n\nMean 0.819 (patient-level).\n"),
    "a mean that weighs items": (
        "fold 0: 68.2\nfold 1: 70.1\nfold 2: 64.3\n\nMean 69.5, which weighs every item alike.\n"
    ),
    "a mean by time": (
        "run 1: 742.1 tok/s\nrun 2: 801.3 tok/s\nrun 3: 705.2 tok/s\n\nmean 769.2 tok/s (total tokens / total time)\n"
    ),
    "a mean rank": ("fold 0: 0.812\nfold 1: 0.815\nfold 2: 0.814\ncv 0.8144\nlb 0.8172\nmean rank 0.8160\n"),
    "a logarithm": ("log10 loss from 1.20 to 1.35, i.e. +41 % in loss.\n"),
    "shares of calls": ("# Agent, 60 tasks\n\n- solved 71.7 %\n- passed tests 78.3 %\n- tool calls correct 93.4 %\n"),
    "a title says rerun": (
        "| arm | acc |\n|---|---|\n| ours | 73.56 |\n| base | 71.84 |\n| big | 75.12 |\n\n"
        "## Rerun with the fixed tokenizer\n\n- ours acc 73.58\n- base acc 71.84\n- big acc 75.12\n"
    ),
    "a title says another split": (
        "# Validation\n\n| arm | acc |\n|---|---|\n| ours | 73.56 |\n| base | 71.84 |\n| big | 75.12 |\n\n"
        "# Test\n\nacc: base 71.84, ours 73.58, big 75.12\n"
    ),
}


@pytest.mark.parametrize("length", ["short", "long"])
@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND.keys())
def test_a_sound_log_of_a_like_form_is_told_nothing(tmp_path: Path, text: str, length: str) -> None:
    notes = "\n## Notes\n" + "\nnote: read the paper.\n" * 100 if length == "long" else ""
    (tmp_path / "a.md").write_text(("" if text.startswith("#") else "# Log\n\n") + text + notes, encoding="utf-8")
    assert [one for one in audit(open_logs([tmp_path / "a.md"])) if one.level != "note"] == []


def test_words_that_join_are_taken_off_one_by_one() -> None:
    assert only_joins(", i.e. a gain of ")
    assert not only_joins("gain " * 2000 + "of tokens")


@pytest.mark.parametrize(("title", "told"), [("Summary", ["drift"]), ("Rescored", []), ("Seed 4", []), ("Test", [])])
def test_a_title_says_that_what_stands_below_it_is_of_something_else(
    tmp_path: Path, title: str, told: list[str]
) -> None:
    rows = "# Log\n\n| arm | acc |\n|---|---|\n| ours | 73.56 |\n| base | 71.84 |\n| big | 75.12 |\n"
    quotes = f"\n## {title}\n\n- ours acc 73.58\n- base acc 71.84\n- big acc 75.12\n"
    (tmp_path / "a.md").write_text(rows + quotes, encoding="utf-8")
    assert [one.rule for one in audit(open_logs([tmp_path / "a.md"]))] == told
