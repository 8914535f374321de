"""An arm on few items beside others on many: a subset set against the whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log, only_number
from evenhand.audit.text.numbers import counts
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import hoped, hoped_near
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
_AGAINST = Pattern(
    r"(?<![\d.])(\d+\.\d+) ?% (?:against|vs\.?|versus|over|compared (?:with|to)) (\d+\.\d+)",
    re.IGNORECASE,
    needs="% against |% compared to |% compared with |% over |% versus |% vs |% vs. ",
)
_BEATS = Pattern(
    r"\b(?:beats?|better|outperform\w*|above|ahead|exceeds?|wins?|surpass\w*|higher|gain|than|versus|vs\.?|against)\b",
    re.IGNORECASE,
)
_CLAIMS = Pattern(
    r"\b(?:(?:is|are) compared with|beats|better than|outperform\w*|surpass\w*|wins by|ahead of)\b", re.IGNORECASE
)
_ITEMS = Pattern(
    r"\b(?:(?:first|only|random|on|over|of|the|all|its|n\s*=)\s*)(\d{2,6})(?:\s+(?:\w+\s+)?(?:items?|questions?|queries|"
    r"prompts?|problems?|examples?|samples?|tasks|"
    r"images?|sentences|documents)\b|(?=\)))",
    re.IGNORECASE,
)
_RATE = Pattern(r"(?<![\d.])(?:0?\.\d{2,4}|\d{1,2}\.\d+\s?%|\d{1,2}\s?%)")
_TOLD = Pattern(
    r"\b(?:not comparable|same (?:\d+ )?(?:items|questions|queries|prompts|\w+)|both on|no comparison|few-?shot|"
    r"calibration|subset of both|"
    r"incomparable|caveat|pilot|smoke|instead of|respectively|different (?:items|sets|n))\b",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """One arm of a table with at most half of the items of all others; a sentence that compares across two numbers "
    "of items."""
    for log in logs:
        yield from _read(log)
        yield from _in_records(log)
        if not log.data and log.english:
            yield from _in_text(log)
            yield from _in_row(log)
            yield from _of_counts(log)


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


def _of_counts(log: Log) -> Iterator[Finding]:
    """``56.0 % against 46.2 %``, where the lines above have 28/50 = 56.0 % and 231/500 = 46.2 %."""
    wholes: dict[float, dict[float, Line]] = {}
    for line in log.spoken():
        pair = list(_AGAINST.finditer(line.body))
        if len(pair) == 1 and wholes and not hoped_near(line.body, pair[0].start()) and not _TOLD.search(line.body):
            told = [wholes.get(float(one), {}) for one in pair[0].groups()]
            sizes = [next(iter(one)) for one in told if len(one) == 1]
            if len(sizes) == 2 and max(sizes) >= _LESS * min(sizes) and not counts(line.body):
                facts = {"arm": "", "few": int(min(sizes)), "many": int(max(sizes))}
                yield Finding(
                    "fewer-items", "caution", place_of(log, line), facts,
                    (place_of(log, told[sizes.index(max(sizes))][max(sizes)]),),
                )  # fmt: skip
        percents = [n.value for n in line.numbers if n.unit == "%" and n.decimals]
        for one in counts(line.body):
            for value in percents:
                if one.whole.value >= 20 and abs(100 * one.part.value / one.whole.value - value) <= 0.06:
                    wholes.setdefault(value, {})[one.whole.value] = line


def _in_text(log: Log) -> Iterator[Finding]:
    for line in log.spoken():
        found = {int(one[1]) for one in _ITEMS.finditer(line.body)}
        if len(found) != 2 or max(found) < _LESS * min(found) or not _CLAIMS.search(line.body) or hoped(line):
            continue
        if (len(_RATE.findall(line.body)) < 2 and "compared with" not in line.low) or _TOLD.search(line.body):
            continue
        facts = {"arm": "", "few": min(found), "many": max(found)}
        yield Finding("fewer-items", "caution", place_of(log, line), facts, (place_of(log, line),))


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
