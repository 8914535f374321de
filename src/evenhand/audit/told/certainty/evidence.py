"""Intervals and p-values, wherever they stand: in sentences, in rows of tables, in records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.passages import Sentence
from evenhand.audit.text.pattern import Pattern

_N = r"[+\-−–]?\s?\d*\.?\d+(?:e[+-]?\d{1,2})?"
_INTERVAL = Pattern(
    rf"(?:(?<![a-z])(?:ci|interval\w*|intervalle\w*|интервал\w*|confidence|konfidenz\w*|区间)(?:95)?(?![a-z])|"
    rf"9[059](?:\.\d)?[\s-]?(?:%|проц\w*|percent|prozent)?[\s-]*(?:процентн\w+|ci|interval|"
    rf"confidence)?)[^\[\]{{}}\d]{{0,60}}?(?:\(t, \d+ df\)\s*)?(?:9[059]\s?%?[^\d\[\]]{{0,20}})?(?:from|von|de|от|goes "
    rf"from|[\[(:=])?\s*(?P<low>{_N})\s?%?\s*(?:pp|points?)?\s*(?:,|;|\.\.+|to|bis|à|a|до|至|…|–(?=\s))\s*"
    rf"(?P<high>{_N})\s?%?",
    re.IGNORECASE,
)
_P = Pattern(r"(?<![\w.])p(?:[-_ ]?val(?:ue)?)?\s*(?P<sign>[=≈<>≤]|of)\s*(?P<p>0?\.\d+|0|1\.0)", re.IGNORECASE)
_NO_P = Pattern(r"top-?p|dropout|\bprob\w*|keep|mask|power|stabl[ey]", re.IGNORECASE)
_CELL = Pattern(
    rf"[\[(]?\s*(?P<low>{_N})\s?%?\s*(?:,|;|\.\.+|to|bis|до|…|–)\s*(?P<high>{_N})\s?%?\s*[\])]?", re.IGNORECASE
)
_CI_NAME = Pattern(
    r"(?<![a-z])(?:ci|ci95|ci 95|interval|confidence|konfidenzintervall|интервал|ic)(?![a-z])|区间", re.IGNORECASE
)
_P_NAME = Pattern(r"^p(?![a-z@\d])|(?<![a-z])p[- ]?val(?:ue)?s?(?![a-z])", re.IGNORECASE)
_LOW_NAME = Pattern(r"(?<![a-z])(?:lo|low|lower)(?![a-z])|lo95|ci low", re.IGNORECASE)
_HIGH_NAME = Pattern(r"(?<![a-z])(?:hi|high|upper)(?![a-z])|hi95", re.IGNORECASE)


@dataclass(frozen=True)
class Evidence:
    """A p-value, or an interval of a difference.

    Attributes:
        shown: as it is told in a finding.
        open: it leaves open whether there is anything: it includes zero, or is above one in twenty.
        line: where it stands.
        label: of its row; empty elsewhere.
        p: it is a p-value.
    """

    shown: str
    open: bool
    line: Line
    label: str
    p: bool


def value(text: str) -> float:
    """A number with any sign."""
    return float(re.sub(r"\s", "", text).replace("−", "-").replace("–", "-"))


def in_sentence(sentence: Sentence) -> Iterator[Evidence]:
    """The intervals and p-values of a sentence."""
    text = sentence.text
    for found in _INTERVAL.finditer(text):
        low, high = value(found["low"]), value(found["high"])
        if low < high and not (low >= 0 and found["high"].strip()[:1] in "-−"):
            yield _interval(low, high, sentence.line_at(found.start("low")))
    for found in _P.finditer(text) if not _NO_P.search(text) else ():
        yield _p(float(found["p"]), found["sign"], sentence.line_at(found.start()))


def _interval(low: float, high: float, line: Line, label: str = "") -> Evidence:
    return Evidence(f"[{low:g}, {high:g}]", low < 0 < high, line, label, p=False)


def _p(p: float, sign: str, line: Line, label: str = "") -> Evidence:
    return Evidence(
        f"p {'>' if sign == '>' else '='} {p:g}",
        (p > 0.05 and sign not in "<≤") or (sign == ">" and p >= 0.05),
        line,
        label,
        p=True,
    )


def in_table(log: Log, table: Table) -> Iterator[Evidence]:
    """The intervals and p-values of the rows of a table, each with the label of its row."""
    names = [re.sub(r"[_\-.]+", " ", name.strip()) for name in table.header]
    ci = [i for i, name in enumerate(names) if _CI_NAME.search(name)]
    ps = [i for i, name in enumerate(names) if _P_NAME.search(name)]
    lows = [i for i, name in enumerate(names) if _LOW_NAME.search(name)]
    highs = [i for i, name in enumerate(names) if _HIGH_NAME.search(name)]
    for row in table.rows[:200]:
        label, line = row.cells[0], log.line(row.line)
        for place in ci if len(ci) == 1 else ():
            if (cell := _CELL.fullmatch(row.cells[place].strip())) is not None:
                yield _interval(value(cell["low"]), value(cell["high"]), line, label)
        for place in ps if len(ps) == 1 else ():
            if (
                found := re.fullmatch(r"(?:p\s*)?(?P<sign>[=<>≤]?)\s*(?P<p>0?\.\d+)\W*", row.cells[place].strip())
            ) is not None:
                yield _p(float(found["p"]), found["sign"] or "=", line, label)
        if len(lows) == len(highs) == 1:
            low, high = (table.columns[one[0]][table.rows.index(row)] for one in (lows, highs))
            if low is not None and high is not None and low.value < high.value:
                yield _interval(low.value, high.value, line, label)


def in_records(log: Log) -> Iterator[Evidence]:
    """The intervals and p-values of a document of data: lists of two called intervals, and fields called p."""
    bounds: dict[tuple[str | int, ...], list[tuple[float, int]]] = {}
    for leaf in (one for one in log.leaves[:4000] if one.path):
        name = next((str(step) for step in reversed(leaf.path) if isinstance(step, str)), "")
        plain = re.sub(r"[_\-.]+", " ", name)
        if leaf.number is None or leaf.line not in log.by_number:
            continue
        if isinstance(leaf.path[-1], int) and _CI_NAME.search(plain):
            bounds.setdefault(leaf.path[:-1], []).append((leaf.number.value, leaf.line))
        elif _P_NAME.search(plain) and 0 <= leaf.number.value <= 1:
            yield _p(leaf.number.value, "=", log.line(leaf.line))
    for pair in bounds.values():
        if len(pair) == 2 and pair[0][0] < pair[1][0]:
            yield _interval(pair[0][0], pair[1][0], log.line(pair[0][1]))
