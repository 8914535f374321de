"""A gain over few repeats that is still announced behind the more repeats that took it back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import shown
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.vocabulary.gains import ANNOUNCED, TAKEN_BACK, points_in_words
from evenhand.audit.told.repeats.basis import speaks_of_repeats
from evenhand.audit.told.repeats.looks import Look, looks_of
from evenhand.audit.told.repeats.said_counts import repeats_said

_FEW, _MOST = 6, 64
_LEFT = 0.4
"""What is left of a gain at most, as a part of it, where more repeats took it back."""

_NEAR = 0.2
_FAR = 40
"""Lines between the first look and the announcement."""

_LONGEST, _NUMBERS = 300, 6
_COST = re.compile(r"\s*(?:gpu|days?|hours?|h\b|min|usd|eur|steps|epochs|times|x\b|runs|seeds)", re.IGNORECASE)
_WORDS = 0.12
"""How far a gain that is told in words may be rounded."""


def taken_back(log: Log) -> Iterator[Finding]:
    """Sentences that announce a difference which few repeats had, and more repeats, told before, have not."""
    looks = looks_of(log) if speaks_of_repeats(log) else ()
    pairs = [(few, many) for few in looks for many in looks if _took_back(few, many)]
    seen: set[int] = set()
    for passage in passages_of(log) if pairs else ():
        for sentence in passage.sentences:
            if len(sentence.text) > _LONGEST or passage.kind == "heading" or not _announces(sentence):
                continue
            for few, many in pairs:
                line = _line_of(sentence, few, many)
                if line is None or line in seen or not max(few.line, many.line) <= line <= few.line + _FAR:
                    continue
                seen.add(line)
                facts: dict[str, object] = {
                    "before": shown(few.gap),
                    "few": few.count,
                    "after": shown(many.gap),
                    "many": many.count,
                    "told": True,
                    "one": shown(many.one),
                    "other": shown(many.other),
                }
                yield Finding(
                    "not-replicated",
                    "caution",
                    place_of(log, line),
                    facts,
                    (place_of(log, few.line), place_of(log, many.line)),
                    anywhere=True,
                    unproven=True,
                )


def _took_back(few: Look, many: Look) -> bool:
    """Whether more repeats have next to nothing of what few had, or the other sign."""
    size = max(abs(few.one), abs(few.other))
    if few.delta or many.delta:
        more = few.count <= _FEW and 2 * few.count <= many.count <= _MOST and 0 <= many.line - few.line <= _FAR
        less = many.other * (1 if few.other > 0 else -1) <= _LEFT * few.gap
        return few.delta and many.delta and more and less and few.gap > 2 * few.slack
    near = abs(many.one - few.one) <= _NEAR * size and abs(many.other - few.other) <= _NEAR * size
    more = few.count <= _FEW and 2 * few.count <= many.count <= _MOST and 0 <= many.line - few.line <= _FAR
    less = many.gap <= _LEFT * few.gap + min(many.slack, 0.1 * few.gap)
    return near and more and few.gap > 2 * few.slack and less


def _announces(sentence: Sentence) -> bool:
    """Whether a sentence tells of a gain as one that stands."""
    text = sentence.text
    signed = any(n.signed and n.value > 0 for n in sentence.numbers)
    if not (signed or ANNOUNCED.search(text)) or len(sentence.numbers) > _NUMBERS:
        return False
    return not TAKEN_BACK.search(_STILL.sub(" ", text)) and not repeats_said(text) and "?" not in text


_STILL = re.compile(
    r"\bstill\b,?|\bsee \d+ \w+|\b(?:first|last|left)-?(?: of all| author| layer)?(?= (?:pipeline|layer|stage))",
    re.IGNORECASE,
)


def _line_of(sentence: Sentence, few: Look, many: Look) -> int | None:
    """The number of the line on which the gain of few repeats is told; None where it is not."""
    for number in sentence.numbers:
        value = abs(number.value) if number.unit != "%" or few.one >= 1 else abs(number.value) / 100
        room = few.slack + number.slack * 1.05
        if _COST.match(sentence.text[number.end :]):
            continue
        if (
            not number.spread
            and number.scale == 1
            and abs(value - few.gap) <= room
            and abs(value - many.gap) > room / 2
        ):
            return sentence.line_at(number.start).number
    both = [n for n in sentence.numbers for one in (few.one, few.other) if abs(n.value - one) <= n.slack]
    if not few.delta and len(both) >= 2 and len({n.value for n in both}) == 2:
        return sentence.line_at(both[0].start).number
    for value, at in points_in_words(sentence.text):
        if abs(value - few.gap) <= max(_WORDS * value, few.slack) and abs(value - many.gap) > _WORDS * value:
            return sentence.line_at(at).number
    return None
