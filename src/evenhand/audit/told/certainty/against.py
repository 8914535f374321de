"""Claims of certainty beside evidence that leaves it open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import passages_of
from evenhand.audit.told.certainty.claims import Claim, claims_of
from evenhand.audit.told.certainty.evidence import Evidence, in_records, in_sentence, in_table

_MOST_RECORDS = 60
_FAR, _NEAR = 10, 4


@dataclass(frozen=True)
class Contradicted:
    """A claim and the evidence that does not carry it."""

    claim: Claim
    evidence: Evidence


def contradicted_in(log: Log) -> Iterator[Contradicted]:
    """Claims whose only evidence near them is an interval around zero or a p-value above one in twenty."""
    for claim in claims_of(log):
        found = _of_rows(log, claim) or _spoken(claim) or _just_above(log, claim) or _recorded(log)
        if found and all(one.open for one in found) and len({one.shown for one in found}) == 1:
            yield Contradicted(claim, found[-1])


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
