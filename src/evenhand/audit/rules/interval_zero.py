"""Certainty claimed beside an interval that includes zero, or beside a p-value above one in twenty."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Line, Log
from evenhand.audit.words import denied, hoped

_INTERVAL = re.compile(
    r"(?:\bCI\b|\bCI\s?9[059]\b|\b9[059]\s?%|interval\w*|"
    r"\b9[059]\s?%?\s?CI)[^\[\](){}\d]{0,25}(?:9[059]\s?%?)?[^\[\](){}\d]{0,12}[\[(]?\s*"
    r"(?<![+\-−–\d.])(?P<low>[+\-−–]?\d*\.?\d+)\s?%?(?:\s?pp)?\s*(?:,|;|\.\.+|to|"
    r"…)\s*(?P<high>[+\-−–]?\d*\.?\d+)\s?%?(?:\s?pp)?\s*[\])]?",
    re.IGNORECASE,
)
_P = re.compile(r"(?<![\w.])p(?:[- ]?value)?\s*(?:=|≈|>|of)\s*(0?\.\d+)", re.IGNORECASE)
_SURE = re.compile(
    r"(?<![\w-])(?:significant(?:ly)?|robust(?:ly)?|reliabl[ey]|proven|proves|solid|certain(?:ly)?|clear(?:ly)?|"
    r"definite(?:ly)?|real|"
    r"established|conclusive(?:ly)?|undeniabl[ey]|beyond doubt|stable)(?![\w-])",
    re.IGNORECASE,
)
_OF_A_RESULT = re.compile(
    r"\b(?:gain|improve\w*|better|win|wins|effect|difference|increase|advantage|helps?|outperform\w*|beats?|lead|"
    r"result|drop|reduction|positive|"
    r"higher|lower|confirmed)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\b(?:incl\w*\.?|contains?|cross\w*|straddl\w*|covers?|spans?|touch\w*)\s+(?:\w+\s+)?(?:0|zero)\b|\bn\.?s\.?\b|"
    r"\b(?:not|no|nor|isn['’]t|"
    r"insignificant|inconclusive|undecided|open|unclear|but|though|although|however|only|neither|cannot|yet|"
    r"despite)\b|\?|0 inside|zero inside",
    re.IGNORECASE,
)


_NO_P = re.compile(r"\bstabl[ey]\b|top-?p|dropout|prob\w*|keep", re.IGNORECASE)


def check(logs: list[Log]) -> Iterable[Finding]:
    """One interval of a difference around zero, and a word of certainty in its line or the one below."""
    for log in logs:
        lines = [line for line in log.lines if line.kind in ("prose", "bullet")]
        for at, line in enumerate(lines):
            found = _around_zero(line)
            if found is None:
                continue
            after = [
                one for one in lines[at + 1 : at + 2] if one.number == line.number + 1 and one.section == line.section
            ]
            for one in (line, *after):
                said = _SURE.search(one.body)
                if one is not line and (_INTERVAL.search(one.body) or not _OF_A_RESULT.search(one.body)):
                    continue
                if said is None or _TAKEN_BACK.search(one.body) or hoped(one) or denied(one.body, said.start()):
                    continue
                if not _OF_A_RESULT.search(f"{line.body} {one.body}"):
                    continue
                if one is line and not _one_clause(line.body, said):
                    continue
                facts = {"word": said[0].lower(), "found": found, "kind": "p" if found.startswith("p") else "interval"}
                yield Finding(
                    "interval-and-word", "caution", place_of(log, one), facts, (place_of(log, line),), said[0]
                )
                break


def _one_clause(text: str, said: re.Match[str]) -> bool:
    """Whether the word and the interval stand in one sentence, near each other."""
    found = next((one for pattern in (_INTERVAL, _P) for one in pattern.finditer(text)), None)
    if found is None:
        return False
    low, high = sorted((found.span(), said.span()))
    between = text[low[1] : high[0]]
    return len(between) <= 60 and re.search(r"[.!?。](?:\s|$)", between) is None


def _around_zero(line: Line) -> str | None:
    """The one interval of a line that includes zero, or its one p-value above 0.05."""
    found = [(one, _value(one["low"]), _value(one["high"])) for one in _INTERVAL.finditer(line.body)]
    if found:
        inside = all(low < 0 < high for _, low, high in found)
        one = found[0][0]
        return f"[{one['low']}, {one['high']}]" if inside and len(found) == 1 else None
    values = [float(one[1]) for one in _P.finditer(line.body)] if not _NO_P.search(line.body) else []
    return f"p = {values[0]:g}" if len(values) == 1 and values[0] > 0.05 else None


def _value(text: str) -> float:
    return float(text.replace("−", "-").replace("–", "-"))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    where = f" (line {finding.others[0].line})" if finding.others[0].line != finding.place.line else ""
    if f["kind"] == "p":
        told = f"'{f['word']}' stands beside {f['found']}{where}"
        return f"{told}: so much happens by chance more often than once in 20 times."
    return f"'{f['word']}' stands beside the interval {f['found']}{where}, which includes 0: no effect is within it."


RULE = Rule(
    "interval-and-word",
    "A word of certainty beside an interval that includes zero, or a p-value above 0.05.",
    check,
    say,
    tongues=True,
)
