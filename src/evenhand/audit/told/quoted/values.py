"""The results of a log with the words that they are told with, and those told again with another digit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import AGAIN_WORDS, COMMON_WORDS, QUALIFIER_WORDS
from evenhand.audit.told.quantities import Quantity, quantities

_TOKEN = Pattern(
    r"[^\W\d_]+(?:[-+.][^\W_]+)*(?:[@=]?\d+(?:\.\d+)?[a-z]*)?|[^\W_]*\d[^\W_]*(?:-[^\W_]+)*|[\u3400-\u9fff]{2}"
)
_AGAIN = Pattern(rf"(?<![^\W\u3400-\u9fff])(?:{AGAIN_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_QUALIFIER = Pattern(rf"(?<![\w-])(?:{QUALIFIER_WORDS})(?![\w-])", re.IGNORECASE)
_NUMBERED = Pattern(
    r"(?<![a-z])(?:seeds?|epochs?|steps?|iter\w*|round|fold|trial|attempt|layer|pass|iteration|iter|lr|day|week)\W{0,3}\d+",
    re.IGNORECASE,
)
_RUN = Pattern(
    r"(?<![a-z])(run|runs|lauf|exp|experiment|model|version|variant|config|no\.|nr\.|прогон|запуск|essai|corrida|job|arm)\s+"
    r"(\d+[a-z]?|[a-h])(?![\w.])", re.IGNORECASE
)  # fmt: skip
_SETTING = Pattern(
    r"\s?-?(?:GB|MB|GiB|M\b|B\b|k\b|EUR|USD|euros?|hours?|h\b|epochs?|steps?|seeds?|million|params?|layers?|GPU\w*|tokens?|min\b)"
)
_MEAN = dict.fromkeys(("avg", "average"), "mean")


@dataclass(frozen=True, eq=False)
class Value:
    """A result as it is told.

    Attributes:
        number: as printed.
        text: the words that it stands with.
        line: where it stands.
        sentence: that it stands in; None for cells and fields.
        head: of a cell, the head of its row.
        label: of a note, its field.
    """

    number: Number
    unit: str
    text: str
    line: Line
    sentence: Sentence | None
    head: str = ""
    label: str = ""

    @cached_property
    def words(self) -> frozenset[str]:
        """What it is told of: names, metrics, whatever is no common word."""
        return frozenset(
            w for w in (t.lower() for t in _tokens(self.text)) if w not in COMMON_WORDS and not w.isdigit()
        )

    @property
    def digits(self) -> str:
        """Its digits, point included."""
        return f"{abs(self.number.value):.{self.number.decimals}f}"


def _tokens(text: str) -> list[str]:
    """The words of a text; a run with its number is one of them."""
    numbered = [f"{m[1]} {m[2]}" for m in _RUN.finditer(text)]
    return [*numbered, *_TOKEN.findall(_RUN.sub(" ", text))]


def values_of(log: Log) -> list[Value]:
    """All results of a log: in sentences, in tables, in fields."""
    found = [*_spoken(log), *_cells(log), *_fields(log)]
    return sorted(found, key=lambda one: one.line.number)


def _spoken(log: Log) -> Iterator[Value]:
    for passage in passages_of(log):
        for sentence in passage.sentences if passage.kind != "heading" else ():
            found = [q for q in quantities(sentence) if q.plain and _measured(q.number, q.unit) and not _no_result(q)]
            over = _above(log, sentence.line_at(0))
            for place, q in enumerate(found):
                text = _clause(sentence.text, [one.number for one in found], place)
                yield Value(
                    q.number, q.unit.replace("pp", "%"), f"{over} {text}", q.line, sentence, label=passage.label
                )


def _no_result(one: Quantity) -> bool:
    """Whether a number is a setting, or an end of a range."""
    ranged = re.match(r"\s?%?\s?[-–]\s?\d", one.after) or re.search(r"\d\s?%?\s?[-–]\s?$|[\[]\s*$", one.before)
    behind = one.before.strip() in ("-", "–", ",", ";", "/") and one.place > 0  # one of a row
    return _SETTING.match(one.after) is not None or ranged is not None or behind


def _above(log: Log, line: Line) -> str:
    """The points of a list that a line stands under, and the run that its heading names."""
    heading = log.sections[line.section].title if line.section >= 0 else ""
    title = " ".join(found[0] for found in _RUN.finditer(heading))
    return " ".join([title, *(one.body for one in log.parents(line) if len(one.body) < 40 and not one.numbers)])


def _clause(text: str, found: Sequence[Number], place: int) -> str:
    """The words of a number: back to the result before it and on to the next, or those behind it."""
    number = found[place]
    alike = [n for n in found[:place] if n.decimals == number.decimals and n.unit == number.unit]
    while alike and re.fullmatch(r"\s*%?\s*(?:→|->|⇒|to)\s*", text[alike[-1].end : number.start]):
        alike.pop()  # from one to the other: both are of what stands before
    start = alike[-1].end if alike else 0
    end = found[place + 1].start if place + 1 < len(found) else len(text)
    after = text[number.end : end]
    behind = re.match(r"\s*(?:%|ms)?\s*(?:with|for|mit|avec|con|с)\s", after) is not None
    cut = re.search(r";|\||\.\s" if behind else r"[,;]|\||\.\s", after)
    after = after[: cut.start()] if cut else after
    before = text[start : number.start]
    return after if behind and alike else f"{before} {after[:40] if not alike or not behind else after}"


def _measured(number: Number, unit: str) -> bool:
    fine = len(re.sub(r"\D", "", f"{abs(number.value):.{number.decimals}f}").strip("0")) >= 2
    return number.scale == 1 and fine and (number.decimals > 0 or unit in ("%", "ms", "s") or abs(number.value) >= 100)


def _cells(log: Log) -> Iterator[Value]:
    if log.leaves:
        return
    for table in log.tables:
        for row in table.rows[:200] if len(table.rows) <= 60 else ():
            head = " ".join(
                cell for cell in row.cells[:3] if not re.fullmatch(r"[\d.,%\s±]+(?:ms|s|x|k|M|GiB?|GB)?|", cell)
            )
            for place, cell in enumerate(row.cells):
                found = [n for n in numbers(cell) if not n.spread]
                if place and len(found) == 1 and _measured(found[0], found[0].unit) and not found[0].signed:
                    number = found[0]
                    yield Value(
                        number,
                        number.unit,
                        f"{head} {table.header[place]}",
                        log.line(row.line_of(place)),
                        None,
                        row.cells[0],
                    )


def _fields(log: Log) -> Iterator[Value]:
    names: dict[tuple[str | int, ...], str] = {}
    for leaf in log.leaves if len(log.leaves) <= 200 else ():
        step = re.fullmatch(r"step|epoch|seed|round|iteration", str(leaf.path[-1] if leaf.path else ""))
        if (leaf.word and len(leaf.value) <= 40) or step:
            told = f"{step[0]} {leaf.value}" if step else leaf.value
            names[leaf.path[:-1]] = f"{names.get(leaf.path[:-1], '')} {told}"
    for leaf in log.leaves if len(log.leaves) <= 200 else ():
        if leaf.number is not None and _measured(leaf.number, "") and leaf.line in log.by_number:
            way = " ".join(re.sub(r"[_]+", " ", str(step)) for step in leaf.path if isinstance(step, str))
            yield Value(leaf.number, "", f"{names.get(leaf.path[:-1], '')} {way}", log.line(leaf.line), None)


def slip(one: str, other: str) -> str:
    """How two figures differ: ``swap`` of two digits, ``digit`` for one; nothing where they differ by more."""
    if len(one) != len(other) or one == other:
        return ""
    apart = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(apart) == 2 and (one[apart[0]], one[apart[1]]) == (other[apart[1]], other[apart[0]]):
        return "swap"
    return "digit" if len(apart) == 1 else ""


def again(text: str) -> bool:
    """Whether words say that they tell again what was told before."""
    return _AGAIN.search(text) is not None


def qualifiers(text: str) -> frozenset[str]:
    """The words that make one result another: of the test, before, best, at a step."""
    return frozenset(_MEAN.get(m.lower(), m.lower()) for m in _QUALIFIER.findall(text))


def numbered(text: str) -> frozenset[str]:
    """Seeds, epochs and steps that a figure is of."""
    return frozenset(re.sub(r"\W+", " ", m.lower()) for m in _NUMBERED.findall(text))
