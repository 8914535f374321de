"""A count and the share printed beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from evenhand.audit.finding import Finding, Rule, anywhere, lone, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import a_digit_off, printed, shown
from evenhand.audit.text.numbers import ROW_GOES_ON, Number, counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import THUS
from evenhand.audit.told.shares.closed import counted_in
from evenhand.audit.told.shares.columns import odd_counts
from evenhand.audit.told.shares.counted import Counted, counted_in_tables, counted_in_text
from evenhand.audit.told.shares.entries import wrong_in
from evenhand.audit.told.shares.grim import possible
from evenhand.audit.told.shares.items import graded
from evenhand.audit.told.shares.siblings import odd_of_a_form, odd_parts
from evenhand.audit.told.shares.slips import of_a_pen
from evenhand.audit.told.shares.spoken import OF_NOUN, concluded_in, told_in

_COUNT = Pattern(r"\d\s*/\s*\d+\b(?![^%|()\[\];]*%)")
"""A count whose share is not told before a bracket or a point."""
_PART_OF = Pattern(r"\b(?:fraction|share|part|percent\w*|proportion) of [^:;,.]{3,60}[:=]\s*$", re.IGNORECASE)
_COUNTED_NOUN = Pattern(r"\d+ (?:of|out of) (?:the )?\d+ ([a-z]{3,})", re.IGNORECASE)
_ONE_OF_SEVERAL = Pattern(r"\d\s*/\s*\d+\s*[,;]\s*(?:and\s+)?$")
_MORE_SHARES = Pattern(r"\s?%?[^|.;()%]{0,20}(?<![\d.])\d+(?:\.\d+)?\s?%")


_OF_ELSE = Pattern(
    r"\s*(?:→|->|⇒)|\s*(?:-?\s?CI\b|confidence|power|faster|slower|lower|higher|more|less|fewer|better|worse|reduc\w*|"
    r"increas\w*|improv\w*|smaller|larger|cheaper|relative|on|for|in|vs|than|among|when|if|at|after|excluding|without|"
    r"threshold|target|baseline|weighted|macro|micro)\b",
    re.IGNORECASE,
)
"""What follows a percentage that is none of the count."""


_STEPS = Pattern(r"\b(?:steps?|epochs?|iter\w*|checkpoints?|rounds?|seeds?|layers?)\s*[=:#]?\s*$", re.IGNORECASE)
"""Two steps with a stroke between are no count."""


_SIBLINGS = 3
"""Rows that are right show how a column is made."""

_MANY = 5
"""Rows that are right where a program wrote them, so that one which is wrong by a digit was changed."""

_BOUND = Pattern(
    r"\b(?:bound|limit|interval|wilson|clopper\S*|posterior|prior|ci|threshold|at least|at most)\b", re.IGNORECASE
)
_RATES_OF_ELSE = Pattern(
    r"\b(?:steps?|epochs?|seeds?|runs?|layers?|loss|ppl|p|ci|lr|auc|f1|mean|avg|average|std|sd|pages?|version|params?|"
    r"parameters|heads?|minutes?|hours?|seconds?|days?|gb|mb|tokens?)\b",
    re.IGNORECASE,
)
"""Between a count and a number: what is no share of it."""

_EQUATED = Pattern(
    rf"=|(?<![a-zà-ÿа-я])(?:{THUS}|or|i\.\s?e\.|d\.\s?h\.|т\.\s?е\.|makes?|gives?|is|are|was|were|sont|macht|ergibt)"
    r"(?![a-zà-ÿа-я])|为|是",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Each share that is not the one of its count, once; aloud where words or its siblings say that it is one."""
    found = [one for log in logs for one in _found_in(log) if not (graded(log) and _in_parts(one))]
    told = {(one.place.file, one.place.line, str(one.facts["printed"])): one for one in reversed(found)}
    return lone(reversed(told.values()))


def _found_in(log: Log) -> Iterator[Finding]:
    """In closed forms, in words, beside the count; in columns and lists of which the others are right; further on."""
    for told in counted_in(log):
        quote = told.quote if told.quote in told.line.body else ""
        found = _found(log, told.part, told.whole, told.share.number, told.line, told.count_line, quote)
        one = _judged(log, found, shown=True)
        yield replace(one, closed=not one.unproven)
    for one in _told(log):
        yield _judged(log, one, shown=_equated(one.quote))
    for one in _beside(log):
        yield _judged(log, one, shown=_equated(one.quote) or _has_sibling(log, one))
    for one in _of_siblings(log):
        yield _judged(log, one, shown=True)
    for one in _read(log):
        yield replace(_judged(log, one, shown=not one.quote or _equated(one.quote)), quote="")


def _judged(log: Log, one: Finding, *, shown: bool) -> Finding:
    (share,) = numbers(str(one.facts["printed"]))
    line, part, whole = log.line(one.place.line), int(one.facts["part"]), int(one.facts["whole"])
    return replace(one, unproven=one.unproven or not of_a_pen(log, line, part, whole, share, shown=shown))


def _in_parts(one: Finding) -> bool:
    """Whether a share may be that of the right answers and of halves for some of the others."""
    (share,) = numbers(str(one.facts["printed"]))
    part, whole = int(one.facts["part"]), int(one.facts["whole"])
    return possible(share, 2 * whole, cut=False) and part / whole <= share.share <= (part + whole) / 2 / whole


def _equated(text: str) -> bool:
    """Whether words, and not a bracket alone, say that a share is that of its count."""
    return _EQUATED.search(text) is not None


def _beside(log: Log) -> Iterator[Finding]:
    """``80/429 (18.6%)``: the share must be that of the count, or of what is left."""
    for line in log.lines:
        for count in counts(line.body) if line.kind not in ("code", "blank", "heading") else ():
            part, whole, share = count.part, count.whole, count.share
            if share is None or _of_several(line.body, part.start, share.end):
                continue
            if _OF_ELSE.match(line.body, share.end) or _STEPS.search(line.body[: part.start]):
                continue
            found = 100 * part.value / whole.value
            last = 2 * share.slack * (1 + 1e-9)  # what is cut off in place of rounded is no fault
            if all(abs(one - share.value) > last for one in (found, 100 - found)):
                quote = line.body[part.start : share.end]
                yield _found(log, int(part.value), int(whole.value), share, line, line, quote)


def _has_sibling(log: Log, one: Finding) -> bool:
    """Whether the line before or behind has a count of the same whole in the same form, and its share is right."""
    line = log.line(one.place.line)
    at = log.by_number[line.number]
    for other in (log.lines[at - 1 : at] + log.lines[at + 1 : at + 2]) if not log.data else ():
        for count in counts(other.body) if other.kind == line.kind else ():
            share, whole = count.share, int(count.whole.value)
            if share is not None and share.decimals and whole == one.facts["whole"] and 0 < count.part.value < whole:
                form = re.sub(r"\d+", "0", other.body[count.part.start : share.end])
                right = abs(100 * count.part.value / whole - share.value) <= share.slack * (1 + 1e-9)
                if right and form == re.sub(r"\d+", "0", one.quote):
                    return True
    return False


def _of_several(text: str, start: int, end: int) -> bool:
    """Whether a count is one of several whose shares follow in their order: ``45/60 to 51/60 (75% to 85%)``."""
    before = text[:start]
    if _ONE_OF_SEVERAL.search(before):
        return True
    return _COUNT.search(before) is not None and _MORE_SHARES.match(text, end) is not None


def _of_siblings(log: Log) -> Iterator[Finding]:
    """Counts in columns, and parts of one whole, of which the others have their shares."""
    for row in counted_in_tables(log):
        at = log.line(row.line)
        one = _found(log, row.part, row.whole, row.share, at, at, row.quote, percent=row.top == 100)
        yield replace(one, closed=_closed(log, row.right, one))
    for odd in odd_counts(log):
        one = _found(log, odd.part, odd.whole, odd.share, log.line(odd.line), log.line(odd.line))
        yield replace(one, closed=_closed(log, odd.right, one))
    for part in (*odd_parts(log), *odd_of_a_form(log)):
        yield _found(log, part.part.part, part.whole, part.part.share, part.part.line, part.count_line)


def _closed(log: Log, right: int, one: Finding) -> bool:
    """Whether the rows that are right leave no other reading; what a program wrote was changed by a pen, then."""
    (share,) = numbers(str(one.facts["printed"]))
    found = one.facts["found"] / (1 if one.facts["percent"] else 100)
    return right >= _MANY and a_digit_off(share, found) if log.data else right >= _SIBLINGS


def _read(log: Log) -> Iterator[Finding]:
    """Counts whose share stands further on: in the words of sentences, in entries."""
    for told in (*told_in(log), *concluded_in(log)):
        if told.wrong:
            found = _found(log, told.part, told.whole, told.share.number, told.line, told.count_line, told.share.before)
            yield replace(found, unproven=not told.sure)
    for entry in wrong_in(log):
        yield _found(log, entry.part, entry.whole, entry.share, entry.line, entry.count_line)


def _found(
    log: Log, part: int, whole: int, share: Number, line: Line, other: Line, quote: str = "", *, percent: bool = False
) -> Finding:
    percent = percent or share.unit == "%" or share.value > 1
    facts = {"part": part, "whole": whole, "printed": printed(share), "found": 100 * part / whole, "percent": percent}
    places = (place_of(log, other),) if other is not line else ()
    return Finding("count-and-rate", "fault", place_of(log, line), facts, places, quote)


def _told(log: Log) -> Iterator[Finding]:
    """Counts told in more words."""
    for line in log.lines if not log.data else ():
        if line.kind in ("blank", "heading", "row") or not any(n.unit == "%" or n.decimals for n in line.numbers):
            continue
        known = {int(one.part.value) for one in counts(line.body) if one.share is not None}
        for one in counted_in_text(line.body, line.number):
            if one.wrong and one.part not in known and not _elsewhere(line.body, one):
                yield _found(log, one.part, one.whole, one.share, line, line, one.quote)


def _elsewhere(text: str, one: Counted) -> bool:
    """Whether the share is said of something else, or the count is none of items."""
    start = text.index(one.quote)
    noun = OF_NOUN.match(text, start + len(one.quote))
    return (
        _OF_ELSE.match(text, start + len(one.quote)) is not None
        or ROW_GOES_ON.match(text, start + len(one.quote)) is not None
        or (noun is not None and noun[1].lower()[:4] not in one.quote.lower())
        or _of_other_noun(text[:start], text[start:])
        or _STEPS.search(text[:start]) is not None
        or _of_several(text, start, start + len(one.quote))
        or _RATES_OF_ELSE.search(one.quote) is not None
        or _BOUND.search(text[:start]) is not None
        or text[:start].rstrip()[-1:] in ("<", ">", "=", "≥", "≤")
    )


def _of_other_noun(before: str, behind: str) -> bool:
    """Whether a share is told of one noun and the count of another: 2.1 % of the savings, 3 of 285 layers."""
    told, counted = _PART_OF.search(before), _COUNTED_NOUN.search(behind)
    return told is not None and counted is not None and counted[1].lower()[:4] not in told[0].lower()


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if not f.get("percent", True):
        return f"{f['part']} of {f['whole']} is {shown(f['found'] / 100, 4)}, not {f['printed']}."
    return f"{f['part']} of {f['whole']} is {shown(f['found'], 2)} %, not {f['printed']}."


RULE = Rule(
    "count-and-rate",
    "A share that is not the one of the count printed beside it.",
    anywhere(check),
    say,
    words=False,
    slips=True,
)
