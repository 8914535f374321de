"""Sentences that call a gain certain: proven, significant, beyond doubt, and neither denied, asked nor taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.passages import Passage, Sentence
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import CERTAIN_WORDS, GAIN_WORDS
from evenhand.audit.text.words import denied
from evenhand.audit.told.quantities import Scope, scopes_of

EDGE = r"(?<![^\W\u3400-\u9fff])"
_CERTAIN = Pattern(rf"{EDGE}(?:{CERTAIN_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_GAIN = Pattern(rf"{EDGE}(?:{GAIN_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_TAKEN_BACK = Pattern(
    r"(?:includes?|contains?|cross\w*|straddl\w*|covers?|spans?|touch\w*) (?:\w+ )?(?:0|zero)\b|\bn\.?s\.?\b|\?|"
    r"(?<![\w])(?:not|no|nor|never|neither|insignificant|inconclusive|undecided|unclear|but|though|although|however|only|"
    r"cannot|yet|if|whether|would|could|should|may|might|must|need\w*|plan\w*|todo|to check|before we|until|unless|"
    r"hypothes\w*|expect\w*|without|lacks?|fails?|nicht|kein\w*|noch|ob|aber|falls|pas|aucun\w*|ne|si|mais|pero|sin|"
    r"не|нет|но|если|未|没有|不|是否|尚)(?![\w])",
    re.IGNORECASE,
)
_OF_ELSE = Pattern(
    r"significant (?:digits?|figures?|bits?|amount|portion|time|memory|overhead|effort|part|share|number|role|"
    r"computational|challenge|work|change|bug|issue|progress)|certain (?:\w+ )?(?:cases?|conditions?|tasks?|amount|"
    r"types?|kinds?|extent|point|number|layers?|tokens?|words?)|real[- ]world|significantly (?:more|fewer|less|larger|"
    r"smaller) (?:memory|time|compute|parameters|data|tokens)",
    re.IGNORECASE,
)
_OTHERS = Pattern(
    r"\bet al\b|arxiv|\bpapers?\b|literature|previous work|prior work|reported by|published (?:by|in|results)",
    re.IGNORECASE,
)
_LONGEST = 260
"""Letters of a sentence that claims something."""


@dataclass(frozen=True, eq=False)
class Claim:
    """A sentence that calls something certain.

    Attributes:
        word: that it does so with.
        sentence, passage, scope: where it stands.
        line: of the word.
    """

    word: str
    sentence: Sentence
    passage: Passage
    scope: Scope
    line: Line


@per_log
def claims_of(log: Log) -> tuple[Claim, ...]:
    """The sentences of a log that call a gain certain."""
    return tuple(_claims(log))


def _claims(log: Log) -> Iterator[Claim]:
    for scope in scopes_of(log):
        for passage in scope.passages:
            if passage.kind == "heading" and not log.name.endswith(".log"):
                continue
            for sentence in passage.sentences:
                found = _CERTAIN.search(sentence.text) if len(sentence.text) <= _LONGEST else None
                if found is not None and _asserted(sentence.text, found):
                    yield Claim(found[0].strip().lower(), sentence, passage, scope, sentence.line_at(found.start()))


def _asserted(text: str, found: re.Match[str]) -> bool:
    if _OF_ELSE.search(text) or _OTHERS.search(text) or denied(text, found.start()):
        return False
    rest = _CERTAIN.sub(" ", text)
    gain = (
        _GAIN.search(rest) is not None
        or re.search(r"chance|noise|effect|gain|improv|luck", text, re.IGNORECASE) is not None
    )
    return gain and _TAKEN_BACK.search(rest) is None
