"""The best of many told as the result: a number that stands where the best was taken, and again where it is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.verdicts import DEV, FRESH, PICKED, REPORTED, TEST
from evenhand.audit.told.arms.compared import compared_in
from evenhand.audit.told.arms.grids import Column, Grid, grids_of
from evenhand.audit.told.arms.statements import Statement, statements_of

_FROM, _TO = 3, 5000
_WORDS = {
    word: value
    for value, words in enumerate(
        ("four|vier|quatre|cuatro|четыре", "five|fünf|cinq|cinco|пять", "six|sechs|seis|шесть", "seven|sieben|sept|siete|семь",
         "eight|acht|huit|ocho|восемь", "nine|neun|neuf|nueve|девять", "ten|zehn|dix|diez|десять", "eleven|elf|onze|once",
         "twelve|zwölf|douze|doce|двенадцать", "thirteen", "fourteen", "fifteen|fünfzehn|quinze|quince|пятнадцать",
         "sixteen|seize"), start=4,
    )
    for word in words.split("|")
} | {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "zwanzig": 20, "vingt": 20, "veinte": 20}  # fmt: skip
_N = rf"(?P<n>\d[\d,]*|{'|'.join(_WORDS)})"
_LOOKS = (
    r"(?:epochs?|check-?points?|ckpts?|snapshots?|evaluations?|evals?|submissions?|readings?|measurements?|looks?|scores|"
    r"test (?:runs|scores)|points? de sauvegarde|puntos?(?: de control)?|ständen?|mal\b|times|passes|rounds|iterations|"
    r"steps|itérations|auswertungen|замер\w*|轮|次)"
)
_VARIANTS = (
    r"(?:prompts?|instructions?|templates?|variants?|configs?|configurations?|konfigurationen|settings?|losses|loss functions?|"
    r"recipes?|weights|layers?|decoders?|candidates?|options?|trials?|combinations?|placements?|schedules?|values?|models?|"
    r"arms?|augmentations?|methods?|versions?|architectures?|optimi[sz]ers?|seeds?|runs?|experiments?|rules?|features?|"
    r"strategies|heuristics|rates?|ranks?|temperatures?|wordings?|subsets|thresholds?|ideas|mixes|mixtures|merges|folds|ways|"
    r"formas?|formes?|расписани\w+|вариант\w*|настро\w+|模板|组|个|种|方案|配置)"
)
_MANY_LOOKS = Pattern(
    rf"(?<![\w.]){_N}[ -]?(?:[\w'-]+ ){{0,2}}{_LOOKS}(?![a-z])|\b(?:each|every|per|after (?:each|every)|all(?: the)?|"
    r"jede[rnms]?|nach jeder|chaque|chacune?|cada|кажд\w+)[ -](?:[\w'.-]+ ){0,3}(?:epochs?|check-?points?|steps?|updates?|"
    r"rounds?|iterations?|snapshots?|evaluations?|\d+k?|punto|époque)|\bper-epoch\b|\bcurve\b|\bcummax\b|每轮|每个|每次",
    re.IGNORECASE,
)
_MANY_VARIANTS = Pattern(
    rf"(?<![\w.]){_N}[ -]?(?:[\w'-]+ ){{0,3}}{_VARIANTS}(?![a-z])|(?:{_VARIANTS}|combinations|trials|arms)\w*\s?(?:数)?\s?[=:]?\s?"
    rf"(?P<m>\d+)(?![\d.%])",
    re.IGNORECASE,
)
_SAME = Pattern(
    r"\b(?:those|these|same|this) (?:\w+ )?\d|\bsame (?:\d|items|seeds|questions|data|set|tickets|folds|prompts)|from (?:the|"
    r"that) (?:table|sort|sweep|search)|of the sweeps?|\bseeds? \d|denselben|mêmes|mism[oa]s|тех же|同一|同批",
    re.IGNORECASE,
)
_BAD = Pattern(
    r"\b(?:train(?:ing)? (?:loss|acc\w*)|lr|learning rate|time|speed|latency|throughput|tok/s|memory|cost|upper bound|oracle|"
    r"not (?:a|the|our) (?:result|claim)|bias\w*|optimistic|caveat|leak\w*|selection only|exploratory|hypothesis)\b",
    re.IGNORECASE,
)
_BEFORE = 8
_ROW = Pattern(r"\b(?:headline|reported|final|result|published|ours|paper|abstract)\b", re.IGNORECASE)
_ALONG = Pattern(r"^(?:epochs?|steps?|it|iter\w*|iterations?|checkpoints?|ckpt|snapshots?|rounds?|updates|stand|trees)$", re.I)


@dataclass(frozen=True)
class Picked:
    """The best of many, reported.

    Attributes:
        value: as printed.
        line: where it is reported.
        chosen: line where it is the best, or where the many are told.
        count: how many there were; 0 where nobody says.
        test: they were looks at test data.
    """

    value: str
    line: Line
    chosen: int
    count: int
    test: bool


def picked_in(log: Log) -> Iterator[Picked]:
    """All of a log, one a statement."""
    every = statements_of(log)
    claims = {one.claim.place: one for one in compared_in(log)}
    for place, one in enumerate(every):
        claim = claims.get(place)
        reported = REPORTED.search(one.labelled) is not None
        if (not reported and claim is None) or len(one.text) > 360 or FRESH.search(one.text) or _BAD.search(one.text):
            continue
        scene = [other for other in every[max(0, place - _BEFORE) : place + 1] if other.section == one.section]
        extra = [claim.one.number, claim.other.number] if claim is not None else []
        found = _in_grids(log, one, scene, extra) or _in_words(log, one, scene, extra, reported=reported)
        if found is not None:
            yield found
    for grid in grids_of(log):
        yield from _row_of_grid(log, grid)


def _values(one: Statement, extra: Sequence[float]) -> list[tuple[float, int]]:
    """The numbers that a statement may report, with their columns; -1 for those of what it compares."""
    own = [(n.value, n.start) for n in one.results]
    return [*own, *((value, -1) for value in extra)]


def _in_words(
    log: Log, one: Statement, scene: Sequence[Statement], extra: Sequence[float], *, reported: bool
) -> Picked | None:
    if any(FRESH.search(other.text) for other in scene[-4:]):
        return None
    for value, start in _values(one, extra):
        chosen = _chosen(one, scene, value)
        if chosen is None:
            continue
        many = _many(scene)
        if many is None:
            continue
        told, count, looks = many
        texts = " ".join([*(other.labelled for other in scene[-6:]), *log.path(one.section)[-1:]])
        test = TEST.search(told.labelled + " " + chosen.labelled + " " + one.labelled) is not None or TEST.search(texts) is not None
        if looks and (not test or DEV.search(texts)):
            continue
        if not looks and not reported and value not in {n.value for n in chosen.results}:
            continue
        if not looks and (count < 4 or (chosen is one and not _SAME.search(one.text) and not reported)):
            continue
        line = one.sentence.line_at(max(start, 0))
        return Picked(f"{value:g}", line, told.line.number, count, looks and test)
    return None


def _chosen(one: Statement, scene: Sequence[Statement], value: float) -> Statement | None:
    """Where a value is told to be the best, or is the best of a row of values."""
    for other in reversed(scene):
        results = [n.value for n in other.results]
        if value not in results and other is not one:
            continue
        near = _picked_near(other, value)
        if near and (other is not one or REPORTED.search(other.labelled)):
            return other
        if len(results) >= 4 and value in (max(results), min(results)) and len(set(results)) >= 4:
            return other
    return None


def _picked_near(one: Statement, value: float) -> bool:
    """Whether a word for the best stands in the clause of a value, or nothing else stands in its statement."""
    for number in one.results:
        if number.value == value:
            left, right = one.text[max(0, number.start - 90) : number.start], one.text[number.end : number.end + 50]
            if PICKED.search(f"{left} {right}"):
                return True
    return not any(number.value == value for number in one.results) and PICKED.search(one.text) is not None


def _many(scene: Sequence[Statement]) -> tuple[Statement, int, bool] | None:
    """The nearest statement that tells of many looks or variants, how many, and whether they were looks."""
    for other in reversed(scene):
        variants = _count(_MANY_VARIANTS, other.text)
        if variants >= 4:
            return other, variants, False
        looks = _MANY_LOOKS.search(other.text)
        if looks is not None and _count(_MANY_LOOKS, other.text) not in (1, 2):
            return other, _count(_MANY_LOOKS, other.text), True
    return None


def _count(pattern: Pattern, text: str) -> int:
    best = 0
    for found in pattern.finditer(text):
        groups = found.groupdict()
        told = groups.get("n") or groups.get("m")
        if told:
            number = _WORDS.get(told.lower()) or int(told.replace(",", "") if told[0].isdigit() else 0)
            best = max(best, number if _FROM <= number <= _TO else 0)
    return best


def _in_grids(log: Log, one: Statement, scene: Sequence[Statement], extra: Sequence[float]) -> Picked | None:
    """A number that is the best of a column of at least four, in a statement below that reports it."""
    for grid in grids_of(log):
        if grid.section != one.section or not grid.last < one.line.number <= grid.last + 25:
            continue
        after = [other for other in scene if other.line.number > grid.last]
        if any(FRESH.search(other.text) for other in after):
            return None
        for column in grid.of("score"):
            cells = [cell.value for cell in column.cells if cell is not None]
            best = next((v for v, _ in _values(one, extra) if _extreme(cells, v)), None)
            if best is None:
                continue
            words = f"{column.name} {grid.title} {' '.join(other.text for other in scene)}".replace("_", " ")
            words += " " + " ".join(log.path(grid.section)[-1:])
            looks = _ALONG.match(grid.label.strip()) is not None
            test = TEST.search(words) is not None and not DEV.search(words)
            if looks and not test:
                continue
            if not looks and not (PICKED.search(one.text) or any(PICKED.search(other.text) for other in after) or test):
                continue
            return Picked(f"{best:g}", one.line, grid.first, len(cells), test)
    return None


def _extreme(cells: Sequence[float], value: float) -> bool:
    return len(cells) >= 4 and len(set(cells)) >= 4 and value in (max(cells), min(cells)) and cells.count(value) == 1


def _row_of_grid(log: Log, grid: Grid) -> Iterator[Picked]:
    """A row that reports, below rows of which it repeats the best: ``headline, v4, set A, 47.6``."""
    last = len(grid.names) - 1
    if last < 4 or not _ROW.search(f"{grid.names[last]}") or any(_ROW.search(name) for name in grid.names[:last]):
        return
    texts = " ".join(column.texts[last] for column in grid.columns) + f" {grid.names[last]}"
    sets = [column for column in grid.columns if column.role == "text" and len(set(column.texts[:last])) == 1]
    if any(column.texts[last] != column.texts[0] for column in sets) or FRESH.search(texts):
        return
    for column in grid.of("score"):
        cells = [cell.value for cell in column.cells[:last] if cell is not None]
        mine = column.cells[last]
        if mine is not None and _best_again(cells, mine):
            test = _is_test(log, column, grid)
            looks = _ALONG.match(grid.label.strip()) is not None
            if test or not looks:
                yield Picked(f"{mine.value:g}", log.line(column.lines[last]), grid.first, len(cells), test)
                return


def _best_again(cells: Sequence[float], mine: Number) -> bool:
    return len(set(cells)) >= 4 and mine.value in (max(cells), min(cells))


def _is_test(log: Log, column: Column, grid: Grid) -> bool:
    words = f"{column.name} {grid.title} " + " ".join(one.text for one in statements_of(log)[:6])
    return TEST.search(words.replace("_", " ")) is not None and not DEV.search(words.replace("_", " "))
