"""Whole numbers in words, in six languages."""

from __future__ import annotations

import re
from functools import cache

_FROM_ONE = (
    "one|a single|single|un seul|une seule|ein einziger|один|одна",
    "two", "three|drei|trois|tres|три",
    "four|vier|quatre|cuatro|четыре|四",
    "five|fünf|cinq|cinco|пять|五",
    "six|seis|шесть|六",
    "seven|sieben|sept|siete|семь|七",
    "eight|acht|huit|ocho|восемь|八",
    "nine|neun|neuf|nueve|девять|九",
    "ten|zehn|dix|diez|десять|十",
    "eleven|elf|onze|once",
    "twelve|a dozen|zwölf|douze|doce|двенадцать",
    "thirteen", "fourteen", "fifteen|fünfzehn|quinze|quince|пятнадцать",
    "sixteen|sechzehn|seize", "seventeen", "eighteen", "nineteen", "twenty|zwanzig|vingt|veinte",
)  # fmt: skip
NUMBERS = {word: value for value, words in enumerate(_FROM_ONE, start=1) for word in words.split("|")} | {
    "sechs": 6, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
}  # fmt: skip
"""Words with what they stand for."""


@cache
def any_number(least: int = 1) -> str:
    """A pattern of the words for numbers from so many on, the longest first."""
    words = sorted((word for word, value in NUMBERS.items() if value >= least), key=len, reverse=True)
    return "|".join(map(re.escape, words))
