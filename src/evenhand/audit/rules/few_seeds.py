"""Words for steadiness said of a handful of seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Line, Log
from evenhand.audit.rules.recomputed import facts_of
from evenhand.audit.seeds import Seeds, seeds_of
from evenhand.audit.series import Series, series_of
from evenhand.audit.shown import chance
from evenhand.audit.words import asserted

STEADY = re.compile(r"(?<![\w-])(?:stable|stably|consistent|consistently|robust|robustly|reliable|reliably|reproducible|reproducibly|clear|clearly|strong|strongly)(?![\w-])", re.IGNORECASE)
OF_RESULTS = re.compile(
    r"(?<![a-z])(?:gains?|positive|improve\w*|better|wins?|outperform\w*|beats?|success|effects?|advantages?|increases?|regression|regime|lead|ahead|boost|benefit|signal)(?![a-z])",
    re.IGNORECASE,
)
_ONLY_FEW = frozenset(("clear", "clearly", "strong", "strongly"))
"""Words of size more than of steadiness: a single seed carries them no better, but three may."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """A steady gain over at most five seeds, unless a t test over them supports it."""
    linked = _by_file(logs)
    for log in logs:
        series = series_of(log)
        for line in log.spoken():
            found = steady(log, line)
            if found is None:
                continue
            seeds, file, mine = _evidence(log, line, series, linked)
            if seeds is None or seeds.count > 5 or (found[0].lower() in _ONLY_FEW and seeds.count > 1):
                continue
            facts: dict[str, object] = {"word": found[0].lower(), "seeds": seeds.count}
            tested = facts_of(mine) if mine is not None else None
            if tested is not None and float(str(tested["p"])) < 0.05 and seeds.count > 3:
                continue
            if tested is not None:
                facts |= {"p": tested["p"], "low": tested["low"], "high": tested["high"]}
            yield Finding("few-seeds", "caution", place_of(log, line), facts, (place_of(file, seeds.line),))


def steady(log: Log, line: Line) -> re.Match[str] | None:
    """A word for steadiness that is said of a result which was found."""
    for found in STEADY.finditer(line.body):
        clause = _clause(line.body, found)
        if OF_RESULTS.search(clause) and asserted(log, line, found) and not re.search(r"\b(?:but|although|except|mixed|unstable)\b", clause):
            return found
    return None


def _clause(text: str, found: re.Match[str]) -> str:
    """The part of a sentence in which a word stands."""
    start = max(text.rfind(mark, 0, found.start()) for mark in ";.:")
    ends = [place for mark in ";.:" if (place := text.find(mark, found.end())) >= 0]
    return text[start + 1 : min(ends, default=len(text))][:160] if min(ends, default=len(text)) - start < 200 else text[max(0, found.start() - 40) : found.end() + 60]


def _evidence(log: Log, line: Line, series: tuple[Series, ...], linked: dict[str, tuple[Log, Line, Series]]) -> tuple[Seeds | None, Log, Series | None]:
    """The seeds of what a line speaks of: those of the file that it cites, else those of its place."""
    for name in _files(line.text):
        if name in linked:
            other, where, mine = linked[name]
            return (Seeds(mine.count, mine.line) if mine.count else None), other, mine
    seeds = seeds_of(log, line)
    same = [one for one in series if one.section == line.section and one.values and one.differences]
    return seeds if not same else Seeds(len(same[0].values), same[0].line) if len(same) == 1 else seeds, log, same[0] if len(same) == 1 else None


def _files(text: str) -> list[str]:
    return re.findall(r"[\w.-]+\.(?:txt|jsonl?|csv|md|log)\b", text)


def _by_file(logs: list[Log]) -> dict[str, tuple[Log, Line, Series]]:
    """Name of a cited file to the only series in the section that cites it."""
    found: dict[str, tuple[Log, Line, Series]] = {}
    for log in logs:
        by_section: dict[int, list[Series]] = {}
        for series in series_of(log):
            by_section.setdefault(series.section, []).append(series)
        for line in log.spoken():
            mine = by_section.get(line.section, [])
            if len(mine) == 1 and mine[0].count:
                found.update({name: (log, line, mine[0]) for name in _files(line.text) if name not in found})
    return found


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    seeds = "one seed" if f["seeds"] == 1 else f"{f['seeds']} seeds"
    place = finding.others[0]
    where = f"line {place.line}" if place.file == finding.place.file else f"{place.file}:{place.line}"
    told = f"'{f['word']}' rests on {seeds} ({where})"
    if f["seeds"] == 1:
        return f"{told}: a single seed shows nothing of other seeds."
    if "p" in f:
        return f"{told}: their paired t has {chance(f['p'])} and the interval {f['low']:+.4f} to {f['high']:+.4f}."
    least = 2.0 ** (1 - f["seeds"])
    return f"{told}: even if all have one sign, that happens by chance in {least:.0%} of cases without any effect."


RULE = Rule("few-seeds", "Words such as stable, consistent or robust, said of so few seeds that they show no such thing.", check, say)
