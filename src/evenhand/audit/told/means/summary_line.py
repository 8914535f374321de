"""Lines that give means and spreads and little else: ``mean 0.8421, sd 0.0109``, ``27.4 ± 0.41``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Line
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import MEAN_WORD, OF_A_MEAN, REPEAT, SPREAD_WORD, worded

_BEFORE_A_COUNT = Pattern(
    r"(?:\b(?:over|of|across|from|on|all|the|these|those|über|aus|de|sur|sobre|по|из)\s+|(?<![^\W_])n\s*=\s*|[×x]\s?)$",
    re.IGNORECASE,
)
_A_COUNT = Pattern(rf"[\s-]*(?:\w+[\s-]){{0,1}}(?:{REPEAT}|values?|of (?:them|\d)|个|次|种)(?![^\W_])", re.IGNORECASE)
_NO_COUNT = Pattern(r"\bn\s?[-−–]\s?1$|ddof\s*=?\s*\d$", re.IGNORECASE)
_PLUS_MINUS = Pattern(r"\s*%?\s*(?:±|\+/-|\+-|\\pm)\s*")
_BOTH_WORDS = Pattern(r"[\s,/&(]*(?:±|\+/-|\+-|and|und|et|y|и)?[\s(]*(?:sample |population )?$", re.IGNORECASE)
_OPENS = Pattern(r"\s*%?\s*[(,/±]\s*(?:±|\+/-)?\s*")
_ENDS = Pattern(
    r"\s*%?\s*[)\]]*\s*(?:$|[.;,(\[|:!。，；、（)）]|→|->|=>|--?\s|[–—]|[/]\s|(?:vs|versus|against|gegen|compared|and|und|but|so)\b)",
    re.IGNORECASE,
)
_ELSE = (
    r"without|exclud\w+|excl|except|omit\w*|ignor\w+|weight\w*|trimmed|median\w*|unrounded|incl\w*|pooled|micro|macro|"
    r"remaining|survivors?|ohne|gewichtet\w*|sans|sauf|pondéré\w*|salvo|ponderad\w+|без|кроме|взвеш\w+|加权|"
    r"ensembl\w*|smoothed|ema|bootstrap\w*|concatenat\w+|weigh\w*|\w+[- ]level|"
    r"per[- ](?:item|patient|token|image|user)|"
    r"total|throughput|tok/s|tokens/s|it/s"
)
_PART_NEAR = worded(_ELSE)
_PART = worded(
    rf"{_ELSE}|drop(?:ped|ping)|only|minus|rounded|plus|per[- ]class|rest|others?|finished|nur|sin|除|"
    r"so far"
)
"""Words of a line by which a mean may be of more, of fewer or of something else than all values that are listed."""

_ON_AVERAGE = Pattern(
    r"\s*%?\s*(?:on average|in the mean|im (?:mittel|schnitt|durchschnitt)|en moyenne|de media|en promedio|в среднем)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_M_IS = Pattern(r"^\W*M\s*=\s*$")
_NEXT = Pattern(r"\s*%?\s*[,;/|、，]\s*(?:and\s+)?[^\W\d][\w .+-]{0,24}[\s:=]+", re.IGNORECASE)
"""Before the mean of the next column: ``mean: baseline 76.22, ours 76.33``."""

_REMARK = Pattern(
    r"\s*%?\s*[(\[]\s*((?:per|of|over|on|for|in|across|between|within|from|by|with|at|best|top|worst)\b[^()]*|[^\W\d]\w*(?:\s\w+)?)[)\]]",
    re.IGNORECASE,
)
"""A bracket that says of what a number is, not what somebody thinks of it."""

LOOSE = Pattern(r"spread|scatter|streuung|разброс", re.IGNORECASE)
"""Words for a deviation that may as well call a range."""

_LONGEST = 400


@dataclass(frozen=True)
class Part:
    """A mean, a spread or both, as one clause of a line tells them.

    Attributes:
        name: the words before them, and those behind up to the end of the clause.
        mean, sd: as printed.
        worded: whether a word calls the mean a mean; behind a ± nothing need to.
        called: whether a word calls the spread a deviation.
        row: all numbers in a row behind the word: a row of means, one for each column.
        below: the line of the spread, where it has one of its own.
    """

    name: str
    mean: Number | None = None
    sd: Number | None = None
    worded: bool = False
    called: bool = False
    row: tuple[Number, ...] = ()
    below: Line | None = None


def restricted(text: str, *, near: bool = False) -> bool:
    """Whether a line says that it is of part of the values, or of another kind of mean; ``near``: the line after it."""
    return (_PART_NEAR if near else _PART).search(text) is not None


def parts_of(text: str) -> tuple[Part, ...]:
    """What a text gives from its beginning on, up to the first number that is neither a mean nor a spread."""
    if len(text) > _LONGEST or restricted(text):
        return ()
    told = [one for one in numbers(text) if not _counts(text, one)]
    found: list[Part] = []
    at, both = 0, False
    for place, number in enumerate(told):
        lead = text[at : number.start]
        after = told[place + 1] if place + 1 < len(told) else None
        role = _role(text, lead, number, after, found, both)
        if not role:
            break
        both = role == "both"
        if role == "spread":
            found = _with_spread(found, lead, number)
        else:
            words = role != "implied"
            row = _row(text, told[place:]) if words and not both else ()
            found.append(Part(lead, number, worded=words, row=row))
        at = number.end
    tail = text[at:]
    if found and (remark := _REMARK.match(tail)):
        found[-1] = replace(found[-1], name=f"{found[-1].name} {remark[1]}")
    if found and _ENDS.match(tail) is None:
        end = re.search(r"[.;,(|:。，；（]|$", tail)
        found[-1] = replace(found[-1], name=f"{found[-1].name} {tail[: end.start() if end else 0]}")
    return tuple(found)


def pointed_at(text: str) -> tuple[Part, ...]:
    """The number that an arrow behind values points at, with the spread behind it."""
    told = numbers(text)
    if not told or told[0].start or restricted(text):
        return ()
    after = (
        told[1]
        if len(told) > 1 and (told[1].spread or _PLUS_MINUS.fullmatch(text[told[0].end : told[1].start]))
        else None
    )
    return (Part("", told[0], after),) if _ENDS.match(text[(after or told[0]).end :]) else ()


def _with_spread(found: list[Part], lead: str, number: Number) -> list[Part]:
    called = SPREAD_WORD.search(LOOSE.sub(" ", lead)) is not None
    last = found[-1] if found else None
    if last is None or last.sd is not None:
        return [*found, Part(lead, None, number, called=called)]
    called = called or SPREAD_WORD.search(last.name) is not None
    return [*found[:-1], replace(last, name=f"{last.name} {lead}", sd=number, called=called)]


def _role(text: str, lead: str, number: Number, after: Number | None, found: Sequence[Part], both: bool) -> str:
    """``mean``, ``both`` (the spread follows), ``spread``, ``implied`` (a mean by the ± behind it), or nothing."""
    last = found[-1] if found else None
    if _ON_AVERAGE.match(text, number.end):
        return "mean"
    if number.spread or (last is not None and _PLUS_MINUS.fullmatch(lead)):
        return "spread" if last is not None and last.mean is not None and last.sd is None else ""
    if both and last is not None and _OPENS.fullmatch(lead):
        return "spread"
    if _M_IS.search(lead):
        return "mean"
    if MEAN_WORD.search(lead) or SPREAD_WORD.search(lead) or OF_A_MEAN.search(lead):
        return _by_word(lead, number)
    implied = after is not None and (after.spread or _PLUS_MINUS.fullmatch(text[number.end : after.start]))
    return "implied" if implied or (last is not None and last.worded and _NEXT.fullmatch(lead)) else ""


def _by_word(lead: str, number: Number) -> str:
    """The role of a number by the words before it."""
    means, spreads = list(MEAN_WORD.finditer(lead)), list(SPREAD_WORD.finditer(lead))
    if OF_A_MEAN.search(lead) or (not means and number.signed):
        return ""
    if means and spreads and means[-1].end() <= spreads[-1].start():
        return "both" if _BOTH_WORDS.fullmatch(lead[means[-1].end() : spreads[-1].start()]) else ""
    return "mean" if means else "spread"


def _counts(text: str, number: Number) -> bool:
    """Whether a number says how many values there are, or how a spread is computed."""
    if number.decimals or number.unit or abs(number.value) > 100:
        return False
    behind = text[number.end : number.end + 40]
    before = text[max(0, number.start - 16) : number.start]
    if _NO_COUNT.search(text[: number.end]) or _A_COUNT.match(behind):
        return True
    return (
        _BEFORE_A_COUNT.search(before) is not None and re.match(r"\s*[)\]:=,(|]|\s+\(?[^\W\d]|\s*$", behind) is not None
    )


def _row(text: str, told: Sequence[Number]) -> tuple[Number, ...]:
    """The numbers that follow each other with nothing but blanks or strokes between, where there are several."""
    run = [told[0]]
    for one in told[1:]:
        if not re.fullmatch(r"[\s|/,]+", text[run[-1].end : one.start]) or one.spread:
            break
        run.append(one)
    return tuple(run) if len(run) > 1 and _ENDS.match(text[run[-1].end :]) else ()
