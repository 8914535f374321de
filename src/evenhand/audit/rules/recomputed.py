"""What single results over seeds say: paired t, its interval, the signs, and what could have been detected."""

from __future__ import annotations

from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log
from evenhand.audit.series import Series, series_of
from evenhand.audit.shown import chance, shown, signed


def check(logs: list[Log]) -> Iterable[Finding]:
    """Differences over seeds that are listed, or a mean difference with its spread and number of seeds."""
    for log in logs:
        for series in series_of(log):
            facts = facts_of(series)
            if facts is not None and series.differences:
                yield Finding("recomputed", "note", place_of(log, series.line), facts)


def facts_of(series: Series) -> dict[str, object] | None:
    """Mean, spread, t test and sign test of differences over seeds; None with fewer than two, or with none that differ."""
    from evenhand import statistics

    if len(series.values) < 2:
        return None
    estimate = statistics.paired_t(series.array)
    if estimate.interval is None or estimate.p is None or estimate.standard_error is None:
        return None
    sd = float(series.array.std(ddof=1))
    flips = statistics.sign_flip(series.array)
    detectable = statistics.smallest_detectable_effect(len(series.values), sd)
    return {
        "seeds": len(series.values), "mean": estimate.estimate, "sd": sd, "p": estimate.p, "low": estimate.interval.low,
        "high": estimate.interval.high, "sign_flip_p": flips.p, "sign_flip_least": flips.attainable,
        "detectable": detectable.effect, "unit": series.values[0].unit,
    }  # fmt: skip


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    unit = f["unit"]
    return (
        f"{f['seeds']} differences: mean {signed(f['mean'])}{unit}, sample sd {shown(f['sd'])}; paired t {chance(f['p'])}, 95 % interval "
        f"{signed(f['low'])} to {signed(f['high'])}; sign-flip {chance(f['sign_flip_p'])} (least possible {shown(f['sign_flip_least'])}); "
        f"with this spread an effect below {shown(f['detectable'])}{unit} would usually be missed."
    )


RULE = Rule(
    "recomputed",
    "What the single results over seeds say by themselves: paired t, its interval, the signs.",
    check,
    say,
    words=False,
)
