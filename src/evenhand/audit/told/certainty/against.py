"""Claims of certainty beside evidence that leaves it open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import DIFFERENCE_NAMES, DOWN_WORDS, TEST_NAMES, UP_WORDS
from evenhand.audit.text.words import akin
from evenhand.audit.told.certainty.claims import Claim, claims_of
from evenhand.audit.told.certainty.evidence import Evidence, in_records, in_sentence, in_table

_MOST_RECORDS = 60
_FAR, _NEAR = 10, 4
_BESIDE, _BELOW = 3, 14
"""Lines from a test, and from the row of a table, to what is said of it."""

_QUOTED = Pattern(
    r"\b(?:called|claimed|earlier|previous\w*|so-called|luck|equal|equivalent|smaller than|less than|(?:no|not) worse|within|at most|"
    r"at least|below|above)\b|['\"‘“]\s*\w*\s*significant",
    re.IGNORECASE,
)
"""A claim that is another's, or of a bound."""

_SUBJECT = Pattern(r"p\s*[=≈]\s*[\d.]+\s*(?:for|on|in|of|before|at)\s+(?:the\s+)?([\w-]+)", re.IGNORECASE)
_TESTED = Pattern(rf"(?:{TEST_NAMES})", re.IGNORECASE)
_OF_A_DIFFERENCE = Pattern(
    rf"(?<![^\W\d_])(?:{DIFFERENCE_NAMES}|{UP_WORDS}|{DOWN_WORDS}|minus|less|versus|vs)(?![^\W\d_])|Δ", re.IGNORECASE
)
_CONFIDENCE = Pattern(
    r"(?=.*(?:9[059]|confiden|konfiden|confian|доверит|置信))(?=.*(?:(?<![a-z])ci|interval|intervall|интервал|区间|lo95|confidence))",
    re.IGNORECASE | re.DOTALL,
)
"""What makes a p-value one of a test, and an interval one of confidence, of a difference."""

_OF_ELSE = Pattern(
    r"\b(?:controls?|null|placebo|sanity|neutral|recall|precision|f1|power|prior|posterior|normal\w*|levene\w*|shapiro\w*|"
    r"variances?|least|floor|sign[- ]tests?|homogen\w*|baselines|thresholds?|alpha|levels?|slope|intercept|correlation)\b|(?-i:[RF]1?\s*=|(?<![\w.])P\s*=)",
    re.IGNORECASE,
)
"""What a p-value or an interval is of that no gain rests on: a control, a precision, a test of what the test assumes."""


@dataclass(frozen=True)
class Contradicted:
    """A claim and the evidence that does not carry it.

    Attributes:
        claim, evidence: both.
        sole: the evidence stands right before the claim, or in the row that it names, and nothing else stands near.
    """

    claim: Claim
    evidence: Evidence
    sole: bool = False


def contradicted_in(log: Log) -> Iterator[Contradicted]:
    """Claims whose only evidence near them is an interval around zero or a p-value above one in twenty."""
    for claim in claims_of(log):
        found = _of_rows(log, claim) or _spoken(claim) or _just_above(log, claim) or _recorded(log)
        if found and all(one.open for one in found) and len({one.shown for one in found}) == 1:
            yield Contradicted(claim, found[-1], _sole(log, claim, found[-1]))


def _sole(log: Log, claim: Claim, evidence: Evidence) -> bool:
    """Whether no other test or interval stands near, and the claim brings no number that is not told beside its own."""
    at, here = evidence.line.number, claim.line.number
    if not 0 <= here - at <= (_BELOW if evidence.label or log.leaves else _BESIDE):
        return False
    near = [p for p in passages_of(log) if log.data or (p.section == claim.passage.section and abs(p.first - here) <= 20)]
    spoken = {(one.shown, one.line.number) for p in near for s in p.sentences for one in in_sentence(s)}
    tables = [one for t in log.tables if t.section == claim.passage.section for one in in_table(log, t)]
    recorded = list(in_records(log)) if log.leaves else []
    if evidence.label:
        own = spoken or {one.label for one in tables if _names(claim.sentence.text, one.label)} != {evidence.label}
    else:
        own = len(spoken | {(one.shown, one.line.number) for one in (*tables, *recorded)}) != 1
    between = [line for line in log.lines if at - _BESIDE <= line.number < here]
    told = {n.value for line in between for n in line.numbers}
    fresh = any(n.value not in told for n in claim.sentence.numbers if evidence.line is not claim.line)
    text = " ".join(line.body for line in log.lines if at - 1 <= line.number <= at or (log.data and line.number <= here))
    tables = [t for t in log.tables if t.section == claim.passage.section and evidence.label]
    text += " ".join(name for t in tables for name in (*t.header, t.before))
    kinds = (_TESTED,) if evidence.p else (_OF_A_DIFFERENCE, _CONFIDENCE)
    own = own or _QUOTED.search(claim.sentence.text) is not None
    subject = _SUBJECT.search(evidence.line.body)
    own = own or (subject is not None and subject[1].lower() not in claim.sentence.low)
    apart = at not in range(claim.passage.first - 1, claim.passage.last + 1) and not evidence.label
    above = [line.text for line in log.lines if log.data or (line.section == claim.passage.section and line.number < here)]
    if apart and not akin(claim.sentence.text.replace(claim.word, " "), " ".join((*above[-2 * _BELOW :], *log.path(claim.passage.section)))):
        return False
    shown = all(one.search(text) for one in kinds) and not _OF_ELSE.search(evidence.line.body)
    return shown and not own and not fresh


def _spoken(claim: Claim) -> list[Evidence]:
    """The evidence of the claim's own sentence; else that nearest before it in its scope; else that behind it."""
    own = list(in_sentence(claim.sentence))
    if own:
        return own
    every = [
        (s, one) for s in claim.scope.sentences for one in in_sentence(s)
        if abs(one.line.number - claim.line.number) <= _FAR
    ]  # fmt: skip
    before = [one for _, one in every if one.line.number <= claim.line.number]
    return [one for _, one in every] if len(every) <= 1 else before if len(before) == 1 else [one for _, one in every]


def _just_above(log: Log, claim: Claim) -> list[Evidence]:
    """The evidence of the few lines above a claim, whatever stands between: what is noted under a test is of it."""
    first = claim.line.number - _NEAR
    near = [p for p in passages_of(log) if first <= p.last <= claim.line.number] if not log.data else []
    return [one for p in near for s in p.sentences for one in in_sentence(s)]


def _of_rows(log: Log, claim: Claim) -> list[Evidence]:
    """The evidence of the rows that a claim names, or of the only row that has any."""
    tables = [t for t in log.tables if t.section == claim.passage.section or log.data]
    rows = [one for table in tables for one in in_table(log, table)] if len(tables) <= 6 else []
    named = [one for one in rows if one.label and _names(claim.sentence.text, one.label)]
    if named:
        longest = max(len(one.label) for one in named)
        return [one for one in named if len(one.label) == longest]
    return rows if len(rows) == 1 and not log.leaves else []


def _names(text: str, label: str) -> bool:
    """Whether a sentence names a row."""
    words = re.sub(r"\s*\(.*?\)", "", label).strip(" *`")
    return len(words) >= 3 and re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", text, re.IGNORECASE) is not None


def _recorded(log: Log) -> list[Evidence]:
    return list(in_records(log)) if log.leaves and len(log.leaves) <= _MOST_RECORDS else []
