"""Shares beside the number of items that they are shares of, in words, in columns and in records (GRIM)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Leaf, Line, Log, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import ENDS
from evenhand.audit.text.vocabulary.roles import ITEM_NOUNS, ONCE, SHARE_NAMES, SHARE_SAID, WHOLE_NAMES
from evenhand.audit.told.shares.columns import of_others

SETS = Pattern(r"(?<![a-z])(?:train|test|dev|val|held-?out|ood)(?![a-z]{2})|validation", re.IGNORECASE)
"""Sets of items: a share of one is none of another's."""

ONCE_EACH = Pattern(rf"(?<![a-z])(?:{ONCE})", re.IGNORECASE)
WHOLE = Pattern(rf"(?<![a-z])(?:{WHOLE_NAMES}|{ITEM_NOUNS})(?![a-z])", re.IGNORECASE)
SHARE = Pattern(rf"(?<![a-z])(?:{SHARE_NAMES}|{SHARE_SAID})(?![a-z])|%", re.IGNORECASE)
AVERAGED = Pattern(
    r"(?<![a-z])(?:mean|graded|balanced|tokens?|ema|smoothed|means (?:of|over)|avg|averages?|averaged|macro|weighted|"
    r"bootstrap|f1|auc|auroc|bleu|rouge|ndcg|mrr|map|iou|dice|wer|cer|kappa|agreement|mittel\w*|moyenne|promedio|средн\w*|平均|jaccard|precision|recall|"
    r"interval|ci|std|sd|spread|reduc\w*|improv\w*|faster|slower|cheaper|increase\w*|decrease\w*|overlap|correlat\w*|"
    r"faithfulness|relevanc\w*|similarity|loss|ratio|diversity)(?![a-z])|±",
    re.IGNORECASE,
)
REPEATED = Pattern(
    r"(?<![a-z])(?:[2-9]|\d\d|two|three|four|five|six|seven|eight|nine|ten|several|multiple) "
    r"(?:\w+ )?(?:seeds|runs|folds|repeats|repetitions|samples (?:per|each)|attempts|trials per|rollouts|raters|tries)|"
    r"(?:averaged|seeds|pass@(?:[2-9k]|\d\d)\w*|avg@\w+|maj@\w+|partial credit|rubric|weighted|macro)(?![a-z])|k=[2-9]",
    re.IGNORECASE,
)
_NEUTRAL = Pattern(
    rf"(?:no\.?|num(?:ber)?|#|n) ?(?:of )?(?:test )?(?:{WHOLE_NAMES}|{ITEM_NOUNS}|tests?|eval)|{WHOLE_NAMES}|"
    rf"{ITEM_NOUNS}|tests?",
    re.IGNORECASE,
)
"""Names of items that are those of no one result: beside two results ``targeted n`` is of one of them."""

FEWEST, MOST = 8, 400
_BY_CHANCE, _NAMED_CHANCE, FITS_MOST, _HALF_BY_CHANCE = 1e-3, 5e-2, 0.8, 0.05
HARDLY = 1e-2
"""So rarely may a number that is no share of the items pass for one in all of the rows beside."""

_SURELY, _TOGETHER = 1e-3, 1e-5
_WIDE = 1.55
"""How much more passes for a share than its rounding alone would let: what was cut off or rounded twice."""

_OF_ALL_ROWS = Pattern(r"\b(?:overall|total|all|average|avg|mean|combined|pooled|macro|micro)\b", re.IGNORECASE)
"""A row that is made of the rows above it."""

TRAINED = Pattern(r"\b(?:train\w*|fine-?tun\w*|learn\w*|fit\w*|few-?shot)\b", re.IGNORECASE)
"""Items that may be those that were learned from."""

_MOST_ITEMS, _MOST_DECIMALS = 2000, 4


@dataclass(frozen=True)
class Impossible:
    """A share that no whole number of the items gives.

    Attributes:
        share: as printed.
        items: how many there are said to be.
        line, items_line: where either stands.
        right: how many other shares there are that whole numbers give.
        sure: the items are told to be those of this very share, each with one answer.
        closed: so many others are theirs that the form leaves no other reading.
    """

    share: Number
    items: int
    line: Line
    items_line: Line
    right: int
    sure: bool = False
    closed: bool = False


def percent(share: Number, unit: str = "") -> bool:
    """Whether a share is told in per cent."""
    return "%" in (share.unit, unit) or share.value > 1


def possible(share: Number, items: float, unit: str = "", *, cut: bool = True) -> bool:
    """Whether some whole number of items gives a share, be its last digit cut off or rounded twice (79.545, 79.55)."""
    top = 100 if percent(share, unit) else 1
    wanted, slack = share.value / top * items, share.slack / top * items
    return math.floor(wanted + (2 if cut else 1) * slack * (1 + 1e-9)) >= math.ceil(wanted - 1.1 * slack)


def in_halves(share: Number, items: float, unit: str = "") -> bool:
    """Whether a finely printed share is one of half the items, as points for half an answer make it."""
    return possible(share, 2 * items, unit, cut=False) and chance(share, 2 * items, unit) <= _HALF_BY_CHANCE


def chance(share: Number, items: float, unit: str = "") -> float:
    """How often a number that is no share of the items would pass for one."""
    return min(1.0, 2 * share.slack / (100 if percent(share, unit) else 1) * items)


def impossible_in_columns(log: Log) -> Iterator[Impossible]:
    """The one share of a table that its row's number of items does not give, where those of the others do."""
    for table in log.tables:
        if 3 <= len(table.rows) <= 200:
            places = [i for i, name in enumerate(table.header[:30]) if not of_else(name)]
            wholes = [i for i in places if all_whole(table, i)][:8]
            for whole in wholes:
                shares = [i for i in places if i != whole]
                named = [i for i in shares if SHARE.search(plain(table.header[i]))]
                alone = sum(len(_misfits(log, table, i, whole)) for i in named) == 1
                for share in shares:
                    yield from _odd(log, table, share, whole, wholes, alone=alone, shares=shares)


def plain(name: str) -> str:
    return re.sub(r"[_\-]+", " ", name)


def of_else(name: str) -> bool:
    """Whether a name is that of a mean of what each item scored, or of an end of an interval: no share of items."""
    return AVERAGED.search(plain(name)) is not None or ENDS.search(plain(name)) is not None


def all_whole(table: Table, place: int) -> bool:
    known = [one for one in table.columns[place] if one is not None]
    return len(known) >= 3 and all(not (n.decimals or n.unit or n.signed) and n.scale == 1 for n in known)


_Pairs = list[tuple[int, Number, float]]


def _pairs(log: Log, table: Table, share: int, whole: int) -> _Pairs:
    """The rows with a share and a number of items; a program drops zeros at the end, a hand does not."""
    column = as_fine(table.columns[share]) if log.data else table.columns[share]
    both = enumerate(zip(column, table.columns[whole], strict=True))
    return [
        (i, a, b.value)
        for i, (a, b) in both
        if a is not None and b is not None and fair(a) and 2 <= b.value <= _MOST_ITEMS
    ]


def _misfits(log: Log, table: Table, share: int, whole: int) -> _Pairs:
    pairs = _pairs(log, table, share, whole)
    unit = "%" if any(a.value > 1 for _, a, _ in pairs) else ""
    return [(i, a, n) for i, a, n in pairs if not possible(a, n, unit)]


def _together(log: Log, table: Table, shares: Sequence[int], whole: int) -> bool:
    """Whether columns, whatever they are called, are shares of one of whole numbers in all of their cells but one, far
    beyond chance; columns that are none in several cells are of something else."""
    by_chance, odd = 1.0, 0
    for share in shares:
        pairs, misfits = _pairs(log, table, share, whole), _misfits(log, table, share, whole)
        if len(pairs) < 3 or len(misfits) > 1 or all_whole(table, share):
            continue
        unit = "%" if any(a.value > 1 for _, a, _ in pairs) else ""
        right = {(a.value, n): chance(a, n, unit) for _, a, n in pairs if a.value not in (0, 1, 100)}
        by_chance *= math.prod(
            min(1.0, _WIDE * p) for key, p in right.items() if key not in {(a.value, n) for _, a, n in misfits}
        )
        odd += len(misfits)
    return odd == 1 and by_chance <= _TOGETHER and not log.computed


def _odd(
    log: Log, table: Table, share: int, whole: int, wholes: Sequence[int], *, alone: bool, shares: Sequence[int]
) -> Iterator[Impossible]:
    pairs = _pairs(log, table, share, whole)
    unit = "%" if any(a.value > 1 for _, a, _ in pairs) else ""
    if (
        len(pairs) < 3
        or REPEATED.search(" ".join((*table.header, table.before)))
        or any(AVERAGED.search(" ".join(table.rows[i].cells)) for i, _, _ in pairs)
    ):
        return
    right = {(a.value, n): chance(a, n, unit) for _, a, n in pairs if possible(a, n, unit)}
    odd = _misfits(log, table, share, whole)
    right = {key: p for key, p in right.items() if key[0] not in (0, 1, 100)}
    named = WHOLE.search(plain(table.header[whole])) and SHARE.search(plain(table.header[share]))
    limit = _NAMED_CHANCE if named else _BY_CHANCE / len(wholes)
    if len(odd) != 1 or len(right) < 2 or math.prod(right.values()) > limit:
        return
    if all_whole(table, share) and "%" not in table.header[share]:
        return  # two columns of counts
    i, number, items = odd[0]
    total, whole_share = sum(n for _, _, n in pairs), 100 if unit else 1
    if all(abs(whole_share * n / total - a.value) <= 2 * a.slack for _, a, n in pairs):
        return  # the parts of a whole, each with its share of all
    if (
        items >= FEWEST
        and chance(number, items, unit) <= FITS_MOST
        and not of_others(table, i, share, 100 if percent(number, unit) else 1)
    ):
        row = table.rows[i]
        lines = log.line(row.line_of(share)), log.line(row.line_of(whole))
        neutral = _NEUTRAL.fullmatch(plain(table.header[whole]).strip()) is not None and not in_halves(
            number, items, unit
        )
        only = sum(_NEUTRAL.search(plain(table.header[one])) is not None for one in wholes) == 1
        hardly = math.prod(min(1.0, _WIDE * p) for p in right.values()) <= HARDLY
        own = not any(_OF_ALL_ROWS.search(cell) for cell in row.cells) and not TRAINED.search(
            " ".join((*table.header, table.before))
        )
        own = own and not _of_the_answered(table, i, share, items, number)
        called = alone and SHARE.search(plain(table.header[share])) is not None
        sure = neutral and only and hardly and own and (called or _together(log, table, shares, whole))
        closed = (
            sure and len(right) >= 3 and math.prod(right.values()) <= _SURELY and not possible(number, 2 * items, unit)
        )
        yield Impossible(number, int(items), *lines, len(right), sure, closed)


def _of_the_answered(table: Table, row: int, share: int, items: float, number: Number) -> bool:
    """Whether another share of the row says how many items were answered, and a share is one of these."""
    others = [column[row] for place, column in enumerate(table.columns) if place != share]
    parts = [n.value / (100 if percent(n) else 1) for n in others if n is not None and fair(n) and n.decimals]
    answered = [math.floor(part * items) + up for part in parts for up in (0, 1) if 0.5 < part < 1]
    return any(possible(number, n, cut=False) for n in answered)


def as_fine(column: Sequence[Number | None]) -> list[Number | None]:
    """The numbers of a column as finely printed as the finest: data drop zeros at the end."""
    most = max((one.decimals for one in column if one is not None), default=0)
    return [
        one
        if one is None or one.scale != 1 or not one.decimals
        else replace(one, decimals=most, half=0.5 * 10.0**-most)
        for one in column
    ]


def fair(number: Number) -> bool:
    printed = number.decimals > 0 or number.unit == "%" or number.value > 1
    bare = not (number.signed or number.about or number.spread or number.unit not in ("", "%"))
    return bare and printed and 0 <= number.value <= 100 and number.decimals <= _MOST_DECIMALS


@dataclass(frozen=True)
class Items:
    number: int
    noun: str
    line: Line


def odd_cell(log: Log, cells: Sequence[tuple[str, list[tuple[Number, Line]]]], items: Items) -> Iterator[Impossible]:
    for name, found in cells:
        unit = "%" if "%" in name or any(n.value > 1 for n, _ in found) else ""
        if unit and all(n.value <= 1 for n, _ in found):
            continue
        right = {n.value: chance(n, items.number, unit) for n, _ in found if possible(n, items.number, unit)}
        odd = [(n, line) for n, line in found if not possible(n, items.number, unit)]
        if len(odd) == 1 and len(right) >= 2 and math.prod(right.values()) <= 5 * _NAMED_CHANCE:
            yield Impossible(odd[0][0], items.number, odd[0][1], items.line, len(right))


def impossible_in_records(log: Log) -> Iterator[Impossible]:
    """A share of an object in JSON that the one number of items of that object does not give, where its others fit."""
    objects: dict[tuple[str | int, ...], list[Leaf]] = {}
    for leaf in (one for one in log.leaves[:2000] if one.path):
        objects.setdefault(leaf.path[:-1], []).append(leaf)
    for own in objects.values() if len(objects) <= 40 else ():
        text = "; ".join(f"{plain(str(one.path[-1]))} {one.value}" for one in own)
        named = [(plain(str(one.path[-1])), one) for one in own if one.number is not None]
        items = [one for name, one in named if WHOLE.search(name) and _counts(one.number) and not SHARE.search(name)]
        shares = [one for name, one in named if SHARE.search(name) and _fair_leaf(one.number) and not of_else(name)]
        if len(items) != 1 or len(shares) < 2 or not ONCE_EACH.search(text) or REPEATED.search(text):
            continue
        whole = items[0].number.value if items[0].number else 0.0
        odd = [one for one in shares if one.number and not possible(one.number, whole)]
        if len(odd) == 1 and odd[0].number and chance(odd[0].number, whole) <= FITS_MOST:
            line, other = (log.line(one.line) for one in (odd[0], items[0]))
            yield Impossible(odd[0].number, int(whole), line, other, len(shares) - 1)


def _counts(number: Number | None) -> bool:
    return number is not None and not number.decimals and FEWEST <= number.value <= MOST


def _fair_leaf(number: Number | None) -> bool:
    return number is not None and number.decimals > 0 and fair(number)
