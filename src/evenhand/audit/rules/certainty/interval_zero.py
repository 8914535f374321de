"""Certainty claimed beside an interval that includes zero, or beside a p-value above one in twenty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.certainty.against import contradicted_in
from evenhand.audit.told.certainty.evidence import in_table

_SAYS = Pattern(
    r"\bsig(?:nificant|nif|\.)?\b(?! ?(?:level|digits|threshold))|signifikant|significati[fv]|显著", re.IGNORECASE
)
_SAYS_SO = Pattern(r"(?:yes|true|ja|oui|sí|да|是|significant|sig\.?|signifikant|显著)", re.IGNORECASE)
_ONE_IN_TEN, _LEAST = 0.1, 4


def check(logs: list[Log]) -> Iterable[Finding]:
    """Each word of certainty that what stands beside it does not carry, once a line."""
    told: set[tuple[str, int]] = set()
    for one in (*_in_cells(logs), *_read(logs)):
        if (one.place.file, one.place.line) not in told:
            told.add((one.place.file, one.place.line))
            yield one


def _in_cells(logs: list[Log]) -> Iterator[Finding]:
    """The one row that its own cell calls significant against its interval or p-value, beside rows that go by it."""
    for log, table in ((one, table) for one in logs for table in one.tables):
        places = [i for i, name in enumerate(table.header) if _SAYS.search(name.replace("_", " "))]
        rows = {row.line: row.cells[places[0]].strip(" *`✓✔✅") for row in table.rows} if len(places) == 1 else {}
        told = [one for one in in_table(log, table) if one.line.number in rows] if rows else []
        so = [one for one in told if _SAYS_SO.fullmatch(rows[one.line.number])]
        odd = [one for one in so if one.open and not (one.p and float(one.shown.split()[-1]) <= _ONE_IN_TEN)]
        if len({one.line.number for one in odd}) == 1 and sum(not one.open for one in so):
            one, said = odd[0], rows[odd[0].line.number]
            word = said if len(said) > _LEAST else f"{table.header[places[0]].strip(' ?*')}: {said}"
            facts = {"word": word, "found": one.shown, "kind": "p" if one.p else "interval"}
            place = place_of(log, one.line)
            yield Finding("interval-and-word", "caution", place, facts, (place,), said, anywhere=True)


def _read(logs: list[Log]) -> Iterator[Finding]:
    """Claims of certainty, wherever their evidence stands."""
    for log in logs:
        for told in contradicted_in(log):
            word, evidence = told.claim.word, told.evidence
            facts = {"word": word, "found": evidence.shown, "kind": "p" if evidence.p else "interval"}
            places = (place_of(log, evidence.line),)
            at = place_of(log, told.claim.line)
            yield Finding(
                "interval-and-word", "caution", at, facts, places, word, anywhere=told.sole, unproven=not told.sole
            )


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
