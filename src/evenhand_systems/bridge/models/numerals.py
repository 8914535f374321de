"""Numbers as models write them: digits, or number words; and how to read an answer back.

A stand-in model whose tokenizer knows number words gets its text through :func:`spell` and is read through
:func:`unspell`; one whose tokenizer sets every digit apart is read through :func:`join_digits`; all others use the text
as it is.
"""

from __future__ import annotations

import re
from typing import Literal

Numerals = Literal["digits", "words", "plain"]

UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBER_WORDS = (*UNITS, *TENS, "hundred")

_VALUES = {word: value for value, word in enumerate(UNITS)} | {word: 20 + 10 * i for i, word in enumerate(TENS)}
_RUN = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})(?: (?:{'|'.join(NUMBER_WORDS)}))*\b")
_SPLIT_DIGITS = re.compile(r"(?<=\d) (?=\d)")


def words_of(number: int) -> str:
    """English words of 0 .. 999, without hyphens or "and": ``twenty three``, ``one hundred five``."""
    if not 0 <= number <= 999:
        raise ValueError(f"numbers are spelled from 0 to 999; found {number}")
    if number >= 100:
        rest = f" {words_of(number % 100)}" if number % 100 else ""
        return f"{UNITS[number // 100]} hundred{rest}"
    if number < 20:
        return UNITS[number]
    return TENS[number // 10 - 2] + (f" {UNITS[number % 10]}" if number % 10 else "")


def spell(text: str) -> str:
    """The text with every number below 1000 in words; greater numbers stay digits."""
    return re.sub(r"\d+", lambda m: words_of(int(m.group())) if int(m.group()) < 1000 else m.group(), text)


def unspell(text: str) -> str:
    """The text with number words as digits; a run that is no number (``two six``) becomes several numbers."""
    return _RUN.sub(lambda match: " ".join(map(str, _numbers(match.group().split()))), text)


def join_digits(text: str) -> str:
    """Undo the blanks that a digit-by-digit tokenizer leaves: ``1 7`` becomes ``17``."""
    return _SPLIT_DIGITS.sub("", text)


def _numbers(words: list[str]) -> list[int]:
    """Numbers of a run of number words, read greedily from the left."""
    numbers: list[int] = []
    i = 0
    while i < len(words):
        value, i = _below_hundred(words, i)
        if i < len(words) and words[i] == "hundred" and 1 <= value <= 9:
            value, i = value * 100, i + 1
            if i < len(words) and words[i] != "hundred":
                rest, i = _below_hundred(words, i)
                value += rest
        numbers.append(value)
    return numbers


def _below_hundred(words: list[str], i: int) -> tuple[int, int]:
    """The number that starts at word ``i`` (a lone "hundred" counts as 100), and the place after it."""
    value = _VALUES.get(words[i], 100)
    i += 1
    if 20 <= value < 100 and i < len(words) and 1 <= _VALUES.get(words[i], 0) <= 9:
        value, i = value + _VALUES[words[i]], i + 1
    return value, i
