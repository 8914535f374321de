"""Arithmetic that disagrees is told aloud where the text shows what each number is, and is a hint where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

CHANGES = (
    "| metric | before | after | improvement |\n|---|---|---|---|\n| trades | 129 | 68 | -47 % |\n"
    "| factor | 1.41 | 2.54 | +80 % |\n| stops | 64 | 108 | +69 % |\n{}\n"
)
ERRORS = (
    "| model | old error | new error | improvement |\n|---|---|---|---|\n| a | {} |\n| b | +46.4 | +24.9 | +21.5 |\n"
    "| c | +50.9 | +31.8 | +19.1 |\n| d | +28.1 | +8.6 | +19.5 |\n| e | +33.3 | +21.1 | +12.2 |\n"
)

OOF = (
    "| run | oof mean | q1 | q2 | q3 | s1 | s2 | s3 | s4 |\n|---|---|---|---|---|---|---|---|---|\n"
    "| a | {} | 0.576 | 0.570 | 0.575 | 0.508 | 0.547 | 0.526 | 0.652 |\n"
)
FUNDS = (
    "| seed | shock | volume |\n|---|---|---|\n"
    "| 1 | 0.0612 | 0.1210 |\n| 2 | 0.0594 | 0.0931 |\n| 3 | 0.0605 | 0.1120 |\n"
    "| {} | 0.0604 | {} |\n"
)
CLASSES = (
    "| class | precision | recall | map |\n|---|---|---|---|\n| with | 0.807 | 0.635 | 0.685 |\n"
    "| without | 0.701 | 0.667 | 0.707 |\n| overall | 0.754 | {} | 0.696 |\n"
)
BRIDGE = (
    "# Summary\n\nThe bridge reaches {} accuracy.\n\n# Results\n\n| run | accuracy |\n|---|---|\n| bridge | 0.64 |\n"
    "| text | 0.70 |\n"
)
FAR = "".join(f"\nThe set {name} was left as it was.\n" for name in "abcdefghij")
WORSE = (
    "| policy | n | delta | now | then |\n|---|---|---|---|---|\n| oracle | 15.41 | -20.03 | 0.12 | 14.92 |\n"
    "| plain | 3.67 | +1.67 | {} |\n| tuned | 6.21 | +1.33 | 2.02 | 0.69 |\n| wide | 5.18 | -0.14 | 0.17 | 0.31 |\n"
)

CASES = {
    "a digit of a share in a bracket": (
        "count-and-rate", "- passed: 96/320 (33.0%)\n", "- passed: 96/320 (31.7%)\n",
    ),
    "a digit of the part": ("count-and-rate", "- crashed: 47/320 (13.8%)\n", "- crashed: 47/320 (15.9%)\n"),
    "a share that is said to be the one of its count": (
        "count-and-rate", "96 of 320 tasks, or 31.7 %, were solved.\n", "96 of 320 tasks (31.7 %) were solved.\n",
    ),
    "several shares that are none of their counts": (
        "count-and-rate", "- pruned 34.7% (14/49 blocks): 0.11\n- pruned 49.0% (24/49 blocks): 0.26\n",
        "- pruned 34.7% (14/49 blocks): 0.11\n- pruned 55.1% (24/49 blocks): 0.26\n",
    ),
    "a row of means": (
        "count-and-rate",
        "| year | n | held | share |\n|---|---|---|---|\n| 2019 | 480 | 91 | 19.0% |\n| 2020 | 512 | 133 | 26.0% |\n"
        "| 2021 | 350 | 47 | 13.4% |\n| 2022 | 540 | 97 | 18.7% |\n",
        "| year | n | held | share |\n|---|---|---|---|\n| 2019 | 480 | 91 | 19.0% |\n| 2020 | 512 | 133 | 26.0% |\n"
        "| 2021 | 350 | 47 | 13.4% |\n| Average | 540 | 97 | 18.7% |\n",
    ),
    "a change that has its sentence to itself": (
        "change-disagrees", "- accuracy 71.4 % → 68.2 % (-4.2 pp)\n",
        "- accuracy 71.4 % → 68.2 % (-4.2 pp) of the 75.9 % of the teacher\n",
    ),
    "a difference with no more digits than its numbers": (
        "change-disagrees", "- rmse 0.412 to 0.433, a difference of 0.031\n",
        "- rmse 0.412 to 0.433, a difference of 0.0311\n",
    ),
    "a change that stands in the point of its two numbers": (
        "change-disagrees", "- training time fell from 36.5 s to 26.4 s, a saving of 23 %\n",
        "- training time fell from 36.5 s to 26.4 s\n- a saving of 23 %, as for the small model\n",
    ),
    "one row of a column of changes": (
        "change-disagrees",
        CHANGES.format("| win rate | 43.4 % | 69.1 % | +95 % |"),
        CHANGES.format("| win rate | 43.4 % | 69.1 % | +26 % |"),
    ),
    "the sign before the sign of a currency": (
        "change-disagrees",
        CHANGES.format("| gain | $2,079 | $1,174 | -34 % |"), CHANGES.format("| gain | $2,079 | -$74 | -104 % |"),
    ),
    "differences of sizes": (
        "row-breaks-column",
        ERRORS.format("+38.8 | +15.3 | +32.5"), ERRORS.format("-38.8 | -15.3 | +23.5"),
    ),
    "the mean of the values of a row": (
        "mean-disagrees", OOF.format("0.585"), OOF.format("0.565"),
    ),
    "a row that is named a mean": (
        "mean-disagrees", FUNDS.format("mean", "0.1014"), FUNDS.format("funding mean", "0.1014"),
    ),
    "a summary over classes that a digit makes right": (
        "mean-disagrees", CLASSES.format("0.656"), CLASSES.format("0.638"),
    ),
    "a spread behind the mean of its values": (
        "spread-kind", "- seeds: 0.155, 0.138, 0.149; mean 0.1473, std 0.030\n",
        "- the std explodes (±0.030; seeds: 0.155, 0.138, 0.149)\n",
    ),
    "a difference from the number of a heading": (
        "change-disagrees", "# From 0.600\n" + FAR + "- depth: 0.612 → 0.648 (+4.5 %)\n",
        "# From 0.620\n" + FAR + "- depth: 0.612 → 0.648 (+4.5 %)\n",
    ),
    "a percentage in whole fives": (
        "change-disagrees", "- cost 12.40 → 9.10 (-23 %)\n", "- cost 12.40 → 9.10 (-25 %)\n",
    ),
    "a count of amounts": ("count-and-rate", "- cards: 9/24 (34 %)\n", "- memory: 9/24 GB (34 %)\n"),
    "a score in points": ("count-and-rate", "- rubric: 87/200 (43.9%)\n", "- rubric: 87/100 (87.5%)\n"),
    "a spread over something else": (
        "spread-kind", "- acc over 3 seeds: 61.2, 62.5, 60.9, std 0.3\n",
        "- acc over 3 seeds: 61.2, 62.5, 60.9, std 0.3 (across items)\n",
    ),
    "a share of two digits in its own line": (
        "count-and-rate", "- accuracy: 0.62 (31/48)\n", "- hit@5 0.62 (31/48 queries with 3 answers)\n",
    ),
    "columns of which one is nothing": (
        "change-disagrees", WORSE.format("1.97 | 0.30"), WORSE.format("1.67 | 0.00"),
    ),
    "a part of a gap": (
        "change-disagrees", "- the teacher has 0.560\n- base 0.300 → 0.360 (+28.0 %)\n",
        "- the teacher has 0.560\n- base 0.300 → 0.360 (+23.1 %)\n",
    ),
    "a part of the errors": (
        "change-disagrees", "- accuracy 56.0 % → 62.0 % (+14.9 %)\n", "- accuracy 56.0 % → 62.0 % (+13.6 %)\n",
    ),
    "a share that was rounded twice": (
        "count-and-rate", "161 of 340, i.e. 47.0 %, passed.\n", "161 of 340, i.e. 47.5 %, passed.\n",
    ),
    "signs of a line of differences alone": (
        "signs-disagree", "- deltas +0.012, -0.004, +0.021: consistent gain\n",
        "- deltas +0.012, -0.004, +0.021: consistent gain on the other set, 0.034\n",
    ),
    "a quoted result that a digit makes right": (
        "drift", BRIDGE.format("0.68"), BRIDGE.format("0.59"),
    ),
}  # fmt: skip
"""Rule, a text that must be told aloud, and its look-alike in which nothing is."""


def aloud(folder: Path, text: str, rule: str) -> list[str]:
    (folder / "a.md").write_text(f"# Log\n\n{text}", encoding="utf-8")
    found = audit(open_logs([folder / "a.md"]))
    return [one.level for one in found if one.rule == rule and one.level in ("fault", "caution")]


@pytest.mark.parametrize("case", CASES)
def test_what_the_text_shows_is_told_aloud_and_its_look_alike_is_not(tmp_path: Path, case: str) -> None:
    rule, told, other = CASES[case]
    assert aloud(tmp_path, told, rule)
    assert aloud(tmp_path, other, rule) == []
