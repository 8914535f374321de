"""Counts in sentences with the share that is told of them: ``37 of the 52, or 76.1 %``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import (
    ALL_OF,
    CONSEQUENCE,
    OF_THEM,
    OF_WHICH,
    OUT_OF,
    PART_NAMES,
    SHARE_NAMES,
    THUS,
)
from evenhand.audit.told.quantities import Quantity, Scope, quantities, scopes_of

_WORDS = r"(?:\s+(?!(?:and|or|but|then|while|und|oder|et|y)\b)[^\W\d_][\w'’-]*){0,3}"
_PART_OF = Pattern(rf"{_WORDS}\s*(?:{OUT_OF})\s*(?:{ALL_OF}){{0,2}}", re.IGNORECASE)
_BACKWARDS = Pattern(rf"(?:^|[\s,;(])(?:out of|of|von|aus|sur|из|de)\s+(?:{ALL_OF}){{0,2}}$", re.IGNORECASE)
_WHICH = Pattern(rf"{_WORDS}\s*,?\s*(?:{OF_WHICH})\s*", re.IGNORECASE)
_LINK = Pattern(
    rf"[^\d.;]{{0,42}}?(?:^|[\s,(])(?:{CONSEQUENCE})(?![a-z])\s*(?:(?:an?|the|une?|der|die|ein|eine)\s+)?[^\d.;,]{{0,24}}?[:=(≈~]*\s*",
    re.IGNORECASE,
)
_STRAIGHT = Pattern(
    rf"{_WORDS}\s*[,;]?\s*(?:[(=≈]|=>|->|→|:|(?:{CONSEQUENCE})(?![a-z]))[\s=]*(?:(?:an?|the|une?|eine?)\s+)?"
    rf"(?:(?:[^\W\d]\w*\s+){{0,2}}(?:{SHARE_NAMES})(?:\s+(?:of|is|de|von))?\s*[:=]?\s*)?",
    re.IGNORECASE,
)
"""Between a count and its share: nothing but that the one is the other."""

_THUS = Pattern(rf"(?<![\w])(?:{THUS})(?![\w])", re.IGNORECASE)
_THEM = Pattern(rf"\s*(?:{OF_THEM})(?![\w])", re.IGNORECASE)
_NOUN = Pattern(r"[\s-]+(?:[^\W\d_]+[\s-]+){0,2}[^\W\d_]{3,}")
_ELSE = Pattern(
    r"\b(?:vs|versus|than|against|compared|baseline|up from|down from|improv\w*|increas\w*|reduc\w*|higher|lower|more|"
    r"less|fewer|faster|slower|better|worse|relative|interval|ci|confidence|bound|threshold|target|chance|at least|at "
    r"most|macro|micro|weighted|auc|auroc|corr|correlation|mean|average|averaged|loss|f1|auc|pass@[2-9]\w*|tokens?|"
    r"steps?|epochs?|seeds?|lr|hours?|minutes?|respectively|while|whereas|but|expected|claimed|reported|paper)\b",
    re.IGNORECASE,
)
_RATE_ENTRY = Pattern(rf"(?:[^\W\d][\w-]*\s+){{0,2}}(?:{SHARE_NAMES})\s*[:=]?\s*", re.IGNORECASE)
NAMED_SHARE = Pattern(rf"(?<![a-z])(?:{SHARE_NAMES})(?![a-z])", re.IGNORECASE)
PART = Pattern(rf"(?<![a-z])(?:{PART_NAMES})(?![a-z])", re.IGNORECASE)
"""Names of shares, and of counts that are parts of a whole."""
OF_NOUN = Pattern(r"\s*(?:per ?cent\s)?of\s+(?:the |all |our |its )?(?!them|these|those)([^\W\d]\w+)", re.IGNORECASE)
_WHERE = Pattern(r"\s*(?:in|on|at|for|by|from|during|before|after|since|until|within|across|over|per)\b", re.IGNORECASE)
"""Behind a share in brackets: it is one of another time, place or part."""
_NAMED = Pattern(r"[A-Za-z]+@\w+")
_FAR = 4
"""Lines between a count and the sentence that concludes its share."""

_LONG = 60
_BOUNDS = frozenset("<>≤≥≈~")
NEAR = 0.12
"""A share that is farther off than this is one of something else."""


@dataclass(frozen=True)
class Told:
    """A count with the share that is told of it.

    Attributes:
        part, whole: the count.
        share: what is printed.
        line: of the share; and of the count.
        sure: nothing stands between them but that the one is the other.
    """

    part: int
    whole: int
    share: Quantity
    line: Line
    count_line: Line
    sure: bool = False

    @property
    def found(self) -> float:
        """The share of the count, in the printed unit."""
        return self.part / self.whole * (100 if per_cent(self.share) else 1)

    @property
    def wrong(self) -> bool:
        """Whether neither the count nor what is left of it has the share, though it is near."""
        top = 100 if per_cent(self.share) else 1
        return not fits(self.part, self.whole, self.share) and abs(self.found - self.share.value) <= NEAR * top


def per_cent(share: Quantity) -> bool:
    """Whether a share is told in per cent."""
    return share.unit == "%" or share.value > 1


def is_share(one: Quantity) -> bool:
    """Whether a number can be a share of a count."""
    if not one.plain or one.unit not in ("", "%") or one.before.rstrip()[-1:] in _BOUNDS:
        return False
    return 0 < one.value < 100 if one.unit == "%" else one.number.decimals >= 2 and 0 < one.value < 1


def fits(part: float, whole: float, share: Quantity) -> bool:
    """Whether a share, or what it leaves, is that of a count, its last digit cut off or not."""
    top = 100 if per_cent(share) else 1
    found = top * part / whole
    return any(abs(one - share.value) <= 2 * share.number.slack * (1 + 1e-9) for one in (found, top - found))


def counts_in(found: tuple[Quantity, ...]) -> Iterator[tuple[Quantity, Quantity, int]]:
    """The counts of a sentence: part, whole, and the place behind both."""
    for one, other in itertools.pairwise(found):
        if not (one.whole and other.whole) or not min(one.value, other.value):
            continue
        between = one.after
        if one.value <= other.value and other.value >= 10 and _PART_OF.fullmatch(between):
            yield one, other, other.place + 1
        elif other.value <= one.value and one.value >= 10:
            ahead = _BACKWARDS.search(one.before) is not None and len(between) < 60 and not re.search("[.;]", between)
            if ahead or _WHICH.fullmatch(between):
                yield other, one, other.place + 1


def told_in(log: Log) -> Iterator[Told]:
    """The counts of a log's sentences, each with the share that is said to be its own."""
    for scope in scopes_of(log) if not log.data else ():
        sentences = list(scope.sentences)
        for at, sentence in enumerate(sentences):
            found = quantities(sentence)
            for part, whole, place in counts_in(found):
                share = found[place] if place < len(found) else None
                if share is None and at + 1 < len(sentences):
                    share = _in_the_next(sentence.text, quantities(sentences[at + 1]))
                elif share is not None and not _linked(found[place - 1], share):
                    share = None
                if share is not None and is_share(share) and not _explained(scope, share) and not _else(share):
                    told = Told(int(part.value), int(whole.value), share, share.line, part.line)
                    yield replace(told, sure=_straight(found[place - 1], told))


def _straight(last: Quantity, told: Told) -> bool:
    """Whether a share follows its count at once, and might be one of its items: fine digits that none gives are not."""
    share, top = told.share, 100 if per_cent(told.share) else 1
    fine = share.number.decimals >= (4 if top == 1 else 2)
    if not 0 < told.part < told.whole or (fine and _off(share, told.whole, top)):
        return False
    if share.sentence is last.sentence:
        return _STRAIGHT.fullmatch(_NAMED.sub("rate", last.after)) is not None
    return share.line.number - last.line.number <= 2


def _off(share: Quantity, whole: int, top: int) -> bool:
    return abs(round(share.value / top * whole) * top / whole - share.value) > share.number.slack


def concluded_in(log: Log) -> Iterator[Told]:
    """Shares that are concluded from a count whose parts stand apart: ``480 games … won 312 … so 68 %``."""
    for scope in scopes_of(log) if not log.data else ():
        found = list(scope.quantities)
        own = {id(one) for s in scope.sentences for pair in counts_in(quantities(s)) for one in pair[:2]}
        shares = {id(q) for q in found if is_share(q)}
        for at, share in enumerate(found):
            far = len(share.before) > _LONG or _ELSE.search(share.before) is not None
            if id(share) not in shares or not _thus(share) or _else(share) or far:
                continue
            before = [q for q in found[max(0, at - 12) : at] if q.line.number >= share.line.number - _FAR]
            parts = [
                q for q in before
                if q.whole and not _has_own(q, found)
                and (_THEM.match(q.after) or (id(q) in own and _lesser(q, before, own)))
            ]  # fmt: skip
            wholes = [q for q in before if q.whole and q.value >= 10 and (_NOUN.match(q.after) or id(q) in own)]
            if not parts or _explained(scope, share):
                continue
            part = parts[-1]
            near = {q.value: q for q in wholes if q.value > part.value and q is not part}
            told = [Told(int(part.value), int(q.value), share, share.line, part.line) for q in near.values()]
            told = [one for one in told if one.wrong]
            if len(told) == 1:
                yield replace(told[0], sure=len(near) == 1 and NAMED_SHARE.search(share.before) is not None)


def _thus(share: Quantity) -> bool:
    """Whether a share is said to follow from what stands before it; an arrow from another share says no such thing."""
    if re.search(r"→|->|⇒|=>", share.before):
        last = quantities(share.sentence)[share.place - 1] if share.place else None
        return last is not None and last.whole and _THEM.match(last.after) is not None
    return _THUS.search(share.before) is not None or re.match(r"\W*(?:donc|thus|then|also)\b", share.after) is not None


def _lesser(one: Quantity, before: list[Quantity], own: set[int]) -> bool:
    return any(id(q) in own and q.value > one.value and q.sentence is one.sentence for q in before)


def _has_own(part: Quantity, found: list[Quantity]) -> bool:
    """Whether a count has its own share, right beside it, that fits it."""
    beside = [q for q in found if q.sentence is part.sentence and is_share(q)]
    return any(fits(part.value, q.value, s) for s in beside for q in found if q.whole and q.value > part.value)


def _linked(last: Quantity, share: Quantity) -> bool:
    """Whether the words between a count and a share say that the one is the other."""
    text = _NAMED.sub("rate", last.after)
    return _LINK.fullmatch(text) is not None and _ELSE.search(text) is None


def _in_the_next(text: str, found: tuple[Quantity, ...]) -> Quantity | None:
    """The share of a sentence that says what follows from the count before it, or is the entry of its rate."""
    if not found or not is_share(found[0]):
        return None
    before = found[0].before
    thus = _THUS.search(before) is not None or _THUS.search(found[0].after[:20]) is not None
    entry = _RATE_ENTRY.fullmatch(before) is not None and PART.search(text) is not None
    return found[0] if (thus or entry) and len(before) < 70 and not _ELSE.search(before) else None


def _else(share: Quantity) -> bool:
    """Whether a share is said to be of something else by what follows it."""
    text = share.after[1 if share.number.unit == "%" else 0 :]
    noun = OF_NOUN.match(text)
    if noun is not None and noun[1].lower()[:4] not in share.sentence.low[: share.number.start]:
        return True
    if share.before.rstrip().endswith("(") and _WHERE.match(text):
        return True
    return re.match(
        r"\s*(?:per ?cent\w*)?\s*(?:→|->|⇒|(?:at (?:best|most|least|worst)|(?:excluding|without|ignoring|among|when)\b|"
        r"faster|slower|lower|higher|more|less|fewer|better|worse|relative|ci\b|confidence|(?:\w+\s)?(?:auc|f1|loss|"
        r"bleu|map|corr)\b|vs\b|than\b|threshold|reduc\w*|improv\w*|increas\w*|speed))", text, re.IGNORECASE
    ) is not None  # fmt: skip


def _explained(scope: Scope, share: Quantity) -> bool:
    """Whether some two whole numbers that stand there have a share."""
    return explained([int(one.value) for one in scope.quantities if one.whole], share)


def explained(numbers: list[int], share: Quantity) -> bool:
    """Whether a share is that of some two of these numbers."""
    known = sorted({one for one in numbers if 0 < one < 10_000_000})[:40]
    top, last = (100 if per_cent(share) else 1), 2 * share.number.slack * (1 + 1e-9)
    return any(abs(top * a / b - share.value) <= last for a in known for b in known if a < b and b >= 5)
