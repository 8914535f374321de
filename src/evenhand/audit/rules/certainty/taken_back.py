"""A gain over few repeats that is still announced behind the more repeats that took it back."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import shown
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.gains import ANNOUNCED, TAKEN_BACK, points_in_words
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.text.vocabulary.repeats import NUMBER_WORDS, REPEAT, worded
from evenhand.audit.text.words import METRIC_WORD
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
_COST = Pattern(r"\s*(?:gpu|days?|hours?|h\b|min|usd|eur|steps|epochs|times|x\b|runs|seeds)", re.IGNORECASE)
_WORDS = 0.12
"""How far a gain that is told in words may be rounded."""


def taken_back(log: Log) -> Iterator[Finding]:
    """Sentences that announce a difference which few repeats had, and more repeats, told before, have not."""
    looks = looks_of(log) if speaks_of_repeats(log) else ()
    pairs = [(few, many) for few in looks if few.count <= _FEW for many in _behind(few, looks) if _took_back(few, many)]
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
                    unproven=not _plainly(log, sentence, line, few, many),
                )


def _behind(few: Look, looks: Sequence[Look]) -> Iterator[Look]:
    """The looks from a look's own line on, as far as its gain may be announced."""
    first = bisect_left(looks, few.line, key=lambda look: look.line)
    return takewhile(lambda look: look.line <= few.line + _FAR, islice(looks, first, None))


def _took_back(few: Look, many: Look) -> bool:
    """Whether more repeats have next to nothing of what few had, or the other sign."""
    if not 2 * few.count <= many.count <= _MOST:
        return False
    if few.delta or many.delta:
        less = many.other * (1 if few.other > 0 else -1) <= _LEFT * few.gap
        return few.delta and many.delta and less and few.gap > 2 * few.slack
    size = max(abs(few.one), abs(few.other))
    near = abs(many.one - few.one) <= _NEAR * size and abs(many.other - few.other) <= _NEAR * size
    less = many.gap <= _LEFT * few.gap + min(many.slack, 0.1 * few.gap)
    return near and few.gap > 2 * few.slack and less


def _plainly(log: Log, sentence: Sentence, line: int, few: Look, many: Look) -> bool:
    """Whether both looks and the announcement are of one thing: the same arms, and no word of another."""
    if not (few.said and many.said and _one_comparison(few, many)):
        return False
    title = log.lines[0].text if log.lines[0].text.startswith("#") or not log.data else ""
    heads = " ".join((*log.path(log.line(line).section), title, *few.names))
    one, other = _setting(few), _setting(many)
    if not nothing_new(one, f"{other} {heads}", few.count) or not nothing_new(other, f"{one} {heads}", many.count):
        return False
    above = " ".join(word[0] for at in log.lines if at.number < line for word in METRIC_WORD.finditer(at.body))
    told = _POINTS.sub(" ", _first_clause(sentence))
    for pattern in (ANNOUNCED, _STILL, _WHERE, _NUMBER, _WHOLE, *(() if above else (METRIC_WORD,))):
        told = pattern.sub(" ", told)
    shared = {_five(word) for word in _WORD.findall(told)} & {_five(word) for word in _WORD.findall(f"{one} {heads}")}
    return bool(shared) and nothing_new(told, f"{one} {other} {heads} {above}")


def _setting(look: Look) -> str:
    """What is told of a look beside its results and its repeats."""
    text = _REPEATED.sub(" ", look.text.replace("_", " "))
    values = "|".join(f"{value:g}" for value in (look.one, look.other))
    return _STAGE.sub(" ", _NUMBER.sub(" ", re.sub(rf"(?<![\w.])(?:{values})(?![\w.])", " ", text)))


def _first_clause(sentence: Sentence) -> str:
    """A sentence up to the end of the clause that has its number."""
    end = sentence.numbers[0].end if sentence.numbers else 0
    stop = re.search(r"[,;.]\s| and | und | et | y | и ", sentence.text[end:])
    return sentence.text[: end + stop.start()] if stop else sentence.text


def _five(word: str) -> str:
    return word.lower()[:5]


def _one_comparison(few: Look, many: Look) -> bool:
    """Whether two looks compare the same two arms: named alike, one by one, and neither with a name of its own."""
    alike = 0
    mine, theirs = (_arms(look) for look in (few, many))
    for one, other in zip(mine, theirs, strict=True):
        if one and other and not one & other:
            return False
        alike += bool(one & other)
    return alike >= 1 and not (mine[0] & theirs[1] - mine[1]) and not (mine[1] & theirs[0] - mine[0])


def _arms(look: Look) -> tuple[set[str], set[str]]:
    one, other = map(_words, look.names)
    return one - other, other - one


def _words(name: str) -> set[str]:
    """What tells an arm from another: its words without those of metrics, repeats and means."""
    low = METRIC_WORD.sub(" ", name.lower().replace("_", " "))
    return {word for word in _WORD.findall(low) if not nothing_new(word)} | set(_SIDES.findall(low))


def _announces(sentence: Sentence) -> bool:
    """Whether a sentence tells of a gain as one that stands."""
    text = sentence.text
    signed = any(n.signed and n.value > 0 for n in sentence.numbers)
    if not (signed or ANNOUNCED.search(text)) or len(sentence.numbers) > _NUMBERS:
        return False
    return not TAKEN_BACK.search(_STILL.sub(" ", text)) and not repeats_said(text) and "?" not in text


_WORD = Pattern(r"[^\W_]*[^\W\d_][^\W_]*|[@\[\]]")
_NUMBER = Pattern(r"[+\-−]?\d*[.,]\d+%?|[+\-−]\d+%?|:\s*\d+%?")
_SIDES = worded(r"with|without|avec|sans|con|sin|mit|ohne|off|on|с|без")
_STAGE = worded(
    r"first|second|third|look|full|initial\w*|later|all|more|rest|remaining|further|phase|stage|round|done|finished|total|"
    r"series|counted|both|arms?|settings?|trainings?|included|including|same|per|every|each|together|in|added|extra|"
    r"leaves?|left|gap|seed|seeds|\d+[-–]\d+|with|without|avec|sans|con|sin|mit|ohne|vs|against|versus|from|"
    r"premières?|ersten?|primeras?|первые|первых|bis"
)
"""Words that tell one look from another, and nothing of what is compared."""

_WHERE = worded(
    r"notes?|self|verdict|conclusion|conclude\w*|result|summary|release|changelog|claim|headline|recommendation|"
    r"decision|talk|blog|abstract|readme|slides?|pr|opened|title|model card|card|report|ergebnis|fazit|résultat|bilan|"
    r"resultado|conclusión|вывод|结论|tl;dr|almost|nearly|good|half|full|clear|clearly|solid|nice|cheap|easy|free|absolute|"
    r"relative|durch|um|fait|grâce|us|now|thanks|off"
)
"""Where a gain is announced, and how large it is called."""

_COUNTED = "|".join(NUMBER_WORDS)
_REPEATED = Pattern(rf"(?<![^\W_])(?:{_COUNTED}|\d+)\s+(?:more |further )?(?={REPEAT}(?![^\W_]))", re.IGNORECASE)
_POINTS = Pattern(rf"(?<![^\W_])(?:{_COUNTED}|\d+) (?=points?|percent)|(?<= and )a half", re.IGNORECASE)
_WHOLE = Pattern(r"(?<![\w.])\d+(?![\w.])")

_STILL = Pattern(
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
