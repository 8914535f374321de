"""Loss and perplexity: one result printed twice."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.number_words import a_digit_off, printed, shown
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import said_in

_LOSS = Pattern(r"(?<![a-z])loss$", re.IGNORECASE)
_PLAIN = Pattern(r"[_/()↓↑%-]+")
_ROWS = 3
_SHOWN, _CAP = 3, 1e4
"""Pairs that are one result, so that one which is none is wrong; and a perplexity that a program may have cut off."""

_LOSS_NAME = Pattern(r"\b(?:loss|ce|nll|cross entropy)$", re.IGNORECASE)
_PERPLEXITY_NAME = Pattern(r"\b(?:perplexity|ppl)$", re.IGNORECASE)
_BITS = Pattern(r"\b(?:bpb|bits per byte|bpc|bits per char\w*|bits)$", re.IGNORECASE)
_ACCURACY = Pattern(r"\b(?:acc|accuracy|success rate|pass rate)$", re.IGNORECASE)
_ERRORS = Pattern(r"\b(?:error|error rate|err|failure rate|fail rate)$", re.IGNORECASE)
_PERPLEXITY = Pattern(r"(?<![a-z])(?:perplexity|ppl)$", re.IGNORECASE)

_TOLD = Pattern(
    r"(?:loss|nll)\s*(?:of|=|:|is|was)?\s*(?P<loss>\d+\.\d+)(?:[^.;:\d]|(?<=[\w-])\d){0,60}?(?:ppl|perplexity)\s*(?:of|=|:|is|was)?\s*"
    r"(?P<ppl>\d+\.\d+)(?![\d.])",
    re.IGNORECASE,
)
"""A loss and the perplexity that is told of it."""

_IS_EXP = Pattern(r"(?:ppl|perplexity)\s*(?:=|is|:)\s*(?:the )?exp", re.IGNORECASE)
"""A log that says how its perplexities are made."""

_Pair = tuple[int, Number, Number]
"""A line, a loss and the perplexity beside it."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Loss and perplexity side by side, once a section; columns once of all logs, since they are one result in all."""
    found: dict[object, list[Finding]] = {}
    odd: list[Finding] = []
    for log in logs:
        told: set[object] = set()
        for one in _all(log):
            section = (log.name, log.line(one.place.line).section)
            pair = (one.facts.get("loss"), one.facts.get("perplexity"))
            if one.level == "fault":
                odd.append(one)
                continue
            if pair[0] and pair in told:
                continue  # a baseline that is printed again
            told.add(pair)
            found.setdefault(one.facts.get("pair", section), []).append(one)
    for first, *others in found.values():
        files = dict.fromkeys(one.place.file for one in others if one.place.file != first.place.file)
        yield replace(first, facts={**first.facts, "files": len(files)})
    yield from odd


def _all(log: Log) -> Iterator[Finding]:
    told: dict[tuple[str, str], list[_Pair]] = {}
    for line in log.spoken():
        said = [one for one in said_in(line) if not one.number.signed]
        for one, other in pairwise(said):
            if _LOSS.search(one.label) and _PERPLEXITY.search(other.label):
                yield from _judged(log, line.number, one.number, other.number)
                told.setdefault((one.label, other.label), []).append((line.number, one.number, other.number))
    for pairs in told.values():
        yield from _odd(log, pairs)
    yield from _by_a_digit(log, {line for pairs in told.values() if len(pairs) > _SHOWN for line, *_ in pairs})
    for table in log.tables:
        yield from _in_table(log, table)
        yield from _in_columns(log, table)


def _odd(log: Log, pairs: list[_Pair]) -> Iterator[Finding]:
    """The one pair that is not one result where all others of its names are."""
    pairs = [(line, loss, ppl) for line, loss, ppl in pairs if _are_such(loss, ppl) and loss.decimals >= 2]
    odd = [one for one in pairs if not _is_exp(*one[1:])]
    if len(odd) != 1 or len({(a.value, b.value) for _, a, b in pairs}) <= _SHOWN:
        return
    line, loss, ppl = odd[0]
    off = abs(math.log(ppl.value) - loss.value)
    if off > 3 * (loss.slack + ppl.slack / ppl.value) and math.exp(loss.value) < _CAP and ppl.value < _CAP:
        facts = {"loss": printed(loss), "printed": printed(ppl), "found": math.exp(loss.value), "right": len(pairs) - 1}
        yield Finding("loss-and-perplexity", "fault", place_of(log, line), facts, closed=True)


def _by_a_digit(log: Log, known: Container[int]) -> Iterator[Finding]:
    """Perplexities that a digit makes those of their losses, where the log has one that is."""
    told = [
        (line.number, numbers(found["loss"])[0], numbers(found["ppl"])[0])
        for line in log.spoken() for found in _TOLD.finditer(line.body) if line.number not in known
    ]  # fmt: skip
    told = [one for one in told if _are_such(*one[1:])]
    right = sum(_is_exp(loss, ppl) for _, loss, ppl in told)
    said = right or any(_IS_EXP.search(line.body) for line in log.spoken())
    for line, loss, ppl in told:
        near = (math.exp(at) for at in (loss.low, loss.value, loss.high))
        if said and not _is_exp(loss, ppl) and any(a_digit_off(ppl, one) for one in near):
            facts = {"loss": printed(loss), "printed": printed(ppl), "found": math.exp(loss.value), "right": right}
            yield Finding("loss-and-perplexity", "fault", place_of(log, line), facts, closed=True)


def _are_such(loss: Number, perplexity: Number) -> bool:
    """Whether numbers may be a loss and a perplexity: that of nothing is one of a run that failed."""
    return 0 < loss.value < 30 and perplexity.value >= 1


def _is_exp(loss: Number, perplexity: Number) -> bool:
    """Whether a perplexity is the exponential of a loss, both within their rounding and a little."""
    return math.exp(loss.low) <= perplexity.high * 1.002 and perplexity.low <= math.exp(loss.high) * 1.002


def _judged(log: Log, line: int, loss: Number, perplexity: Number) -> Iterator[Finding]:
    if not _are_such(loss, perplexity) or not loss.decimals:
        return
    same = [
        name
        for name, base in (("exp", math.e), ("2 **", 2.0))
        if base ** (loss.low) <= perplexity.high and perplexity.low <= base**loss.high
    ]
    facts = {"loss": printed(loss), "perplexity": printed(perplexity)}
    if same:
        yield Finding("loss-and-perplexity", "note", place_of(log, line), {**facts, "way": same[0]})


def _in_table(log: Log, table: Table) -> Iterator[Finding]:
    """Rows for loss and for perplexity of one name, one below the other."""
    for one, other in pairwise(table.rows):
        if (
            not _LOSS.search(one.cells[0])
            or not _PERPLEXITY.search(other.cells[0])
            or _LOSS.sub("", one.cells[0]) != _PERPLEXITY.sub("", other.cells[0])
        ):
            continue
        place = next((i for i in range(1, len(table.header)) if table.columns[i][table.rows.index(one)] is not None), 0)
        loss, perplexity = (table.columns[place][table.rows.index(row)] for row in (one, other))
        if place and loss and perplexity:
            yield from _judged(log, other.line, loss, perplexity)


def _in_columns(log: Log, table: Table) -> Iterator[Finding]:
    """Columns of which one follows from the other in every row: loss and perplexity, loss and bits, right and wrong."""
    for place in range(len(table.header) - 1):
        names = [_PLAIN.sub(" ", name).strip().lower() for name in table.header[place : place + 2]]
        pairs = [(a, b) for a, b in zip(table.columns[place], table.columns[place + 1], strict=True) if a and b]
        if len({(a.value, b.value) for a, b in pairs}) < _ROWS or any(a.about or b.about for a, b in pairs):
            continue
        if _LOSS_NAME.search(names[0]) and _PERPLEXITY_NAME.search(names[1]):
            columns = zip(table.rows, table.columns[place], table.columns[place + 1], strict=True)
            yield from _odd(log, [(row.line_of(place + 1), a, b) for row, a, b in columns if a and b])
        way = _way(names, pairs)
        if way is not None:
            pair = "loss perplexity" if "exp" in way else " ".join(name.split()[-1] for name in names)
            facts = {"columns": tuple(table.header[place : place + 2]), "rows": len(pairs), "way": way, "pair": pair}
            facts["of"] = "files" if log.folder else "rows"
            first = next(row for row, a in zip(table.rows, table.columns[place + 1], strict=True) if a)
            whole = first.line if log.folder else table.line
            line = first.line_of(place + 1) if first.at else whole
            yield Finding("loss-and-perplexity", "note", place_of(log, line), facts)


def _way(names: list[str], pairs: list[tuple[Number, Number]]) -> str | None:
    """How the second of two columns follows from the first; None where it does not in all rows."""
    if _LOSS_NAME.search(names[0]) and _PERPLEXITY_NAME.search(names[1]) and all(0 < a.value < 30 for a, _ in pairs):
        fits = all(math.exp(a.low) <= b.high and b.low <= math.exp(a.high) and a.decimals >= 2 for a, b in pairs)
        return "the exponential of" if fits else None
    if _LOSS_NAME.search(names[0]) and _BITS.search(names[1]) and all(a.low > 0 and a.decimals >= 3 for a, _ in pairs):
        low, high = max(b.low / a.high for a, b in pairs), min(b.high / a.low for a, b in pairs)
        return f"{(low + high) / 2:.4f} times" if low <= high and max(b.value for _, b in pairs) > 0 else None
    if _ACCURACY.search(names[0]) and _ERRORS.search(names[1]):
        whole = 100.0 if any(a.value > 1 or a.unit == "%" for a, _ in pairs) else 1.0
        fits = all(abs(a.value + b.value - whole) <= a.slack + b.slack for a, b in pairs)
        return f"{whole:g} less" if fits else None
    return None


def _others(right: int) -> str:
    """What is said of the pairs that are right."""
    if right < 2:
        return ", where the other one is that of its loss" if right else ""
    return f", where the {right} others are those of their losses"


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "right" in f:
        return (
            f"The exponential of the loss {f['loss']} is {shown(f['found'], 2)}; printed is a perplexity of "
            f"{f['printed']}{_others(f['right'])}."
        )
    more = f" ({f['files']} more files have such columns)" if f["files"] > 1 else ""
    if "columns" in f:
        return (
            f"In all {f['rows']} {f['of']} '{f['columns'][1]}' is {f['way']} '{f['columns'][0]}': the two "
            f"columns are one result, and count once{more}."
        )
    return (
        f"Perplexity {f['perplexity']} is {f['way']} of the loss {f['loss']}: the two are one result, and count once."
    )


RULE = Rule(
    "loss-and-perplexity",
    "Loss and perplexity are one result: two improvements are one.",
    anywhere(check),
    say,
    words=False,
)
