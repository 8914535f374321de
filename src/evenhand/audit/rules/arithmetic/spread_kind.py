"""Which standard deviation is printed: that of a sample, that of a population, or none of both."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from evenhand.audit.finding import Finding, Rule, anywhere, lone, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import shown
from evenhand.audit.text.numbers import numbers, right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.text.vocabulary.repeats import A_REPEAT
from evenhand.audit.told.means.siblings import form_of, forms, spread_held
from evenhand.audit.told.means.summed import summed_up
from evenhand.audit.told.seeds.series import Series, series_of
from evenhand.audit.told.seeds.spread_kinds import judged

_NEARLY = 0.05
_DECLARED = Pattern(
    r"\bpopulation (?:sd|std|s\.d\.|standard deviations?)\b|\b(?:sd|std|standard deviations?)\W{1,3}population\b|"
    r"\bddof ?= ?0\b|\bpstdev\b",
    re.IGNORECASE,
    needs="ddof|pstdev|population",
)
"""The log says itself which spread it prints."""

_FEWEST = 3
"""Of two values, many a number is nearly the spread."""

_BEHIND = Pattern(r"[\s%]*\(?\s*((?:over|across|between|within|among|on)\s[^().;,]*)", re.IGNORECASE)

_FEW = 20
"""So many repeats a program makes; of more values each is one of a long list of items or steps."""

_NEAR = 8
"""Lines beside values that may say of what they are."""

_TRAIN = Pattern(r"(?<![a-z])(?:train\w*|splits?|sessions?)(?![a-z])", re.IGNORECASE)
"""Words that most logs have, be anything repeated or not."""

_SIBLINGS = 2
"""Lines of one form whose spreads are deviations, so that the next one's is meant as one."""

_TIMES = 4
"""A spread that is so many times the one of the values, or that part of it, is none of theirs."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """The spread of the values, each within its rounding, against the spread that is printed."""
    for log in logs:
        told: dict[int, list[Finding]] = {}
        proven = {(one.sd_line, one.sd) for one in series_of(log)}
        tables = {line: table.line for table in log.tables for line in (table.line, *(row.line for row in table.rows))}
        read = [(one, *judged(one.values, one.sd)) for one in summed_up(log) if one.sd and len(one.values) > 1]
        declared = bool(read) and any(_DECLARED.search(line.body) for line in log.lines)
        written = forms(log, [one for one, _, _ in read])
        counts = Counter(_form(one, tables) for one, kind, _ in read if kind in ("sample", "population"))
        wrong: list[Finding] = []
        for series, kind, facts in read:
            place = place_of(log, series.sd_line or series.mean_line)
            form = _form(series, tables)
            own = form_of(log, series)
            held = own is not None and spread_held(written[own], series)
            beside = held or counts[form] >= (_SIBLINGS if form[0] else 1)
            shown = _shown(series, beside=beside)
            fresh = (series.sd_line, series.sd) not in proven and not shown
            alone = series.line.kind == "row" and not log.data and not beside and not series.read
            closed = series.closed and shown and not alone
            if kind == "population" and series.stated == "sample" and not fresh:
                one = Finding("spread-kind", "fault", place, {**facts, "kind": "stated"}, quote=_quote(series))
                yield replace(one, closed=closed)
            elif kind == "population" and not declared and (series.stated == "sample" or _over_repeats(log, series)):
                one = Finding("spread-kind", "note", place, facts, quote=_quote(series))
                told.setdefault(0 if log.data else place.line, []).append(one)
            elif kind == "none" or (
                kind == "error"
                and (series.stated in ("sample", "deviation") or (beside and shown))
                and not _near_sample(facts, series)
            ):
                doubt = fresh or (alone and series.stated != "sample")  # a column of spreads of something else
                doubt = doubt or (log.computed and (series.mean is None or not right(series.mean, series.values)))
                doubt = doubt or _far(facts, data=log.data) or _of_a_number(series)
                one = Finding("spread-kind", "caution", place, facts, quote=_quote(series), unproven=doubt)
                wrong.append(replace(one, closed=closed))
        sound = sum(kind in ("sample", "population") for _, kind, _ in read)
        yield from wrong if sound >= len(wrong) else lone(wrong)
        where = "in this file" if log.data else "in this row"
        for first, *others in told.values():  # what one program or hand wrote is told once
            yield replace(first, facts={**first.facts, "more": len(others), "where": where})


def _form(series: Series, tables: Mapping[int, int]) -> tuple[str, int]:
    """The table that values stand in, or the kind of line and how many there are: what stands so is of one kind."""
    table = tables.get(series.line.number)
    return ("", table) if table is not None else (series.line.kind, len(series.values))


def _over_repeats(log: Log, series: Series) -> bool:
    """Whether the text says that the values are those of repeats: only then are there intervals and tests of them."""
    if log.data and len(series.values) <= _FEW:
        return True  # what a program gives with its mean and spread
    place = log.by_number[series.line.number]
    near = log.lines if log.data or series.line.kind == "row" else log.lines[max(0, place - _NEAR) : place + _NEAR]
    titles = () if log.data else log.path(series.line.section)
    texts = (log.name, series.label, *titles, *(one.text for one in near))
    return any(A_REPEAT.search(_TRAIN.sub(" ", text)) for text in texts)


def _shown(series: Series, *, beside: bool) -> bool:
    """Whether these are all the values, with their own mean, and the number is called their deviation, or those beside
    it are one."""
    called = series.stated != "" or (series.sd is not None and not series.sd.spread)
    called = called or (beside and (series.closed or series.read) and series.mean is not None)
    whole = series.whole or (beside and series.read and series.mean is not None)
    return whole and called and (series.mean is None or right(series.mean, series.values))


def _of_a_number(series: Series) -> bool:
    """Whether a spread in words belongs to the number before its ±, and not to the values: their mean is not there."""
    alone = series.sd is not None and (series.sd.spread or len(series.values) < _FEWEST)
    theirs = series.mean is not None and right(series.mean, series.values)
    return series.line.kind in ("prose", "bullet") and (_over_else(series) or (alone and not theirs))


def _over_else(series: Series) -> bool:
    """Whether words right behind a spread say over what it is, and name what its values do not."""
    line = series.sd_line or series.mean_line
    own = [n for n in line.numbers if series.sd is not None and n.value == series.sd.value]
    found = _BEHIND.match(line.body, own[-1].end) if own else None
    return found is not None and not nothing_new(found[1], series.label, len(series.values))


def _far(facts: Mapping[str, Any], *, data: bool) -> bool:
    """Whether a spread is so far from that of the values, or a program gives it for two, that it is of others."""
    (told,), sample = numbers(facts["printed"]), facts["sample"]
    near = sample / _TIMES <= told.value <= sample * _TIMES
    return not near or (data and facts["count"] == 2)


def _near_sample(facts: Mapping[str, Any], series: Series) -> bool:
    """Whether a spread may be the sample's, computed from values with more digits than are printed."""
    return series.sd is not None and abs(facts["sample"] - series.sd.value) <= _NEARLY * facts["sample"]


def _quote(series: Series) -> str:
    """The column, where several columns have their spread on one line."""
    return series.label if series.line.kind == "row" else ""


def _rounded(value: float, facts: Mapping[str, Any]) -> str:
    """A spread with the digits that the rounded values carry."""
    fine, two = (-math.floor(math.log10(max(one, 1e-12))) for one in (facts["slack"], value))
    return shown(value, max(0, min(12, max(fine, two + 1))))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if f["kind"] == "population":
        count = f["more"]
        more = f"; other spreads do the same {f['where']}" if count else ""
        return (
            f"The spread {f['printed']} divides by n = {f['count']}, not by n - 1: the sample standard "
            f"deviation of these "
            f"{f['count']} values is {_rounded(f['sample'], f)}, and that is the one for intervals and tests{more}."
        )
    if f["kind"] == "stated":
        return (
            f"The spread {f['printed']} is said to be that of a sample, but it divides by {f['count']}: dividing by "
            f"{f['count'] - 1}, these values have {_rounded(f['sample'], f)}."
        )
    return (
        f"The spread is printed as {f['printed']}, but the {f['count']} values have a sample standard deviation of "
        f"{_rounded(f['sample'], f)} "
        f"(population: {_rounded(f['population'], f)}): it is the spread of others, or wrong."
    )


RULE = Rule(
    "spread-kind",
    "Which standard deviation is printed: dividing by n makes few seeds look steadier than they are.",
    anywhere(check),
    say,
    words=False,
)
