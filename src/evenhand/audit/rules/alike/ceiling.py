"""All arms at the ceiling of a task, or at chance, and a conclusion on the arms all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log, Table, only_number
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.verdicts import AGAINST, ALIKE, BETTER, NO_EFFECT
from evenhand.audit.text.words import denied
from evenhand.audit.told.concluded.ceilings import flats_of
from evenhand.audit.told.concluded.closed import rests_alone
from evenhand.audit.told.concluded.concluded import drawn
from evenhand.audit.told.concluded.statements import below, share_a_word

_CONCLUDES = Pattern(
    r"\b(?:no (?:difference|loss|cost|effect|harm|drop|damage|penalty|gain|benefit)|"
    r"(?:does|do|did)(?: not|n['’]t) (?:matter|hurt|help|change|cost|work)|"
    r"costs? nothing|as (?:good|well|accurate|strong) as|equally (?:good|well|strong)|lossless|for free|harmless|"
    r"interchangeable|"
    r"unharmed|intact|retains?|in full|on par|keeps? up|equivalent|makes no|useless|just as|all (?:work|"
    r"solve)|can (?:be dropped|go))\b",
    re.IGNORECASE,
)
_KNOWN = Pattern(
    r"\b(?:saturat\w*|ceiling|too easy|trivial|at chance|chance level|cannot (?:tell|separate|distinguish)|"
    r"(?:not|un)[ -]?informative|no verdict|no conclusion|says nothing|harder|unit tests?|smoke|sanity)\b",
    re.IGNORECASE,
)
_RATE = Pattern(r"\b(?:acc\w*|exact|em|success|solved|pass\w*|win|recall|correct|rate|score|f1)\b|%", re.IGNORECASE)
_NO_RATE = Pattern(
    r"\b(?:loss|time|speed|coverage|uptime|retention|of|util\w*|confidence|train\w*|ci)\b", re.IGNORECASE
)
_CHANCE = Pattern(
    r"\bchance(?: level| rate)?(?: is| at|:| =| of|,| \()?\s*(\d[\d.]*)\s?(%?)", re.IGNORECASE, needs="chance"
)
_COUNT = Pattern(r"(\d{1,6})\s*/\s*(\d{2,6})")
_TOP = 0.985
_NEAR = 0.02
_BELOW = 10
_STATEMENTS = 6


def check(logs: list[Log]) -> Iterable[Finding]:
    """A column of shares at the top or at chance, with a conclusion in the lines below it or in its notes."""
    for log in logs:
        read = list(_read(log))
        yield from read
        lines = {one.place.line for one in read}
        for table in log.tables:
            found = _flat(log, table)
            if found is not None and log.english:
                yield from (one for one in _concluded(log, table, *found) if one.place.line not in lines)


def _read(log: Log) -> Iterator[Finding]:
    """Results of arms at one level, in a table or in words, and below them a conclusion that nothing takes back."""
    told: set[int] = set()
    for one in flats_of(log):
        near = list(below(log, one.first if one.rows else one.last, one.section, _STATEMENTS))
        found = drawn(near, (NO_EFFECT, ALIKE)) or drawn(near, (AGAINST, BETTER), cued=True)
        if found is not None and found.line.number not in told:
            told.add(found.line.number)
            facts = {"at": one.at, "arms": one.arms, "word": found.words}
            about = found.cued or share_a_word(found.statement.words, one.names)
            sure = one.rate and about and rests_alone(log, found, one.values, range(one.first, one.last + 1))
            places = (place_of(log, one.first),)
            yield Finding(
                "ceiling",
                "caution",
                place_of(log, found.line),
                facts,
                places,
                found.words,
                anywhere=True,
                unproven=not sure,
            )


def _flat(log: Log, table: Table) -> tuple[str, int] | None:
    """Whether all results of a table are at the ceiling or at chance, and how many arms there are."""
    if not (2 <= len(table.rows) <= 60 or (table.rows and _full_counts(table))):
        return None
    chance = _chance(log, table)
    kinds = {"the ceiling"} if _full_counts(table) else set()
    for place, name in enumerate(table.header):
        plain = name.replace("_", " ")
        values = [n for row in table.rows if (n := only_number(row.cells[place])) is not None]
        if not _RATE.search(plain) or _NO_RATE.search(plain) or len(values) < 2 or any(n.signed for n in values):
            continue
        shares = _shares(values)
        if shares is None:
            continue
        if all(_TOP <= one <= 1 for one in shares):
            kinds.add("the ceiling")
        elif chance is not None and all(abs(one - chance) <= _NEAR for one in shares):
            kinds.add("chance")
        else:
            return None
    return (kinds.pop(), max(len(table.rows), 2)) if len(kinds) == 1 else None


def _full_counts(table: Table) -> bool:
    """Whether every row has counts of one whole for at least two arms, and all of them are full: ``64/64``."""
    rows = [[_COUNT.fullmatch(cell.strip()) for cell in row.cells] for row in table.rows]
    told = [[(int(one[1]), int(one[2])) for one in row if one is not None] for row in rows]
    return all(len(row) >= 2 and all(_TOP * whole <= part <= whole for part, whole in row) for row in told)


def _shares(values: list[Number]) -> list[float] | None:
    percent = any(n.unit == "%" or n.value > 1.0001 for n in values)
    shares = [n.value / (100 if percent else 1) for n in values]
    fine = any(n.decimals for n in values)
    return shares if fine and all(0 <= one <= 1 for one in shares) else None


def _chance(log: Log, table: Table) -> float | None:
    """What chance gives, as the section or the table's notes say."""
    texts = (
        [line.body for line in log.own(table.section)]
        if table.section >= 0
        else [line.body for line in log.lines[:400]]
    )
    told = {(float(one[1].rstrip(".")), one[2]) for text in texts for one in _CHANCE.finditer(text)}
    if len(told) != 1:
        return None
    value, unit = told.pop()
    return value / 100 if unit or value > 1 else value


def _concluded(log: Log, table: Table, at: str, arms: int) -> Iterator[Finding]:
    last = log.by_number[table.rows[-1].line]
    rows = {row.line for row in table.rows}
    beside = [line for line in log.lines if line.number in rows] if log.data else []
    below = [line for line in log.lines[last + 1 : last + 1 + _BELOW] if line.section == table.section]
    lines: list[Line] = [*beside, *(line for line in below if line.kind in ("prose", "bullet"))]
    if any(_KNOWN.search(line.body) for line in lines):
        return
    for line in lines:
        found = _CONCLUDES.search(line.body)
        if found is not None and not denied(line.body, found.start()) and len(line.body) < 240:
            facts = {"at": at, "arms": arms, "word": found[0]}
            yield Finding(
                "ceiling", "caution", place_of(log, line), facts, (place_of(log, table.rows[0].line),), found[0]
            )
            return


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"'{f['word']}': all {f['arms']} results (line {finding.others[0].line} on) are at {f['at']}, where no task "
        f"tells arms apart."
    )


RULE = Rule(
    "ceiling", "A conclusion on arms that are all at the ceiling of a task, or at chance.", check, say, tongues=True
)
