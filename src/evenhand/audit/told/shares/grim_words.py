"""Shares in words beside the number of items that they are said to be shares of (GRIM)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import ITEM_NOUNS, PLANNED, SHARE_SAID
from evenhand.audit.told.quantities import Quantity, Scope, scopes_of
from evenhand.audit.told.shares.grim import (
    AVERAGED,
    FEWEST,
    FITS_MOST,
    MOST,
    ONCE_EACH,
    REPEATED,
    SETS,
    SHARE,
    WHOLE,
    Impossible,
    Items,
    all_whole,
    chance,
    fair,
    in_halves,
    odd_cell,
    of_else,
    plain,
    possible,
)

_ITEMS = Pattern(rf"\s*(?:[^\W\d_][\w'’-]*\s+){{0,3}}?(?P<noun>{ITEM_NOUNS})(?![a-z])", re.IGNORECASE)
_N = Pattern(r"(?<![a-z])n\s*[=:]\s*$", re.IGNORECASE)
_OF_ALL = Pattern(
    r"(?:share|part|percent\w*|%|fraction|anteil|part|proporción|доля) (?:of|der|von|des?|de l[ao]s|от|"
    r"из) (?:the |all |our |these )?(?P<n>\d{2,4})(?!\d)",
    re.IGNORECASE,
)
_OF_ITEMS = Pattern(
    r"\W*(?:per ?cent\w*|prozent)?\s*(?:right|correct)?\s*(?:of (?:them|these|those)(?!\s(?!(?:as|were|are|is|when|"
    r"had|would|could|with|in|on|at|to)\b)\w)|davon|d['’]entre (?:eux|elles)|de ell[oa]s|из них|"
    r"(?:of|der|des|de l[ao]s)\s+(?:the |all |our |these )?(?P<noun>[^\W\d]+))(?![^\W\d])",
    re.IGNORECASE,
)
_SAID = Pattern(rf"(?<![a-z@])(?:{SHARE_SAID})(?![a-z])", re.IGNORECASE)
_NO_VALUE = Pattern(r"(?:[<>≤≥≈~\[]|\d\s?%?\s*[-–]|→|->)\s*$")
_GOES_ON = Pattern(r"\s?%?\s*(?:[-–]\s?\d|[-–]$|→|->|\])")
_PLANNED = Pattern(rf"(?<![a-z])(?:{PLANNED})(?![a-z])", re.IGNORECASE)
_OF_ELSE = Pattern(
    r"(?<![a-z])(?:vs|than|more|less|fewer|lower|higher|better|worse|relative|tokens?|cpu|gpu|memory|ram|battery|akku|dropout|mask\w*|"
    r"share of|budget|time|speed\w*|cost|code|quantile|confidence|train\w*|sparsity|pruned|split|vram|"
    r"utili[sz]\w*|required?|minimum|needed|threshold|target|chance|baseline|random)(?![a-z])",
    re.IGNORECASE,
)
_LEFT_OUT = Pattern(
    r"exclu|skip|unparsed|invalid|missing|dropped|left out|removed|without|no answer|failed|empty|ausge|пропущ|跳过",
    re.IGNORECASE,
)
_FITS_ALONE, _NEAR = 0.06, 4
_ELSEWHERE = Pattern(r"\b(?:below|above|earlier|see|section|elsewhere)\b|§", re.IGNORECASE)
"""A share that is told of another place may be of the items there."""


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
                if fair(n)
            ]
            yield from odd_cell(log, [(name, found)], Items(int(told["n"]), "", line))


def impossible_in_words(log: Log) -> Iterator[Impossible]:
    """A share that none of the told numbers of items gives, where it is said to be a share of them, each tried once."""
    for scope in scopes_of(log) if not log.data else ():
        text = " ".join(one.text for one in scope.sentences)
        items = _told(scope)
        if not items or len({one.number for one in items}) > 2 or REPEATED.search(text):
            continue
        yield from _in_words(scope, items, once=ONCE_EACH.search(text) is not None)
        if len({one.number for one in items}) == 1:
            yield from odd_cell(log, list(_cells(log, scope)), items[0])


def _in_words(scope: Scope, items: list[Items], *, once: bool) -> Iterator[Impossible]:
    shares = [q for q in scope.quantities if is_share(q) and not AVERAGED.search(q.sentence.text)]
    odd = [q for q in shares if not is_given(scope.quantities, q) and not _of_else(q)]
    if len({q.value for q in odd}) != 1:
        return  # several that do not fit are shares of something else
    share = odd[0]
    near = max(items, key=lambda one: (_fitting(shares, one.number), -abs(one.line.number - share.line.number)))
    fits = {q.value for q in shares if q is not share and possible(q.number, near.number, q.unit)}
    by_chance = chance(share.number, near.number, share.unit)
    sure = len(shares) == 1 and by_chance <= _FITS_ALONE and _SAID.search(share.before[-60:] + " " + share.after[:24])
    said = any(_of_items(share, one) for one in items) or (_named(share) and (once or fits or sure))
    if by_chance <= FITS_MOST and said and not _of_fewer(scope, share, near):
        shown = fits or _SAID.search(share.before[-60:] + " " + share.after[:24])
        told = len({one.number for one in items}) == 1 and (_of_items(share, near) or (once and bool(shown)))
        told = told and 0 <= share.line.number - near.line.number <= _NEAR
        told = told and len({one[:3] for one in SETS.findall(f"{near.line.low} {share.sentence.low}")}) <= 1
        told = told and _ELSEWHERE.search(share.sentence.text) is None
        told = told and not in_halves(share.number, near.number, share.unit)
        yield Impossible(share.number, near.number, share.line, near.line, len(fits), told)


def _of_items(share: Quantity, items: Items) -> bool:
    """Whether a share is said to be one of them, or of the very noun of the items."""
    found = _OF_ITEMS.match(share.after)
    return found is not None and (not found["noun"] or (items.noun != "" and found["noun"].lower() in items.noun + "s"))


def _of_fewer(scope: Scope, share: Quantity, items: Items) -> bool:
    """Whether it is a share of those that are left when some are left out."""
    fewer = [
        items.number - int(one.value) for one in scope.quantities
        if one.whole and one.value < items.number and _LEFT_OUT.search(one.after[:30])
    ]  # fmt: skip
    return any(n > items.number / 2 and possible(share.number, n, share.unit, cut=False) for n in fewer)


def _fitting(shares: Sequence[Quantity], items: int) -> int:
    return len({q.value for q in shares if possible(q.number, items, q.unit)})


def _told(scope: Scope) -> list[Items]:
    found = []
    for one in scope.quantities:
        if not one.whole or not FEWEST <= one.value <= MOST:
            continue
        noun = _ITEMS.match(one.after)
        if (noun is not None or _N.search(one.before)) and not _PLANNED.search(one.sentence.text):
            found.append(Items(int(one.value), noun["noun"].lower() if noun else "", one.line))
    return found


def is_given(found: Iterable[Quantity], share: Quantity) -> bool:
    """Whether some whole number gives a share; of what is no item it is asked that it does so exactly."""
    for one in found:
        if one.whole and 3 <= one.value <= 10_000 and not _PLANNED.search(one.sentence.text):
            by_chance, items = chance(share.number, one.value, share.unit), _ITEMS.match(one.after) is not None
            if by_chance < (1 if items else 0.5) and possible(share.number, one.value, share.unit, cut=items):
                return True
    return False


def is_share(one: Quantity) -> bool:
    """Whether a number may be a share of items: no end of a range, and named where it has no sign of per cent."""
    if not one.plain or _NO_VALUE.search(one.before) or _GOES_ON.match(one.after):
        return False
    if one.unit == "%":
        return 0 < one.value < 100
    return (
        one.unit == "" and one.number.decimals >= 2 and 0 < one.value < 1 and _SAID.search(one.before[-30:]) is not None
    )


def _of_else(share: Quantity) -> bool:
    return _OF_ELSE.search(share.before) is not None or _OF_ELSE.search(share.after[:30]) is not None


def _named(share: Quantity) -> bool:
    """Whether a share is named as one, or is the value of a short entry."""
    near = share.before[-60:] + " " + share.after[:24]
    return _SAID.search(near) is not None or re.search(r"[:=]\s*$", share.before) is not None


def _cells(log: Log, scope: Scope) -> Iterator[tuple[str, list[tuple[Number, Line]]]]:
    """The columns of shares of the tables of a scope's section, those with numbers of items of their own left out."""
    sections = {one.section for one in scope.passages}
    for table in log.tables:
        if table.section not in sections or any(
            all_whole(table, i) and WHOLE.search(table.header[i]) for i in range(len(table.header))
        ):
            continue
        for place, name in enumerate(table.header):
            rows = [row for row in table.rows if not AVERAGED.search(" ".join(row.cells))]
            found = [(n, log.line(row.line_of(place))) for row in rows for n in numbers(row.cells[place])[:1]]
            said = SHARE.search(plain(name)) is not None and not of_else(name)
            fine = any(n.unit == "%" or n.decimals for n, _ in found) or "%" in name
            if len(found) >= 3 and all(fair(n) for n, _ in found) and said and fine:
                yield name, found
