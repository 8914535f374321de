"""Gains with what each is taken from, and the sentences that set one gain against another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import numbers
from evenhand.audit.text.passages import Sentence
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import DIFFERENCE_NAMES, DOWN_WORDS, OVER_WORDS, RANK_WORDS, UP_WORDS
from evenhand.audit.told.changes.gains import Gain, gains_of_records, gains_of_table
from evenhand.audit.told.quantities import Quantity, Scope, quantities, scopes_of

_EDGE = r"(?<![^\W\u3400-\u9fff])"
_OVER = Pattern(
    rf"\s*(?:%|pp|ms|points?|punkte|WER|BLEU|x|fold|speed-?up|more|less|higher|lower|better|gagnés?|gains?|"
    rf"[(,])*\s*(?:{OVER_WORDS})\s+(?P<name>\(\w\)|(?:the |its |our |das |den |dem |die |der |la |le |les |l['’]|el |"
    rf"los )?[^\W][\w@.+=-]*(?: [\w@.+-]+){{0,2}})",
    re.IGNORECASE,
)
_BASED = Pattern(r"(?<![a-z])(?:base\w*|model|plain|vanilla|untrained|random|sft|control|reference|top)(?![a-z])", re.I)
_OVER_CJK = Pattern(
    r"(?:比|较|相对于?|相比)(?P<name>[\u3400-\u9fffA-Za-z0-9]{2,12}?)\s*(?:baseline|基线|模型)?\s*(?:高|低|提升|提高|好)了?\s*$"
)
_ON_TOP = Pattern(r"\bon top of (?:the |our |an? )?(?P<name>[\w@.+-]+(?: [\w@.+-]+){0,2}):")
_REF_BEFORE = Pattern(
    rf"{_EDGE}(?:lift|gain|saved|improvement|delta|reference|vs|over|zu|above)\s+(?:over\s+|vs\.?\s+|"
    rf"to\s+)?(?:the |our |its )?(?P<name>(?:[^\W\d]|\d+-[a-z])[\w@.+-]*(?: [\w@.+-]+)?)(?: by)?[\s,:(]*[+\-−]?$",
    re.IGNORECASE,
)
_ARROW = Pattern(
    r"\s*(?:%|ms|BLEU|WER|EM|F1)?\s*(?:\([^()\d]{0,12}\w*\))?\s*(?:→|->|⇒|to|auf|à|a|до|puis|then|bis|на)\s*",
    re.IGNORECASE,
)
_RANK = Pattern(rf"{_EDGE}(?:{RANK_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_GAIN = Pattern(
    rf"{_EDGE}(?:{DIFFERENCE_NAMES}|{UP_WORDS}|{DOWN_WORDS}|lifts?|adds|apporte|bring\w*|helps?|lever|trick|saves?|"
    rf"costs?|wins?)(?![a-zà-ÿа-я])",
    re.IGNORECASE,
)
_AGAINST = Pattern(
    r"[<>]|(?<![a-z])(?:vs\.?|versus|against|than|to|over|before|beats?|zu|gegen|contre|frente a|против|and|und|"
    r"et)(?![a-z])|大于|与|、",
    re.IGNORECASE,
)
_AWARE = Pattern(
    r"different (?:baselines?|bases|references?|starting)|not comparable|cannot be compared|not the same (?:base|"
    r"reference)|other baseline|\?|verschieden\w* (?:basis|referenz)|références? différentes?",
    re.IGNORECASE,
    needs="?|different |not comparable|be compared|not the same |other baseline|verschieden|référence",
)
_NO_NAME = frozenset(
    ("the", "a", "an", "is", "was", "are", "were", "has", "first", "second", "of", "in", "and", "so", "not", "no", "it",
     "that", "this", "them", "each", "all", "both", "chance", "the same", "before", "time", "last", "average")
)  # fmt: skip
_STRONG = Pattern(
    r"(?<![a-zà-ÿ])(?:twice|double|(?:half|twice|two times|three times|\d(?:\.\d)?\s?[x×]|\d times) (?:as|the|what|"
    r"that)|(?:the )?(?:larger|bigger|greater|stronger|more effective|better) (?:of|gain|win|lift|lever|trick|"
    r"investment|idea|boost|one)|more (?:effective )?than|bringt? (?:also )?mehr|doppelt|du double|plus (?:rentable|"
    r"efficace)|l['’]emporte|el doble|más que|вдвое|больше, чем)|大于|优于|优先|两倍",
    re.IGNORECASE,
)
_NEAR = 5
_FAR, _SENTENCES, _MOST_TOLD = 8, 10, 8


@dataclass(frozen=True)
class Ranked:
    """Two gains from different references that a sentence sets against each other."""

    one: Gain
    other: Gain
    line: Line
    words: str

    @property
    def sure(self) -> bool:
        """Whether both references are named, and neither gain starts from where the other one ends.

        Two starting values without names may be those of two sets of data, or of two sizes, on which gains compare.
        """
        names = (self.one.name, self.other.name)
        if not all(names) or any(_LATER_OR_DATA.search(name) or RESULT.search(name) for name in names):
            return False
        arms = (self.one.arm, self.other.arm)
        if all(arms) and (arms[0] == arms[1] or all(arm in name for arm, name in zip(arms, names, strict=True))):
            return False
        return not any(
            (gain.told or gain.line.low).count(name) > (gain.told == other.told != "") and gain.name != name
            for name, gain, other in ((names[1], self.one, self.other), (names[0], self.other, self.one))
        )


RESULT = Pattern(r"[^\W\d_].*(?:(?<!\w)[+\-−]\d|\d\.\d)|^their\b", re.IGNORECASE)
"""What a name is no reference by: a number beside it, which is another result."""

_LATER_OR_DATA = Pattern(
    r"\b(?:previous|prior|last|earlier|before|yesterday|today|round|step|chance|random|average|mean|each|other|same|"
    r"data ?set|val\w*|test|train\w*|published|paper|it|this|that|them|human)\b|\.\s",
    re.IGNORECASE,
)


def ranked_in(log: Log) -> Iterator[Ranked]:
    """The sentences, cells and notes that compare gains of different references."""
    for scope in scopes_of(log):
        if not log.data:
            yield from _judged(scope)
    for table in log.tables:
        gains = gains_of_table(log, table)
        if len({one.name for one in gains}) > 1:
            yield from _ranked_column(table, gains)
            near = [s for s in scopes_of(log) if log.data or any(p.section == table.section for p in s.passages)]
            for scope in near:
                yield from _judged(scope, gains, rows=True)
    gains = gains_of_records(log)
    if len({one.name for one in gains}) > 1:
        for scope in scopes_of(log):
            yield from _judged(scope, gains, rows=True)


def _judged(scope: Scope, gains: Sequence[Gain] = (), *, rows: bool = False) -> Iterator[Ranked]:
    """Sentences that rank gains of rows, or those that the sentences before them tell."""
    before: list[list[Gain]] = []
    for sentence in scope.sentences:
        told = itertools.chain.from_iterable(before[-_SENTENCES:])
        line = sentence.line_at(0)
        near = list(gains) if rows else [g for g in told if 0 <= line.number - g.line.number <= _FAR]
        if not rows:
            before.append(_gains(sentence))
        if len(sentence.text) > 320 or _AWARE.search(sentence.text):
            continue
        found = _both(sentence, near) or (
            _words(sentence, near) if len({(g.value, g.line.number) for g in near}) == 2 else None
        )
        if found is not None and _differ(*found) and not _clash(found, near):
            at = next((q.line for q in quantities(sentence)), line)
            yield Ranked(*found, at, sentence.text)
            return


def _clash(found: tuple[Gain, Gain], near: Sequence[Gain]) -> bool:
    """Whether the sizes of the two are also those of two gains that have one reference."""
    ones = [g for g in near if g.value == found[0].value]
    others = [g for g in near if g.value == found[1].value]
    return any(
        (a.base is not None and a.base == b.base) or (a.name != "" and a.name == b.name) for a in ones for b in others
    )


def _both(sentence: Sentence, gains: Sequence[Gain]) -> tuple[Gain, Gain] | None:
    """The two gains whose sizes a sentence quotes, one against the other."""
    told = [abs(q.value) for q in quantities(sentence)][:_MOST_TOLD]
    quoted = [g for g in gains if any(abs(v - g.value) < 1e-9 for v in told)]
    sizes = list(dict.fromkeys(g.value for g in quoted))
    if len(sizes) != 2 or any(g.base in told for g in quoted if g.base is not None):
        return None
    first, second = (next(g for g in quoted if g.value == size) for size in sizes)
    at = sorted(q.number.start for q in quantities(sentence) if abs(q.value) in sizes)
    between = sentence.text[at[0] : at[-1]]
    return (first, second) if len(between) < 70 and (_RANK.search(between) or _AGAINST.search(between)) else None


def _words(sentence: Sentence, gains: Sequence[Gain]) -> tuple[Gain, Gain] | None:
    """The only two gains before a sentence that ranks gains in words."""
    if any(id(line) in {id(g.line) for g in gains} for line in sentence.lines):
        return None
    if _STRONG.search(sentence.text) is None or _GAIN.search(sentence.text) is None or len(sentence.text) > 140:
        return None
    if any(sentence.line_at(0).number - g.line.number > _NEAR for g in gains):
        return None
    sizes = list({g.value: g for g in gains}.values())
    alike = (
        len(sizes) == 2
        and _decimals(sizes[0].shown) == _decimals(sizes[1].shown)
        and sizes[0].value < 20 * sizes[1].value
    )
    return (sizes[0], sizes[1]) if alike else None


def _decimals(text: str) -> int:
    found = numbers(text)
    return found[0].decimals if found else 0


def _differ(one: Gain, other: Gain) -> bool:
    """Whether two gains are taken from different things."""
    if one.base is not None and other.base is not None:
        return one.base != other.base
    a, b = one.name, other.name
    if not a or not b:
        return False
    first, second = (set(re.findall(r"\w+", name)) for name in (a, b))
    return not (first <= second or second <= first)


def _gains(sentence: Sentence) -> list[Gain]:
    found, low = quantities(sentence), sentence.text.lower()
    answer: list[Gain] = []
    pairs = [(a, b) for a, b in itertools.pairwise(found) if _from_to(a, b)]
    for a, b in pairs:
        size = abs(round(a.value - b.value, max(a.number.decimals, b.number.decimals)))
        told = next((_reference(q) for q in found if abs(q.value) == size and _is_gain(q)), "")
        top = _ON_TOP.search(sentence.text[: a.number.start])
        name = _name_behind(a) or told or (top["name"].lower() if top is not None else "")
        answer.append(Gain(size, f"{size:.{a.number.decimals}f}", a.value, name, a.line, "", low))
    known = {one.value for one in answer}
    for q in found:
        if abs(q.value) not in known and not any(q in pair for pair in pairs) and _is_gain(q):
            name = _reference(q)
            if name:
                answer.append(Gain(abs(q.value), f"{abs(q.value):.{q.number.decimals}f}", None, name, q.line, "", low))
    return answer


def _from_to(one: Quantity, other: Quantity) -> bool:
    alike = (
        one.plain
        and other.plain
        and one.number.decimals == other.number.decimals
        and one.number.scale == other.number.scale
    )
    fine = one.number.decimals > 0 and one.value != other.value and 0.2 < one.value / (other.value or 1) < 5
    return alike and fine and other.value > 0 and _ARROW.fullmatch(one.after) is not None


def _name_behind(one: Quantity) -> str:
    """The name in brackets behind the first of two values: ``from 12.0 (RC1) to 10.4``."""
    found = re.match(r"\s*(?:%|ms)?\s*\(([^()]{2,20})\)", one.after)
    return found[1].lower() if found else ""


def _is_gain(one: Quantity) -> bool:
    """Whether a number is told as a gain: signed, with a word for gains beside it, or a factor."""
    if one.number.about or one.number.spread or not one.value or (one.number.decimals == 0 and not one.number.signed):
        return False
    if re.search(r"\brate(?: of)? $|[<>≤≥]\s*$", one.before):
        return False
    near = f"{one.before[-30:]} {one.after[:24]}"
    return (
        one.number.signed
        or one.unit in ("x", "pp")
        or _GAIN.search(near) is not None
        or "factor of" in near
        or (_OVER.match(one.sentence.text, one.number.end) is not None or _OVER_CJK.search(one.before) is not None)
    )


def _reference(one: Quantity) -> str:
    text, number = one.sentence.text, one.number
    before = text[max(0, number.start - 45) : number.start]
    over = _OVER.match(text, number.end)
    if over is not None and text[number.end : over.start("name")].split()[-1:] == ["on"] and not _BASED.search(over[0]):
        return ""  # ``+47.6 on MATH-500``: a set of data
    found = over or _OVER_CJK.search(before) or _REF_BEFORE.search(before)
    if found is None:
        return ""
    name = re.sub(
        r"^(?:the|its|our|das|den|dem|die|der|la|le|les|el|los|an?)\s+|^l['’]", "", found["name"].lower()
    ).strip(" .,")
    name = re.split(r"\.\s|\s(?:and|und|et|so|with|in|at|on|for|by|is|was|that|which|[=:])\b", name)[0]
    level = re.search(r"\d+\.\d", name)  # the reference's own result: two results stand beside each other, no gain
    return "" if level or name in _NO_NAME or re.fullmatch(r"[\d.%]+", name) else name


def _ranked_column(table: Table, gains: Sequence[Gain]) -> Iterator[Ranked]:
    """The first two gains of different references in a table that ranks its rows by them."""
    places = [
        name
        for name in table.header
        if re.search(r"(?<![a-z])rank(?:ing|ed)?(?![a-z])|rang(?![a-z])", name.replace("_", " ").lower())
    ]
    first = gains[0]
    other = next((one for one in gains if one.name != first.name), None)
    if len(places) == 1 and re.search("gain|delta|diff|lift", places[0], re.IGNORECASE) and other is not None:
        yield Ranked(first, other, other.line, places[0])
