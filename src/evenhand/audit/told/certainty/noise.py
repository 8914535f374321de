"""What chance alone makes of the two values that a claim rests on: by spreads over runs, lists of runs, or items."""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import lists_in
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.text.vocabulary.roles import ITEM_NOUNS, NO_TEST_WORDS, RUN_NOUNS, TEST_WORDS
from evenhand.audit.told.certainty.claims import EDGE, Claim, claims_of
from evenhand.audit.told.quantities import Quantity
from evenhand.audit.told.seeds.spreads import mean_and_spread, welch

_RUNS = Pattern(
    rf"{EDGE}(?P<n>\d{{1,3}}|{any_number()})[\s-](?:[^\W\d][\w-]*\s){{0,2}}?(?:{RUN_NOUNS})(?![a-z])|n\s*=\s*(?P<m>\d{{1,3}})",
    re.IGNORECASE,
)
_ONE = Pattern(r"(?<![\w.])(?:1|one|single|a single)[\s-](?:seed|run)(?![a-z])", re.IGNORECASE)
_SD = Pattern(
    rf"{EDGE}(?:sample |empirical )?(?:sd|std|s\.d\.|stdev|standard deviations?|streuung|standardabweichung\w*|"
    rf"écarts?-types?|desviaci\w+ \w+|разброс\w*)(?![a-zà-ÿа-я])(?:\s+[^\W\d]+){{0,2}}\s*[:=]?(?:\s*[\d.,]*\s*(?:and|"
    rf"und|bzw\.?|y|et|и|和|,|/)?\s*){{0,2}}$",
    re.IGNORECASE,
)
_ITEMS = Pattern(
    rf"\s*(?:[^\W\d_][\w'’-]*\s+){{0,2}}?(?:{ITEM_NOUNS}|testsätzen?|testfragen|testbildern?)(?![a-z])", re.IGNORECASE
)
_NO_TEST = Pattern(rf"{EDGE}(?:{NO_TEST_WORDS})(?![a-z])", re.IGNORECASE)
_TEST = Pattern(rf"(?:{TEST_WORDS})", re.IGNORECASE)
_ACCURACY = Pattern(
    rf"{EDGE}(?:acc|accuracy|correct\w*|exact match|em|success|pass|genauigkeit|exactitude|aciertos|точност\w*|solved|"
    rf"right|准确率|正确率)(?![a-z])", re.IGNORECASE
)  # fmt: skip
_SPREAD_NAME = Pattern(r"(?<![a-z])(?:sd|std|stdev|standard deviation)(?![a-z])", re.IGNORECASE)
_LIKELY, _LEAST_ITEMS = 0.05, 100
_NEAR = 3
_BOTH = Pattern(r"\b(?:both|all|either|each|every|three|third)\b", re.IGNORECASE)
_COST = Pattern(
    r"\b(?:time|memory|speed|latency|throughput|costs?|[GM]i?B|params|parameters|minutes|seconds|hours)\b", re.I
)


@dataclass(frozen=True)
class Unproven:
    """A claim that the numbers beside it do not carry.

    Attributes:
        claim: what is claimed.
        one, other: the two values.
        how: ``spread``, ``items`` or ``told``: that there was no test, or one run.
        p: by chance alone; None where it is only told.
        count: runs, or items.
        firm: the values, their spreads and the runs stand right above the claim, and no test anywhere.
    """

    claim: Claim
    one: str
    other: str
    how: str
    p: float | None
    count: int
    firm: bool = False


def unproven_in(log: Log) -> Iterator[Unproven]:
    """The claims without a test whose numbers chance alone gives often."""
    for claim in claims_of(log):
        text = " ".join(s.text for s in claim.scope.sentences)
        if _TEST.search(_NO_TEST.sub(" ", re.sub(r"\(95 ?%[^)]*seeds\)", "", text))) or (
            log.leaves and len(log.leaves) > 80
        ):
            continue
        found = _by_spread(claim, text) or _by_lists(claim) or _by_table(log, claim, text) or _by_items(claim, text)
        if found is not None and found.p is not None and found.p > _LIKELY:
            yield replace(found, firm=found.firm and found.p > 2 * _LIKELY and _alone(log, claim, found))
        elif found is None and _NO_TEST.search(text) and re.search(r"\d+\.\d", text):
            yield Unproven(claim, "", "", "told", None, 1)


def _alone(log: Log, claim: Claim, found: Unproven) -> bool:
    """Whether the claim is of these two values, and the log tells of no test anywhere."""
    said = {printed(n).strip("%") for n in claim.sentence.numbers if n.decimals or not n.unit}
    if (said and not said & {found.one.strip("%"), found.other.strip("%")}) or _BOTH.search(claim.sentence.text):
        return False
    return not any(_TEST.search(_NO_TEST.sub(" ", line.text)) for line in log.lines)


def _pair(claim: Claim) -> tuple[Quantity, Quantity] | None:
    """The only two values before a claim that are printed alike."""
    found = [
        q for q in claim.scope.quantities
        if q.plain and q.number.decimals and q.unit in ("", "%") and q.line.number <= claim.line.number and q.value > 0
        and not _SD.search(q.sentence.text[: q.number.start]) and q.number.scale == 1
    ]  # fmt: skip
    groups: dict[tuple[int, str], list[Quantity]] = {}
    for one in found:
        groups.setdefault((one.number.decimals, one.unit), []).append(one)
    pairs = [own for own in groups.values() if len(own) == 2 and 0.5 < own[0].value / own[1].value < 2]
    return (pairs[0][0], pairs[0][1]) if len(pairs) == 1 and pairs[0][0].value != pairs[0][1].value else None


def _runs(text: str) -> int | None:
    found = {_number(one["n"] or one["m"]) for one in _RUNS.finditer(text)}
    return found.pop() if len(found) == 1 else None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else int(NUMBERS[word.lower()])


def _by_spread(claim: Claim, text: str) -> Unproven | None:
    pair, runs = _pair(claim), _runs(text)
    told = [q for q in claim.scope.quantities if q.number.spread or _SD.search(q.sentence.text[: q.number.start])]
    spreads = [q.value for q in told]
    if pair is None or runs is None or runs < 2 or not 1 <= len(spreads) <= 2 or not all(spreads):
        return None
    p = welch(pair[0].value - pair[1].value, spreads[0], spreads[-1], runs)
    near = all(0 <= claim.line.number - q.line.number <= _NEAR for q in (*pair, *told))
    near = near and not any(_COST.search(s.text) for s in (claim.sentence, pair[0].sentence, pair[1].sentence))
    one, other = (printed(value.number) for value in pair)
    return None if p is None else Unproven(claim, one, other, "spread", p, runs, near)


def _by_lists(claim: Claim) -> Unproven | None:
    lines = {id(line): line for s in claim.scope.sentences for line in s.lines if line.number <= claim.line.number}
    lists = [one.numbers for line in lines.values() for one in lists_in(line, 3)]
    if len(lists) != 2 or len(lists[0]) != len(lists[1]):
        return None
    a, b = ([n.value for n in own] for own in lists)
    from evenhand.statistics import paired_t

    p = welch(statistics.mean(a) - statistics.mean(b), statistics.stdev(a), statistics.stdev(b), len(a))
    shown = [f"{statistics.mean(own):.{lists[0][0].decimals + 1}f}" for own in (a, b)]
    near = all(0 <= claim.line.number - line.number <= _NEAR for line in lines.values() if lists_in(line, 3))
    paired = paired_t([x - y for x, y in zip(a, b, strict=True)]).p or 0.0
    return None if p is None else Unproven(claim, shown[0], shown[1], "spread", p, len(a), near and paired > _LIKELY)


def _by_table(log: Log, claim: Claim, text: str) -> Unproven | None:
    """Rows of means with spreads none of which is far enough from any other."""
    tables = [t for t in log.tables if (t.section == claim.passage.section or log.data) and 2 <= len(t.rows) <= 6]
    if len(tables) != 1:
        return None
    runs = _runs(f"{text} {' '.join(tables[0].header)}")
    rows = _means(tables[0])
    if runs is None or runs < 2 or len(rows) < 2:
        return None
    best = sorted(rows, key=lambda one: one[0])
    pairs = [(*a, *b) for a, b in itertools.pairwise(best)]
    ends = [pairs[0], pairs[-1]]
    found = [(a, b, welch(a - b, s, t, runs)) for a, s, b, t in ends if s and t]
    if len(found) < len(ends) or not all(p is not None and p > _LIKELY for _, _, p in found):
        return None
    a, b, p = found[0]
    return Unproven(claim, f"{a:g}", f"{b:g}", "spread", p, runs)


def _means(table: Table) -> list[tuple[float, float]]:
    for place in range(1, len(table.header)):
        cells = [mean_and_spread(row.cells[place]) for row in table.rows]
        if sum(one is not None for one in cells) >= 2:
            return [(one[0].value, one[1].value) for one in cells if one is not None]
    spread = [i for i, name in enumerate(table.header) if _SPREAD_NAME.search(name.replace("_", " "))]
    if len(spread) != 1 or spread[0] < 2:
        return []
    pairs = zip(table.columns[spread[0] - 1], table.columns[spread[0]], strict=True)
    return [(a.value, b.value) for a, b in pairs if a is not None and b is not None and b.value]


def _by_items(claim: Claim, text: str) -> Unproven | None:
    """Two shares of right answers to so many items."""
    pair = _pair(claim)
    items = {
        int(q.value) for q in claim.scope.quantities if q.whole and q.value >= _LEAST_ITEMS and _ITEMS.match(q.after)
    }
    if pair is None or len(items) != 1 or not _ACCURACY.search(text):
        return None
    top = 100 if max(pair[0].value, pair[1].value) > 1 else 1
    a, b, count = pair[0].value / top, pair[1].value / top, items.pop()
    if not (0 < a < 1 and 0 < b < 1):
        return None
    error = math.sqrt((a * (1 - a) + b * (1 - b)) / count)
    p = math.erfc(abs(a - b) / error / math.sqrt(2))
    return (
        Unproven(claim, printed(pair[0].number), printed(pair[1].number), "items", p, count)
        if p > 2 * _LIKELY
        else None
    )
