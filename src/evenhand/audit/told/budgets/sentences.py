"""What arms could spend, as sentences and lists tell it: ``trained for 600M tokens, baseline 200M tokens``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import SECONDS, Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.budgets.tables import MORE, Unequal

_AMOUNT = Pattern(
    r"\s*(?:training |gradient |optimi[sz]er |train )?(steps?|epochs?|tokens?|iterations?|iters?|updates?)\b",
    re.IGNORECASE,
)
_AWARE = Pattern(
    r"\b(?:same|equal\w*|match\w*|iso-?\w*|normali[sz]ed|faster|slower|speed\w*|fewer|less|"
    r"reach\w*|needs?|needed|instead|longer|"
    r"unequal|unfair|not comparable|incomparable|caveat|differ\w*|extra|additional|"
    r"more (?:steps|epochs|tokens|compute|time)|"
    r"budgets?|budget-\w+|resum\w+|continu\w+|scal\w+|extend\w*)\b",
    re.IGNORECASE,
)
_GAIN = Pattern(
    r"\b(?:gains?|improvement|better|lead|advantage|delta|diff\w*|ahead)\b[^\d;.]{0,12}$|Δ\s*=?\s*$", re.IGNORECASE
)
_RIVAL = Pattern(
    r"\b(?:over|vs\.?|versus|above|than|against|compared (?:to|with))\s+(?:the\s+)?(.{2,40}?)\s*(?:[),;:]|\.(?:\s|$)|$)"
)


def amounts_in(line: Line) -> list[tuple[Number, str, float]]:
    """What a line says was spent: the number, its unit in the singular, and the amount; time in seconds."""
    found = []
    for number in line.numbers:
        after = _AMOUNT.match(line.body, number.end)
        if number.signed or number.spread or number.about:
            continue
        if after is not None and not number.unit:
            if not re.search(
                r"\b(?:at|by|every|per|step|epoch|of|first|last)\s*$", line.body[: number.start], re.IGNORECASE
            ):
                found.append((number, after[1].lower().rstrip("s"), number.value))
        elif number.unit in SECONDS and number.unit not in ("ms", "m", "d"):
            found.append((number, "second", number.value * SECONDS[number.unit]))
    return found


def in_text(log: Log) -> Iterator[Unequal]:
    """``trained for 600M tokens, baseline 200M tokens, 2.431 -> 2.318 (-0.113)``; two bullets."""
    for line in log.spoken():
        amounts = amounts_in(line)
        if not amounts or _AWARE.search(line.body):
            continue
        if len(amounts) == 2 and amounts[0][1] == amounts[1][1]:
            yield from _in_line(line, amounts)
        elif len(amounts) == 1:
            yield from _beside(log, line, amounts[0])


def _in_line(line: Line, amounts: list[tuple[Number, str, float]]) -> Iterator[Unequal]:
    """Two amounts in a line, each beside a result, whose difference is printed."""
    (first, unit, one), (second, _, other) = amounts
    between = line.body[first.end : second.start]
    parts = re.split(r";\s+", line.body)
    if len(parts) != 2 or one * MORE >= other or ";" not in between:
        return
    results = [n for n in line.numbers if n.decimals >= 2 and not n.signed and not n.spread and n.unit in ("", "%")]
    if len(results) != 3 or results[1].start < len(parts[0]) or results[0].end > len(parts[0]):
        return
    if _GAIN.search(line.body[: results[2].start]) is None:
        return
    slack = sum(n.slack for n in results)
    if abs(abs(results[1].value - results[0].value) - results[2].value) <= slack:
        yield Unequal("", results[2], other, one, unit + "s", line.number, line.number)


def _beside(log: Log, line: Line, amount: tuple[Number, str, float]) -> Iterator[Unequal]:
    """A bullet with a difference over another bullet that it names, which had less."""
    deltas = [n for n in line.numbers if n.signed and not n.spread]
    values = _results(line)
    if line.kind != "bullet" or len(deltas) != 1 or len(values) != 1:
        return
    rival = _RIVAL.search(line.body, deltas[0].end)
    if rival is None:
        return
    place = log.by_number[line.number]
    for other in log.lines[max(0, place - 8) : place]:
        theirs, base = _results(other), amounts_in(other)
        if (other.kind, other.section, other.parent) != ("bullet", line.section, line.parent) or len(theirs) != 1:
            continue
        if len(base) != 1 or base[0][1] != amount[1] or amount[2] <= MORE * base[0][2]:
            continue
        label = other.body.split(":")[0].strip().lower()
        slack = values[0].slack + theirs[0].slack + deltas[0].slack
        if label == rival[1].strip().lower() and abs(values[0].value - theirs[0].value - deltas[0].value) <= slack:
            name = line.body.split(":")[0].strip()
            yield Unequal(name, deltas[0], amount[2], base[0][2], amount[1] + "s", line.number, other.number)


def _results(line: Line) -> list[Number]:
    """Results of a bullet: numbers after its colon with digits after the point."""
    colon = line.body.find(":")
    return [
        n for n in line.numbers
        if n.start > colon >= 0 and n.decimals >= 2 and not n.signed and not n.spread and n.unit in ("", "%")
    ]  # fmt: skip
