"""Arms with the same results to the last digit: statements, rows or columns of a table, objects of data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number, counts
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.abroad import abroad
from evenhand.audit.text.words import METRIC_WORD
from evenhand.audit.told.arms.grids import Grid, grids_of
from evenhand.audit.told.concluded.ceilings import of_several
from evenhand.audit.told.concluded.statements import Statement, statements_of, words_of

_ALONE, _TOGETHER = 5, 7
"""Digits that one number, or several together, must have to be the same by more than accident."""

_BESIDE = 4
"""Digits of a number that stands right beside itself, said of two arms."""

_FINE = 3
"""Digits of a number that is no setting."""

_APART = 3
_ROWS, _GROUPS = 12, 120
"""Rows of a table in which one result is not alike by accident."""


_BARE = Pattern(
    r"(?<![a-z])(?:without|w/o|no|none|off|before|controls?|baselines?|base|plain|vanilla|default|clean|originals?|"
    r"reference|disabled|unmodified|stock|raw|false|old|existing)(?![a-z])"
    + abroad(r"ohne|aus|vorher|sans|avant|sin|antes|без|原始|不加|无"),
    re.IGNORECASE,
)
"""What says that an arm goes without what was tried."""

_ASIDE = Pattern(
    r"(?<![a-z-])(?:order|re-?run|again|repeat\w*|copy|same|resumed?|seed \d|run \d|fold|v\d)(?![a-z])", re.IGNORECASE
)
"""Arms that are the same thing again, or may well be."""


_CONTRAST = Pattern(
    r"\bwith\b.*\b(?:without|w/o)\b|\bwithout\b.*\bwith\b|\bwith\b.*\bno\b|\bbefore\b.*\bafter\b|\bold\b.*\bnew\b|\bon\b.*\boff\b|"
    r"\boff\b.*\bon\b|\bbase(?:line)?\b|\d ?%?(?: \([^()]*\))? ?(?:vs\.?|versus|->|→|=>) ?\d",
    re.IGNORECASE,
)
"""What sets two arms against each other in one sentence."""

_CHANGED = Pattern(
    r"\b(?:toggled|changed|switched|turned|moved|replaced|varied|swapped|enabled|disabled|ran with|when|whether|"
    r"with and without|both)\b",
    re.IGNORECASE,
)
_STAYED = Pattern(r"\b(?:stay(?:s|ed)|remain(?:s|ed)|unchanged|identical|same)\b[^.;:]{0,40}$", re.IGNORECASE)
_COURSE = Pattern(
    r"\b(?:epochs?|initial|shared?|shares|starts?|starting|threshold|target|budget|"
    r"throughout|during|plateau\w*|stuck|flat|until|from step)\b",
    re.IGNORECASE,
)
"""What stays as it is while a run goes on says nothing of two arms."""

_MOMENT = Pattern(r"\b(?:epochs?|steps?|iter\w*|rounds?|checkpoints?|updates?)\b", re.IGNORECASE)
"""Rows that are called so are those of one run."""


@dataclass(frozen=True)
class Equal:
    """Two arms with the same results: their lines, how many results, where the last stands, and the section.

    ``near`` says that nothing stands between the two, ``row`` that they are rows; ``values`` are the results, and
    ``beside`` those of further rows of the table, whose names are ``others``. ``told`` is the last statement that tells
    them; ``paired`` says that one sentence sets the two against each other, ``zeros`` that a column of differences
    does, ``whole`` that rows are alike in all that is told of them.
    """

    first: int
    second: int
    count: int
    last: int
    section: int
    names: tuple[str, str]
    near: bool = True
    row: bool = False
    values: frozenset[float] = frozenset()
    beside: frozenset[float] = frozenset()
    others: tuple[str, ...] = ()
    told: Statement | None = None
    paired: bool = False
    zeros: bool = False
    whole: bool = False


def equals_of(log: Log) -> Iterator[Equal]:
    """Pairs of arms whose results are the same, each to enough digits."""
    if not log.data:
        yield from _in_words(log)
    for grid in grids_of(log):
        yield from _in_rows(grid)
        yield from _in_columns(grid)


def contrasted(one: Equal, *, data: bool) -> bool:
    """Whether two arms are with and without what was tried: by their words, or as the only objects of data."""
    if any(_ASIDE.search(name) for name in one.names):
        return False
    if one.paired or one.zeros:
        return True
    bare, changed = (_BARE.search(name[:60]) is not None for name in one.names)
    words = [words_of(name) for name in one.names]
    if words[0] == words[1]:
        return re.sub(r"\d", "", one.names[0]) == re.sub(r"\d", "", one.names[1])  # p=0.0 and p=0.1
    if not one.row and one.count < 2:
        return False  # one number told twice is often one result
    added = one.row and (words[0] < words[1] or words[1] < words[0])
    return bare != changed or added or (data and one.row and not one.others and one.count > 1)


def digits(value: Number) -> int:
    """The digits that are printed, without zeros before the first."""
    return len(f"{abs(value.value / value.scale):.{value.decimals}f}".replace(".", "").lstrip("0"))


def _exact(values: tuple[Number, ...]) -> bool:
    """Whether numbers have so many digits that two arms do not share them by accident; 0 and 100 have none."""
    if any(one.value in (0.0, 1.0, 100.0) for one in values) and len({one.value for one in values}) == 1:
        return False
    sizes = [digits(one) for one in values if one.value]
    return bool(sizes) and max(sizes) >= 4 and (sum(sizes) >= _TOGETHER if len(sizes) > 1 else sizes[0] >= _ALONE)


def _in_words(log: Log) -> Iterator[Equal]:
    every = [one for one in statements_of(log) if one.results]
    for at, one in enumerate(every):
        if _in_one(log, one):
            line, values = one.line_of(one.results[0]).number, frozenset(n.value for n in one.results)
            yield Equal(
                line, line, 2, one.lines[-1].number, one.section, (one.text, ""), values=values, told=one,
                paired=True,
            )  # fmt: skip
        for other in every[at + 1 : at + 1 + _APART]:
            if other.section != one.section or other.place - one.place > _APART:
                break
            same = _same(one, other)
            between = statements_of(log)[one.place + 1 : other.place]
            side = len(same) == 1 and between == () and digits(same[0]) >= _BESIDE and _opposed(one, other)
            if same and (side or _exact(same)) and (one.text != other.text or any("?" in s.text for s in between)):
                lines = (one.line_of(one.results[0]).number, other.line_of(other.results[0]).number)
                texts = (one.text, other.text)
                values = frozenset(n.value for n in same)
                last = other.lines[-1].number
                yield Equal(
                    *lines, len(same), last, one.section, texts, values=values, told=other, paired=side
                )  # fmt: skip
                break


_FORMULA = Pattern(r"[²³⁴⁵ⁿ·∑√∂]|\w\(\w\)\s*=")


def _in_one(log: Log, one: Statement) -> bool:
    """Whether one statement tells the same result of two arms that it sets against each other, or of all arms."""
    fine = [n for n in one.results if digits(n) >= _FINE or not n.value]
    if any(n.value in (1.0, 100.0) for n in fine) or _FORMULA.search(one.text):
        return False  # a ceiling
    if len(fine) == 1 and digits(fine[0]) >= _ALONE:
        before = [s.text for s in statements_of(log)[max(0, one.place - 1) : one.place] if s.section == one.section]
        stayed = _STAYED.search(one.text[: fine[0].start]) and _CHANGED.search(" ".join((*before, one.text)))
        return bool(of_several(one.text) or stayed) and not _COURSE.search(one.text)
    if len(fine) not in (2, 3) or not _equal(fine[0], fine[1]) or any(n.value for n in fine[2:]):
        return False
    return digits(fine[0]) >= _BESIDE and _CONTRAST.search(one.text) is not None


def _opposed(one: Statement, other: Statement) -> bool:
    """Whether two statements give a label and a result each, and just one goes without what was tried."""
    labels = [said.text[: said.results[0].start] for said in (one, other)]
    plain = all(re.search(r"[:=]\s*$", text) or METRIC_WORD.search(text[-16:]) for text in labels)
    bare = [_BARE.search(said.text[:60]) is None for said in (one, other)]
    return plain and bare[0] != bare[1] and one.passage.kind == other.passage.kind != "message"


def _same(one: Statement, other: Statement) -> tuple[Number, ...]:
    """The results of the shorter statement, where the other has all of them in this order, and more only behind."""
    fine = [tuple(n for n in s.results if digits(n) >= _FINE or n.value in (0.0, 1.0)) for s in (one, other)]
    shared = {n.value for n in fine[0]} & {n.value for n in fine[1]}
    few, many = sorted((_trimmed(fine[0], shared), _trimmed(fine[1], shared)), key=len)
    if [n.value for n in few] != [n.value for n in many[: len(few)]] or any(
        a.decimals != b.decimals for a, b in zip(few, many, strict=False)
    ):
        return ()
    more = [n for n in one.numbers if not n.decimals and digits(n) >= 4 and n.value in {m.value for m in other.numbers}]
    return (*few, *more)


def _trimmed(values: tuple[Number, ...], shared: set[float]) -> tuple[Number, ...]:
    """Without the first number, where it is of this arm alone: its setting."""
    return values[1:] if len(values) > 2 and values[0].value not in shared else values


def _in_rows(grid: Grid) -> Iterator[Equal]:
    if _MOMENT.search(grid.label):
        return
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(grid.names):
        groups.setdefault(name, []).append(place)
    scores = grid.of("score")
    for (one, first), (other, second) in combinations(groups.items(), 2):
        if len(groups) > _GROUPS:
            continue
        if len(first) != len(second):  # settings of one name: each by itself
            yield from _singles(grid, one, first, other, second)
            continue
        pairs = [(c.cells[i], c.cells[j]) for i, j in zip(first, second, strict=True) for c in scores]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if both and len(both) == len(pairs) and all(_equal(a, b) for a, b in both):
            values = (*(a for a, _ in both), *_counts(grid, first, second))
            if _exact(values) and (len(groups) <= _ROWS or len(scores) > 1):
                lines = (grid.lines[first[0]], grid.lines[second[0]])
                near = second[0] == first[-1] + 1
                told = frozenset(n.value for n in values)
                beside = frozenset(n.value for c in scores for n in c.cells if n is not None) - told
                rest = tuple(name for name in groups if name not in (one, other) and beside)
                names = (one, other)
                whole = all(c.texts[i] == c.texts[j] for i, j in zip(first, second, strict=True) for c in grid.columns)
                yield Equal(
                    *lines, len(values), grid.last, grid.section, names, near, True, told, beside, rest, whole=whole
                )  # fmt: skip


def _singles(grid: Grid, one: str, first: list[int], other: str, second: list[int]) -> Iterator[Equal]:
    few, many = sorted((first, second), key=len)
    if len(few) > 1:
        return
    for at in many:
        pairs = [(c.cells[few[0]], c.cells[at]) for c in grid.of("score")]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(both) == len(pairs) > 1 and all(_equal(a, b) for a, b in both) and _exact(tuple(a for a, _ in both)):
            low, high = sorted((few[0], at))
            lines = (grid.lines[low], grid.lines[high])
            yield Equal(*lines, len(both), grid.last, grid.section, (one, other), high == low + 1, True)


def _counts(grid: Grid, first: list[int], second: list[int]) -> Iterator[Number]:
    """Numbers of cells such as ``903/1319`` that two arms share."""
    for column in grid.of("text"):
        texts = [(column.texts[i], column.texts[j]) for i, j in zip(first, second, strict=True)]
        yield from (counts(one)[0].part for one, other in texts if one == other and counts(one))


def _in_columns(grid: Grid) -> Iterator[Equal]:
    columns = [c for c in grid.columns if c.role in ("score", "config") and all(x is not None for x in c.cells)]
    zeros = any(c.role == "score" and all(x is not None and x.signed and not x.value for x in c.cells) for c in columns)
    for one, other in combinations(columns, 2):
        values = tuple(x for x in one.cells if x is not None)
        same = all(
            a is not None and b is not None and _equal(a, b) for a, b in zip(one.cells, other.cells, strict=True)
        )
        varied = len({x.value for x in values}) >= 3 and all(digits(x) >= _FINE for x in values)
        if same and varied and _exact(values) and len(values) >= 3:
            names, told = (one.name, other.name), frozenset(n.value for n in values)
            lines = (one.lines[0], other.lines[0])
            yield Equal(
                *lines, len(values), grid.last, grid.section, names, values=told, zeros=zeros, whole=True
            )  # fmt: skip


def _equal(one: Number, other: Number) -> bool:
    return one.value == other.value and one.decimals == other.decimals
