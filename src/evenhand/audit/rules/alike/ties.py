"""Two arms with the same results to the last digit, and below them the conclusion that the change has no effect."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.verdicts import ALIKE, NO_EFFECT
from evenhand.audit.told.concluded.closed import COST, from_here, rests_alone, right_beneath, right_there
from evenhand.audit.told.concluded.concluded import Conclusion, drawn
from evenhand.audit.told.concluded.equals import Equal, contrasted, equals_of
from evenhand.audit.told.concluded.statements import below, share_a_word, statements_of, words_of

_EQUALITY = Pattern(
    r"\b(?:scores?|results?|metrics|numbers|outputs?|values?|loss(?:es)?)\b[^.;,]{0,30}\b(?:unchanged|identical|"
    r"the same|(?:not|n['’]t) (?:\w+ )?(?:change|move|differ)\w*)|"
    r"\b(?:not|n['’]t) (?:change|affect|alter|move) (?:the|any|its|our)\b",
    re.IGNORECASE,
)
"""A statement that tells that results, or other things, are alike and concludes nothing."""

_BELOW, _SHORT, _RESULTS = 7, 40, 2


def concluded_on_ties(log: Log) -> Iterator[Finding]:
    """Two arms with the same results to the last digit, and below them the conclusion that the change has no effect."""
    told: set[int] = set()
    for one in equals_of(log):
        near = list(
            below(log, one.second - 1 if one.row else one.second, one.section, _BELOW)
            if one.told is None
            else from_here(log, one.told, _BELOW)
        )
        found = drawn(near, (NO_EFFECT, ALIKE))
        own = found is not None and found.line.number in (one.first, one.second)
        arms = words_of(" ".join(name[:40] for name in one.names))
        named = found is not None and (one.near or own or share_a_word(found.statement.words, arms))
        if found is not None and named and found.line.number not in told:
            told.add(found.line.number)
            facts = {"words": found.words, "first": one.first, "second": one.second, "results": one.count}
            places = (place_of(log, one.second), place_of(log, one.first))
            beside = one.told is None or (found.statement.line.number > one.last and not one.paired)
            there = right_there(one.told, near, found, one.values)
            sure = contrasted(one, data=log.data) and _of_the_arm(log, one, found, there=one.paired and there)
            sure = sure and (beside or there)
            closed = _beneath(log, one, found) if one.told is None else sure and there
            at, sure = place_of(log, found.line), sure or closed
            yield Finding(
                "no-op", "caution", at, facts, places, found.words, anywhere=True, unproven=not sure, closed=closed
            )  # fmt: skip


def _beneath(log: Log, one: Equal, found: Conclusion) -> bool:
    """Whether two arms of a table are alike in all that it tells, and the conclusion on the change stands below."""
    said = found.statement
    first, second = map(words_of, one.names)
    titled = words_of(" ".join(log.path(one.section)[-1:]))
    changed = (first ^ second) if one.others else first | second
    named = share_a_word(said.words, changed - words_of(" ".join(one.others)))
    alone = (
        not one.others and len(said.text) <= _SHORT and said in below(log, one.last, one.section, 1)
    )  # ``- no effect, off``
    named = named or alone or (not one.row and share_a_word(said.words, titled))
    if log.data or not one.whole or one.count < _RESULTS or not named or not contrasted(one, data=False):
        return False
    if _EQUALITY.search(said.text) or any(map(COST.search, one.names)):
        return False
    return right_beneath(log, found, one.values, (min(one.first, one.second), one.last))


def _of_the_arm(log: Log, one: Equal, found: Conclusion, *, there: bool) -> bool:
    """Whether a conclusion is drawn on the arm that changed, from its results alone."""
    said = found.statement.words
    first, second = map(words_of, one.names)
    if one.others:
        named = share_a_word(said, (second ^ first) - words_of(" ".join(one.others)))
    else:
        before = [s.text for s in statements_of(log) if s.section == one.section and s.place < found.statement.place]
        about = words_of(" ".join((*before, *log.path(one.section)[-1:])))
        named = found.cued or share_a_word(said, first | second | about)
    named = named or there or found.line.number in (one.first, one.second)
    if not named or _EQUALITY.search(found.statement.text):
        return False
    return rests_alone(log, found, one.values | one.beside, (one.first, one.second))
