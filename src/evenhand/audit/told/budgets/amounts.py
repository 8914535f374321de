"""What a statement says that an arm could spend: epochs, steps, tokens, time, machines, trials, tries at an item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.numbers import SECONDS, Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import BUDGETS
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.told.concluded.statements import Statement, words_of

_BETWEEN = (
    r"(?:[ -]?(?:thousand|tausend|million|mio\.?|тыс\w*\.?|млн|mille|mil|万))?(?:\s*\([^)]{1,20}\))?(?:[ -]+"
    r"(?!(?:at|of|in|to|and|or|on|per|with|after|until|for|from|the|by|vs|as|is|was)\b)[a-zA-Z][\w-]*){0,2}?[ -]*"
    r"(?<![^\W\d_])"
)
_BEHIND = {
    kind: Pattern(rf"{_BETWEEN}(?:{words})(?![\w-]*[a-zA-Z]|\s?=)", re.IGNORECASE) for kind, words in BUDGETS.items()
}
_BEFORE = {
    kind: Pattern(rf"(?<![a-z])(?:{words})\s*[=:]\s*$", re.IGNORECASE)
    for kind, words in BUDGETS.items()
    if kind != "time"
}
_TRIES = Pattern(
    r"\bper (?:question|item|problem|prompt|move|task|query|example)\b|\b(?:majority|vote|voting|best[- ]of|"
    r"self-consistency|"
    r"reranks?|filter|returns? the|picks?|search|sims|completions)\b|mehrheit|vote majoritaire",
    re.IGNORECASE,
)
_DEFAULTS = Pattern(
    r"\b(?:no (?:search|tuning|sweep)|defaults|default (?:settings?|hyper\w*|config\w*|values)|factory settings|"
    r"never (?:touched|tuned)|not tuned|untuned|out of the box|standard settings|one config)\b|standardwert\w*|"
    r"voreinstellung\w*|valeurs par défaut|réglages par défaut|valores por defecto|по умолчанию|默认",
    re.IGNORECASE,
)
_PART = Pattern(
    r"(?:\b(?:after|at|every|each|until|by|within|last|first|per|another|next|step|epoch|iteration|warm-?up|update|"
    r"than|nach|alle|jede\w*|tous les|toutes les|cada|кажд\w+|после|每)|[x×*/@]|#)\s*(?:the |about |ca\. ?)?$",
    re.IGNORECASE,
)
_STAGE = Pattern(
    r"^[ -]*(?:of )?(?:warm-?up|decay|linear|cosine|eval\w*|patience|overlap|context|window|memory|later|into|"
    r"earlier|remain\w*|saved|wasted|"
    r"before|ago|apart|per\b(?! (?:question|item|problem|prompt|move|task|query|example))|in total|together|each|"
    r"apiece|"
    r"nodes?|left|remaining|of downtime|wait|queue)",
    re.IGNORECASE,
)
_SHARED = Pattern(
    r"\b(?:both|each|either|every (?:arm|run|model|row|variant)|all (?:arms|runs|models|rows|variants|of them|two|"
    r"three|four)|"
    r"same|equal|identical|everything else|beide\w*|derselben|les deux|mêmes?|chaque|ambos|mism[oa]s?|об[аео]\w*|"
    r"одинаков\w*)\b|两者|各|均|都|相同",
    re.IGNORECASE,
)
_SHARED_BEHIND = Pattern(
    r"[\s,(]*(?:each|too(?!\s+\w)|as well(?! as)|apiece|throughout|(?:in|for|with) (?:both|either|each|all)|in beiden|"
    r"dans (?:les deux|both)|en ambos)\b",
    re.IGNORECASE,
)
_TIMED = Pattern(
    r"\b(?:gpu\w*|train\w*|limit|budget|wall|clock|compute|ran|run|calcul|lief|laufen|hours?)\b|[аы]100|на \d+ gpu",
    re.IGNORECASE,
)
_LARGE = Pattern(r"\s?(?:[BMkK]\b|billion|million|thousand|mio|mrd|млн|млрд|h\b|hours|days|亿|万)", re.IGNORECASE)
_CLAUSE = Pattern(
    r"[;.]\s|,\s+(?:and|but|while|whereas|the|und|aber|et|mais|y|а|и)\s|\s(?:while|whereas|against|versus|vs\.?|gegen|contre)\s"
)


@dataclass(frozen=True)
class Amount:
    """What somebody could spend.

    Attributes:
        kind: of the budget.
        value: of it, times in seconds.
        statement: that tells it.
        owner: the words of its clause.
        shared: it is told to be that of all.
        column: of the number in the statement.
    """

    kind: str
    value: float
    statement: Statement
    owner: frozenset[str]
    shared: bool
    column: int

    @property
    def line(self) -> int:
        """Number of its line."""
        return self.statement.sentence.line_at(self.column).number


@lru_cache(maxsize=4096)
def amounts_in(one: Statement, before: str = "") -> tuple[Amount, ...]:
    """All amounts of a statement; times where it, or what is said before, tells that they were spent."""
    text = one.text
    found = list(_read(one, f"{before} {text}"))
    cuts = [0, *(m.end() for m in _CLAUSE.finditer(text)), len(text)]
    answer = []
    for kind, value, start, end in found:
        left = max(cut for cut in cuts if cut <= start)
        right = min(cut for cut in cuts if cut > start)
        others = [(s, e) for k, _, s, e in found if k == kind and s != start]
        left = max([left, *(e for _, e in others if e <= start)])
        right = min([right, *(s for s, _ in others if s >= end)])
        if others and left < start:  # what stands behind belongs to the next one
            right = end if right < len(text) and any(s >= end for s, _ in others) else right
        clause = text[left:right]
        shared = _SHARED.search(text[left:start]) is not None or _SHARED_BEHIND.match(text, end) is not None
        answer.append(Amount(kind, value, one, words_of(clause), shared, start))
    return tuple(answer)


def _read(one: Statement, told: str) -> Iterator[tuple[str, float, int, int]]:
    text = one.text
    seen: set[int] = set()
    for number in one.numbers:
        found = _kind(text, number, told)
        if found is not None and number.start not in seen:
            seen.add(number.start)
            kind, end = found
            yield kind, _value(number, text[number.end : end]), number.start, end
    for word in re.finditer(rf"(?<![\w-])(?:{any_number()})(?!\w)", text, re.IGNORECASE):
        for kind in ("tries", "trials"):
            behind = _BEHIND[kind].match(text, word.end())
            if behind is not None and (kind == "trials" or _TRIES.search(text)):
                yield kind, float(NUMBERS[word[0].lower()]), word.start(), behind.end()
                break
    default = _DEFAULTS.search(text)
    if default is not None:
        yield "trials", 1.0, default.start(), default.end()


def _value(number: Number, behind: str) -> float:
    thousands = re.match(r"[ -]?(?:thousand|tausend|тыс|mille|mil\b|万)", behind, re.IGNORECASE)
    return number.value * (1000 if thousands else 1) * SECONDS.get(number.unit, 1.0)


def _kind(text: str, number: Number, told: str) -> tuple[str, int] | None:
    if _is_else(text, number):
        return None
    if number.unit in SECONDS:
        fits = _TIMED.search(told) is not None and _STAGE.match(text, number.end) is None
        return ("time", number.end) if fits else None
    for kind, pattern in _BEHIND.items():
        behind = pattern.match(text, number.end)
        if behind is None or _STAGE.match(text, behind.end()):
            continue
        if (kind == "tries" and not _TRIES.search(text)) or (kind == "time" and not _TIMED.search(told)):
            continue
        return kind, behind.end()
    before = next((kind for kind, pattern in _BEFORE.items() if pattern.search(text[: number.start])), None)
    return (before, number.end) if before and not number.decimals and before != "tries" else None


def _is_else(text: str, number: Number) -> bool:
    """Whether a number is a change, a share, a part of a range, or what one step or stage is made of."""
    if number.signed or number.spread or number.unit in ("%", "pp", "x") or not number.value:
        return True
    fine = number.decimals and number.scale == 1.0 and number.unit not in SECONDS
    if fine and not _LARGE.match(text, number.end):
        return True
    if re.match(r"\s?[-–]\s?\d", text[number.end :]) or re.search(r"\d\s?[-–]\s?$", text[: number.start]):
        return True
    return _PART.search(text[max(0, number.start - 24) : number.start]) is not None
