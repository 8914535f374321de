"""The numbers of a line: value, how finely it is printed, its unit, and where it stands.

What only looks like a number is left alone: parts of names (``scalar_l10``), dates, versions, paths, addresses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from evenhand.audit.text.pattern import Pattern

_BLANKED = Pattern(
    r"""https?://\S+ | \]\([^)]*\) | <[^<>]{1,200}> | \$\$?\\?[a-zA-Z]+\$?
    | [\w\-.*/{}\\]*[\w*}]\.(?:txt|sh|py|jsonl?|csv|tsv|logs?|md|pth|pt|ckpt|safetensors|ya?ml|toml|bin|png|jpe?g|svg
        |html|ipynb|parquet|np[yz]|gguf|cu|cpp|h5|pkl|zip|gz)\b
    | (?<![\w.])(?:[\w.\-]*[A-Za-z_][\w.\-]*/[\w./\-]+ | /[\w\-]+/[\w./\-]+)
    | (?<!\d\.)\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T\s]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?
    | \b\d{1,2}/\d{1,2}/\d{2,4}\b
    | \b\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\b | \bv?\d+\.\d+\.\d+[\w.\-]*
    | \b(?=[0-9a-f]*[a-f])(?=[a-f]*\d)[0-9a-f]{7,40}\b
    | \b(?:arXiv:)\d+\.\d+ | (?<=\[)\d+(?=\](?!\w)) | \#\d+\b
    """,
    re.VERBOSE,
)
_NUMBER = Pattern(
    r"""
    (?P<about>[~≈∼]\s*|±\s*|\+/?-\s*|(?:\b(?:about|around|roughly|approx\.?|approximately)\s+))?
    (?P<sign>(?<![^\W\u3400-\u9fff])(?<![)%\]])[+\-−–](?:[$€£](?=[\d.])|\s?))?
    (?<![^\W\u3400-\u9fff])(?<![.^,])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\.\d+|\d+)(?P<exp>[eE][+-]?\d{1,2})?
    (?P<unit>\s?%|\s?(?:pp|p\.p\.|pts?|points?|percentage\s+points|ppts?)\b|\s?[x×](?![\w×])|\s?[余多]?[（(]?倍(?!交叉|验证)|[kKMB](?![\w/])
       |\s?(?:ms|secs?|seconds?|s|mins?|minutes?|m|hours?|hrs?|h|days?|d)(?![\w/]))?
    (?![A-Za-z0-9_]|\.\d|,\d)
    """,
    re.VERBOSE,
)
_DIGIT = Pattern(r"\d")
_OF_WHAT = Pattern(
    r"^(?:wins?|correct|solved|passed|right|items|questions|problems|prompts|tasks|samples|examples)\s+(?=\()",
    re.IGNORECASE,
)
BY_HAND = 5
"""Decimals that somebody may write down; more were printed by a program, which subtracts and divides rightly."""

_LONGEST = 24
_FLOAT = 1e-12
"""What the last digits of a number in double precision say nothing of, as a share of it."""

_RATIO = Pattern(r"\s*(?:/|\bof\b|out of)\s*")
ROW_GOES_ON = Pattern(r"[\s)*`]*/\s*\d+\s*\(")
"""Behind a share: the next of the parts of one whole, which have strokes between."""

_RANGE = Pattern(r"\d\s?[–—-]\s?$")
_TIMES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9}
_POINTS = ("pp", "p.p.", "pt", "pts", "point", "points", "percentage points", "ppt", "ppts")
SECONDS = {
    **dict.fromkeys(("ms",), 1e-3), **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}  # fmt: skip
"""Words for stretches of time, in seconds."""


@dataclass(frozen=True)
class Number:
    """A number as it is printed.

    Attributes:
        value: in the unit that is printed, so 32.69 for ``32.69%``; ``2k`` is 2000.
        half: half a unit of the last digit that is printed: the true value lies within this much.
        decimals: digits after the point.
        unit: ``%``, ``pp``, ``x``, a word of time, or nothing.
        signed: a plus or a minus stands before it.
        about: it is said to be rough (``~``).
        spread: it follows a ``±``: it is no value but how far values lie apart.
        start, end: its columns in the text.
        scale: what a letter for thousands, millions or billions behind it stands for; 1 without.
    """

    value: float
    half: float
    decimals: int
    unit: str
    signed: bool
    about: bool
    spread: bool
    start: int
    end: int
    scale: float = 1.0

    @property
    def share(self) -> float:
        """The value as a share, where it is a percentage; as it is otherwise."""
        return self.value / 100 if self.unit in ("%", "pp") else self.value

    @property
    def low(self) -> float:
        """The least value that is printed so."""
        return self.value - self.slack

    @property
    def high(self) -> float:
        """The largest value that is printed so."""
        return self.value + self.slack

    @property
    def slack(self) -> float:
        """How far the true value may lie from what is printed, or from what a program could print; rough numbers may
        be off by a twentieth."""
        whole = max(self.half * (1 + 1e-9), abs(self.value) * _FLOAT)
        return max(whole * 2, abs(self.value) * 0.05) if self.about else whole


def blanked(text: str) -> str:
    """The text with everything that only looks like a number as blanks, columns kept."""
    return _BLANKED.sub(lambda found: " " * len(found[0]), text)


@lru_cache(maxsize=200_000)
def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a text, from left to right."""
    if not _DIGIT.search(text):
        return ()
    plain = blanked(text)
    found = [_number(one) for one in _NUMBER.finditer(plain) if len(one["digits"]) <= _LONGEST]
    for place in range(1, len(found)):
        before, one = found[place - 1 : place + 1]
        if plain[before.end : one.start + 1] == "--" and not before.signed:  # a range as TeX writes it
            found[place] = replace(one, value=-one.value, signed=False, start=one.start + 1)
    return tuple(found)


def _number(found: re.Match[str]) -> Number:
    digits, exponent = found["digits"].replace(",", ""), found["exp"] or ""
    unit = " ".join((found["unit"] or "").split())
    sign = (found["sign"] or "")[:1]
    before = (found["about"] or "").strip()
    scale = _TIMES.get(unit, 1.0)
    decimals = len(digits.partition(".")[2])
    power = 10.0 ** (int(exponent[1:] or 0) if exponent else 0)
    value = float(digits + exponent) * scale * (-1 if sign in ("-", "−", "–") else 1)
    half = 0.5 * 10.0**-decimals * scale * power
    kind = "pp" if unit in _POINTS else "x" if unit == "×" or unit.endswith("倍") else "" if unit in _TIMES else unit
    spread = before in ("±", "+/-", "+-")
    start = found.start("sign") if sign else found.start("digits")
    rough = bool(before) and not spread
    return Number(value, half, decimals, kind, bool(sign), rough, spread, start, found.end(), scale)


@dataclass(frozen=True)
class Count:
    """``80/429``, with the share that is printed beside it, where one is: ``80/429 (18.6%)``."""

    part: Number
    whole: Number
    share: Number | None


def counts(text: str) -> tuple[Count, ...]:
    """Counts of a text: two whole numbers with a stroke or ``of`` between, the first no larger than the second."""
    found = numbers(text)
    answer = []
    for place, (part, whole) in enumerate(pairwise(found)):
        between = _RATIO.fullmatch(text, part.end, whole.start)
        plain = all(one.decimals == 0 and not one.unit and not one.signed for one in (part, whole))
        if between is None or not plain or not 0 <= part.value <= whole.value or whole.value < 2:
            continue
        if text[part.start - 1 : part.start] == "/" or text[whole.end : whole.end + 2].lstrip()[:1] == "/":
            continue  # a row of values, or a date
        if _RANGE.search(text, 0, part.start):
            continue  # the end of a range: ``6–23 out of 30`` are not 23
        share = _beside(text, found[place + 2 :], whole) or _before(text, found[:place], part, whole)
        if share is not None and ROW_GOES_ON.match(text, share.end):
            continue  # parts of one whole with a stroke between: ``0 / 20 (42%) / 28 (58%)``
        answer.append(Count(part, whole, share))
    return tuple(answer)


def _before(text: str, earlier: tuple[Number, ...], part: Number, whole: Number) -> Number | None:
    """The share that a count in brackets follows: ``12.8% (21/164)``; counts of a few seeds or shots are none."""
    if not earlier or earlier[-1].unit != "%" or earlier[-1].signed or earlier[-1].spread or whole.value < 20:
        return None
    bare = text[earlier[-1].end : part.start].strip(" *`") == "(" and text[whole.end : whole.end + 1] == ")"
    return earlier[-1] if bare else None


def _beside(text: str, later: tuple[Number, ...], whole: Number) -> Number | None:
    """The share that is printed for a count: the percentage in brackets, or after a sign of equality."""
    if not later or later[0].unit != "%" or later[0].signed:
        return None
    between = _OF_WHAT.sub("", text[whole.end : later[0].start].strip(" *`~≈"))
    return later[0] if between in ("(", "=", "(=", ":", "→", "->", "-", "–", "—") else None


def right(mean: Number, values: Sequence[Number]) -> bool:
    """Whether a printed mean can be that of values, whatever was rounded away."""
    slack = sum(v.slack for v in values) / len(values) + mean.slack
    return abs(sum(v.value for v in values) / len(values) - mean.value) <= slack * (1 + 1e-9)
