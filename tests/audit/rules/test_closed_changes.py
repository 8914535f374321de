"""Differences, counts and shares, and gains within their spreads, in forms that leave no other reading.

Each has a twin that is right, or that says what it is. Both are read alone and within a hundred lines of notes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs
from evenhand.audit.rules import RULES

NOTES = "The shard of that day has odd records again, nothing to do.\n\n" * 100

Form = tuple[int, str, str, str]
"""The line of the fault, the log with a place for what is wrong or right, and these two."""

CHANGES: dict[str, Form] = {
    "a column of differences": (
        7,
        "# Log\n\n| seed | base | LS | diff |\n|---|---|---|---|\n| 0 | 76.12 | 76.41 | +0.29 |\n"
        "| 1 | 76.48 | 76.22 | -0.26 |\n| 2 | 76.31 | 76.94 | {} |\n| 3 | 75.93 | 76.20 | +0.27 |\n",
        "+0.36",
        "+0.63",
    ),
    "a column of differences to the first row": (
        7,
        "# Log\n\n| model | acc | vs base |\n|---|---|---|\n| base | 71.3 | - |\n| a | 72.9 | +1.6 |\n"
        "| b | 74.1 | {} |\n| c | 70.8 | -0.5 |\n| d | 75.0 | +3.7 |\n",
        "+2.1",
        "+2.8",
    ),
    "from to, i.e.": (
        3,
        "# Log\n\nSo reranking takes us from 61.2 to 68.4, i.e. {} points of judged answers.\n",
        "+8.4",
        "+7.2",
    ),
    "an arrow and a reduction": (
        3,
        "# Log\n\nFinal val loss 2.914 → 2.861, a reduction of {}. Perplexity 18.4 → 17.5.\n",
        "3.1 %",
        "1.8 %",
    ),
    "two arms and a colon": (3, "# Log\n\nbaseline 76.2, label smoothing 77.9: {}\n", "+2.7", "+1.7"),
    "two arms, equal": (3, "# Log\n\n- no-aug acc 71.40 / aug acc 73.15 = {}\n", "+2.75", "+1.75"),
    "versus in brackets": (3, "# Log\n\n- dev EM 54.3 vs 51.8 without retrieval ({} EM)\n", "+3.5", "+2.5"),
    "against, a gain": (
        3,
        "# Log\n\nOurs gets 88.4 % against 86.1 % for the plain one, a gain of {} points.\n",
        "3.3",
        "2.3",
    ),
    "arrow and bracket": (3, "# Log\n\nWER 12.4 -> 10.9 ({})\n", "-2.5", "-1.5"),
    "arrow, per cent in bracket": (3, "# Log\n\n- wikitext ppl: 6.47 → 5.91 ({})\n", "-11.7 %", "-8.7 %"),
    "three lines": (5, "# Log\n\n- baseline: 0.8117\n- v3: 0.8170\n- diff: {}\n", "+0.0083", "+0.0053"),
    "three lines of text": (4, "results fold 0\nbase      23.41\nours      24.87\ngain      {}\n", "+1.64", "+1.46"),
    "went from to": (1, "BLEU went from 27.31 to 28.02, that is {} BLEU.\n", "+0.91", "+0.71"),
    "dropped": (1, "Error rate dropped from 8.31 % to 7.42 %, so 0.{} points lower.\n", "69", "89"),
    "relative": (1, "The WER fell from 12.0 % to 9.9 %, {} relative.\n", "-27.5 %", "-17.5 %"),
    "a table and a line": (
        5,
        "| model | acc |\n|---|---:|\n| hybrid | 68.2 |\n| hybrid + CE | 73.3 |\n{}\n",
        "+6.1 points, so we take it.",
        "+5.1 points, so we take it.",
    ),
    "a table, a sentence that repeats it": (
        6,
        "| model | F1 |\n|---|---:|\n| base | 81.24 |\n| adapter | 82.91 |\n\n"
        "Adapter 82.91 vs base 81.24, difference {}.\n",
        "2.67",
        "1.67",
    ),
    "German": (1, "Genauigkeit steigt von 71.3 % auf 74.1 %, also um {} Prozentpunkte.\n", "3.8", "2.8"),
    "Spanish": (1, "La exactitud pasa de 71.3 a 74.1, es decir {} puntos.\n", "+3.8", "+2.8"),
    "Chinese": (1, "准确率从 71.3 提升到 74.1，即提升 {} 个百分点。\n", "3.8", "2.8"),
    "Russian": (1, "Точность выросла с 71.3 до 74.1, то есть на {} п.п.\n", "3.8", "2.8"),
    "French": (1, "Le F1 passe de 71.3 à 74.1, soit {} points.\n", "+3.8", "+2.8"),
    "the last of three points": (
        4,
        "## Run 12\n\n- val acc before: 64.8 %\n- val acc after: 67.1 % ({} points)\n",
        "+3.3",
        "+2.3",
    ),
    "a difference called so": (1, "teacher 0.912, student 0.887, gap {}\n", "0.035", "0.025"),
    "bits": (1, "bpb goes from 1.084 to 1.061, a drop of {}.\n", "0.033", "0.023"),
    "baseline then ours, dash": (1, "* baseline = 41.7, + curriculum = 43.9 -> {}\n", "+3.2", "+2.2"),
    "one of several triples": (
        1,
        "acc 61.2 → 62.4 (+1.2), F1 55.0 → 58.1 ({}), MRR 40.3 → 41.0 (+0.7)\n",
        "+4.1",
        "+3.1",
    ),
    "a row of differences": (
        5,
        "| run | acc | F1 |\n|---|---|---|\n| A | 71.24 | 55.10 |\n| B | 73.05 | 57.32 |\n| diff | {} | +2.22 |\n",
        "+2.81",
        "+1.81",
    ),
    "a block of code": (6, "# A\n\n```\nbase  76.2\nours  77.9\ndiff  {}\n```\n", "+2.7", "+1.7"),
}

COUNTS: dict[str, Form] = {
    "a total among rows that are right": (
        8,
        "# Log\n\n| class | n | right | % |\n|---|---|---|---|\n| a | 14 | 9 | 64.3 |\n| b | 22 | 17 | 77.3 |\n"
        "| c | 31 | 19 | 61.3 |\n| d | 20 | 12 | {} |\n",
        "66.1",
        "60.0",
    ),
    "total with a stroke": (3, "# Log\n\ntotal 61/96 = {} %\n", "66.3", "63.5"),
    "all, with thousands": (3, "# Log\n\nall: 219 / 2,940 = {} %\n", "8.9", "7.4"),
    "right of a number told before": (
        3,
        "# Log\n\nRan it over the easy subset (120 questions): 106 right at rank 1 = {} %.\n",
        "83.8",
        "88.3",
    ),
    "of, in words": (3, "# Log\n\n37 of the 52 prompts solved, i.e. {} %.\n", "76.1", "71.2"),
    "a fraction": (3, "# Log\n\npass@1 = 23/164 = 0.{}\n", "154", "140"),
    "a bullet with a rate": (4, "# Log\n\n- robust set\n- passed: 88/120, rate {} %\n", "78.3", "73.3"),
    "out of": (3, "# Log\n\n17 out of 40 games won, which makes {} %.\n", "47.5", "42.5"),
    "errors": (3, "# Log\n\n58 of 812 words wrong = {} %\n", "8.1", "7.1"),
    "German": (3, "# Log\n\n37 von 52 Aufgaben richtig, also {} %.\n", "76.1", "71.2"),
    "Chinese": (3, "# Log\n\n答对 37/52 题，即 {} %。\n", "76.1", "71.2"),
    "a row with its total": (
        8,
        "# Log\n\n| species | clips | found | % |\n|---|---:|---:|---:|\n| a | 14 | 9 | 64.3 |\n"
        "| b | 22 | 17 | 77.3 |\n| c | 19 | 4 | 21.1 |\n| total | 55 | 30 | {} |\n",
        "64.5",
        "54.5",
    ),
}

SHARES: dict[str, Form] = {
    "n in brackets": (
        3,
        "# Log\n\nHR (n = 48) separately because legal asked for it: hybrid hit@5 = {} %, bge = 64.6 %.\n",
        "71.3",
        "70.8",
    ),
    "questions told": (
        3,
        "# Log\n\nOn the 40 hard questions: base accuracy 57.5 %, CoT accuracy {} %.\n",
        "71.3",
        "72.5",
    ),
    "a list below": (
        7,
        "# Log\n\naccuracy on the 32 held-out problems:\n\n- base: 46.9 %\n- sft: 59.4 %\n- dpo: {} %\n- ppo: 62.5 %\n",
        "60.9",
        "65.6",
    ),
    "a table with n": (
        6,
        "# Log\n\n| area | n | hit@5 |\n|---|---:|---:|\n| finance | 26 | 73.1 |\n| legal | 38 | {} |\n"
        "| docs | 42 | 88.1 |\n| wiki | 60 | 76.7 |\n",
        "66.7",
        "65.8",
    ),
    "a heading with n": (
        6,
        "# Hard set (n = 56 questions)\n\n| model | accuracy |\n|---|---:|\n| base | 55.4 |\n"
        "| sft | {} |\n| dpo | 64.3 |\n| ppo | 67.9 |\n",
        "61.7",
        "60.7",
    ),
    "a bullet": (3, "# Log\n\n- 24 tasks: pass@1 37.5 % before, {} % after\n", "51.3", "54.2"),
    "as fractions": (3, "# Log\n\nn=36 prompts: accuracy 0.583 (greedy), accuracy {} (T=0.7)\n", "0.647", "0.639"),
    "three shares": (
        3,
        "# Log\n\nThe 44 maths items: base acc 36.4 %, sft acc 47.7 %, dpo acc {} %.\n",
        "53.3",
        "52.3",
    ),
    "n at the end": (3, "# Log\n\nsolved 58.3 % (v1), 62.5 % (v2), {} % (v3), 72 puzzles\n", "65.9", "66.7"),
}

NOISE: dict[str, Form] = {
    "two means, then a claim": (
        9,
        "# Log\n\n## Label smoothing\n\nSame five seeds.\n\nbaseline 76.22 ± 0.21, LS 76.33 ± 0.12.\n\n{}\n",
        "Label smoothing improves things by +0.11, so it goes in.",
        "Label smoothing +0.11, inside the seed noise (sd 0.21), so nothing is shown.",
    ),
    "in one sentence": (
        7,
        "# Log\n\n## Label smoothing\n\nSame five seeds.\n\nLS 76.33 ± 0.12 vs baseline 76.22 ± 0.21: {}\n",
        "LS is better.",
        "no difference.",
    ),
    "lists with mean and sd": (
        9,
        "# Log\n\nSpecAug:\n\n    8.31  8.18  8.24    mean 8.24 sd 0.07\n\n"
        "    8.17  8.28  8.03    mean 8.16 sd 0.13\n\n{}\n",
        "-0.08 → speed perturbation helps.",
        "-0.08 → under the noise, so equal.",
    ),
    "a table of means": (
        8,
        "# Dropout, 3 seeds\n\n| arm | acc |\n|---|---|\n| base | 76.22 ± 0.21 |\n| dropout | 76.30 ± 0.25 |\n\n{}\n",
        "Dropout gains 0.08, so it stays.",
        "Dropout has 0.08 more, which is noise.",
    ),
    "columns mean and sd": (
        8,
        "# Dropout, 3 seeds\n\n| arm | mean | sd |\n|---|---|---|\n| base | 61.2 | 0.6 |\n"
        "| dropout | 61.4 | 0.5 |\n\n{}\n",
        "+0.2 points: dropout helps.",
        "+0.2 points: nothing.",
    ),
    "bullets with sd in brackets": (
        6,
        "# Warm-up, 3 seeds\n\n- none: 0.812 (sd 0.012)\n- 500 steps: 0.816 (sd 0.010)\n\n{}\n",
        "Warm-up improves F1 by 0.004.",
        "Warm-up adds 0.004, within the sd.",
    ),
    "sd after a comma": (
        5,
        "# Mixup\n\nplain 71.3, sd 0.9 over 3 seeds; mixup 71.8, sd 1.1.\n\n{}\n",
        "Mixup wins by 0.5 points.",
        "Mixup is 0.5 points up, not more than the seeds make.",
    ),
    "both values quoted": (
        5,
        "# Mixup\n\nplain 71.3 ± 0.9, mixup 71.8 ± 1.1 (3 seeds)\n\n{}\n",
        "So mixup beats the plain run, 71.8 to 71.3.",
        "So mixup and plain are equal, 71.8 to 71.3.",
    ),
    "a point of its own": (
        5,
        "# Mixup, seeds 1-3\n\n- plain: 71.3 ± 0.9\n- mixup: 71.8 ± 1.1\n- {}\n",
        "+0.5 from mixup, an improvement",
        "+0.5 from mixup, within the spread",
    ),
    "the sentence right behind": (
        3,
        "# Mixup, seeds 1-3\n\nPlain 71.3 ± 0.9, mixup 71.8 ± 1.1. {}\n",
        "Mixup helps.",
        "No winner.",
    ),
    "per cent": (
        4,
        "# EMA\n\nbase 92.1 % ± 0.4, EMA 92.3 % ± 0.3 (4 seeds).\n{}\n",
        "EMA improves accuracy by 0.2 points.",
        "EMA: +0.2 points, noise.",
    ),
    "WER in shares": (
        5,
        "# LM weight (4 runs each)\n\nWER 0.0912 ± 0.0010 without, 0.0908 ± 0.0012 with the LM.\n\n{}\n",
        "The LM gives an improvement of 0.0004.",
        "The difference of 0.0004 is in the noise.",
    ),
}


CASES = [
    pytest.param(rule, form, id=f"{rule}: {name}")
    for rule, forms in (
        ("change-disagrees", CHANGES), ("count-and-rate", COUNTS), ("odd-share", SHARES), ("within-noise", NOISE),
    )
    for name, form in forms.items()
]  # fmt: skip


def told(folder: Path, text: str, rule: str) -> list[int]:
    """The lines that a rule names aloud."""
    path = folder / "log.md"
    path.write_text(text, encoding="utf-8")
    found = audit(open_logs([path]), rules=[one for one in RULES if one.name == rule])
    return [one.place.line for one in found if one.level != "note"]


@pytest.mark.parametrize(("rule", "form"), CASES)
def test_a_closed_form_speaks_alone_and_in_a_long_log_and_its_twin_does_not(
    rule: str, form: Form, tmp_path: Path
) -> None:
    line, text, wrong, right = form
    for above in ("", NOTES):
        at = line + above.count("\n")
        behind = f"\n{above}"
        assert told(tmp_path, above + text.replace("{}", wrong) + behind, rule) == [at]
        assert told(tmp_path, above + text.replace("{}", right) + behind, rule) == []
