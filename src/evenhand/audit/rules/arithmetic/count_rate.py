"""A count and the share printed beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import a_digit_off, printed, shown
from evenhand.audit.text.numbers import ROW_GOES_ON, Number, counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.shares.columns import odd_counts
from evenhand.audit.told.shares.counted import Counted, counted_in_tables, counted_in_text
from evenhand.audit.told.shares.entries import wrong_in
from evenhand.audit.told.shares.siblings import odd_parts
from evenhand.audit.told.shares.spoken import OF_NOUN, concluded_in, told_in

_COUNT = Pattern(r"\d\s*/\s*\d+\b(?![^%|()\[\];]*%)")
"""A count whose share is not told before a bracket or a point."""
_ONE_OF_SEVERAL = Pattern(r"\d\s*/\s*\d+\s*[,;]\s*(?:and\s+)?$")
_MORE_SHARES = Pattern(r"\s?%?[^|.;()%]{0,20}(?<![\d.])\d+(?:\.\d+)?\s?%")


_OF_ELSE = Pattern(
    r"\s*(?:→|->|⇒)|\s*(?:-?\s?CI\b|confidence|power|faster|slower|lower|higher|more|less|fewer|better|worse|reduc\w*|"
    r"increas\w*|improv\w*|smaller|larger|cheaper|relative|on|for|in|vs|than|among|when|if|at|after|excluding|without|"
    r"threshold|target|baseline|weighted|macro|micro)\b",
    re.IGNORECASE,
)
"""What follows a percentage that is none of the count."""


_SLIP = 0.15
"""How far a share may be from the right one, as a part of it, to be a slip where no % says that it is a share."""


_FAR, _POINTS = 0.3, 2.0
"""A share that is farther off than this part of the right one, and so many points, is one of something else."""


_IDS, _BESIDE = 1000, 10
"""Two large numbers so near to each other are names of things, or years."""

_AROUND = 6
"""Lines before and behind: as far as one looks for another count that gives a share."""

_STEPS = Pattern(r"\b(?:steps?|epochs?|iter\w*|checkpoints?|rounds?|seeds?|layers?)\s*[=:#]?\s*$", re.IGNORECASE)
"""Two steps with a stroke between are no count."""


_BOUND = Pattern(
    r"\b(?:bound|limit|interval|wilson|clopper\S*|posterior|prior|ci|threshold|at least|at most)\b", re.IGNORECASE
)
_RATES_OF_ELSE = Pattern(
    r"\b(?:steps?|epochs?|seeds?|runs?|layers?|loss|ppl|p|ci|lr|auc|f1|mean|avg|average|std|sd|pages?|version|params?|"
    r"parameters|heads?|minutes?|hours?|seconds?|days?|gb|mb|tokens?)\b",
    re.IGNORECASE,
)
"""Between a count and a number: what is no share of it."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Each share that is not the one of its count, once."""
    told: set[tuple[str, int, str]] = set()
    named = {log.name: log for log in logs}
    for one in _found_in(logs):
        key = (one.place.file, one.place.line, str(one.facts["printed"]))
        if key not in told:
            told.add(key)
            yield replace(one, unproven=one.unproven or _far(one) or _of_a_third(named[one.place.file], one))


def _of_a_third(log: Log, one: Finding) -> bool:
    """Whether a share with decimals is that of the part or the whole and another count that stands near."""
    (share,) = numbers(str(one.facts["printed"]))
    part, whole, at = int(one.facts["part"]), int(one.facts["whole"]), log.by_number[one.place.line]
    near = [n for line in log.lines[max(0, at - _AROUND) : at + _AROUND + 1] for n in line.numbers]
    others = {int(n.value) for n in near if not (n.decimals or n.unit or n.signed)} - {part, whole}
    top = 100 if share.unit == "%" or share.value > 1 else 1
    pairs = [*((part, other) for other in others), *((other, whole) for other in others)]
    return share.decimals > (0 if top == 100 else 2) and any(
        0 < a <= b and abs(top * a / b - share.value) <= share.slack for a, b in pairs
    )


def _found_in(logs: list[Log]) -> Iterator[Finding]:
    """``80/429 (18.6%)``: the share must be that of the count, or of what is left."""
    for log in logs:
        yield from _more(log)
        for line in log.lines:
            if line.kind in ("code", "blank", "heading"):
                continue
            for count in counts(line.body):
                share = count.share
                if share is None or _of_several(line.body, count.part.start, share.end):
                    continue
                if _OF_ELSE.match(line.body, share.end) or _STEPS.search(line.body[: count.part.start]):
                    continue
                found = 100 * count.part.value / count.whole.value
                last = 2 * share.slack  # what is cut off in place of rounded is no fault
                if all(abs(one - share.value) > last * (1 + 1e-9) for one in (found, 100 - found)):
                    facts = {
                        "part": int(count.part.value),
                        "whole": int(count.whole.value),
                        "printed": printed(share),
                        "found": found,
                    }
                    yield Finding(
                        "count-and-rate",
                        "fault",
                        place_of(log, line),
                        facts,
                        quote=line.body[count.part.start : share.end],
                        unproven=_of_another(line.body[count.whole.end : share.start], share, found),
                    )
        yield from _read(log)


def _of_several(text: str, start: int, end: int) -> bool:
    """Whether a count is one of several whose shares follow in their order: ``45/60 to 51/60 (75% to 85%)``."""
    before = text[:start]
    if _ONE_OF_SEVERAL.search(before):
        return True
    return _COUNT.search(before) is not None and _MORE_SHARES.match(text, end) is not None


def _of_another(between: str, share: Number, found: float) -> bool:
    """Whether ``32/50 folds (0.519)`` may give something else: there is a noun, no %, and it is far from the share."""
    return share.unit != "%" and re.search(r"[^\W\d_]{3}", between) is not None and not _near(share, found)


def _far(one: Finding) -> bool:
    """Whether a share is so far from that of the count that no slip made it: it is told of something else."""
    (told,) = numbers(str(one.facts["printed"]))
    part, whole = int(one.facts["part"]), int(one.facts["whole"])
    if part >= _IDS and whole - part <= _BESIDE:
        return True
    scale = 1 if told.unit == "%" or told.value > 1 else 100
    found = float(one.facts["found"]) / scale
    return abs(told.value - found) > max(_POINTS / scale, _FAR * found) and not a_digit_off(told, found)


def _near(share: Number, found: float) -> bool:
    """Whether a printed share is one that a slip of the pen may have made of the percentage that is right."""
    value = share.value if share.unit == "%" or share.value > 1 else 100 * share.value
    return abs(value - found) <= _SLIP * found


def _read(log: Log) -> Iterator[Finding]:
    """Counts whose share stands further on: in the words of sentences, in entries, in columns, beside its siblings."""
    for told in (*told_in(log), *concluded_in(log)):
        if told.wrong:
            found = _found(log, told.part, told.whole, told.share.number, told.line, told.count_line)
            yield replace(found, unproven=found.unproven or not told.sure)
    for entry in wrong_in(log):
        yield _found(log, entry.part, entry.whole, entry.share, entry.line, entry.count_line)
    for odd in odd_counts(log):
        yield _found(log, odd.part, odd.whole, odd.share, log.line(odd.line), log.line(odd.line))
    for one in odd_parts(log):
        yield _found(log, one.part.part, one.whole, one.part.share, one.part.line, one.count_line)


def _found(log: Log, part: int, whole: int, share: Number, line: Line, other: Line) -> Finding:
    percent = share.unit == "%" or share.value > 1
    far = log.data and not _near(share, 100 * part / whole)  # a program divides rightly: by another whole, then
    facts = {"part": part, "whole": whole, "printed": printed(share), "found": 100 * part / whole, "percent": percent}
    places = (place_of(log, other),) if other is not line else ()
    return Finding("count-and-rate", "fault", place_of(log, line), facts, places, unproven=far)


def _more(log: Log) -> Iterator[Finding]:
    """Counts told in more words, or in columns."""
    wrong = list(counted_in_tables(log))
    for line in log.lines if not log.data else ():
        if line.kind not in ("blank", "heading", "row") and any(n.unit == "%" or n.decimals for n in line.numbers):
            known = {int(one.part.value) for one in counts(line.body) if one.share is not None}
            wrong += [
                one for one in counted_in_text(line.body, line.number)
                if one.wrong and one.part not in known and not _elsewhere(line.body, one)
            ]  # fmt: skip
    for one in wrong:
        facts = {
            "part": one.part,
            "whole": one.whole,
            "printed": printed(one.share),
            "found": 100 * one.part / one.whole,
        }
        doubtful = _of_another(one.quote, one.share, 100 * one.part / one.whole) or "%," in one.quote.replace(" ", "")
        yield Finding("count-and-rate", "fault", place_of(log, one.line), facts, quote=one.quote, unproven=doubtful)


def _elsewhere(text: str, one: Counted) -> bool:
    """Whether the share is said of something else, or the count is none of items."""
    start = text.index(one.quote)
    noun = OF_NOUN.match(text, start + len(one.quote))
    return (
        _OF_ELSE.match(text, start + len(one.quote)) is not None
        or ROW_GOES_ON.match(text, start + len(one.quote)) is not None
        or (noun is not None and noun[1].lower()[:4] not in one.quote.lower())
        or _STEPS.search(text[:start]) is not None
        or _of_several(text, start, start + len(one.quote))
        or _RATES_OF_ELSE.search(one.quote) is not None
        or _BOUND.search(text[:start]) is not None
        or text[:start].rstrip()[-1:] in ("<", ">", "=", "≥", "≤")
    )


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
