"""One result told twice with another digit: the same words, and beside it others that are told alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD, hoped
from evenhand.audit.told.quoted.values import Value, again, numbered, qualifiers, slip, values_of

_METRIC = Pattern(
    r"(?<![a-z])(?:mrr|r2|kappa|precision|accuracy|map|aji|miou|iou|dice|wer|cer|mape|eer|qwk|chrf|bleu|rouge\S*|tok/s|t/s|return|reward|recall\S*|ndcg\S*|"
    r"hit\S*|resolv\w+|pass\S*|latency|p95|p99|ms|mae|rmse|perplexity|ppl|f1|auc|em|acc\w*|loss|micro-f1|macro-f1|error|rate)(?![a-z])",
    re.IGNORECASE,
)
_ID = Pattern(
    r"(?=\S{0,60}\d)[^\W\d_]+[-_.=@]?\d[\w.-]*|(?=\S{0,60}\d)[^\W\d_]+(?:[-+_.][^\W_]+)+|\d+[-_]?[^\W\d_]+\w*"
)
_NO_NAME = Pattern(
    r"(?:iter|iteration|recall|ndcg|hit|pass|hits|top|map|mrr|prec\w*|p|r|acc|em|k|rouge|f|auc|int|fp|bf|n|seed|epoch|step|steps|day|week|"
    r"table|section|line|fig|round|lr|wd|bs|batch|micro-f|macro-f|gpt|a|rtx|h|v|layer|l|t)[-_.=@]?\d*(?:\.\d+)?[a-z]?|"
    r"\d+(?:%|x|k|m|b|gb|ms|s|h|d|pp|bit|shot|epochs?|steps?)",
    re.IGNORECASE,
)
_CLOCK = Pattern(r"x|ms|s|min|h|k|M|GB|MB")
_ANEW = Pattern(
    r"->|→|⇒|\b(?:re-?(?:run|ran|timed?|train\w*|eval\w*|measured?|scored|comput\w*)|supersed\w*|corrected|updated|"
    r"previous\w*|earlier|now|instead|old|new|version|vs|seeds?|median|published|papers?|ours|theirs|target|goal|"
    r"expected|micro|macro|more|if|after|before|without|under|using|with(?!\s+\S+\s+[\d.])|max|min|best|peak|std|sd)\b",
    re.IGNORECASE,
)
"""Words beside which two figures of one name may both be right."""

_STAGE = Pattern(r"\b(?:phase|stage|round|second|third|v\d|new|re-?run)\b", re.IGNORECASE)
_UNDER = Pattern(r"\b(?:with|without|after|using|on|at|plus|when|if|under|for)\b", re.IGNORECASE)
_SHOT = Pattern(r"\b(?:zero-shot|few-shot|cot|hard|easy|subset|full|quanti[sz]ed)\b")
"""Of a figure that a row gives: under what else it may stand; and words that make it another's."""

_MOST_VALUES, _FEW_VALUES, _FEWEST = 300, 60, 12


@dataclass(frozen=True)
class Twice:
    """A result and the other digits with which it is told again.

    Attributes:
        first, second, name: both, and the words that they share.
        sure: both name the same run or row and the same metric, and two digits are swapped, or the words say again.
    """

    first: Value
    second: Value
    name: str
    sure: bool = False


def told_twice(log: Log) -> Iterator[Twice]:
    """The results that are quoted with a slip of a digit."""
    values = values_of(log)
    if len(values) > _MOST_VALUES:
        return
    printed = Counter((one.digits, one.unit) for one in values)
    for second in values:
        if (
            second.sentence is None
            or printed[(second.digits, second.unit)] > 1
            or (log.data and _of_a_row(log, second))
        ):
            continue
        firsts = [
            one for one in values
            if one.line is not second.line and one.sentence is not second.sentence and _one_thing(one, second, values)
        ]  # fmt: skip
        firsts = [one for one in firsts if _names(one) & _names(second) or _head_named(one, second)] or firsts
        if len({one.digits for one in firsts}) == 1 and _evident(log, firsts[0], second, values):
            yield Twice(firsts[0], second, _name(firsts[0], second), _sure(log, firsts[0], second, values))


def _sure(log: Log, first: Value, second: Value, values: list[Value]) -> bool:
    """Whether names and metric leave no other thing that one of the figures could be of."""
    text = second.sentence.text if second.sentence is not None else ""
    named = _names(first) & _names(second) or (first.head and _head_named(first, second) and _ID.search(first.head))
    swapped = slip(first.digits, second.digits) == "swap"
    anew = _ANEW.search(f"{first.line.body} {text}") or _STAGE.search(_title(log, second))
    measured = not (anew or hoped(second.line) or _CLOCK.fullmatch(first.unit.strip()))
    one, other = (qualifiers(value.text) - {"was"} for value in (first, second))
    both = _metric(first) and _metric(second)
    head = bool(first.head) and _head_named(first, second) and both
    metric = (_metric(first) or _metric(second)) and (one == other or (swapped and both and not (one and other)))
    cue = again(text) or again(second.label.replace("_", " "))
    told = cue or (first.sentence is None and not _UNDER.search(text))
    if swapped and first.head and _head_named(first, second) and _beside(second, values, first):
        told = metric = head = True
    if not (named or head) or not metric or not measured or not told:
        return False
    if _marked(second) - _marked(first) or (first.sentence is not None and _marked(first) - _marked(second)):
        return False
    return swapped or (again(text) and _names(first) == _names(second))


def _marked(one: Value) -> set[str]:
    """The words with figures in them, and what a result is of or under, that make it another's."""
    return {word for word in one.words if re.search(r"\d", word) and "=" not in word} | set(
        _SHOT.findall(one.text.lower())
    )


def _of_a_row(log: Log, one: Value) -> bool:
    """Whether a note is the cell of a row: each row is of its own run."""
    return not log.leaves and log.line(one.line.number).kind == "row"


def _evident(log: Log, first: Value, second: Value, values: list[Value]) -> bool:
    """Whether names, words and what stands beside them say that both are one result."""
    if second.line.number < first.line.number and first.sentence is not None:
        return False
    a, b = numbered(first.text), numbered(second.text)
    if _rounded(first, second, values) or (b and not a & b) or (a and not b and not _beside(second, values, first)):
        return False
    return _shared(log, first, second, values)


def _shared(log: Log, first: Value, second: Value, values: list[Value]) -> bool:
    """Whether what two figures are told with is enough: a name, the head of a row, words and figures beside them."""
    text = second.sentence.text if second.sentence is not None else ""
    cue = (
        again(text)
        or (first.line.section != second.line.section and again(_title(log, second)))
        or again(second.label.replace("_", " "))
    )
    swapped, beside = slip(first.digits, second.digits) == "swap", _beside(second, values, first)
    metric = (_metric(first) and _metric(second)) or first.unit == second.unit == "s"
    if not first.number.decimals and not first.unit and not metric:
        return False  # a year, or a number of something
    a, b = _names(first), _names(second)
    if a & b:
        return (metric or beside or first.sentence is None) and ((cue and a == b) or swapped or beside)
    headed = bool(first.head) and _head_named(first, second)
    if len(values) > _FEW_VALUES or not (metric or beside or swapped or cue):
        return headed and swapped and beside
    if headed:
        return metric or beside or swapped
    if not _own(first, second):
        return swapped and metric and (beside or cue) and not (_contents(first) and _contents(second))
    shared = len(first.words & second.words) >= 2
    return (beside and (cue or swapped)) or (cue and shared and len(values) <= _FEWEST)


def _rounded(first: Value, second: Value, values: list[Value]) -> bool:
    """Whether the first figure is told again beside the second one, with fewer digits: then that is another's."""
    return any(
        one.sentence is second.sentence and one is not second
        and one.number.decimals < first.number.decimals and one.number.low <= first.number.value <= one.number.high
        for one in values
    )  # fmt: skip


def _contents(one: Value) -> set[str]:
    """The words of a figure, those of metrics left out."""
    return {w for w in one.words if not _METRIC.fullmatch(w) and not METRIC_WORD.fullmatch(w) and "@" not in w}


def _own(one: Value, other: Value) -> set[str]:
    """The words that two figures share, those of metrics left out."""
    return {w for w in one.words & other.words if not _METRIC.fullmatch(w) and not METRIC_WORD.fullmatch(w)}


def _metric(one: Value) -> bool:
    return _METRIC.search(one.text) is not None or METRIC_WORD.search(one.text) is not None


def _names(one: Value) -> frozenset[str]:
    """The names of runs and models that a figure is told with."""
    return _names_in(one.text).union(word for word in one.words if " " in word)


@lru_cache(1024)
def _names_in(text: str) -> frozenset[str]:
    found = (m.lower().rstrip(".") for m in _ID.findall(text))
    return frozenset(name for name in found if not _NO_NAME.fullmatch(name))


def _head_named(first: Value, second: Value) -> bool:
    """Whether the head of a row stands in the words of a figure."""
    head = re.sub(r"\s*\(.*?\)", "", first.head).strip(" *`").lower()
    return len(head) >= 2 and re.search(rf"(?<![\w-]){re.escape(head)}(?![\w-])", second.text.lower()) is not None


def _title(log: Log, one: Value) -> str:
    return log.sections[one.line.section].title if one.line.section >= 0 else ""


def _one_thing(one: Value, other: Value, values: list[Value]) -> bool:
    """Whether two figures of one kind are told of the same thing, by their words, and differ by a slip."""
    alike = one.number.decimals == other.number.decimals and (
        one.unit == other.unit or {one.unit, other.unit} <= {"", "%"}
    )
    how = slip(one.digits, other.digits) if alike else ""
    if not how or abs(one.number.value / other.number.value - 1) > (1.0 if how == "swap" else 0.35):
        return False
    if not _metrics_agree(one, other):
        return False
    a, b = _names(one), _names(other)
    if a and b and not (a <= b or b <= a):
        return False
    own = _own(one, other)
    if qualifiers(one.text) != qualifiers(other.text) and not _same_but_cue(one, other):
        return False
    return not own or not any(_closer(third, one, other, own, values) for third in values)


def _same_but_cue(one: Value, other: Value) -> bool:
    """Whether the words that tell apart are none that both could have: one text has none at all."""
    a, b = qualifiers(one.text), qualifiers(other.text)
    return not a or not b or bool(a & b)


def _closer(third: Value, one: Value, other: Value, own: set[str], values: list[Value]) -> bool:
    """Whether a third figure of that size is told with the same words, too: then these have more than one result."""
    if third is one or third is other or third.digits in (one.digits, other.digits):
        return False
    if third.sentence is not None and third.sentence is other.sentence and _elsewhere(third, values):
        return False
    near = 0.5 <= third.number.value / one.number.value <= 1.6 if one.number.value else False
    same = third.number.decimals == one.number.decimals and third.unit == one.unit
    return same and near and own <= third.words and _metrics_agree(third, other)


def _elsewhere(one: Value, values: list[Value]) -> bool:
    return any(v.digits == one.digits and v.sentence is not one.sentence for v in values)


def _plain(metric: str) -> str:
    """A metric without what its name is written with here and not there."""
    plain = metric.lower().replace("@", "")
    return plain[: 3 if plain.startswith("acc") else 5]


def _metrics_agree(one: Value, other: Value) -> bool:
    a, b = _metrics_in(one.text), _metrics_in(other.text)
    return not a or not b or bool(a & b)


@lru_cache(1024)
def _metrics_in(text: str) -> frozenset[str]:
    return frozenset(_plain(found) for found in _METRIC.findall(text))


def _beside(second: Value, values: list[Value], first: Value) -> bool:
    """Whether another figure of the same sentence is told alike elsewhere, where the first one stands or near it."""
    own = [one for one in values if one.sentence is second.sentence and one is not second]
    others = {
        (one.digits, one.unit.strip()) for one in values
        if one.sentence is not second.sentence and abs(one.line.number - first.line.number) <= 12
    }  # fmt: skip
    fine = [
        one for one in own
        if len(re.sub(r"\D", "", one.digits).strip("0")) >= 2
        and (one.number.decimals == second.number.decimals or one.unit == "%")
    ]  # fmt: skip
    return any((one.digits, one.unit.strip()) in others or (one.digits, "") in others for one in fine)


def _name(one: Value, other: Value) -> str:
    shared = [w for w in re.findall(r"[\w@=.+-]+", other.text) if w.lower() in one.words & other.words]
    return " ".join(dict.fromkeys(shared))[:60] or "it"
