"""Numbers that a sentence makes a mean or a spread: by the word before them, behind them, or by a ±."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Line
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import (
    MEAN_WORD,
    NO_MEAN,
    NUMBER_WORDS,
    OF_A_MEAN,
    POOLED,
    REPEAT,
    SPREAD_WORD,
)
from evenhand.audit.told.repeats.said_counts import count_said

_REACH = 75
"""Letters between the word for a mean and its number."""
_SPREADS = 45
_LONG = 240
_CLAUSE = Pattern(r"[;|]|\.\s|[:?!]\s")
_BEHIND = Pattern(
    r"\W{0,3}(?:(?:word|percent|per cent|prozent|points?|punkten?|pts?|%|ms|s)\s*)?(?:errors?\s*)?\W{0,3}(?:on|in|"
    r"im|the|als|en|de|в|\()?\s*(?:the\s*)?$",
    re.IGNORECASE,
)
_PLUS_MINUS = Pattern(r"\s*%?\s*(?:±|\+/?-|\+-)\s*$")
_BOTH = Pattern(
    r"\b(?:mean|avg|average)\s*(?:±|\+/?-|\(|/|,|and)\s*(?:sample |population |unbiased )?(?:std\w*|sd|s\.d\.|"
    r"standard deviation)\)?",
    re.IGNORECASE,
)
_COMPARED = Pattern(
    r"[<>≤≥]|\b(?:below|(?<!the )above|under|at most|at least|less than|more than|gate|threshold|target|limit)\b",
    re.IGNORECASE,
)


OVER_ELSE = Pattern(
    r"\b(?:over|across|on|for|in|per|from|between)\s+(?:(?:the|all|our|this|its|every|each)\s+)*"
    rf"(?!(?:{REPEAT}|the|our|this|its|every|each|these|those|them|all|both|above|average|mean|total|initiali[sz]ations?|starts?|"
    rf"{'|'.join(word for word in NUMBER_WORDS if word.isascii())}|[a-h])\b)[a-z]{{3,}}",
    re.IGNORECASE,
)
_OF_OTHERS = Pattern(
    r"\b(?:previous|prior|earlier|published|literature|baseline\w*|paper|others?|last (?:week|month|year))\b[^.;]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Told:
    """A number that is said to be a mean or a spread.

    Attributes:
        number: as printed.
        role: mean, pooled (perhaps a mean), implied (by the spread behind it) or spread.
        sentence: where it stands.
        words: those around it, from which its kind is read.
    """

    number: Number
    role: str
    sentence: Sentence
    words: str

    @property
    def line(self) -> Line:
        """The line that it stands on."""
        return self.sentence.line_at(self.number.start)


def told_in(sentence: Sentence) -> Iterator[Told]:
    """The numbers of a sentence that its words make a mean or a spread."""
    if not sentence.numbers:
        return
    text = sentence.text
    seen: set[int] = set()
    for word in _BOTH.finditer(text):
        after = [n for n in sentence.numbers if n.start >= word.end() and not _counts(text, n)]
        mean, sd = (*after, None, None)[:2]
        if mean is not None and sd is not None and mean.start - word.end() < _SPREADS and sd.start - mean.end <= 4:
            seen |= {mean.start, sd.start}
            yield Told(mean, "mean", sentence, text)
            yield Told(sd, "spread", sentence, text)
    for pattern, role in ((SPREAD_WORD, "spread"), (MEAN_WORD, "mean"), (POOLED, "pooled")):
        for word in pattern.finditer(text):
            number = _number_of(sentence, word, role)
            if number is None or number.start in seen or (number.signed and role == "spread"):
                continue
            seen.add(number.start)
            words = text if len(text) <= _LONG else text[max(0, word.start() - 60) : max(word.end(), number.end) + 60]
            yield Told(number, role, sentence, words)
    for place, number in enumerate(sentence.numbers[1:]):
        before = sentence.numbers[place]
        if number.start not in seen and (number.spread or _PLUS_MINUS.fullmatch(text[before.end : number.start])):
            seen.add(number.start)
            if before.start not in seen:
                yield Told(before, "implied", sentence, text)
            if not OF_A_MEAN.search(text):
                yield Told(number, "spread", sentence, text)


def _number_of(sentence: Sentence, word: re.Match[str], role: str) -> Number | None:
    """The number that a word makes a mean or a spread: the next one of its clause, or the one right before it."""
    text = sentence.text
    lead = text[max(0, word.start() - 14) : word.start()]
    if (
        NO_MEAN.search(lead)
        or _OF_OTHERS.search(text[: word.start()])
        or (role == "spread" and OF_A_MEAN.search(text[word.start() : word.end() + 12]))
    ):
        return None
    reach = _SPREADS if role == "spread" else _REACH
    for number in sentence.numbers:
        between = text[word.end() : number.start]
        if number.start < word.end():
            continue
        if OVER_ELSE.search(between) and role != "pooled":
            break
        if (
            len(between) > reach
            or _CLAUSE.search(between.replace(": ", " ", 1))
            or _other_role(between, role)
            or _COMPARED.search(between)
        ):
            break
        if _counts(text, number) or count_said(text[max(0, number.start - 8) : number.end + 14]) == number.value:
            continue
        return number
    before = [n for n in sentence.numbers if n.end <= word.start()]
    if before and role == "mean" and _BEHIND.fullmatch(text[before[-1].end : word.start()]):
        return before[-1]
    return None


def _counts(text: str, number: Number) -> bool:
    """Whether a number counts what the mean is of, or is part of a condition such as ``n-1`` or ``ddof=1``."""
    after = re.match(
        r"\s*(?:[\w-]+\s){0,1}(?:seeds?|runs?|values?|folds?|repeats?|splits?|trainings?)\b", text[number.end :]
    )
    if re.search(r"\bn\s?[-−–]\s?1$", text[: number.end]):
        return True
    before = re.search(r"(?:ddof\s*=?\s*|\bn\s*=\s*|\bseeds?\s*)$", text[: number.start], re.IGNORECASE)
    return not number.decimals and (
        after is not None
        or before is not None
        or (number.value == 1 and number.start >= 2 and text[number.start - 1] in "-−–")
    )


def _other_role(between: str, role: str) -> bool:
    """Whether a word between a role and a number gives that number to something else."""
    other = MEAN_WORD if role == "spread" else SPREAD_WORD
    return (
        other.search(between) is not None
        or NO_MEAN.search(between) is not None
        or OF_A_MEAN.search(between) is not None
    )
