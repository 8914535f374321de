"""Conclusions: statements that say what results show, asserted and taken back by nothing beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary import outages
from evenhand.audit.text.vocabulary.verdicts import CUE, WITHHELD
from evenhand.audit.text.words import denied
from evenhand.audit.told.concluded.statements import Statement, around

_OPEN = Pattern(
    r"\b(?:should|would|could|might|may|if|plan(?:s|ned)?|todo|hypothes\w*|expect\w*|goals?|aims?|hope\w*|wanted to "
    r"know|want to|to see|next|question|we ask|idea|prediction|predict\w*|related work|et al|previous work|reported "
    r"that)\b|\?|\b(?:hypothese|frage|falls|wenn|si|ob|ziel|план|цель|если|вопрос|如果|假设|是否|目标)\b",
    re.IGNORECASE,
)
"""What is hoped for, asked or told of others."""

_LONGEST, _NEAR = 420, 5


@dataclass(frozen=True)
class Conclusion:
    """What is concluded: the statement, the words, and their line."""

    statement: Statement
    words: str
    line: Line
    cued: bool

    @property
    def results(self) -> set[float]:
        """The results in its clause: these are what it rests on."""
        one = self.statement
        at = max(0, one.text.lower().find(self.words.lower()))
        start = max(one.text.rfind(mark, 0, at) for mark in ",;") + 1
        end = min((place for mark in ",;" if (place := one.text.find(mark, at)) >= 0), default=len(one.text))
        return {n.value for n in one.results if start <= n.start < end}


def concluded_in(one: Statement, patterns: Iterable[Pattern], *, cued: bool = False) -> Conclusion | None:
    """The first of these words in a statement that asserts them.

    Args:
        one: the statement.
        patterns: words of conclusions.
        cued: only where the statement says that it concludes.
    """
    text = one.text
    if len(text) > _LONGEST:
        return None
    found = next((match for pattern in patterns if (match := _asserted(text, pattern)) is not None), None)
    if found is None or WITHHELD.search(text):
        return None
    cue = CUE.search(one.labelled)
    if cued and cue is None:
        return None
    return Conclusion(one, _short(found), one.sentence.line_at(found.start()), cue is not None)


def _asserted(text: str, pattern: Pattern) -> re.Match[str] | None:
    """The words of a pattern, where they are neither denied nor hoped for nor asked."""
    found = pattern.search(text)
    if found is None or _denied(text, found.start()) or _OPEN.search(text[: found.end()]):
        return None
    return None if text.rstrip().endswith("?") else found


def _denied(text: str, start: int) -> bool:
    """Whether a word is denied in its own clause."""
    clause = re.split(r"[,，]|[-=]>|[→⇒]|\b(?:so|hence|thus|therefore)\b", text[:start])[-1]
    return denied(clause, len(clause))


def drawn(
    statements: Iterable[Statement], patterns: Iterable[Pattern], *, cued: bool = False
) -> Conclusion | None:  # fmt: skip
    """The first conclusion among statements; none where one of them, or the next, takes it back."""
    every = list(statements)
    words = list(patterns)
    for at, one in enumerate(every):
        if withheld(one) and CUE.search(one.labelled):
            return None
        found = concluded_in(one, words, cued=cued)
        if found is not None:
            return None if any(withheld(next_) for next_ in every[at + 1 : at + 2]) else found
    return None


def withheld(one: Statement) -> bool:
    """Whether a statement, which is no question, says that nothing is known or that something went wrong."""
    found = WITHHELD.search(one.text)
    return found is not None and (found[0] != "?" or WITHHELD.search(one.text.replace("?", "")) is not None)


def doubted(log: Log, first: int, last: int, section: int) -> bool:
    """Whether a statement near some lines says that what they show may be wrong itself."""
    return any(withheld(one) for one in around(log, first, last, section, _NEAR))


def _short(found: re.Match[str]) -> str:
    return " ".join(found[0].split())[:60].strip(" ,;:.")


def as_reason(log: Log, line: int) -> bool:
    """Whether a line stands under a heading of its own for causes or symptoms."""
    place = log.by_number[line]
    above = (one for one in reversed(log.lines[max(0, place - 8) : place + 1]) if one.kind in ("prose", "heading"))
    return outages.REASON.match(next((one.body for one in above), "")) is not None
