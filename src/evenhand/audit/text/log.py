"""A log that was read: its lines with their places, headings, lists and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Literal, TypeVar

from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern

Kind = Literal["heading", "bullet", "row", "prose", "code", "blank"]


@dataclass(frozen=True, eq=False)
class Line:
    """One line.

    Attributes:
        number: from 1.
        text: as it stands in the file.
        body: what it says, without the marks of lists, emphasis and code.
        kind: what it is.
        depth: level of a heading, columns before the mark of a bullet.
        section: index of the heading that it stands under; -1 above the first.
        parent: index of the bullet, or of the line ending in a colon, that it belongs to.
    """

    number: int
    text: str
    body: str
    kind: Kind
    depth: int = 0
    section: int = -1
    parent: int | None = None

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The numbers that it holds."""
        return numbers(self.body)

    @cached_property
    def low(self) -> str:
        """What it says, in small letters."""
        return self.body.lower()


@dataclass(frozen=True)
class Section:
    """A heading with all that stands under it, up to the next heading of its level or above.

    Attributes:
        title: of the heading.
        level: 1 for the highest.
        line: index of the heading's line.
        end: index after its last line, those of lower headings included.
        parent: index of the heading above; -1 where there is none.
    """

    title: str
    level: int
    line: int
    end: int
    parent: int


@dataclass(frozen=True)
class Row:
    """A row of a table: its line's number and its cells, marks of emphasis removed.

    Attributes:
        line: of the row; of a record in JSON, that at which it begins.
        cells: what stands in it.
        bold: places of the cells that are printed bold.
        at: lines of the cells, where they do not stand on one.
    """

    line: int
    cells: tuple[str, ...]
    bold: frozenset[int] = frozenset()
    at: tuple[int, ...] = ()

    def line_of(self, place: int) -> int:
        """The number of the line of a cell."""
        return self.at[place] if place < len(self.at) else self.line


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        header: names of the columns.
        rows: those that have a cell for every column.
        section: as for lines.
        line: number of the header's line.
        before: what stands directly above it, such as its title.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    section: int = -1
    line: int = 1
    before: str = ""

    def column(self, place: int) -> tuple[Number | None, ...]:
        """The first number of each cell of a column; None where a cell is no number."""
        return tuple(only_number(row.cells[place]) for row in self.rows)

    @cached_property
    def columns(self) -> tuple[tuple[Number | None, ...], ...]:
        """The numbers of all columns."""
        return tuple(self.column(place) for place in range(len(self.header)))


@dataclass(frozen=True)
class Listing:
    """A list of results in a document of data, with the mean and the spread that it gives for them.

    Attributes:
        label: what they are.
        values: as printed.
        mean, sd: as printed; None where they are not.
        line, mean_line, sd_line: numbers of the lines where they stand.
        differences: whether they are differences between two arms.
    """

    label: str
    values: tuple[Number, ...]
    mean: Number | None
    sd: Number | None
    line: int
    mean_line: int
    sd_line: int
    differences: bool


@dataclass(frozen=True)
class Leaf:
    """A value of a document of data.

    Attributes:
        path: the way to it, by names of fields and indices in lists; in JSON lines the record's index is first.
        value: a text, or a number as it is printed.
        line: number of the line where it stands.
        word: it is a text, and no number.
    """

    path: tuple[str | int, ...]
    value: str
    line: int
    word: bool

    @cached_property
    def number(self) -> Number | None:
        """The number that it is."""
        found = () if self.word else numbers(self.value)
        return found[0] if len(found) == 1 else None


_WORDS = Pattern(r"[A-Za-z]{2,}")
_SENTENCE_END = Pattern(r"[.!?](?:\s+|$)")
_MOST_WRAPPED = 5
_KEPT_BY_HAND, _MOST_LOOKED_AT = 3, 500
"""Decimals of a table in a file of data that somebody keeps by hand; a program rounds to four, if it does."""


def only_number(cell: str) -> Number | None:
    """The number that a cell is, if it is one: at most signs, units and a remark in brackets stand beside it."""
    found = [one for one in numbers(cell) if not one.spread]
    if not found:
        return None
    before = cell[: found[0].start]
    if before.count("(") > before.count(")") and _WORDS.search(before):
        return None  # a remark on a word
    outside = before + re.sub(r"[(\[].*?[)\]]", "", cell[found[0].end :])
    if len(_WORDS.findall(outside)) > 1 or len([n for n in numbers(outside) if not n.spread]) > 0:
        return None
    return found[0]


@dataclass(frozen=True, eq=False)
class Log:
    """A file that was read.

    Attributes:
        name: of the file, as findings give it.
        lines: all lines, or those that were kept of a large file.
        sections, tables: its headings and its tables.
        english: whether its words can be understood.
        remarks: what was left alone and why, as sentences.
        data: it is a document of data, not of words.
        listings: lists of results that it holds as data.
        leaves: all values of a document in JSON or of JSON lines, in their order; of a long one the first.
        unread: nothing of it could be read, and its remark says why.
        folder: it is no file but a folder: the table of its summaries, and what was not read there.
        sources: of a folder's table: file and line of each of its lines, in their order from 1.
    """

    name: str
    lines: tuple[Line, ...]
    sections: tuple[Section, ...] = ()
    tables: tuple[Table, ...] = ()
    english: bool = True
    remarks: tuple[str, ...] = ()
    data: bool = False
    listings: tuple[Listing, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    unread: bool = False
    folder: bool = False
    sources: tuple[tuple[str, int], ...] = ()

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What was read of it so far, by who read it: see :func:`per_log`."""
        return {}

    @cached_property
    def computed(self) -> bool:
        """Whether a program wrote it: records in JSON, or data with more digits than anybody writes down."""
        fine = (n.decimals > _KEPT_BY_HAND for line in self.lines[:_MOST_LOOKED_AT] for n in line.numbers)
        return bool(self.leaves) or self.folder or (self.data and any(fine))

    @cached_property
    def by_number(self) -> dict[int, int]:
        """Number of a line to its index."""
        return {line.number: place for place, line in enumerate(self.lines)}

    def line(self, number: int) -> Line:
        """The line of a number."""
        return self.lines[self.by_number[number]]

    def path(self, section: int) -> tuple[str, ...]:
        """Titles of the headings that a section stands under, its own last."""
        titles: list[str] = []
        while section >= 0:
            titles.append(self.sections[section].title)
            section = self.sections[section].parent
        return tuple(reversed(titles))

    def chain(self, section: int) -> Iterator[int]:
        """A section and those that it stands under, the nearest first."""
        while section >= 0:
            yield section
            section = self.sections[section].parent

    def within(self, section: int) -> range:
        """Indices of the lines of a section, those of lower headings included."""
        if section < 0:
            return range(self.sections[0].line if self.sections else len(self.lines))
        return range(self.sections[section].line, self.sections[section].end)

    def own(self, section: int) -> list[Line]:
        """The lines directly under a heading."""
        return [self.lines[i] for i in self.within(section) if self.lines[i].section == section]

    def parents(self, line: Line) -> Iterator[Line]:
        """The bullets and leading lines that a line belongs to, the nearest first."""
        seen = 0
        while line.parent is not None and seen < 20:
            line, seen = self.lines[line.parent], seen + 1
            yield line

    def lead(self, line: Line) -> str:
        """The beginning of a line's sentence that stands in the lines above it, where the text was wrapped by hand."""
        parts: list[str] = []
        place = self.by_number[line.number]
        while line.kind == "prose" and place > 0 and len(parts) < _MOST_WRAPPED:
            line, place = self.lines[place - 1], place - 1
            if line.kind not in ("prose", "bullet"):
                break
            parts.append(line.body)
        return _SENTENCE_END.split(" ".join(reversed(parts)))[-1]

    def spoken(self) -> Iterator[Line]:
        """Lines that say something in words: prose and bullets."""
        return iter(self._spoken)

    @cached_property
    def _spoken(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind in ("prose", "bullet"))


_Read = TypeVar("_Read")


def per_log(read: Callable[[Log], _Read]) -> Callable[[Log], _Read]:
    """What is read of a log, kept with it: rules go through all logs one after the other, and none is read anew."""

    @wraps(read)
    def kept(log: Log) -> _Read:
        key = f"{read.__module__}.{read.__qualname__}"
        if key not in log.kept:
            log.kept[key] = read(log)
        found: _Read = log.kept[key]
        return found

    return kept
