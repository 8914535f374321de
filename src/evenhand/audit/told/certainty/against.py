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
_FAR = 10
_BESIDE, _BELOW = 3, 14
"""Lines from a test, and from the row of a table, to what is said of it."""

_QUOTED = Pattern(
    r"\b(?:called|claimed|earlier|previous\w*|so-called|luck|(?:are|is|were|certainly|definitely) (?:equal|equivalent)|"
    r"smaller than|less than|(?:no|not) worse|within|at most|at least|below|above)\b|['\"‘“]\s*\w*\s*significant",
    re.IGNORECASE,
)
"""A claim that is another's, or of a bound."""

_SUBJECT = Pattern(r"p\s*[=≈]\s*[\d.]+\s*(?:for|on|in|of|before|at)\s+(?:the\s+)?(?P<of>[\w-]+)", re.IGNORECASE)
_NAME = Pattern(r"(?<![^\W_])(?=\w*[A-Z0-9])\w[\w.+-]*[A-Z0-9][\w.+-]*")
"""Names of models and methods: more than a capital at the beginning."""

_TESTED = Pattern(rf"(?:{TEST_NAMES})", re.IGNORECASE)
_OF_A_DIFFERENCE = Pattern(
    rf"(?<![^\W\d_])(?:{DIFFERENCE_NAMES}|{UP_WORDS}|{DOWN_WORDS}|minus|less|versus|vs)(?![^\W\d_])|Δ|"
    r"[-−–]\s?[\d.]+\s?%?\s*(?:,|;|to|\.\.+|…)\s*\+[\d.]",
    re.IGNORECASE,
)
_CONFIDENCE = Pattern(
    r"(?=.*(?:9[059]|confiden|konfiden|confian|доверит|置信))"
    r"(?=.*(?:(?<![a-z])ci|interval|intervall|интервал|区间|lo95|confidence))",
    re.IGNORECASE | re.DOTALL,
)
"""What makes a p-value one of a test, and an interval one of confidence, of a difference."""

_CLAUSE = Pattern(
    r";|\.\s|\b(?:but|while|whereas|although|though|however|unlike|aber|während|mais|tandis|pero|mientras)\b|"
    r",\s+(?:and|und|et|y)\b|,? а |，而|但",
    re.IGNORECASE,
)
_OF_ELSE = Pattern(
    r"\b(?:controls?|null|placebo|sanity|neutral|recall|precision|f1|power|prior|posterior|normal\w*|levene\w*|"
    r"shapiro\w*|variances?|least|floor|sign[- ]tests?|homogen\w*|baselines|thresholds?|alpha|levels?|slope|intercept|"
    r"correlation)\b|(?-i:[RF]1?\s*=|(?<![\w.])P\s*=)",
    re.IGNORECASE,
)
"""What a p-value or an interval is of that no gain rests on: a control, a precision, what a test assumes."""


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
        beside = _of_rows(log, claim) or _just_before(claim)
        found = beside or _spoken(claim) or _recorded(log)
        if found and all(one.open for one in found) and len({one.shown for one in found}) == 1:
            yield Contradicted(claim, found[-1], _sole(log, claim, found[-1]))


def _sole(log: Log, claim: Claim, evidence: Evidence) -> bool:
    """Whether no other test or interval stands near, and the claim brings no number that is not told beside its own."""
    at, here = evidence.line.number, claim.line.number
    if not 0 <= here - at <= (_BELOW if evidence.label or log.leaves else _BESIDE):
        return False
    if (
        _QUOTED.search(claim.sentence.text)
        or _two_clauses(claim, evidence)
        or _others(log, claim, evidence)
        or not _of_a_test(log, claim, evidence)
    ):
        return False
    subject = _SUBJECT.search(evidence.line.body)
    if subject is not None and not _names(claim.sentence.text, subject["of"], 1):
        return False
    told = {n.value for line in log.lines if at - _BESIDE <= line.number < here for n in line.numbers}
    if evidence.line is not claim.line and any(
        n.value not in told and (n.decimals or n.unit or n.value > _FAR) for n in claim.sentence.numbers
    ):
        return False
    if evidence.label or claim.passage.first - 1 <= at <= claim.passage.last:
        return True
    above = [line.text for line in log.lines if here - 2 * _BELOW <= line.number < here]
    return akin(claim.sentence.text.replace(claim.word, " "), " ".join((*above, *log.path(claim.passage.section))))


def _two_clauses(claim: Claim, evidence: Evidence) -> bool:
    """Whether a claim and the evidence in its own sentence stand in two clauses, of which each has its own subject."""
    text = claim.sentence.text
    word, shown = claim.sentence.low.find(claim.word.lower()), text.find(evidence.shown.split()[-1].strip("[]"))
    if evidence not in in_sentence(claim.sentence) or min(word, shown) < 0:
        return False
    return _CLAUSE.search(text, min(word, shown), max(word, shown)) is not None


def _others(log: Log, claim: Claim, evidence: Evidence) -> bool:
    """Whether other tests or intervals stand near, or the claim names other rows that have some."""
    here, section = claim.line.number, claim.passage.section
    near = [p for p in passages_of(log) if log.data or (p.section == section and abs(p.first - here) <= 2 * _FAR)]
    spoken = [one for p in near for s in p.sentences for one in in_sentence(s)]
    rows = [one for t in log.tables if t.section == section for one in in_table(log, t)]
    if evidence.label:
        named = {one.label for one in rows if _names(claim.sentence.text, one.label)}
        return bool(spoken) or named != {evidence.label}
    if any(one in spoken for one in _just_before(claim)) and evidence in _just_before(claim):
        return len(_just_before(claim)) != 1
    every = [*spoken, *rows, *(in_records(log) if log.leaves else ())]
    return len({(one.shown, one.line.number) for one in every}) != 1


def _of_a_test(log: Log, claim: Claim, evidence: Evidence) -> bool:
    """Whether the words beside a p-value tell of a test, or those beside an interval of confidence in a difference."""
    word = re.escape(claim.word)
    if evidence.p and re.search(rf"{word}[^;()]*\(p\s*=\s*[\d.]+[^()]*\)", claim.sentence.low):
        return True
    at, here = evidence.line.number, claim.line.number
    beside = [line.body for line in log.lines if at - 1 <= line.number <= (here if log.data else at)]
    tables = [t for t in log.tables if t.section == claim.passage.section and evidence.label]
    text = " ".join((*beside, *(name for t in tables for name in (*t.header, t.before))))
    kinds = (_TESTED,) if evidence.p else (_OF_A_DIFFERENCE, _CONFIDENCE)
    return all(one.search(text) for one in kinds) and not _OF_ELSE.search(evidence.line.body)


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


def _just_before(claim: Claim) -> list[Evidence]:
    """The evidence of the sentence right before a claim, where both name one thing and the claim has no other."""
    place = claim.passage.sentences.index(claim.sentence)
    before = claim.passage.sentences[place - 1] if place and not any(in_sentence(claim.sentence)) else None
    shared = _NAME.findall(claim.sentence.text) if before is not None else []
    if before is None or not any(_names(before.text, name) for name in shared):
        return []
    return list(in_sentence(before))


def _of_rows(log: Log, claim: Claim) -> list[Evidence]:
    """The evidence of the rows that a claim names, or of the only row that has any."""
    tables = [t for t in log.tables if t.section == claim.passage.section or log.data]
    rows = [one for table in tables for one in in_table(log, table)] if len(tables) <= 6 else []
    named = [one for one in rows if one.label and _names(claim.sentence.text, one.label)]
    if named:
        longest = max(len(one.label) for one in named)
        return [one for one in named if len(one.label) == longest]
    return rows if len(rows) == 1 and not log.leaves else []


def _names(text: str, label: str, least: int = 3) -> bool:
    """Whether a sentence names a row."""
    words = re.sub(r"\s*\(.*?\)", "", label).strip(" *`")
    return len(words) >= least and re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", text, re.IGNORECASE) is not None


def _recorded(log: Log) -> list[Evidence]:
    return list(in_records(log)) if log.leaves and len(log.leaves) <= _MOST_RECORDS else []
