"""What single results over seeds say: paired t, its interval, the signs, and what could have been detected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log, Table
from evenhand.audit.number_words import chance, shown, signed
from evenhand.audit.seed_rows import paired_rows
from evenhand.audit.series import Floats, series_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """Differences over seeds that are listed, or a mean difference with its spread and number of seeds."""
    for log in logs:
        for series in series_of(log):
            facts = facts_of(series.array, series.values[0].unit if series.values else "")
            if facts is not None and series.differences:
                yield Finding("recomputed", "note", place_of(log, series.line), facts)
        for table in log.tables:
            yield from _in_records(log, table)


def _in_records(log: Log, table: Table) -> Iterator[Finding]:
    """Arms of a table with a column of seeds, each against the baseline."""
    for one in paired_rows(table):
        facts = facts_of(np.array(one.differences))
        if facts is not None:
            facts |= {"arm": one.arm, "baseline": one.baseline, "metric": one.metric}
            yield Finding("recomputed", "note", place_of(log, one.row.line), facts, quote=f"{one.arm} {one.metric}")


def facts_of(differences: Floats, unit: str = "") -> dict[str, object] | None:
    """Mean, spread, t test and sign test of differences over seeds; None with fewer than two that differ."""
    from evenhand import statistics

    if len(differences) < 2:
        return None
    estimate = statistics.paired_t(differences)
    if estimate.interval is None or estimate.p is None or estimate.standard_error is None:
        return None
    sd = float(differences.std(ddof=1))
    flips = statistics.sign_flip(differences)
    detectable = statistics.smallest_detectable_effect(len(differences), sd)
    return {
        "seeds": len(differences), "mean": estimate.estimate, "sd": sd, "p": estimate.p, "low": estimate.interval.low,
        "high": estimate.interval.high, "sign_flip_p": flips.p, "sign_flip_least": flips.attainable,
        "detectable": detectable.effect, "unit": unit,
    }  # fmt: skip


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    unit = f["unit"]
    about = f"'{f['arm']}' less '{f['baseline']}' in {f['metric']}, " if "arm" in f else ""
    return (
        f"{about}{f['seeds']} differences: mean {signed(f['mean'])}{unit}, sample sd {shown(f['sd'])}; paired t "
        f"{chance(f['p'])}, 95 % interval "
        f"{signed(f['low'])} to {signed(f['high'])}; sign-flip {chance(f['sign_flip_p'])} (least possible "
        f"{shown(f['sign_flip_least'])}); "
        f"with this spread an effect below {shown(f['detectable'])}{unit} would usually be missed."
    )


RULE = Rule(
    "recomputed",
    "What the single results over seeds say by themselves: paired t, its interval, the signs.",
    check,
    say,
    words=False,
)
