"""Differences compared although their baselines differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import hoped, planning
from evenhand.audit.told.arms.lists import Arm, arms_of
from evenhand.audit.told.changes.change import Change
from evenhand.audit.told.changes.changes import changes_of
from evenhand.audit.told.changes.gains import Gain
from evenhand.audit.told.changes.references import RESULT, ranked_in
from evenhand.audit.told.fair.gains import outgained, outranked

_COMPARED = Pattern(
    r"\b(?:reduced|improved|better|worse|less|more|up|down|dropped|rose|increased|decreased|vs\.?|versus|compared)\b",
    re.IGNORECASE,
)
_OVER = Pattern(
    r"(?<![\w.])(?P<delta>\+\d[\d.]*\s?(?:%|pp|points?|pts?)?)\s*(?:over|vs\.?|versus|against|above|relative to|"
    r"compared (?:to|with))\s+(?P<name>[A-Za-z][\w@. +-]{0,30}?)(?=[,;:)]|\.\s|\.$|\s(?:and|while|so|whereas)\b|$)",
    re.IGNORECASE,
    needs="+",
)
_DRAWN = Pattern(
    r"\b(?:so|thus|hence|therefore|i\.e\.)\b[^.;]{0,60}\b(?:more|better|stronger|larger|bigger|as much|twice|times|"
    r"most|wins?|winner|beats?|best)\b|"
    r"[.;]\s+(?:\S+ ){1,3}(?:is|are)(?: by far)? (?:the )?(?:better|best|stronger|larger|winner)\b",
    re.IGNORECASE,
)
_ON_TOP = Pattern(r"\b(?:on top|another|further|in turn)\b", re.IGNORECASE)
"""Gains of which one is built upon the other."""

_SUFFIXES = Pattern(
    r"(?:_(?:fix|fixed|refine|refined|focus|expand|expanded|rt|probe|retry|redo|v\d+|r\d+|again|long|new))+$"
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Two relative changes in one sentence whose baselines differ; a task's baseline that moved between rounds."""
    for log in logs:
        yield from _quoted(log)
        yield from _moved(log)
        ranked = list(_ranked(log))
        lines = {one.place.line for one in ranked}
        yield from (one for one in _two_in_a_line(log) if one.place.line not in lines)
        yield from ranked


def _quoted(log: Log) -> Iterator[Finding]:
    changes = [one for one in changes_of(log) if one.named]
    for line in log.spoken():
        numbers = [n for n in line.numbers if n.signed and n.unit in ("%", "pp")]
        if len(numbers) != 2 or not _COMPARED.search(line.body):
            continue
        first, second = (_stated(changes, n, line) for n in numbers)
        if (
            len(first) != 1
            or len(second) != 1
            or first[0].of != second[0].of
            or not _apart(first[0].base, second[0].base)
        ):
            continue
        facts = {
            "one": printed(numbers[0]),
            "other": printed(numbers[1]),
            "base": printed(first[0].base),
            "other_base": printed(second[0].base),
            "kind": "quoted",
        }
        yield Finding(
            "baselines-differ",
            "fault",
            place_of(log, line),
            facts,
            (place_of(log, first[0].line), place_of(log, second[0].line)),
        )


def _two_in_a_line(log: Log) -> Iterator[Finding]:
    """``+0.037 over A; +0.155 over B, so the second helps four times as much``."""
    for line in log.spoken():
        found = list(_OVER.finditer(line.body))
        if len(found) != 2 or hoped(line):
            continue
        names = [re.sub(r"^(?:the|its|our)\s+", "", one["name"].strip().lower()) for one in found]
        words = [set(name.split()) for name in names]
        if words[0] <= words[1] or words[1] <= words[0] or any(re.match(r"\d", name) for name in names):
            continue
        if _named(line.body[: found[0].start()]) and not _named(line.body[found[0].end() : found[1].start()]):
            continue  # one arm against two others
        said = _DRAWN.search(line.body, found[1].end("name"))
        if said is not None:
            facts = {"one": found[0]["delta"], "other": found[1]["delta"], "kind": "line"}
            facts |= {"base": names[0], "other_base": names[1], "words": said[0]}
            built = _ON_TOP.search(line.body) is not None or words[1] <= set(line.low[: found[0].start()].split())
            at = place_of(log, line)
            yield Finding("baselines-differ", "fault", at, facts, quote=said[0], anywhere=True, unproven=built)


def _named(text: str) -> bool:
    """Whether an arm may be named between gains: words other than where a gain was measured."""
    rest = re.sub(r"\b(?:on|for|in) [\w-]+(?: [\w-]+)?|\b(?:and|but|while|only|gains?|is|has)\b", " ", text)
    return re.search(r"[^\W\d_]", rest) is not None


def _ranked(log: Log) -> Iterator[Finding]:
    for pair in (*outranked(log), *outgained(log)):
        if planning(log, pair.line):
            continue
        taken = {"one": pair.one.shown, "other": pair.other.shown, "base": pair.one.name, "other_base": pair.other.name}
        stands = (place_of(log, pair.one.line), place_of(log, pair.other.line))
        at = place_of(log, pair.line)
        numbered = any(RESULT.search(gain.name) for gain in (pair.one, pair.other))
        facts = {**taken, "kind": "line"}
        yield Finding("baselines-differ", "fault", at, facts, stands, anywhere=True, unproven=numbered)
    for found in ranked_in(log):
        one, other = found.one, found.other
        facts = {"one": one.shown, "other": other.shown, "base": _taken_from(one), "other_base": _taken_from(other)}
        places = tuple(place_of(log, gain.line) for gain in (one, other))
        yield Finding(
            "baselines-differ", "fault", place_of(log, found.line), {**facts, "kind": "line"}, places,
            anywhere=True, unproven=not found.sure,
        )  # fmt: skip


def _taken_from(gain: Gain) -> str:
    return gain.name or f"{gain.base:g}"


def _stated(changes: list[Change], number: Number, line: Line) -> list[Change]:
    return [
        one
        for one in changes
        if one.delta.value == number.value and one.delta.unit == number.unit and one.line.number != line.number
    ]


def _apart(one: Number, other: Number) -> bool:
    return one.unit == other.unit and (one.high < other.low or other.high < one.low)


def _moved(log: Log) -> Iterator[Finding]:
    by_task: dict[tuple[str, str], list[Arm]] = {}
    for arm in arms_of(log):
        if arm.baseline and arm.value is not None and arm.value.unit == "%" and "_" in arm.task and " " not in arm.task:
            by_task.setdefault((_SUFFIXES.sub("", arm.task), arm.stage), []).append(arm)
    for (task, stage), arms in by_task.items():
        for one, other in pairwise(arms):
            if one.line.section != other.line.section and one.value and other.value and _apart(one.value, other.value):
                facts = {
                    "task": task,
                    "stage": stage,
                    "base": printed(one.value),
                    "other_base": printed(other.value),
                    "kind": "moved",
                }
                yield Finding(
                    "baselines-differ", "caution", place_of(log, other.line), facts, (place_of(log, one.line),)
                )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if f["kind"] == "quoted":
        return (
            f"{f['one']} was measured against {f['base']} (line {finding.others[0].line}) and {f['other']} against "
            f"{f['other_base']} "
            f"(line {finding.others[1].line}): changes from different baselines cannot be compared."
        )
    if f["kind"] == "line":
        return (
            f"{f['one']} is over '{f['base']}' and {f['other']} over '{f['other_base']}': gains over different "
            f"baselines cannot be compared."
        )
    return (
        f"The baseline of '{f['task']}' has {f['other_base']} here and {f['base']} at line "
        f"{finding.others[0].line}: differences of the two rounds "
        "are taken from different baselines, and this much moves without any variant."
    )


RULE = Rule(
    "baselines-differ",
    "Differences that are compared although they were taken from different baselines.",
    check,
    say,
    tongues=True,
)
