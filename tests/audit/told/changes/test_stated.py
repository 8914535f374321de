"""Two numbers and their stated difference are read from a sentence in each language, by one reader."""

from __future__ import annotations

import pytest

from evenhand.audit.text.log import Line, Log
from evenhand.audit.told.changes.change import told_wrong
from evenhand.audit.told.changes.stated import stated_in
from evenhand.audit.told.changes.words import AGAINST, TO, any_of


def read(text: str) -> list[tuple[float, float, float, str, bool]]:
    """Base, new number, difference, its unit and whether it is told to be relative."""
    log = Log("a.md", (Line(1, text, text, "prose"),))
    return [(one.base.value, one.new.value, one.delta.value, one.delta.unit, rel) for one, rel in stated_in(log)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("84.8 % against 83.3 %: +2.5 %", (83.3, 84.8, 2.5, "%", False)),
        ("48.2 -> 54.1 ms, faster by 22 %", (48.2, 54.1, 22.0, "%", False)),
        ("recall 0.61, base 0.58, gap 0.05", (0.58, 0.61, 0.05, "", False)),
        ("0.61 auf 0.58, die Differenz 0.05", (0.61, 0.58, 0.05, "", False)),
        ("0.61 contre 0.58, écart de 0.05", (0.58, 0.61, 0.05, "", False)),
        ("0.61 frente a 0.58, la diferencia 0.05", (0.58, 0.61, 0.05, "", False)),
        ("0.61 до 0.58, разница 0.05", (0.61, 0.58, 0.05, "", False)),
        ("58.4 升到 61.2, 差 2.1", (58.4, 61.2, 2.1, "", False)),
        ("new model trails by 0.05 (0.61, base 0.66)", (0.66, 0.61, 0.05, "", False)),
        ("loss 1.400 to 1.274, a relative drop of 9.0 %", (1.4, 1.274, 9.0, "%", True)),
    ],
)
def test_both_numbers_and_their_difference_are_read(text: str, expected: tuple[float, float, float, str, bool]) -> None:
    assert expected in read(text)


@pytest.mark.parametrize(
    "text",
    [
        "0.61 -> 0.58 -> 0.55, gap 0.06",
        "0.61 against 0.58, p 0.05",
        "0.61 against 0.58 per layer: +0.05",
        "61 of 58, gap 3",
        "0.61 ± 0.58, gap 0.05",
        "0.61, 0.58, so 0.05",
        "0.61 to 0.58 on expected items is 5.2 %",
    ],
)
def test_the_difference_of_something_else_is_none_of_these_two(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(("share", "wrong"), [("10.0", False), ("5.0", True), ("40.0", False)])
def test_a_relative_difference_is_judged_as_one_unless_it_is_far_off(share: str, wrong: bool) -> None:
    """Five points are the difference of these two, and no relative one; forty are of something else."""
    text = f"acc 0.500 to 0.550, a relative gain of {share} %"
    log = Log("a.md", (Line(1, text, text, "prose"),))
    assert any(told_wrong(change, relative=relative) for change, relative in stated_in(log)) is wrong


def test_words_of_chosen_languages_are_those_of_them_alone() -> None:
    assert any_of(AGAINST, "de", "fr") == "gegen|contre"
    assert all(words in any_of(TO) for words in TO.values())
