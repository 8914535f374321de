"""A difference in a closed form: two results and it stand together, with no word between that could mean another one.

``from 61.2 to 68.4, i.e. +8.4 points``; ``base 76.2, ours 77.9: +2.7``; two named lines and the line ``diff: +2.7``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import DIFFERENCE_NAMES
from evenhand.audit.text.words import METRIC_WORD, hoped
from evenhand.audit.told.changes import words
from evenhand.audit.told.changes.change import Change, told_wrong, two_results
from evenhand.audit.told.changes.shown import finer, of_a_third, of_what_is_left
from evenhand.audit.told.quantities import Quantity, quantities

_MEANS = Pattern(r"(?<![a-z])(?:on average|mean|avg|average)(?![a-z])|平均", re.IGNORECASE)
_NAMED = Pattern(r"(?P<name>[^\W\d][^:=|]{0,40}?)(?:\s*[:=|]|\s)\s*[`*]*[+\-−]?\d[\d.,]*\s*(?:%|pp|points?|pts?)?[`*]*")
_DIFFERENCE = Pattern(rf"(?:the |abs\w* |rel\w* )?(?:{DIFFERENCE_NAMES})(?:\s*\([^()]*\))?", re.IGNORECASE)
_LOGARITHMS = Pattern(r"(?<![a-z])(?:log\s?\d*|nats?|db|\w*likelihood|odds|logits?)(?![a-z])", re.IGNORECASE)
"""Results of which a percentage may be that of what they are the logarithm of."""

_OF_PERPLEXITY = Pattern(r"(?<![a-z])(?:ppl|perplexity)(?![a-z])", re.IGNORECASE)

_OF_ITEMS = Pattern(
    r"(?<![a-z])(?:mean|average|averaged|common|both answered|matched|per[ -]\w+)(?![a-z])", re.IGNORECASE
)
"""Below a difference: that it is one of items, and not that of the two results."""

_METRICS = Pattern(
    r"\b(?:CER|WER|TER|MAE|MSE|RMSE|MAPE|AUC|AUROC|AUPRC|MAP|NDCG|MRR|IOU|PSNR|SSIM|FID|LPIPS|BLEU|EM|F1|ECE|NLL|PPL)\b",
    re.IGNORECASE,
)
_LONGEST, _FEW, _NEAR = 260, 70, 3.0


@dataclass(frozen=True)
class Triple:
    """Two results and what is told right behind them as their difference.

    Attributes:
        change: they.
        relative: whether the difference is called relative.
        equated: whether words say that it follows from the two, and not a bracket or a comma alone.
        used: the numbers, as places in the sentence.
    """

    change: Change
    relative: bool
    equated: bool
    used: tuple[int, ...]


def closed_in(log: Log) -> Iterator[Change]:
    """The changes in closed forms whose difference is not that of their two results."""
    for triples in (*_of_sentences(log), *_of_lines(log), *_of_tables(log)) if not log.data else ():
        wrong = [one for one in triples if _is_wrong(log, one)]
        if len(wrong) == 1 and not _explained(log, wrong[0].change.line):
            yield wrong[0].change


def _explained(log: Log, line: Line) -> bool:
    """Whether one of the two lines behind a difference says how it came about."""
    place = log.by_number[line.number]
    near = [one.body for one in log.lines[place + 1 : place + 3] if one.kind in ("prose", "bullet")]
    return any(words.CLOSED_SKIPS.search(text) or _OF_ITEMS.search(text) for text in near)


def _is_wrong(log: Log, one: Triple) -> bool:
    change = one.change
    points = abs(change.new.value - change.base.value)
    in_points = change.delta.unit == "" and max(change.base.value, change.new.value) > 1
    if in_points and not 1 / _NEAR <= abs(change.delta.value) / points <= _NEAR:
        return False
    if not told_wrong(change, relative=one.relative) or finer(change) or of_what_is_left(change):
        return False
    if change.delta.unit == "%" and not change.delta.decimals and change.delta.value % 5 == 0:
        return False  # meant roughly
    return one.equated or not of_a_third(log, change)


def _of_sentences(log: Log) -> Iterator[list[Triple]]:
    for passage in passages_of(log):
        for sentence in passage.sentences if passage.kind != "heading" else ():
            if len(sentence.numbers) >= 3 and len(sentence.text) <= _LONGEST and not hoped(sentence.lines[0]):
                yield _in(sentence)


def _in(sentence: Sentence) -> list[Triple]:
    """The triples of a sentence that tells no other result."""
    text, found = sentence.text, quantities(sentence)
    if words.CLOSED_SKIPS.search(text):
        return []
    triples: list[Triple] = []
    place = 0
    while place + 2 < len(found):
        one = _triple(text, found, place)
        triples += [one] if one is not None else []
        place += 3 if one is not None else 1
    if not triples:
        return []
    told = {n for one in triples for n in one.used}
    kinds = {_kind(found[n]) for n in told}
    others = [q for n, q in enumerate(found) if n not in told and (_kind(q) in kinds or not q.plain or q.unit == "pp")]
    return triples if not others else []


def _kind(one: Quantity) -> tuple[int, str]:
    return one.number.decimals, one.unit


def _triple(text: str, found: Sequence[Quantity], place: int) -> Triple | None:
    one, other, delta = found[place : place + 3]
    join = _join(text, one, other)
    if join is None or not two_results(one.number, other.number) or _chained(text, found, place):
        return None
    between = text[other.number.end : delta.number.start]
    said = words.IS_CHANGE.search(between) is not None
    if len(between) > _FEW or not words.only_joins(between) or not _is_difference(delta, said):
        return None
    equated = words.EQUATED.search(between) is not None or (said and "," in between)
    if not (words.CLOSES.match(text, delta.number.end) or (equated and words.CLOSES_OF.match(text, delta.number.end))):
        return None
    alike = _alike_named(text, one, other, said=said or join is words.CLOSED_TO)
    if not alike or words.over_another(text, delta.number):
        return None
    own = replace(delta.number, unit=delta.unit)
    if own.unit == "pp" and not one.unit and max(one.value, other.value) > 1.5:
        own = replace(own, unit="")
    near = between + text[delta.number.end : delta.number.end + 16]
    relative = delta.unit == "%" and words.CALLED_RELATIVE.search(near) is not None
    if delta.unit == "%" and (
        _MEANS.search(text) or _LOGARITHMS.search(text) or _OF_PERPLEXITY.search(text, delta.number.end)
    ):
        return None
    line = delta.line
    of = text[max(0, one.number.start - 40) : one.number.start].strip()
    values = (one.number, other.number) if join is not words.CLOSED_VERSUS else (other.number, one.number)
    return Triple(Change(*values, own, line, one.line, True, of), relative, equated, (place, place + 1, place + 2))


def _join(text: str, one: Quantity, other: Quantity) -> Pattern | None:
    """What joins two results: an arrow or ``from … to``, ``vs``, or a comma and the name of the second."""
    between = text[one.number.end : other.number.start]
    if len(between) > _FEW:
        return None
    to = words.CLOSED_TO.fullmatch(between)
    if to is not None and (
        not to["mark"][:1].isalpha() or to["mark"] > "\u3400" or words.CLOSED_FROM.search(text[: one.number.start])
    ):
        return words.CLOSED_TO
    if words.CLOSED_VERSUS.fullmatch(between):
        return words.CLOSED_VERSUS
    named = re.search(r"[^\W\d_]", text[: one.number.start]) is not None
    return words.CLOSED_BOTH if named and words.CLOSED_BOTH.fullmatch(between) else None


def _chained(text: str, found: Sequence[Quantity], place: int) -> bool:
    """Whether the first result ends another pair: of ``a -> b -> c`` the difference may be that of a."""
    if not place or not two_results(found[place - 1].number, found[place].number):
        return False
    between = text[found[place - 1].number.end : found[place].number.start]
    return words.CLOSED_TO.fullmatch(between) is not None or words.CLOSED_VERSUS.fullmatch(between) is not None


def _is_difference(delta: Quantity, said: bool) -> bool:
    one = delta.number
    if one.spread or one.about or not one.value or delta.unit not in ("", "%", "pp"):
        return False
    return bool(one.decimals or delta.unit) and (one.signed or delta.unit == "pp" or said)


def _alike_named(text: str, one: Quantity, other: Quantity, *, said: bool) -> bool:
    """Whether both results may be of one metric, on one set, and neither is what was set."""
    between, before = text[one.number.end : other.number.start], text[: one.number.start]
    metrics = {name[0].lower() for name in METRIC_WORD.finditer(between)} - {"baseline"}
    if any(name not in before.lower() for name in metrics) or words.CLAUSE.search(between):
        return False
    named = [{name.upper() for name in _METRICS.findall(part)} for part in (before, between)]
    if named[1] - named[0]:
        return False  # 10.48 is one's error by letters, 16.12 that by words
    if len({*words.PARTS.findall((before + between).lower())}) > 1 and not said:
        return False
    return words.SETTINGS.search(re.split(r"[,;:()]\s", before)[-1]) is None and words.SETTINGS.search(between) is None


def _of_lines(log: Log) -> Iterator[list[Triple]]:
    """Two lines with a name and a result each, and right below them the one that is called their difference."""
    for place in range(2, len(log.lines)):
        block = log.lines[place - 2 : place + 1]
        names = [_name(line) for line in block]
        if (
            not all(names)
            or len({(line.kind, line.depth) for line in block}) > 1
            or not _DIFFERENCE.fullmatch(names[2])
        ):
            continue
        if any(
            _DIFFERENCE.fullmatch(name) or words.CLOSED_SKIPS.search(name) for name in names[:2]
        ) or words.CLOSED_SKIPS.search(names[2]):
            continue
        above = log.lines[place - 3] if place > 2 else None
        one, other, delta = (line.numbers[0] for line in block)
        if above is not None and above.kind == block[0].kind and any(n.decimals == one.decimals for n in above.numbers):
            continue  # one of several, of which the difference may be another
        if (
            not two_results(one, other)
            or not (delta.decimals or delta.unit)
            or delta.about
            or delta.unit not in ("", "%", "pp")
        ):
            continue
        if words.SETTINGS.search(names[0]) or words.SETTINGS.search(names[1]):
            continue
        relative = delta.unit == "%" and words.CALLED_RELATIVE.search(names[2]) is not None
        yield [Triple(Change(one, other, delta, block[2], block[0], True, names[0]), relative, True, (0, 1, 2))]


def _name(line: Line) -> str:
    """The name of a line that is a name and one number."""
    if line.kind not in ("prose", "bullet", "code") or len(line.numbers) != 1:
        return ""
    found = _NAMED.fullmatch(line.body.strip())
    return found["name"].strip(" *`") if found is not None else ""


def _of_tables(log: Log) -> Iterator[list[Triple]]:
    """The two rows of a table, and the third that is called their difference, or the one result right below them."""
    below = {one.lines[0].number: one for passage in passages_of(log) for one in passage.sentences}
    for table in log.tables:
        if len(table.rows) == 3 and _DIFFERENCE.fullmatch(table.rows[2].cells[0].strip(" *`")):
            yield list(_of_rows(log, table))
        elif len(table.rows) == 2:
            last = log.by_number[table.rows[1].line]
            near = [line.number for line in log.lines[last + 1 : last + 3] if line.kind in ("prose", "bullet")]
            if near and near[0] in below:
                yield list(_below(log, table, below[near[0]]))


def _pairs(table: Table) -> dict[int, tuple[Number, Number]]:
    """The columns of results of the first two rows."""
    pairs = {place: column[:2] for place, column in enumerate(table.columns) if place}
    return {
        place: (one, other)
        for place, (one, other) in pairs.items()
        if one is not None and other is not None and two_results(one, other)
    }


def _of_rows(log: Log, table: Table) -> Iterator[Triple]:
    for place, (one, other) in _pairs(table).items():
        delta = table.columns[place][2]
        if len(numbers(table.rows[2].cells[place])) != 1:
            continue  # with a p-value or an interval of its own: one of pairs
        if delta is None or delta.unit not in ("", "%", "pp") or words.CLOSED_SKIPS.search(table.header[place]):
            continue
        line, base = (log.line(table.rows[row].line_of(place)) for row in (2, 0))
        yield Triple(Change(one, other, delta, line, base, True, table.header[place]), False, True, (0, 1, 2))


def _below(log: Log, table: Table, sentence: Sentence) -> Iterator[Triple]:
    """``+5.1 points`` right below two rows with one result each."""
    pairs, text, found = _pairs(table), sentence.text, quantities(sentence)
    if len(pairs) != 1 or not found or words.CLOSED_SKIPS.search(text.split(",")[0]) or hoped(sentence.lines[0]):
        return
    (place, (one, other)), delta = next(iter(pairs.items())), found[0]
    before = text[: delta.number.start]
    if len(before) > _FEW or not words.only_joins(before.rstrip("+-−")) or not _is_difference(delta, said=False):
        return
    if (
        words.CLOSES.match(text, delta.number.end) is None
        or words.over_another(text, delta.number)
        or any(not q.plain for q in found[1:])
    ):
        return
    if any(_kind(q) == (one.decimals, one.unit) and q.value not in (one.value, other.value) for q in found[1:]):
        return
    own = replace(delta.number, unit=delta.unit)
    base = log.line(table.rows[0].line_of(place))
    yield Triple(Change(one, other, own, delta.line, base, True, table.header[place]), False, False, (0, 1, 2))
