"""A printed mean that the listed values do not have."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import printed, shown
from evenhand.audit.told.repeats.summed import summed_up
from evenhand.audit.told.seeds.series import series_of

_SURE = 20
"""Widths of the values within which a mean that is surely theirs may lie."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """The mean of the values, each anywhere within its rounding, against the mean that is printed."""
    for log in logs:
        proven = {(one.mean_line, one.mean) for one in series_of(log)}
        for series in summed_up(log):
            mean = series.mean
            if mean is None or len(series.values) < 2 or any(v.unit != series.values[0].unit for v in series.values):
                continue
            found = float(series.array.mean())
            slack = sum(v.slack for v in series.values) / len(series.values) + mean.slack
            single = 1e-6 * float(abs(series.array).max())  # numbers that were computed in single precision
            width = float(np.ptp(series.array)) + slack
            width *= _SURE if series.sure else 2
            low, high = float(series.array.min()) - width, float(series.array.max()) + width
            if not low <= mean.value <= high:
                continue  # so far from all of them that it is the mean of something else
            if abs(found - mean.value) > slack * (1 + 1e-9) + single:
                facts = {
                    "printed": printed(mean),
                    "found": found,
                    "count": len(series.values),
                    "least": found - slack,
                    "most": found + slack,
                }
                at, others = place_of(log, series.mean_line), (place_of(log, series.line),)
                fresh = (series.mean_line, mean) not in proven
                yield Finding("mean-disagrees", "fault", at, facts, others, unproven=fresh)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"The mean is printed as {f['printed']}, but the {f['count']} values at line {finding.others[0].line} "
        f"have the mean {shown(f['found'], 5)}."
    )


RULE = Rule(
    "mean-disagrees",
    "A mean that the values listed beside it do not have, whatever was rounded away.",
    anywhere(check),
    say,
    words=False,
)
