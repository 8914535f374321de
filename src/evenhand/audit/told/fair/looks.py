"""The best of several looks at test data in plain sentences: what each look gave, and the best as the result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.choices import DEV, FRESH, GIVEN_OUT, REPORTED
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.told.arms.grids import grids_of
from evenhand.audit.told.concluded.picked_data import ALONG, Picked
from evenhand.audit.told.concluded.picked_sure import told_on_test
from evenhand.audit.told.concluded.statements import Statement, statements_of
from evenhand.audit.told.fair.scenes import OPEN, after, scenes, together

_MOMENT = (
    r"(?:epochs?|epoch-wise|check-?points?|ckpts?|steps?|evals?|evaluations?|saves?|snapshots?|iterations?|iters?|"
    r"updates?|during training|(?:over|throughout) training|history|over time|curve|per-epoch)"
)
_ALONG = Pattern(rf"(?<![a-z]){_MOMENT}(?![a-z])|@ ?(?:ep\w* ?)?\d+k?\b|\b\d+k/\d+k", re.IGNORECASE)
_LENGTH = Pattern(r"\b(?:after|for|of|with) \d+k? (?:epochs|steps|iterations|updates)\b", re.IGNORECASE)
_OTHERS = Pattern(
    r"\b(?:methods|models|systems|tasks|seeds|variants|folds|languages|data ?sets|classes|runs|baselines|teams|"
    r"sizes|layers?|years?|chain of thought|"
    r"reasoning|hops?|shots?|turns?)\b|"
    r"% of the (?:data|labels)|\bper (?:task|seed|class|fold|language|model)\b",
    re.IGNORECASE,
)
"""What else a row of results may be of."""

_GIVEN = Pattern(
    r"^\W*(?:result|final|reported|score|headline|main result|main number|auc|f1|acc\w*|bleu|wer|"
    r"our score)\b[^:.;]{0,30}[:=]|"
    r"\b(?:result|score|accuracy) is\b|\b(?:so )?(?:the|our|this) (?:[\w-]+ )?(?:model|method|system|run|agent|"
    r"policy|network|classifier) (?:\w+ )?(?:reaches|"
    r"achieves|gets|has|scores)\b|\b(?:putting|going with|we quote|paper will say|take|took|use)\b|-> (?:we )?report",
    re.IGNORECASE,
)
_END = Pattern(
    r"\b(?:last|final (?:epoch|check\w*|step|eval\w*)|ends?|ended|end of|worst|drop\w*|fell|start\w*|overfit\w*|"
    r"train(?:ing|ed)? for)\b",
    re.IGNORECASE,
)
_BEST = Pattern(r"\b(?:best|highest|max(?:imum)?|peak|top|lowest|min(?:imum)?)\b", re.IGNORECASE)
_COUNT = Pattern(
    rf"(?<![\w.,-])(?P<n>\d{{1,3}}|{any_number(4)})[ -](?:test )?(?:epochs|check-?points|ckpts|evaluations|"
    rf"evals|looks|times|"
    rf"snapshots)\b",
    re.IGNORECASE,
)
_PEAK = Pattern(
    r"\b(?:peaks?|peaked|best|highest|max(?:imum)?)\b[^\d.;]{0,20}(?P<n>\d+\.\d+).*\b(?:final|last|ends?|ended|"
    r"fell|dropp\w+|down)\b"
    r"[^\d.;]{0,20}(?P<end>\d+\.\d+)",
    re.IGNORECASE,
)
_PEAK_OF = Pattern(
    r"\b(?:best|highest|max(?:imum)?|peak)\b[^\d.;]{0,30}(?P<n>\d+\.\d+) ?%? \((?:at |in )?(?:epoch|step|"
    r"check-?point) \d+ (?:of|/) ?\d",
    re.IGNORECASE,
)
_THAT = Pattern(r"^\W*(?:this|that|it)\b", re.IGNORECASE)
_LEAST, _MOST, _BELOW = 4, 60, 5


def best_looks(log: Log) -> Iterator[Picked]:
    """``Test accuracy per epoch: 61.0, 63.2, 66.1, 64.8. We report 66.1 %``; ``best of 12 test evaluations: 68.3``."""
    for one, before in scenes(log):
        if not one.numbers and _THAT.search(one.text) is None:
            continue
        if len(one.numbers) <= _LEAST and not _given(one):
            continue  # it gives no result out, nor a row of looks with one
        scene = [*before, one]
        found = _of_a_row(one, scene) or _of_a_run(log, one) or _of_a_table(log, one) or _in_words(one, scene)
        if found is not None:
            told = [other for other in scene if other.line.number >= found.chosen]
            if not any(_otherwise(other) for other in (*told, *after(log, one))):
                yield found


def _otherwise(one: Statement) -> bool:
    """Whether data are named that may choose, or the choice is owned up to."""
    plain = one.labelled.replace("_", " ")
    return any(pattern.search(plain) for pattern in (DEV, OPEN, FRESH))


@lru_cache(maxsize=4096)
def _given(one: Statement) -> bool:
    return any(pattern.search(one.labelled) for pattern in (REPORTED, GIVEN_OUT, _GIVEN))


def _peak(row: Sequence[Number], told: Sequence[Number]) -> Number | None:
    """The one of some numbers that is the best of a row of looks, and not its last."""
    cells = [n.value for n in row]
    if not _LEAST <= len(cells) <= _MOST or len({n.decimals for n in row}) > 2 or max(cells) > 3 * abs(min(cells)):
        return None
    ends = [
        value for value in (max(cells), min(cells)) if cells.count(value) == 1 and value not in (cells[0], cells[-1])
    ]
    found = [n for n in told if n.value in ends]
    return found[0] if len(found) == 1 and not any(n.value == cells[-1] for n in told) else None


@lru_cache(maxsize=4096)
def _row(one: Statement, end: int) -> list[Number]:
    """Numbers that follow each other in a statement, with nothing but signs between them, before a place in it."""
    best: list[Number] = []
    own: list[Number] = []
    for n in _told(one, end):
        near = own and re.fullmatch(
            r"\s*%?\s*(?:[,;/|→]|->|=>|and|,\s*and)?\s*(?:\d+k?\s*[:=/]?\s+)?", one.text[own[-1].end : n.start]
        )
        own = [*own, n] if near else [n]
        best = own if len(own) >= len(best) else best
    return best


def _told(one: Statement, end: int) -> list[Number]:
    """The results of a statement, or its numbers where it has few results: checkpoints stand beside theirs."""
    told = one.results if len(one.results) >= _LEAST else one.numbers
    return [n for n in told if n.end <= end and not n.signed and not n.spread]


def _of_a_row(one: Statement, scene: Sequence[Statement]) -> Picked | None:
    """A row of looks in one statement, and its best in the same or a later one."""
    for other in reversed(scene):
        row = _row(other, len(other.text))
        about = " ".join(s.labelled for s in scene[max(0, scene.index(other) - 1) : scene.index(other) + 1])
        along = _ALONG.search(_LENGTH.sub(" ", about)) is not None and _OTHERS.search(about) is None
        if len(row) < _LEAST or not told_on_test(about) or not along:
            continue
        rest = [n for n in one.numbers if other is not one or n.start > row[-1].end]
        text = one.text[row[-1].end :] if other is one else one.text
        best = _peak(row, [n for n in rest if n.decimals == row[0].decimals])
        reports = _given(one) or _GIVEN.search(text.lstrip(" ;,->")) is not None
        if best is not None and reports and _END.search(text) is None:
            return Picked(f"{best.value:g}", one.line_of(best), other.line.number, len(row), True, sure=True)
        return None
    return None


def _one_look(one: Statement) -> bool:
    """``epoch 3: 0.87``, ``1500: 0.371``."""
    named = _ALONG.search(one.text) is not None or re.match(r"\W*\d+k?\s*[:=|]", one.text) is not None
    return named and len(one.results) == 1


def _of_a_run(log: Log, one: Statement) -> Picked | None:
    """Looks that stand line by line above a statement."""
    above = statements_of(log)[max(0, one.place - 40) : one.place]
    run = list(takewhile(lambda s: s.section == one.section and _one_look(s), reversed(above)))[::-1]
    if len(run) < _LEAST:
        return None
    led = [s for s in above if s.place == run[0].place - 1 and s.section == one.section and _ALONG.search(s.text)]
    if not all(told_on_test(s.labelled) for s in run) and not any(told_on_test(s.labelled) for s in led):
        return None
    row = [s.results[0] for s in run]
    best = _peak(row, one.results)
    if best is None or not _given(one) or _END.search(one.text):
        return None
    return Picked(f"{best.value:g}", one.line_of(best), run[0].line.number, len(row), True, sure=True)


def _of_a_table(log: Log, one: Statement) -> Picked | None:
    """Looks in the rows of a table right above a statement."""
    for grid in grids_of(log):
        near = together(log, one, grid.last, grid.section) and one.line.number - grid.last <= _BELOW
        if not near or ALONG.match(grid.label.strip()) is None or grid.label.strip().lower().startswith("epochs"):
            continue
        for column in grid.of("score"):
            row = [cell for cell in column.cells if cell is not None]
            best = _peak(row, one.results) if told_on_test(column.name) and not DEV.search(column.name) else None
            if best is not None and _given(one) and _END.search(one.text) is None:
                return Picked(f"{best.value:g}", one.line_of(best), grid.first, len(row), True, sure=True)
    return None


def _in_words(one: Statement, scene: Sequence[Statement]) -> Picked | None:
    """``Of the 8 epochs, epoch 5 has the highest test accuracy (91.3 %). That is our final result.``"""
    for other in scene[-3:]:
        counts = [number_of(found["n"]) for found in _COUNT.finditer(other.text)]
        counts = [count for count in counts if count >= _LEAST]
        peak = _PEAK.search(other.text) or _PEAK_OF.search(other.text)
        if peak is not None and other is not one and told_on_test(other.labelled) and _ALONG.search(other.text):
            same = [n for n in one.results if n.value == float(peak["n"])]
            ended = peak.groupdict().get("end") or "nan"
            if same and _given(one) and not _END.search(one.text) and all(n.value != float(ended) for n in one.results):
                return Picked(f"{same[0].value:g}", one.line_of(same[0]), other.line.number, 0, True, sure=True)
        if not counts or _BEST.search(other.text) is None or not told_on_test(other.labelled) or not _given(one):
            continue
        best = [n for n in other.results if any(n.value == m.value for m in one.results)]
        if not best and other is not one and _THAT.search(one.text) and len(other.results) == 1 and not one.results:
            best = list(other.results)
        if best and len({n.value for n in best}) == 1 and _END.search(one.text) is None:
            return Picked(f"{best[0].value:g}", one.line, other.line.number, counts[0], True, sure=True)
    return None
