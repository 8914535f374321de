"""The best of many told as the result: a number stands where the best was taken, and again where it is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evenhand.audit.text.log import Log, per_log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.choices import DEV, FRESH, PICKED, REPORTED, TEST
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.text.vocabulary.verdicts import CUE
from evenhand.audit.text.words import denied
from evenhand.audit.told.arms.grids import Grid, grids_of
from evenhand.audit.told.concluded.compared import compared_in, is_setting
from evenhand.audit.told.concluded.picked_data import ALONG, DISOWNED, FROM, TO, Picked, in_fields, is_test, row_of_grid
from evenhand.audit.told.concluded.picked_sure import is_sure
from evenhand.audit.told.concluded.statements import Statement, statements_of

_SURE = 8
_N = rf"(?P<n>\d{{1,3}}(?:,\d{{3}})*(?![\d,KMBkmb])|{any_number(4)})"
_LOOKS = (
    r"(?:epochs?|check-?points?|ckpts?|snapshots?|evaluations?|evals?|submissions?|readings?|measurements?|"
    r"looks?|scores|"
    r"test (?:runs|scores)|points? de sauvegarde|puntos?(?: de control)?|ständen?|mal\b|times|passes|rounds|iterations|"
    r"steps|itérations|auswertungen|замер\w*|轮|次)"
)
_VARIANTS = (
    r"(?:prompts?|instructions?|templates?|variants?|configs?|configurations?|konfigurationen|settings?|losses|loss "
    r"functions?|recipes?|weights|layers?|decoders?|candidates?|options?|trials?|combinations?|placements?|schedules?|"
    r"values?|models?|arms?|augmentations?|methods?|versions?|architectures?|optimi[sz]ers?|strategies|heuristics|"
    r"rates?|ranks?|temperatures?|wordings?|thresholds?|ideas|mixes|mixtures|merges|ways|formas?|formes?|расписани\w+|"
    r"вариант\w*|настро\w+|模板|组|个|种|方案|配置|系数)"
)
_MANY_LOOKS = Pattern(
    rf"(?<![\w.–-])(?<!\bafter )(?<!\bfor ){_N}[ -]?(?:[\w'-]+ ){{0,2}}{_LOOKS}(?![a-z])|\b(?:each|every|per|"
    rf"after (?:each|every)|all(?: the)?|"
    r"jede[rnms]?|nach jeder|chaque|chacune?|cada|кажд\w+)[ -](?:[\w'.-]+ ){0,3}(?:epochs?|check-?points?|steps?|"
    r"updates?|"
    r"rounds?|iterations?|snapshots?|evaluations?|\d+k?|punto|époque)|\bper-epoch\b|\bcurve\b|\bcummax\b|每轮|每个|每次",
    re.IGNORECASE,
)
_MANY_VARIANTS = Pattern(
    rf"(?<![\w.]){_N}[ -]?(?:(?!(?:the|an?|and|of|questions?|items?|queries|examples?)\b)[\w'-]+ ){{0,3}}{_VARIANTS}"
    rf"(?![a-z])|(?:{_VARIANTS})\w*\s?(?:[=:]|数)\s?(?P<m>\d+)(?!\s?%|[\d.KMBkmb])",
    re.IGNORECASE,
)
_SAME = Pattern(
    r"\b(?:those|these|same|this) (?:\w+ )?\d|\bsame (?:\d|items|seeds|questions|data|set|tickets|folds|prompts)|"
    r"from (?:the|"
    r"that) (?:table|sort|sweep|search)|of the sweeps?|\bseeds? \d|denselben|mêmes|mism[oa]s|тех же|同一|同批",
    re.IGNORECASE,
)
_BAD = Pattern(
    r"\b(?:train(?:ing)? (?:loss|acc\w*)|learning rate|time|speed|latency|throughput|tok/s|memory|cost)\b",
    re.IGNORECASE,
)
_AGAIN = Pattern(
    r"\b(?:those|these) (?:\w+ )?\d|\bsame (?:\d|items|seeds|questions|data|set|tickets|folds|prompts)|"
    r"from (?:the|that) (?:table|"
    r"sort|sweep|search)|of the sweeps?|best of the|denselben|mêmes|mism[oa]s|тех же|同一|同批|\(第一批|\(seeds? \d",
    re.IGNORECASE,
)
_OF_ALL = Pattern(
    r"\b(?:max(?:imum)?|best|peak|highest|lowest|min(?:imum)?|top)\w* (?:\w+ ){0,3}?(?:of|over|across|among|from|"
    r"out of)\b|"
    r"\b(?:höchst\w+|best\w+|maximum|meilleur\w*|máximo|mejor|максимум|лучш\w+) \w* ?(?:von|aus|der|de|des|из|sur)\b",
    re.IGNORECASE,
)
_BEFORE, _LONGEST = 8, 300
_OPEN = Pattern(r"\?|\b(?:should|would|will|could|next|todo|plan\w*|if|paper(?:'s)? reports?|et al)\b", re.IGNORECASE)
_INDEX = Pattern(
    r"^(?:#|no\.?|row|items?|rank|id|idx|index|year|day|week|month|seed|fold|class|n|count)$", re.IGNORECASE
)
_ABLATED = Pattern(r"(?:w/o|without|full|ours|all|none|no|[-–+])(?![a-z])", re.IGNORECASE)
"""Rows of which one is the method, and the others lack something: none of them was chosen."""

_SWEPT = Pattern(
    r"^(?:prompts?|templates?|instructions?|recipes?|configs?|settings?|trials?|candidates?|layers?|lr|learning rate|t|"
    r"k|temp\w*|chunk|weights?|rank|variants?|wordings?|alpha|beta|lambda|threshold|variante|gruppe|组|模板)$",
    re.IGNORECASE,
)


_AT_THE_END = Pattern(
    r"\b(?:fell|falls|dropp\w+|drops|declin\w+|down|back|ended|ends|final(?:ly)?|last)\b[^\d.;]{0,12}$|"
    r"\b(?:next|second|runner-up|median)\b[^.;,]{0,20}$",
    re.IGNORECASE,
)
"""What a value that came after the best stands behind, or one that is not the best."""


@per_log
def picked_in(log: Log) -> tuple[Picked, ...]:
    """All of a log, one a statement."""
    rows = [found for grid in grids_of(log) for found in row_of_grid(log, grid)]
    return (*_in_statements(log), *rows, *in_fields(log))


def _in_statements(log: Log) -> Iterator[Picked]:
    every = statements_of(log)
    claims = {one.claim.place: one for one in compared_in(log)}
    for place, one in enumerate(every):
        best = _best_of_looks(one)
        if best is not None:
            yield best
            continue
        claim = claims.get(place)
        if claim is None and not one.results:
            continue  # it has no number that may be that of the best
        asked = place > 0 and one.results and not every[place - 1].results
        reported = any(REPORTED.search(text) for text in (one.labelled, *([every[place - 1].text] if asked else [])))
        same = _SAME.search(one.text) is not None
        if not (reported or same or claim is not None) or len(one.text) > _LONGEST or len(one.results) > 4:
            continue
        if FRESH.search(one.text) or _BAD.search(one.text) or DISOWNED.search(one.text) or DEV.search(one.text):
            continue
        scene = [other for other in every[max(0, place - _BEFORE) : place + 1] if other.section == one.section]
        extra = [claim.one.number, claim.other.number] if claim is not None else []
        ranked = _in_grids(log, one, scene, extra, reported=reported, same=same)
        found = ranked or _in_words(
            log, one, scene, extra if same or reported or CUE.search(one.labelled) else [], reported=reported
        )
        if found is not None:
            above = " ".join((*log.path(one.section)[-1:], *_columns(log, one)))
            cell = one.passage.kind == "note" and not log.data
            sure = not cell and is_sure(one, scene, found, above, ranked=ranked is not None)
            yield replace(found, sure=sure)


def _columns(log: Log, one: Statement) -> Iterator[str]:
    """What the tables of a section are called, and their columns."""
    for grid in grids_of(log):
        if grid.section == one.section and grid.first <= one.line.number:
            yield from (grid.title, grid.label, *(column.name for column in grid.columns))


def _best_of_looks(one: Statement) -> Picked | None:
    """``max over the 40 per-epoch test scores``, in one sentence."""
    found = _OF_ALL.search(one.text)
    if found is None or len(one.text) > _LONGEST or not TEST.search(one.text) or not _MANY_LOOKS.search(one.text):
        return None
    if any(pattern.search(one.text) for pattern in (DEV, FRESH, DISOWNED, _OPEN, _BAD)) or denied(
        one.text, found.start()
    ):
        return None
    line = one.sentence.line_at(found.start())
    return Picked(found[0], line, line.number, _count(_MANY_LOOKS, one.text), True)


def _values(log: Log, one: Statement, extra: Sequence[float]) -> list[tuple[float, int]]:
    """The numbers that a statement may report, with their columns; -1 for those of what it compares."""
    names = {name.strip() for grid in grids_of(log) if grid.section == one.section for name in grid.names}
    finest = sorted(one.results, key=lambda n: -n.decimals)  # a setting is printed with fewer digits than its result
    own = [(n.value, n.start) for n in finest if one.text[n.start : n.end].strip() not in names]
    own = [(v, at) for v, at in own if not is_setting(one.text[:at]) and not _OPEN.search(one.text[:at])]
    return [*own, *((value, -1) for value in extra)]


def _in_words(
    log: Log, one: Statement, scene: Sequence[Statement], extra: Sequence[float], *, reported: bool
) -> Picked | None:
    if any(FRESH.search(other.text) or DISOWNED.search(other.text) for other in scene[-4:]):
        return None
    title = " ".join(log.path(one.section)[-1:])
    for value, start in _values(log, one, extra):
        chosen = _chosen(one, scene, value, reported=reported)
        many = _many(scene, chosen, one, title) if chosen is not None else None
        if many is not None and (start >= 0 or many[1] >= _SURE):
            told, count, test = many
            return Picked(f"{value:g}", one.sentence.line_at(max(start, 0)), told.line.number, count, test)
    return None


def _chosen(one: Statement, scene: Sequence[Statement], value: float, *, reported: bool) -> Statement | None:
    """Where a value is told to be the best, or is the best of a row of values."""
    own = one if reported and _picked_near(one, value) else None
    for other in reversed(scene[:-1]):
        results = [n.value for n in other.results]
        if value in results and _picked_near(other, value):
            return other
        if len(results) >= 4 and value in (max(results), min(results)) and len(set(results)) >= 4:
            return other if any(PICKED.search(s.text) for s in scene if s.place >= other.place) else own
    run = [other for other in scene if other is not one and len(other.results) == 1]
    values = [other.results[0].value for other in run]
    if len(set(values)) >= 4 and value in (max(values), min(values)) and len({o.results[0].decimals for o in run}) == 1:
        return run[values.index(value)]
    if own is None and reported and _AGAIN.search(one.text):
        return next((s for s in reversed(scene[:-1]) if PICKED.search(s.text) and not s.results), None)
    return own


def _many(
    scene: Sequence[Statement], chosen: Statement, one: Statement, title: str
) -> tuple[Statement, int, bool] | None:
    """The statement that tells of many looks at test data, or of many variants; how many; whether it was the first."""
    looks = [
        other for other in scene if _MANY_LOOKS.search(other.text) and _count(_MANY_LOOKS, other.text) not in (1, 2)
    ]
    beside = {at for other in looks for at in (other.place - 1, other.place, other.place + 1)}
    told = [other for other in scene if other.place in beside or other in (chosen, one)]
    if looks and any(TEST.search(other.labelled) for other in told):
        if any(DEV.search(other.labelled) for other in scene):
            return None
        return looks[-1], max(_count(_MANY_LOOKS, other.text) for other in looks), True
    run = [other for other in scene if len(other.results) == 1 and ALONG.match(other.text.split()[0].strip(":"))]
    if chosen in run and len(run) >= 4:
        every = (*scene, one)
        test = any(TEST.search(text) for text in (title, *(other.labelled for other in every)))
        return (run[0], len(run), True) if test and not any(DEV.search(o.labelled) for o in every) else None
    for other in reversed(scene):
        variants = _count(_MANY_VARIANTS, other.text)
        if variants < 4:
            continue
        if TEST.search(other.labelled) and not any(DEV.search(s.labelled) for s in scene):
            return other, variants, True
        if chosen is not one or _AGAIN.search(one.text):
            return other, variants, False
    return None


def _picked_near(one: Statement, value: float) -> bool:
    """Whether a word for the best stands in the clause of a value, or nothing else stands in its statement."""
    for number in one.results:
        if number.value == value:
            left, right = one.text[max(0, number.start - 90) : number.start], one.text[number.end : number.end + 50]
            if _AT_THE_END.search(left) is None and PICKED.search(f"{left} {right}"):
                return True
    return not any(number.value == value for number in one.results) and PICKED.search(one.text) is not None


def _count(pattern: Pattern, text: str) -> int:
    best = 0
    for found in pattern.finditer(text):
        groups = found.groupdict()
        told = groups.get("n") or groups.get("m")
        if told:
            number = NUMBERS.get(told.lower()) or int(told.replace(",", "") if told[0].isdigit() else 0)
            best = max(best, number if FROM <= number <= TO else 0)
    return best


def _in_grids(
    log: Log, one: Statement, scene: Sequence[Statement], extra: Sequence[float], *, reported: bool, same: bool
) -> Picked | None:
    """A number that is the best of a column of at least four, in a statement below that reports it."""
    for grid in grids_of(log):
        if grid.section != one.section or not grid.last < one.line.number <= grid.last + 25:
            continue
        looks = ALONG.match(grid.label.strip()) is not None
        if not looks and not _swept(grid):
            continue
        after = [other for other in scene if other.line.number > grid.last]
        won = any(PICKED.search(other.text) for other in after)
        if any(FRESH.search(other.text) for other in after) or not (reported or won):
            return None
        for column in grid.of("score"):
            cells = [cell.value for cell in column.cells if cell is not None]
            told = _values(log, one, extra if (reported or same) and not looks else [])
            best = next((v for v, at in told if _extreme(cells, v) and (reported or at < 0)), None)
            if best is None:
                continue
            above = [other.text for other in scene if other.line.number < grid.first][-2:]
            test = is_test(" ".join((column.name, grid.title, *above)))
            if not looks or test:
                return Picked(f"{best:g}", one.line, grid.first, len(cells), test)
    return None


def _swept(grid: Grid) -> bool:
    """Whether the rows of a table are values of a setting, or wordings, and not models or sets of data."""
    if any(_ABLATED.match(name.strip()) for name in grid.names):
        return False
    if _SWEPT.match(grid.label.replace("_", " ").strip()):
        return True
    if _INDEX.match(grid.label.strip()) or list(grid.names) == [str(at + 1) for at in range(len(grid.names))]:
        return False
    numeric = sum(re.match(r"[\d.]+(?:e-?\d+)?%?$", name.strip()) is not None for name in grid.names)
    return numeric >= len(grid.names) - 1


def _extreme(cells: Sequence[float], value: float) -> bool:
    if len(set(cells)) < 4 or value not in (max(cells), min(cells)) or cells.count(value) != 1:
        return False
    return list(cells) not in (sorted(cells), sorted(cells, reverse=True))  # what only rises was not picked by luck
