"""How many items results rest on, as is said and as the steps between values tell; whether one may be right in part."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.tested import COUNTED, NOUN, OF_NO_TEST, OF_THE, TESTED, THINGS
from evenhand.audit.text.words import hoped_in
from evenhand.audit.told.shares.grim import TRAINED

_ITEMS = Pattern(
    r"(?<![\w.,/])(?P<n>\d{1,3}(?:,\d{3})+|\d{2,6})[\s-]+(?:(?:held[- ]out|test|dev|eval(?:uation)?|validation|val|"
    r"random|total|unseen|unique|math|gsm8k|human|labell?ed)\s+){0,2}(?:questions?|problems?|items?|examples?|samples?|"
    r"prompts?|instances|queries|images|sentences|documents|docs|tasks|trials|games|episodes|puzzles|cases|rows|"
    r"pairs)\b|\b[nN]\s*[=:]\s*(?P<m>\d{1,3}(?:,\d{3})+|\d{2,6})\b",
    re.IGNORECASE,
)
_IN_PARTS = Pattern(
    r"(?<![\w.])0?\.5 (?:points? |credits? |marks? )?(?:for|if) (?:an? |the |only )*"
    r"(?:partial\w*|half|incomplete|one|some|subset|tie)|"
    r"\b(?:partial|half)[- ](?:credits?|points?|marks?)\b|\bhalf an? (?:credit|mark)\b|"
    r"\bhalf a point (?:for|if|each)\b|\b(?:partial|ties?) ?[=:] ?0?\.5\b|\bcount(?:s|ed)? (?:as )?(?:half|0?\.5)\b|"
    r"\bties? (?:as|worth) (?:half|0?\.5)\b|\b0(?:\.0)?, ?0?\.5,? (?:or|and) 1(?:\.0)?\b",
    re.IGNORECASE,
    needs=".5|half|partial",
)
_NO_PARTS = Pattern(r"\b(?:no|not|none|never|without|instead of|rather than)\b|n['’]t\b", re.IGNORECASE)
_BESIDE = 30

_WORD = Pattern(r"[^\W\d_]{4,}")
_STEM, _ASIDE, _MOST_SENTENCES = 5, 40, 200

_MOST = 2000
_DIFFERENT = 3
"""Two values alone have some common steps."""

_BY_CHANCE = 0.0002


@lru_cache(maxsize=4096)
def items_said(log: Log, section: int) -> frozenset[int]:
    """The numbers of items that the headings above a section, and its own lines of words, tell of."""
    texts = [*log.path(section), *(line.body for line in log.own(section) if line.kind in ("prose", "bullet"))]
    found = (one for text in texts for one in _ITEMS.finditer(text))
    return frozenset(int((one["n"] or one["m"]).replace(",", "")) for one in found)


@per_log
def graded(log: Log) -> bool:
    """Whether a log says that an item may be right in part: beside a count may then stand the mean of such scores."""
    return any(
        _NO_PARTS.search(line.body[max(0, found.start() - _BESIDE) : found.end() + _BESIDE]) is None
        for line in log.lines
        for found in _IN_PARTS.finditer(line.body)
    )


def steps(values: Sequence[Number]) -> int | None:
    """The least number of items of which all values are shares; None where none fits, or where chance would find one.

    A value printed to h fits the shares of N items by chance with probability 2 h N; the chance is summed over all N
    up to the one that is found.
    """
    shares = {
        round(abs(n.share), 9): (abs(n.share), (n.slack / 100 if n.unit in ("%", "pp") else n.slack))
        for n in values
        if n.value
    }
    if len(shares) < _DIFFERENT or any(share > 1 for share, _ in shares.values()):
        return None
    spans = list(shares.values())
    first, of_first = spans[0]
    for items in range(2, _fewer_than_chance_finds(tuple(sorted(Counter(half for _, half in spans).items())))):
        if abs(round(first * items) / items - first) > of_first:
            continue
        if all(abs(round(share * items) / items - share) <= half for share, half in spans):
            return items if not _round(items, values) and _its_own(items, spans) else None
    return None


@lru_cache(maxsize=4096)
def _fewer_than_chance_finds(halves: tuple[tuple[float, int], ...]) -> int:
    """The items from which on chance would fit the shares, by the halves they are printed to, with their counts."""
    chance = 0.0
    for items in range(2, _MOST):
        chance += math.prod(min(1.0, 2 * half * items) ** count for half, count in halves)
        if chance > _BY_CHANCE:
            return items
    return _MOST


def primes_of(items: int) -> list[int]:
    """The prime factors of a number of items, each once."""
    return [n for n in range(2, items + 1) if items % n == 0 and all(n % m for m in range(2, math.isqrt(n) + 1))]


def needs_all(items: int, values: Sequence[Number]) -> bool:
    """Whether values are shares of so many items and not of a part of them."""
    return _its_own(items, [(abs(n.share), n.slack / 100 if n.unit in ("%", "pp") else n.slack) for n in values])


def _its_own(items: int, shares: Sequence[tuple[float, float]]) -> bool:
    """Whether as many values need all of the items as do by chance: else these are a multiple common to smaller sets.

    A count has no divisor in common with the items as often as the product of 1 - 1/p over their prime factors says;
    half of that is asked for.
    """
    primes = primes_of(items)
    expected = len(shares) * math.prod(1 - 1 / p for p in primes)
    parts = [items // p for p in primes]
    own = sum(all(abs(round(share * n) / n - share) > half for n in parts) for share, half in shares)
    return own >= max(1.0, expected / 2)


def _round(items: int, values: Sequence[Number]) -> bool:
    """Whether so many items only say that fewer digits were kept than are printed."""
    text = str(items)
    few = text.strip("0") in ("1", "2", "5") and items <= 100
    return (few or text.strip("0") == "1") and all(n.decimals >= 2 for n in values)


@dataclass(frozen=True)
class Whole:
    """A told number of items.

    Attributes:
        items: how many.
        line: where it is told.
        named: the shares are said to be of these: by their column's name, or in as many words.
    """

    items: int
    line: Line
    named: bool = False


@dataclass(frozen=True)
class Told:
    """A number that words follow, or that is said to be of all shares or of a test, as it stands in a sentence."""

    items: int
    line: Line
    words: tuple[str, ...]
    named: bool
    tested: bool = False


def wholes_of(told: Sequence[Told], name: str = "", line: Line | None = None) -> list[Whole]:
    """The numbers of items that a column's name, or sentences, tell of; what names the shares goes before."""
    found: dict[int, Whole] = {}
    of_the = re.search(r"\bof (?:the |all |our )?(\d{2,4})(?!\d)", name)
    if of_the and line:
        found[int(of_the[1])] = Whole(int(of_the[1]), line, named=True)
    stems = {word[:_STEM].lower() for word in _WORD.findall(name)}
    tested = {one.items for one in told if one.tested}
    for one in told:
        named = one.named or any(word[:_STEM].lower() in stems for word in one.words)
        named = named or (one.tested and len(tested) == 1)
        items = named or not one.words or any(NOUN.fullmatch(word) for word in one.words)
        if items and (one.items not in found or (named and not found[one.items].named)):
            found[one.items] = Whole(one.items, one.line, named)
    return list(found.values())


@per_log
def _by_section(log: Log) -> dict[int, tuple[list[Sentence], list[Told]]]:
    """The sentences of each section, and the numbers of items that they may tell of."""
    found: dict[int, tuple[list[Sentence], list[Told]]] = {}
    for passage in passages_of(log):
        sentences, told = found.setdefault(passage.section, ([], []))
        for sentence in passage.sentences if len(sentences) < _MOST_SENTENCES else ():
            sentences.append(sentence)
            told += told_in(sentence)
    return found


def above_of(log: Log, section: int) -> tuple[list[Sentence], list[Told]]:
    """The sentences of a section, and of those that it stands under, with what they tell."""
    known = _by_section(log)
    own = [known[one] for one in dict.fromkeys((*log.chain(section), -1)) if one in known]
    return [one for sentences, _ in own for one in sentences], [one for _, told in own for one in told]


def told_in(sentence: Sentence) -> Iterator[Told]:
    text = sentence.text
    if hoped_in(text):
        return
    for found in OF_THE.finditer(text):
        yield Told(int(found["n"]), sentence.line_at(found.start("n")), (), named=True)
    counted = [one for one in COUNTED.finditer(text) if not _learned_from(text, one)]
    near = {
        min(counted, key=lambda one: max(one.start() - mark.end(), mark.start() - one.end())).start()
        for mark in (TESTED.finditer(text) if counted else ())
    }  # of several numbers the one beside the word is that of the test
    for found in counted:
        items = int((found["n"] or found["m"]).replace(",", ""))
        words = tuple((found["words"] or "").split())
        tested = found.start() in near and any(THINGS.fullmatch(one) and not OF_NO_TEST.fullmatch(one) for one in words)
        yield Told(items, sentence.line_at(found.start()), words, named=False, tested=tested)


def _learned_from(text: str, one: re.Match[str]) -> bool:
    return TRAINED.search(text[max(0, one.start() - _ASIDE) : one.end()]) is not None
