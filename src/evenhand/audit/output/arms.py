"""Headlines of arms over the same seeds: of each variant that a table puts forward, in the metric that counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.output.headline import Headline, title_of
from evenhand.audit.output.metrics import LOWER, SHARE, metric_near, metric_of_column, order_of
from evenhand.audit.output.spent import spent_in
from evenhand.audit.text.log import Log, Row, Table, only_number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.gains import ANNOUNCED
from evenhand.audit.text.words import akin, hoped
from evenhand.audit.told.arms.by_seed import ARM, BASE, Paired, paired_rows

_MOST = 3
"""Variants of a table that have a claim each."""

_CLEAR = 0.05
_SEED_COLUMN = Pattern(r"seed[\s_#=-]*\d{1,6}|(?:graine|semilla|сид|种子)\s*\d{1,6}", re.IGNORECASE)
_BASE_ROW = Pattern(
    r"(?:ausgangs|basis|referenz|grund)[a-zäöü]*|référence|(?:ligne|modèle) de base|l[ií]nea base|referencia|"
    r"базов\w*(?: \w+)?|基线(?:模型)?|基准|对照组?",
    re.IGNORECASE,
)
"""What a baseline is called in other languages, by the whole of its row's name."""

_ITEMS = Pattern(
    r"(?:n|num|number of|total)[_ ](?:test|items|questions|examples|samples|problems|eval)\w*|n|total", re.IGNORECASE
)


def of_arms(logs: Sequence[Log], log: Log, findings: Sequence[Finding]) -> tuple[list[tuple[int, Headline]], list[str]]:
    """The headlines of a log's tables of arms with their sections, and what was left out, as sentences."""
    told = [one for one in findings if one.rule == "recomputed" and "arm" in one.facts]
    groups: dict[tuple[int, str], list[Finding]] = {}
    for one in told:
        section = log.line(one.place.line).section
        groups.setdefault((section, str(one.facts["baseline"])), []).append(one)
    found: list[tuple[int, Headline]] = []
    left: list[str] = []
    for (section, _), own in groups.items():
        kept, why = _chosen(log, section, own)
        left += why
        found += [(section, _headline(logs, log, section, one)) for one in kept]
    return found, left


def _chosen(log: Log, section: int, findings: Sequence[Finding]) -> tuple[list[Finding], list[str]]:
    """Of each variant the finding in the metric that counts; of the variants those that are put forward."""
    metrics = list(dict.fromkeys(str(one.facts["metric"]) for one in findings))
    said = " ".join(line.body.lower() for line in log.own(section) if line.kind in ("prose", "bullet"))
    named = [one for one in metrics if len(one) > 2 and one.lower().replace("_", " ") in said.replace("_", " ")]
    first = min(metrics, key=lambda one: (len(named) == 1 and one != named[0], *order_of(one), metrics.index(one)))
    by_arm: dict[str, Finding] = {}
    for one in findings:
        arm = str(one.facts["arm"])
        if arm not in by_arm or str(one.facts["metric"]) == first:
            by_arm[arm] = one
    ranked = sorted(by_arm.values(), key=lambda one: one.facts["p"])
    forward = [one for one in ranked if one.facts["p"] < _CLEAR or _put_forward(log, str(one.facts["arm"]))]
    kept = (forward or sorted(ranked, key=lambda one: -_gain(one))[:1])[:_MOST]
    where = findings[0].place.file
    others = [str(one.facts["arm"]) for one in ranked if one not in kept]
    left = []
    if others:
        why = "further ones of more" if len(forward) > _MOST else "no difference that chance alone would not make"
        left.append(f"{where}: {_listed(others)} ({why}, and no words put them forward)")
    beside = [one for one in metrics if one != first]
    if beside:
        left.append(f"{where}: differences in {_listed(beside)} (a claim has one metric: {first})")
    return kept, left


def _put_forward(log: Log, arm: str) -> bool:
    return len(arm) > 2 and any(
        arm.lower() in line.low and ANNOUNCED.search(line.body) and not hoped(line) for line in log.spoken()
    )


def _gain(finding: Finding) -> float:
    mean = float(finding.facts["mean"])
    return -mean if LOWER.search(str(finding.facts["metric"])) else mean


def _listed(names: Sequence[str]) -> str:
    shown = [f"'{one}'" for one in names[:_MOST]]
    return ", ".join(shown) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")


def _headline(logs: Sequence[Log], log: Log, section: int, finding: Finding) -> Headline:
    facts = finding.facts
    table, pair = _table_of(logs, finding)
    label = f"{facts['arm']} {'' if facts['metric'] == 'value' else facts['metric']}"
    if facts["metric"] == "value":
        name, far = metric_near(log, log.line(finding.place.line), label)
    else:
        name, far = metric_of_column(str(facts["metric"])), False
    whole = 100 if facts["unit"] == "%" or _in_percent(name, table, pair) else 1
    effect, sd = (float(facts[one]) / whole for one in ("mean", "sd"))
    share = SHARE.search(name) is not None and abs(effect) < 1
    title = " / ".join(filter(None, (title_of(log, section), f"{facts['arm']} less {facts['baseline']}")))
    key = (facts["arm"], facts["baseline"], facts["metric"], facts["mean"])
    one = Headline(finding.place, title, name, effect, key, sd, facts["seeds"], share=share, far=far)
    if table is None or pair is None or pair.base_row is None:
        return one
    own, base = (_rows_of(table, row) for row in (pair.row, pair.base_row))
    items = _items_in(table, [*own, *base])
    return replace(one, items=items, whole_set=items is not None, spent=spent_in(table, own, base))


def _table_of(logs: Sequence[Log], finding: Finding) -> tuple[Table | None, Paired | None]:
    """The table that differences were recomputed from: that of the folder, where the rows are files."""
    facts = finding.facts
    for log in logs:
        for table in log.tables:
            for one in paired_rows(table) if len(table.rows) > 2 else ():
                same = (one.arm, one.baseline, one.metric) == (facts["arm"], facts["baseline"], facts["metric"])
                if (
                    same
                    and len(one.differences) == facts["seeds"]
                    and np.isclose(np.mean(one.differences), facts["mean"])
                ):
                    return table, one
    return None, None


def _rows_of(table: Table, row: Row) -> list[Row]:
    at = next((i for i, name in enumerate(table.header) if ARM.match(name.strip())), 0)
    return [one for one in table.rows if one.cells[at] == row.cells[at]]


def _in_percent(metric: str, table: Table | None, pair: Paired | None) -> bool:
    """Whether the results of a share are printed up to a hundred."""
    if table is None or pair is None or not SHARE.search(metric):
        return False
    cells = [pair.row.cells[pair.column]] if pair.column else list(pair.row.cells[1:])
    values = [one.value for cell in cells if (one := only_number(cell)) is not None]
    return bool(values) and 1 < max(values) <= 100


def _items_in(table: Table, rows: Sequence[Row]) -> int | None:
    """The one number of items that a column gives for all of these rows."""
    for place, name in enumerate(table.header):
        if _ITEMS.fullmatch(name.strip()):
            found = {one.value if (one := only_number(row.cells[place])) is not None else None for row in rows}
            only = found.pop() if len(found) == 1 else None
            if only is not None and only >= 2 and only == int(only):
                return int(only)
    return None


def of_seed_columns(log: Log) -> Iterator[tuple[int, Headline]]:
    """Arms by seeds below a baseline that is called so in another language, where words announce their gain."""
    for table in log.tables if not log.english else ():
        seeds = [i for i, name in enumerate(table.header) if _SEED_COLUMN.fullmatch(name.strip())]
        bases = [row for row in table.rows if _BASE_ROW.fullmatch(row.cells[0].strip())]
        if len(seeds) < 2 or len(bases) != 1 or any(BASE.match(row.cells[0].strip()) for row in table.rows):
            continue
        for row in table.rows:
            pairs = [(only_number(row.cells[i]), only_number(bases[0].cells[i])) for i in seeds]
            values = [a.value - b.value for a, b in pairs if a is not None and b is not None]
            said = [
                line for line in log.own(table.section)
                if line.kind in ("prose", "bullet") and ANNOUNCED.search(line.body) and akin(row.cells[0], line.body)
            ]  # fmt: skip
            if row is bases[0] or len(values) != len(seeds) or not said:
                continue
            name, far = metric_near(log, log.line(row.line), table.before, *table.header)
            first = pairs[0][0]
            percent = first is not None and SHARE.search(name) is not None and (1 < first.value <= 100)
            values = [value / (100 if percent else 1) for value in values]
            title = f"{title_of(log, table.section)} / {row.cells[0]} less {bases[0].cells[0]}"
            key = (row.cells[0], bases[0].cells[0], tuple(values))
            yield table.section, Headline(
                place_of(log, row.line), title, name, float(np.mean(values)), key, float(np.std(values, ddof=1)),
                len(values), share=SHARE.search(name) is not None and abs(float(np.mean(values))) < 1, far=far,
                also=(place_of(log, said[0]),),
            )  # fmt: skip
