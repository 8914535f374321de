"""An arm on few items beside others on many: a subset set against the whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, only_number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.records import records_of
from evenhand.audit.told.concluded.items import fewer_in, small_in
from evenhand.audit.told.shares.counted import share_columns

_LESS = 2.0
_SIGNED = Pattern(r"[+−-]\d+\.\d+\s?(?:%|pp)?")
_OF_ITEMS = Pattern(r"^(?:n|items|questions|problems|prompts|examples|samples|size|count)$", re.IGNORECASE)
_TWO = Pattern(r"(\d{2,6})\s*(?:/|vs\.?|,|;|\|)\s*(\d{2,6})")
_PARTLY = Pattern(
    r"\b(\d{2,6}) (?:prompts|items|questions|problems|examples|samples)\b[^.]{0,40}\b(?:first|only|subset of|last)"
    r" (\d{2,6})\b",
    re.IGNORECASE,
)
_BEATS = Pattern(
    r"\b(?:beats?|better|outperform\w*|above|ahead|exceeds?|wins?|surpass\w*|higher|gain|than|versus|vs\.?|against)\b",
    re.IGNORECASE,
)
_TOLD = Pattern(
    r"\b(?:not comparable|same (?:\d+ )?(?:items|questions|queries|prompts|\w+)|both on|no comparison|few-?shot|"
    r"calibration|subset of both|incomparable|caveat|pilot|smoke|instead of|respectively|different (?:items|sets|n))\b",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """One arm of a table with at most half of the items of all others; a comparison across two numbers of items."""
    for log in logs:
        yield from _read(log)
        yield from _in_records(log)
        if not log.data and log.english:
            yield from _in_row(log)


def _read(log: Log) -> Iterator[Finding]:
    """Comparisons across numbers of items, and conclusions from a handful of them."""
    told: set[int] = set()
    for one in sorted(fewer_in(log), key=lambda one: not one.sure):
        if one.line not in told:
            told.add(one.line)
            facts = {"arm": "", "few": round(one.few), "many": round(one.many), "claim": one.compared.words}
            places = (place_of(log, one.other), place_of(log, one.compared.line))
            yield Finding(
                "fewer-items", "caution", place_of(log, one.line), facts, places, anywhere=True, unproven=not one.sure
            )
    for small in small_in(log):
        if small.line not in told:
            told.add(small.line)
            facts = {"items": small.count, "words": small.conclusion.words}
            at = (place_of(log, small.line),)
            yield Finding(
                "fewer-items", "caution", place_of(log, small.conclusion.line), facts, at, anywhere=True,
                unproven=not small.sure,
            )  # fmt: skip


def _in_records(log: Log) -> Iterator[Finding]:
    for records in records_of(log):
        wholes = {whole for _, whole in share_columns(records.table)}
        rates = [rate for rate, _ in share_columns(records.table)]
        if len(wholes) != 1 or not rates:
            continue
        place = wholes.pop()
        items: dict[str, float] = {}
        for name, rows in records.groups.items():
            told = {
                value.value for row in rows
                if (value := only_number(row.cells[place])) is not None
                and any(only_number(row.cells[i]) for i in rates)
            }  # fmt: skip
            if len(told) == 1:
                items[name] = told.pop()
        usual = max(set(items.values()), key=list(items.values()).count, default=0.0)
        few = [name for name, count in items.items() if 0 < count * _LESS <= usual]
        if len(few) != 1 or len(items) < 3 or sum(count == usual for count in items.values()) != len(items) - 1:
            continue
        row = records.groups[few[0]][0]
        words = " ".join(cell for i, cell in enumerate(row.cells) if i != records.arm and len(cell.split()) > 1)
        if not _BEATS.search(words) or _TOLD.search(words):
            continue
        other = next(rows[0] for name, rows in records.groups.items() if items.get(name) == usual)
        facts = {"arm": few[0], "few": int(items[few[0]]), "many": int(usual)}
        yield Finding("fewer-items", "caution", place_of(log, row.line), facts, (place_of(log, other.line),))


def _in_row(log: Log) -> Iterator[Finding]:
    """A row with a difference, and a cell that tells two numbers of items: ``10042 / 200``, ``541; this model 100``."""
    for table in log.tables:
        for row in table.rows:
            if not any(_SIGNED.fullmatch(cell.strip()) for cell in row.cells):
                continue
            for place, cell in enumerate(row.cells):
                named = _OF_ITEMS.search(table.header[place]) is not None
                found = _TWO.fullmatch(cell.strip()) if named else _PARTLY.search(cell)
                told = sorted(int(one) for one in found.groups()) if found is not None else []
                if told and told[0] >= 10 and told[1] >= _LESS * told[0] and not _TOLD.search(cell):
                    facts = {"arm": "", "few": told[0], "many": told[1]}
                    line = log.line(row.line)
                    yield Finding("fewer-items", "caution", place_of(log, line), facts, (place_of(log, line),))
                    break


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "items" in f:
        return (
            f"'{f['words']}' rests on {f['items']} items (line {finding.others[0].line}): one or two that turn out "
            f"otherwise would turn it round."
        )
    arm = f"'{f['arm']}' was" if f["arm"] else "One result was"
    rest = f"on the same {f['few']} the others may be as good" if f["arm"] else "on the same items it may be otherwise"
    return (
        f"{arm} measured on {f['few']} items, what it is compared with on {f['many']} (line {finding.others[0].line}): "
        f"{rest}."
    )


RULE = Rule(
    "fewer-items",
    "A result on a subset set against results on all items, or a conclusion from a handful of items.",
    check,
    say,
    tongues=True,
)
