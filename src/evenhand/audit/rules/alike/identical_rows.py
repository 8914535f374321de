"""Two arms of a table with the same numbers throughout."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from evenhand.audit.finding import Finding, Level, Rule, place_of
from evenhand.audit.text.log import Log, Row, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.records import chooses, declared_same
from evenhand.audit.told.concluded.concluded import doubted
from evenhand.audit.told.shares.items import items_said

_SETTING = Pattern(
    r"\b(?:lr|learning|rate|batch|size|params?|parameters|layers?|dim|seed|steps?|epochs?|tokens|time|date|cost|"
    r"memory|mem|vram|n|count|items|total|flops|budget|latency|length|year|version|max|min|limit|threshold|#|"
    r"lambda|alpha|beta|gamma|tau|sigma|temperature|dropout|[α-ωΑ-Ω]|selected|chosen|"
    r"bits|bpp|bpw|coord|id|idx|index|papers?|arxiv|doi|refs?|references?|source|link|commit|hash|throughput|speed|samples/s)\b",
    re.IGNORECASE,
)
_ARM = Pattern(
    r"^(?:model|method|variant|arm|config\w*|run|run[ _]id|experiment|exp|setting|approach|name|ablation|technique|"
    r"strategy|optimi[sz]er|tag|policy|router)$",
    re.IGNORECASE,
)


_FEW = 100
_TOP = 0.95
"""Above this share few errors are left, and two arms may well make the same; so with a share of errors itself."""

_DIGITS = 8
"""So many digits two results have together that are not alike by chance."""

_LITTLE = 200
"""So few items are told of: two arms may well answer alike on all of them."""

_TIMED = 4
_LONG = 10
_RARE = 0.05
_ENOUGH = 3
_PORT = Pattern(
    r"(?<![a-z])(?:kernels?|implementations?|backends?|cuda|triton|jit|onnx|cpu|gpu|fused|compiled|cached|"
    r"shadow|dry-?run|no-?op|determinis\w+|sanity|identity|replica\w*|oracle)(?![a-z])",
    re.IGNORECASE,
)
"""What is meant to leave results as they are."""

_HELD = Pattern(r"\bmatched\b|\bheld (?:equal|fixed|constant)\b|\bequal(?:ly)? by design\b", re.IGNORECASE)
"""What is told to be equal on purpose."""

_TIE = r"(?:ties|tied|tie|coincides?|is equal to|equals)"
_EXACTLY = r"\b(?:exactly|strictly|numerically|necessarily|bit[- ]?wise) (?:equal|identical) (?:to|with)"
_NEAR = 12
"""Lines behind a table in which its equal rows may be told to be so."""

_CHOSEN = Pattern(
    r"\b(?:chosen|selected|picked|best|tuned)\b.{0,20}(?:[α-ωΑ-Ω]|\b(?:lambda|lr|learning rate|hyper-?\w*|settings?|"
    r"param\w*|config\w*|alpha|beta|penalt\w+|thresholds?)\b)",
    re.IGNORECASE,
)
"""A table of settings, of which two arms may well have the same."""

_HASH = Pattern(r"[0-9a-f]{6,}", re.IGNORECASE)
_SPEED = Pattern(
    r"(?:tok(?:ens)?|samples|it(?:er)?s?)\s?/\s?s|time|sec(?:onds)?|latency|throughput|speed|duration", re.IGNORECASE
)
"""What no second run has to the last digit."""

_AGAIN = Pattern(r"^(?:run|seed|rep\w*|trial|fold)\b", re.IGNORECASE)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Rows with another name and the same three results, or the same two of four digits each."""
    for log in logs:
        told: dict[tuple[str, str], Finding] = {}
        tables: dict[tuple[str, str], int] = {}
        for table in log.tables:
            if table.header and _ARM.match(table.header[0].strip()) and 2 <= len(table.rows) <= 500 and not log.data:
                for one in _twins(log, table, logs):
                    pair = (str(one.facts["one"]), str(one.facts["other"]))
                    told.setdefault(pair, one)
                    tables[pair] = tables.get(pair, 0) + 1
        yield from _once(log, told, tables)


def _once(log: Log, told: dict[tuple[str, str], Finding], tables: dict[tuple[str, str], int]) -> Iterable[Finding]:
    """The same two arms in ten tables are one thing to look at, and so are ten such pairs in one table."""
    groups: dict[tuple[int, Level], list[Finding]] = {}
    for pair, one in told.items():
        level = one.level
        if level != "hint" and any(_differ(table, *pair) for table in log.tables):
            own = [table for table in log.tables if any(row.line == one.place.line for row in table.rows)]
            level = "hint" if tables[pair] > 1 or any(_differ(table, *pair) for table in own) else "note"
        at = max((table.line for table in log.tables if table.line <= one.place.line), default=0)
        whole = replace(one, facts={**one.facts, "tables": tables[pair], "more": 0}, level=level)
        groups.setdefault((at, level), []).append(whole)
    for first, *rest in groups.values():
        others = (*first.others, *(one.place for one in rest))
        yield replace(first, facts={**first.facts, "more": len(rest)}, others=others)


def _differ(table: Table, one: str, other: str) -> bool:
    """Whether two arms stand in a table with different results: then neither is a copy of the other."""
    rows = [[row for row in table.rows if row.cells[0] == name] for name in (one, other)]
    places = [i for i, name in enumerate(table.header) if i and not _SETTING.search(name)]
    values = [{n.value for row in found for n in _results(table, row, places)} for found in rows]
    return bool(values[0] and values[1]) and values[0] != values[1]


def _results(table: Table, row: Row, places: list[int]) -> list[Number]:
    found = [table.columns[i][table.rows.index(row)] for i in places]
    return [n for n in found if n is not None and n.decimals >= 2]


def _twins(log: Log, table: Table, logs: list[Log]) -> Iterable[Finding]:
    if any(_CHOSEN.search(text) for text in (table.before, *log.path(table.section)[-1:])):
        return
    places = [i for i, name in enumerate(table.header) if i and not _SETTING.search(name)]
    seen: dict[tuple[str, ...], Row] = {}
    for at, row in enumerate(table.rows):
        values = tuple(
            row.cells[i]
            for i in places
            if (n := table.columns[i][at]) is not None
            and n.decimals >= 2
            and n.value
            and len(str(abs(n.value)).replace(".", "").strip("0")) >= 3
        )
        if len({*values}) < 2 or (len(values) == 2 and sum(map(_digits, values)) < _DIGITS):
            continue
        first = seen.setdefault(values, row)
        if first is not row and not _one_arm(first.cells[0], row.cells[0]) and not _one_setting(table, first, row):
            if declared_same(logs, log, [row], [row.cells[0]]):
                continue
            facts = {"one": first.cells[0], "other": row.cells[0], "count": len(values)}
            fine = [n for i in places if (n := table.columns[i][at]) is not None and n.decimals >= 2]
            few = all(_of_few(n) for n in fine) or all(_TOP <= n.share <= 1 or abs(n.share) <= 1 - _TOP for n in fine)
            few = (
                few
                or _ported(log, first.cells[0], row.cells[0])
                or any(n <= _LITTLE for n in items_said(log, table.section))
            )
            same = [i for i in places if row.cells[i] == first.cells[i] and _results(table, row, [i])]
            told = doubted(log, first.line, table.rows[-1].line, table.section)
            told = told or any(_HELD.search(one.body) for one in log.lines) or chooses(first.cells[0], row.cells[0])
            told = told or _tied(log, table, first.cells[0], row.cells[0])
            level: Level = "hint" if few or told or _by_chance(table, same) > _RARE else "note"
            yield Finding("identical-rows", level, place_of(log, row.line), facts, (place_of(log, first.line),))


def _tied(log: Log, table: Table, *arms: str) -> bool:
    """Whether a line behind a table says of two of its rows that they come out the same: ``A ties B``."""
    last = log.by_number[table.rows[-1].line]
    one, other = (rf"(?<!\w){re.escape(arm.strip(' `*'))}(?!\w)" for arm in arms)
    said = re.compile(
        rf"{one}\W+{_TIE}\W+(?:with )?(?:the )?{other}|{other}\W+{_TIE}\W+(?:with )?(?:the )?{one}|"
        rf"(?i:{_EXACTLY} (?:the )?(?:{one}|{other}))"
    )
    told = (line.body for line in log.lines[last + 1 : last + 1 + _NEAR] if line.kind in ("prose", "bullet"))
    return any(said.search(text) for text in told)


def _one_arm(one: str, other: str) -> bool:
    """Whether two names are of one arm: numbered, run again, or with a remark in brackets."""
    plain = [re.sub(r"\(.*?\)|\W", "", name).lower() for name in (one, other)]
    numbered = other.strip().isdigit() or any(_HASH.fullmatch(name.strip(" `*")) for name in (one, other))
    return plain[0] == plain[1] or numbered or _AGAIN.match(other) is not None


def _one_setting(table: Table, one: Row, other: Row) -> bool:
    """Whether two rows have the same settings where other rows have others: one run that is listed under two names."""
    timed = [i for i, name in enumerate(table.header) if i and _SPEED.search(name) and _digits(one.cells[i]) >= _TIMED]
    if any(one.cells[i].strip() == other.cells[i].strip() for i in timed):
        return True
    words = [
        i for i in range(1, len(table.header)) if any(re.search(r"[^\W\d]{2}", row.cells[i]) for row in table.rows)
    ]
    told = [i for i in words if len({row.cells[i].strip() for row in table.rows}) > 1 and one.cells[i].strip(" -—")]
    return bool(told) and all(one.cells[i].strip() == other.cells[i].strip() for i in told)


def _ported(log: Log, *arms: str) -> bool:
    """Whether two arms may be one method in two implementations, as their names say or a line that begins with one."""
    names = tuple(arm.strip() for arm in arms)
    told = [line.body for line in log.lines if line.body.lstrip("|` ").startswith(names)]
    return any(_PORT.search(text.replace("_", " ")) for text in (*names, *told))


def _by_chance(table: Table, places: list[int]) -> float:
    """How many pairs of rows of a long table have the same results by chance, as narrow as their columns are."""
    if len(table.rows) <= _LONG:
        return 0.0
    expected, chances = len(table.rows) ** 2 / 2, []
    for place in places:
        values = sorted(n.value for n in table.columns[place] if n is not None)
        step = min(10.0**-n.decimals for n in table.columns[place] if n is not None)
        width = values[len(values) * 9 // 10] - values[len(values) // 10]
        chances.append(1 + width / step)
    if len(places) < _ENOUGH:  # two results often rise and fall together
        return expected / max(chances, default=1.0)
    return expected / math.prod(chances)


def _of_few(value: Number) -> bool:
    """Whether a result is a share of so few items that two arms easily have the same."""
    share, half = value.share, value.slack / (100 if value.unit in ("%", "pp") or value.value > 1 else 1)
    share = share / 100 if share > 1 else share
    return any(abs(round(share * n) / n - share) <= half for n in range(1, _FEW + 1))


def _digits(cell: str) -> int:
    """How many digits a result has, zeros before the first other one left out."""
    return len(re.sub(r"\D", "", cell).lstrip("0"))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    lines = ", ".join(str(place.line) for place in finding.others[1:6]) + (", ..." if f["more"] > 5 else "")
    also = f"; {f['more']} more rows of this table have those of an earlier one, too (lines {lines})"
    also = also if f["more"] else ""
    more = f" here, and in {f['tables'] - 1} more tables" if f["tables"] > 1 else ""
    return (
        f"'{f['other']}' and '{f['one']}' (line {finding.others[0].line}) have the same {f['count']} results to "
        f"the last digit{more}: what tells them apart shows in none of them{also}."
    )


RULE = Rule("identical-rows", "Two arms of a table with the same results to the last digit.", check, say)
