"""A printed mean that the listed values do not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from evenhand.audit.finding import Finding, Rule, anywhere, line_of, lone, place_of
from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.number_words import a_digit_off, printed, shown
from evenhand.audit.text.numbers import Number, right
from evenhand.audit.text.said import lists_in
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.text.vocabulary.repeats import A_REPEAT, NO_MEAN
from evenhand.audit.told.means.siblings import form_of, forms, mean_held
from evenhand.audit.told.means.summary_line import restricted
from evenhand.audit.told.means.summed import summed_up
from evenhand.audit.told.repeats.averaged import role_of
from evenhand.audit.told.repeats.said_counts import repeats_said
from evenhand.audit.told.seeds.otherwise import of_its_row, other_average, weighted
from evenhand.audit.told.seeds.series import Series, series_of
from evenhand.audit.told.seeds.spread_kinds import judged

_ITS = "seed delta deltas difference differences gain gains score"
"""Words of values that say nothing of which result they are."""
_WIDER = 12
"""Cells before and behind those that were read as the values of a mean, of which it may be, too."""
_PLAIN = 2
"""Lines of one form whose means are plain ones, so that the next one's is meant as one."""
_MANY = 4
"""Rows of a table whose means are those of as many values to the last digit: no weights are in them."""

_SURE = 20
"""Widths of the values within which a mean that is surely theirs may lie."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """The mean of the values, each anywhere within its rounding, against the mean that is printed."""
    return lone(one for log in logs for one in _found_in(log))


def _found_in(log: Log) -> Iterator[Finding]:
    proven = {(one.mean_line, one.mean) for one in series_of(log)}
    tables = {row.line: table for table in log.tables for row in table.rows}
    known = summed_up(log)
    counts = Counter(_form(one) for one in known if one.closed and one.mean is not None and right(one.mean, one.values))
    counts += Counter({_form(one): 1 for one in known if one.closed and _exactly(one)})  # counts as two
    written = forms(log, known)
    in_tables = [one for one in known if one.mean_line.number in tables and _exactly(one)]
    exact = Counter((tables[one.mean_line.number].line, len(one.values)) for one in in_tables)
    rows = {
        one.mean_line.number for one in known if one.mean is not None and _below(one) and right(one.mean, one.values)
    }
    spread = {(one.mean_line, one.mean) for one in known if len(one.values) > 2 and _spread_agrees(one)}
    for series in known:
        mean = series.mean
        if mean is None or len(series.values) < 2 or any(v.unit != series.values[0].unit for v in series.values):
            continue
        found = float(series.array.mean())
        slack = sum(v.slack for v in series.values) / len(series.values) + mean.slack
        single = 1e-6 * float(abs(series.array).max())  # numbers that were computed in single precision
        off = abs(found - mean.value)
        if off <= slack * (1 + 1e-9) + single or not _near(series, mean, slack):
            continue
        facts = {
            "printed": printed(mean),
            "found": found,
            "count": len(series.values),
            "least": found - slack,
            "most": found + slack,
            "column": series.label if series.line is not series.mean_line and series.line.kind == "row" else "",
        }
        beside = [one.numbers for one in lists_in(series.mean_line, len(series.values))]
        if any(right(mean, one) for one in beside if all(n.decimals for n in one)):
            continue  # of another list of the line
        at, others = place_of(log, series.mean_line), (place_of(log, series.line),)
        table = tables.get(series.mean_line.number)
        if table is not None and _otherwise(table, series, mean):
            continue
        shown_all = series.whole or ((series.mean_line, mean) in proven and _own(log, series))
        form = form_of(log, series)
        held = form is not None and mean_held(written[form], series)
        shown_all = shown_all or held
        plain = held or counts[_form(series)] >= _PLAIN or (_below(series) and series.mean_line.number in rows)
        backed = shown_all and (series.mean_line, mean) in spread  # whose spread shows that it is of all values
        plain = plain or backed
        open_to_doubt = not shown_all or (other_average(series.values, mean) and not plain) or off < 2 * slack
        open_to_doubt = open_to_doubt or (log.computed and not _spread_agrees(series))
        open_to_doubt = open_to_doubt or (table is not None and not log.leaves and not _of_repeats(table, series, mean))
        many = table is not None and exact[table.line, len(series.values)] >= _MANY
        closed = (series.closed or held or backed or many) and not open_to_doubt and _confirmed(series, mean, found)
        in_words = series.mean_line.kind in ("prose", "bullet") and not log.data
        open_to_doubt = open_to_doubt or (in_words and restricted(series.mean_line.body, near=True))
        yield Finding("mean-disagrees", "fault", at, facts, others, unproven=open_to_doubt, closed=closed)


def _form(series: Series) -> tuple[str, bool, int]:
    """In what kind of line values stand, whether their mean does, too, and how many there are."""
    return series.line.kind, series.mean_line is series.line, len(series.values)


def _exactly(series: Series) -> bool:
    """Whether a mean is to its last digit that of its values as they are printed, and no other average of theirs is."""
    mean = series.mean
    near = mean is not None and abs(float(series.array.mean()) - mean.value) <= mean.slack * (1 + 1e-9)
    return near and mean is not None and not other_average(series.values, mean, exact=True)


def _below(series: Series) -> bool:
    """Whether a mean stands in a row below its column: what another column has there is a mean of the same kind."""
    return series.sure and series.mean_line.kind == "row" and series.mean_line is not series.line


def _of_repeats(table: Table, series: Series, mean: Number) -> bool:
    """Whether the rows of a column are named as repeats, or a digit makes their mean right.

    Over classes or models a summary may be weighted, or computed anew from all items. A row that is called the mean of
    something is a result.
    """
    row = next(row for row in table.rows if row.line == series.mean_line.number)
    down = series.line is not series.mean_line
    if down and not any(nothing_new(cell) and role_of(cell) for cell in row.cells):
        return False
    return series.sure or not down or a_digit_off(mean, float(series.array.mean()))


def _confirmed(series: Series, mean: Number, found: float) -> bool:
    """Whether a spread beside a wrong mean is that of the values, or a digit makes the mean right: else both may be of
    other values."""
    return series.sd is None or _spread_agrees(series) or a_digit_off(mean, found)


def _spread_agrees(series: Series) -> bool:
    """Whether the spread beside a mean is that of the values: in what a program wrote, another list may be meant."""
    return series.sd is not None and judged(series.values, series.sd)[0] in ("sample", "population")


def _near(series: Series, mean: Number, slack: float) -> bool:
    """Whether a mean is not so far from all values that it is the mean of something else."""
    width = (float(np.ptp(series.array)) + slack) * (_SURE if series.sure else 2)
    return float(series.array.min()) - width <= mean.value <= float(series.array.max()) + width


def _own(log: Log, series: Series) -> bool:
    """Whether the words of a mean in running text name nothing that its values do not name."""
    count = len(series.values)
    if log.data or series.line.kind == "row" or series.read:
        return not series.read
    body, mean = series.line.body, series.mean
    if mean is not None and series.mean_line is series.line:
        body = body[mean.end :] if mean.start < series.values[0].start else body[: series.values[-1].end]
    own = " ".join([body, *log.path(series.section)[-1:], *(one.body for one in log.parents(series.line))])
    told = {*repeats_said(series.mean_line.body), *repeats_said(series.line.body)} - {count}
    if told or NO_MEAN.search(series.label):
        return False
    return nothing_new(series.label, own, count) or _seeds_of(series, count)


def _seeds_of(series: Series, count: int) -> bool:
    """Whether values stand right below, or above, their mean and are called its seeds or runs, and nothing else."""
    if abs(series.line.number - series.mean_line.number) != 1 or series.line.kind != series.mean_line.kind:
        return False
    label = series.line.body[: series.values[0].start]
    behind = series.line.body[series.values[-1].end :]
    return A_REPEAT.search(label) is not None and nothing_new(f"{label} {behind}", f"{series.label} {_ITS}", count)


def _otherwise(table: Table, series: Series, mean: Number) -> bool:
    """Whether the other cells of a row of means give a number, a column of weights, or more rows than are there."""
    at = next(i for i, row in enumerate(table.rows) if row.line == series.mean_line.number)
    row = table.rows[at]
    if {n for cell in row.cells for n in repeats_said(cell)} - {len(series.values)}:
        return True
    places = [i for i, name in enumerate(table.header) if name == series.label]
    if series.label == row.cells[0]:
        own = [numbers[at] for numbers in table.columns if numbers[at] is not None]
        return _of_more(series, mean, [n for n in own if n is not None])
    if len(places) != 1:
        return False
    column = table.columns[places[0]]
    if _of_more(series, mean, [n for n in column[:at] if n is not None]):
        return True
    above = [i for i, value in enumerate(column[:at]) if value in series.values]
    beside = [one for i, one in enumerate(table.columns) if i != places[0]]
    summary = [column[at] for column in beside]
    weights = [[column[i] for i in above] for column in beside]
    return of_its_row(mean, [one for one in summary if one is not None]) or weighted(
        series.values, mean, [[n for n in column if n is not None] for column in weights]
    )


def _of_more(series: Series, mean: Number, row: Sequence[Number]) -> bool:
    """Whether a mean is that of more cells of its row or column, those of its values among them."""
    cells = [n for n in row if n is not mean]
    own = [place for place, one in enumerate(cells) if one in series.values]
    if len(own) < len(series.values):
        return False
    first, last = max(0, own[0] - _WIDER), min(len(cells), own[-1] + 1 + _WIDER)
    runs = (cells[a:b] for a in {0, *range(first, own[0] + 1)} for b in {len(cells), *range(own[-1] + 1, last + 1)})
    return any(right(mean, run) for run in runs if len(run) > len(series.values))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    where = line_of(finding.others[0], finding.place)
    at = f"from {where} on" if f["column"] else f"at {where}"
    of = f" of '{f['column']}'" if f["column"] else ""
    return (
        f"The mean{of} is printed as {f['printed']}, but the {f['count']} values {at} "
        f"have the mean {shown(f['found'], 5)}."
    )


RULE = Rule(
    "mean-disagrees",
    "A mean that the values listed beside it do not have, whatever was rounded away.",
    anywhere(check),
    say,
    words=False,
)
