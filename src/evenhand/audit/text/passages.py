"""What a log says in words, as sentences: paragraphs, points of a list, messages of a chat, notes in data."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern

PassageKind = Literal["heading", "prose", "bullet", "message", "note"]

ENTRY = Pattern(
    r"^\s*(?:\[(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?Z?\]|\d{4}-\d\d-\d\d[T "
    r"]\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?Z?|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?=\s+[A-Za-z<@\[]))\s+(?=\S)"
)
"""What an entry of a chat or of a program's log begins with: each entry is a point by itself."""

_MONTH = (
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|ene|abr|ago|dic|janv|févr|avr|juin|juil|août|déc"
)
SPEAKER = Pattern(
    rf"(?:<(?P<nick>[\w .-]{{1,24}})>|@?(?P<name>[^\W\d][\w.-]{{0,19}}(?: [A-Z][\w.]{{0,12}})?)(?::|>|\s\|)(?=\s)|"
    rf"\[(?P<tag>[\w :.,/-]{{1,24}})\]|(?P<at>[^\W\d][\w.-]{{0,15}})\s{{1,6}}\d{{1,2}}:\d{{2}}(?::\d{{2}})?|"
    rf"(?P<day>(?:{_MONTH})\w*\.? \d{{1,2}}|\d{{1,2}}\.? (?:{_MONTH})\w*\.?)[.:,]?(?=\s))\s+(?=\S)",
    re.IGNORECASE,
)
"""Who speaks, at the beginning of a line."""

_MARK = Pattern(r"\s*(?:[-*+•]|\d{1,3}[.)])\s")
_END = Pattern(r"[.!?](?=\s+[\"'(\[*`]?[A-ZÀ-ÞА-ЯЁ\d<+\-−]|\s*$)|[。！？；](?=.)")
_SHORT = Pattern(
    r"(?:\b(?:e\.g|i\.e|z\.\s?B|d\.\s?h|p\.\s?ex|p\.\s?ej|vs|cf|approx|ca|etc|al|fig|eq|sec|tab|no|nr|dr|std|rel|abs|"
    r"resp|bzw|т\.\s?е|т\.\s?д|г)|(?<![\w.])[A-Za-zА-Яа-я])$",
    re.IGNORECASE,
)
_TURN = Pattern(
    r"(?:\[[\w.-]{1,16} \d{1,2}:\d\d\]|[\w.-]{1,16} \d{1,2}:\d\d\s|\d{1,2}:\d\d\s+[\w.-]{1,16}\s?[|:>]|"
    r"[A-Za-z][\w.-]{1,15}(?: \d{1,2}:\d\d [\w.-]{1,16})?[:>] |>+ ?[a-z]+: |\$ |\[[\w .-]{2,20}\] )"
)
"""What a line begins with that somebody else says, or that a program prints or is told."""

_GOES_ON = Pattern(r"[\w,;(/–—&+\"'’)%-]$")
_LISTS_ON = Pattern(r"[\d%][,;/]$|\b(?:and|und|et|y|и|seeds|with|of|is|are|was|were)$", re.IGNORECASE)
_BEGINS_NEW = Pattern(r"^(?:[$>] |[A-Z][\w ]{0,20}:\s|[\w./-]{1,20}\s*=\s*\S)")
_COLUMNS = Pattern(r"\S(?: {3,}|\t+)\S")
_WORD = Pattern(r"[^\W\d_]{2,}|[一-鿿]")
_FIGURE = Pattern(r"\d+(?:[.,]\d+)*|(?<![^\W_])[A-Ha-h](?![^\W_])")
_WRAPPED = 50
"""Letters of a line of prose from which on its end may be the page's and not the sentence's."""

_LONGEST = 1200
"""Letters from which on lines without a full stop are no sentence, but each its own: names, transcripts."""

_FIGURES_ALONE = Pattern(r"[\s\d.,;:|eE+\-−%()\[\]/]*")
_CURVE = 40
"""Lines of figures without a word, so many in a row that they are a program's: a curve, a matrix, and no sentences."""

_LEAST_WORDS = 3
_VALUES = 3
"""Numbers from which on a line may be a row of values, beside another such line."""


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence, over as many lines as it is printed on.

    Attributes:
        text: its lines joined by blanks.
        lines: those that it stands on.
        starts: column of ``text`` at which each of these begins.
    """

    text: str
    lines: tuple[Line, ...]
    starts: tuple[int, ...]

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Its numbers, with their columns in ``text``."""
        return numbers(self.text)

    @cached_property
    def low(self) -> str:
        """Its text in small letters."""
        return self.text.lower()

    def line_at(self, column: int) -> Line:
        """The line on which a column of the text stands."""
        return self.lines[max(0, bisect_right(self.starts, column) - 1)]


@dataclass(frozen=True, eq=False)
class Passage:
    """Sentences that belong together.

    Attributes:
        kind: ``message`` is an entry of a chat or of a program's log, ``note`` words in a cell or a field of data.
        sentences: at least one.
        label: who speaks in a chat; the field or the column of a note.
        section: as for lines.
        path: of a note in JSON, the way to it; its last step is the label.
    """

    kind: PassageKind
    sentences: tuple[Sentence, ...]
    label: str = ""
    section: int = -1
    path: tuple[str | int, ...] = ()

    @property
    def first(self) -> int:
        """Number of its first line."""
        return self.sentences[0].lines[0].number

    @property
    def last(self) -> int:
        """Number of its last line."""
        return self.sentences[-1].lines[-1].number

    @property
    def text(self) -> str:
        """All sentences."""
        return " ".join(one.text for one in self.sentences)


@per_log
def passages_of(log: Log) -> tuple[Passage, ...]:
    """All passages of a log, in the order of their lines."""
    found = [*_of_notes(log), *_of_lines(log)]
    return tuple(sorted(found, key=lambda one: one.first))


def _of_lines(log: Log) -> Iterator[Passage]:
    tabled = {row.line for table in log.tables for row in table.rows} | {table.line for table in log.tables}
    tabled |= _curves(log)
    place = 0
    while place < len(log.lines):
        line = log.lines[place]
        place += 1
        if log.data and line.kind in ("prose", "bullet"):
            yield from filter(None, [_passage([line])])
            continue
        if line.number in tabled or line.kind not in ("heading", "prose", "bullet"):
            continue
        group = [line]
        while line.kind != "heading" and place < len(log.lines) and _belongs(group, log.lines[place], tabled):
            group.append(log.lines[place])
            place += 1
        passage = _passage(group)
        if passage is not None:
            yield passage


def _curves(log: Log) -> set[int]:
    """The numbers of the lines of long runs of figures."""
    found: set[int] = set()
    run: list[int] = []
    for line in [*log.lines, None]:
        if line is not None and line.kind in ("prose", "bullet") and _FIGURES_ALONE.fullmatch(line.text):
            run.append(line.number)
            continue
        found.update(run if len(run) >= _CURVE else ())
        run = []
    return found


def _belongs(group: Sequence[Line], line: Line, tabled: set[int]) -> bool:
    """Whether a line goes on with a paragraph, or with the point of a list."""
    goes_on = line.kind == "prose" and line.number not in tabled and line.number == group[-1].number + 1
    return goes_on and not _TURN.match(line.body)


def _passage(group: Sequence[Line]) -> Passage | None:
    first = group[0]
    chat = first.kind == "bullet" and not _MARK.match(first.text) and not first.text.lstrip().startswith("#")
    speaker = SPEAKER.match(first.body) if chat else None
    bodies = [first.body[speaker.end() :] if speaker else first.body, *(line.body for line in group[1:])]
    sentences = tuple(_sentences(group, bodies))
    if not sentences:
        return None
    kind: PassageKind = "message" if chat else "heading" if first.kind == "heading" else "prose"
    kind = "bullet" if first.kind == "bullet" and not chat else kind
    label = (speaker[speaker.lastgroup] if speaker and speaker.lastgroup else "") or ""
    return Passage(kind, sentences, label, first.section)


def _sentences(group: Sequence[Line], bodies: Sequence[str]) -> Iterator[Sentence]:
    """The sentences of lines that belong together; a short line that says something whole is one by itself."""
    parts: list[tuple[Line, str]] = []
    length = 0
    frames = [_FIGURE.sub("#", body) if len(body) <= _WRAPPED else "" for body in bodies]
    alone = [  # one of several lines that differ in their numbers alone
        "#" in frame and frame in (*frames[max(0, place - 1) : place], *frames[place + 1 : place + 2])
        for place, frame in enumerate(frames)
    ]
    for place, (line, body) in enumerate(zip(group, bodies, strict=True)):
        parts.append((line, body))
        length += len(body)
        last = place + 1 == len(group) or length > _LONGEST
        if last or alone[place] or alone[place + 1] or not _wrapped(line, body, bodies[place + 1]):
            yield from _split(parts)
            parts, length = [], 0


def _wrapped(line: Line, body: str, following: str) -> bool:
    """Whether a sentence goes on in the next line."""
    rows = len(line.numbers) >= _VALUES and len(numbers(following)) >= _VALUES and not _LISTS_ON.search(body)
    if _COLUMNS.search(line.text) or rows:
        return False
    if not _GOES_ON.search(body) or _BEGINS_NEW.match(following):
        return len(line.text.rstrip()) >= _WRAPPED and not body.endswith(":") and not _BEGINS_NEW.match(following)
    return len(line.text.rstrip()) >= _WRAPPED or (following[:1].islower() and not body[-1:].isdigit())


def _split(parts: Sequence[tuple[Line, str]]) -> Iterator[Sentence]:
    text = " ".join(body for _, body in parts)
    starts, at = [], 0
    for _, body in parts:
        starts.append(at)
        at += len(body) + 1
    start = 0
    for found in _END.finditer(text):
        before = text[max(start, found.start() - 12) : found.start()]
        if found[0] == "." and (_SHORT.search(before) or re.fullmatch(r"\s*\d{1,2}(?:\.\d{1,2})*", before)):
            continue
        yield from _one(text, start, found.end(), parts, starts)
        start = found.end()
    yield from _one(text, start, len(text), parts, starts)


def _one(
    text: str, start: int, end: int, parts: Sequence[tuple[Line, str]], starts: Sequence[int]
) -> Iterator[Sentence]:
    start += len(text[start:end]) - len(text[start:end].lstrip())
    said = text[start:end].rstrip()
    if not said:
        return
    first, last = bisect_right(starts, start) - 1, bisect_right(starts, start + len(said) - 1) - 1
    lines = tuple(line for line, _ in parts[first : last + 1])
    yield Sentence(said, lines, tuple(max(0, at - start) for at in starts[first : last + 1]))


def _of_notes(log: Log) -> Iterator[Passage]:
    """Words in fields of JSON and in cells of CSV."""
    for leaf in log.leaves:
        if leaf.word and len(_WORD.findall(leaf.value)) >= _LEAST_WORDS and leaf.line in log.by_number:
            yield _note(log, leaf.line, leaf.value, str(leaf.path[-1]) if leaf.path else "", leaf.path)
    if log.leaves or not log.data or log.folder:
        return  # words in summaries are read in their own files, where they have lines
    for table in log.tables:
        for row in table.rows:
            for name, cell in zip(table.header, row.cells, strict=True):
                if len(_WORD.findall(cell)) >= _LEAST_WORDS and row.line in log.by_number:
                    yield _note(log, row.line, cell, name, ())


def _note(log: Log, line: int, text: str, label: str, path: tuple[str | int, ...]) -> Passage:
    at = log.line(line)
    return Passage("note", tuple(_split([(at, " ".join(text.split()))])), label, at.section, path)
