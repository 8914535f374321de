"""Two arms ranked by gains that were taken from different things, in plain sentences and below tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.changes.gains import gains_of_table
from evenhand.audit.told.concluded.statements import Statement, statements_of
from evenhand.audit.told.fair.scenes import OPEN, after, clause_at, scenes

_REF = Pattern(
    r"(?<!\w)(?:over|vs\.?|versus|against|relative to|compared (?:to|with)|on top of|beats|to(?= (?:the|our|"
    r"an?) [\w-]+ (?:baseline|model)))\s+(?:the |our |its |an? )?"
    r"(?P<name>[^\W\d][\w@+-]*(?:\.\w+)*(?: (?!(?:by|our|its|adds?|gains?|saves?|improves?|reduces?|the|and|"
    r"while|but|so|on|in|with|method|"
    r"for|at|is|was|are|which|that|gives?|brings?)\b)[\w@+-]+(?:\.\w+)*){0,3}(?: with (?!a )[a-z]+)?)",
    re.IGNORECASE,
)
_DELTA = Pattern(
    r"(?P<n>(?<![\w.])[+\-−]\d+(?:\.\d+)?|(?<![\w.+\-−])\d+(?:\.\d+)?(?=\s?(?:%|pp\b|x\b|×|points?\b|pts?\b)))",
    re.IGNORECASE,
)
_BREAK = Pattern(r"[;:,.]\s|\s(?:and|while|but|whereas)\s|^\W*")
_PLAIN = Pattern(
    r"\b(?:gains?|gained|improv\w+|reduc\w+|lower\w*|rais\w+|lifts?|adds?|added|brings?|brought|gives?|gave|"
    r"saves?|beats?|"
    r"points?|pp|pts?|percent|only|just|by|accuracy|acc|loss|perplexity|ppl|wer|bleu|f1|em|win-rate|speed-?up|"
    r"method|exp\w*|"
    r"of|the|it|our|an?|new|over|vs|versus|against|compared|with|to|relative|on|top|in|and|is|was|round|run)\b|"
    r"[\d.+%−]+",
    re.IGNORECASE,
)
_RANK = Pattern(
    r"\b(?:(?:the )?(?:stronger|larger|bigger|better|superior|preferable|best|strongest|largest|biggest)\b|"
    r"more (?:effective|useful|"
    r"successful|powerful|valuable)|most (?:effective|useful)|(?:matters?|helps?|brings?|gains?) more|wins\b|prefer\b|"
    r"(?:twice|(?:two|three|four|five|six|\d+) times) as|double)|(?<=\w) > (?=\w)",
    re.IGNORECASE,
    needs=" > |strong|larg|bigg|better|superior|preferable|best|more|most |wins|prefer|times|twice|double",
)
_NAMED = Pattern(r"\s+(?:[\w-]+\s+){0,2}(?:baselines?|models?|checkpoints?|competitors?)\b", re.IGNORECASE)
"""Behind a word of rank that belongs to a name: ``over the best pre-trained baseline``."""

_NO = Pattern(
    r"\b(?:not|no|never|n['’]t|neither|different (?:baselines?|bases?|references?|starting)|same (?:baseline|"
    r"base|reference)|"
    r"although|however|but)\b",
    re.IGNORECASE,
)
_WEAK = Pattern(
    r"\b(?:chance|average|mean|each|other|others|same|it|this|that|them|human|published|paper|validation|test|time|"
    r"previous|prior|last|next|now|all|both)\b",
    re.IGNORECASE,
)
_TRIAL = Pattern(r"(?:exp\w*|round|idea|change|method|variant|trick|intervention|run)\b", re.IGNORECASE)
_NUMBERED = Pattern(r"(?:exp\w*|round|run)\b", re.IGNORECASE)
"""What rows are called that are no sets of data, the latter only where they are counted and not named."""

_P_VALUE = Pattern(r"(?<![a-z])p\s*[=≈]\s*$|[<>≤≥]\s*$", re.IGNORECASE)
"""What is no gain: a p-value, a bound."""

_DELTAS = ("delta", "gain", "improvement", "diff", "δ", "change", "lift")
_BELOW = 8
"""Lines from a table to the sentence that ranks its rows."""


@dataclass(frozen=True)
class Over:
    """A gain told in words: what gains, how much, over what, and where."""

    arm: frozenset[str]
    size: float
    shown: str
    name: str
    line: Line


@dataclass(frozen=True)
class Outranked:
    """Two gains over different things, and the line that ranks their arms."""

    one: Over
    other: Over
    line: Line


def outranked(log: Log) -> Iterator[Outranked]:
    """``A: +3.1 over the untuned model. B: +0.8 over the tuned one. A helps more than B``."""
    for one, before in scenes(log):
        if _rank(one.text) is None:
            continue
        told = [gain for other in (*before[-3:], one) for gain in _gains(other)]
        rows = [row for t in log.tables if t.section == one.section for row in _in_table(log, t)]
        found = _ranked(one, told) or _ranked(one, [g for g in rows if 0 < one.line.number - g.line.number <= _BELOW])
        if found is not None and not any(OPEN.search(s.text) for s in (*before[-2:], one, *after(log, one))):
            yield Outranked(*found, one.line)


def _in_table(log: Log, table: Table) -> Iterator[Over]:
    for g in gains_of_table(log, table):
        yield Over(_tokens(g.arm.upper() if len(g.arm) == 1 else g.arm), g.value, g.shown, g.name, g.line)
    yield from _based(log, table)


def _based(log: Log, table: Table) -> Iterator[Over]:
    """The gains of rows that have a column for the result of the baseline, its value for a name."""
    names = [name.strip().lower() for name in table.header]
    base = [i for i, name in enumerate(names) if name in ("baseline", "base", "control")]
    deltas = [i for i, name in enumerate(names) if i and name in _DELTAS]
    if len(base) != 1 or len(deltas) != 1 or _TRIAL.match(names[0]) is None:
        return
    for row, start, gain in zip(table.rows, table.columns[base[0]], table.columns[deltas[0]], strict=True):
        plain = _NUMBERED.match(names[0]) is None or re.fullmatch(r"[A-Z]|\w* ?\d+", row.cells[0].strip()) is not None
        if start is not None and gain is not None and plain:
            yield Over(
                _tokens(row.cells[0]), abs(gain.value), row.cells[deltas[0]], f"{start.value:g}", log.line(row.line)
            )


def _tokens(text: str) -> frozenset[str]:
    """What may name an arm: words, capital letters, and numbers behind a word."""
    found = re.findall(r"[A-Za-z]+[- ]\d+\b|[A-Z]\b|[^\W\d_][\w+-]+", text)
    names = {one.lower() for one in found} | {part for one in found for part in one.lower().split("-") if len(part) > 3}
    return frozenset(one for one in names if len(one) == 1 or _PLAIN.fullmatch(one) is None)


def _gains(one: Statement) -> list[Over]:
    """The gains of a statement, each with its reference, where there are as many of these as of those."""
    text = one.text
    refs, deltas = list(_REF.finditer(text)), list(_DELTA.finditer(text))
    ranks = [m.start() for m in _RANK.finditer(text) if not any(r.start() < m.start() < r.end() for r in refs)]
    end = min(ranks, default=len(text))
    refs, deltas = ([m for m in found if m.end() <= end] for found in (refs, deltas))
    if not refs or len(refs) != len(deltas) or any(_P_VALUE.search(text[: m.start("n")]) for m in deltas):
        return []
    answer, start = [], 0
    for ref, delta in zip(refs, deltas, strict=True):
        first, last = min(ref.start(), delta.start()), max(ref.end(), delta.end())
        begin = re.sub(r"[:(\s]+$", "", text[start:first])  # the name before a colon or a bracket
        begin = "" if re.search(r"[,;]$", begin) else begin
        cuts = [m.end() for m in _BREAK.finditer(begin)] or [0]
        while len(cuts) > 1 and begin[cuts[-1] - 2] == ":" and not _tokens(begin[cuts[-1] :]):
            cuts.pop()  # ``replay: perplexity -4.0 %``
        own = f"{begin[cuts[-1] :]} {text[first : ref.start()]} {text[ref.end() : last]}"
        size, line = abs(float(delta["n"].replace("−", "-"))), one.sentence.line_at(delta.start())
        answer.append(Over(_tokens(own), size, delta["n"], ref["name"].lower(), line))
        start = last
    return answer


def _ranked(one: Statement, told: Sequence[Over]) -> tuple[Over, Over] | None:
    """The gains of the two arms of which a statement says that the first is better, and whose references differ."""
    rank = _rank(one.text)
    if rank is None or len(told) < 2 or len({gain.name for gain in told}) < 2 or len(told) > 4:
        return None
    claim = one.text[clause_at(one.text, rank.start(), ";,.") :]
    if _NO.search(claim):
        return None
    for gain in sorted(told, key=lambda gain: -gain.size):
        for other in told:
            mine, theirs = gain.arm - other.arm, other.arm - gain.arm
            if other.size >= gain.size or not mine or not theirs or not _apart(gain, other):
                continue
            places = [_place(claim, words) for words in (mine, theirs)]
            alone = places[1] is None and " than " not in claim  # what it is better than is something else
            if places[0] is not None and (alone or (places[1] is not None and places[0] < places[1])):
                return gain, other
    return None


def _rank(text: str) -> re.Match[str] | None:
    """The first word that says of one arm that it is the better, no part of a baseline's name."""
    return next((m for m in _RANK.finditer(text) if _NAMED.match(text, m.end()) is None), None)


def _place(text: str, words: frozenset[str]) -> int | None:
    """Where a text first has one of these words; single letters are names in capitals only."""
    said = (word.upper() if len(word) == 1 else rf"(?i:{re.escape(word)})" for word in words)
    return min((m.start() for one in said for m in re.finditer(rf"(?<!\w){one}(?!\w)", text)), default=None)


def _apart(one: Over, other: Over) -> bool:
    """Whether two references are different things, and neither is the other's arm: gains that build on each other."""
    if any(_WEAK.search(gain.name) for gain in (one, other)):
        return False
    first, second = (frozenset(re.findall(r"\w+", gain.name)) for gain in (one, other))
    chained = (one.arm - other.arm) & second or (other.arm - one.arm) & first
    return not (first <= second or second <= first or chained)


_ROUND = Pattern(
    r"\b(?:round|exp|experiment|week(?:['’]s)?|sprint|phase|iteration|day|trial|idea|change|trick)\b", re.IGNORECASE
)
_BASE = Pattern(r"\b(?:baseline|base|control|started (?:from|at))(?: (?:is|was|at|of))?\s*[:=]?\s*$", re.IGNORECASE)
_ON = Pattern(r"\b(?:on|for) (?:the )?([A-Z][\w-]+)")
_WON = Pattern(
    r"\b(?:the )?(?:bigger|larger|better|best|stronger) (?:win|gain|one|change|step|improvement|idea)\b|"
    r"\bis (?:clearly )?better\b|\bmore (?:successful|"
    r"useful|effective|valuable)\b|\b(?:twice|\w+ times) as (?:good|successful|useful|effective)\b",
    re.IGNORECASE,
    needs="bigger|larger|better|best|stronger|more | as ",
)


def outgained(log: Log) -> Iterator[Outranked]:
    """``Round 1 baseline 61.2, ours 63.0. Round 2 baseline 58.9, ours 61.5. Round 2 is better (+2.6 vs +1.8)``."""
    every = [] if log.data else statements_of(log)
    for one in every:
        if _WON.search(one.text) is None or any(p.search(one.text) for p in (_NO, OPEN)):
            continue
        above = [s for s in every[max(0, one.place - 8) : one.place] if one.line.number - s.line.number <= 20]
        rounds = _rounds(log, above)
        if len(set(_ON.findall(" ".join(s.text for s in above)))) > 1:
            continue  # results on two sets of data
        if len(rounds) != 2 or rounds[0].name == rounds[1].name:
            continue
        quoted = {abs(n.value) for n in one.numbers}
        if {gain.size for gain in rounds} <= quoted or (
            not one.results and not any(n.signed for n in one.numbers) and len({s.section for s in (*above, one)}) == 1
        ):
            yield Outranked(rounds[0], rounds[1], one.line)


def _rounds(log: Log, above: Sequence[Statement]) -> list[Over]:
    """The gain of each round over its own baseline, with the baseline's result for a name."""
    found: list[Over] = []
    first: tuple[Number, bool] | None = None
    for one in above:
        within = _ROUND.search(" ".join((*log.path(one.section)[-1:], one.text))) is not None
        for n in one.results if within else ():
            based = _BASE.search(one.text[: n.start]) is not None
            if first is None:
                first = (n, based)
                continue
            if first[1] == based or first[0].decimals != n.decimals:
                return []
            base, value = (first[0], n) if first[1] else (n, first[0])
            size = round(value.value - base.value, n.decimals)
            found.append(Over(frozenset(), abs(size), f"{size:+.{n.decimals}f}", f"{base.value:g}", one.line_of(n)))
            first = None
    return found if first is None else []
