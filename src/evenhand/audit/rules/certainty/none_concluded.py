"""No effect concluded in a sentence from two arms whose few repeats lie far apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.steadiness import BUT_NOISE, NO_EFFECT, NOT_SHOWN
from evenhand.audit.text.words import akin, of_others, planning
from evenhand.audit.told.repeats.arms_over import Over, arms_over
from evenhand.audit.told.repeats.basis import arms_beside, basis_of
from evenhand.audit.told.seeds.spreads import difference_of
from evenhand.audit.told.seeds.tested import facts_of

_FEW = 5
_NOISE = 0.02
"""Half the interval of the difference, as a part of the results, from which on effects that matter may hide in it."""

_NEAR = 6
_SURELY = Pattern(
    r"(?!.*\b(?:significan|consisten|clear|measur|detect|large|statistic|reliabl|strong|obvious|notic|real|big|practical|"
    r"any\b))(?!there )(?:.*(?:(?:no|zero|null|without) (?:difference|effect|influence|impact|odds|bearing)|matter|"
    r"change|affect|influence|irrelevant|immaterial|interchangeable|equivalent|nothing|unterschied|einfluss|wirkung|auswirkung|"
    r"gleichwertig|austauschbar|effet|différence|rien|équivalent|efecto|influencia|diferencia|equivalentes|влия|меня|"
    r"разниц|эффект|差别|影响|区别|差异))",
    re.IGNORECASE,
)
"""A denial of the effect itself; others are said of costs, of what comes for free, of kinds of things."""

_OF_ELSE = Pattern(
    r"\b(?:speed|throughput|latency|memory|(?:run|wall|train\w*|inference)?[- ]?time|costs?|seconds?|never|bug\w*|"
    r"ignored|inactive|disabled|unused|code path|(?:effect|difference)s? (?:in|of)|the (?:difference|gap|effect)s?|"
    r"can be|claimed|hypothes\w*|margin|equivalence|tost|not (?:read|used|active|applied|wired|reached|loaded)|"
    r"dead code|no-op)\b",
    re.IGNORECASE,
)
"""What is denied of other things than the results, or explained by a fault of the program."""

_ABOVE = 14
_ALIKE = 0.4
_LONGEST = 400


def concluded(log: Log) -> Iterator[Finding]:
    """Sentences that deny an effect behind two arms of at most five repeats, whose difference has a wide interval."""
    arms = sorted({one.last for one in arms_over(log)})
    for passage in passages_of(log) if arms else ():
        if not log.data and not any(passage.first - _ABOVE <= at <= passage.last for at in arms):
            continue
        if passage.kind == "heading" or planning(log, passage.sentences[0].lines[0]):
            continue
        for sentence in passage.sentences:
            word = _said(log, sentence)
            pair = _pair(log, passage, sentence) if word else None
            if not word or pair is None or re.search(rf"[\"“«„][^\"”»]*{re.escape(word)}[^\"“«„]*[\"”»]", sentence.low):
                continue  # what somebody else said
            one, other, low, high = pair
            facts: dict[str, object] = {"word": word, "seeds": one.count, "low": low, "high": high, "each": True}
            line = sentence.line_at(max(0, sentence.low.find(word)))
            others = (place_of(log, one.first), place_of(log, other.first))
            plain = _SURELY.match(word) is not None and not _OF_ELSE.search(sentence.text)
            firm = plain and _only(log, passage, sentence, one, other)
            firm = firm and (not log.data or line.number in (one.last, other.last))  # another record is of another run
            yield Finding(
                "no-effect-shown", "caution", place_of(log, line), facts, others, anywhere=True, unproven=not firm
            )


def _only(log: Log, passage: Passage, sentence: Sentence, one: Over, other: Over) -> bool:
    """Whether these two arms, over repeats that are called so, are all that stands right above, paired or not.

    Without their values they must stand in the sentence itself: a difference of pairs may be known better.
    """
    beside = [arm for arm in arms_beside(log, passage, sentence) if arm.values or not log.data]
    basis = basis_of(log, passage, sentence)
    first = sentence.lines[0].number
    if {(arm.first, arm.last, arm.values) for arm in beside} != {
        (arm.first, arm.last, arm.values) for arm in (one, other)
    }:
        return False
    above = [
        line.text
        for line in log.lines
        if log.data or (line.section == passage.section and 0 < first - line.number < _ABOVE)
    ]
    if not akin(NO_EFFECT.sub(" ", sentence.text), " ".join((*log.path(passage.section), *above))):
        return False
    if not (one.repeated and other.repeated) and (basis is None or basis.count != one.count):
        return False
    if not one.values or not other.values:
        return one.first >= first and len(beside) == 2
    paired = facts_of(np.subtract(other.values, one.values))
    if paired is None or (not log.data and min(one.last, other.last) < first - _NEAR):
        return False
    half = (float(str(paired["high"])) - float(str(paired["low"]))) / 2
    return half >= _NOISE * max(abs(one.mean or 0), abs(other.mean or 0))


def _said(log: Log, sentence: Sentence) -> str:
    """The words that deny an effect, where the sentence leaves nothing open."""
    texts = [sentence.text]
    if not log.english or not sentence.text.isascii():
        texts.append(" ".join(line.text.strip() for line in sentence.lines))
    for text in texts:
        found = NO_EFFECT.search(text)
        if found is not None and len(text) <= _LONGEST and not of_others(sentence.lines[0]):
            rest = text[: found.start()] + " " + text[found.end() :]
            return (
                ""
                if NOT_SHOWN.search(rest) or BUT_NOISE.search(text[found.end() :]) or "?" in rest
                else " ".join(found[0].lower().split())
            )
    return ""


def _pair(log: Log, passage: Passage, sentence: Sentence) -> tuple[Over, Over, float, float] | None:
    """The two arms that lie farthest apart, with the interval of their difference, where it is wide and holds zero."""
    arms = _together(arms_beside(log, passage, sentence))
    basis = basis_of(log, passage, sentence)
    if not arms or (basis is not None and basis.count > _FEW):
        return None
    wide = []
    for one, other in combinations(arms, 2):
        if one.mean is None or other.mean is None or not one.sd or not other.sd:
            continue
        tested = difference_of(other.mean - one.mean, one.sd, other.sd, one.count)
        size = max(abs(one.mean), abs(other.mean))
        if tested is None or abs(one.mean - other.mean) > _ALIKE * size:
            return None
        _, low, high = tested
        if not low < 0 < high or (high - low) / 2 < _NOISE * size:
            return None
        wide.append((abs(other.mean - one.mean), one, other, low, high))
    return max(wide, key=lambda it: it[0])[1:] if wide else None


def _together(arms: Sequence[Over]) -> list[Over]:
    """The arms that are told together last, with as many repeats each."""
    found: list[Over] = []
    for one in reversed(arms):
        same = not found or (one.where, one.count) == (found[0].where, found[0].count)
        if (
            same
            and 2 <= one.count <= _FEW
            and one.sd
            and not any(one.values and one.values == held.values for held in found)
        ):
            found.append(one)
        elif found:
            break
    found = found[:2] if found and found[0].where.startswith("words") else found[:6]
    return list(reversed(found)) if len(found) >= 2 else []
