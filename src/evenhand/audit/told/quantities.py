"""The numbers of a passage with the words that stand beside each, and the units that are told in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.text.vocabulary.roles import PART_WORDS, PERCENT_WORDS, POINT_WORDS

_PERCENT = Pattern(rf"\s?(?:{PERCENT_WORDS})", re.IGNORECASE)
_POINTS = Pattern(rf"\s?(?:(?:[A-Z][\w-]*|absolute|full|%)[\s-]){{0,2}}(?:{POINT_WORDS})", re.IGNORECASE)
_WORDS = Pattern(
    rf"(?<!\w)({any_number()})[\s-](?:{PERCENT_WORDS}|{POINT_WORDS})",
    re.IGNORECASE,
    needs="%|cent|point|punkt|punto|pp|p.p|pt|prozent|por ciento|п.|цен|пунк|点",
)
_PARTS = Pattern(
    rf"(?<!\w)({'|'.join(PART_WORDS)})\s+(?:of the|of its|of all|der|des|de l[ao]s)\s",
    re.IGNORECASE,
    needs="of the|of its|of all|der|des|de l",
)
_NAME = frozenset("@#^_")
_DIGITS_MOST = 400


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number of a sentence.

    Attributes:
        number: as printed.
        unit: ``%``, ``pp``, ``x``, a word of time, or nothing; also where words tell it.
        before: the words between the number before it, or the beginning of the sentence, and it.
        after: the words up to the next number, or to the end of the sentence.
        sentence: that it stands in.
        place: which number of the sentence it is.
    """

    number: Number
    unit: str
    before: str
    after: str
    sentence: Sentence
    place: int

    @property
    def value(self) -> float:
        """As printed."""
        return self.number.value

    @property
    def line(self) -> Line:
        """The line that it stands on."""
        return self.sentence.line_at(self.number.start)

    @property
    def whole(self) -> bool:
        """Whether it is a bare whole number: one that may count something."""
        one = self.number
        return not (one.decimals or self.unit or one.signed or one.about or one.spread) and one.scale == 1

    @property
    def plain(self) -> bool:
        """Whether it is neither signed nor rough nor a spread."""
        return not (self.number.signed or self.number.about or self.number.spread)


@lru_cache(maxsize=50_000)
def quantities(sentence: Sentence) -> tuple[Quantity, ...]:
    """The numbers of a sentence, those that are part of a name (``pass@1``) left out."""
    text = sentence.text
    found = [n for n in sentence.numbers if text[n.start - 1 : n.start] not in _NAME or not n.start]
    words = list(_in_words(text))
    found = sorted([*found, *words], key=lambda one: one.start) if words else found
    answer = []
    for place, number in enumerate(found[:_DIGITS_MOST]):
        start = found[place - 1].end if place else 0
        end = found[place + 1].start if place + 1 < len(found) else len(text)
        after = text[number.end : end]
        unit = number.unit
        if unit in ("", "%") and _POINTS.match(after):
            unit = "pp"
        elif not unit and _PERCENT.match(after):
            unit = "%"
        answer.append(Quantity(number, unit, text[start : number.start], after, sentence, place))
    return tuple(answer)


def _in_words(text: str) -> Iterator[Number]:
    """Numbers that are written out: ``eight percent``, ``a third of the errors``, which is one roughly."""
    for found in _WORDS.finditer(text):
        yield Number(float(NUMBERS[found[1].lower()]), 0.5, 0, "", False, False, False, *found.span(1))
    for found in _PARTS.finditer(text):
        yield Number(PART_WORDS[found[1].lower()], 3.0, 0, "%", False, False, False, *found.span(1))


@dataclass(frozen=True, eq=False)
class Scope:
    """Passages that stand together: paragraphs, lists and messages between two headings, so far as they are near."""

    passages: tuple[Passage, ...]

    @property
    def sentences(self) -> Iterator[Sentence]:
        """All of them, in their order."""
        for passage in self.passages:
            yield from passage.sentences

    @property
    def quantities(self) -> Iterator[Quantity]:
        """All their numbers."""
        for sentence in self.sentences:
            yield from quantities(sentence)


_MOST = 14
"""Passages of one scope; what is farther apart is of something else."""


@per_log
def scopes_of(log: Log) -> tuple[Scope, ...]:
    """The scopes of a log: its passages by section, long sections in windows."""
    by_section: dict[int, list[Passage]] = {}
    for one in passages_of(log):
        by_section.setdefault(one.section, []).append(one)
    found: list[Scope] = []
    for own in by_section.values():
        found += [Scope(tuple(part)) for part in ([own] if len(own) <= _MOST else _blocks(own))]
    return tuple(found)


def _blocks(passages: Sequence[Passage]) -> Iterator[list[Passage]]:
    """Windows over a long section, each with half of the one before."""
    for start in range(0, len(passages) - _MOST // 2, _MOST // 2):
        yield list(passages[start : start + _MOST])
