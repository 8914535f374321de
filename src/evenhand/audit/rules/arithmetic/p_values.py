"""A p-value that its own test statistic does not have (as statcheck does: Nuijten et al. 2016)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, lone, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import printed, shown
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.means.summed import summed_up

_T = Pattern(
    r"\bt\s*\(\s*(?:df\s*=\s*)?(\d+(?:\.\d+)?)\s*\)\s*=\s*([+\-−]?\d+(?:\.\d+)?)\s*[,;]\s*p\s*(=|<|>|"
    r"≤)\s*(\d*\.\d+(?:[eE]-?\d+)?)(?!\d|\s*[×x*·]\s*10)",
    re.IGNORECASE,
)


_CORRECTED = Pattern(
    r"\b(?:correct(?:ed|ion)|adjust\w*|holm|bonferroni|fdr|benjamini|bootstrap\w*|permut\w*|welch)\b",
    re.IGNORECASE,
    needs="adjust|benjamini|bonferroni|bootstrap|corrected|correction|fdr|holm|permut|welch",
)


_BARE = Pattern(
    r"(?<![\w(])t\s*=\s*([+\-−]?\d+\.\d+)\s*[,;]\s*p\s*(=|<|>|≤)\s*(\d*\.\d+(?:[eE]-?\d+)?)(?!\d|\s*[×x*·]\s*10)",
    re.IGNORECASE,
)
_NEAR, _ROUGHLY = 2, 0.05
"""Lines between differences and their test, and how far rounding moves the t of differences that are printed."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """The one p-value of a file that its statistic does not have: several are of another test."""
    return lone(_found_in(logs))


def _found_in(logs: list[Log]) -> Iterator[Finding]:
    """``t(9) = 1.20, p = .01``, and ``t = 1.20, p = .01`` behind its differences; a one-sided p is let pass."""
    for log in logs:
        for line in log.spoken():
            if _CORRECTED.search(line.body):
                continue
            told = [(found, float(found[1]), found[2], found[3], found[4]) for found in _T.finditer(line.body)]
            for found in _BARE.finditer(line.body):
                known = _df_of_differences(log, line, numbers(found[1])[0])
                told += [] if known is None else [(found, float(known), found[1], found[2], found[3])]
            for found, df, t, sign, p in told:
                statistic, stated = numbers(t)[0], numbers(p)[0]
                if stated.value > 1:
                    continue  # an exponent was lost
                least, most = (
                    _two_sided(value, df)
                    for value in (
                        abs(statistic.value) + statistic.slack,
                        max(0.0, abs(statistic.value) - statistic.slack),
                    )
                )
                fits = any(
                    _fits(sign, low, high, stated.low, stated.high)
                    for low, high in ((least, most), (least / 2, most / 2), (1 - most / 2, 1 - least / 2))
                )
                if not fits:
                    facts = {
                        "df": df,
                        "t": printed(statistic),
                        "printed": f"p {sign} {p}",
                        "p": _two_sided(statistic.value, df),
                    }
                    yield Finding(
                        "p-value-disagrees", "fault", place_of(log, line), facts, quote=found[0], anywhere=True
                    )


def _df_of_differences(log: Log, line: Line, statistic: Number) -> int | None:
    """The degrees of freedom of a t whose differences stand in its line or right above: they have this very t."""
    from evenhand import statistics

    for series in summed_up(log):
        values = series.array
        if (
            not 0 <= line.number - series.line.number <= _NEAR
            or len(values) < 3
            or not any(v.signed for v in series.values)
        ):
            continue
        tested = statistics.paired_t(values)
        if tested.estimate is None or not tested.standard_error:
            continue
        t = abs(tested.estimate / tested.standard_error)
        if abs(t - abs(statistic.value)) <= _ROUGHLY * t + statistic.slack:
            return len(values) - 1
    return None


def _two_sided(statistic: float, df: float) -> float:
    from evenhand.statistics.student import two_sided_p

    return two_sided_p(statistic, df)


def _fits(sign: str, least: float, most: float, low: float, high: float) -> bool:
    if sign == "=":
        return least <= high and low <= most
    return least <= high if sign in ("<", "≤") else most >= low


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    p = shown(f["p"]) if f["p"] >= 1e-6 else "below 0.000001"
    return f"t({f['df']:g}) = {f['t']} has a two-sided p of {p}, not {f['printed']}."


RULE = Rule("p-value-disagrees", "A p-value that its own test statistic does not have.", check, say, words=False)
