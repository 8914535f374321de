"""One result quoted with different numbers: between two documents, or between a summary and its table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from evenhand.audit.finding import Finding, Level, Place, Rule, anywhere, lone, place_of
from evenhand.audit.rules.repeated.quoted_rows import quoted_otherwise
from evenhand.audit.rules.repeated.ranges import ranges
from evenhand.audit.rules.repeated.summed import slips_of
from evenhand.audit.rules.repeated.turned import turned_in
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import a_digit_off, printed
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import MEAN, said_in
from evenhand.audit.told.arms.lists import Arm, arms_of
from evenhand.audit.told.arms.results import agree, results_of
from evenhand.audit.told.concluded.concluded import withheld
from evenhand.audit.told.concluded.statements import Statement, statements_of
from evenhand.audit.told.quoted.twice import told_twice
from evenhand.audit.told.quoted.values import qualifiers
from evenhand.audit.told.seeds.series import series_of

_RUN = Pattern(r"^(R\d+[a-z]?|Run \d+|Exp(?:eriment)? \d+[a-z]?)\b", re.IGNORECASE)
_NO_METRIC = Pattern(r"(?:status|notes?|details?|remarks?|comments?)\b")
_SETTINGS = Pattern(r"[^\W\d]\w*\s?=\s?[\d.]+\w*|\d+ (?:epochs|steps|seeds|layers|shots?|examples|samples)")
_CLOCK = Pattern(r"\d\s?(?:ms|s|m|min|h|x|GB|MB|k)$", re.IGNORECASE)
"""Times, sizes and factors differ from run to run."""

_ENOUGH = 4
"""Results with three digits that two files must have alike, so that those which differ are the same results, too."""

_FILE = Pattern(r"[\w.-]+\.(?:md|txt|csv|tsv|jsonl?|log)\b")
_LONGEST, _SLIPS = 240, 2


def check(logs: list[Log]) -> Iterable[Finding]:
    """An arm of one round in two files; a mean that another section quotes; a range in words against its column."""
    summed = [one for log in logs for one in _summed(log)]
    told = {(one.place, one.facts["printed"]) for one in summed}
    yield from summed
    yield from lone(one for one in _found_in(logs) if (one.place, one.facts["printed"]) not in told)


def _summed(log: Log) -> list[Finding]:
    """Numbers of a summary of which all others are right; several that are not are the reading's fault."""
    found = [
        replace(
            _otherwise(
                place_of(log, one.quote.line), one.quote.number, one.own.number, one.name, "summed",
                place_of(log, one.own.line), printed(one.quote.number),
            ),
            closed=True,
        )
        for one in slips_of(log)
    ]  # fmt: skip
    told = {(one.place.line, one.facts["printed"]) for one in found}
    for one in turned_in(log):
        if (one.line.number, printed(one.number)) not in told:
            places = place_of(log, one.line), place_of(log, one.own_line)
            told_so = _otherwise(places[0], one.number, one.own, one.name, "twice", places[1], printed(one.number))
            found.append(replace(told_so, closed=True, anywhere=True))
    return found if len(found) <= _SLIPS else []


def _found_in(logs: list[Log]) -> Iterator[Finding]:
    yield from _slips(_between(logs))
    yield from _slips(_cited(logs))
    for earlier, later in combinations(logs, 2):
        yield from _named(earlier, later)
    for log in logs:
        quoted = list(quoted_otherwise(log))
        for quote in quoted:
            at, there = place_of(log, quote.line), place_of(log, quote.own.line)
            name = f"{quote.own.name}: {quote.own.metric}"
            one = _otherwise(at, quote.said, quote.own.value, name, "quoted", there, printed(quote.said))
            yield from _slips([one])
        for two in told_twice(log):
            at, there = place_of(log, two.second.line), place_of(log, two.first.line)
            if (two.second.number.value, at.line) not in {(quote.said.value, quote.line) for quote in quoted}:
                one = _otherwise(at, two.second.number, two.first.number, two.name, "twice", there)
                yield replace(one, unproven=not two.sure)
        yield from _slips(_quoted_means(log))
        for line in log.spoken():
            yield from ranges(log, line)


def _slips(found: Iterable[Finding]) -> Iterator[Finding]:
    """Quoted results that a digit makes right: others were measured anew, on other items or in another way."""
    for one in found:
        said, own = (numbers(str(one.facts[key]))[0] for key in ("printed", "other"))
        yield replace(one, unproven=one.unproven or not a_digit_off(said, own.value))


def _otherwise(at: Place, said: Number, own: Number, of: str, kind: str, there: Place, quote: str = "") -> Finding:
    """The finding that a result, by its name, is told as one number here and as another there."""
    facts = {"printed": printed(said), "other": printed(own), "of": of, "kind": kind}
    return Finding("drift", "fault", at, facts, (there,), quote)


def _between(logs: list[Log]) -> Iterator[Finding]:
    first: dict[tuple[str, str, str, str], tuple[Log, Arm]] = {}
    for log in logs:
        for arm in arms_of(log):
            key = (_round(log, arm), arm.task, _plain(arm.name), arm.stage)
            if not key[0] or not key[1] or arm.value is None or not re.search(r"[a-z]\w*_\w", key[2]):
                continue
            other, before = first.setdefault(key, (log, arm))
            if (
                other is not log
                and before.value is not None
                and before.value.unit == arm.value.unit
                and _apart(before.value, arm.value)
            ):
                at, there = place_of(log, arm.line), place_of(other, before.line)
                yield _otherwise(at, arm.value, before.value, _plain(arm.name), "file", there)


def _cited(logs: list[Log]) -> Iterator[Finding]:
    """``the gated run reached 92.4 % accuracy (see log.md)``, where that file has another accuracy of the gated run."""
    names = Counter(Path(log.name).name for log in logs)
    files = {Path(log.name).name: log for log in logs if names[Path(log.name).name] == 1}
    for log in logs if len(files) > 1 else ():
        for one in statements_of(log) if log.english and not log.data else ():
            other = {files[name] for name in _FILE.findall(one.text) if name in files and files[name] is not log}
            if len(other) == 1 and not withheld(one) and len(one.text) <= _LONGEST:
                yield from _against(log, one, other.pop())


def _against(log: Log, one: Statement, other: Log) -> Iterator[Finding]:
    """The results of a statement whose arm and metric another file has, with a value that stands nowhere in it."""
    every = [n for line in other.lines for n in line.numbers]
    for said in one.results:
        start = max(one.text.rfind(mark, 0, said.start) for mark in ";,(") + 1
        end = min((i for mark in ";," if (i := one.text.find(mark, said.end)) >= 0), default=len(one.text))
        words = frozenset(re.findall(r"[a-z0-9.@+]+", one.text[start:end].lower().replace("_", " ")))
        fits = [r for (name, metric), r in results_of(other).items() if {*name.split(), *metric.split()} <= words]
        if len(fits) != 1 or any(agree(n, said) for n in every) or qualifiers(one.text[start:end]):
            continue
        value = fits[0].value
        near = 0.8 < abs(value.value / said.value) < 1.25 if said.value else False
        if near and value.unit == said.unit and value.decimals == said.decimals:
            at, there = place_of(log, one.line_of(said)), place_of(other, fits[0].line)
            yield _otherwise(at, said, value, f"{fits[0].name}: {fits[0].metric}", "file", there, printed(said))


def _named(earlier: Log, later: Log) -> Iterator[Finding]:
    """Results of a table or list that two files have, which agree in four others and in three times as many.

    Only where the same arm has another result that agrees, and nothing else differs, are they surely of one run.
    """
    if earlier.data and later.data:
        return  # two files of data are two things: nothing says that they report one run
    if _of_foundform(earlier, later):
        return
    one, other = results_of(earlier), results_of(later)
    both = [key for key in one if key in other and key[0] and key[1]]
    apart = [key for key in both if not agree(one[key].value, other[key].value)]
    for key in apart:
        beside = [k for k in both if (one[k].group, other[k].group) == (one[key].group, other[key].group)]
        same = {one[k].value.value for k in beside if k not in apart and _fine(one[k].value)}
        if len(same) < max(_ENOUGH, 3 * sum(k in apart for k in beside)):
            continue
        if _NO_METRIC.match(key[1]) or _settings(one[key].line, earlier) != _settings(other[key].line, later):
            continue
        if _another_run([one for one in both if one[0] == key[0]], apart):
            continue
        mine, theirs = other[key], one[key]
        larger, smaller = (pick(abs(mine.value.value), abs(theirs.value.value)) for pick in (max, min))
        near = larger <= 1.5 * smaller and mine.value.signed == theirs.value.signed
        if mine.value.unit != theirs.value.unit or not near:
            continue
        at, there = place_of(later, mine.line), place_of(earlier, theirs.line)
        alike = [k for k in both if k[0] == key[0] and k not in apart and _fine(one[k].value)]
        pages = all(not log.data and (log.sections or log.name.endswith(".md")) for log in (earlier, later))
        measured = not _CLOCK.search(printed(mine.value)) and mine.value.decimals > 0
        level: Level = "fault" if alike and len(apart) == 1 and pages and measured else "hint"
        found = _otherwise(
            at, mine.value, theirs.value, f"{mine.name}: {mine.metric}", "file", there, printed(mine.value)
        )
        yield replace(found, level=level)


def _of_foundform(one: Log, other: Log) -> bool:
    """Whether two documents are reports of two runs: names, or titles in one folder, that differ in digits alone."""
    first, second = Path(one.name), Path(other.name)
    names = (re.sub(r"\d+", "", path.stem) for path in (first, second))
    titles = [log.sections[0].title if log.sections else "" for log in (one, other)]
    same_name = len(set(names)) == 1 and first.stem != second.stem
    same_title = titles[0] != "" and re.sub(r"\d+", "", titles[0]) == re.sub(r"\d+", "", titles[1])
    return same_name or (same_title and first.parent == second.parent)


def _fine(value: Number) -> bool:
    """Whether a result has three digits that say something: others agree by chance."""
    return len(re.sub(r"\D", "", f"{abs(value.value):.{value.decimals}f}").strip("0")) >= 3


def _settings(line: int, log: Log) -> frozenset[str]:
    """What a row says of how it was run: ``d=256``, ``15 epochs``."""
    return frozenset(_SETTINGS.findall(log.line(line).text.lower()))


def _another_run(own: list[tuple[str, str]], apart: list[tuple[str, str]]) -> bool:
    """Whether an arm of several results differs in most of them: then it was run anew, or in another configuration."""
    return len(own) > 1 and 2 * sum(one in apart for one in own) > len(own)


def _round(log: Log, arm: Arm) -> str:
    titles = " ".join(log.path(arm.line.section))
    found = re.findall(r"\b(?:round|run|exp(?:eriment)?)\s?(\d+\w?)\b", titles.lower())
    return found[-1] if found else ""


def _plain(name: str) -> str:
    return re.sub(r"^(?:best|med|medium|quick|confirmed|med-confirmed|full)\b[\s-]*", "", name.lower()).strip(" `:")


def _apart(one: Number, other: Number) -> bool:
    return one.high < other.low or other.high < one.low


def _quoted_means(log: Log) -> Iterator[Finding]:
    own: dict[str, tuple[Number, str, Line]] = {}
    for series in series_of(log):
        found = _RUN.match(log.path(series.section)[-1]) if series.section >= 0 else None
        if found is not None and series.mean is not None:
            own.setdefault(found[1].lower(), (series.mean, _metric(series.label), series.mean_line))
    for line in log.spoken():
        found = _RUN.match(line.body)
        if found is None or found[1].lower() not in own:
            continue
        mean, metric, at = own[found[1].lower()]
        for said in said_in(line):
            if (
                MEAN.search(said.label)
                and _metric(said.label) == metric
                and at.number != line.number
                and _apart(mean, said.number)
            ):
                yield _otherwise(place_of(log, line), said.number, mean, found[1], "mean", place_of(log, at))


def _metric(label: str) -> str:
    words = re.findall(r"[a-z_]{2,}", label.lower())
    return words[-1] if words else ""


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f, other = finding.facts, finding.others[0]
    where = f"line {other.line}" if other.file == finding.place.file else f"{other.file}:{other.line}"
    if f["kind"] == "range":
        lines = ", ".join(str(place.line) for place in finding.others)
        return (
            f"The range {f['printed']} is not what the table says: its column '{f['of']}' also has {f['other']} "
            f"for these rows (line{'s' * (len(finding.others) > 1)} {lines})."
        )
    return f"'{f['of']}' is {f['printed']} here and {f['other']} at {where}."


RULE = Rule("drift", "One result quoted with different numbers in two places.", anywhere(check), say, tongues=True)
