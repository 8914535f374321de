"""On how many items results were measured: of two that are compared, or of the one that a conclusion rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.text.vocabulary.verdicts import AGAINST, ALIKE, BETTER, NO_EFFECT
from evenhand.audit.told.concluded.compared import Compared, Told, compared_in
from evenhand.audit.told.concluded.concluded import Conclusion, concluded_in, withheld
from evenhand.audit.told.concluded.measured import (
    COUNT_BEHIND,
    NO_ITEMS,
    Items,
    drawn_from_few,
    items_in,
    noun_of,
    sure_in_grid,
    sure_in_words,
)
from evenhand.audit.told.concluded.statements import Statement, behind, statements_of

LESS, FEW = 2.0, 15
_SAME = Pattern(
    r"\bsame \d[\d,]*\b|\bboth (?:on|over|measured|scored|evaluated)|not comparable|on these \d|same (?:items|"
    r"questions|queries|"
    r"subset|prompts|images)|both (?:arms|models|systems) (?:on|see|were)|few-?shot|mêmes \d|mism[oa]s \d|denselben",
    re.IGNORECASE,
)
_FRACTION = Pattern(
    r"\b(?:random )?(tenth|third|quarter|half|fifth|twentieth) of (?:the|all|our)\b|\b(\d{1,2}) ?% (?:subset|"
    r"sample) of\b",
    re.IGNORECASE,
)
_GROUPS = Pattern(
    r"\b(?:aggregate\w*|total|overall|all|mean|average|pooled|combined|sum|full|subset|split|train\w*|test|dev|val\w*|set|"
    r"held-?out|in-?dist\w*|ood|fold|seed|day|week|month|\d+ (?:tasks|items|questions|seeds))\b|→|->",
    re.IGNORECASE,
)
_SETS = Pattern(
    r"\b(?:splits?|data ?sets?|domains?|category|class|language|folds?|benchmarks?|subsets?|cohorts?|sites?)\b", re.I
)
"""Rows that are sets of data, or all rows together, and no arms."""

_LESS_OF = {"tenth": 10, "third": 3, "quarter": 4, "half": 2, "fifth": 5, "twentieth": 20}
_MEASURED = Pattern(
    r"\b(?:test\w*|eval\w*|judged?|listen\w*|compar\w+|asked?|read|check\w*|tried|score[ds]?|solved?|right|correct|wrong|"
    r"clips|measured|rated|ran on|looked at|questions from|upright|success\w*|hits?|preferred|averaged|getestet|gehört|"
    r"testé\w*|écout\w+|probad\w+|провер\w+|слуша\w+|测|试)\b|测|试",
    re.IGNORECASE,
)
_SMALL_NOUN = Pattern(
    r"questions?|queries|problems?|sentences?|images?|clips?|recordings?|documents?|pages?|utterances?|episodes?|tweets?|"
    r"riddles?|requests|answers?|dialogues?|conversations?|articles?|examples?|items?|puzzles?|videos?|songs?|prompts?|"
    r"scans?|games?|rollouts?|messages?|emails?|sätze\w*|bilder\w*|äußerungen|aufnahmen|phrases?|requêtes?|énoncés?|frases?|"
    r"предложени\w+|запрос\w*|пример\w*|题|条|句|张",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fewer:
    """A comparison whose results were measured on numbers of items that differ."""

    compared: Compared
    few: float
    many: float
    line: int
    other: int
    sure: bool = False
    """A difference is stated, and the text tells that the few are some of the many, or the rows are arms."""


@dataclass(frozen=True)
class Small:
    """A conclusion from few items."""

    conclusion: Conclusion
    count: int
    line: int
    sure: bool = False
    """It is told as a conclusion, of one thing that is better or helps."""


def fewer_in(log: Log) -> Iterator[Fewer]:
    """Comparisons of results on few items with results on many, in tables and in words."""
    for one in compared_in(log):
        if _SAME.search(one.claim.text):
            continue
        found = _in_grid(one) if one.grid is not None else _in_words(log, one)
        if found is not None:
            yield found


def _in_grid(one: Compared) -> Fewer | None:
    assert one.grid is not None
    i, j = one.one.row, one.other.row
    columns = one.grid.of("items")
    if _SETS.search(one.grid.label.replace("_", " ")):
        return None
    if any(_GROUPS.search(one.grid.names[at].replace("_", " ")) for at in (i, j)):
        return None
    for column in columns if len(columns) == 1 else ():
        mine = column.cells[i]
        others = [j] if len(one.grid.names) == 2 or one.words[:1] in "+-−.0123456789" else [
            at for at in range(len(one.grid.names)) if at != i
        ]  # fmt: skip
        for at in others:
            other = column.cells[at]
            if mine is None or other is None or not mine.value * other.value:
                continue
            if max(mine.value, other.value) >= LESS * min(mine.value, other.value) and _rest_alike(
                column.cells, mine, other
            ):
                less, more = (i, at) if mine.value < other.value else (at, i)
                few, many = sorted((mine.value, other.value))
                return Fewer(one, few, many, column.lines[less], column.lines[more], sure_in_grid(one, less, few, many))
    return None


def _rest_alike(cells: Sequence[Number | None], mine: Number, other: Number) -> bool:
    """Whether the numbers of items are those of one set: all but one arm have the same."""
    given = [cell.value for cell in cells if cell is not None and cell.value]
    return len(given) <= 2 or (len(set(given)) == 2 and min(given.count(value) for value in set(given)) == 1)


def _in_words(log: Log, one: Compared) -> Fewer | None:
    pairs = (_near(log, one.one, one), _near(log, one.other, one))
    for few, many in (pairs, pairs[::-1]):
        fraction = next((part for text, part in few[1] if part), 0)
        for large in many[0]:
            for small in few[0]:
                alike = small.noun[:4] == large.noun[:4] or not small.noun or not large.noun
                if small.count < 20 and not small.noun.strip("n"):
                    continue
                told = alike or small.part or (large.whole and large.count >= 10 * small.count)
                if large.count >= LESS * small.count and told and large.count >= 40:
                    sure = sure_in_words(one, small, large)
                    return Fewer(one, small.count, large.count, small.line, large.line, sure)
            if fraction and not few[0]:
                line = next(text for text, part in few[1] if part)
                return Fewer(one, large.count / fraction, large.count, line, large.line)
    return None


def _near(log: Log, told: Told, one: Compared) -> tuple[list[Items], list[tuple[int, int]]]:
    """The items of the statement of a result; where it has none, of the one before or after it that has no result."""
    statement = told.statement
    if statement is None or (one.one.statement is one.other.statement):
        return [], []
    every = statements_of(log)
    other = one.other.statement if told is one.one else one.one.statement
    nearby = [statement]
    for at in (statement.place - 1, statement.place + 1):
        beside = every[at] if 0 <= at < len(every) else None
        if beside is None or beside.section != statement.section or beside in (other, one.claim):
            continue
        if not beside.results:
            nearby.append(beside)
    for candidate in nearby:
        if _SAME.search(candidate.text):
            return [], []
        items = items_in(candidate)
        fractions = [
            (
                candidate.sentence.line_at(m.start()).number,
                _LESS_OF.get((m[1] or "").lower(), 0) or 100 // int(m[2] or 100),
            )
            for m in _FRACTION.finditer(candidate.text)
        ]
        if items or fractions:
            return items, fractions
    return [], []


def small_in(log: Log) -> Iterator[Small]:
    """Conclusions drawn from at most fifteen questions, clips, episodes or the like."""
    for one in statements_of(log):
        count = _small(one)
        if count is None or len(one.text) > 260 or withheld(one):
            continue
        near = [one, *behind(log, one, 5)]
        if any(_larger(other) for other in near):
            continue
        for other in near:
            if withheld(other):
                break
            found = concluded_in(other, (BETTER, NO_EFFECT, AGAINST, ALIKE), cued=True) or (
                concluded_in(other, (_SETTLED,)) if other is not one else None
            )
            if found is not None:
                sure = drawn_from_few(one.text, other.text)
                yield Small(found, count[0], one.sentence.line_at(count[1]).number, sure)
                break


_SETTLED = Pattern(
    r"\b(?:is (?:the )?(?:better|best|clearly)|solved|cured|settled|lose the ability|no longer|never (?:drops?|fails?)|"
    r"helps?|people prefer|close the epic|we drop|we adopt|is worse|fixed|handles?|can go)\b",
    re.IGNORECASE,
)


def _small(one: Statement) -> tuple[int, int] | None:
    text = one.text
    if one.passage.kind == "note" or not _MEASURED.search(text):
        return None
    for number in one.numbers:
        noun = noun_of(text, number)
        if noun and 3 <= number.value <= FEW and _SMALL_NOUN.search(noun):
            return int(number.value), number.start
    for word in re.finditer(rf"\b({any_number(3)})\b", text, re.IGNORECASE):
        after = COUNT_BEHIND.match(text, word.end())
        few = NUMBERS[word[1].lower()] <= FEW
        if few and after is not None and _SMALL_NOUN.fullmatch(after["noun"]) and not NO_ITEMS.search(text):
            return NUMBERS[word[1].lower()], word.start()
    return None


def _larger(one: Statement) -> bool:
    """Whether more items are told of than few, or that it was repeated."""
    return (
        any(items.count >= 40 for items in items_in(one)) or re.search(r"\bseeds?\b|\bp\s?[=<]", one.text) is not None
    )
