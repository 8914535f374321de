"""The winner of several variants reported on the seeds that chose it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import lists_in
from evenhand.audit.text.vocabulary.choices import DEV
from evenhand.audit.told.concluded.picked import picked_in
from evenhand.audit.told.concluded.picked_data import Picked
from evenhand.audit.told.fair.winners import won_again

_SEEDS = Pattern(
    r"\bseeds?\s*[=:]?\s*[\[({]?\s*(?P<list>\d{1,5}(?:\s*(?:,|/|and|&|\s)\s*\d{1,5})+|(?P<a>\d{1,5})\s*(?:-|–|\.\.+|"
    r"to)\s*(?P<b>\d{1,5}))|"
    r"(?<![\w.])s(?P<c>\d{1,4})\s*(?:-|–|\.\.+)\s*s?(?P<d>\d{1,4})\b",
    re.IGNORECASE,
)
_ONE_SEED = Pattern(r"\b(?:on|with|for|at) (?:the )?seed\s*[=:]?\s*(\d{1,5})\b(?!\s*(?:,|/|-|–|and|to)\s*\d)", re.I)
_SCREEN = Pattern(
    r"\b(?:tried|sweep|swept|screen\w*|grid|candidates?|coef\w*|variants|settings|values|configs?|search\w*|tuned|"
    r"tuning|"
    r"best of \d+|of (?:the )?\d+ (?:\w+ )?(?:variants|settings|configs?|values|candidates))\b",
    re.IGNORECASE,
)
_BEST = Pattern(r"\b(?:best|winner|wins|won|picked|selected|chosen|top|highest|lowest|largest)\b", re.IGNORECASE)
_REPORT = Pattern(
    r"\b(?:tab(?:le)?\.?|fig(?:ure)?\.?|report\w*|headline|paper|abstract|final|result|confirmed|slides?|readme|"
    r"adopt\w*|claim\w*|goes in\w*)\b",
    re.IGNORECASE,
)
_FRESH = Pattern(
    r"\b(?:fresh|new|other|different|unseen|held[- ]out|disjoint|further|more|extra|"
    r"independent)\s+(?:\w+\s+)?seeds?\b|\bre-?r[ua]n\w*\b|"
    r"\bonly picked\b|\bnot (?:the|a) (?:result|claim)\b|\bselection only\b|\bbias\w*\b|\boptimistic\b",
    re.IGNORECASE,
    needs="bias|not a |not the |only picked|optimistic|re-r|rer|seed|selection only",
)
_KEYS = ("tried", "candidates", "variants", "swept", "grid", "options")
_PICKED = ("picked", "winner", "best", "selected", "chosen")
_NAMES = ("arm", "name", "variant", "model", "config", "method")
_AWAY = 8
_DEV = Pattern(
    r"\b(?:dev|validation|val) (?:set|split|questions|items|problems|data)\b(?! and)|\bconfirmation\b",
    re.I,
    needs="confirmation|dev |val |validation ",
)
_ON_THEM = Pattern(
    r"\b(?:best|winner|wins|won|picked|selected|chosen|highest)\b(?:[^.]|\.(?=\d))*\d\s?%?[^.]* (?:on|over|for) "
    r"(?:the same|these(?: very| same)?|those(?: same)?) (?:\w+ )?seeds\b",
    re.IGNORECASE,
)
"""A sentence that says itself that the result of the best is on the seeds that it was the best on."""

_OVER_BASE = Pattern(
    r"^(?!.*(?:\b(?:none|no|not|never|nothing|neither|worse|below)\b|(?<!\w)[-−]\d))"
    r".*\b(?:over|vs\.?|versus|against|above|than)\s+(?:the )?baseline\b",
    re.IGNORECASE,
)
_HIGHEST = Pattern(r"\b(?:highest|best|lowest|top|largest)\b", re.IGNORECASE)


def check(logs: list[Log]) -> Iterable[Finding]:
    """A screening with its seeds, and its winner with the same seeds: in records, or in the lines of one section."""
    for log in logs:
        for one in (*won_again(log), *picked_in(log)):
            if not one.test:
                facts = {"value": one.value, "tried": one.count}
                places = (place_of(log, one.chosen),)
                yield Finding(
                    "winner-on-its-seeds",
                    "caution",
                    place_of(log, one.line),
                    facts,
                    places,
                    anywhere=True,
                    unproven=not one.sure or _on_two_sets(log, one),
                )
        if log.data:
            yield from _in_records(log)
        elif log.english:
            told = list(_in_text(log))
            lines = {one.place.line for one in told}
            yield from (*told, *(one for one in _of_a_table(log) if one.place.line not in lines))


def _on_two_sets(log: Log, one: Picked) -> bool:
    """Whether a winner was chosen on one set and is told of the other."""
    text = f"{log.line(one.chosen).body} {one.line.body}"
    return DEV.search(text) is not None and re.search(r"\btest\b", text, re.IGNORECASE) is not None


def _in_records(log: Log) -> Iterator[Finding]:
    picked: dict[str, tuple[frozenset[str], int, int]] = {}
    for line in log.lines:
        if '"seed' not in line.body or not line.body.lstrip().startswith("{"):
            continue
        try:
            record = json.loads(line.body)
        except ValueError:
            continue
        seeds = _seeds_in(record)
        name = next((record[key] for key in _PICKED if isinstance(record.get(key), str)), None)
        tried = next((record[key] for key in _KEYS if isinstance(record.get(key), list)), None)
        if name is not None and tried is not None and len(tried) >= 3 and seeds:
            picked[name] = (seeds, len(tried), line.number)
            continue
        own = next((record[key] for key in _NAMES if isinstance(record.get(key), str)), None)
        if own in picked and seeds and seeds <= picked[own][0]:
            facts = {"winner": own, "tried": picked[own][1], "seeds": len(seeds)}
            yield Finding("winner-on-its-seeds", "fault", place_of(log, line), facts, (place_of(log, picked[own][2]),))


def _seeds_in(record: Any) -> frozenset[str]:
    found = record.get("seeds") if isinstance(record, dict) else None
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _in_text(log: Log) -> Iterator[Finding]:
    lines = [line for line in log.lines if line.kind in ("prose", "bullet") and line.body]
    for at, line in enumerate(lines):
        tried = _tried(line)
        seeds = seeds_told(line.body)
        if tried < 3 or not seeds or not _SCREEN.search(line.body):
            continue
        below = [one for one in lines[at : at + _AWAY] if one.section == line.section]
        if any(_FRESH.search(one.body) for one in below) or _DEV.search(line.body):
            continue
        found = _reported(line, below, seeds)
        if found is not None:
            facts = {"winner": "", "tried": tried, "seeds": len(seeds)}
            yield Finding("winner-on-its-seeds", "fault", place_of(log, found), facts, (place_of(log, line),))


def _of_a_table(log: Log) -> Iterator[Finding]:
    """``highest mean: beta 0.05, 59.6 % over seeds 0 and 1`` and, below, a result of 59.6 % on seeds 0 and 1."""
    best: list[tuple[Line, frozenset[int], set[float]]] = []
    for line in log.spoken():
        seeds = seeds_told(line.body)
        values = {n.value for n in line.numbers if n.decimals or n.unit == "%"}
        again = _FRESH.search(line.body) or _DEV.search(line.body)
        if not seeds or not values or again:
            best = [] if again else best
            continue
        for chosen, same, told in best:
            if chosen.section == line.section and same == seeds and told & values and _REPORT.search(line.body):
                facts = {"winner": "", "tried": 0, "seeds": len(seeds)}
                yield Finding("winner-on-its-seeds", "fault", place_of(log, line), facts, (place_of(log, chosen),))
                break
        if _HIGHEST.search(line.body):
            best.append((line, seeds, values))


def _tried(line: Line) -> int:
    """How many variants a line says were tried: the values that it lists, or their number."""
    said = re.search(
        r"\b(\d{1,3}) (?:\w+ )?(?:variants|settings|configs?|configurations|values|candidates|options|schedules|"
        r"coefficients|prompts|recipes)\b",
        line.body,
        re.IGNORECASE,
    )
    said = said or re.search(
        r"\b(?:tried|swept|screened|tested|compared)\s+(\d{1,3})\s+[a-z]", line.body, re.IGNORECASE
    )
    listed = max((len(one.numbers) for one in lists_in(line, 3)), default=0)
    return int(said[1]) if said is not None else listed


def _reported(screen: Line, below: list[Line], seeds: frozenset[int]) -> Line | None:
    """The line that reports the winner's own number, or its result on the same seeds."""
    best: list[Number] = []
    for line in below:
        if _BEST.search(line.body):
            again = seeds_told(line.body) == seeds and (_REPORT.search(line.body) or _OVER_BASE.search(line.body))
            twice = _ON_THEM.search(line.body) or (_REPORT.search(line.body) and len(_SEEDS.findall(line.body)) > 1)
            if twice if line is screen else again:
                return line
            best += [n for n in line.numbers if n.decimals or n.unit == "%"]
            continue
        fine = [n for n in line.numbers if n.signed or n.decimals >= 2]
        same = [n for n in fine for b in best if n.value == b.value and n.decimals == b.decimals]
        if best and _REPORT.search(line.body) and (same or seeds_told(line.body) == seeds):
            return line
    return None


@lru_cache(maxsize=4096)
def seeds_told(text: str) -> frozenset[int]:
    """The one set of seeds that a text names: ``seeds 0, 1, 2``, ``seeds 0-2``, ``on seed 3``."""
    sets = set()
    for found in _SEEDS.finditer(text):
        low, high = (found["a"] or found["c"], found["b"] or found["d"])
        if low is not None:
            if 0 < int(high) - int(low) < 64:
                sets.add(frozenset(range(int(low), int(high) + 1)))
        else:
            sets.add(frozenset(map(int, re.findall(r"\d+", found["list"]))))
    sets = sets or {frozenset((int(one),)) for one in _ONE_SEED.findall(text)}
    return sets.pop() if len(sets) == 1 else frozenset()


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "value" in f:
        return (
            f"{f['value']} is the best of {f['tried']} (line {finding.others[0].line}), reported on what chose it: its "
            f"number is too good, and fresh seeds or items would tell by how much."
        )
    name = f"'{f['winner']}'" if f["winner"] else "The winner"
    many = f["tried"] or "several"
    seeds = "this seed" if f["seeds"] == 1 else f"these {f['seeds']} seeds"
    return (
        f"{name} was the best of {many} on {seeds} (line {finding.others[0].line}) and is "
        f"reported on the same ones: "
        f"its number is too good, and fresh seeds would tell by how much."
    )


RULE = Rule(
    "winner-on-its-seeds",
    "The best of several variants reported on the very seeds that chose it.",
    check,
    say,
    tongues=True,
)
