"""Certainty claimed beside an interval that includes zero, or beside a p-value above one in twenty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Place, Rule, anywhere, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.row_words import rows_named
from evenhand.audit.text.words import denied, hoped
from evenhand.audit.told.certainty.against import contradicted_in

_INTERVAL = Pattern(
    r"(?:\bCI\b|\bCI\s?9[059]\b|\b9[059]\s?%|interval\w*|"
    r"\b9[059]\s?%?\s?CI)[^\[\](){}\d]{0,25}(?:9[059]\s?%?)?[^\[\](){}\d]{0,12}[\[(]?\s*"
    r"(?<![+\-−–\d.])(?P<low>[+\-−–]?\d*\.?\d+)\s?%?(?:\s?pp)?\s*(?:,|;|\.\.+|to|"
    r"…)\s*(?P<high>[+\-−–]?\d*\.?\d+)\s?%?(?:\s?pp)?\s*[\])]?",
    re.IGNORECASE,
    needs="9|ci|interval",
)
_P = Pattern(r"(?<![\w.])p(?:[- ]?value)?\s*(?:=|≈|>|of)\s*(0?\.\d+)", re.IGNORECASE)
_SURE = Pattern(
    r"(?<![\w-])(?:significant(?:ly)?|robust(?:ly)?|reliabl[ey]|proven|proves|solid|certain(?:ly)?|clear(?:ly)?|"
    r"definite(?:ly)?|real|"
    r"established|conclusive(?:ly)?|undeniabl[ey]|beyond doubt|stable|consistent(?:ly)?)(?![\w-])",
    re.IGNORECASE,
)
_OF_A_RESULT = Pattern(
    r"\b(?:gain|improve\w*|better|win|wins|effect|difference|increase|advantage|helps?|outperform\w*|beats?|lead|"
    r"result|drop|reduction|positive|"
    r"higher|lower|confirmed)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = Pattern(
    r"\b(?:incl\w*\.?|contains?|cross\w*|straddl\w*|covers?|spans?|touch\w*)\s+(?:\w+\s+)?(?:0|zero)\b|\bn\.?s\.?\b|"
    r"\b(?:not|no|nor|isn['’]t|"
    r"insignificant|inconclusive|undecided|open|unclear|but|though|although|however|only|neither|cannot|yet|"
    r"despite)\b|\?|0 inside|zero inside",
    re.IGNORECASE,
)


_COLUMN = Pattern(r"\binterval\b|\bCI\b", re.IGNORECASE)
_CELL = Pattern(
    r"[\[(]?\s*(?P<low>[+\-−–]?\d*\.?\d+)\s?%?\s*(?:,|;|\.\.+|to|…)\s*(?P<high>[+\-−–]?\d*\.?\d+)\s?%?\s*[\])]?",
    re.IGNORECASE,
)
_NO_P = Pattern(
    r"\bstabl[ey]\b|top-?p|dropout|prob\w*|keep",
    re.IGNORECASE,
    needs="dropout|keep|prob|stabl|top-p|topp",
)


_SURE_GAIN = Pattern(
    rf"(?:^|[.;:!]\s+)(?:(?:an?|the|this is an?|so|thus)\s+)*{_SURE.pattern}\s+(?:\w+\s+)?"
    r"(?:gain|improvement|effect|advantage|win|increase|benefit)s?\b",
    re.IGNORECASE,
)
"""A sentence that says of a result what the interval before it does not carry."""

_SHORT = 200
_NO_LABEL = Pattern(r"^(?:mean|all|total|average|overall|baseline|base)$")


def check(logs: list[Log]) -> Iterable[Finding]:
    """Each word of certainty that what stands beside it does not carry, once a line."""
    told: set[tuple[str, int]] = set()
    for one in (*_beside(logs), *_read(logs)):
        if (one.place.file, one.place.line) not in told:
            told.add((one.place.file, one.place.line))
            yield one


def _read(logs: list[Log]) -> Iterator[Finding]:
    """Claims of certainty, wherever their evidence stands."""
    for log in logs:
        for told in contradicted_in(log):
            word, evidence = told.claim.word, told.evidence
            facts = {"word": word, "found": evidence.shown, "kind": "p" if evidence.p else "interval"}
            places = (place_of(log, evidence.line),)
            at = place_of(log, told.claim.line)
            yield Finding("interval-and-word", "caution", at, facts, places, word, unproven=True)


def _beside(logs: list[Log]) -> Iterator[Finding]:
    """One interval of a difference around zero, and a word of certainty in its line or the one below."""
    yield from _of_rows(logs)
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
    if len(text) <= _SHORT and high == said.span() and _SURE_GAIN.match(text[max(0, low[1]) :].lstrip("]) %points")):
        return True
    return len(between) <= 60 and re.search(r"[.!?。](?:\s|$)", between) is None


def _of_rows(logs: list[Log]) -> Iterator[Finding]:
    """``boolq: a significant gain``, where the table's row of boolq has an interval around zero."""
    for log in logs:
        for one in () if log.data else rows_named(log, [log]):
            places = [i for i, name in enumerate(one.table.header) if _COLUMN.search(name)]
            said = _SURE.search(one.line.body)
            if (
                len(places) != 1
                or said is None
                or not one.line.low.startswith(one.label)
                or len(one.line.body) > _SHORT
            ):
                continue
            rows = [row for row in one.table.rows if row.cells[0] == one.row.cells[0]]
            cells = [_CELL.fullmatch(row.cells[places[0]].strip()) for row in rows]
            if not all(cell and _value(cell["low"]) < 0 < _value(cell["high"]) for cell in cells):
                continue
            if _NO_LABEL.match(one.label) or _TAKEN_BACK.search(one.line.body) or hoped(one.line):
                continue
            if denied(one.line.body, said.start()) or not _OF_A_RESULT.search(one.line.body):
                continue
            facts = {"word": said[0].lower(), "found": rows[0].cells[places[0]], "kind": "interval"}
            place = Place(log.name, one.row.line, log.line(one.row.line).text.strip())
            yield Finding("interval-and-word", "caution", place_of(log, one.line), facts, (place,), said[0])


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
    anywhere(check),
    say,
    tongues=True,
)
