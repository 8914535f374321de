"""Words for steadiness said of a handful of seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from evenhand.audit.finding import Finding, Level, Rule, place_of
from evenhand.audit.rules.certainty.steadiness import DOUBT, steadiness
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import chance
from evenhand.audit.text.numbers import numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD, hoped, planning
from evenhand.audit.told.certainty.few import certain_of_few
from evenhand.audit.told.certainty.steady import OF_SIZE, clause_of, steady
from evenhand.audit.told.seeds.count import Seeds, counted, only_seed
from evenhand.audit.told.seeds.evidence import Evidence, Evidences
from evenhand.audit.told.seeds.series import Floats
from evenhand.audit.told.seeds.tested import facts_of

_ALL_OF = Pattern(
    r"(?<![\d.])([2-5])\s*/\s*\1\s+seeds\s+(?:are |were |all )?(?:positive|improve\w*|better|up|win\w*|gain\w*|"
    r"agree|above)\b",
    re.IGNORECASE,
    needs="seeds",
)
_CHANCE = Pattern(r"\bp\s*[=<>≤]|sign[- ](?:test|flip)|\bfloor\b|by chance|\bCI\b", re.IGNORECASE)
_UNFINISHED = Pattern(r"\b(?:\d+ more|more (?:seeds|runs)|running|pending|so far)\b", re.IGNORECASE)
"""What says that further seeds are to come."""

_SEEDS = Pattern(r"\bseeds?\b", re.IGNORECASE)
_REPEATS = Pattern(r"\brepeats?\b", re.IGNORECASE)
_ONE = Pattern(r"\b(?:seed|run|repeat|trial)\s*[#=:]?\s*\d+\s*[:=]", re.IGNORECASE)
_TOLD_DELTA = Pattern(r"(?:delta|diff(?:erence)?|Δ|gain)[^\d+\-−;,()]{0,30}[=:]?\s*([+\-−]\d*\.\d+)", re.IGNORECASE)
_ABOVE = 24
"""Lines from a word for steadiness up to the differences of its seeds, one a line."""

_SHOWN = 0.01
"""The p of a paired t from which on a handful of differences carries a word for steadiness."""

_NEAR = 8
"""Lines: seeds that are told farther away, and not in a heading, may be those of something else."""

_SCENE = 40
"""Lines within which the only seed of a log stands for a result of another section."""

_COURSE = Pattern(r"\b(?:steps?|epochs?|training|curves?|convergence|throughout)\b", re.IGNORECASE)
"""What is stable over the course of one training is not said to be so over seeds."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """A steady gain over at most five seeds, unless a t test over them supports it."""
    known = Evidences(logs)
    for log in logs:
        yield from _all_of_few(log)
        yield from steadiness(log)
        for few in certain_of_few(log):
            beside = _one_a_line(log, few.line, few.count)
            shown_by = None if beside is None else facts_of(beside)
            if shown_by is not None and float(str(shown_by["p"])) < _SHOWN:
                continue
            said: dict[str, object] = {"word": few.word, "seeds": few.count, "unit": few.unit}
            yield Finding(
                "few-seeds", "caution", place_of(log, few.line), said, (place_of(log, few.told),), anywhere=True
            )
        for line in log.spoken():
            found = steady(log, line)
            shown = None if found is None else known.of(log, line, clause_of(line.body, found))
            if found is None or shown is None or shown.seeds.count > 5:
                continue
            if found[0].lower() in OF_SIZE and not (shown.seeds.count == 1 and _of_all(log, line, shown.seeds)):
                continue
            facts: dict[str, object] = {"word": found[0].lower(), "seeds": shown.seeds.count}
            if _REPEATS.search(shown.seeds.line.body) and not _SEEDS.search(shown.seeds.line.body):
                facts["unit"] = "repeat"
            values = _one_a_line(log, line, shown.seeds.count) if shown.series is None else shown.series.array
            tested = None if values is None else facts_of(values)
            if tested is not None and float(str(tested["p"])) < (0.05 if shown.seeds.count > 3 else _SHOWN):
                continue
            if tested is not None:
                facts |= {"p": tested["p"], "low": tested["low"], "high": tested["high"]}
            level: Level = "caution" if _explicit(log, line, shown, found) else "hint"
            yield Finding("few-seeds", level, place_of(log, line), facts, (place_of(shown.log, shown.seeds.line),))


def _one_a_line(log: Log, line: Line, count: int) -> Floats | None:
    """The differences of as many lines above, of one form, each with the one that it tells."""
    above = [one for one in log.own(line.section) if 0 < line.number - one.number <= _ABOVE]
    told = [(one, _TOLD_DELTA.findall(one.body)) for one in above if one.kind in ("bullet", "prose")]
    lines = [one for one, found in told if len(found) == 1 and _ONE.search(one.body)]
    values = [numbers(_TOLD_DELTA.findall(one.body)[0])[0].value for one in lines]
    return np.array(values) if len(values) == count > 1 and len(set(values)) > 1 else None


def _explicit(log: Log, line: Line, shown: Evidence, found: re.Match[str]) -> bool:
    """Whether the seeds are told of this very result: beside it, above it, in a heading, or by their values."""
    seeds = shown.seeds.line
    above = any(seeds is log.lines[log.sections[one].line] for one in log.chain(line.section))
    if found[0].lower() in OF_SIZE:
        return (seeds is line or seeds in log.parents(line) or above) and counted(seeds.body)
    of_course = found[0].lower().startswith("stabl") and _COURSE.search(clause_of(line.body, found))
    if of_course or _doubted(log, line):
        return False
    if shown.series is not None:
        return shown.log is not log or shown.series.section == line.section
    if not log.english and seeds is not line:
        return False
    near = seeds.section == line.section and 0 <= line.number - seeds.number <= _NEAR
    scene = abs(line.number - seeds.number) <= _SCENE
    return (
        near
        or above
        or seeds in log.parents(line)
        or (scene and only_seed(log) is not None and _covers(log, seeds, line))
    )


def _covers(log: Log, seeds: Line, line: Line) -> bool:
    """Whether a seed is told in the section of a line, above it, or before it in one without results."""
    results = (METRIC_WORD.search(one.body) and any(n.decimals for n in one.numbers) for one in log.own(seeds.section))
    if seeds.kind == "code" or seeds.section in (-1, *log.chain(line.section)):
        return True
    return seeds.number < line.number and not any(results)


def _doubted(log: Log, line: Line) -> bool:
    """Whether the lines around, in the same section, say themselves that this is no result yet."""
    place = log.by_number[line.number]
    around = log.lines[max(0, place - _NEAR) : place + 3]
    return any(DOUBT.search(one.body) for one in around if one.section == line.section)


def _of_all(log: Log, line: Line, seeds: Seeds) -> bool:
    """Whether the one seed is told of a line itself, as a setting of its section, or is the only one of the log."""
    beside = (line, *log.parents(line))
    told = seeds.line.kind in ("heading", "bullet") or only_seed(log) is not None
    return seeds.line in beside or (told and _covers(log, seeds.line, line))


def _all_of_few(log: Log) -> Iterator[Finding]:
    """``3/3 seeds positive``, where the line says nothing of how often that happens by chance."""
    for line in log.lines:
        found = _ALL_OF.search(line.body) if line.kind in ("prose", "bullet", "row") else None
        if (
            found is None
            or _CHANCE.search(line.body)
            or _UNFINISHED.search(line.body)
            or hoped(line)
            or planning(log, line)
        ):
            continue
        facts: dict[str, object] = {"word": " ".join(found[0].split()), "seeds": int(found[1])}
        yield Finding("few-seeds", "caution", place_of(log, line), facts, (place_of(log, line),), found[0])


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    unit = f.get("unit", "seed")
    seeds = f"one {unit}" if f["seeds"] == 1 else f"{f['seeds']} {unit}s"
    place = finding.others[0]
    where = f"line {place.line}" if place.file == finding.place.file else f"{place.file}:{place.line}"
    word = f"'{f['word']}'"
    if str(f["word"]) not in finding.place.text.lower():
        word = f"What is said here, in English {word},"
    told = f"{word} rests on {seeds} ({where})"
    if f["seeds"] == 1:
        return f"{told}: a single {unit} shows nothing of other {unit}s."
    if "p" in f:
        return f"{told}: their paired t has {chance(f['p'])} and the interval {f['low']:+.4f} to {f['high']:+.4f}."
    if "factor" in f:
        return (
            f"{word} rests on {f['seeds']} values ({where}): the spread between repeats may be {f['factor']} "
            f"times what these show (upper end of its 95 % interval)."
        )
    least = 2.0 ** (1 - f["seeds"])
    return f"{told}: where there is no effect, that many have one sign in {least:.0%} of cases, by chance."


RULE = Rule(
    "few-seeds",
    "Words such as stable, consistent or robust, said of so few seeds that they show no such thing.",
    check,
    say,
    tongues=True,
)
