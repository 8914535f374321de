"""The verdicts of a claim as a LaTeX table: a heading for each verdict, its contrasts below, as wide as a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.verdict import Contrast, Decision, Interaction, Verdict, deciding_interval
from evenhand.report import numbers, words
from evenhand.report.marks import visible

_ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_\allowbreak{}", "{": r"\{",
    "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "|": "$|$",
    "\u2212": "$-$", "\u2264": r"$\leq$", "\u2265": r"$\geq$", "\u00b1": r"$\pm$", "\u00d7": r"$\times$",
    "\u2013": "--", "\u2014": "---", "\u2026": r"\ldots{}", "\u2018": "`", "\u2019": "'", "\u201c": "``",
    "\u201d": "''", "\u2192": r"$\rightarrow$", "\u2248": r"$\approx$", "\u00b7": r"$\cdot$", "`": r"\`{}",
    "\u00a0": "~",
}  # fmt: skip
_TIMES = r" $\times$ "

_LAST_LETTER = 0x17F
"""Letters up to here are known to every LaTeX; others are shown by their number."""

_TEXT_WIDTH = 345.0
"""Points of a line in the class article, where a table is to fit."""

_SIZES = ((r"\small", 4.4), (r"\footnotesize", 3.95), (r"\scriptsize", 3.65))
"""Sizes of type, with the width of an average character."""

_GAP = 4.0
"""Points on each side of a column."""

_LONGEST = 45
"""A table of more lines goes on over several pages."""


@dataclass
class _Notes:
    """Sentences for the foot of a table, each marked once."""

    said: list[str] = field(default_factory=list)

    def mark(self, sentence: str) -> str:
        """The mark of a sentence, in LaTeX."""
        if sentence not in self.said:
            self.said.append(sentence)
        return f"$^{{{_letters(self.said.index(sentence))}}}$"


def _letters(number: int) -> str:
    more, last = divmod(number, 26)
    return (_letters(more - 1) if more else "") + chr(ord("a") + last)


@dataclass(frozen=True)
class _Group:
    """A heading, and below it cells that are LaTeX already."""

    heading: str
    rows: tuple[tuple[str, ...], ...]


def verdict_latex(claim: ResolvedClaim, decision: Decision, caption: str = "") -> str:
    """A table for a paper, for the package booktabs; a long one is for longtable, too.

    Args:
        claim: that was decided.
        decision: its verdicts.
        caption: in words; else the claim's name and hash.
    """
    shape = _Shape.of(claim, decision)
    notes = _Notes()
    groups = [shape.group(verdict, notes) for verdict in decision.verdicts]
    groups += [shape.interaction(row, notes) for row in decision.interactions]
    several = any(len(verdict.contrasts) > 1 for verdict in decision.verdicts)
    said = caption or f"Claim {decision.claim} ({decision.claim_hash}): paired differences."
    told = latex(said).replace(" x ", _TIMES) + (r" $\ast$ marks the contrast that decides." if several else "")
    titles = rf"\caption{{{told}}}", rf"\label{{tab:{decision.claim_hash}}}"
    return "\n".join(_written(shape.head, groups, notes.said, titles)) + "\n"


def _written(head: Sequence[str], groups: Sequence[_Group], notes: Sequence[str], titles: tuple[str, str]) -> list[str]:
    if not any(row[-1] for group in groups for row in group.rows):  # no contrast has a result of its own
        head, groups = head[:-1], [_Group(one.heading, tuple(row[:-1] for row in one.rows)) for one in groups]
    size, first = _fitting([head, *(row for group in groups for row in group.rows)])
    columns = rf"{{@{{}}{first}{'r' * (len(head) - 2)}{'l' if head[-1] == 'result' else 'r'}@{{}}}}"
    body = []
    for number, group in enumerate(groups):
        body += [r"\addlinespace"] * bool(number) + [_spanning(group.heading, len(head)) + r" \\*"]
        body += [" & ".join(_ragged(row, first)) + r" \\" for row in group.rows]
    foot = [r"\addlinespace"] * bool(notes)
    foot += [_spanning(rf"$^{{{_letters(i)}}}$ {latex(note)}", len(head)) + r" \\" for i, note in enumerate(notes)]
    top, end = [r"\toprule", " & ".join(head) + r" \\", r"\midrule"], [r"\bottomrule", *foot]
    set_up = [size, rf"\setlength{{\tabcolsep}}{{{_GAP:g}pt}}"]
    if len(body) + len(foot) > _LONGEST:
        return [r"{% needs \usepackage{booktabs,longtable}", *set_up, r"\setlength{\LTcapwidth}{\linewidth}",
                rf"\begin{{longtable}}{columns}", rf"{titles[0]}{titles[1]} \\", *top, r"\endfirsthead",
                *top, r"\endhead", r"\bottomrule", r"\endfoot", r"\endlastfoot",
                *body, *end, r"\end{longtable}", "}"]  # fmt: skip
    return [r"\begin{table} % needs \usepackage{booktabs}", r"\centering", *set_up, rf"\begin{{tabular}}{columns}",
            *top, *body, *end, r"\end{tabular}", *titles, r"\end{table}"]  # fmt: skip


def _spanning(text: str, columns: int) -> str:
    return rf"\multicolumn{{{columns}}}{{@{{}}p{{\linewidth}}@{{}}}}{{\raggedright {text}}}"


def _ragged(row: Sequence[str], first: str) -> list[str]:
    return [rf"{{\raggedright {row[0]}\par}}" if first != "l" else row[0], *row[1:]]


def _fitting(rows: Sequence[Sequence[str]]) -> tuple[str, str]:
    """The size of type at which rows fit a line, and the kind of their first column: names that are too long break."""
    widest = [max(len(_plain(row[i])) for row in rows) for i in range(len(rows[0]))]
    gaps = 2 * _GAP * (len(widest) - 1)
    for size, character in _SIZES:
        if sum(widest) * character + gaps <= _TEXT_WIDTH:
            return size, "l"
    size, character = _SIZES[-1]
    left = max(_TEXT_WIDTH - gaps - sum(widest[1:]) * character, 0.15 * _TEXT_WIDTH)
    return size, rf"p{{{left / _TEXT_WIDTH:.2f}\linewidth}}"


def _plain(cell: str) -> str:
    """About what of a cell is seen."""
    return re.sub(r"\\allowbreak|[${}]|\\[a-z]+|\\", "", cell)


@dataclass(frozen=True)
class _Shape:
    """What the rows of a table have in common.

    Attributes:
        claim: that was decided.
        level: of all intervals, where it is one.
        sized, placed, measured: whether rows differ in their numbers of seeds and items, conditions, metrics.
    """

    claim: ResolvedClaim
    level: float | None
    sized: bool
    placed: bool
    measured: bool

    @classmethod
    def of(cls, claim: ResolvedClaim, decision: Decision) -> _Shape:
        """The shape of a decision's table."""
        contrasts = [contrast for verdict in decision.verdicts for contrast in verdict.contrasts]
        levels = {level for bounds, level in map(deciding_interval, contrasts) if bounds is not None}
        sizes = {_size(contrast) for contrast in contrasts}
        conditions = {verdict.condition for verdict in decision.verdicts}
        metrics = {verdict.metric for verdict in decision.verdicts}
        level = next(iter(levels)) if len(levels) == 1 and not decision.interactions else None
        return cls(claim, level, len(sizes) > 1, len(conditions) > 1, len(metrics) > 1)

    @property
    def head(self) -> tuple[str, ...]:
        """The names of the columns."""
        interval = "[interval]" if self.level is None else f"[{numbers.per_cent(self.level)}]"
        size = (r"seeds $\times$ items",) if self.sized else ()
        return "against", "means", latex(f"difference {interval}"), "$p$", *size, "result"

    def group(self, verdict: Verdict, notes: _Notes) -> _Group:
        """A verdict with its contrasts."""
        arm = f"{verdict.arm} (null arm)" if verdict.role == "null" else verdict.arm
        where = [verdict.condition] * self.placed + [verdict.metric] * self.measured
        why = "" if verdict.contrasts else f": {verdict.reasons[0]}"
        named = ", ".join([rf"\textbf{{{latex(arm)}}}", *map(latex, where)])
        heading = rf"{named}: \textbf{{{latex(verdict.title)}}}{latex(why)}"
        decides = words.standing_contrast(verdict) if len(verdict.contrasts) > 1 else None
        return _Group(heading, tuple(self._row(one, one is decides, notes) for one in verdict.contrasts))

    def _row(self, contrast: Contrast, decides: bool, notes: _Notes) -> tuple[str, ...]:
        places = self._places(contrast.metric)
        against = latex(contrast.against) + (r" $\ast$" if decides else "")
        size = (_size(contrast).replace(" x ", _TIMES),) if self.sized else ()
        kind = latex(str(words.own_kind(contrast) or ""))
        if contrast.estimate is None:
            why = words.none_reason(contrast)
            return against, "--", "--" + (notes.mark(why) if why else ""), "--", *size, kind
        means = "--"
        if contrast.scores is not None:
            means = " / ".join(latex(numbers.plain(score, places)) for score in contrast.scores)
        bounds, level = deciding_interval(contrast)
        difference = numbers.signed(contrast.estimate, places)
        if bounds is not None:
            difference += f" {numbers.interval(bounds, places)}"
            difference += "" if self.level is not None else f" {numbers.per_cent(level)}"
        return against, means, latex(difference), latex(numbers.p_value(contrast.p_value)), *size, kind

    def interaction(self, row: Interaction, notes: _Notes) -> _Group:
        """A difference of differences."""
        where = latex(f"{row.target} less {row.control}, {row.metric}")
        heading = rf"\textbf{{{latex(row.arm)}}}, {where}: difference of differences"
        places = self._places(row.metric)
        found = f"{numbers.signed(row.estimate, places)} {numbers.interval(row.interval, places)}"
        shown = "--" + notes.mark(row.why_none) if row.why_none else latex(found)
        size = (str(len(row.differences)) if row.differences else "--",) if self.sized else ()
        return _Group(heading, ((latex(row.against), "--", shown, latex(numbers.p_value(row.p_value)), *size, ""),))

    def _places(self, metric: str) -> int:
        margins = [one.margin for one in self.claim.claim.metrics if one.name == metric]
        return numbers.decimals_for(margins[0]) if margins else 3


def _size(contrast: Contrast) -> str:
    return f"{len(contrast.seeds)} x {contrast.items:,}" if contrast.items else str(len(contrast.seeds))


def latex(text: str) -> str:
    """Text with the characters that LaTeX acts on escaped, and those that it may not know written by their number."""
    shown = visible(" ".join(str(text).split())).replace(">=", "\u2265").replace("<=", "\u2264")
    told = "".join(_ESCAPED.get(one, one if ord(one) <= _LAST_LETTER else f"U+{ord(one):04X}") for one in shown)
    return re.sub(r"(?<=\d) (?=\\%)", r"\\,", told.replace("--", "-{}-") if "--" in shown else told)
