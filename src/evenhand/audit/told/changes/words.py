"""The words that connect two numbers and their difference, by language, and the patterns that are made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import (
    ABSOLUTE_WORDS,
    DIFFERENCE_NAMES,
    DOWN_WORDS,
    QUICK_WORDS,
    RELATIVE_WORDS,
    SLOW_WORDS,
    THUS,
    UP_WORDS,
)

Words = Mapping[str, str]
"""Language, or ``sign`` where it is none, to words as alternatives of a regular expression."""

TO: Words = {
    "sign": "→|->|⇒|=>|➜", "en": r"\bto\b", "de": r"\bauf\b|\bnach\b", "fr": r"\bà\b", "ru": r"\bдо\b",
    "zh": "[降升增减提]?[低高加少升]?[到至为]",
}  # fmt: skip
"""From the first number to the second."""

AGAINST: Words = {
    "en": r"against|versus|vs\.?|compared (?:to|with)", "de": "gegen", "fr": "contre", "es": "contra|frente a",
    "ru": "против",
}  # fmt: skip
"""The second number is what the first is set against."""

AND: Words = {"sign": r",|;|/|\|", "en": r"\band\b", "de": r"\bund\b", "fr": r"\bet\b", "es": r"\by\b", "ru": "и"}
"""Both numbers, with no word for which is the base."""

DIFFERENCE: Words = {
    "sign": "Δ", "en": "difference|diff|gap|distance|delta|margin", "de": "abstand|differenz|unterschied",
    "fr": "écart", "es": "diferencia|brecha", "ru": r"разниц\w+|разрыв", "zh": "差距?|差值",
}  # fmt: skip

SO: Words = {
    "en": r"so|i\.\s?e\.,?|that is|thus|hence|also|which is|an?|the|by|about|relative|absolute|decrease|increase|gain|"
          r"drop|change|of|down|up|lower|higher|better|worse",
    "de": r"d\.\s?h\.|um", "fr": "soit|de", "es": "es decir", "ru": r"т\.\s?е\.|на",
    "zh": "共|即|一?共?[降升增减提][低高加少升]?了?",
}  # fmt: skip
"""What leads from two numbers to their difference."""

IS: Words = {"sign": "=", "en": "is|are|makes", "de": "ist|sind", "fr": "est", "es": "son|es", "ru": "это"}

AHEAD: Words = {
    "en": r"trail\w*|lead\w*|lag\w*|behind|ahead|beats?|exceed\w*|outperform\w*|lower|higher|better|worse|above|below|"
          r"ris\w+|rose|fall\w*|fell|drop\w*|improv\w+|gain\w*|los\w+",
    "de": "schlägt|übertrifft", "es": "supera", "fr": "dépasse",
}  # fmt: skip
"""What is said of the one before the difference is told."""

BY: Words = {"en": "by", "de": "um", "es": "por|en", "fr": "de"}

CHANGE = "gain|loss|drop|increase|decrease|reduction|improvement|rise|fall|difference"

POINTS: Words = {
    "en": r"percentage points?|pp\b", "de": "prozentpunkte?n?", "es": r"puntos?(?: porcentuales)?",
    "fr": "points? de pourcentage", "ru": r"п\.\s?п\.", "zh": "个?百分点",
}  # fmt: skip

RELATIVE: Words = {"en": r"relativ\w*", "fr": "relatif", "ru": r"относительн\w*", "zh": "相对"}


def any_of(words: Words, *languages: str) -> str:
    """The words of some languages, or of all, as alternatives."""
    return "|".join(words[one] for one in languages or words)


BASE = Pattern(
    r"\b(?:baseline|base|before|original|orig|control|vanilla|previous|prev|old|pre|initial|start)\b", re.IGNORECASE
)
NEW = Pattern(
    r"\b(?:final|after|new|ours?|fine-?tuned|tuned|trained|current|post|treatment|variant|now|end)\b",
    re.IGNORECASE,
    needs="after|current|end|final|new|now|our|post|trained|treatment|tuned|variant",
)

_UNITS = r"[\s`*%]*(?:pp\b|points?\b|nats\b)?"
_NAMED = r"(?:\s*[A-Za-zµ]{1,12}(?:/[A-Za-z]{1,6})?\b(?!\s*[=])){0,3}"
"""Up to three words of a unit: ``tokens per second``."""

_CHANGED = r"faster|slower|higher|lower|longer|shorter|better|worse"

# In a row's first cell.
OF_OTHERS = Pattern(
    r"\(\s*(?:n\s*=\s*)?\d+\s|\(n\s*=|(?<![a-z])(?:mean|avg|average|median|macro|micro|geo\w*|overall|"
    r"sd|std|se|sem|min|max|iqr|var|original)(?![a-z])|平均",
    re.IGNORECASE,
)
"""A row on items of its own, whose baseline is another, or of means of the rows above it."""

# Between the two numbers. In English, whatever they measure:
ARROW = Pattern(rf"{_NAMED}\s*(?:{any_of(TO, 'sign', 'en')}|⟶)\s*{_NAMED}\s*[(\[`]*", re.IGNORECASE)
SET_AGAINST = Pattern(
    rf"{_NAMED}\s*,?\s*\b(?:{any_of(AGAINST, 'en')}|instead of|rather than|up from|down from)\s+(?:the\s+)?{_NAMED}\s*"
    r"[(\[`]*",
    re.IGNORECASE,
)
OVER = Pattern(r"\s*/\s*")
# In all languages, where both are printed alike:
FROM_TO = Pattern(
    rf"{_UNITS}(?:\s*[A-Za-z]{{1,12}}\b){{0,2}}[\s`*]*(?:{any_of(TO)})[\s`*(]*(?:[A-Za-z]{{1,12}}\s+){{0,2}}[`*]*",
    re.IGNORECASE,
)
VERSUS = Pattern(
    rf"[\s`*%)]*(?:\w{{1,14}}\s+){{0,2}},?\s*\b(?:{any_of(AGAINST)})\s+[`*(]*(?:[\w-]{{1,14}}\s+){{0,3}}[`*]*",
    re.IGNORECASE,
)
BOTH = Pattern(rf"[\s`*%)]*(?:{any_of(AND)})\s*[`*(]*(?:[\w@.+-]{{1,16}}[\s:=]+){{0,4}}[`*(]*", re.IGNORECASE)

# Between the second number and the difference.
LEADS = Pattern(
    rf"{_NAMED}\s*[)\]`]*\s*(?P<mark>[,;:(=–—\s-]|→|->|=>)+\s*(?P<word>(?:(?:so|i\.e\.,?|that is|thus|hence|which is|"
    rf"makes|giving|an?|the|by|of|on|um|auf|на|de|is|are|we are|increase|increases|decrease|rise|rises|gain|gains|drop|"
    rf"drops|growth|grows|reduction|saves?|saving|up|down|plus|more|less|{_CHANGED}|difference|diff|delta|Δ|relative|"
    rf"rel\.?|absolute|abs\.?|change|about|only)\b\s*[:=]?\s*)*)",
    re.IGNORECASE,
)
CHANGING = Pattern(
    rf"increase|decrease|rise|gain|drop|growth|grow|reduc|sav|up|down|plus|more|less|{_CHANGED}|diff|delta|Δ|relative|"
    r"change",
    re.IGNORECASE,
)
GAP = Pattern(
    rf"[\s`*%)]*(?:pp\b|points?\b|nats\b)?\s*[,;:(—–-]*\s*(?:so\s+)?(?:an?\s+|the\s+|die\s+|la\s+)?"
    rf"(?:{any_of(DIFFERENCE)})\s*(?:of|is|=|:|von|de)?\s*[`*(]*",
    re.IGNORECASE,
)
BEHIND_MARKS = Pattern(
    rf"[\s`*%)]*(?:pp\b|points?\b|nats\b)?\s*[,;:(—–-]+\s*(?:(?:{any_of(SO)})[\s:]*){{1,6}}[`*(]*", re.IGNORECASE
)
MAKES = Pattern(
    rf"[\s`*%)]*(?:(?:at|on|in|for|over|after)\b[^.;,%()]{{0,45}}?\s)?(?:{any_of(IS)})\s+(?:an?\s+)?[`*(]*",
    re.IGNORECASE,
)
OF_ELSE = Pattern(
    r"\b(?:per|each|ci|interval|p|std|sd|target|goal|threshold|needed|expected|limit|params?|parameters|layers?|"
    r"seeds?|epochs?|steps?|cost|price|memory|version|page|line|section|table|fig\w*|chance|random|noise)\b",
    re.IGNORECASE,
)
SKIPS = Pattern(
    r"\b(?:ci|interval|target|threshold|needed|expected|chance|log10|log2|ln|sd|std|se|stderr|p)\b", re.IGNORECASE
)

# Before a difference that stands first, and between it and the two numbers.
TOLD_BY = Pattern(rf"\b(?:{any_of(AHEAD)})\b[^.;\d]{{0,40}}\b(?:{any_of(BY)})\s+[`*]*$", re.IGNORECASE)
OPENS = Pattern(
    r"[\s`*%]*(?:pp\b|points?\b|nats\b|bits\b)?\s*[(:]\s*[`*]*(?:from\s+)?(?:[\w-]{1,16}[\s:=]+){0,3}[`*]*",
    re.IGNORECASE,
)

# Behind the difference.
IN_POINTS = Pattern(rf"\s*(?:{any_of(POINTS)})", re.IGNORECASE)
IS_RELATIVE = Pattern(any_of(RELATIVE), re.IGNORECASE)
ENDS = Pattern(
    r"\s*(?:%|pp|points?|pts?|percentage points?)?\s*(?:(?:relative|rel|absolute|abs|more|less|"
    rf"{_CHANGED}|gain|drop|increase|decrease|reduction|improvement|rise|fall|change|throughput|speed-?up|points?|"
    r"than\b.{0,40}|on\b.{0,30}|over\b.{0,30}|in\b.{0,30})\b\.?\s*){0,3}(?:$|[)\],;:.!*`|(]|—|–|-\s)",
    re.IGNORECASE,
)
STATED_ENDS = Pattern(
    rf"\s*(?:%|pp\b|points?\b|nats\b|bits?\b|{any_of(POINTS, 'en', 'de', 'es', 'fr')}|百分点)?\s*"
    r"(?:(?:relative\w*|absolute|abs|lower|higher|better|worse|more|less|gain|drop|improvement|niedriger|höher|besser|"
    r"relativ)\b\.?\s*){0,2}(?:$|[)\],;:.!`*(|]|—|–)",
    re.IGNORECASE,
)

# Beside a difference that is told of two values: it is one of something else, or over something else.
OVER_ELSE = Pattern(
    r"(?<![a-z])(?:on|in|under|over|against|vs\.?|versus|to|from|than|since)\s+(?:the |our |its |last |all |an? )*"
    r"(?!it\b|that\b|them\b|this\b|both\b|relative|absolut|points?\b|percent|total\b|other\b|terms\b)([^\W\d]\w+)",
    re.IGNORECASE,
)
PARTS = Pattern(
    r"(?<![a-z])(?:precision|recall|train(?:ing)?|test|dev|val(?:idation)?|ood|f1|auc|top-\d|p\d\d|pass@\d+|"
    r"step \d+|seeds? \d)(?![a-z])"
)
"""Names of parts of data, of metrics and of repeats: two of them are no two arms."""

CLAUSE = Pattern(
    r"(?<![a-z])(?:and|while|but|whereas)\s+(?!so\b|thus\b|hence\b)[^\W\d]|"
    r",\s*(?:the|our|its)\s+(?:\w+\s+){1,2}"
    r"(?:ros|ris|fell|fall|drop|increas|decreas|improv|grow|grew|shr[ia]nk)\w*\s+by\b",
    re.IGNORECASE,
)
"""Between the second value and the difference: a clause with a subject of its own."""

SETTINGS = Pattern(
    r"(?<![a-z])(?:sparsity|dropout|temperature|learning rate|lr|weights?|threshold|context|length|size|ratio|rank|"
    r"budget|noise|mask\w*|top-[pk]|batch\w*|patience|warm-?up|decay|momentum|alpha|beta|gamma|python|numpy|(?:py)?torch|"
    r"cuda|transformers|versions?)(?![a-z])",
    re.IGNORECASE,
)
"""What is set and not measured."""

ESTIMATED = Pattern(
    r"(?<![a-z])(?:mean|average|avg|median|paired|per[ -]\w+|respectively|bootstrap\w*|macro|weighted|across|both|"
    r"exclud\w*|ignoring|adjust\w*|"
    r"corrected|margin of error|human|(?:more|further|extra)(?=\s*(?:[.,;]|$)))(?![a-z])|平均|分别",
    re.IGNORECASE,
)

# In closed forms, in all languages:
_CHANGES = rf"{DIFFERENCE_NAMES}|{UP_WORDS}|{DOWN_WORDS}|{QUICK_WORDS}|{SLOW_WORDS}|loss"
_EQUAL = rf"{THUS}|i\.\s?e\.|d\.\s?h\.|т\.\s?е\.|d\. h\.|c['’]est-à-dire|o sea|а именно|也就是|makes|macht|ergibt"
_SMALL = (
    r"a full|is an?|an?|the|by|of|is|it|only|just|net|total|overall|absolut\w*|points?|about that|worth|which|um|"
    r"ein(?:e[rn]?)?|von|das|une?|de|un|una|на|в|了|约|for|or"
)
_PIECE = Pattern(
    rf"(?<![a-zà-ÿа-я])(?:plus rapide|{_CHANGES}|{_EQUAL}|{RELATIVE_WORDS}|{ABSOLUTE_WORDS}|{_SMALL}|pp)"
    r"(?![a-zà-ÿа-я])|[\s,;:(\[=–—>→⇒`*，：；（%)\]-]",
    re.IGNORECASE,
)


def over_another(text: str, delta: Number) -> bool:
    """Whether a difference is said to be on, or over, what is neither named before nor the baseline."""
    over = OVER_ELSE.search(text[delta.end : delta.end + 40])
    return over is not None and not BASE.search(over[0]) and over[1].lower() not in text[: delta.start].lower()


def only_joins(text: str) -> bool:
    """Whether a text has but marks, and words that say no more than that what follows is a difference."""
    return not _PIECE.sub("", text)


EQUATED = Pattern(rf"(?<![a-zà-ÿа-я])(?:{_EQUAL})(?![a-zà-ÿа-я])|=|即", re.IGNORECASE)
IS_CHANGE = Pattern(rf"(?<![a-zà-ÿа-я])(?:{_CHANGES})(?![a-zà-ÿа-я])", re.IGNORECASE)
CALLED_RELATIVE = Pattern(rf"(?<![a-zà-ÿа-я])(?:{RELATIVE_WORDS}|rel)(?![a-zà-ÿа-я])", re.IGNORECASE)
_UNIT = r"\s*(?:%|pp\b|(?:percentage |prozent)?points?\b|pts?\b|prozentpunkte?n?|puntos?|п\.\s?п\.|个?百分点|点)?"
CLOSES = Pattern(
    rf"{_UNIT}\s*(?:(?:{_CHANGES}|{RELATIVE_WORDS}|{ABSOLUTE_WORDS}|in total|overall|rel)(?![a-zà-ÿа-я])\.?\s*){{0,3}}"
    r"(?:$|[)\]}.,;:!*`|。，；]|—|–)",
    re.IGNORECASE,
)
CLOSES_OF = Pattern(
    rf"{_UNIT}\s*(?:of|in|de|von|bei)\s+(?:[^\W\d][\w@-]*\s+){{0,4}}[^\W\d][\w@-]*\s*(?:$|[)\].,;:!])", re.IGNORECASE
)
CLOSED_FROM = Pattern(
    r"(?<![a-zà-ÿа-я])(?:from|von|de|от|с|desde|went|goes|rose|fell|drops?|dropped|improve[sd]|moves?|moved|up|down)\s+"
    r"(?:[^\W\d][\w@-]*\s+){0,3}[`*(~]*$|[从由]\s*$",
    re.IGNORECASE,
)
_WORD = r"[^\W\d][\w@./+'’-]{0,15}"
_NAMES = rf"(?:{_WORD}\s+){{0,4}}(?:{_WORD})?[\s`*:=(：（]*"
_BRACKET = r"\s*(?:%|pp\b)?[\s`*]*(?:[(（][^()\d（）]{1,24}[)）]\s*)?"
CLOSED_TO = Pattern(
    rf"{_BRACKET}(?:{_WORD}\s+){{0,3}}(?P<mark>{any_of(TO)}|\bhasta\b|\ba\b)(?:\s+|(?<=\W)|(?=[\d\s])){_NAMES}",
    re.IGNORECASE,
)
CLOSED_VERSUS = Pattern(rf"{_BRACKET},?\s*(?P<mark>{any_of(AGAINST)})(?!\w)\s*{_NAMES}", re.IGNORECASE)
CLOSED_BOTH = Pattern(
    rf"{_BRACKET}(?P<mark>[,;/|，、]|\b(?:and|und|et|y|и)\b)\s*(?:\+\s*)?(?=[^\W\d])(?!and\b|und\b|so\b|then\b){_NAMES}",
    re.IGNORECASE,
)
CLOSED_SKIPS = Pattern(
    rf"{SKIPS.pattern}|(?<![a-z])(?:paired|per[ -]\w+|respectively|bootstrap\w*|weighted|both|exclud\w*|ignoring|"
    r"adjust\w*|corrected|margin of error|median|macro|geo\w*|noise|would|closes?|closed|remaining|headroom)(?![a-z])|"
    r"分别",
    re.IGNORECASE,
)
