"""Patterns are compiled when they are first run; a word that one needs stands in whatever it matches."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from re import _constants as codes
from re import _parser as parser
from typing import Any

import pytest

import evenhand.audit
from evenhand.audit.text.pattern import Pattern, small, stems

Items = list[tuple[Any, Any]]


def patterns() -> dict[str, Pattern]:
    """All patterns of the audit, by where they stand."""
    found = {}
    for module in pkgutil.walk_packages(evenhand.audit.__path__, "evenhand.audit."):
        for name, value in vars(importlib.import_module(module.name)).items():
            inner = value.items() if isinstance(value, dict) else [("", value)]
            found |= {f"{module.name}.{name} {key}".strip(): one for key, one in inner if isinstance(one, Pattern)}
    return found


def needing() -> dict[str, Pattern]:
    return {name: one for name, one in patterns().items() if one.needs}


def flat(items: Any) -> Items:
    """The items of a parsed pattern without groups and what matches no letter."""
    found: Items = []
    for code, value in items:
        if code is codes.SUBPATTERN:
            found += flat(value[3])
        elif code not in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
            found.append((code, value))
    return found


def ways(item: tuple[Any, Any]) -> list[Items]:
    """The ways in which one item can match; none where there are too many to tell."""
    code, value = item
    if code is codes.BRANCH:
        return [flat(one) for one in value[1]]
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT) and value[:2] == (0, 1):
        return [[], flat(value[2])]
    if code is codes.IN and len(value) <= 4 and all(one is codes.LITERAL for one, _ in value):
        return [[one] for one in value]
    return []


def runs(items: Items) -> Iterator[str]:
    """Letters that stand beside each other in every match."""
    yield from "".join(chr(value) if code is codes.LITERAL else "\n" for code, value in items).lower().split("\n")


def needed(items: Items, words: tuple[str, ...], depth: int = 5) -> bool:
    """Whether one of some words stands in whatever is matched."""
    if any(word in run for run in runs(items) for word in words):
        return True
    for code, value in items:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT) and value[0] and needed(flat(value[2]), words, depth):
            return True
    return depth > 0 and any(
        (found := ways(item)) != []
        and all(needed(items[:at] + one + items[at + 1 :], words, depth - 1) for one in found)
        for at, item in enumerate(items)
    )


@cache
def plain() -> set[str]:
    """Signs that small letters have for whatever a pattern without case takes for them."""
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000))))
    signs = set("".join("".join(one.needs) for one in needing().values()))
    return {sign for sign in signs if {*map(small, re.findall(re.escape(sign), every, re.IGNORECASE))} == {sign}}


@pytest.mark.parametrize("name", sorted(needing()))
def test_a_needed_word_stands_in_whatever_is_matched(name: str) -> None:
    one = needing()[name]
    assert all(word and word == small(word) and set(word) <= plain() for word in one.needs)
    assert needed(flat(parser.parse(one.pattern, one.flags)), one.needs)


@pytest.mark.parametrize(
    ("pattern", "needs", "right"),
    [
        (r"\bbest (?:of|among)\b|peaks?", ("best", "peak"), True),
        (r"\bbest (?:of|among)\b|peaks?", ("best", "peaks"), False),
        (r"(?:best )?run", ("best",), False),
        (r"(?:very )+good", ("very",), True),
        (r"(?:very )*good", ("very",), False),
        (r"re-?run", ("re-run", "rerun"), True),
        (r"(?=best)\w+", ("best",), False),
        (r"be[sa]t", ("best",), False),
    ],
)
def test_needs_that_do_not_hold_are_found_out(pattern: str, needs: tuple[str, ...], right: bool) -> None:
    assert needed(flat(parser.parse(pattern)), needs) is right


def test_letters_that_a_pattern_takes_for_plain_ones_are_plain_in_small_letters() -> None:
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    for plain in "abcdefghijklmnopqrstuvwxyz":
        assert {plain, plain.upper()} <= set(re.findall(plain, every, re.IGNORECASE))
        assert all(plain in small(one) for one in re.findall(plain, every, re.IGNORECASE))


def test_what_needs_a_word_is_not_compiled_for_a_text_without_it() -> None:
    one = Pattern(r"\bbest\b", re.IGNORECASE, needs="best")
    assert one.search("worst") is None
    assert list(one.finditer("worst")) == one.findall("worst") == []
    assert "compiled" not in vars(one)
    found = one.search("the BEST", 2)
    assert found is not None
    assert found.start() == 4
    assert [match.start() for match in one.finditer("best, beſt")] == [0, 6]


def test_a_class_of_chinese_signs_is_compiled_for_a_text_that_has_some() -> None:
    one = Pattern(r"(?<![^\W\u3400-\u9fff])runs?|[\u3400-\u9fff]{2}", re.IGNORECASE)
    assert one.findall("reruns → Run, ≈ 3 runs") == ["Run", "runs"]
    assert one.sub("x", "3 runs") == "3 x"
    assert "compiled" not in vars(one)
    assert one.findall("三次run 标准差") == ["三次", "run", "标准"]


def test_stems_are_what_each_alternative_begins_with() -> None:
    assert stems(r"goals?|expect(?:ed|s)?|try|re-?run|hash\w*") == "goal|expect|try|re|hash"
    assert stems(r"costs?|(?:very )?good") == ""


def test_importing_the_rules_compiles_none_of_their_patterns() -> None:
    code = (
        "import gc; import evenhand.audit.check; from evenhand.audit.text.pattern import Pattern; "
        "made = [one for one in gc.get_objects() if isinstance(one, Pattern)]; "
        "print(len(made) > 300, sum('compiled' in vars(one) for one in made))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "0"]
