"""Arms of records whose results are, seed by seed, those of another arm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from evenhand.audit.finding import Finding, Level, Rule, line_of, place_of
from evenhand.audit.text.log import Log, Row, only_number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.records import (
    DELTA,
    Records,
    baseline_of,
    chooses,
    declared_same,
    is_arm,
    records_of,
)
from evenhand.audit.told.concluded.concluded import doubted

_ONE_ARM = Pattern(
    r"(?<![a-z])(?:seed|best|final|winner|selected|chosen|again|re-?run|copy|audit|last|val|test)(?![a-z])", re.I
)
_TRIVIAL = Pattern(r"(?<![a-z])(?:majority|constant|always|never|dummy|chance)(?![a-z])", re.I)
"""Two baselines that answer without looking may be one and the same."""

_FILE = Pattern(r"[\w.-]+/[\w./-]+|\.(?:pt|ckpt|safetensors|pth|bin|jsonl?)\b|\b(?=\d*[a-f])[0-9a-f]{16,}\b")
"""What may be the same for two records of one arm: a folder, a file, a hash."""

_TOLD = Pattern(
    r"\b(?:exact ablation|collapses? (?:back )?(?:in)?to|by construction|equivalent to|reduces to|same as)\b", re.I
)
"""What a record says of itself where it is meant to be another one."""

_CUT = 200
_LONG = 20
"""A text so long that two records have, and no third, tells what was run."""

_GROUP = Pattern(r"^(?:axis|group|family|block|section|study|sweep|tags?)$", re.I)
"""What says in which series of comparisons an arm stands, and nothing of how it was run."""

_TAKEN = Pattern(
    r"(?<![a-z])(?:time|seconds|secs?|minutes|mins?|hours|ms|duration|latency|elapsed|memory|vram|cost|date|timestamp)"
    r"(?![a-z])",
    re.I,
)
"""What a run took, which differs between two runs of one configuration, too."""

_TOLD_OF = 3
"""Settings that tell other arms apart: two arms that have them all alike were run alike."""

_SWITCH = frozenset(("true", "false", "yes", "no", "on", "off"))

_DIGITS = 10
"""Digits that all results together must have, so that two arms do not have them alike by chance."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """All results of at least three columns, or over at least two seeds, alike to the last digit."""
    for log in logs:
        # rows of metrics, and copies of one file, are no arms
        every = [one for one in records_of(log) if log.data and is_arm(one.table.header[one.arm])]
        yield from _once([one for records in every for one in _twins(logs, log, records)])


def _once(found: list[Finding]) -> Iterator[Finding]:
    """Ten settings that change nothing in one file are one thing to look at."""
    found = [one for one in found if one.level != "hint"] or found
    if found:
        same = [str(one.facts["other"]) for one in found[1:] if one.facts["one"] == found[0].facts["one"]]
        others = (*found[0].others, *(one.place for one in found[1:]))
        facts = {**found[0].facts, "same": same, "more": len(found) - 1 - len(same)}
        yield replace(found[0], facts=facts, others=others)


def _twins(logs: list[Log], log: Log, records: Records) -> Iterator[Finding]:
    places = [i for i in records.results() if not DELTA.search(records.table.header[i])]
    base = baseline_of(records)
    pairs = [(a, b) for a, b in combinations(records.groups, 2) if _alike(records, places, a, b)]
    if len({second for _, second in pairs}) > max(1, len(records.groups) // 3):
        return  # so many alike: the column of arms is none, or all was copied on purpose
    seen: set[str] = set()
    for first, second in pairs:
        rows = records.groups[second]
        if second in seen or declared_same(logs, log, list(rows), [second]):
            continue
        seen.add(second)
        settings = _same_settings(records, first, second)
        facts = {"one": first, "other": second, "base": first == base, "settings": settings}
        at = records.of_seed(first, rows[0]) or records.groups[first][0]
        cut = len(records.table.header) >= _CUT  # more fields were not read
        open_ = cut or doubted(log, rows[0].line, rows[0].line, -1) or _again(records, first, second)
        open_ = open_ or _run_alike(records, places, first, second)
        level: Level = "hint" if open_ else "note"
        lines = (one.line_of(records.arm) for one in (rows[0], at))
        place, other = (place_of(log, line) for line in lines)
        yield Finding("twin-arms", level, place, facts, (other,), second)


def _same_settings(records: Records, one: str, other: str) -> tuple[str, ...]:
    """The columns of switches that tell other arms apart, where two arms have the same in all of them; else none."""
    rows = [records.groups[name][0] for name in (one, other)]
    found = []
    for place, name in enumerate(records.table.header):
        cells = {row.cells[place].strip().lower() for group in records.groups.values() for row in group}
        if place not in (records.arm, records.seed) and len(cells) == 2 and cells <= _SWITCH:
            found.append((name, rows[0].cells[place].strip() == rows[1].cells[place].strip()))
    return tuple(name for name, _ in found) if len(found) > 1 and all(same for _, same in found) else ()


def _run_alike(records: Records, results: list[int], one: str, other: str) -> bool:
    """Whether two arms have one configuration in words, which tells others apart: one run that stands in two series."""
    rows = [records.groups[name][0] for name in (one, other)]
    told = 0
    for place, name in enumerate(records.table.header):
        mine = [row.cells[place].strip() for row in rows]
        named = name.replace("_", " ")
        if place in (records.arm, records.seed, *results) or _GROUP.search(name) or _TAKEN.search(named):
            continue
        if any(" " in cell for cell in mine):  # a remark
            continue
        if mine[0] != mine[1]:
            return False
        cells = {row.cells[place].strip() for group in records.groups.values() for row in group}
        told += len(cells) > 1 and not cells & _SWITCH and not any(map(only_number, cells))
    return told >= _TOLD_OF


def _again(records: Records, one: str, other: str) -> bool:
    """Whether two arms may be one: numbered, named or told as a repetition, or with one text that no third has."""
    if any(_TOLD.search(cell) for name in (one, other) for row in records.groups[name] for cell in row.cells):
        return True
    if all(_TRIVIAL.search(name) for name in (one, other)) or chooses(one, other):
        return True
    if _ONE_ARM.search(one) or _ONE_ARM.search(other) or one.isdigit() or other.isdigit():
        return True
    rows = [[row for row in rows if row.line] for rows in (records.groups[one], records.groups[other])]
    rest = [row for name, group in records.groups.items() if name not in (one, other) for row in group]
    for place in range(len(records.table.header)):
        cells = {row.cells[place].strip() for group in rows for row in group}
        text = next(iter(cells)) if len(cells) == 1 else ""
        if (_FILE.search(text) or (len(text) > _LONG and " " in text)) and not any(
            row.cells[place].strip() == text for row in rest
        ):
            return True
    return False


def _alike(records: Records, places: list[int], one: str, other: str) -> bool:
    """Whether each row of an arm has the results of the other's row on its seed, with digits enough in all."""
    values: set[str] = set()
    for row in records.groups[other]:
        twin = records.of_seed(one, row)
        mine = _results(records, row, places)
        if twin is None or not mine or mine != _results(records, twin, places):
            return False
        values |= set(mine.values())
    fine = {cell for cell in values if _digits(cell) >= 3}
    told = [
        cell for row in records.groups[other] for cell in _results(records, row, places).values() if _digits(cell) >= 3
    ]
    decimal = sum(re.search(r"\d\.\d", cell) is not None for cell in fine)
    return decimal >= 2 and len(told) >= 3 and sum(map(_digits, fine)) >= _DIGITS


def _results(records: Records, row: Row, places: list[int]) -> dict[int, str]:
    """The results of a row as they are printed, by column; what is empty says nothing."""
    return {i: row.cells[i].strip() for i in places if records.value(row, i) is not None}


def _digits(cell: str) -> int:
    return len(re.sub(r"\D", "", cell).lstrip("0").rstrip("0"))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f, where = finding.facts, line_of(finding.others[0], finding.place)
    same = f.get("same", ())
    more = f"; so have {', '.join(same[:5])}{', ...' if len(same) > 5 else ''}" if same else ""
    more += "; there are other such pairs here" if f.get("more") else ""
    of = "the baseline" if f["base"] else f"'{f['one']}'"
    told = f"'{f['other']}' has the results of {of} ({where}) to the last digit"
    if settings := f.get("settings"):
        named = ", ".join(f"'{name}'" for name in settings[:4])
        return f"{told}, and the same settings ({named}): one arm under two names, as far as these tell{more}."
    return f"{told}: what tells them apart shows in none of them{more}."


RULE = Rule("twin-arms", "Records of an arm whose results are all those of another arm.", check, say, words=False)
