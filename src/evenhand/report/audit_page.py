"""The findings of an audit beside the log's own lines: one self-contained HTML page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from evenhand.audit.check import sentence
from evenhand.audit.finding import LEVELS, Finding, Place
from evenhand.audit.rules import RULES
from evenhand.audit.text.log import Log
from evenhand.errors import counted
from evenhand.report.marks import visible

_WHOLE = 3000
"""Lines of a log that are shown in full; of longer ones, those around findings."""

_AROUND = 4


def audit_page(read: Sequence[Log], findings: Sequence[Finding], hinted: Collection[str] = ()) -> str:
    """The page: what was found, file by file, each finding at the line that shows it.

    Everything of the logs is escaped; nothing is loaded from outside, and the same findings give the same bytes.

    Args:
        read: the logs; a folder is none, but what was not read of it is told.
        findings: what was found.
        hinted: names of the logs that have hints, which the page does not show.
    """
    logs = [log for log in read if not log.folder]
    environment = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    by_rule = Counter(one.rule for one in findings)
    ids = {log.name: f"log{place}" for place, log in enumerate(logs)}
    shown = [_log(log, findings, ids) for log in logs]
    silent = [log.name for log, one in zip(logs, shown, strict=True) if not (one["marked"] or log.unread)]
    silent = silent if len(logs) > 1 else []
    context = {
        "css": Markup(_read("audit.css")),
        "title": logs[0].name if len(logs) == 1 else counted(len(logs), "log"),
        "tally": [(level, sum(one.level == level for one in findings)) for level in LEVELS],
        "rules": [(rule.name, rule.about, by_rule[rule.name]) for rule in RULES if by_rule[rule.name]],
        "logs": [one for one in shown if len(logs) == 1 or one["marked"]],
        "silent": [name for name in silent if name not in hinted],
        "hinted": [name for name in silent if name in hinted],
        "remarks": [remark for log in read for remark in log.remarks],
    }
    return visible(environment.get_template("audit.html.j2").render(context))


def _read(name: str) -> str:
    return resources.files("evenhand.report").joinpath("templates", name).read_text(encoding="utf-8")


def _log(log: Log, findings: Sequence[Finding], ids: Mapping[str, str]) -> dict[str, Any]:
    by_line: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in findings:
        if one.place.file == log.name:
            elsewhere = [
                (f"{ids.get(other.file, ids[log.name])}-{other.line}", _named(other, log)) for other in one.others
            ]
            told = {"level": one.level, "rule": one.rule, "text": sentence(one), "elsewhere": elsewhere}
            by_line[one.place.line].append(told)
    marked = set(by_line) | {other.line for one in findings for other in one.others if other.file == log.name}
    rows: list[dict[str, object]] = []
    before = 0
    for number, text in _shown(log, marked):
        gap = number != before + 1 and before > 0
        rows.append({"number": number, "text": text, "gap": gap, "findings": by_line.get(number, [])})
        before = number
    places = [(number, told[0]["level"]) for number, told in sorted(by_line.items())]
    return {"name": log.name, "id": ids[log.name], "rows": rows, "places": places, "marked": bool(marked)}


def _named(place: Place, log: Log) -> str:
    """A place as its link says it: the line, and of another log its name."""
    return str(place.line) if place.file == log.name else f"{Path(place.file).name}:{place.line}"


def _shown(log: Log, marked: set[int]) -> Iterable[tuple[int, str]]:
    """The lines that are shown; all of a short log, those around findings of a long one."""
    whole = len(log.lines) <= _WHOLE
    numbers = {near for one in marked for near in range(one - _AROUND, one + _AROUND + 1)}
    return [(line.number, line.text) for line in log.lines if whole or line.number in numbers]
