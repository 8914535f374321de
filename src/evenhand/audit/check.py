"""All rules over logs that are read together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from evenhand.audit.finding import LEVELS, Finding, Place, Rule, by_a_digit, place_of
from evenhand.audit.once import told_once
from evenhand.audit.rules import RULES
from evenhand.audit.text.log import Log
from evenhand.audit.text.words import reports

_POINT, _LINE = 240, 160
"""Letters of a point of a list, and of a line by itself: longer ones are running text, which may take itself back."""

_SCENE, _ABROAD = 12, 8
"""Lines from a statement to what it rests on, in English and in other words."""

_MANY = 80
"""Lines of a log, blank ones aside, up to which a reading over its sentences may speak aloud.

Real faults are rare and sentences many: of what such readings found in longer logs of strangers, little was right. Of
numbers those speak there that one digit makes right.
"""

_FULL = 60
"""Letters of a line that was broken because it was full."""


def audit(logs: Sequence[Log], rules: Sequence[Rule] = RULES, *, hints: bool = False) -> tuple[Finding, ...]:
    """The findings of logs, in the order of files and lines, the gravest first on a line.

    Args:
        logs: read together, so that what one says of another is seen; in plans, guides and lists of changes, words of
            results are at most hints.
        rules: all of them, or some.
        hints: also what may be worth a look although the text leaves it open; behind the findings.
    """
    spoken = [log for log in logs if log.english]
    found = [one for rule in rules for one in rule.check(spoken if rule.words and not rule.tongues else list(logs))]
    by_name = {log.name: log for log in logs}
    found = [one if _plain(by_name[one.place.file], one) else replace(one, level="hint") for one in found]
    found = [replace(one, level="hint") if one.unproven and one.level != "note" else one for one in found]
    told = {log.name for log in logs if reports(log)}
    worded = {rule.name for rule in rules if rule.words}
    found = [replace(one, level="hint") if one.rule in worded and one.place.file not in told else one for one in found]
    slips = {rule.name for rule in rules if rule.slips}
    found = [
        replace(one, level="hint", unproven=True)
        if one.rule in slips and by_name[one.place.file].computed and not (one.closed and by_a_digit(one))
        else one
        for one in found
    ]
    found = [one for one in found if not one.unproven or one.level == "note" or not _is_long(by_name[one.place.file])]
    found = [
        replace(one, level="hint")
        if one.anywhere and one.level != "note" and _is_long(by_name[one.place.file]) and not _speaks(one)
        else one
        for one in found
    ]
    found = [replace(one, quote=_whole(by_name[one.place.file], one)) for one in found]
    found = [_in_its_file(one, by_name) for one in found]
    order = {log.name: place for place, log in enumerate(logs)}
    aloud = sorted(found, key=lambda one: one.level == "hint")  # what is told aloud goes before a hint of the same
    unique = {(one.rule, one.place.file, one.place.line, one.quote): one for one in reversed(aloud)}
    levels = (*LEVELS, "hint")
    kept = [one for one in told_once(list(unique.values())) if hints or one.level != "hint"]
    in_order = sorted(
        kept,
        key=lambda one: (
            one.level == "hint", order[one.place.file], one.place.line, levels.index(one.level), one.rule, one.quote,
        ),
    )  # fmt: skip
    return tuple(one if _stands(one) else replace(one, quote="") for one in in_order)


def _is_long(log: Log) -> bool:
    """Whether a log has so many sentences that one which is misread is likelier than one that is wrong."""
    if log.folder:
        return any(len(table.rows) > _MANY for table in log.tables)
    return sum(line.kind != "blank" for line in log.lines) > _MANY


def _speaks(one: Finding) -> bool:
    """Whether a finding can hardly be read otherwise: by its form, or since one digit makes the number right."""
    return one.closed or by_a_digit(one)


def _in_its_file(one: Finding, logs: Mapping[str, Log]) -> Finding:
    """A finding about a folder's summaries at the files and lines where the values stand that it rests on."""

    def moved(place: Place) -> Place:
        if not logs[place.file].folder:
            return place
        file, line = logs[place.file].sources[place.line - 1]
        return place_of(logs[file], line)

    return replace(one, place=moved(one.place), others=tuple(map(moved, one.others)))


def _stands(one: Finding) -> bool:
    """Whether a line has what a finding quotes, marks aside; one in another language was read in English."""
    text, quote = (re.sub(r"[*`_~]", "", said) for said in (one.place.text, one.quote))
    return quote in text


def _whole(log: Log, finding: Finding) -> str:
    """What a finding quotes, up to the end of the word, the number or the bracket that it ends in."""
    text = log.line(finding.place.line).body if finding.quote and finding.place.line in log.by_number else ""
    found = re.search(rf"{re.escape(finding.quote)}(?:(?<=\w)\w+|(?<=\d)[.,]\d+)*", text) if text else None
    if found is None:
        return finding.quote
    closes = found[0].count("(") > found[0].count(")") and text[found.end() : found.end() + 1] == ")"
    return found[0] + ")" * closes


def _goes_on(text: str) -> bool:
    """Whether a line was broken by hand: it is full, or ends within a sentence; the lines of notes do neither."""
    text = text.rstrip()
    return re.search(r"[\w,;(]$" if len(text) >= _FULL else r",$", text) is not None and not text[-1:].isdigit()


def _in_one_place(log: Log, finding: Finding) -> bool:
    """Whether a statement is short and what it is set against stands near it: farther away more may be told of it."""
    if finding.level == "note":
        return True
    beside = [one.line for one in finding.others if one.file == finding.place.file]
    far = max((abs(line - finding.place.line) for line in beside), default=0)
    near = finding.closed or far <= (_SCENE if log.english else _ABROAD)
    return near and len(log.line(finding.place.line).body) <= _POINT


def _plain(log: Log, finding: Finding) -> bool:
    """Whether a finding stands in a row, a point of a list or a short line, not in running text that says more."""
    place = log.by_number.get(finding.place.line)
    if log.data or place is None:
        return True
    if finding.anywhere:
        return _in_one_place(log, finding)
    line = log.lines[place]
    if line.kind == "bullet":
        rest = [one.body for one in takewhile(lambda one: one.kind == "prose", log.lines[place + 1 : place + 20])]
        return sum(map(len, (line.body, *rest))) <= _POINT
    beside = [log.lines[at : at + 2] for at in (place - 1, place) if 0 <= at < len(log.lines) - 1]
    wrapped = any(
        all(one.kind == "prose" for one in pair) and re.match(r"\w", pair[1].body) and _goes_on(pair[0].text)
        for pair in beside
    )
    return line.kind != "prose" or (len(line.body) <= _LINE and not wrapped)


def sentence(finding: Finding) -> str:
    """What a finding says."""
    return next(rule for rule in RULES if rule.name == finding.rule).say(finding)
