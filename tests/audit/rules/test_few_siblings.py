"""In short tables and lists two rows that are right show what a third one should be; another reading keeps it quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

PACKER = (
    "# packer\n\n| folder | {before} | {after} | {name} |\n|---|--:|--:|--:|\n| photos | 91.4 | 38.2 | 2.39x |\n"
    "| mail | 310.5 | 120.8 | {odd} |\n| source | 44.7 | 27.6 | 1.62x |\n"
)
MEMORY = (
    "h2. Memory of the pods\n\n|| pod || before (GiB) || after (GiB) || saved ||\n| index | 42.6 | 27.1 | {} |\n"
    "| gateway | 9.6 | 7.2 | 25.0 % |\n| cache | 18.4 | 16.1 | {} |\n\nMeasured on one Tuesday.\n"
)
LADDER = (
    "# Ladder\n\n1. bag of words: 0.7412\n2. + bigrams: 0.7508 (+0.0096)\n3. + stems: 0.7541 (+0.0033)\n"
    "4. + names: 0.7569 (+0.0028)\n\n{}\n"
)
SPEECH = (
    "Decoding\n\n- news: CER 8.8 without, 7.5 with, i.e. 14.8 % relative\n"
    "- street: {} without, 16.9 with, i.e. {} % relative\n- phone: 26.3 without, 21.4 with, i.e. 18.6 % relative\n"
)
WAYS = {
    "a speed-up that is the ratio of two columns": (
        "row-breaks-column",
        PACKER.format(before="old (s)", after="new (s)", name="speed-up", odd="2.87x"),
        PACKER.format(before="old (s)", after="new (s)", name="speed-up", odd="2.57x"),
    ),
    "a factor far from that of its row": (
        "row-breaks-column",
        PACKER.format(before="old (s)", after="new (s)", name="speed-up", odd="2.87x"),
        PACKER.format(before="old (s)", after="new (s)", name="speed-up", odd="7.31x"),
    ),
    "a share saved, in a wiki's table": (
        "change-disagrees", MEMORY.format("57.2 %", "12.5 %"), MEMORY.format("36.4 %", "12.5 %"),
    ),
    "a share saved of which several are otherwise": (
        "change-disagrees", MEMORY.format("57.2 %", "12.5 %"), MEMORY.format("57.2 %", "14.3 %"),
    ),
    "the sum of a chain": (
        "change-disagrees",
        LADDER.format("From the first to the last that is +0.0177."),
        LADDER.format("From the first to the last that is +0.0157."),
    ),
    "the sum of some steps of a chain": (
        "change-disagrees",
        LADDER.format("In total +0.0177, most of it from the bigrams."),
        LADDER.format("All steps together but the first: +0.0061."),
    ),
    "lines of one form": (
        "change-disagrees", SPEECH.format("18.2", "8.1"), SPEECH.format("18.2", "7.1"),
    ),
    "lines of one form, one of them to the other number": (
        "change-disagrees", SPEECH.format("18.2", "8.1"), SPEECH.format("18.2", "7.7"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_two_siblings_that_are_right_show_a_third_that_is_not(way: str, tmp_path: Path) -> None:
    rule, odd, sound = WAYS[way]
    assert [one for one in aloud(odd, tmp_path / "odd.md") if one == rule] == [rule]
    assert rule not in aloud(sound, tmp_path / "sound.md")


PLANTS = (
    "# Plants\n\n{}\n\n| prompt | right on hold-out |\n|---|---|\n| names | 57.9% |\n| Latin names | 65.8% |\n"
    "| both | {} |\n"
)
QUESTIONS = (
    "# Manuals\n\n{}\n\n    bm25, top 3            {}\n    vectors, top 3         70.9 %\n"
    "    both, top 3            {}\n    both, sorted again     81.8 %\n\nThe same prompt in all rows.\n"
)
COUGHS = (
    "# coughs, {} (one recording each), one prediction per patient\nfeatures,acc,remark\nmfcc,60.7,\n"
    "spectra,{},\nembedding,77.0,frozen\n# training: {} patients, none of them in both\n"
)
ITEMS = {
    "a hold-out of things of any kind": (
        ".md", PLANTS.format("Hold-out by hand, 76 meadow tiles, answer = one of 9 plants.", "72.9%"),
        PLANTS.format("Hold-out by hand, 76 meadow tiles, answer = one of 9 plants.", "72.4%"),
    ),
    "two tests": (
        ".md", PLANTS.format("Hold-out by hand, 76 meadow tiles.", "72.9%"),
        PLANTS.format("Hold-out by hand, 76 meadow tiles. A second hold-out has 59 garden tiles.", "72.9%"),
    ),
    "things that are no test": (
        ".md", PLANTS.format("Hold-out by hand, 76 meadow tiles.", "72.9%"),
        PLANTS.format("The prompts name 76 meadow plants.", "72.9%"),
    ),
    "rows without a header": (
        ".md", QUESTIONS.format("110 questions by two mechanics, answers judged right or wrong.", "64.5 %", "75.9 %"),
        QUESTIONS.format("110 questions by two mechanics, answers judged right or wrong.", "64.5 %", "76.4 %"),
    ),
    "rows without a header that are means": (
        ".md", QUESTIONS.format("110 questions by two mechanics, answers judged right or wrong.", "64.5 %", "75.9 %"),
        QUESTIONS.format("110 questions, answers judged right or wrong, macro average.", "64.5 %", "75.9 %"),
    ),
    "a table with remarks": (
        ".csv", COUGHS.format("61 test patients", "71.9", "210"), COUGHS.format("61 test patients", "72.1", "210"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", ITEMS)
def test_shares_of_a_told_test_show_the_one_that_is_none_of_it(way: str, tmp_path: Path) -> None:
    ending, odd, sound = ITEMS[way]
    assert "odd-share" in aloud(odd, tmp_path / f"odd{ending}")
    assert "odd-share" not in aloud(sound, tmp_path / f"sound{ending}")


def aloud(text: str, path: Path) -> list[str]:
    path.write_text(text)
    return [one.rule for one in audit(open_logs([path])) if one.level in ("fault", "caution")]
