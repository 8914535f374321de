"""What chance alone makes of the two values that a claim rests on: by the spreads of their runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.text.vocabulary.roles import NO_TEST_WORDS, RUN_NOUNS, TEST_WORDS
from evenhand.audit.told.certainty.claims import EDGE, Claim, claims_of
from evenhand.audit.told.quantities import Quantity
from evenhand.audit.told.seeds.spreads import welch

_RUNS = Pattern(
    rf"{EDGE}(?P<n>\d{{1,3}}|{any_number()})[\s-](?:[^\W\d][\w-]*\s){{0,2}}?(?:{RUN_NOUNS})(?![a-z])|n\s*=\s*(?P<m>\d{{1,3}})",
    re.IGNORECASE,
)
_SD = Pattern(
    rf"{EDGE}(?:sample |empirical )?(?:sd|std|s\.d\.|stdev|standard deviations?|streuung|standardabweichung\w*|"
    rf"écarts?-types?|desviaci\w+ \w+|разброс\w*)(?![a-zà-ÿа-я])(?:\s+[^\W\d]+){{0,2}}\s*[:=]?(?:\s*[\d.,]*\s*(?:and|"
    rf"und|bzw\.?|y|et|и|和|,|/)?\s*){{0,2}}$",
    re.IGNORECASE,
)
_NO_TEST = Pattern(rf"{EDGE}(?:{NO_TEST_WORDS})(?![a-z])", re.IGNORECASE)
_TEST = Pattern(rf"(?:{TEST_WORDS})", re.IGNORECASE)
_LIKELY = 0.05
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
        how: ``spread``, or ``told``: that there was no test, or one run.
        p: by chance alone; None where it is only told.
        count: of runs.
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
        found = _by_spread(claim, text)
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
    found = {number_of(one["n"] or one["m"]) for one in _RUNS.finditer(text)}
    return found.pop() if len(found) == 1 else None


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
