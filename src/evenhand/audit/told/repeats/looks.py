"""Two arms compared over a number of repeats, each time a log tells it: ``3 seeds: off 21.0, on 21.9``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evenhand.audit.text.log import Log, Table, only_number, per_log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.passages import Passage, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import OF_A_MEAN, REPEAT, SPREAD_WORD
from evenhand.audit.told.repeats.arms_over import COUNT_NAME, arms_over
from evenhand.audit.told.repeats.averaged import role_of
from evenhand.audit.told.repeats.said_counts import markers_in, repeats_said

_APART = 0.3
"""How far two arms of one metric lie apart at most, as a part of the larger."""

_CARRIED = 2
"""Lines over which a number of repeats holds that was told without results."""

NO_RESULT = Pattern(
    r"^\s*(?:%?\s*(?:steps?|epochs?|tokens?|iters?|params?|m\b|k\b|gpu\S*|days?|usd|eur|runs?|seeds?|graines|more|"
    r"further|times|x\b|h\b|min|hours?|minutes?|items|questions|tasks|images|schritte|pas\b|pasos|шаг\w*|эпох\w*))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Look:
    """Two arms over as many repeats.

    Attributes:
        count: of repeats.
        one, other: their results, in the order in which they are told.
        slack: how far their difference may be off by rounding.
        line: number of the line.
        delta: only their difference is told; ``one`` is zero then.
        names: the words of both arms, those of columns, records or the text right before and behind their results.
        said: the repeats are called seeds, runs or the like, not only counted.
        text: what else is told of it: its sentence, the other cells of its row, the way to its record.
    """

    count: int
    one: float
    other: float
    slack: float
    line: int
    delta: bool = False
    names: tuple[str, str] = ("", "")
    said: bool = False
    text: str = ""

    @property
    def gap(self) -> float:
        """How far they lie apart."""
        return abs(self.other - self.one)


@per_log
def looks_of(log: Log) -> tuple[Look, ...]:
    """All of a log, in the order of their lines."""
    found = [
        *_in_words(log),
        *_of_arms(log),
        *(one for table in log.tables for one in _in_table(table)),
    ]
    unique = {(one.count, one.one, one.other, one.line): one for one in found}
    return tuple(sorted(unique.values(), key=lambda one: one.line))


def _look(
    count: int,
    one: Number,
    other: Number,
    line: int,
    names: tuple[str, str] = ("", ""),
    said: bool = False,
    text: str = "",
) -> Look | None:
    size = max(abs(one.value), abs(other.value))
    alike = abs(one.decimals - other.decimals) <= 1 and one.unit == other.unit and not (one.spread or other.spread)
    far = abs(one.value - other.value) > _APART * size
    plain = (one.decimals or one.value >= 10) and not (one.signed and one.value > 0) and size > 0
    if not alike or not plain or far:
        return None
    return Look(count, one.value, other.value, one.slack + other.slack, line, False, names, said, text)


def _in_words(log: Log) -> Iterator[Look]:
    held: tuple[int, int] | None = None
    for passage in passages_of(log):
        if passage.kind == "heading" or log.data:
            continue
        yield from _in_passage(passage, held)
        for sentence in passage.sentences:
            for start, _, n in markers_in(sentence.text):
                held = (n, sentence.line_at(start).number)
        if held is not None and passage.last - held[1] > _CARRIED:
            held = None


def _in_passage(passage: Passage, held: tuple[int, int] | None) -> Iterator[Look]:
    count = held[0] if held is not None and passage.first - held[1] <= _CARRIED else None
    for sentence in passage.sentences:
        text = sentence.text
        markers = markers_in(text)
        cuts = [0, *(start for start, *_ in markers), len(text)]
        results = [n for n in sentence.numbers if _is_result(text, n, markers)]
        if len(markers) >= 2 and len({n for *_, n in markers}) == 1 and len(results) >= 2:
            cuts = [0, len(text)]  # the same number behind each of both
        for place, (start, end) in enumerate(pairwise(cuts)):
            if place or len(cuts) == 2:
                count = markers[max(0, place - 1)][2] if markers else count
            mine = [n for n in results if start <= n.start < end]
            told = count
            if place == 0 and len(cuts) > 2 and len(mine) >= 2:
                told = markers[0][2] if not _clause_before(text, mine[1], markers[0][0]) else count
            pair = next(((a, b) for a, b in pairwise(mine) if told and _look(told, a, b, 0)), None)
            if pair is not None and told:
                names = (_name_of(text, pair[0], start), _name_of(text, pair[1], start))
                look = _look(
                    told, *pair, sentence.line_at(pair[0].start).number, names, _said(told, text, passage), text
                )
                if look is not None:
                    yield look
            signed = [
                n for n in sentence.numbers if start <= n.start < end and n.signed and n.decimals and not n.spread
            ]
            if pair is None and told and len(signed) == 1:
                n = signed[0]
                yield Look(told, 0.0, n.value, n.slack, sentence.line_at(n.start).number, True)


def _name_of(text: str, number: Number, start: int) -> str:
    """The words that stand right before a result and right behind it, up to other numbers and the ends of clauses."""
    before = re.split(r"[;:(]\s?|\.\s|\d[\d.,]*%?|,\s", text[start : number.start])[-1]
    behind = re.split(r"[,;:).]|\d", text[number.end :])[0]
    return f"{before} {behind}"


def _said(count: int, text: str, passage: Passage) -> bool:
    """Whether words for seeds or runs give a number of repeats, in a sentence or in its own paragraph."""
    return count in repeats_said(text) or any(count in repeats_said(one.text) for one in passage.sentences)


def _clause_before(text: str, number: Number, marker: int) -> bool:
    """Whether a number of repeats begins a new clause behind results."""
    return re.search(r"[.;:]\s", text[number.end : marker]) is not None


def _is_result(text: str, number: Number, markers: Sequence[tuple[int, int, int]]) -> bool:
    before = text[max(0, number.start - 22) : number.start]
    own = re.split(r"[,;:(]", before)[-1]
    return not (
        any(start <= number.start < end for start, end, _ in markers)
        or number.spread
        or number.about
        or number.scale != 1
        or SPREAD_WORD.search(own)
        or OF_A_MEAN.search(own)
        or NO_RESULT.match(text[number.end :])
        or re.search(r"\bsd\b[^,;:]{0,14}[/,]\s*$", before)
    )


def _of_arms(log: Log) -> Iterator[Look]:
    """Two arms whose values stand in one place, by their means."""
    for one, other in pairwise([o for o in arms_over(log) if o.values and o.mean is not None]):
        near = other.first - one.last <= 1 and (one.where, one.count) == (other.where, other.count) and one.count > 1
        if (
            near
            and one.mean is not None
            and other.mean is not None
            and abs(one.mean - other.mean) <= _APART * max(abs(one.mean), abs(other.mean))
        ):
            names, said = (one.name, other.name), one.repeated and other.repeated
            yield Look(
                one.count, one.mean, other.mean, 0.05 * abs(one.mean - other.mean), other.last, False, names, said,
                " ".join(names),
            )  # fmt: skip


def _in_table(table: Table) -> Iterator[Look]:
    """A column that counts repeats beside a column for each arm, or beside one that names them."""
    counts = [i for i, name in enumerate(table.header) if COUNT_NAME.match(name)]
    if len(counts) != 1:
        return
    at = counts[0]
    told = [
        (row, n[0])
        for row in table.rows
        if (n := numbers(row.cells[at])) and len(n) == 1 and not n[0].decimals and n[0].value >= 1
    ]
    words = [
        i
        for i in range(len(table.header))
        if i != at and all(row.cells[i] and only_number(row.cells[i]) is None for row, _ in told)
    ]
    plain = [
        i
        for i, name in enumerate(table.header)
        if i != at
        and i not in words
        and role_of(name) != "spread"
        and not re.search(r"delta|diff|Δ|minus|gap|gain", name, re.IGNORECASE)
    ]
    said = re.search(REPEAT, table.header[at], re.IGNORECASE) is not None
    for row, count in told:
        read = [(one, table.header[i]) for i in plain if (one := only_number(row.cells[i])) is not None]
        if len(read) >= 2:
            (first, name), (last, second) = read[:2]
            text = " ".join(
                row.cells[i] for i in range(len(row.cells)) if only_number(row.cells[i]) is None and i != at
            )
            look = _look(int(count.value), first, last, row.line, (name, second), said, f"{name} {second} {text}")
            if look is not None:
                yield look
    for (row, count), (below, again) in pairwise(told):
        same = count.value == again.value and any(row.cells[i] != below.cells[i] for i in words)
        apart = [i for i in words if row.cells[i] != below.cells[i]]
        names = (" ".join(row.cells[i] for i in apart), " ".join(below.cells[i] for i in apart))
        text = " ".join((*names, *(row.cells[i] for i in words if row.cells[i] == below.cells[i])))
        for i in plain if same else ():
            one, other = only_number(row.cells[i]), only_number(below.cells[i])
            if (
                one is not None
                and other is not None
                and (look := _look(int(count.value), one, other, below.line, names, said, text)) is not None
            ):
                yield look
