"""A share beside the one number of items that is told for it: ``Accuracy on the 30 test questions: 71.4 %`` (GRIM)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number, counts
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.text.vocabulary.roles import SHARE_NAMES, SHARE_SAID
from evenhand.audit.text.words import hoped
from evenhand.audit.told.quantities import Quantity, quantities
from evenhand.audit.told.shares.grim import (
    AVERAGED,
    FEWEST,
    MOST,
    SETS,
    Impossible,
    as_fine,
    chance,
    fair,
    in_halves,
    of_else,
    plain,
    possible,
)
from evenhand.audit.told.shares.grim_words import is_given, is_share

_NOUNS = (
    r"questions?|Qs|problems?|items?|examples?|samples|prompts?|queries|images?|pictures?|photos?|sentences?|tasks?|"
    r"trials?|games?|episodes?|puzzles?|cases?|clips?|instances?|riddles?"
)
"""What has one answer each; a document, a talk or a person may have several."""

_ITEMS = Pattern(
    rf"(?<![\w.,/@+\-−=<>≤≥~≈])(?P<n>\d{{1,4}})[\s-]+(?:(?!of\b|out\b)[a-z][\w-]*\s+){{0,2}}?(?:{_NOUNS})(?![a-z'’])|"
    rf"(?<![a-z])n\s*[=:]\s*(?P<m>\d+)(?![\d.,]*\d)|^\W*(?:number of )?(?:test )?(?:{_NOUNS})\s*[:=]\s*(?P<k>\d+)\W*$",
    re.IGNORECASE,
)
_SIZE = Pattern(
    r"\b(?:with|given|after|using|few)\s+(?:only\s+|just\s+)?\d+[\s-]+(?:examples?|samples|instances?|images?|sentences?|"
    rf"clips?|pictures?|photos?)\b|(?<![(\[])\bn\s*[=:]\s*\d+(?!\d|\s*(?:{_NOUNS}))",
    re.IGNORECASE,
)
_TRIED = Pattern(
    r"\b(?:tried|compared|searched|screened|swept|wrote|tested|candidates?|best of)\b[^.;,\d]{0,16}\d+[\s-]+"
    r"(?:[a-z]+\s+){0,2}(?:prompts?|examples?|samples)\b",
    re.IGNORECASE,
)
"""What was tried, and what it was tried on."""

_EVALUATED = Pattern(r"\b(?:test\w*|eval\w*|held-?out|dev|benchmark|validation|unseen|scored|asked)\b", re.IGNORECASE)
"""``With 50 examples`` may tell how many were learned from, and ``n = 8`` how long each is, unless a set is named."""

_NAMED = Pattern(
    rf"(?<![a-z@])(?:{SHARE_SAID}|{SHARE_NAMES}|succe(?:eds?|eded|ss rate)|pass rate)(?![a-z])", re.IGNORECASE
)
_DIRECT = Pattern(rf"{_NAMED.pattern}\s*(?:\([^)]*\))?\s*(?:=|:|of|was|is|at)?\s*$", re.IGNORECASE)
_OF_THE = Pattern(r"\s*of\s+(?:the|all|our)\s*", re.IGNORECASE)
_OF_ELSE = Pattern(r"\s*of\s+(?!(?:them|these|those)\b)\w", re.IGNORECASE)
_TIMES = Pattern(
    rf"(?<!\w)(\d{{1,2}}|{any_number(2)})\s+(?:\w+\s)?(?:seeds|runs|repeats|repetitions)\b(?:\s*[x×]\s*)?",
    re.IGNORECASE,
)
_MEANS = Pattern(r"(?<![a-z])(?:mean|means (?:of|over)|avg|averages?|averaged)(?![a-z])", re.IGNORECASE)
_PART_OF = Pattern(rf"[\s-]+(?:[a-z-]+\s+){{0,2}}(?:{_NOUNS})\s*\(\s*", re.IGNORECASE)
"""``39 cases (25.5 %)``: the items are this share of all."""

_ENTRY = Pattern(r"[:=]\s*$")
_ELSE = Pattern(
    r"\b(?:train\w*|fine-?tun\w*|shots?|few-?shot|calibrat\w*|pass@(?:[2-9k]|\d\d)\w*|avg@\w+|maj@\w+|partial\w*|"
    r"rubrics?|graded?|judged?|points?|fields?|steps?|tokens?|folds?|raters?|attempts?|samples (?:per|each)|per|each|"
    r"more|fewer|less|relative|reduc\w*|improv\w*|gain\w*|drop\w*|sparsity|threshold|target|chance|random[- ]guess\w*|"
    r"decisive|confidence|interval|ci|coverage|utili[sz]\w*|speed\w*|time|memory|cost|split|exclud\w*|skip\w*|invalid|ties?|"
    r"categor\w+|class(?:es)?|groups?|papers?|"
    r"published|report(?:s|ed)|authors?|original|previous\w*|leaderboard|mostly|about|roughly)\b|±",
    re.IGNORECASE,
)
"""Beside a share: it may be of other items, or be no share of whole items at all."""

_OFTEN = Pattern(r"(?<![\d.,])(?:[2-9]|[1-5]\d)(?![\d.,]|\s?%)")
_WON = Pattern(r"\bgames?\b|\bwins?\b|\bwin[ -]rate\b", re.IGNORECASE)
_COLUMN = Pattern(rf"#?\s?(?:n|(?:num |number of |# ?|n )?(?:test )?(?:{_NOUNS}))", re.IGNORECASE)
_FITS_MOST, _BESIDE, _NEAR, _UNDER, _LONG = 0.5, 0.3, 3, 8, 80


@dataclass(eq=False)
class _Base:
    """A number of items as it is told, and the shares that may be of these."""

    items: int
    line: Line
    text: str
    passage: Passage
    shares: list[tuple[Quantity, str]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether its own passage has shares: what stands below it may be of others."""
        return any(q.sentence in self.passage.sentences for q, _ in self.shares)


def impossible_stated(log: Log) -> Iterator[Impossible]:
    """The one share that no whole number gives of the items in its own sentence, the one before it, or its heading."""
    if log.data:
        return
    for base in _bases(log):
        yield from _judged(base)
    for table in log.tables:
        yield from _in_table(log, table)


def _bases(log: Log) -> list[_Base]:
    bases: list[_Base] = []
    titled: dict[int, _Base] = {}
    last: _Base | None = None
    section = -2
    for passage in passages_of(log):
        if last is not None and last.whole:
            last = None
        for sentence in passage.sentences:
            line = sentence.lines[0]
            items = _items(sentence.text, titled=passage.kind == "heading")
            if passage.kind == "heading" or passage.section != section:
                section, last = passage.section, None
            if len(items) > 1 or hoped(line):
                last = None
                continue
            if items:
                last = _Base(items.pop(), line, sentence.text, passage)
                bases.append(last)
                if passage.kind == "heading":
                    titled[passage.section] = last
            base = last or titled.get(passage.section)
            if base is last and last is not None and last.passage is not passage and _full(last.passage):
                base = None
            far = _UNDER if base is titled.get(passage.section) else _NEAR
            if base is not None and passage.kind != "heading" and line.number - base.line.number <= far:
                base.shares += [(q, sentence.text) for q in _shares(sentence, base.text)]
    return bases


def _full(passage: Passage) -> bool:
    """Whether a point of a list says all that it is about: a number of items in it is none of the next point's."""
    first = passage.sentences[0]
    return passage.kind == "bullet" and (
        re.match(r"\s*\d+[.)]\s", first.lines[0].text) is not None or sum(len(one.text) for one in passage.sentences) > _LONG
    )


def _items(text: str, *, titled: bool = False) -> set[int]:
    if re.search(r"\d", text) is None:
        return set()
    text = _TRIED.sub(" ", text)
    size = _SIZE.search(text) or (titled and re.search(r"\bn\s*=", text))
    if size and not _EVALUATED.search(text):
        return set()
    return {int(one["n"] or one["m"] or one["k"]) for one in _ITEMS.finditer(text)}


def _shares(sentence: Sentence, told: str) -> Iterator[Quantity]:
    """The shares of a sentence that are named as such, or are the mean over seeds of so many items each."""
    found = [q for q in quantities(sentence) if is_share(q) and fair(q.number) and not _PART_OF.fullmatch(q.before)]
    for one in found if not counts(sentence.text) else ():
        named = _NAMED.search(sentence.text[: one.number.start] + one.after[:24]) is not None
        said = _TIMES.search(told) or (told.endswith(":") and _EVALUATED.search(told))
        entry = len(found) == 1 and _ENTRY.search(one.before) is not None and bool(said)
        named = named or _OF_THE.fullmatch(one.after) is not None
        if _OF_ELSE.match(one.after) and not _OF_THE.fullmatch(one.after):
            continue
        if _DIRECT.search(one.before) or (one.unit == "%" and (named or entry)):
            yield one


def _judged(base: _Base) -> Iterator[Impossible]:
    own = [q for q, _ in base.shares]
    text = " ".join(dict.fromkeys((base.text, *(text for _, text in base.shares))))
    times = {number_of(one[1]) for one in _TIMES.finditer(text)}
    rest = _TIMES.sub(" ", text)
    if times:
        rest = re.sub(r"\b(?:each|per (?:seed|run))\b", " ", _MEANS.sub(" ", rest))
    if len(times) > 1 or _ELSE.search(rest) or AVERAGED.search(rest) or re.search(r"\bseeds\b|\bruns\b", rest):
        return
    items = base.items * (int(times.pop()) if times else 1)
    odd = [q for q in own if not possible(q.number, items, q.unit)]
    if len({q.value for q in odd}) != 1 or not FEWEST <= items <= MOST:
        return
    share = odd[0]
    right = {q.value for q in own} - {share.value}
    sets = {one[:3] for one in SETS.findall(f"{base.text} {share.sentence.text}".lower())}
    found = [q for one in {q.sentence for q in own} for q in quantities(one)]
    alike = (
        q for q in quantities(share.sentence) if (q.unit, q.number.decimals) == (share.unit, share.number.decimals)
    )
    if any(q.value != share.value and q.plain and not possible(q.number, items, q.unit) for q in alike):
        return  # two that do not fit are of other items
    if len(sets) > 1 or _may_be_of_others(share, items, found, rest.replace(str(base.items), "")):
        return
    if chance(share.number, items, share.unit) <= _FITS_MOST:
        yield Impossible(share.number, items, share.line, base.line, len(right), sure=True)


def _may_be_of_others(share: Quantity, items: int, found: Sequence[Quantity], text: str) -> bool:
    """Whether half items, some told number, or so many items as often as one of them, gives a share."""
    if in_halves(share.number, items, share.unit) or is_given(found, share):
        return True
    often = {*map(int, _OFTEN.findall(text)), *((2,) if _WON.search(text) else ())}
    return any(possible(share.number, n * items, share.unit) for n in often)


def _in_table(log: Log, table: Table) -> Iterator[Impossible]:
    """The one share of a column that its row's number of items, or that of the heading, does not give."""
    heading = log.sections[table.section] if table.section >= 0 else None
    titled = _items(heading.title, titled=True) if heading is not None else set()
    text = " ".join((*table.header, table.before, heading.title if heading else ""))
    columns = [i for i, name in enumerate(table.header) if _COLUMN.fullmatch(plain(name).strip())]
    if not 2 <= len(table.rows) <= 12 or _ELSE.search(text) or AVERAGED.search(text) or _TIMES.search(text):
        return
    if len(columns) > 1 or (not columns and len(titled) != 1):
        return
    wholes = table.columns[columns[0]] if columns else None
    for place, name in enumerate(table.header):
        if place and _NAMED.search(plain(name)) and not of_else(name):
            rows = [
                (n, int(whole), log.line(row.line_of(place)))
                for at, row in enumerate(table.rows)
                if (n := as_fine(table.columns[place])[at]) is not None and fair(n)
                and not AVERAGED.search(row.cells[0])
                and (whole := _value(wholes[at]) if wholes else next(iter(titled)))
            ]  # fmt: skip
            yield from _odd(rows, log.lines[heading.line] if heading and not columns else None, name)


def _value(number: Number | None) -> float:
    return number.value if number is not None and not number.decimals else 0.0


def _odd(rows: Sequence[tuple[Number, int, Line]], title: Line | None, name: str) -> Iterator[Impossible]:
    unit = "%" if "%" in name or any(n.value > 1 for n, _, _ in rows) else ""
    right = {(n.value, whole): chance(n, whole, unit) for n, whole, _ in rows if possible(n, whole, unit)}
    right = {key: p for key, p in right.items() if key[0] not in (0, 1, 100)}
    odd = [one for one in rows if not possible(one[0], one[1], unit)]
    several = len({whole for _, whole, _ in rows}) > 1  # of these n may be the size of a problem
    if len(odd) != 1 or len(right) < 1 + several or math.prod(right.values()) > _BESIDE:
        return
    number, whole, line = odd[0]
    fine = FEWEST <= whole <= MOST and chance(number, whole, unit) <= _FITS_MOST
    if fine and not in_halves(number, whole, unit):
        yield Impossible(number, whole, line, title or line, len(right), sure=True)
