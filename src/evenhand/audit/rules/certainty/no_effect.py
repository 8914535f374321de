"""No effect concluded from a few seeds whose interval holds effects of any size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Level, Rule, place_of
from evenhand.audit.rules.certainty.none_concluded import concluded
from evenhand.audit.rules.certainty.recomputed import over_repeats
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import signed
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import hoped
from evenhand.audit.told.seeds.series import Series, series_of
from evenhand.audit.told.seeds.tested import facts_of

_NEAR = 6
"""Lines: what is said farther away may be of something else."""

_NONE = Pattern(
    r"\bno (?:\w+ )?(?:gain|effect|difference|benefit|improvement|change)\b|\b(?:neutral|no-gain)\b", re.IGNORECASE
)
_DIGITS = 1
"""Of an interval's width behind the first: more of them say nothing."""

_MARGIN = Pattern(r"\bmargin\b|equivalence|\bTOST\b", re.IGNORECASE)
"""Who says how small an effect is none may have shown it."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """``no gain`` said in the section of the only series of differences, whose interval holds gains and losses."""
    for log in logs:
        yield from concluded(log)
        by_section: dict[int, list[Series]] = {}
        for series in series_of(log):
            by_section.setdefault(series.section, []).append(series)
        for section, found in by_section.items():
            facts = facts_of(found[0].array) if len(found) == 1 and found[0].differences else None
            if facts is None or len(found[0].values) > 5:
                continue
            for line in log.own(section):
                said = _NONE.search(line.body)
                near = abs(line.number - found[0].line.number) <= _NEAR and over_repeats(log, found[0])
                zero = float(str(facts["high"])) > 0 > float(str(facts["low"]))
                if said is not None and near and zero and not hoped(line) and not _MARGIN.search(line.body):
                    above = (found[0].line.parent, *_grand(log, found[0].line))
                    beside = line.kind == "bullet" and line.parent in above
                    level: Level = "caution" if beside else "hint"
                    yield Finding(
                        "no-effect-shown",
                        level,
                        place_of(log, line),
                        {**facts, "word": said[0].lower()},
                        (place_of(log, found[0].line),),
                    )


def _grand(log: Log, line: Line) -> Iterator[int | None]:
    """What the bullets above a line belong to: the values may stand one level below the words."""
    return (above.parent for above in log.parents(line))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    low, high = float(f["low"]), float(f["high"])
    digits = max(0, _DIGITS - math.floor(math.log10(high - low)))
    of = f"the difference of two means of {f['seeds']} seeds" if f.get("each") else f"these {f['seeds']} differences"
    return (
        f"'{f['word']}' is not shown: the 95 % interval of {of} (line {finding.others[0].line}) goes from "
        f"{signed(low, digits)} to {signed(high, digits)}, and an effect of any size within it remains possible."
    )


RULE = Rule(
    "no-effect-shown",
    "The absence of an effect concluded from few seeds: not found is not shown to be absent.",
    check,
    say,
    tongues=True,
)
