"""A share that no whole number of the stated items gives, among shares that whole numbers do give (GRIM)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log, Table, only_number
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.numbers import Number, counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.shares.columns import is_mean, odd_counts
from evenhand.audit.told.shares.counted import share_columns
from evenhand.audit.told.shares.grim import (
    REPEATED,
    SHARE,
    Impossible,
    impossible_in_columns,
    impossible_in_records,
    impossible_under_a_name,
    of_else,
    plain,
)
from evenhand.audit.told.shares.grim_words import impossible_in_words
from evenhand.audit.told.shares.items import items_said

_LABEL = Pattern(
    r"(?<![a-z])(?:acc|accuracy|exact match|em|win rate|pass(?: rate|@1)?|success(?: rate)?|solve rate|hit rate|"
    r"recall@1|r@1|correct|target acc|retention acc)\W*$",
    re.IGNORECASE,
    needs="acc|correct|em|exact match|hit rate|pass|r@1|recall@1|solve rate|success|win rate",
)
_AVERAGED = Pattern(
    r"\b(?:mean|avg|average|averaged|macro|weighted|over|bootstrap|token|f1|auc|top-?\d|both|baseline of|chance|"
    r"target|threshold|"
    r"across|seeds|ci|interval|graded|partial|published|paper|reported|literature|human|official|leaderboard)\b|±|\+/-",
    re.IGNORECASE,
)
_MOST = 2000
_CHANCE = 1e-3
"""So rarely may all other shares fit the items by chance."""


_SHARES = Pattern(
    r"(?<![a-z])(?:acc|accuracy|pass@1|success(?: rate)?|solve rate|exact match|em|correct)(?![a-z])", re.I
)
_NOUN = (
    r"(?:questions?|problems?|items?|examples?|samples|prompts?|queries|images|sentences|documents|tasks|mails?|cases|"
    r"puzzles|games|episodes|requests|answers|preguntas|exemples|вопрос\w*)"
)
_NAMED_ITEMS = Pattern(rf"\((?:n ?= ?)?(\d{{2,4}}) ?(?:Q|{_NOUN})?\)", re.IGNORECASE)


@dataclass(frozen=True)
class _Share:
    number: Number
    line: int
    items: int


def check(logs: list[Log]) -> Iterable[Finding]:
    """All shares but one fit the number of items, by no accident, and that one clearly does not."""
    for log in logs:
        told: set[tuple[int, float]] = set()
        counted = {one.line for one in odd_counts(log)}  # where a count stands beside a share, that is what is wrong
        for group in _groups(log):
            for one in _judged(log, group):
                key = (one.place.line, float(one.facts["value"]))
                if key not in told and one.place.line not in counted:
                    told.add(key)
                    yield one
        for found in _impossible_in(log):
            if found.line.number not in counted and (found.line.number, found.share.value) not in told:
                told.add((found.line.number, found.share.value))
                yield _impossible(log, found)


def _impossible_in(log: Log) -> Iterator[Impossible]:
    yield from impossible_in_columns(log)
    yield from impossible_under_a_name(log)
    yield from impossible_in_words(log)
    yield from impossible_in_records(log)


def _impossible(log: Log, found: Impossible) -> Finding:
    unit = 100 if found.share.unit == "%" or found.share.value > 1 else 1
    below = int(found.share.value / unit * found.items)
    facts = {
        "printed": printed(found.share), "items": found.items, "below": below, "low": unit * below / found.items,
        "high": unit * (below + 1) / found.items,
        "decimals": found.share.decimals + 1, "value": found.share.value,
    }  # fmt: skip
    others = (place_of(log, found.items_line),) if found.items_line is not found.line else ()
    return Finding(
        "odd-share", "fault", place_of(log, found.line), facts, others, printed(found.share), unproven=not found.sure
    )


def _groups(log: Log) -> Iterator[list[_Share]]:
    """Shares that are judged together."""
    named: dict[str, list[_Share]] = {}
    for table in log.tables:
        yield from _in_table(table)
        if not log.data:
            yield _with_items_said(log, table)
            _by_name(table, named)
    yield from named.values()
    if not log.data:
        yield from _in_text(log)


def _in_table(table: Table) -> Iterator[list[_Share]]:
    """Rows with their number of items in a column: those of one number, and all of them."""
    every: list[_Share] = []
    for rate, whole in share_columns(table):
        name = table.header[rate]
        if _of_else(name) or not SHARE.search(plain(name)) or REPEATED.search(" ".join((*table.header, table.before))):
            continue
        groups: dict[int, list[_Share]] = {}
        for place, row in enumerate(table.rows):
            share, items = only_number(row.cells[rate]), only_number(row.cells[whole])
            if (
                share is not None
                and items is not None
                and not items.decimals
                and not is_mean(table, place, rate)
                and not _AVERAGED.search(" ".join(row.cells))
            ):
                groups.setdefault(int(items.value), []).append(_Share(share, row.line_of(rate), int(items.value)))
        yield from groups.values()
        every += [one for shares in groups.values() for one in shares]
    if len({one.items for one in every}) > 1:
        yield every


def _with_items_said(log: Log, table: Table) -> list[_Share]:
    """All shares of a table under a text that tells of one number of items."""
    items = items_said(log, table.section)
    places = [i for i, name in enumerate(table.header) if _SHARES.search(name) and not _of_else(name)]
    if len(items) != 1 or not places or any(_AVERAGED.search(cell) for row in table.rows for cell in row.cells[:1]):
        return []
    return [
        _Share(number, row.line_of(place), next(iter(items)))
        for at, row in enumerate(table.rows)
        for place in places
        for number in numbers(row.cells[place])
        if number.decimals and not is_mean(table, at, place)
        and all(one.whole.value in items for cell in row.cells for one in counts(cell))
    ]  # fmt: skip


def _of_else(name: str) -> bool:
    """Whether a column is, by its name, a mean of what each item scored in place of a share of right answers."""
    return _AVERAGED.search(name) is not None or of_else(name)


def _by_name(table: Table, named: dict[str, list[_Share]]) -> None:
    """Rows whose name tells of their items, ``MT-Bench (40 Q)``, over all tables: shares, or means of whole scores."""
    signed = [i for i, name in enumerate(table.header) if re.search(r"delta|Δ|change|diff|gain|note", name, re.I)]
    for row in table.rows:
        found = _NAMED_ITEMS.search(row.cells[0])
        for place in range(1, len(row.cells)) if found is not None else ():
            number = only_number(row.cells[place])
            if found is not None and number is not None and number.decimals >= 2 and place not in signed:
                named.setdefault(row.cells[0], []).append(_Share(number, row.line_of(place), int(found[1])))


def _in_text(log: Log) -> Iterator[list[_Share]]:
    by_section: dict[int, list[_Share]] = {}
    for line in log.spoken():
        if _AVERAGED.search(line.body):
            continue
        for number in line.numbers:
            if _LABEL.search(line.body[: number.start].rstrip("=: ")):
                by_section.setdefault(line.section, []).append(_Share(number, line.number, 0))
    for section, shares in by_section.items():
        items = items_said(log, section)
        if len(items) == 1:
            yield [replace(one, items=next(iter(items))) for one in shares]


def _judged(log: Log, shares: list[_Share]) -> Iterator[Finding]:
    known = [one for one in shares if _fair(one.number) and 10 <= one.items <= _MOST]
    percent = any(one.number.value > 1 for one in known) and not all(
        one.number.value <= 10 and one.number.decimals >= 2 and one.number.unit == "" for one in known
    )
    unit = 100 if percent else 1
    right: list[tuple[_Share, float]] = []
    odd: list[tuple[_Share, float]] = []
    for one in known:
        share, half = one.number.value / unit, one.number.slack / unit
        (odd if abs(round(share * one.items) / one.items - share) > 2 * half * (1 - 1e-9) else right).append(
            (one, min(1.0, 2 * half * one.items))
        )
    chance = math.prod(p for one, p in {one.number.value: (one, p) for one, p in right}.values())
    if len(odd) == 1 and len({one.number.value for one, _ in right}) >= 3 and chance <= _CHANCE and odd[0][1] <= 0.5:
        yield _finding(log, odd[0][0], unit, [one for one, _ in right])


def _finding(log: Log, one: _Share, unit: int, right: list[_Share]) -> Finding:
    below = int(one.number.value / unit * one.items)
    facts = {
        "printed": printed(one.number), "items": one.items, "below": below, "low": unit * below / one.items,
        "high": unit * (below + 1) / one.items, "decimals": one.number.decimals + 1,
        "value": one.number.value,
    }  # fmt: skip
    others = (place_of(log, right[0].line),) if right else ()
    return Finding("odd-share", "fault", place_of(log, one.line), facts, others, printed(one.number))


def _fair(number: Number) -> bool:
    return (
        not (number.signed or number.about or number.spread or number.unit not in ("", "%"))
        and 0 < number.value < 100
        and (number.decimals > 0)
    )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"No whole number of {f['items']} items gives {f['printed']}: "
        f"{f['below']} would be {f['low']:.{f['decimals']}f}, {f['below'] + 1} would be {f['high']:.{f['decimals']}f}."
    )


RULE = Rule(
    "odd-share",
    "A share that no whole number of the stated items gives, where such numbers give all others (GRIM).",
    anywhere(check),
    say,
    words=False,
)
