"""How a result changed over so many items, beside how it changed over others: ``16 questions: 2.07 -> 2.49``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
_GAINED = Pattern(
    r"\b(?:(gain\w*|improv\w*|win|wins|won|ahead|up|better)|lose|loses|lost|drop\w*|worse|behind|down)"
    r"(?:\s+(?:by|of|about))?\s+$",
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
    rf"{METRIC_WORD.pattern}|errors?|wer|cer|mae|mse|rmse|bleu|length|reward|return|time|cost|latency|speed|throughput|memory",
    re.IGNORECASE,
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
        title: of the heading that it stands under.
        seen: its sentence says itself that the subset does not stand for the whole.
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
    title: str = ""
    seen: bool = False


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
        parts = list(_in_table(table))
        if len(parts) == 2:
            yield from _turned(*parts)


def _turned(one: Sized, other: Sized) -> Iterator[tuple[Sized, Sized]]:
    few, many = sorted((one, other), key=lambda sized: sized.items)
    if one.section != other.section:
        few, many = (
            replace(sized, part=sized.part or _PART.search(sized.title) is not None,
                    whole=sized.whole or _WHOLE.search(sized.title) is not None)
            for sized in (few, many)
        )  # fmt: skip
    told = (few.part or many.whole) and not many.part
    same = few.named & many.named or (told and (few.named == many.named or not (few.named and many.named)))
    alone = one.line == other.line and few.named == many.named and few.unit in ("%", "items")
    size = 1.0 if few.base is None or many.base is None else few.base / many.base if many.base else 0.0
    alike = few.unit == many.unit and (few.base is None) == (many.base is None) and 0.5 < size < 2
    enough = many.items >= (2 if told else 4) * few.items
    set_apart = few.settings and many.settings and few.settings != many.settings and few.unit != "items"
    if set_apart or not _of_one(few.text, many.text):
        return
    if few.change * many.change < 0 and enough and alike and (same or alone) and not (few.seen or many.seen):
        yield few, many


def _of_one(*texts: str) -> bool:
    """Whether no names tell that two changes are of two things: of LoRA and DPO, of MBPP and MATH."""
    one, other = (
        {w.lower() for w in _NAME.findall(text)} - {"n", "qs"} | {
            m[1].lower() for m in [_LABEL.match(text)] if m is not None and _SET_WORDS.sub("", _plain(m[1]))
        }
        for text in texts
    )  # fmt: skip
    return not (one and other) or bool(one & other)


def _plain(label: str) -> str:
    return _MEASURE.sub("", label.replace("_", " "))


def _spoken(log: Log) -> Iterator[Sized]:
    for passage in passages_of(log):
        title = log.sections[passage.section].title if passage.section >= 0 else ""
        for sentence in passage.sentences if passage.kind in ("prose", "bullet", "message") else ():
            if re.search(r"\d", sentence.text) is None or hoped(sentence.lines[0]):
                continue
            start, last = 0, frozenset[str]()
            for end in [*(one.start() for one in _CLAUSES.finditer(sentence.text)), len(sentence.text)]:
                clause = sentence.text[start:end]
                found = _sized(clause, title, sentence.line_at(start).number, passage.section)
                if found is not None:
                    last = found.named or last  # "it fell"
                    yield replace(found, named=last, seen=_SEEN.search(sentence.text) is not None)
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
    return Sized(size.pop(), *change, named, line, part, full, section, clause, frozenset(settings), title)


_Change = tuple[float, str, float | None, str]


def _change(clause: str, items: set[int]) -> _Change | None:
    """The change that a clause tells: of the only two results in it, or the only gain."""
    spans = [one.span() for one in _ITEMS.finditer(clause)]
    found = [n for n in numbers(clause) if not any(a <= n.start < b for a, b in spans) and not (n.spread or n.about)]
    plain = [n for n in found if not n.signed and n.unit in ("", "%") and (n.decimals or n.unit)]
    gains = [n for n in found if n.signed and n.unit in ("", "%", "pp") and (n.decimals or n.unit)]
    gains += [
        replace(n, value=-n.value if word[1] is None else n.value)
        for n in found if n.unit == "pp" and not n.signed and (word := _GAINED.search(clause[: n.start]))
    ]  # fmt: skip
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


def _in_table(table: Table) -> Iterator[Sized]:
    """The two parts of one set that a table has as rows, or as columns, each with its change or the results of both."""
    if len(table.rows) != 2 or _NO_CHANGE.search(" ".join(table.header)):
        return
    places = range(len(table.header))
    counted = [i for i in places if _HEAD.fullmatch(table.header[i].strip())]
    given = [i for i in places if i not in counted and all(n is not None for n in table.columns[i])]
    results = [i for i in given if all(n is not None and (n.decimals or n.unit) for n in table.columns[i])]
    bases = [i for i in results if _NAMED_BASE.search(table.header[i])]
    named = {name.lower() for i in results for name in _MEASURE.findall(table.header[i])} - {"baseline"}
    parts = [i for i in results if len(_items(table.header[i])) == 1]
    rows = [row for row in table.rows if _NAMED_BASE.search(row.cells[0])]
    if len(parts) == 2 and len(rows) == 1:
        old, new = sorted(table.rows, key=lambda row: row not in rows)
        for i in parts:
            name = table.header[i]
            yield from _part(table, name, _items(name), (old.cells[i], new.cells[i]), new.line)
    elif len(named) <= 1 and (len(results), len(bases)) in ((2, 1), (1, 0)):
        order = [*bases, *(i for i in results if i not in bases)]
        for row in table.rows:
            told = {int(n.value) for i in counted if (n := only_number(row.cells[i])) is not None}
            cells = [row.cells[i] for i in order]
            yield from _part(table, row.cells[0], told | _items(row.cells[0]), cells, row.line)


def _part(table: Table, name: str, items: set[int], cells: Sequence[str], line: int) -> Iterator[Sized]:
    """A part of a set with its two results, or its one gain, where its name says a part, or all, and nothing else."""
    found = [n for n in map(only_number, cells) if n is not None]
    if len(items) != 1 or _SET_WORDS.sub("", name) or len(found) != len(cells) or len({n.unit for n in found}) != 1:
        return
    part, base, new = _PART.search(name) is not None, found[0], found[-1]
    if len(found) == 1 and new.signed:
        change, told, value = new.value, cells[0].strip(), None
    elif len(found) == 2 and base.value and not (base.signed or new.signed):
        change, told, value = new.value - base.value, f"{signed(100 * (new.value / base.value - 1), 1)} %", base.value
    else:
        return
    yield Sized(items.pop(), change, told, value, new.unit, frozenset(), line, part, not part, table.section, name)
