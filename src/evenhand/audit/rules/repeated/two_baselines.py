"""One thing, named alike down to its seed, with two results in one document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.numbers import Number, counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.baselines import in_tables, in_words

_PIECE = Pattern(r"(?:^|[;|]\s*|\.\s+)(?P<label>[^;|:=]{3,60}?)\s*[:=]\s*(?P<value>[^;|]{1,60})")
_SEED = Pattern(r"\bseed\s*[=:#]?\s*\d+", re.IGNORECASE)
_OVER_TIME = Pattern(
    r"\b(?:steps?|epochs?|iter\w*|after|before|run \d|round|try|attempt|retry|v\d|day|resum\w*|rerun|again|old|new|"
    r"corrected|fixed|loss|"
    r"lr|time|mean|avg|max|min|total|budget)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Told:
    label: str
    value: Number
    whole: int
    line: Line


def check(logs: list[Log]) -> Iterable[Finding]:
    """``SFT 0-shot, seed 0: 103/250`` and, further down, ``SFT 0-shot, seed 0: 112/250``."""
    for log in logs:
        if log.data:
            continue
        for two in (*in_tables(log), *in_words(log, logs)):
            facts = {"label": two.label, "first": two.first, "second": two.second}
            other = place_of(two.first_log, two.first_log.line(two.first_line))
            yield Finding("two-baselines", "caution", place_of(log, two.log.line(two.line)), facts, (other,))
        told: dict[tuple[str, int], list[_Told]] = {}
        for line in log.spoken():
            for one in _told_in(line):
                told.setdefault((one.label, one.whole), []).append(one)
        for found in told.values():
            values = {one.value.value for one in found}
            if len(found) == 2 and len(values) == 2 and found[0].line.section != found[1].line.section:
                first, second = found
                facts = {"label": second.label, "first": _shown(first), "second": _shown(second)}
                yield Finding(
                    "two-baselines", "caution", place_of(log, second.line), facts, (place_of(log, first.line),)
                )


def _told_in(line: Line) -> Iterator[_Told]:
    """Results with a label that names a seed: counts of one whole."""
    for piece in _PIECE.finditer(line.body):
        label = " ".join(re.findall(r"[\w.+-]+", piece["label"].lower()))
        if not _SEED.search(label) or _OVER_TIME.search(label) or len(label.split()) < 3:
            continue
        counted = counts(piece["value"])
        if (
            len(counted) == 1
            and counted[0].whole.value >= 20
            and piece["value"].strip().startswith(tuple("0123456789"))
        ):
            yield _Told(label, counted[0].part, int(counted[0].whole.value), line)
            continue
        single = [n for n in numbers(piece["value"]) if n.decimals >= 2 and not n.signed]
        if len(single) == 1 and re.match(r"\W*[\d.]", piece["value"]):
            yield _Told(label, single[0], 0, line)


def _shown(one: _Told) -> str:
    return f"{printed(one.value)}/{one.whole}" if one.whole else printed(one.value)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"'{f['label']}' is {f['second']} here and {f['first']} at line {finding.others[0].line}: differences to the "
        f"one and to the other "
        f"do not compare."
    )


RULE = Rule(
    "two-baselines",
    "One thing, named alike down to its seed, with two results in one document.",
    check,
    say,
    tongues=True,
)
