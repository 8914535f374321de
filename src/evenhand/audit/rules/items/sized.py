"""How a result changed over so many items, beside how it changed over others: ``16 questions: 2.07 -> 2.49``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from evenhand.audit.text.log import Log, Table, only_number
from evenhand.audit.text.number_words import signed
from evenhand.audit.text.numbers import Number, counts, numbers
from evenhand.audit.text.passages import passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import ITEM_NOUNS
from evenhand.audit.text.words import METRIC_WORD, hoped
from evenhand.audit.told.changes.words import BASE

_COUNT = r"(?<![\w.,/+\-−=])(\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.,]*\d|\s?%)"
_ITEMS = Pattern(
    rf"(?<![a-z])n\s*[=:]\s*(\d[\d,]*\d|\d)|{_COUNT}[\s-]+(?:[a-z][a-z-]*\s+){{0,2}}?(?:{ITEM_NOUNS}|Qs)(?![a-z])|"
    rf"\b(?:all|full|whole|entire|first)\s+(?:the\s+)?{_COUNT}|"
    rf"\b(?:set|full|subset|split|sample)\s*(?:\({_COUNT}\)|of\s+(?:the\s+|all\s+)?{_COUNT})",
    re.IGNORECASE,
)
_PART = Pattern(
    r"\b(?:sub-?set|sub-?sample\w*|samples? of|slice|quick|mini|pilot|smoke|first|random|small(?: set)?|portion)\b",
    re.I,
)
_WHOLE = Pattern(r"\b(?:all|full|whole|entire|complete|test set)\b", re.IGNORECASE)
_SET_WORDS = Pattern(
    rf"[\W\d_]|\b(?:{_PART.pattern}|{_WHOLE.pattern}|{ITEM_NOUNS}|eval\w*|sets?|test|dev|the|n|check|run|of|benchmark)\b",
    re.IGNORECASE,
)
"""What a row or a column that tells the items may be called, and nothing else."""

_CLAUSES = Pattern(
    r";\s+|\bbut\b|\bwhile\b|\bwhereas\b|"
    r"[,:]\s+(?:and\s+)?(?=(?:on|with|over|for|across) (?:all|the (?:full|whole|entire|complete))\b)",
    re.IGNORECASE,
)
_FROM_TO = Pattern(r"\s*(?:to|→|->|=>|⇒)\s*", re.IGNORECASE)
_AGAINST = Pattern(r"[^\d.;]{0,30}?\b(?:vs\.?|versus|against|compared (?:to|with))\b[^\d.;]{0,30}", re.IGNORECASE)
_NAMED_BASE = Pattern(rf"{BASE.pattern}|\bwithout\b|\bwas\b", re.IGNORECASE)
_NO_CHANGE = Pattern(
    r"\b(?:train\w*|few-?shot|in-context|calibrat\w+|±|std|sd|interval|ci|seeds?|folds?|"
    r"epochs?|hard\w*|eas(?:y|ier)|only|chance|target)\b|±",
    re.IGNORECASE,
)
_SEEN = Pattern(
    r"\b(?:(?:not|n['’]t) (?:hold|carry|stand|represent\w*|transfer|survive|replicate)|noise|vanish\w*|disappear\w*|"
    r"revers\w+|mislead\w*|too (?:small|few)|artifact|artefact|fluke|luck|un-?representative)\b",
    re.IGNORECASE,
)
"""Words of a text that says itself that the subset does not stand for the whole."""

_HEAD = Pattern(rf"#?\s?(?:n|size|(?:num(?:ber of)? |# ?|n_)?(?:{ITEM_NOUNS}))", re.IGNORECASE)
_MEASURE = Pattern(
    rf"{METRIC_WORD.pattern}|errors?|wer|cer|mae|mse|rmse|bleu|length|reward|return|time|cost", re.IGNORECASE
)
_NAME = Pattern(r"(?<=\S\s)(?=[\w-]*[A-Z])[A-Za-z][\w-]*|\b(?=\w*[A-Z])\w+[A-Z\d]\w*")
_LABEL = Pattern(r"\W*([a-z][\w-]*)\s*[,:(]", re.IGNORECASE)
_NEAR, _TITLED = 3, 8


@dataclass(frozen=True)
class Sized:
    """A change over so many items.

    Attributes:
        items: how many.
        change: from the baseline; and as it is told in a finding.
        base: the value of the baseline, as a share of the items where it is a count; None where only a gain is told.
        unit: of both.
        named: the metrics that its words name.
        line, place: where it stands; and which clause or row of the log it is.
        part, whole: the items are said to be a part, or all.
        section: of the log.
        text: its words.
        settings: whole numbers beside it that are none of these.
    """

    items: int
    change: float
    told: str
    base: float | None
    unit: str
    named: frozenset[str]
    line: int
    part: bool
    whole: bool
    section: int
    text: str
    settings: frozenset[float] = frozenset()


def turned_in(log: Log) -> Iterator[tuple[Sized, Sized]]:
    """Changes on few items that one on many items, beside it, turns round."""
    if log.data:
        return
    for one, other in pairwise(_spoken(log)):
        apart = other.line - one.line
        sections = {one.section, other.section}
        siblings = len(sections) == 1 or len({log.sections[i].parent if i >= 0 else -2 for i in sections}) == 1
        if siblings and apart <= (_NEAR if len(sections) == 1 else _TITLED):
            yield from _turned(one, other)
    for table in log.tables:
        rows = list(_rows(log, table))
        if len(rows) == 2:
            yield from _turned(*rows)


def _turned(one: Sized, other: Sized) -> Iterator[tuple[Sized, Sized]]:
    few, many = sorted((one, other), key=lambda sized: sized.items)
    told = (few.part or many.whole) and not many.part
    same = few.named & many.named or (told and (few.named == many.named or not (few.named and many.named)))
    alone = one.line == other.line and few.named == many.named and few.unit in ("%", "items")
    size = 1.0 if few.base is None or many.base is None else few.base / many.base if many.base else 0.0
    alike = few.unit == many.unit and (few.base is None) == (many.base is None) and 0.5 < size < 2
    enough = many.items >= (2 if told else 4) * few.items
    set_apart = few.settings and many.settings and few.settings != many.settings and few.unit != "items"
    if set_apart or not _of_one(few.text, many.text):
        return
    seen = _SEEN.search(f"{few.text} {many.text}") is not None
    if few.change * many.change < 0 and enough and alike and (same or alone) and not seen:
        yield few, many


def _of_one(*texts: str) -> bool:
    """Whether no names tell that two changes are of two things: of LoRA and DPO, of MBPP and MATH."""
    one, other = (
        {w.lower() for w in _NAME.findall(text)} - {"n", "qs"} | {
            m[1].lower() for m in [_LABEL.match(text)] if m is not None and _SET_WORDS.sub("", m[1])
        }
        for text in texts
    )  # fmt: skip
    return not (one and other) or bool(one & other)


def _spoken(log: Log) -> Iterator[Sized]:
    for passage in passages_of(log):
        title = log.sections[passage.section].title if passage.section >= 0 else ""
        for sentence in passage.sentences if passage.kind in ("prose", "bullet", "message") else ():
            if hoped(sentence.lines[0]):
                continue
            start, last = 0, frozenset[str]()
            for end in [*(one.start() for one in _CLAUSES.finditer(sentence.text)), len(sentence.text)]:
                clause = sentence.text[start:end]
                found = _sized(clause, title, sentence.line_at(start).number, passage.section)
                if found is not None:
                    last = found.named or last  # "it fell"
                    yield replace(found, named=last, text=sentence.text)
                start = end


def _items(text: str) -> set[int]:
    return {int(next(filter(None, one.groups())).replace(",", "")) for one in _ITEMS.finditer(text)}


def _sized(clause: str, title: str, line: int, section: int) -> Sized | None:
    if _NO_CHANGE.search(clause) or _NO_CHANGE.search(title):
        return None
    titled = not _ITEMS.search(clause)
    told = title if titled else clause
    size = _items(told) or {int(one.whole.value) for one in counts(clause)}
    change = _change(clause, size) if len(size) == 1 else None
    if change is None:
        return None
    of = f"{title} {clause}" if titled else clause
    named = frozenset(w for w in re.findall(r"[a-z][\w@-]+", clause.lower()) if _MEASURE.fullmatch(w)) - {
        "baseline", "test", "eval", "val", "validation",
    }  # fmt: skip
    part, full = (pattern.search(of) is not None for pattern in (_PART, _WHOLE))
    own = {*size, *(n.value for one in counts(clause) for n in (one.part, one.whole))}
    settings = {n.value for n in numbers(clause) if not (n.decimals or n.unit or n.signed)} - own
    return Sized(size.pop(), *change, named, line, part, full, section, clause, frozenset(settings))


_Change = tuple[float, str, float | None, str]


def _change(clause: str, items: set[int]) -> _Change | None:
    """The change that a clause tells: of the only two results in it, or the only gain."""
    spans = [one.span() for one in _ITEMS.finditer(clause)]
    found = [n for n in numbers(clause) if not any(a <= n.start < b for a, b in spans) and not (n.spread or n.about)]
    plain = [n for n in found if not n.signed and n.unit in ("", "%") and (n.decimals or n.unit)]
    gains = [n for n in found if n.signed and n.unit in ("", "%", "pp") and (n.decimals or n.unit)]
    counted = [one.part for one in counts(clause)] if not plain else []
    if not (plain or counted) and items:
        counted = [n for n in found if not (n.decimals or n.unit or n.signed) and n.value <= min(items)]
    pair = counted if len(counted) == 2 else plain
    if len(pair) == 2 and pair[0].unit == pair[1].unit:
        order = _order(clause, pair[0], pair[1])
        if order is None or not order[0].value:
            return None
        base, new = order[0].value, order[1].value
        unit, scale = ("items", min(items)) if counted else (order[0].unit, 1)
        return new - base, f"{signed(100 * (new / base - 1), 1)} %", base / scale, unit
    if len(gains) == 1 and not plain and not counted:
        unit = {"pp": "points", "%": "%"}.get(gains[0].unit, "")
        return gains[0].value, f"{signed(gains[0].value)} {unit}".strip(), None, unit
    return None


def _order(text: str, one: Number, other: Number) -> tuple[Number, Number] | None:
    """Two results of a clause as the baseline and the new one, by the words beside them or by what joins them."""
    between = re.sub(r"\d", "", text[one.end : other.start])  # of a count: ``12 of 20 against 9 of 20``
    left, _, right = re.split(r"([,;(|/]|\band\b|$)", between, maxsplit=1)
    first = re.split(r"[,;:(]\s?", text[: one.start].rstrip("( "))[-1][-30:] + " " + left
    second = right + " " + re.split(r"[,;.)]", text[other.end :])[0][:25]
    roles = [_NAMED_BASE.search(words) is not None for words in (first, second)]
    if _FROM_TO.fullmatch(between):
        return (one, other) if not roles[1] else None
    if _AGAINST.fullmatch(between):
        return (one, other) if roles == [True, False] else (other, one)
    if roles[0] != roles[1]:
        return (one, other) if roles[0] else (other, one)
    return None


def _rows(log: Log, table: Table) -> Iterator[Sized]:
    """The two rows of a table for parts of one set, each with a result of the baseline and one other."""
    places = range(len(table.header))
    counted = [i for i in places if _HEAD.fullmatch(table.header[i].strip())]
    results = [
        i for i in places
        if i not in counted and all(n is not None and (n.decimals or n.unit == "%") for n in table.columns[i])
    ]  # fmt: skip
    bases = [i for i in results if _NAMED_BASE.search(table.header[i])]
    if len(table.rows) != 2 or len(results) != 2 or len(bases) != 1 or _NO_CHANGE.search(" ".join(table.header)):
        return
    if len({name.lower() for i in results for name in _MEASURE.findall(table.header[i])} - {"baseline"}) > 1:
        return
    others = [i for i in results if i not in bases]
    for row in table.rows:
        name = row.cells[0]
        items = _items(name) | {int(n.value) for i in counted if (n := only_number(row.cells[i])) is not None}
        base, new = (only_number(row.cells[i]) for i in (bases[0], others[0]))
        if len(items) != 1 or _SET_WORDS.sub("", name) or base is None or new is None or not base.value:
            return
        change = f"{signed(100 * (new.value / base.value - 1), 1)} %"
        yield Sized(
            items.pop(), new.value - base.value, change, base.value, base.unit, frozenset(), row.line,
            _PART.search(name) is not None, _PART.search(name) is None, table.section, name,
        )  # fmt: skip
