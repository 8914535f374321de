"""Which standard deviation is printed: that of a sample, that of a population, or none of both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log
from evenhand.audit.number_words import printed, shown
from evenhand.audit.series import Series, series_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """The spread of the values, each within its rounding, against the spread that is printed."""
    for log in logs:
        told = 0
        first: Finding | None = None
        for series in series_of(log):
            if series.sd is None or len(series.values) < 2:
                continue
            kind, facts = _kind(series)
            if kind == "population":
                place = place_of(log, series.sd_line or series.mean_line)
                one = Finding("spread-kind", "note", place, facts, quote=_quote(series))
                if not log.data:
                    yield one
                first, told = first or one, told + 1
            elif kind == "none":
                place = place_of(log, series.sd_line or series.mean_line)
                yield Finding("spread-kind", "fault", place, facts, quote=_quote(series))
        if log.data and first is not None:  # a program wrote them all: it is told once
            yield replace(first, facts={**first.facts, "more": told - 1})


_COMPUTED = 6
_NEARLY = 0.02
"""A spread this near to one of the two was computed from values with more digits than are printed."""


def _kind(series: Series) -> tuple[str, dict[str, object]]:
    sample, population = float(series.array.std(ddof=1)), float(series.array.std(ddof=0))
    count = len(series.values)
    assert series.sd is not None
    single = any(v.decimals >= _COMPUTED for v in series.values)  # may have been computed in single precision
    slack = series.sd.slack + max(v.slack for v in series.values) * 2
    slack += 1e-6 * float(abs(series.array).max()) if single else 0.0
    error = sample / count**0.5
    near = {
        name: abs(value - series.sd.value) <= slack
        for name, value in (("sample", sample), ("population", population), ("error", error))
    }
    t = _half_width(count)
    spans = (
        error * 1.96,
        error * t,
        population / count**0.5,
        float(np.ptp(series.array)),
        float(np.ptp(series.array)) / 2,
    )
    deviations = float(np.abs(series.array - series.array.mean()).mean())
    near["error"] = near["error"] or any(abs(one - series.sd.value) <= slack for one in (*spans, deviations))
    facts = {
        "printed": printed(series.sd),
        "sample": sample,
        "population": population,
        "count": count,
        "kind": "none",
        "slack": slack,
    }
    if near["sample"]:
        return "sample", facts
    if near["population"]:
        return "population", {**facts, "kind": "population"}
    nearly = any(abs(one - series.sd.value) <= _NEARLY * one for one in (sample, population))
    return ("error" if near["error"] or nearly else "none"), facts


def _quote(series: Series) -> str:
    """The column, where several columns have their spread on one line."""
    return series.label if series.line.kind == "row" else ""


def _half_width(count: int) -> float:
    """Of a 95 % interval, in standard errors."""
    from evenhand.statistics.student import critical_value

    return critical_value(0.95, count - 1)


def _rounded(value: float, facts: Mapping[str, Any]) -> str:
    """A spread with the digits that the rounded values carry."""
    return shown(value, max(0, min(12, -math.floor(math.log10(max(facts["slack"], 1e-12))))))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if f["kind"] == "population":
        more = f"; {f['more']} other spreads in this file do the same" if f.get("more") else ""
        return (
            f"The spread {f['printed']} divides by {f['count']}, not by {f['count'] - 1}: the sample standard "
            f"deviation of these "
            f"{f['count']} values is {_rounded(f['sample'], f)}, and that is the one for intervals and tests{more}."
        )
    return (
        f"The spread is printed as {f['printed']}, but the {f['count']} values have a sample standard deviation of "
        f"{_rounded(f['sample'], f)} "
        f"(population: {_rounded(f['population'], f)})."
    )


RULE = Rule(
    "spread-kind",
    "Which standard deviation is printed: dividing by n makes few seeds look steadier than they are.",
    check,
    say,
    words=False,
)
