"""What single results over seeds say: paired t, its interval, the signs, and what could have been detected."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.rules.certainty.differences import of_signs, shown_by, unfinished
from evenhand.audit.text.log import Log, Table, per_log
from evenhand.audit.text.number_words import chance, shown, signed
from evenhand.audit.text.numbers import Number, right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE
from evenhand.audit.told.arms.by_seed import BASE, Paired, delta_columns, paired_rows
from evenhand.audit.told.arms.ended import ended_in
from evenhand.audit.told.arms.furthest import apart_in
from evenhand.audit.told.arms.seeded import Apart
from evenhand.audit.told.arms.side_by_side import alone_in
from evenhand.audit.told.seeds.count import seeds_of
from evenhand.audit.told.seeds.series import OVER, Series, series_of
from evenhand.audit.told.seeds.spreads import RESAMPLED, to_baseline
from evenhand.audit.told.seeds.tested import FINEST, digits_of, facts_of

_REPEATS = Pattern(r"\b(?:seeds?|runs|trials|repeats|replicates|replicas|repetitions|restarts|rollouts)\b", re.I)
_SPREAD = Pattern(r"±|\+/-|\b(?:std|sd|stdev|sem|se|ci|σ)\b|标准差", re.IGNORECASE)
_RANGE = Pattern(
    r"\W*(?:range|spread|max\s?[-–−]\s?min|min\s?[-–−]\s?max|spannweite|étendue|rango|размах|разброс|极差|波动(?:范围)?)\W*(?:\(.*\))?\W*",
    re.IGNORECASE,
)
"""A column of how far apart runs are, by its whole name."""

_MOST = 4
_ONE_SEED = Pattern(r"\b(?:seeds?[\s_#=]*|s\s?=\s?)\d+(?:/\d+)*\s*[=:]\s*$", re.IGNORECASE)
"""What follows is the result of this one."""

_SELECTED = Pattern(
    r"\b(?:best|lowest|highest|top) (?P<few>\d{1,2}) (?:of|out of|from|seeds|runs)\b|"
    r"\b(?P<some>\d{1,2}) (?:best|lowest|highest)\b",
    re.IGNORECASE,
)
"""So many seeds were chosen by their results: an interval of their mean is none of the arm's."""

_COST = Pattern(
    r"time|sec|minutes|hours|latency|speed|size|bytes|mem|steps?|epochs?|params?|tokens|flops|artifact|cost|date|lr|"
    r"\bid\b|\bms\b|\bs\b|\bgb\b|\bmb\b|\bn\b|count|items|samples",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Differences over seeds that are listed, values over seeds of which only the mean is told, arms seed by seed."""
    for log in logs:
        bare: dict[int, list[Series]] = {}
        for series in series_of(log):
            if not series.values or not over_repeats(log, series):
                continue
            if series.differences:
                facts = facts_of(series.array, series.values) if _told_as_differences(log, series) else None
                if facts is not None:
                    own = series.line.kind != "row" and OVER.search(series.label) is not None
                    yield Finding("recomputed", "note", place_of(log, series.line), facts, anywhere=own)
            elif _only_mean(series):
                bare.setdefault(series.line.number, []).append(series)
        told = {one.line.number for one in series_of(log) if one.differences and one.values}
        for table in log.tables:
            yield from _in_records(log, table, told)
            yield from _deltas(log, table, told)
            yield from _means_alone(log, table, bare)
            yield from _of_one_arm(log, table)
        yield from islice((one for table in log.tables for one in _of_spreads(log, table)), _MOST)


def _told_as_differences(log: Log, series: Series) -> bool:
    """Whether a list in words is said to be one of differences, or has a plus throughout: results have signs, too.

    A column without any sign is one by its whole name alone: ``Delta CATE`` may be the name of a result.
    """
    if log.data:
        return True
    if series.line.kind == "row":
        return any(n.signed for n in series.values) or DIFFERENCE.fullmatch(series.label.strip(" *`")) is not None
    label = series.line.body[: series.values[0].start]
    if _ONE_SEED.search(label):
        return False
    near = [label, *(one.body for one in log.parents(series.line)), *log.path(series.line.section)[-1:]]
    return all(n.signed and n.value > 0 for n in series.values) or any(DIFFERENCE.search(one) for one in near)


def _of_spreads(log: Log, table: Table) -> Iterator[Finding]:
    """The differences of a table of means with their spreads over a known number of seeds, which are not told."""
    by_seed = any(True for _ in paired_rows(table)) or any(True for _ in apart_in(table))
    bases = [row for row in table.rows if BASE.fullmatch(row.cells[0].strip())]
    found = None if by_seed else to_baseline(log, table, bases)
    if found is not None:
        facts = {
            "digits": digits_of(found.means), "baseline": found.base.cells[0], "column": found.column,
            "seeds": found.seeds.count, "spread": found.spread, "told": found.tested[:_MOST],
            "left": max(0, len(found.tested) - _MOST),
        }  # fmt: skip
        yield Finding("recomputed", "note", place_of(log, found.base.line), facts, (place_of(log, found.seeds.line),))


def _deltas(log: Log, table: Table, told: Collection[int]) -> Iterator[Finding]:
    """Columns of differences by seed, where no row of their mean has told them already."""
    for name, values, row in delta_columns(table):
        facts = facts_of(np.array([one.value for one in values]), values)
        if facts is not None and not any(one.line in told for one in table.rows):
            yield Finding("recomputed", "note", place_of(log, row.line), facts, quote=name)


def _only_mean(series: Series) -> bool:
    """Whether a result is given by its values and their mean alone."""
    told = series.mean is not None and series.sd is None and len(series.values) >= 3
    told = told and series.mean is not None and right(series.mean, series.values)  # a column that only is named so
    return told and any(n.decimals for n in series.values) and not _COST.search(series.label.replace("_", " "))


def _means_alone(log: Log, table: Table, bare: dict[int, list[Series]]) -> Iterator[Finding]:
    """The spreads that a table with its seeds and their means leaves out; one finding a table."""
    found = [(row, one) for row in table.rows for one in bare.get(row.line, ())]
    if not found or log.data or any(_SPREAD.search(text) for row in table.rows for text in (*row.cells, *table.header)):
        return
    if any(_RANGE.fullmatch(name) for name in table.header):
        return
    told, at = [], 0
    for row, one in found:
        facts = facts_of(one.array, one.values)
        if facts is None or _beyond(one.values, float(str(facts["low"])), float(str(facts["high"]))):
            continue
        at = at or row.line
        label = one.label if re.search(r"[A-Za-z]", one.label) else f"{table.header[0]} {one.label}".strip()
        told.append(
            (" ".join(label.split()), float(str(facts["sd"])), float(str(facts["low"])), float(str(facts["high"])))
        )
    if told:
        facts = {
            "digits": digits_of(found[0][1].values),
            "spreads": tuple(told[:_MOST]),
            "seeds": len(found[0][1].values),
            "left": max(0, len(told) - _MOST),
        }
        yield Finding("recomputed", "note", place_of(log, at), facts, quote="spreads")


def _of_one_size(table: Table, one: Paired) -> bool:
    """Whether the columns of two arms may be of one metric: an amount beside the results is of another size."""
    columns = [table.columns[table.header.index(name)] for name in (one.arm, one.baseline)]
    sizes = sorted(abs(float(np.mean([n.value for n in column if n is not None]))) for column in columns)
    return sizes[1] <= 10 * sizes[0]


@per_log
def _chosen_in(log: Log) -> frozenset[int]:
    """How many seeds a log says were chosen out of more."""
    return frozenset(int(m["few"] or m["some"]) for line in log.spoken() for m in _SELECTED.finditer(line.body))


def _of_one_arm(log: Log, table: Table) -> Iterator[Finding]:
    """Mean and spread of one arm's results over its seeds, where no row sums them up; one finding a table."""
    if log.data or any(True for _ in apart_in(table)) or any(True for _ in paired_rows(table)):
        return
    chosen, told, digits = _chosen_in(log), [], 0
    for name, values in alone_in(table):
        facts = facts_of(np.array([one.value for one in values]), values)
        if facts is None or _COST.search(name) or len(values) in chosen or any(one.about for one in values):
            continue
        mean, sd, low, high = (float(str(facts[one])) for one in ("mean", "sd", "low", "high"))
        if sd >= 1.999 * values[0].half and not _beyond(values, low, high):
            told.append((name, mean, sd, low, high))
            digits = max(digits, digits_of(values))
    if told:
        facts = {
            "digits": digits,
            "alone": tuple(told[:_MOST]),
            "seeds": len(table.rows),
            "left": max(0, len(told) - _MOST),
        }
        yield Finding("recomputed", "note", place_of(log, log.line(table.rows[0].line)), facts, quote="spreads")


def _beyond(values: Sequence[Number], low: float, high: float) -> bool:
    """Whether the interval of shares leaves what shares can be: then it tells nothing."""
    if all(0 <= n.share <= 1 for n in values):
        return not 0 <= low <= high <= (100.0 if values[0].unit == "%" else 1.0)
    return all(1 < n.value <= 100 for n in values) and high > 100


def over_repeats(log: Log, series: Series) -> bool:
    """Whether the text says that the values are those of seeds or repeated runs: by name, column or number."""
    if series.line.kind == "row" and not log.data:
        return True  # a table with a column for each seed, or a row
    own = series.label.split()[-1] if log.data and series.label else series.label  # in data the list's own name
    if log.data and RESAMPLED.search(own.replace("_", " ")):
        return False
    names = [own.replace("_", " "), *(() if log.data else (series.line.body,))]
    if any(_REPEATS.search(one) for one in (*names, *(above.body for above in log.parents(series.line)))):
        return True
    if log.data:
        return series.mean is not None and series.sd is not None
    seeds = seeds_of(log, series.line)
    return seeds is not None and seeds.count == len(series.values)


def _in_records(log: Log, table: Table, told: Collection[int]) -> Iterator[Finding]:
    """Arms of a table over its seeds, each against the baseline; without a baseline those that the header pairs."""
    found = [Apart(one) for one in paired_rows(table) if one.base_row is not None or _of_one_size(table, one)]
    if not found and not any(True for _ in delta_columns(table)):
        found = [one for one in apart_in(table) if not any(row.line in told for row in table.rows)]
    cut_short = ended_in(table) if found else ()
    for apart in found:
        one = apart.pair
        known = table.columns[one.column] if one.column and not apart.values else apart.values
        values = [n for n in known if n is not None]
        facts = None if _COST.search(one.metric.replace("_", " ")) else facts_of(np.array(one.differences), values)
        if facts is not None:
            facts |= {"arm": one.arm, "baseline": one.baseline, "metric": one.metric, "of": apart.of}
            facts["missing"] = one.missing
            lines = list(one.lines(every=log.folder))
            ended = [each for each in cut_short if each.row in one.rows]
            lines += [line for each in ended if (line := each.row.line_of(one.column)) not in (one.line, *lines)]
            if ended:
                first = ended[0].row.line_of(one.column)
                facts["ended"] = {"state": ended[0].state, "runs": len(ended), "at": (one.line, *lines).index(first)}
            others = tuple(place_of(log, line) for line in lines)
            name = f"{one.arm} {one.metric}"
            yield Finding("recomputed", "note", place_of(log, one.line), facts, others, quote=name)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    unit, digits = f.get("unit", ""), f.get("digits", FINEST)
    if "told" in f:
        each = "; ".join(
            f"'{name}' {signed(value, digits)} ({chance(p)}, {signed(low, digits)} to {signed(high, digits)})"
            for name, value, p, low, high in f["told"]
        )
        more = f" (and {f['left']} more)" if f["left"] else ""
        return (
            f"Less '{f['baseline']}' in '{f['column']}', with p-value and 95 % interval of Welch's test over "
            f"{f['seeds']} seeds (line {finding.others[0].line}), if {f['spread']} is the standard deviation: "
            f"{each}{more}."
        )
    if "spreads" in f:
        each = "; ".join(
            f"'{name}' sd {shown(sd, digits)}, {shown(low, digits)} to {shown(high, digits)}"
            for name, sd, low, high in f["spreads"]
        )
        more = f" (and {f['left']} more)" if f["left"] else ""
        return (
            f"These means over {f['seeds']} runs have no spread in the table; sample sd and 95 % interval of the mean "
            f"are: {each}{more}."
        )
    if "alone" in f:
        each = "; ".join(
            f"'{name}' {shown(mean, digits)}, sd {shown(sd, digits)}, {shown(low, digits)} to {shown(high, digits)}"
            for name, mean, sd, low, high in f["alone"]
        )
        more = f" (and {f['left']} more)" if f["left"] else ""
        return f"Mean over {f['seeds']} seeds, sample sd and 95 % interval of the mean: {each}{more}."
    unit = " points" if unit == "%" and "arm" in f else unit  # differences of percentages
    measure = "" if f.get("metric", "value") == "value" else f" in {f['metric']}"
    about = f"'{f['arm']}' less '{f['baseline']}'{measure}, " if "arm" in f else ""
    arms = f.get("of", 2)
    apart = f"The furthest apart of {arms} arms: " if arms > 2 else ""
    largest = (
        f" It is the largest of {math.comb(arms, 2)} differences; p is that of one chosen beforehand." if apart else ""
    )
    missing = f" (of {f['seeds'] + f['missing']} seeds; the others lack a value)" if f.get("missing") else ""
    return (
        f"{apart}{about}{f['seeds']} differences{missing}: mean {signed(f['mean'], digits)}{unit}, sample sd "
        f"{shown(f['sd'], digits)}; paired t {chance(f['p'])}, 95 % interval {signed(f['low'], digits)} to "
        f"{signed(f['high'], digits)}{shown_by(f)}{of_signs(f)}; with this spread an effect of "
        f"{shown(f['detectable'], digits)}{unit} is found four times in five, a smaller one less often.{largest}"
        f"{unfinished(finding)}"
    )


RULE = Rule(
    "recomputed",
    "What the single results over seeds say by themselves: paired t, its interval, the signs.",
    check,
    say,
    words=False,
)
