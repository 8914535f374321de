"""What a log says, sentence by sentence, with the results among its numbers and the words that name something."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.verdicts import CUE

_UNIT = Pattern(
    r"\s*(?:[kKMGT]?i?B\b|[µm]?s\b|%? ?(?:h|min|GB|MB|kB|Hz|kHz|MHz|dB SNR|USD|EUR|euros?|dollars?|W|kW|px|fps|GiB|"
    r"tok/s|weights?|params?|parameters?|points?|times|x\b|days?|hours?|weeks?|layers?|dims?|bits?)\b|€|\$|°|[MmKkBb]? "
    r"?(?:params|парам\w*|paramètres|parámetros|parameter)\b|млн|Mio|mil\b|万|亿)"
)
_SETTING = Pattern(
    r"(?:\b(?:lr|learning rate|temp(?:erature)?|dropout|alpha|beta|gamma|eta|eps(?:ilon)?|weight|clip|margin|scale|wd|"
    r"decay|momentum|sd|std|top-?p|top-?k|T|t|w|coef\w*|kl|lambda|tau|threshold|penalty|cost|SNR|version|factors?|"
    r"python|cuda|lernrate|taux|tasa|температура|温度|学习率|h|lot|lrs?|bs|±|≤|<|>|≥|betas|cosine|radius)(?: (?:is|of|"
    r"was|at|to|from|mit|de|von|=|:))?|\bp ?=|\b(?:sd|std|SD)[^,;)]{1,12}|[=^]1e|\bv|\$|€|~)\s*[=:(≤<>≥/\[]*\s*$",
    re.IGNORECASE,
)
_NAMED = Pattern(r"[A-Za-z][\w.]*-$")
"""A number behind a hyphen is part of a name, such as a version: ``CC0-1.0``."""

_WORD = Pattern(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+[A-Za-z]\w*|[\u3400-\u9fff]{2}", re.IGNORECASE)
_PLAIN = (
    "the a an and or of to in on at is was are were be for with by from as it its this that these those than "
    "then so but we i you he she they our my their all both each every same no not only also had has have did "
    "does do ran run runs got get gets model models arm arms after before when which who whose one two three "
    "per us here there again over der die das und ist war mit auf von zu im den dem des ein eine einen wir "
    "ich es bei für als auch nach le la les de du un une et est en sur pour avec dans au aux nous que qui ce "
    "el los las del y con por para se lo una на и в с по для что не из к у от за mean score accuracy acc loss"
)
_COMMON = frozenset(_PLAIN.split())
_LETTERS = Pattern(r"[^\W\d_]{2,}|[\u3400-\u9fff]")
_REMARK, _MOST_NOTES = 3, 12
"""Cells of a column that may say something; more are texts that were put in or came out."""

NEAR = 14
"""Statements between what is told and what is concluded from it."""


@dataclass(frozen=True, eq=False)
class Statement:
    """A sentence, a point or an entry.

    Attributes:
        sentence: itself.
        passage: that it stands in.
        place: among the statements of its log.
    """

    sentence: Sentence
    passage: Passage
    place: int

    @property
    def text(self) -> str:
        """What it says."""
        return self.sentence.text

    @property
    def labelled(self) -> str:
        """What it says, with the name of its field before it."""
        return f"{self.passage.label}: {self.text}" if self.passage.kind == "note" else self.text

    @property
    def line(self) -> Line:
        """The line that it begins on."""
        return self.sentence.lines[0]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All of its lines."""
        return self.sentence.lines

    @property
    def numbers(self) -> tuple[Number, ...]:
        """All of its numbers."""
        return self.sentence.numbers

    @property
    def section(self) -> int:
        """Of the log."""
        return self.passage.section

    @cached_property
    def results(self) -> tuple[Number, ...]:
        """The numbers that may be results: printed with digits behind the point, or shares, and no settings."""
        return tuple(one for one in self.numbers if _is_result(self.text, one))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that may tell what it is of."""
        return words_of(self.text)

    def names(self, name: str) -> bool:
        """Whether it speaks of what has this name, be it of one letter."""
        return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self.text) is not None

    def line_of(self, number: Number) -> Line:
        """The line of one of its numbers."""
        return self.sentence.line_at(number.start)


def words_of(text: str) -> frozenset[str]:
    """The words of a text that may name something, in small letters."""
    found = [one.lower() for one in _WORD.findall(text)]
    parts = [part for one in found if "-" in one for part in one.split("-") if len(part) >= 4]
    return frozenset(one for one in (*found, *parts) if one not in _COMMON and len(one) > 1)


def share_a_word(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two texts share a word, be it in another form: ``alte`` and ``alt``, ``filter`` and ``filters``."""
    if one & other:
        return True
    if any(a[:-1] in b or b[:-1] in a for a in one for b in other if min(len(a), len(b)) >= 6):
        return True
    return any(
        a[: max(3, min(len(a), len(b)) - 2)] == b[: max(3, min(len(a), len(b)) - 2)] and abs(len(a) - len(b)) <= 4
        for a in one for b in other if min(len(a), len(b)) >= 3
    )  # fmt: skip


def _is_result(text: str, one: Number) -> bool:
    if (
        one.signed
        or one.spread
        or one.about
        or not (one.decimals or one.unit == "%")
        or one.unit not in ("", "%", "x", "s")
    ):
        return False
    if one.scale != 1.0 or "e" in text[one.start : one.end].lower() or one.unit in ("x", "s"):
        return False
    if _NAMED.search(text[max(0, one.start - 24) : one.start]):
        return False
    return _UNIT.match(text, one.end) is None and _SETTING.search(text[max(0, one.start - 24) : one.start]) is None


@per_log
def statements_of(log: Log) -> tuple[Statement, ...]:
    """The statements of a log in their order."""
    every = [one for one in passages_of(log) if one.kind != "heading"]
    often = Counter(one.label for one in every if one.kind == "note")
    said = [one for one in every if often[one.label] <= _MOST_NOTES or CUE.search(f"{one.label}: ")]
    pairs = [
        (sentence, passage) for passage in (*said, *_remarks(log)) for sentence in passage.sentences if sentence.text
    ]
    pairs.sort(key=lambda pair: pair[0].lines[0].number)
    return tuple(Statement(sentence, passage, place) for place, (sentence, passage) in enumerate(pairs))


def _remarks(log: Log) -> Iterator[Passage]:
    """Words in the cells of tables, where a column has few of them."""
    for table in () if log.data else log.tables:
        for place, name in list(enumerate(table.header))[1:]:
            told = [(row, row.cells[place]) for row in table.rows if len(_LETTERS.findall(row.cells[place])) >= _REMARK]
            for row, cell in told if len(told) <= _MOST_NOTES or CUE.search(f"{name}: ") else ():
                line = log.line(row.line)
                yield Passage("note", (Sentence(cell, (line,), (0,)),), name, table.section)


def behind(log: Log, one: Statement, count: int = NEAR) -> Iterator[Statement]:
    """The statements that follow in the same section, so many at most."""
    for other in statements_of(log)[one.place + 1 : one.place + 1 + count]:
        if other.section != one.section:
            return
        yield other


@per_log
def _by_section(log: Log) -> dict[int, list[Statement]]:
    """The statements of each section in the order of their lines."""
    found: dict[int, list[Statement]] = {}
    for one in statements_of(log):
        found.setdefault(one.section, []).append(one)
    return found


def below(log: Log, line: int, section: int, count: int = NEAR) -> list[Statement]:
    """The statements that stand behind a line in a section, so many at most."""
    every = _by_section(log).get(section, [])
    start = bisect_right(every, line, key=_number)
    return every[start : start + count]


def around(log: Log, first: int, last: int, section: int, count: int = NEAR) -> list[Statement]:
    """The statements of a section that stand near a stretch of lines, or in it."""
    every = _by_section(log).get(section, [])
    start, end = bisect_left(every, first, key=_number), bisect_right(every, last, key=_number)
    return every[max(0, start - count) : end + count]


def _number(one: Statement) -> int:
    return one.line.number
