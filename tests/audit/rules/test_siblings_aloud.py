"""One number that breaks what all others beside it keep is told aloud; where another reading explains it, it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

BIRDS = (
    "# Bird boxes\n\nThe test set has 63 pictures, each with one label.{}\n\n## Scores\n\n| model | {} |\n|---|---|\n"
    "| linear probe | 65.1% |\n| small net | 73.0% |\n| small net, more crops | {} |\n| large net | 82.5% |\n"
)
DOORS = (
    "Doors opened by the arm, rig 3{}\n\n"
    "policy                         opened doors\nscripted                              40.9%\n"
    "cloned from 200 demos                 {}\ncloned, then corrected                77.3%\n\n"
    "44 doors, no door was used in training.\n"
)
INTENTS = (
    "# share in % of n_test\nintent,n_test,{}\ngreeting,150,91.3,94.0\nrefund,64,84.4,{}\nparcel,118,89.0,91.5\n"
    "operator,52,75.0,80.8\n"
)
SOLVED = (
    "# Agents\n\nEach agent had one try at the 45 tickets.{}\n\n- 3 May, shell alone. 37.8% solved.\n"
    "- 4 May, shell and editor. 51.1% solved.\n- 5 May, with a plan first. {}% solved.\n"
    "- 6 May, with a larger window. 62.2% solved.\n"
)

SHARES: dict[str, tuple[str, str, str]] = {
    "a column of shares of a told number of items": (
        "odd-share", BIRDS.format("", "accuracy", "70.4%"), BIRDS.format("", "accuracy", "71.4%"),
    ),
    "of some pictures that were left out": (
        "odd-share", BIRDS.format("", "accuracy", "70.4%"),
        BIRDS.format(" For the more crops 9 pictures failed to load.", "accuracy", "70.4%"),
    ),
    "of another set that is told": (
        "odd-share", BIRDS.format("", "accuracy", "70.4%"),
        BIRDS.format(" Of these 54 pictures are large enough for crops.", "accuracy", "70.4%"),
    ),
    "means over folds": (
        "odd-share", BIRDS.format("", "accuracy", "70.4%"), BIRDS.format("", "accuracy, mean of 3 folds", "70.4%"),
    ),
    "an average over the classes": (
        "odd-share", BIRDS.format("", "accuracy", "70.4%"), BIRDS.format("", "macro accuracy", "70.4%"),
    ),
    "means of three seeds": (
        "odd-share", BIRDS.format("", "accuracy", "70.4%"),
        BIRDS.format(" The more crops were run with 3 seeds.", "accuracy", "70.4%"),
    ),
    "half a point for a near miss": (
        "odd-share", BIRDS.format("", "accuracy", "70.4%"),
        BIRDS.format(" A near miss counts as half.", "accuracy", "70.6%"),
    ),
    "a column that names the items, in columns kept apart by blanks": (
        "odd-share", DOORS.format("", "60.2%"), DOORS.format("", "61.4%"),
    ),
    "a column of its own number of items": (
        "odd-share", INTENTS.format("base,new", "92.4"), INTENTS.format("base,new", "92.2"),
    ),
    "columns of which one is of other items throughout": (
        "odd-share", INTENTS.format("base,new", "92.4"),
        "# share in % of n_test\nintent,n_test,base,new\ngreeting,150,91.3,94.7\nrefund,64,84.4,92.4\n"
        "parcel,118,89.0,91.2\n"
        "operator,52,75.0,80.1\n",
    ),
    "entries of one form": ("odd-share", SOLVED.format("", "54.1"), SOLVED.format("", "53.3")),
    "entries of which one is of 37 tickets": (
        "odd-share", SOLVED.format("", "54.1"),
        SOLVED.format(" The plan was only made for the 37 tickets with a test.", "54.1"),
    ),
}  # fmt: skip

TASKS = (
    "| row | maze | lift | push | sort | stack | {} |\n|---|---|---|---|---|---|---|\n"
    "| plain | 24.1 | 8.7 | 11.9 | 17.3 | 31.5 | 18.70 |\n| shaped | 26.8 | 9.1 | 10.4 | 19.6 | 32.2 | {} |\n"
)
HARBOURS = "- Error by harbour: east 14.2, west 17.9, old 15.6, new 12.8, far 21.5. {} over the {} comes to {}.\n"
WELLS = (
    "yields per well, all at 80 C\n\n"
    "- base A: 71, 68, 74, 66, 73, 70. average 70.3\n- base B: 78, 81, 76, 83, 77, 79. average 79.0\n"
    "- base C: 62, 59, 64, 61, 57, 63. average {}\n"
)
DISKS = (
    "latency in us, ten minutes a run\n\n"
    "sched         run1  run2  run3  run4     mean\nnone          1840  1792  1911  1867   1852.5\n"
    "deadline 2    1544  1602  1571  1533   1562.5\nfair          2210  2154  2297  2188   2212.2\n"
    "token         1498  1455  1530  1477   {}\n"
)

MEANS: dict[str, tuple[str, str, str]] = {
    "a mean that counts its columns": (
        "mean-disagrees", TASKS.format("avg (5)", "20.62"),
        TASKS.format("avg (5)", "19.62"),
    ),
    "a mean that does not say of what it is": (
        "mean-disagrees", TASKS.format("avg (5)", "20.62"), TASKS.format("avg", "20.62"),
    ),
    "a mean with weights": (
        "mean-disagrees", TASKS.format("avg (5)", "20.62"), TASKS.format("weighted avg (5)", "20.62"),
    ),
    "the sum or another average": (
        "mean-disagrees", TASKS.format("avg (5)", "20.62"), TASKS.format("avg (5)", "19.60"),
    ),
    "an average that counts what is named": (
        "mean-disagrees", HARBOURS.format("Plain average", "five", "16.9"),
        HARBOURS.format("Plain average", "five", "16.4"),
    ),
    "an average of fewer": (
        "mean-disagrees", HARBOURS.format("Plain average", "five", "16.9"), HARBOURS.format("Average", "four", "16.9"),
    ),
    "an average by minutes": (
        "mean-disagrees", HARBOURS.format("Plain average", "five", "16.9"),
        HARBOURS.format("Weighted average", "five", "16.9"),
    ),
    "lines of one form with plain means": ("mean-disagrees", WELLS.format("62.3"), WELLS.format("61.0")),
    "columns kept apart by blanks, with a name of two words": (
        "mean-disagrees", DISKS.format("1521.7"), DISKS.format("1490.0"),
    ),
}  # fmt: skip

REPLAYS = (
    "| build | replays (ms) | mean | sd |\n|---|---|---|---|\n"
    "| main | 23.1, 22.6, 24.0, 23.4, 22.9, 23.8 | {} | 0.54 |\n"
    "| branch | 19.7, 20.4, 19.2, 20.1, 19.9, 20.7 | {} | 0.21 |\n"
)
TAGGERS = (
    "Seeds 21, 22, 23, 24 for every row.\n\n| system | 21 | 22 | 23 | 24 | mean | sd |\n|---|---|---|---|---|---|---|\n"
    "| plain | 68.4 | 70.1 | 66.9 | 69.3 | 68.68 | {} |\n| transfer | 72.6 | 74.9 | 71.3 | 73.8 | 73.15 | 0.78 |\n"
    "| names | 73.0 | 73.9 | 72.2 | 74.6 | 73.42 | {} |\n"
)
FOLDS = (
    "- raw: 0.7812 / 0.7765 / 0.7849 / 0.7791 / 0.7828 = 0.7809 ± {}\n"
    "- ratios: 0.7851 / 0.7798 / 0.7893 / 0.7836 / 0.7872 = 0.7850 ± {}\n"
    "- counts: 0.7869 / 0.7811 / 0.7902 / 0.7850 / 0.7883 = 0.7863 ± 0.0014\n"
)
SPREADS: dict[str, tuple[str, str, str]] = {
    "cells that list their values, whatever the column is called": (
        "spread-kind", REPLAYS.format("23.3", "20.0"), REPLAYS.format("23.3", "20.0").replace("0.21", "0.53"),
    ),
    "lists whose means are none of theirs": (
        "spread-kind", REPLAYS.format("23.3", "20.0"), REPLAYS.format("22.1", "18.8"),
    ),
    "a standard error among deviations": (
        "spread-kind", TAGGERS.format("1.37", "1.04"), TAGGERS.format("0.68", "0.52"),
    ),
    "lines of one form whose spreads are deviations": (
        "spread-kind", FOLDS.format("0.0029", "0.0032"), FOLDS.format("0.0015", "0.0016"),
    ),
}  # fmt: skip

GAINS = (
    "document translation, 1,997 sentences, one model each\n\n"
    "system                       BLEU   delta\nS0 plain                     27.4     --\n"
    "S1 S0 + tagged               29.3    {}\nS2 S0 + context              28.1    {}\n"
    "S3 S0 + domain               28.8    {}\n"
)
ENERGY = (
    "# delta_pct = change of energy against row ref\nbuild,energy_mJ,delta_pct,note\n"
    "ref,512,0.0,8 boards\nfast,498,{},7 MHz more\n"
    "kernel,451,{},\nsleep,462,{},6 wake-ups\nboth,430,{},\n"
)
TWO_LINES = "- before: 412 s\n- after: 268 s, so the job is {} % shorter\n"
BUILDS = (
    "| build | wall | cpu |\n|---|---|---|\n| main | 41.8 s | 37.2 s |\n| branch | 29.6 s | 25.1 s |\n\n"
    "So we are {} faster in {}.\n"
)
CHANGES: dict[str, tuple[str, str, str]] = {
    "differences to the first row": (
        "change-disagrees", GAINS.format("+1.9", "+0.7", "+2.4"), GAINS.format("+1.9", "+0.7", "+1.4"),
    ),
    "the difference to another row": (
        "change-disagrees", GAINS.format("+1.9", "+0.7", "+2.4"), GAINS.format("+1.9", "+0.7", "-0.5"),
    ),
    "differences that are none of the column's throughout": (
        "change-disagrees", GAINS.format("+1.9", "+0.7", "+2.4"), GAINS.format("+1.6", "+0.4", "+2.4"),
    ),
    "relative changes to the first row": (
        "change-disagrees", ENERGY.format("-2.7", "-11.9", "-9.8", "-19.4"),
        ENERGY.format("-2.7", "-11.9", "-9.8", "-16.0"),
    ),
    "changes of a logarithm": (
        "change-disagrees", ENERGY.format("-2.7", "-11.9", "-9.8", "-19.4"),
        ENERGY.format("-2.8", "-12.7", "-10.3", "-17.5"),
    ),
    "two lines and what the second concludes": ("change-disagrees", TWO_LINES.format(41), TWO_LINES.format(35)),
    "how much faster it runs": (
        "change-disagrees", TWO_LINES.format(41),
        TWO_LINES.format(54).replace("shorter", "faster"),
    ),
    "the factor of a named column": (
        "change-disagrees", BUILDS.format("1.58x", "wall time"), BUILDS.format("1.41x", "wall time"),
    ),
    "the factor of the other column": (
        "change-disagrees", BUILDS.format("1.58x", "wall time"), BUILDS.format("1.48x", "cpu time"),
    ),
}  # fmt: skip

CAUSES = (
    "{} wrong words in 31 pages.\n\n| cause | words | share |\n|---|---|---|\n| long s | 96 | 36.4% |\n"
    "| stains | 61 | {} |\n"
    "| hyphens | 44 | {} |\n| antiqua | 38 | 14.4% |\n| cut lines | 25 | 9.5% |\n"
)
NIGHTS = (
    "- spring: 41 red out of 286 runs (14.3 %)\n- summer: 23 red out of 290 runs (7.9 %)\n"
    "- autumn: 4 red out of 188 runs ({} %)\n"
)
LIFTED = (
    "- old policy: 163/240 lifted, 67.9%\n- new policy: {}/240 lifted, {}%\n"
    "- first tries alone: 156/240 lifted, 65.0%\n"
)
SUITES = (
    "suite      runs    flaked    rate\nui         1204        38    3.2%\napi         862        17    2.0%\n"
    "e2e         415         9    2.2%\n--------------------------------\nall        2481        64    {}\n"
)
COUNTS: dict[str, tuple[str, str, str]] = {
    "parts of a whole in a table": (
        "count-and-rate", CAUSES.format(264, "27.3%", "16.7%"), CAUSES.format(264, "23.1%", "16.7%"),
    ),
    "parts of a larger whole": (
        "count-and-rate", CAUSES.format(264, "27.3%", "16.7%"),
        "300 wrong words.\n\n| cause | words | share |\n|---|---|---|\n| long s | 96 | 32.0% |\n"
        "| stains | 61 | 20.3% |\n"
        "| hyphens | 44 | 14.7% |\n",
    ),
    "bytes with their kibibytes": (
        "count-and-rate", "- right: 48 (0.048)\n- 144 (0.144)\n- 288 (0.288)\n- 96 (0.084)\n\n1000 tried.\n",
        "- factors: card 48 B (0.047 KiB) and note 144 B (0.14 KiB)\n- before: card 96 B (0.094 KiB) and note 288 B "
        "(0.28 KiB), of 1000 such states\n",
    ),
    "counts of runs in one form": ("count-and-rate", NIGHTS.format("3.4"), NIGHTS.format("2.1")),
    "counts with a comma before their share": (
        "count-and-rate", LIFTED.format(187, "81.9"), LIFTED.format(187, "77.9"),
    ),
    "a row below a ruler": ("count-and-rate", SUITES.format("3.4%"), SUITES.format("2.6%")),
}  # fmt: skip

CASES = {**SHARES, **MEANS, **SPREADS, **CHANGES, **COUNTS}


def aloud(folder: Path, text: str, name: str) -> list[str]:
    """The faults and cautions of a log."""
    (folder / name).write_text(text, encoding="utf-8")
    return [one.rule for one in audit(open_logs([folder / name])) if one.level != "note"]


@pytest.mark.parametrize("form", CASES)
def test_what_breaks_the_form_of_all_others_is_told_and_its_sound_twin_is_not(tmp_path: Path, form: str) -> None:
    rule, wrong, sound = CASES[form]
    name = "log.csv" if wrong.startswith("#") and "," in wrong.splitlines()[1] else "log.md"
    assert aloud(tmp_path, wrong, name) == [rule]
    assert aloud(tmp_path, sound, name) == []


def test_a_row_that_is_odd_in_two_columns_is_of_other_items(tmp_path: Path) -> None:
    both = BIRDS.format("", "accuracy | solved", "70.4% | 70.4%").replace("|---|---|", "|---|---|---|")
    for share in ("65.1%", "73.0%", "82.5%"):
        both = both.replace(f"| {share} |", f"| {share} | {share} |")
    assert aloud(tmp_path, both, "log.md") == []
