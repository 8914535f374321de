"""A best row of a table whose lead over the next the printed spread does not carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Place, Rule, place_of
from evenhand.audit.text.log import Log, Row, Table
from evenhand.audit.text.number_words import chance
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import asserted
from evenhand.audit.told.seeds.count import Seeds
from evenhand.audit.told.seeds.spreads import mean_and_spread, of_deviations, one_measure, seeds_of_table, welch

_BEATS = Pattern(
    r"\b(?:(?:significantly|clearly|reliably|consistently|substantially)\s+)?(?:outperform(?:s|ed)?|beats?|"
    r"surpass(?:es|ed)?|"
    r"(?:is|are|was|were|performs?|does)\s+(?:\w+ly\s+)?better than|improves? (?:significantly )?(?:over|on|upon))\b",
    re.IGNORECASE,
    needs="beat|better than|improve |improves |outperform|surpass",
)
_TESTED = Pattern(
    r"\bp\s*[=<>≤]|\bCI\b|interval|by chance|within (?:noise|one|the spread|error)|slightly|nominal", re.IGNORECASE
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Bold cells of ``mean ± std`` over a known number of seeds, against the best of the other rows."""
    for log in logs:
        for table in log.tables:
            if 2 <= len(table.rows) <= 60 and any("±" in cell for row in table.rows for cell in row.cells):
                seeds = seeds_of_table(log, table)
                if seeds is not None and seeds.count >= 2 and of_deviations(log, table) and not _taken_back(log, table):
                    yield from _leads(log, table, seeds)
        yield from _said(log)


_SAYS_SO = Pattern(
    r"not (?:yet |statistically )?significan|no significan|inside the|"
    r"within (?:the )?(?:\w+ )?(?:noise|std|spread|sd|error)|inconclusive|not conclusive|by chance|overlap",
    re.IGNORECASE,
    needs="significan|inside the|within|conclusive|by chance|overlap",
)
_BELOW = 8


def _taken_back(log: Log, table: Table) -> bool:
    """Whether the lines below a table say themselves that its lead is none."""
    last = table.rows[-1].line
    return any(
        last < line.number <= last + _BELOW and line.section == table.section and _SAYS_SO.search(line.body)
        for line in log.spoken()
    )


def _said(log: Log) -> Iterator[Finding]:
    """``A beats B significantly`` of two rows of a table with mean and spread over seeds in the same section."""
    for line in log.spoken():
        verb = _BEATS.search(line.body)
        if verb is None or not asserted(log, line, verb) or _TESTED.search(line.body):
            continue
        tables = [table for table in log.tables if table.section == line.section]
        for table in tables:
            first, second = (_row_named(table, text) for text in (line.body[: verb.start()], line.body[verb.end() :]))
            if first is None or second is None or first is second:
                continue
            columns = _columns_of(log, table)
            told = [place for place, name in columns.items() if name and name.lower() in line.low]
            for place in told if told else columns if len(columns) == 1 else ():
                found = _compared(log, table, (first, second), place)
                if found is not None:
                    facts, places = found
                    yield Finding("within-spread", "caution", place_of(log, line), facts, places, verb[0])


def _columns_of(log: Log, table: Table) -> dict[int, str]:
    """Columns of mean and spread, and what they are of; ``mean`` with ``std`` beside it are one."""
    if of_deviations(log, table):
        found = {
            place: re.sub(r"\(.*?\)|[±↑↓]", "", name).strip()
            for place, name in enumerate(table.header)
            if place and all(mean_and_spread(row.cells[place]) is not None for row in table.rows)
        }
        if found:
            return found
    means = [i for i, name in enumerate(table.header) if re.fullmatch(r"mean|avg|average", name.strip(), re.IGNORECASE)]
    sds = [i for i, name in enumerate(table.header) if re.fullmatch(r"std|sd|stdev", name.strip(), re.IGNORECASE)]
    return {means[0]: ""} if len(means) == len(sds) == 1 else {}


def _row_named(table: Table, text: str) -> Row | None:
    """The one row whose name a text holds as words; of names within names the longest."""
    low = " ".join(re.findall(r"[a-z0-9.+_@=-]+", text.lower()))
    padded, found = f" {low} ".replace(". ", " "), []
    for row in table.rows:
        name = " ".join(re.findall(r"[a-z0-9.+_@=-]+", row.cells[0].lower()))
        names = [name, f"{table.header[0].lower()} {name}"] if re.search(r"[a-z]", name) else [
            f"{table.header[0].lower()} {name}"
        ]  # fmt: skip
        if any(one and f" {one} " in padded for one in names):
            found.append((len(name), row))
    longest = [row for size, row in found if size == max(size for size, _ in found)]
    nested = all(row.cells[0].lower() in longest[0].cells[0].lower() for _, row in found) if longest else False
    return longest[0] if len(longest) == 1 and (len(found) == 1 or nested) else None


def _compared(
    log: Log, table: Table, rows: tuple[Row, Row], place: int
) -> tuple[dict[str, object], tuple[Place, ...]] | None:
    """Welch's test of two rows, where it does not carry the claim; None where it does, or nothing can be said."""
    read = [_mean_and_spread(table, row, place) for row in rows]
    over = [i for i, name in enumerate(table.header) if re.match(r"^seed[\s_#=-]*\d+$", name, re.IGNORECASE)]
    seeds = Seeds(len(over), log.line(table.line)) if len(over) >= 2 else seeds_of_table(log, table)
    if read[0] is None or read[1] is None or seeds is None or seeds.count < 2:
        return None
    (mean, sd), (other, other_sd) = read[0], read[1]
    if mean.value == other.value:
        return None
    p = welch(mean.value - other.value, sd.value, other_sd.value, seeds.count)
    if p is None or p <= 0.1:
        return None
    facts: dict[str, object] = {
        "one": f"{mean.value:g} ± {sd.value:g}", "other": f"{other.value:g} ± {other_sd.value:g}",
        "rival": rows[1].cells[0], "seeds": seeds.count, "p": p, "column": table.header[place],
    }  # fmt: skip
    return facts, (place_of(log, rows[1].line), place_of(log, seeds.line))


def _mean_and_spread(table: Table, row: Row, place: int) -> tuple[Number, Number] | None:
    found = mean_and_spread(row.cells[place])
    if found is not None:
        return found
    sds = [i for i, name in enumerate(table.header) if re.fullmatch(r"std|sd|stdev", name.strip(), re.IGNORECASE)]
    at = table.rows.index(row)
    mean, sd = table.columns[place][at], table.columns[sds[0]][at] if len(sds) == 1 else None
    return (mean, sd) if mean is not None and sd is not None else None


def _leads(log: Log, table: Table, seeds: Seeds) -> Iterator[Finding]:
    for place in range(1, len(table.header)):
        cells = [(row, found) for row in table.rows if (found := mean_and_spread(row.cells[place])) is not None]
        bold = [(row, found) for row, found in cells if place in row.bold]
        if len(bold) != 1 or len(cells) < 2:
            continue
        if not one_measure(table, place, [found[0] for _, found in cells]):
            continue
        row, (mean, sd) = bold[0]
        others = [(other, found) for other, found in cells if other is not row]
        top = mean.value >= max(found[0].value for _, found in others)
        bottom = mean.value <= min(found[0].value for _, found in others)
        if top == bottom or not _leads_all(table, place, mean, top=top):
            continue
        pick = max if top else min
        rival, (next_mean, next_sd) = pick(others, key=lambda one: one[1][0].value)
        if mean.value == next_mean.value:
            continue  # equal values are no lead
        p = welch(mean.value - next_mean.value, sd.value, next_sd.value, seeds.count)
        if p is not None and p > 0.1:
            facts = {
                "one": f"{mean.value:g} ± {sd.value:g}", "other": f"{next_mean.value:g} ± {next_sd.value:g}",
                "rival": rival.cells[0], "seeds": seeds.count, "p": p, "column": table.header[place],
            }  # fmt: skip
            others_at = (place_of(log, rival.line), place_of(log, seeds.line))
            yield Finding("within-spread", "caution", place_of(log, row.line), facts, others_at, row.cells[place])


def _leads_all(table: Table, place: int, best: Number, *, top: bool) -> bool:
    """Whether no row without a spread is ahead of a row: bold may only mean that it is the authors' own."""
    values = [one.value for one in table.columns[place] if one is not None]
    return not any(value > best.value if top else value < best.value for value in values)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"{f['one']} leads {f['other']} of '{f['rival']}' (line {finding.others[0].line}) by no more than chance over "
        f"{f['seeds']} seeds (line {finding.others[1].line}): {chance(f['p'])} if ± is the standard deviation."
    )


RULE = Rule(
    "within-spread",
    "A best row whose lead the printed spread over seeds does not carry.",
    check,
    say,
)
