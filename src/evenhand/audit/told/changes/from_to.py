"""``from 12.0 % to 10.0 %, a 2 % relative cut``: two results and the one difference that a sentence names of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD, hoped
from evenhand.audit.told.changes import words
from evenhand.audit.told.changes.change import Change, two_results

_KIND = r"relative(?:ly)?|rel\.?|absolute(?:ly)?|abs\.?|percentage|percent|points?|pts?|pp|terms|in"
_CHANGE = (
    r"improve(?:ment|d|s)?|reduc(?:tion|ed|es)|increase[sd]?|decrease[sd]?|gain(?:ed|s)?|drop(?:ped|s)?|rises?|rose|falls?|"
    r"fell|went|goes|grew|growth|up|down|change[sd]?|difference|better|worse|lower|higher|loss|lost"
)
_JOINS = r"an?|the|by|of|or|so|i\.e\.,?|that is|which is|is|are|was|thus|hence|net|total|overall|only|just|this|it"
_MARKS = r"[\s,;:()`*=+\-−–—]"
_ONLY = Pattern(rf"{_MARKS}*(?:(?:{_KIND}|{_CHANGE}|{_JOINS})(?![\w]){_MARKS}*)*[.!]?{_MARKS}*", re.IGNORECASE)
"""Words that say nothing but that one number is the difference of two."""

_SAID = Pattern(rf"\b(?:{_CHANGE})(?:\s+(?:by|of|an?|the))*\s*[+\-−]?$", re.IGNORECASE)
_FROM = Pattern(r"\bfrom\s*[`*]*$", re.IGNORECASE)
_TO = Pattern(r"\s*%?[`*]*\s*(?P<mark>to|→|->|=>|⇒)\s*[`*]*", re.IGNORECASE)
_RELATIVE = Pattern(r"\brel(?:ative(?:ly)?)?\b", re.IGNORECASE, needs="rel")

# Of three numbers in any order:
_BASE = Pattern(
    rf"{words.BASE.pattern}|\b(?:was|were|from|without|yesterday|last (?:week|run|time|round)|vs\.?|versus|against|"
    r"than|instead of|rather than|compared (?:to|with))\b",
    re.IGNORECASE,
)
_CHANGED = Pattern(rf"\b(?:a loss|(?!loss)(?:{_CHANGE}))(?:\s+(?:by|of|an?|the|only|just))*\s*[+\-−]?$", re.IGNORECASE)
_EFFECT = Pattern(r"(?<![a-z])(?:[dgrtzf]|d_?z|p)\s*[=:]\s*$", re.IGNORECASE)
"""A size of effect or a statistic of a test."""

_CHANGED_BEHIND = Pattern(
    r"\s*(?:%|pp|points?|pts?)?\s*(?:below|above|less|more|lower|higher|better|worse|down|up)\b", re.I
)
_BEHIND = Pattern(
    rf"(?:\s*(?:%|(?:{_KIND}|{_CHANGE}|{METRIC_WORD.pattern})(?!\w)))*\s*(?:$|[()\[\]|,;:./]|"
    r"\b(?:to|from|over|vs|versus|against|than|below|above|less|more|on|under|compared|relative)\b)",
    re.IGNORECASE,
)
"""What may stand behind a difference: its kind, what it is a change of, and then no further word of its own."""

_LEADS = Pattern(r"Δ|\b(?:diff(?:erence)?|delta|gap|margin|makes|gives|giving|is now|now)\b|\d", re.IGNORECASE)
_ENTRY = Pattern(r"[^\W\d][^:=\d]{0,40}[:=]\s*\d[\d.,]*\s?[^\W\d]{0,8}\W{0,2}")
_CONCLUDED = Pattern(
    r"(?P<name>[^\W\d][^:=\d]{0,40})[:=]\s*\d[\d.,]*\s?[^\W\d]{0,8}\s*[,;(–—-]+\s*(?:so|i\.e\.,?|that is|thus|hence|"
    r"which is)\b[^.;,\d]{0,40}?\d[\d.]*\s?%\s+(?:shorter|longer|less|more|faster|slower|lower|higher|smaller|larger|"
    r"cheaper|fewer)[\s.)]*",
    re.IGNORECASE,
)
_FACTOR = Pattern(
    r"(?<![\d.~≈])(?P<factor>\d+(?:\.\d+)?)\s?[x×]\s+(?:faster|slower|quicker|smaller|larger|lower|higher|better)\s+"
    r"(?:in|on|by)\s+(?P<column>[^\W\d][\w -]{1,30})(?=[,.;:)]|$)",
    re.IGNORECASE,
)
_BY = Pattern(
    r"(?<![^\W\d])(?:from|von|de|du|da|desde|van|с|от)\s+[\d.]+\s?(?P<unit>[^\W\d]{1,8}|%)?\s*"
    r"(?:to|auf|à|a|naar|до)\s+[\d.]+\s?(?P<own>[^\W\d]{1,8}|%)?\s*[,;(–—-]+\s*"
    r"(?:(?:that is|that's|i\.\s?e\.|so|thus|hence|which is|also|das heißt|das sind|d\.\s?h\.|c'est-à-dire|"
    r"то есть|т\.\s?е\.|es decir|cioè|dus)[,:]?\s+)?"
    r"(?:(?:(?:a|an|una?|une|eine?)\s+)?[^\W\d]{3,12}\s+(?=by|of|um|de|di|на))?"
    r"(?:by|of|um|soit(?:\s+[^\W\d]+){0,2}\s+de|soit|de|di|met|на)\s+(?P<by>\d[\d.]*)\s?"
    r"(?P<of>[^\W\d]{1,8}|%)?\s*(?=[.;,)]|$)",
    re.IGNORECASE,
)
"""``von 980.4 auf 931.0 kWh, also um 49.4 kWh``: a change with its amount, in the languages in which logs are kept."""

_FACTORED = (
    Pattern(
        r"(?<![\d.~≈])(?P<factor>\d+(?:\.\d+)?)\s?[x×]\s+(?:faster|slower|quicker|smaller|larger|speed-?up)\s*\(\s*(?:from\s+)?"
        r"(?P<a>[\d.,]+)\s?(?P<u>[^\W\d]{1,6})?\s*(?:to|→|->|=>|⇒|vs\.?)\s*(?P<b>[\d.,]+)\s?(?P<v>[^\W\d]{1,6})?\s*\)",
        re.IGNORECASE,
    ),
    Pattern(
        r"\bfrom\s+(?P<a>[\d.,]+)\s?(?P<u>[^\W\d]{1,6})?\s+to\s+(?P<b>[\d.,]+)\s?(?P<v>[^\W\d]{1,6})?\s*[,;(–—-]+\s*(?:i\.e\.,?\s+)?"
        r"(?:an?\s+)?(?P<factor>\d+(?:\.\d+)?)\s?[x×]\s*(?:speed-?up|faster|slower|smaller|larger|reduction|increase)(?=[\s.,;)]|$)",
        re.IGNORECASE,
    ),
)
"""``3.4x faster (412 ms to 158 ms)``, ``from 412 ms to 158 ms, a 2.6x speed-up``."""

_APART = 45
_CUT = Pattern(r"[,;:()\[\]|/]|\d(?=\s)|%")
_TIGHT = Pattern(r"[^()\[\]]*")


def from_to_in(log: Log) -> Iterator[tuple[Change, bool]]:
    """Changes of sentences without any further number or word, and whether they are called relative."""
    for sentence in _of_three(log):
        yield from _change(sentence)


def told_by_in(log: Log) -> Iterator[Change]:
    """Changes whose amount is told in the unit of the two: ``from 980.4 to 931.0 kWh, that is by 49.4 kWh``."""
    for line in log.lines if not log.data else ():
        found = _BY.search(line.body) if line.kind in ("prose", "bullet") else None
        if found is None or hoped(line):
            continue
        own = [n for n in line.numbers if found.start() <= n.start < found.end()]
        units = {found[name] for name in ("own", "of")}
        if len(own) == 3 and len(units) == 1 and found["unit"] in (None, found["own"]) and _comparable(*own[:2]):
            delta = replace(own[2], value=own[2].value * (1 if own[1].value > own[0].value else -1))
            yield Change(own[0], own[1], delta, line, line, True)


def factored_in(log: Log) -> Iterator[Change]:
    """Factors with the two amounts that they are of right beside them."""
    for line in log.lines if not log.data else ():
        if line.kind not in ("prose", "bullet") or hoped(line):
            continue
        at = {n.start: n for n in line.numbers}
        for found in (found for form in _FACTORED for found in form.finditer(line.body)):
            own = [at[found.start(name)] for name in ("a", "b", "factor") if found.start(name) in at]
            plain = len(own) == 3 and not any(n.about or n.signed or n.value <= 0 for n in own)
            if plain and found["u"] in (None, found["v"]):
                yield Change(own[0], own[1], replace(own[2], unit="x"), line, line, True)


def _of_three(log: Log) -> Iterator[Sentence]:
    """The sentences of three numbers."""
    for passage in passages_of(log) if log.english and not log.data else ():
        for sentence in passage.sentences if passage.kind != "heading" else ():
            if len(sentence.numbers) == 3 and not hoped(sentence.lines[0]):
                yield sentence


def _change(sentence: Sentence) -> Iterator[tuple[Change, bool]]:
    text, found = sentence.text, sentence.numbers
    for behind in (True, False):
        (base, new), delta = (found[:2], found[2]) if behind else (found[1:], found[0])
        join = _TO.fullmatch(text[base.end : new.start])
        if join is None or not two_results(base, new) or delta.unit not in ("%", "pp") or delta.spread or delta.about:
            continue
        fromward = _FROM.search(text[: base.start])
        if join["mark"].lower() == "to" and fromward is None:
            continue
        start = fromward.start() if fromward is not None else base.start
        between = text[new.end : delta.start] if behind else text[delta.end : start]
        rest = text[delta.end :] if behind else text[new.end :]
        said = behind or _SAID.search(text[: delta.start]) is not None
        if not said or not _ONLY.fullmatch(between) or not _ONLY.fullmatch(rest):
            continue
        if words.SETTINGS.search(text[: base.start]) or words.SKIPS.search(text):
            continue
        line = sentence.line_at(delta.start)
        called = _RELATIVE.search(between + rest) is not None and delta.unit == "%"
        own = replace(delta, value=abs(delta.value))
        of = text[max(0, base.start - 40) : base.start].strip()
        yield (
            Change(base, new, own if new.value > base.value else replace(own, value=-own.value), line, line, True, of),
            called,
        )


def roled_in(log: Log) -> Iterator[tuple[Change, bool, bool]]:
    """Changes of sentences of three numbers in any order, of which one is said to be the baseline's and one a change.

    Besides: whether the change is called relative, and whether it stands in one bracket with the baseline's number.
    """
    for sentence in _of_three(log):
        yield from _roled(sentence)


def _roled(sentence: Sentence) -> Iterator[tuple[Change, bool, bool]]:
    text, found = sentence.text, sentence.numbers
    between = [text[one.end : other.start] for one, other in pairwise(found)]
    deltas = [n for n in found if _is_change(text, n)]
    if len(deltas) != 1 or max(map(len, between)) > _APART or words.SKIPS.search(text) or words.ESTIMATED.search(text):
        return
    delta = deltas[0]
    one, other = (n for n in found if n is not delta)
    metrics = {name[0].lower()[:3] for name in METRIC_WORD.finditer(text)} - {"bas", "eva", "val", "tes", "ben"}
    if not two_results(one, other) or len(metrics) > 1 or len({*words.PARTS.findall(text.lower())}) > 1:
        return
    if (
        words.SETTINGS.search(text)
        or not _ends(text, delta)
        or words.over_another(text, delta)
        or any(map(words.CLAUSE.search, between))
    ):
        return
    bases = [n for n in (one, other) if _of_baseline(text, n, found)]
    if len(bases) != 1:
        return
    base, new = (one, other) if bases[0] is one else (other, one)
    low, high = sorted((base.start, delta.start))
    tight = _TIGHT.fullmatch(text[low:high]) is not None and text[new.end :].lstrip(" %").startswith(("(", "["))
    line = sentence.line_at(delta.start)
    own = delta if delta.signed else replace(delta, value=abs(delta.value) * (1 if new.value > base.value else -1))
    called = _RELATIVE.search(text) is not None and delta.unit == "%"
    yield Change(base, new, own, line, line, True, text[: one.start][-40:].strip()), called, tight


def _is_change(text: str, one: Number) -> bool:
    """Whether a number is a difference: it has a sign, its unit is points, or a word beside it says so."""
    if _EFFECT.search(text[: one.start]):
        return False
    if one.spread or one.about or one.unit not in ("", "%", "pp") or not one.value or not (one.decimals or one.unit):
        return False
    said = _CHANGED.search(text[: one.start]) or (one.unit == "%" and _CHANGED_BEHIND.match(text, one.end))
    return one.signed or one.unit == "pp" or bool(said)


def _of_baseline(text: str, one: Number, found: tuple[Number, ...]) -> bool:
    """Whether words right before or behind a number, up to a comma or a bracket, say that it is the baseline's."""
    at = found.index(one)
    before = text[found[at - 1].end if at else 0 : one.start]
    after = text[one.end : found[at + 1].start if at + 1 < len(found) else len(text)]
    behind = re.match(r"\s*\(([^()]*)\)", after) or re.match(r"([^,;()\[\]|/]*)", after)
    left, right = _CUT.split(before.rstrip("( "))[-1][-30:], behind[1][:20] if behind else ""
    if re.match(r"[\s`*%]*(?:→|->|=>|⇒)", after):
        return True
    return _BASE.search(left) is not None or words.BASE.search(right) is not None


def _ends(text: str, delta: Number) -> bool:
    """Whether no word right before or behind a difference says that it is one of something else."""
    before = _CUT.split(text[: delta.start].rstrip("+-−"))[-1]
    first, behind = not re.search(r"\d", text[: delta.start]), _BEHIND.match(text, delta.end)
    if behind is None or (not first and _ONLY.fullmatch(_LEADS.sub(" ", before)) is None):
        return False
    return first or all(m[0].lower() in text[: delta.start].lower() for m in METRIC_WORD.finditer(behind[0]))


def concluded_in(log: Log) -> Iterator[tuple[Change, bool]]:
    """What a line concludes of its own result and that of the line above, or of a named column of two rows above."""
    if not log.english or log.data:
        return
    for above, line in pairwise(log.lines):
        if above.kind == line.kind and line.kind in ("bullet", "prose") and above.depth == line.depth:
            yield from _after(above, line)
    for table in log.tables:
        if len(table.rows) == 2:
            place = log.by_number[table.rows[1].line]
            below = [line for line in log.lines[place + 1 : place + 4] if line.kind in ("prose", "bullet")]
            yield from _of_a_column(log, table, below[0]) if below else ()


def _after(above: Line, line: Line) -> Iterator[tuple[Change, bool]]:
    """``before: 412 s`` and below it ``after: 268 s, so the job is 35 % shorter``."""
    found = _CONCLUDED.fullmatch(line.body) if len(above.numbers) == 1 and len(line.numbers) == 2 else None
    base = above.numbers[0] if above.numbers else None
    if found is None or base is None or not _ENTRY.fullmatch(above.body) or hoped(line):
        return
    new, delta = line.numbers
    name = above.body[: base.start]
    roles = words.BASE.search(name) and words.NEW.search(found["name"]) and not words.NEW.search(name)
    alike = (base.unit, base.decimals, base.scale) == (new.unit, new.decimals, new.scale)
    if roles and alike and _comparable(base, new) and not any(map(words.SKIPS.search, (above.body, line.body))):
        own = replace(delta, value=abs(delta.value) * (1 if new.value > base.value else -1))
        yield Change(base, new, own, line, above, True, found["name"]), True


def _of_a_column(log: Log, table: Table, line: Line) -> Iterator[tuple[Change, bool]]:
    """``So we are 1.4x faster in wall time`` below two rows with a column for the wall time."""
    found = _FACTOR.search(line.body)
    if found is None or words.SKIPS.search(line.body) or words.ESTIMATED.search(line.body) or hoped(line):
        return
    said = {word.lower() for word in re.findall(r"[^\W\d_]{3,}", found["column"])}
    places = [i for i, name in enumerate(table.header) if i and said & {*re.findall(r"[^\W\d_]{3,}", name.lower())}]
    delta = [n for n in line.numbers if n.start == found.start("factor")]
    if len(places) != 1 or len(delta) != 1:
        return
    base, new = table.columns[places[0]]
    if base is None or new is None or (base.unit, base.decimals) != (new.unit, new.decimals) or delta[0].about:
        return
    if _comparable(base, new):
        at = log.line(table.rows[0].line_of(places[0]))
        yield Change(base, new, replace(delta[0], unit="x"), line, at, True, table.header[places[0]]), False


def _comparable(base: Number, new: Number) -> bool:
    plain = not any(n.spread or n.about or n.signed or n.value <= 0 for n in (base, new))
    return plain and base.value != new.value and 0.2 < base.value / new.value < 5
