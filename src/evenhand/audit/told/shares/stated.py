"""A share beside the one number of items that is told for it: ``Accuracy on the 30 test questions: 71.4 %`` (GRIM)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number, counts
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.text.vocabulary.roles import SHARE_NAMES, SHARE_SAID
from evenhand.audit.text.words import hoped
from evenhand.audit.told.quantities import Quantity, quantities
from evenhand.audit.told.shares.grim import (
    AVERAGED,
    FEWEST,
    HARDLY,
    MOST,
    SETS,
    Impossible,
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

_SEVERAL = Pattern(r"\b(?:tasks|cases|samples|sentences|episodes|trials|games)\b", re.IGNORECASE)
_SOLVED = Pattern(r"\b(?:solve[ds]?|pass(?:ed|es|@1)?|succe\w+|won|wins?)\b", re.IGNORECASE)
"""What may have more answers than one each, unless it is solved, passed or won."""

_OFTEN = Pattern(r"(?<![\d.,])(?:[2-9]|[1-5]\d)(?![\d.,]|\s?%)")
_WON = Pattern(r"\bgames?\b|\bwins?\b|\bwin[ -]rate\b", re.IGNORECASE)
_COLUMN = Pattern(rf"#?\s?(?:n|(?:num |number of |# ?|n )?(?:test )?(?:{_NOUNS}))", re.IGNORECASE)
_FITS_MOST, _UNDER, _SHORT, _SURELY = 0.5, 2, 120, 1e-3


@dataclass(frozen=True)
class _Base:
    """A number of items as it is told, with the sentence that has a share of them."""

    items: int
    line: Line
    text: str
    sentence: Sentence


def impossible_stated(log: Log) -> Iterator[Impossible]:
    """The one share that no whole number gives of the items in its own short sentence, or in the heading above it."""
    if log.data:
        return
    for base in _bases(log):
        yield from _judged(base)
    for table in log.tables:
        yield from _in_table(log, table)


def _bases(log: Log) -> Iterator[_Base]:
    """Short sentences with the one number of items in them; a first one has those of the heading."""
    title: tuple[set[int], Sentence] | None = None
    for passage in passages_of(log):
        sentence = passage.sentences[0]
        if passage.kind == "heading":
            title = _items(sentence.text, titled=True), sentence
            continue
        for one in passage.sentences:
            items, told = _items(one.text, titled=False), one
            if title is not None and not items and one.lines[0].number - title[1].lines[0].number <= _UNDER:
                items, told = title
            title = None
            if len(items) == 1 and len(one.text) <= _SHORT and not hoped(one.lines[0]):
                yield _Base(next(iter(items)), told.lines[0], told.text, one)


def _items(text: str, *, titled: bool) -> set[int]:
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
    own = list(_shares(base.sentence, base.text))
    text = f"{base.text} {base.sentence.text}"
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
    sets = {one[:3] for one in SETS.findall(text.lower())}
    found = quantities(share.sentence)
    alike = (q for q in found if (q.unit, q.number.decimals) == (share.unit, share.number.decimals))
    if any(q.value != share.value and q.plain and not possible(q.number, items, q.unit) for q in alike):
        return  # two that do not fit are of other items
    if len(sets) > 1 or _may_be_of_others(share, items, found, rest.replace(str(base.items), "")):
        return
    if chance(share.number, items, share.unit) <= _FITS_MOST:
        told = {q.value for q in own} | {float(base.items), float(items // base.items)}
        alone = all(q.value in told for q in found) and not (_SEVERAL.search(text) and not _SOLVED.search(text))
        yield Impossible(share.number, items, share.line, base.line, len(right), sure=alone)


def _may_be_of_others(share: Quantity, items: int, found: Sequence[Quantity], text: str) -> bool:
    """Whether half items, some told number, or so many items as often as one of them, gives a share."""
    if in_halves(share.number, items, share.unit) or is_given(found, share):
        return True
    often = {*map(int, _OFTEN.findall(text)), *((2,) if _WON.search(text) else ())}
    return any(possible(share.number, n * items, share.unit) for n in often)


def _in_table(log: Log, table: Table) -> Iterator[Impossible]:
    """The one share of a column that the number of items in the heading of its table does not give."""
    heading = log.sections[table.section] if table.section >= 0 else None
    titled = _items(heading.title, titled=True) if heading is not None else set()
    sized = heading is not None and not titled  # so many items may be what was learned from
    if sized and heading is not None:
        titled = {int(one["n"] or one["m"] or one["k"]) for one in _ITEMS.finditer(heading.title)}
    text = " ".join((*table.header, table.before, heading.title if heading else ""))
    if not 2 <= len(table.rows) <= 12 or _ELSE.search(text) or AVERAGED.search(text) or _TIMES.search(text):
        return
    if any(_COLUMN.fullmatch(plain(name).strip()) for name in table.header) or len(titled) != 1 or heading is None:
        return
    items = next(iter(titled))
    for place, name in enumerate(table.header):
        if place and _NAMED.search(plain(name)) and not of_else(name):
            rows = [
                (n, log.line(row.line_of(place)))
                for n, row in zip(table.columns[place], table.rows, strict=True)
                if n is not None and fair(n) and not AVERAGED.search(row.cells[0])
            ]
            found = _odd(rows, items, log.lines[heading.line], name)
            yield from (one for one in found if one.closed or not sized)


def _odd(rows: Sequence[tuple[Number, Line]], items: int, title: Line, name: str) -> Iterator[Impossible]:
    unit = "%" if "%" in name or any(n.value > 1 for n, _ in rows) else ""
    right = {n.value: chance(n, items, unit) for n, _ in rows if possible(n, items, unit)}
    right = {value: p for value, p in right.items() if value not in (0, 1, 100)}
    odd = [one for one in rows if not possible(one[0], items, unit)]
    if len(odd) != 1 or not right or not FEWEST <= items <= MOST:
        return
    number, line = odd[0]
    if chance(number, items, unit) <= _FITS_MOST and not in_halves(number, items, unit):
        sure = len(right) >= 2 and math.prod(right.values()) <= HARDLY
        closed = sure and math.prod(right.values()) <= _SURELY and not possible(number, 2 * items, unit)
        yield Impossible(number, items, line, title, len(right), sure, closed)
