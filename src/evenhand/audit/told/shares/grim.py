"""Shares beside the number of items that they are shares of, in words, in columns and in records (GRIM)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Leaf, Line, Log, Table
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.roles import ITEM_NOUNS, OF_THEM_ALL, ONCE, PLANNED, SHARE_NAMES, SHARE_SAID, WHOLE_NAMES
from evenhand.audit.told.quantities import Quantity, Scope, scopes_of

_ITEMS = Pattern(rf"\s*(?:[^\W\d_][\w'’-]*\s+){{0,3}}?(?P<noun>{ITEM_NOUNS})(?![a-z])", re.IGNORECASE)
_N = Pattern(r"(?<![a-z])n\s*[=:]\s*$", re.IGNORECASE)
_OF_THEM = Pattern(rf"\W*(?:per ?cent\w*|prozent)?\s*(?:right|correct)?\s*(?:{OF_THEM_ALL})", re.IGNORECASE)
_ONCE = Pattern(rf"(?<![a-z])(?:{ONCE})", re.IGNORECASE)
_SAID = Pattern(rf"(?<![a-z@])(?:{SHARE_SAID})(?![a-z])", re.IGNORECASE)
_WHOLE = Pattern(rf"(?<![a-z])(?:{WHOLE_NAMES}|{ITEM_NOUNS})(?![a-z])", re.IGNORECASE)
_SHARE = Pattern(rf"(?<![a-z])(?:{SHARE_NAMES}|{SHARE_SAID})(?![a-z])|%", re.IGNORECASE)
_AVERAGED = Pattern(
    r"(?<![a-z])(?:mean|means (?:of|over)|avg|averages?|averaged|macro|weighted|bootstrap|f1|auc|auroc|bleu|rouge|"
    r"ndcg|mrr|map|iou|dice|wer|cer|kappa|agreement|mittel\w*|moyenne|promedio|средн\w*|平均|jaccard|precision|recall|"
    r"interval|ci|std|sd|spread|reduc\w*|improv\w*|faster|slower|cheaper|increase\w*|decrease\w*|overlap|correlat\w*|"
    r"faithfulness|relevanc\w*|similarity|loss|ratio|diversity)(?![a-z])|±",
    re.IGNORECASE,
)
_REPEATED = Pattern(
    r"(?<![a-z])(?:[2-9]|\d\d|two|three|four|five|six|seven|eight|nine|ten|several|multiple) "
    r"(?:\w+ )?(?:seeds|runs|folds|repeats|repetitions|samples per|attempts|trials per|rollouts|raters|tries)|"
    r"(?:averaged|seeds|pass@[2-9k]\w*|avg@\w+|maj@\w+|partial credit|rubric|weighted|macro)(?![a-z])|k=[2-9]",
    re.IGNORECASE,
)
_NO_VALUE = Pattern(r"(?:[<>≤≥≈~\[]|\d\s?%?\s*[-–]|→|->)\s*$")
_GOES_ON = Pattern(r"\s?%?\s*(?:[-–]\s?\d|[-–]$|→|->|\])")
_PLANNED = Pattern(rf"(?<![a-z])(?:{PLANNED})(?![a-z])", re.IGNORECASE)
_OF_ELSE = Pattern(
    r"(?<![a-z])(?:vs|than|more|less|fewer|lower|higher|better|worse|relative|cpu|gpu|memory|ram|battery|akku|dropout|mask\w*|"
    r"share of|budget|time|speed\w*|cost|code|quantile|confidence|train\w*|sparsity|pruned|split|vram|"
    r"utili[sz]\w*|threshold|target|chance|baseline|random)(?![a-z])",
    re.IGNORECASE,
)
_OF_ALL = Pattern(
    r"(?:share|part|percent\w*|%|fraction|anteil|part|proporción|доля) (?:of|der|von|des?|de l[ao]s|от|"
    r"из) (?:the |all |our |these )?(?P<n>\d{2,4})(?!\d)",
    re.IGNORECASE,
)
_FEWEST, _MOST = 8, 400
_BY_CHANCE, _NAMED_CHANCE, _FITS_MOST = 1e-3, 5e-2, 0.8
_FITS_ALONE = 0.06
_MOST_ITEMS, _MOST_DECIMALS = 2000, 4


@dataclass(frozen=True)
class Impossible:
    """A share that no whole number of the items gives.

    Attributes:
        share: as printed.
        items: how many there are said to be.
        line, items_line: where either stands.
        right: how many other shares there are that whole numbers give.
    """

    share: Number
    items: int
    line: Line
    items_line: Line
    right: int


def percent(share: Number, unit: str = "") -> bool:
    """Whether a share is told in per cent."""
    return "%" in (share.unit, unit) or share.value > 1


def possible(share: Number, items: float, unit: str = "", *, cut: bool = True) -> bool:
    """Whether some whole number of items gives a share, be its last digit cut off."""
    top = 100 if percent(share, unit) else 1
    wanted, slack = share.value / top * items, share.slack / top * items
    return math.floor(wanted + (2 if cut else 1) * slack * (1 + 1e-9)) >= math.ceil(wanted - slack * (1 + 1e-9))


def chance(share: Number, items: float, unit: str = "") -> float:
    """How often a number that is no share of the items would pass for one."""
    return min(1.0, 2 * share.slack / (100 if percent(share, unit) else 1) * items)


def impossible_in_columns(log: Log) -> Iterator[Impossible]:
    """The one share of a table that its row's number of items does not give, where those of the others do."""
    for table in log.tables:
        if 3 <= len(table.rows) <= 200:
            places = [i for i, name in enumerate(table.header[:30]) if not _AVERAGED.search(_plain(name))]
            wholes = [i for i in places if _all_whole(table, i)][:8]
            for share in places:
                for whole in wholes:
                    if share != whole:
                        yield from _odd(log, table, share, whole, len(wholes))


def impossible_under_a_name(log: Log) -> Iterator[Impossible]:
    """The one share of a column whose name tells the items, ``share of the 45``, that these do not give."""
    for table in log.tables:
        for place, name in enumerate(table.header):
            told = _OF_ALL.search(name)
            if told is None or not 2 <= len(table.rows) <= 60:
                continue
            line = log.line(table.line)
            found = [
                (n, log.line(row.line_of(place)))
                for row in table.rows
                for n in numbers(row.cells[place])[:1]
                if _fair(n)
            ]
            yield from _odd_cell(log, [(name, found)], _Items(int(told["n"]), "", line))


def _plain(name: str) -> str:
    return re.sub(r"[_\-]+", " ", name)


def _all_whole(table: Table, place: int) -> bool:
    known = [one for one in table.columns[place] if one is not None]
    return len(known) >= 3 and all(not (n.decimals or n.unit or n.signed) and n.scale == 1 for n in known)


def _odd(log: Log, table: Table, share: int, whole: int, choices: int) -> Iterator[Impossible]:
    pairs = [
        (i, a, b.value) for i, (a, b) in enumerate(zip(_as_fine(table.columns[share]), table.columns[whole], strict=True))
        if a is not None and b is not None and _fair(a) and 2 <= b.value <= _MOST_ITEMS
    ]  # fmt: skip
    unit = "%" if any(a.value > 1 for _, a, _ in pairs) else ""
    if len(pairs) < 3 or any(_AVERAGED.search(" ".join(table.rows[i].cells)) for i, _, _ in pairs):
        return
    right = {(a.value, n): chance(a, n, unit) for _, a, n in pairs if possible(a, n, unit)}
    odd = [(i, a, n) for i, a, n in pairs if not possible(a, n, unit)]
    right = {key: p for key, p in right.items() if key[0] not in (0, 1, 100)}
    named = _WHOLE.search(_plain(table.header[whole])) and _SHARE.search(_plain(table.header[share]))
    limit = _NAMED_CHANCE if named else _BY_CHANCE / choices
    if len(odd) != 1 or len(right) < 2 or math.prod(right.values()) > limit:
        return
    i, number, items = odd[0]
    if chance(number, items, unit) <= _FITS_MOST and not _of_others(table, i, number, unit):
        row = table.rows[i]
        yield Impossible(number, int(items), log.line(row.line_of(share)), log.line(row.line_of(whole)), len(right))


def _as_fine(column: Sequence[Number | None]) -> list[Number | None]:
    """The numbers of a column as finely printed as the finest: data drop zeros at the end."""
    most = max((one.decimals for one in column if one is not None), default=0)
    return [
        one
        if one is None or one.scale != 1 or not one.decimals
        else replace(one, decimals=most, half=0.5 * 10.0**-most)
        for one in column
    ]


def _of_others(table: Table, row: int, share: Number, unit: str) -> bool:
    """Whether a share is that of other numbers of its row, or of one of them and the sum of two."""
    known = [c[row] for c in table.columns[:20]]
    whole = [int(n.value) for n in known if n is not None and not (n.decimals or n.unit or n.signed)]
    top = 100 if percent(share, unit) else 1
    sums = {*whole, *(a + b for a in whole for b in whole)}
    return any(abs(top * a / b - share.value) <= 2 * share.slack for a in whole for b in sums if 0 < a < b)


def _fair(number: Number) -> bool:
    printed = number.decimals > 0 or number.unit == "%" or number.value > 1
    bare = not (number.signed or number.about or number.spread or number.unit not in ("", "%"))
    return bare and printed and 0 <= number.value <= 100 and number.decimals <= _MOST_DECIMALS


@dataclass(frozen=True)
class _Items:
    number: int
    noun: str
    line: Line


def impossible_in_words(log: Log) -> Iterator[Impossible]:
    """A share that none of the told numbers of items gives, where it is said to be a share of them, each tried once."""
    for scope in scopes_of(log) if not log.data else ():
        text = " ".join(one.text for one in scope.sentences)
        items = _told(scope)
        if not items or len({one.number for one in items}) > 2 or _REPEATED.search(text):
            continue
        yield from _in_words(scope, items, once=_ONCE.search(text) is not None)
        if len({one.number for one in items}) == 1:
            yield from _odd_cell(log, list(_cells(log, scope)), items[0])


def _in_words(scope: Scope, items: list[_Items], *, once: bool) -> Iterator[Impossible]:
    shares = [q for q in scope.quantities if _is_share(q) and not _AVERAGED.search(q.sentence.text)]
    odd = [q for q in shares if not _given(scope, q) and not _of_else(q)]
    if len({q.value for q in odd}) != 1:
        return  # several that do not fit are shares of something else
    share = odd[0]
    near = max(items, key=lambda one: (_fitting(shares, one.number), -abs(one.line.number - share.line.number)))
    fits = {q.value for q in shares if q is not share and possible(q.number, near.number, q.unit)}
    by_chance = chance(share.number, near.number, share.unit)
    sure = len(shares) == 1 and by_chance <= _FITS_ALONE and _SAID.search(share.before[-60:] + " " + share.after[:24])
    said = _said(share, items) or (_named(share) and (once or fits or sure))
    if by_chance <= _FITS_MOST and said:
        yield Impossible(share.number, near.number, share.line, near.line, len(fits))


def _fitting(shares: Sequence[Quantity], items: int) -> int:
    return len({q.value for q in shares if possible(q.number, items, q.unit)})


def _told(scope: Scope) -> list[_Items]:
    found = []
    for one in scope.quantities:
        noun = _ITEMS.match(one.after)
        if _PLANNED.search(one.sentence.text):
            continue
        if one.whole and _FEWEST <= one.value <= _MOST and (noun is not None or _N.search(one.before)):
            found.append(_Items(int(one.value), noun["noun"].lower() if noun else "", one.line))
    return found


def _given(scope: Scope, share: Quantity) -> bool:
    """Whether some whole number of the scope gives a share; of what is no item it is asked that it does so exactly."""
    for one in scope.quantities:
        if one.whole and 3 <= one.value <= 10_000 and not _PLANNED.search(one.sentence.text):
            by_chance, items = chance(share.number, one.value, share.unit), _ITEMS.match(one.after) is not None
            if by_chance < (1 if items else 0.5) and possible(share.number, one.value, share.unit, cut=items):
                return True
    return False


def _is_share(one: Quantity) -> bool:
    if not one.plain or _NO_VALUE.search(one.before) or _GOES_ON.match(one.after):
        return False
    if one.unit == "%":
        return 0 < one.value < 100
    return (
        one.unit == "" and one.number.decimals >= 2 and 0 < one.value < 1 and _SAID.search(one.before[-30:]) is not None
    )


def _of_else(share: Quantity) -> bool:
    return _OF_ELSE.search(share.before) is not None or _OF_ELSE.search(share.after[:30]) is not None


def _said(share: Quantity, items: Sequence[_Items]) -> bool:
    """Whether the words behind a share say what it is a share of: of them, or the noun of the items."""
    if _OF_THEM.match(share.after) is not None:
        return True
    return any(one.noun and one.noun[:5] in share.after[:30].lower() for one in items)


def _named(share: Quantity) -> bool:
    """Whether a share is named as one, or is the value of a short entry."""
    near = share.before[-60:] + " " + share.after[:24]
    return _SAID.search(near) is not None or re.search(r"[:=]\s*$", share.before) is not None


def _cells(log: Log, scope: Scope) -> Iterator[tuple[str, list[tuple[Number, Line]]]]:
    """The columns of shares of the tables of a scope's section, those with numbers of items of their own left out."""
    sections = {one.section for one in scope.passages}
    for table in log.tables:
        if table.section not in sections or any(
            _all_whole(table, i) and _WHOLE.search(table.header[i]) for i in range(len(table.header))
        ):
            continue
        for place, name in enumerate(table.header):
            rows = [row for row in table.rows if not _AVERAGED.search(" ".join(row.cells))]
            found = [(n, log.line(row.line_of(place))) for row in rows for n in numbers(row.cells[place])[:1]]
            said = _SHARE.search(_plain(name)) is not None and not _AVERAGED.search(_plain(name))
            if len(found) >= 3 and all(_fair(n) for n, _ in found) and said:
                if any(n.unit == "%" or n.decimals for n, _ in found) or "%" in name:
                    yield name, found


def _odd_cell(log: Log, cells: Sequence[tuple[str, list[tuple[Number, Line]]]], items: _Items) -> Iterator[Impossible]:
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
    for leaf in log.leaves[:2000]:
        objects.setdefault(leaf.path[:-1], []).append(leaf)
    for own in objects.values() if len(objects) <= 40 else ():
        text = "; ".join(f"{_plain(str(one.path[-1]))} {one.value}" for one in own)
        named = [(_plain(str(one.path[-1])), one) for one in own if one.number is not None]
        items = [one for name, one in named if _WHOLE.search(name) and _counts(one.number) and not _SHARE.search(name)]
        shares = [
            one for name, one in named if _SHARE.search(name) and _fair_leaf(one.number) and not _AVERAGED.search(name)
        ]
        if len(items) != 1 or len(shares) < 2 or not _ONCE.search(text) or _REPEATED.search(text):
            continue
        whole = items[0].number.value if items[0].number else 0.0
        odd = [one for one in shares if one.number and not possible(one.number, whole)]
        if len(odd) == 1 and odd[0].number and chance(odd[0].number, whole) <= _FITS_MOST:
            line, other = (log.line(one.line) for one in (odd[0], items[0]))
            yield Impossible(odd[0].number, int(whole), line, other, len(shares) - 1)


def _counts(number: Number | None) -> bool:
    return number is not None and not number.decimals and _FEWEST <= number.value <= _MOST


def _fair_leaf(number: Number | None) -> bool:
    return number is not None and number.decimals > 0 and _fair(number)
