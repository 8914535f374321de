"""A list, sentence or table that sums up results, all as their own rows or records have them but for one digit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import COMMON_WORDS
from evenhand.audit.text.words import hoped, of_others
from evenhand.audit.told.concluded.concluded import withheld
from evenhand.audit.told.concluded.statements import Statement, statements_of
from evenhand.audit.told.quoted.sources import (
    Source,
    Told,
    fine,
    records_of,
    rows_of,
    rows_with,
    run_of,
    runs_in,
    same,
    words,
)
from evenhand.audit.told.quoted.values import again, qualifiers, slip

_ANEW = Pattern(
    r"\b(?:re-?(?:run|ran|timed?|train\w*|eval\w*|measur\w*|scor\w*|comput\w*|done|did|do)|supersed\w*|corrected|updated?|"
    r"previous\w*|earlier|instead|old|new|after|before|once|fix\w*|seed \d|"
    r"(?:one|single|other|new|more|another|further|next) seeds?|median|rounded|approx\w*|about|target|goal|"
    r"expected|max|min|best|peak|now|later|then)\b|~|≈|→|->|⇒",
    re.IGNORECASE,
)
"""Words beside which two figures of one name may both be right."""

_THEIRS = Pattern(r"\b(?:papers?|leaderboards?|reported|published|official|lists|claims|authors?)\b", re.IGNORECASE)
"""What others printed, who may have measured otherwise."""

_HEADLINE = Pattern(
    r"^\W*(?:main |final |overall |headline )?(?:results?|number|figure|score|ergebnis|resultado|результат|结果)"
    r"\s?[:：=]",
    re.IGNORECASE,
)
CUTS = Pattern(r"[;,，；、]|\b(?:and|while|whereas|but|vs|versus|against|und|et|y|и)\b", re.IGNORECASE)
MOST_NUMBERS = 3000
"""Numbers of a log in which sums of others are looked up."""

_LEAST, _GAP, _LONGEST = 2, 3, 260
_SWAPPED = 4
"""Signs of a number, its point included, that is not another with two digits swapped by accident."""


@dataclass(frozen=True)
class Quote:
    """A number that is told again: its line, the words of its clause, those around it, and the runs that it names."""

    number: Number
    line: int
    clause: frozenset[str]
    around: frozenset[str]
    runs: frozenset[str]
    plain: bool = True
    cell: bool = False
    cued: bool = False


@dataclass(frozen=True)
class Slip:
    """A quote with another digit than its source, what the source has, and how many quotes beside it are right."""

    quote: Quote
    own: Told
    name: str
    held: int


@dataclass(frozen=True)
class _Read:
    """A quote with its source: whether that has it, what it has in its place; whether it is of another metric."""

    quote: Quote
    source: Source
    held: bool
    own: Told | None
    other: bool = False


def slips_of(log: Log) -> Iterator[Slip]:
    """Numbers in a summary of which every other that can be looked up is as its source has it."""
    if log.data or sum(len(line.numbers) for line in log.lines) > MOST_NUMBERS:
        return
    for group in (*_in_words(log), *_in_tables(log)):
        yield from _judged(log, group)


def _judged(log: Log, group: Sequence[Quote]) -> Iterator[Slip]:
    """The one quote of a group that is off by a digit, where at least two others are right and none is otherwise."""
    own = frozenset(one.line for one in group)
    read = [found for one in group if (found := _read(log, one, own)) is not None]
    odd = [one for one in read if not one.held and not one.other]
    if len(odd) != 1 or odd[0].own is None or not odd[0].quote.plain:
        return
    right = [one for one in read if one.held and one.quote.number.value not in (1.0, 100.0)]
    beside = {one.source.name for one in right} - {odd[0].source.name}
    held = len({one.quote.number.value for one in right})
    quote, source, told = odd[0].quote, odd[0].source, odd[0].own
    columns = {t.column for one in read if one.held for t in one.source.told if same(t.number, one.quote.number)}
    if any(same(one.number, told.number) for one in group):
        return  # what the source has is told beside it, as something else
    in_column = told.column in columns and not any(one.other for one in read)
    swapped = slip(_digits(told.number), _digits(quote.number)) == "swap"
    whole = not (quote.number.decimals or quote.number.unit)  # a count, which may be one of fewer things
    in_column = in_column and (swapped or not whole)
    of_it = source.record or in_column or (bool(told.metric) and told.metric <= quote.around)
    once_more = not quote.cell or (told.line < quote.line and _row_agrees(log, odd[0], told))
    enough = min(len(beside), held) >= _LEAST or (quote.cued and _evident(odd[0], told, held))
    known = told.metric.union(source.name, *(one.quote.clause for one in read if one.held))
    known |= words(" ".join(log.path(log.line(told.line).section)))
    title = _own_title(log, quote, told)
    same_thing = source.record or qualifiers(f"{' '.join(quote.clause)} {title}") <= known  # not: of the validation set
    same_thing = same_thing and not _ANEW.search(title)
    if once_more and of_it and enough and same_thing and _alone(log, quote, source, told):
        yield Slip(quote, told, source.label, len(beside))


def _own_title(log: Log, quote: Quote, told: Told) -> str:
    """The titles above a quote that do not stand above its source, too."""
    above = log.path(log.line(told.line).section)
    return " ".join(one for one in log.path(log.line(quote.line).section) if one not in above)


def _evident(odd: _Read, told: Told, held: int) -> bool:
    """Whether a summary names a row in full, and its metric, so that one number beside it, or a swap, is enough."""
    quote, source = odd.quote, odd.source
    named = source.record or (bool(told.metric) and told.metric <= quote.around)
    swapped = slip(_digits(told.number), _digits(quote.number)) == "swap" and len(_digits(quote.number)) > _SWAPPED
    return named and (swapped or (held > 0 and source.name <= quote.clause and not source.record))


def _read(log: Log, quote: Quote, own: frozenset[int]) -> _Read | None:
    """A quote with the source that it names, where there is one outside of its group."""
    sources = _named(log, quote.clause, quote, own) or _named(log, quote.around, quote, own)
    known = next((one for one in sources if one.has(quote.number)), None)
    off = [] if known else [(one, told) for one in sources for told in _slipped(one, quote)]
    if not known and not off:
        rows = rows_with(log).get((quote.number.value, quote.number.decimals), [])
        known = next((one for one in rows if not one.lines & own and _touches(one, quote)), None)
    if known is not None:
        return _Read(quote, known, True, None)
    if not sources or len({one.name for one in sources}) > 1:
        return None
    if not off and not any(_alike(told.number, quote.number) for one in sources for told in one.told):
        return _Read(quote, sources[0], False, None, other=True)
    alone = len({(told.number.value, told.number.decimals) for _, told in off}) == 1
    return _Read(quote, off[0][0] if alone else sources[0], False, off[0][1] if alone else None)


def _named(log: Log, said: frozenset[str], quote: Quote, own: frozenset[int]) -> list[Source]:
    """The sources outside of a group whose whole name is among some words: those of the longest name."""
    found = [one for one in rows_of(log) if one.name <= said] + [
        one for one in records_of(log) if one.name <= quote.runs
    ]
    found = [one for one in found if not one.lines & own]
    most = max((len(one.name) for one in found), default=0)
    return [one for one in found if len(one.name) == most]


def _touches(source: Source, quote: Quote) -> bool:
    """Whether a word of a row's name is told with its number: ``int3: MMLU 30.6`` of ``int3 gptq g128``."""
    shared = (source.name & quote.around) - COMMON_WORDS
    return any(len(one) > 1 and re.search(r"[^\W\d]", one) for one in shared)


def _slipped(source: Source, quote: Quote) -> list[Told]:
    """The numbers of a source that a quote is a slip of: of a record the last that is printed so."""
    said = quote.number
    alike = [one for one in source.told if _printed_alike(one.number, said)]
    alike = alike[-1:] if source.record else alike
    return [one for one in alike if _alike(one.number, said) and slip(_digits(one.number), _digits(said))]


def _printed_alike(one: Number, other: Number) -> bool:
    return one.decimals == other.decimals and {one.unit, other.unit} <= {"", "%"} and fine(one)


def _alike(one: Number, other: Number) -> bool:
    """Whether two numbers are printed alike and of one size, so that both may be of one metric."""
    return _printed_alike(one, other) and 0.75 < one.value / other.value < 1.3


def _digits(number: Number) -> str:
    return f"{abs(number.value):.{number.decimals}f}"


def _row_agrees(log: Log, odd: _Read, own: Told) -> bool:
    """Whether a row that is given again is, in all other columns of the two tables, as it was."""
    both = {odd.quote.line, own.line}
    found = [
        {words(name): cell.strip() for name, cell in zip(table.header, row.cells, strict=True)}
        for table in log.tables for row in table.rows if row.line in both
    ]  # fmt: skip
    if len(found) < 2:
        return odd.source.record
    return all(found[0][name] == found[1][name] for name in found[0].keys() & found[1].keys() - {own.metric})


def _alone(log: Log, quote: Quote, source: Source, own: Told) -> bool:
    """Whether a number stands in no other line of the log, but for rows of another name and another column."""
    lines = {line.number for line in log.lines if any(same(n, quote.number) for n in line.numbers)} - {quote.line}
    other = [
        told.line for one in rows_of(log) if not one.name & source.name
        for told in one.told if same(told.number, quote.number) and told.metric != own.metric
    ]  # fmt: skip
    return lines <= set(other)


def _in_words(log: Log) -> Iterator[list[Quote]]:
    """The quotes of statements that stand together in one section."""
    group: list[Quote] = []
    last: Statement | None = None
    for one in statements_of(log):
        if one.passage.kind == "note":
            continue
        apart = last is None or one.section != last.section or one.line.number - last.lines[-1].number > _GAP
        if apart and group:
            yield group
            group = []
        group = [*group, *_quotes(log, one)]
        last = one
    if group:
        yield group


def plainly_told(one: Statement) -> bool:
    """Whether a statement is short and asserts results as they were, not hoped, withheld, measured anew or others'."""
    told = not (_ANEW.search(one.text) or _THEIRS.search(one.text) or of_others(one.line))
    return told and len(one.text) <= _LONGEST and not (hoped(one.line) or withheld(one))


def _quotes(log: Log, one: Statement) -> Iterator[Quote]:
    text = one.text
    head, colon, _ = text.partition(":") if ":" in text else text.partition("：")
    plain = plainly_told(one)
    runs = frozenset([run_of(text)]) - {""}
    title = log.sections[one.section].title if one.section >= 0 else ""
    cued = again(f"{title} {text}") or _HEADLINE.search(text) is not None
    around = words(" ".join((text, *log.path(one.section)))) if cued else words(text)
    for number in one.numbers:
        if not fine(number) or (number.decimals and number not in one.results):
            continue
        clause = _clause(text, number)
        before = head if colon and len(head) < number.start and len(head) <= 60 else ""
        named = words(f"{before} {clause}")
        own = runs_in(clause) or runs
        yield Quote(number, one.line_of(number).number, named, around, own, plain, cued=cued)


def _clause(text: str, number: Number) -> str:
    """The words between the marks around a number, other numbers left out."""
    cuts = [(found.start(), found.end()) for found in CUTS.finditer(text)]
    start = max((end for _, end in cuts if end <= number.start), default=0)
    end = min((at for at, _ in cuts if at >= number.end), default=len(text))
    return text[start : number.start] + " " + text[number.end : end]


def _in_tables(log: Log) -> Iterator[list[Quote]]:
    """The cells of each column."""
    for table in log.tables:
        for place in range(1, len(table.header)):
            yield list(_cells(log, table, place))


def _cells(log: Log, table: Table, place: int) -> Iterator[Quote]:
    title = " ".join((table.before, *log.path(table.section)[-1:], table.header[place]))
    names, cued = [row.cells[0] for row in table.rows], again(title)
    for row in table.rows if len(set(names)) == len(names) else ():
        found = next((one for one in numbers(row.cells[place]) if not one.spread), None)
        if found is not None and fine(found):
            name, run = words(row.cells[0]), frozenset([run_of(row.cells[0])]) - {""}
            plain = not _ANEW.search(" ".join((title, *row.cells)))
            yield Quote(
                found, row.line_of(place), name, name | words(table.header[place]), run, plain, cell=True, cued=cued
            )
