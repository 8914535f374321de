"""Counts with the share that is printed for them, in more words than ``80/429 (18.6%)``, and as columns of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Log, Table, only_number
from evenhand.audit.text.numbers import Number, counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.shares.columns import of_others, printed_elsewhere

_NOUNS = r"(?:\s+(?!(?:and|or|but|then|while|und|oder|et|y)\b)[^\W\d_][\w'-]{1,14}){0,2}"
_COUNT = r"(?P<part{0}>\d{{1,6}})"
_OF = r"\s*(?:/|\bof\b|\bout of\b|\bfrom\b)\s*(?:the\s+|all\s+|a total of\s+)?"
_SHARE = r"(?P<share{0}>\d{{1,3}}\.\d+\s?%?|\.\d+|\d{{1,3}}\s?%)"
_AHEAD = Pattern(
    rf"(?<![\d.,/]){_COUNT.format('')}{_NOUNS}{_OF}(?P<whole>\d{{1,6}})(?![\d.,/]\d){_NOUNS}\s*(?:\(\s*(?:=|≈|"
    rf"i\.e\.,?)?\s*|=\s*|,\s*(?:i\.e\.,?|so|that is|or|which is)\s*|:\s*|→\s*|->\s*|—\s*|–\s*|is\s+|makes\s+|gives\s+)"
    rf"{_SHARE.format('')}(?![\d/])"
)
_BEHIND = Pattern(
    rf"(?<![\d.,+\-−±]){_SHARE.format('')}\s*(?:\(\s*|(?<=%),\s*|=\s*|i\.e\.,?\s*|\bor\b\s*)(?:=|i\.e\.,?)?\s*"
    rf"{_COUNT.format('')}{_NOUNS}{_OF}(?P<whole>\d{{1,6}})(?![\d.,/]\d)(?![\d./])"
)
_BOTH = Pattern(
    rf"(?<![\d.,/]){_COUNT.format(1)}\s*(?:and|und|и|et|y|,(?!\d{{3}}(?!\d))|/|"
    rf"和)\s*{_COUNT.format(2)}{_NOUNS}{_OF}(?P<whole>\d{{1,6}}){_NOUNS}\s*"
    rf"[(=:]\s*{_SHARE.format(1)}\s*(?:and|und|и|et|y|,|/|和)\s*{_SHARE.format(2)}"
)
_PART = Pattern(
    r"(?:^|[ _])(?:n |num |number )?(?:correct|right|hits?(?: at \d+)?|solved|passed|wins|won|successes|matches|exact "
    r"matches|k|richtig|treffer|aciertos)(?:$|[ _])",
    re.IGNORECASE,
)
_WHOLE = Pattern(
    r"(?:^|[ _])(?:n|total|items?|queries|questions|problems|examples|samples|count|trials|episodes|tasks|prompts|"
    r"attempted|of|fragen|aufgaben|gesamt|num)$",
    re.IGNORECASE,
)
_RATE = Pattern(
    r"(?:^|[ _])(?:acc|accuracy|rate|pct|percent|share|quote|ratio|recall|precision|em|exact match|pass@?1?|success|r "
    r"at \d+|r@\d+|score|hit rate)(?:$|[ _@])|%",
    re.IGNORECASE,
)
_NEAR = 0.15
"""A share that is farther off than this is one of something else."""


@dataclass(frozen=True)
class Counted:
    """A count, the share that is printed for it, and where: line number and the words; per cent, if its column is.

    Of a table also how many other rows are right.
    """

    part: int
    whole: int
    share: Number
    line: int
    quote: str
    percent: bool = False
    right: int = 0

    @property
    def top(self) -> int:
        """What a share of all is in the printed unit."""
        return 100 if self.percent or self.share.unit == "%" or self.share.value > 1 else 1

    @property
    def found(self) -> float:
        """The share as it follows from the count, in the printed unit."""
        return self.part / self.whole * self.top

    @property
    def wrong(self) -> bool:
        """Whether neither the share nor what is left of it is printed, be the last digit cut off."""
        last = 2 * self.share.slack * (1 + 1e-9)
        return all(last < abs(one - self.share.value) for one in (self.found, self.top - self.found)) and (
            abs(self.found - self.share.value) <= _NEAR * self.top
        )


def counted_in_text(text: str, line: int) -> Iterator[Counted]:
    """Counts in a line with the share beside each."""
    taken: set[int] = set()
    for found in _BOTH.finditer(text):
        taken |= set(range(*found.span()))
        for which in ("1", "2"):
            yield from _made(found, line, which)
    for pattern in (_AHEAD, _BEHIND):
        for found in pattern.finditer(text):
            if found.start("part") not in taken and found.start("share") not in taken:
                taken |= {found.start("share"), found.start("part")}
                yield from _made(found, line, "")


def _made(found: re.Match[str], line: int, which: str) -> Iterator[Counted]:
    part, whole = int(found[f"part{which}"]), int(found["whole"])
    share = numbers(found[f"share{which}"].strip())
    if len(share) != 1 or not 0 < part < whole or whole < 10 or (not share[0].unit and share[0].value > 1):
        return
    yield Counted(part, whole, share[0], line, found[0])


def counted_in_tables(log: Log) -> Iterator[Counted]:
    """Rows whose share is not that of their counts, where that of the other rows is."""
    for table in log.tables:
        best: tuple[int, list[Counted]] = (0, [])
        for rows in _candidates(table):
            wrong = [one for one in rows if _off(one)]
            if _of_a_constant(rows):
                continue
            right = sum(0 < one.part < one.whole for one in rows if one not in wrong)  # none of none shows nothing
            if right > best[0]:
                best = (right, wrong)
        if best[0] >= 2 and len(best[1]) <= max(1, best[0] // 4):
            yield from (replace(one, right=best[0]) for one in best[1])


def _of_a_constant(rows: list[Counted]) -> bool:
    """Whether the shares are those of one number of items, whatever the column says of others."""
    wholes = {round(one.part / one.share.value) for one in rows if one.part and one.share.value}
    return len(wholes) == 1 and len({one.whole for one in rows}) > 1


def _off(one: Counted) -> bool:
    return abs(one.found - one.share.value) > 2 * one.share.slack * (1 + 1e-9)


_SETTING = Pattern(
    r"\btop ?[kp]\b|\b(?:batch|beams?|seeds?|layers?|steps?|max|min|temperature|penalty)\b", re.IGNORECASE
)
"""Settings of a run, which count nothing."""


def _candidates(table: Table) -> Iterator[list[Counted]]:
    """For each choice of columns by their names, the counts of the rows."""
    names = [re.sub(r"[_\-]+", " ", name) for name in table.header]
    parts = [i for i, name in enumerate(names) if _PART.search(name) and not _SETTING.search(name)]
    wholes = [i for i, name in enumerate(names) if _WHOLE.search(name.strip()) and i not in parts]
    rates = [i for i, name in enumerate(names) if _RATE.search(name) and i not in parts and i not in wholes]
    for rate in rates[:8]:
        for part in parts[:6]:
            for whole in wholes[:6]:
                yield _rows(table, rate, part, whole)
        for both in [i for i in range(len(names)) if i != rate and any("/" in row.cells[i] for row in table.rows[:5])]:
            yield _rows(table, rate, both, None)


def _rows(table: Table, rate: int, part: int, whole: int | None) -> list[Counted]:
    answer = []
    percent = "%" in table.header[rate] or any(n is not None and n.value > 1 for n in table.columns[rate])
    for place, row in enumerate(table.rows):
        share = only_number(row.cells[rate])
        counted: tuple[float, float] | None = None
        if whole is None:
            told = counts(row.cells[part])
            counted = (told[0].part.value, told[0].whole.value) if len(told) == 1 else None
        else:
            one, other = only_number(row.cells[part]), only_number(row.cells[whole])
            if one is not None and other is not None and not one.decimals and not other.decimals:
                counted = (one.value, other.value)
        if share is None or counted is None or not share.decimals or share.signed or not 0 <= counted[0] <= counted[1]:
            continue
        part_of = int(counted[0]), int(counted[1])
        counted_row = Counted(*part_of, share, row.line_of(rate), row.cells[rate], percent)
        if counted[1] < 10:
            continue
        its_share = counted[0] / counted[1]
        of_another = of_others(table, place, rate, counted_row.top) or printed_elsewhere(table, place, rate, its_share)
        if not (_off(counted_row) and of_another):
            answer.append(counted_row)
    return answer


def share_columns(table: Table) -> Iterator[tuple[int, int]]:
    """Columns of shares, each with the one column of the items that they are shares of."""
    names = [re.sub(r"[_\-]+", " ", name) for name in table.header]
    wholes = [i for i, name in enumerate(names) if _WHOLE.search(name.strip()) and not _PART.search(name)]
    if len(wholes) == 1:
        own = set(re.findall(r"[a-z]{3,}", _WHOLE.sub(" ", names[wholes[0]].lower()))) - {"num", "number"}
        for rate, name in enumerate(names):
            if rate != wholes[0] and _RATE.search(name) and not _PART.search(name) and own <= set(name.lower().split()):
                yield rate, wholes[0]
