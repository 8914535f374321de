"""The findings of an audit as SARIF 2.1.0, which forges show beside the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evenhand.audit.check import sentence
from evenhand.audit.finding import Finding, Place
from evenhand.audit.rules import RULES
from evenhand.audit.text.log import Log
from evenhand.report.marks import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"fault": "error", "caution": "warning", "note": "note"}


def sarif(findings: Sequence[Finding], logs: Sequence[Log] = (), refused: str = "") -> dict[str, Any]:
    """A SARIF log with one run: the rules, a result for each finding, and a notification for what was not read.

    Args:
        findings: what was found.
        logs: what was read, with what was left alone of it.
        refused: why nothing could be read at all.
    """
    places = {rule.name: place for place, rule in enumerate(RULES)}
    rules = [{"id": rule.name, "shortDescription": {"text": rule.about}} for rule in RULES]
    driver = {"name": "evenhand audit", "informationUri": "https://pypi.org/project/evenhand/", "rules": rules}
    results = [_result(one, places[one.rule]) for one in findings]
    told = [_notification(log, remark) for log in logs for remark in log.remarks]
    told += [{"level": "error", "message": {"text": visible(refused)}}] if refused else []
    invocation = {"executionSuccessful": not refused, "toolExecutionNotifications": told}
    run = {
        "tool": {"driver": driver}, "invocations": [invocation], "columnKind": "unicodeCodePoints", "results": results,
    }  # fmt: skip
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _notification(log: Log, remark: str) -> dict[str, Any]:
    """What was left alone of a file, at the file; an error where that is all of it."""
    where = {"physicalLocation": {"artifactLocation": {"uri": _uri(log.name)}}}
    return {"level": "error" if log.unread else "warning", "message": {"text": visible(remark)}, "locations": [where]}


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    result = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": _LEVELS[finding.level],
        "message": {"text": visible(sentence(finding))},
        "locations": [_location(finding.place)],
    }
    if finding.others:
        result["relatedLocations"] = [{"id": i, **_location(one)} for i, one in enumerate(finding.others)]
    return result


def _location(place: Place) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": place.line}
    if place.text:
        region["snippet"] = {"text": visible(place.text[:500])}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}


def _uri(name: str) -> str:
    """A file's place as a URI: relative where it is given so."""
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
