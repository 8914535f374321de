"""A range in words, and rows of the names that it is told of with other values of that column."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.finding import Finding, Level, place_of
from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern

_AGAINST = Pattern(r"\s*(?:%|pp)?\s*(?:vs\.?|versus|against|compared|over|than|and)\b", re.IGNORECASE)
"""What a range is set against is none of the rows that it is the range of."""

_SPAN = Pattern(r"\s?[–-]\s?|\s+to\s+")


def ranges(log: Log, line: Line) -> Iterator[Finding]:
    """``Phase 1 + ablations: bridged accuracy 0.64-0.68``, and rows of these names with other values of that column."""
    for low, high in zip(line.numbers, line.numbers[1:], strict=False):
        if (
            not _SPAN.fullmatch(line.body[low.end : high.start])
            or not low.decimals
            or low.value >= high.value
            or low.unit != high.unit
        ):
            continue
        metric = re.findall(r"[a-z]{3,}", line.body[: low.start].lower())[-2:]
        for table in log.tables:
            yield from _outside(log, line, table, (low, high), metric)


def _outside(log: Log, line: Line, table: Table, span: tuple[Number, Number], metric: list[str]) -> Iterator[Finding]:
    places = [
        i for i, name in enumerate(table.header) if len(metric) == 2 and all(_begins(word, name) for word in metric)
    ]
    if len(places) != 1:
        return
    subject = line.body.split(":")[0]
    rows = [row for row in table.rows if _names(subject, row.cells[0])]
    odd = []
    for row in rows:
        values = [n for n in numbers(row.cells[places[0]]) if n.decimals and not n.spread]
        odd += [(row, n) for n in values if n.high < span[0].low or n.low > span[1].high]
    inside = any(
        span[0].low <= n.high and n.low <= span[1].high
        for row in rows
        for n in numbers(row.cells[places[0]])
        if n.decimals
    )
    if odd and inside:
        facts = {
            "printed": f"{printed(span[0])} to {printed(span[1])}", "of": table.header[places[0]], "kind": "range",
            "other": ", ".join(printed(n) for _, n in odd),
        }  # fmt: skip
        named = ":" in line.body[: span[0].start] and not _AGAINST.match(line.body, span[1].end)
        level: Level = "fault" if named else "hint"
        yield Finding(
            "drift",
            level,
            place_of(log, line),
            facts,
            tuple({row.line: place_of(log, row.line) for row, _ in odd}.values()),
        )


def _begins(word: str, text: str) -> bool:
    """Whether a word, or the abbreviation that stands for it, is in a text: ``Acc`` for accuracy."""
    return any(
        len(one) >= 3 and (one.startswith(word) or word.startswith(one)) for one in re.findall(r"[a-z]+", text.lower())
    )


def _names(subject: str, name: str) -> bool:
    """Whether a sentence's subject names a row: ``Phase 1 + Ablations`` names ``phase1_full`` and ``ablB``."""
    joined = re.sub(r"\b([A-Za-z]+) (\d+)\b", r"\1\2", subject).lower()
    words = [word for word in re.findall(r"[a-z]+\d*", joined) if len(word) >= 5]
    parts = re.findall(r"[A-Z]?[a-z]+\d*", name.split("_", maxsplit=1)[0])
    return any(len(part) >= 3 and word.startswith(part.lower()) for word in words for part in parts)
