"""Failures, ties, full tasks and handfuls of runs, told in the plainest words, each with a sound twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

CELLS = (
    "| variant | result | decision |\n|---|---|---|\n| A | 71.2 | keep |\n| B | timeout | {} |\n| C | NaN | reject |\n"
)
TASKS = "| task | base | ours |\n|---|---|---|\n| copy | 99.9 % | 100.0 % |\n| reverse | {} | 99.9 % |\n\n{}\n"
ZEROS = "| seed | delta |\n|---|---|\n| 0 | 0.0000 |\n| 1 | {} |\n| 2 | 0.0000 |\n\nThe gate has no effect.\n"

FORMS: dict[str, tuple[str, str, int, str, str]] = {
    "a row without a result": ("failure-as-verdict", "fault", 4, CELLS.format("reject"), CELLS.format("run again")),
    "a variant of one letter": (
        "failure-as-verdict", "fault", 1, "Variant D ran out of memory at step 12. D is worse than the baseline.\n",
        "Variant D ran out of memory at step 12. E is worse than the baseline.\n",
    ),
    "the next point on one arm": (
        "failure-as-verdict", "caution", 2,
        "- v3: job killed by the cluster before the first evaluation\n- v3 verdict: no gain, abandon\n",
        "- v3: job killed by the cluster before the first evaluation\n- v3 is dropped from the table\n",
    ),
    "an arm that ran later": (
        "failure-as-verdict", "fault", 1, "Run 4 was preempted at epoch 1. Run 4 shows that mixup is harmful.\n",
        "Run 4 was preempted at epoch 1. Run 4 shows that mixup is harmful.\nRun 4 resumed: 61.2 % against 63.0 %.\n",
    ),
    "one result with and without": (
        "no-op", "caution", 1, "With the flag: 0.48193. Without the flag: 0.48193. The flag is useless.\n",
        "With the flag: 0.48193. Without the flag: 0.48207. The flag is useless.\n",
    ),
    "one number for both": (
        "no-op", "caution", 1, "Ran with --adapter and without. Both end at 1.93405. The adapter brings nothing.\n",
        "Ran with --adapter and without. Both end at 1.93405. The adapter was not loaded.\n",
    ),
    "zero on all seeds": (
        "no-op", "caution", 1, "All seeds: delta = 0.0000. Conclusion: label smoothing has no effect.\n",
        "All seeds: delta = 0.0000, the two implementations agree. Conclusion: the rewrite has no effect.\n",
    ),
    "a column of zeros": ("no-op", "caution", 7, ZEROS.format("0.0000"), ZEROS.format("0.0078")),
    "all of the tasks": (
        "ceiling", "caution", 1, "Both models solve 100 % of the tasks, so the new one is as good as the old one.\n",
        "Both models parse 100 % of the files, so the new one is as good as the old one.\n",
    ),
    "arms as columns": (
        "ceiling", "caution", 6, TASKS.format("100.0 %", "Ours is as good as the base."),
        TASKS.format("81.2 %", "Ours is as good as the base."),
    ),
    "both times": (
        "few-seeds", "caution", 1, "We ran it twice and both times our method won, so the improvement is reliable.\n",
        "We ran it twice and both times our method won, so ten seeds will tell whether the gain is reliable.\n",
    ),
    "significant on one seed": (
        "few-seeds", "caution", 1, "One seed only, but the improvement of 2.3 points is clearly significant.\n",
        "One seed only, but the improvement of 2.3 points is clearly significant (bootstrap over 5000 items).\n",
    ),
}  # fmt: skip
"""Rule, level and line, and a text in which nothing of the rule is wrong."""


def found(folder: Path, text: str) -> list[Finding]:
    path = folder / "a.md"
    path.write_text(text, encoding="utf-8")
    return list(audit(open_logs([path])))


@pytest.mark.parametrize("name", FORMS)
def test_a_plain_form_is_named_and_its_sound_twin_is_not(tmp_path: Path, name: str) -> None:
    rule, level, line, faulty, sound = FORMS[name]
    assert [(one.level, one.place.line) for one in found(tmp_path, faulty) if one.rule == rule] == [(level, line)]
    assert all(sentence(one) for one in found(tmp_path, faulty))
    assert [one for one in found(tmp_path, sound) if one.level in ("fault", "caution")] == []
