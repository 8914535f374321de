"""Whether a share that is not the one of its count may be a slip of the pen, or is one of something else."""

from __future__ import annotations

import math
import re

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import a_digit_off, rounded_off
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern

_FAR, _POINTS = 0.3, 2.0
"""A share that is farther off than this part of the right one, and so many points, is one of something else."""

_IDS, _BESIDE = 1000, 10
"""Two large numbers so near to each other are names of things, or years."""

_TWICE = 3
"""A share this many halves of its last digit away may have been rounded twice."""

_AROUND = 6
"""Lines before and behind: as far as one looks for another count that gives a share."""

_SCALES = (5, 10, 100)
"""Of so many points, a score may have halves."""

_AMOUNT = Pattern(r"\s?(?:[kKMGT]i?B|ms|s|sec\w*|min\w*|h|hours?|days?|points?|pts|[kM]?W|k?Wh|USD|EUR|[$€%])(?![a-z])")

_THREE = 3
"""Numbers of a line that tells a count with its share, and nothing else."""

_AVERAGED = Pattern(
    r"(?<![a-z])(?:mean|means|avg|average[ds]?|median|macro|micro|weighted|pooled)(?![a-z])|平均|±", re.IGNORECASE
)
"""What is an average of shares is no share of one count."""


def of_a_pen(log: Log, line: Line, part: int, whole: int, share: Number, *, shown: bool) -> bool:
    """Whether a share may be the slip of a pen, and no other reading explains it.

    Where nothing shows that it is told of the count, it is a mean, one with weights, one of other items, or what was
    meant to be, unless a digit makes it right.
    """
    if (part >= _IDS and whole - part <= _BESIDE) or _AVERAGED.search(line.body):
        return False
    if _measured(line, whole) or (whole in _SCALES and not shown):
        return False
    scale = 1 if share.unit == "%" or share.value > 1 else 100
    found = 100 * part / whole / scale
    twice = min(abs(found - share.value), abs(100 / scale - found - share.value)) <= _TWICE * share.slack
    if twice or rounded_off(share, found):
        return False
    near = abs(share.value - found) <= max(_POINTS / scale, _FAR * found)
    digit = a_digit_off(share, found) or (near and _another_part(part, whole, share))
    fine = (
        share.decimals > (0 if scale == 1 else 2) or len(line.numbers) == _THREE
    )  # of two digits, one is off by chance
    slip = (near or digit) if shown else digit and fine
    return slip and not _of_a_third(log, line, part, whole, share)


def _measured(line: Line, whole: int) -> bool:
    """Whether a whole is an amount of something that comes in parts, so that it was rounded before it was divided."""
    return any(int(n.value) == whole and _AMOUNT.match(line.body, n.end) for n in line.numbers)


def _another_part(part: int, whole: int, share: Number) -> bool:
    """Whether a digit of the part makes a share right, so that the slip was made there."""
    top = 100 if share.unit == "%" or share.value > 1 else 1
    least, most = (math.ceil(share.low / top * whole), math.floor(share.high / top * whole))
    if most - least > _IDS:
        return False  # a share that is so coarse shows no digit of its part
    return any(a_digit_off(numbers(str(one))[0], part) for one in range(max(0, least), most + 1))


def _of_a_third(log: Log, line: Line, part: int, whole: int, share: Number) -> bool:
    """Whether a share with decimals is that of the part or the whole and another count that stands near."""
    at = log.by_number[line.number]
    near = [n for one in log.lines[max(0, at - _AROUND) : at + _AROUND + 1] for n in one.numbers]
    others = {int(n.value) for n in near if not (n.decimals or n.unit or n.signed)} - {part, whole}
    top = 100 if share.unit == "%" or share.value > 1 else 1
    pairs = [*((part, other) for other in others), *((other, whole) for other in others)]
    return share.decimals > (0 if top == 100 else 2) and any(
        0 < a <= b and abs(top * a / b - share.value) <= share.slack for a, b in pairs
    )
