"""Differences that a sentence states in other orders and words: ``a 0.61, b 0.58, gap 0.05``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.told.changes.changes import Change

_TO = re.compile(
    r"[\s`*%]*(?:pp\b|points?\b|nats\b)?(?:\s*[A-Za-z]{1,12}\b){0,2}[\s`*]*"
    r"(?:→|->|⇒|=>|➜|\bto\b|\bauf\b|\bnach\b|\bà\b|\bдо\b|[降升增减提]?[低高加少升]?[到至为])"
    r"[\s`*(]*(?:[A-Za-z]{1,12}\s+){0,2}[`*]*",
    re.IGNORECASE,
)
_VS = re.compile(
    r"[\s`*%)]*(?:\w{1,14}\s+){0,2},?\s*\b(?:against|versus|vs\.?|compared (?:to|with)|gegen|contre|contra|frente a|"
    r"против)\s+"
    r"[`*(]*(?:[\w-]{1,14}\s+){0,3}[`*]*",
    re.IGNORECASE,
)
_AND = re.compile(
    r"[\s`*%)]*(?:,|;|\band\b|\bund\b|\bet\b|\by\b|и|/|\|)\s*[`*(]*(?:[\w@.+-]{1,16}[\s:=]+){0,4}[`*(]*", re.IGNORECASE
)
_NOUN = (
    r"difference|diff|gap|distance|delta|Δ|margin|abstand|differenz|unterschied|écart|diferencia|brecha|разниц\w+|"
    r"разрыв|差距?|差值"
)
_GAP = re.compile(
    rf"[\s`*%)]*(?:pp\b|points?\b|nats\b)?\s*[,;:(—–-]*\s*(?:so\s+)?(?:an?\s+|the\s+|die\s+|la\s+)?(?:{_NOUN})\s*(?:of|is|=|:|von|de)?\s*[`*(]*",
    re.IGNORECASE,
)
_THUS = re.compile(
    r"[\s`*%)]*(?:pp\b|points?\b|nats\b)?\s*[,;:(—–-]+\s*(?:(?:so|i\.\s?e\.,?|that is|thus|hence|also|which is|"
    r"d\.\s?h\.|"
    r"soit|es decir|т\.\s?е\.|共|即|"
    r"一?共?[降升增减提][低高加少升]?了?|an?|the|by|um|de|на|about|relative|absolute|decrease|"
    r"increase|gain|drop|change|of|down|up|"
    r"lower|higher|better|worse)[\s:]*){1,6}[`*(]*",
    re.IGNORECASE,
)
_IS = re.compile(
    r"[\s`*%)]*(?:(?:at|on|in|for|over|after)\b[^.;,%()]{0,45}?\s)?(?:is|are|=|makes|ist|sind|это|son|es|est)\s+"
    r"(?:an?\s+)?[`*(]*",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?:trail\w*|lead\w*|lag\w*|behind|ahead|beats?|exceed\w*|outperform\w*|lower|higher|better|worse|above|below|"
    r"ris\w+|rose|fall\w*|fell|drop\w*|improv\w+|gain\w*|los\w+|schlägt|übertrifft|supera|dépasse)\b[^.;\d]{0,40}\b"
    r"(?:by|um|por|en|de)\s+[`*]*$",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"[\s`*%]*(?:pp\b|points?\b|nats\b|bits\b)?\s*[(:]\s*[`*]*(?:from\s+)?(?:[\w-]{1,16}[\s:=]+){0,3}[`*]*",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\s*(?:percentage points?|prozentpunkte?n?|puntos?(?: porcentuales)?|points? de pourcentage|"
    r"п\.\s?п\.|个?百分点|pp\b)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"relativ\w*|relatif|相对|относительн\w*", re.IGNORECASE)
_AFTER = re.compile(
    r"\s*(?:%|pp\b|points?\b|nats\b|bits?\b|percentage points?|prozentpunkte?n?|puntos?(?: porcentuales)?|"
    r"points? de pourcentage|百分点)?\s*(?:(?:relative\w*|absolute|abs|lower|higher|better|worse|more|less|gain|drop|"
    r"improvement|niedriger|höher|besser|relativ)\b\.?\s*){0,2}(?:$|[)\],;:.!`*(|]|—|–)",
    re.IGNORECASE,
)
_SKIPS = re.compile(r"\b(?:ci|interval|target|threshold|needed|expected|chance|sd|std|se|stderr|p)\b", re.IGNORECASE)


def stated_in(log: Log) -> Iterator[tuple[Change, bool]]:
    """The changes of lines of words, and whether each is told to be relative."""
    for line in log.lines:
        if line.kind in ("prose", "bullet", "code") and len(line.numbers) >= 3:
            yield from _in_line(line)


def _in_line(line: Line) -> Iterator[tuple[Change, bool]]:
    text, found = line.body, line.numbers
    for place in range(len(found) - 2):
        one, other = found[place : place + 2]
        if _pair(one, other):
            between = text[one.end : other.start]
            way = next((p for p in (_TO, _VS, _AND) if p.fullmatch(between)), None)
            delta = _behind(text, found, place, listed=way is _AND) if way is not None else None
            if way is not None and delta is not None and not _chain(text, found, place):
                base, new = (one, other) if way is _TO else (other, one)
                yield _made(line, base, new, delta)
        yield from _by(line, *found[place : place + 3])


def _by(line: Line, delta: Number, one: Number, other: Number) -> Iterator[tuple[Change, bool]]:
    """``trails by 0.05 (0.61, base 0.66)``: the difference stands first."""
    text = line.body
    told = _BY.search(text[: delta.start]) is not None and _OPENS.fullmatch(text[delta.end : one.start]) is not None
    joined = any(p.fullmatch(text[one.end : other.start]) for p in (_TO, _VS, _AND))
    if told and joined and _pair(one, other) and delta.decimals and delta.unit in (one.unit, "%", "pp"):
        yield _made(line, other, one, delta)


def _pair(one: Number, other: Number) -> bool:
    """Whether two numbers are printed alike, as the results of two arms are."""
    alike = one.decimals == other.decimals > 0 and one.scale == other.scale and one.unit in ("", other.unit)
    return alike and not any(n.spread or n.about for n in (one, other)) and one.value * other.value != 0


def _behind(text: str, found: tuple[Number, ...], place: int, *, listed: bool) -> Number | None:
    """The number that is said to be the difference of the two before it."""
    new = found[place + 1]
    for delta in found[place + 2 : place + 4]:
        between = text[new.end : delta.start].rstrip("+-−")
        if len(between) > 60 or delta.spread or delta.about or _SKIPS.search(between):
            return None
        ends = _AFTER.match(text, delta.end) is not None
        gap = _GAP.fullmatch(between) is not None and bool(delta.decimals)
        thus = (
            not listed and _THUS.fullmatch(between) is not None and (delta.unit in ("%", "pp") or bool(delta.decimals))
        )
        equal = not listed and _IS.fullmatch(between) is not None and delta.unit in ("%", "pp")
        if ends and (gap or thus or equal):
            return delta
        if delta.decimals or delta.unit:
            return None
    return None


def _chain(text: str, found: tuple[Number, ...], place: int) -> bool:
    """Whether the first number is one of a longer row: the difference may be that of others."""
    if not place:
        return False
    before = text[found[place - 1].end : found[place].start]
    return any(p.fullmatch(before) for p in (_TO, _VS, _AND)) and _pair(found[place - 1], found[place])


def _made(line: Line, base: Number, new: Number, delta: Number) -> tuple[Change, bool]:
    points = _POINTS.match(line.body, delta.end) is not None
    near = line.body[max(0, delta.start - 25) : delta.start] + line.body[delta.end : delta.end + 12]
    relative = delta.unit == "%" and _RELATIVE.search(near) is not None
    known = replace(delta, unit="pp") if points and not delta.unit else delta
    known = (
        replace(known, unit="") if delta.unit == "pp" and not base.unit and max(base.value, new.value) > 1.5 else known
    )
    return Change(base, new, known, line, line, True, line.body[max(0, base.start - 40) : base.start].strip()), relative
