"""Whole numbers in words, in six languages."""

from __future__ import annotations

import re
from functools import cache

_FROM_ONE = (
    "one|a single|single|un seul|une seule|ein einziger|один|одна",
    "two|zwei|deux|dos|два|двух|две|两个|两", "three|drei|trois|tres|три|трёх|трех|三个|三",
    "four|vier|quatre|cuatro|четыре|четырёх|四个|四",
    "five|fünf|cinq|cinco|пять|пяти|五个|五",
    "six|sechs|seis|шесть|шести|六个|六",
    "seven|sieben|sept|siete|семь|семи|七个|七",
    "eight|acht|huit|ocho|восемь|восьми|八个|八",
    "nine|neun|neuf|nueve|девять|девяти|九个|九",
    "ten|zehn|dix|diez|десять|десяти|十个|十",
    "eleven|elf|onze|once",
    "twelve|a dozen|zwölf|douze|doce|двенадцать",
    "thirteen", "fourteen", "fifteen|fünfzehn|quinze|quince|пятнадцать",
    "sixteen|sechzehn|seize|dieciséis", "seventeen", "eighteen", "nineteen", "twenty|zwanzig|vingt|veinte|двадцать",
)  # fmt: skip
NUMBERS = {word: value for value, words in enumerate(_FROM_ONE, start=1) for word in words.split("|")} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
}  # fmt: skip
"""Words with what they stand for."""


def number_of(word: str) -> int:
    """What a whole number stands for, in digits or in such a word."""
    return NUMBERS.get(word.lower()) or int(word)


@cache
def any_number(least: int = 1) -> str:
    """A pattern of the words for numbers from so many on, the longest first."""
    words = sorted((word for word, value in NUMBERS.items() if value >= least), key=len, reverse=True)
    return "|".join(map(re.escape, words))
