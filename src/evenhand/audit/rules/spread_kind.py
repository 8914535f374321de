"""Which standard deviation is printed: that of a sample, that of a population, or none of both."""

from __future__ import annotations

from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log
from evenhand.audit.number_words import printed, shown
from evenhand.audit.series import Series, series_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """The spread of the values, each within its rounding, against the spread that is printed."""
    for log in logs:
        for series in series_of(log):
            if series.sd is None or len(series.values) < 2:
                continue
            kind, facts = _kind(series)
            if kind == "population":
                yield Finding("spread-kind", "note", place_of(log, series.sd_line or series.mean_line), facts)
            elif kind == "none":
                yield Finding("spread-kind", "fault", place_of(log, series.sd_line or series.mean_line), facts)


def _kind(series: Series) -> tuple[str, dict[str, object]]:
    sample, population = float(series.array.std(ddof=1)), float(series.array.std(ddof=0))
    count = len(series.values)
    assert series.sd is not None
    slack = series.sd.slack + max(v.slack for v in series.values) * 2 + 1e-6 * float(abs(series.array).max())
    error = sample / count**0.5
    near = {
        name: abs(value - series.sd.value) <= slack
        for name, value in (("sample", sample), ("population", population), ("error", error))
    }
    facts = {"printed": printed(series.sd), "sample": sample, "population": population, "count": count, "kind": "none"}
    if near["sample"]:
        return "sample", facts
    if near["population"]:
        return "population", {**facts, "kind": "population"}
    return ("error" if near["error"] else "none"), facts


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if f["kind"] == "population":
        return (
            f"The spread {f['printed']} divides by {f['count']}, not by {f['count'] - 1}: the sample standard "
            f"deviation of these "
            f"{f['count']} values is {shown(f['sample'])}, and that is the one for intervals and tests."
        )
    return (
        f"The spread is printed as {f['printed']}, but the {f['count']} values have a sample standard deviation of "
        f"{shown(f['sample'])} "
        f"(population: {shown(f['population'])})."
    )


RULE = Rule(
    "spread-kind",
    "Which standard deviation is printed: dividing by n makes few seeds look steadier than they are.",
    check,
    say,
    words=False,
)
