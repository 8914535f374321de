"""A result that a sentence quotes, and the row of a table or list in the same file that has another for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import COMMON_WORDS
from evenhand.audit.text.words import hoped
from evenhand.audit.told.arms.results import Result, agree, every_result, plain
from evenhand.audit.told.concluded.concluded import withheld
from evenhand.audit.told.concluded.statements import Statement, statements_of
from evenhand.audit.told.quoted.values import again

_TELLING = ("mean", "average", "step", "steps", "epoch", "seed", "seeds", "then", "now", "still", "per", "than")
_SAID = (
    "reach achieves achieved achieve obtains obtained gives gave yields yielded attains attained hits hit shows "
    "showed solves solved performs keeps kept ends lifts lifted raises raised brings scores scored wins won ours arm "
    "arms variant method setting training using summary tl dr tldr abstract headline short result main key "
    "conclusion overview points we i in finding findings takeaway see find found"
)
_PLAIN = (COMMON_WORDS - frozenset(_TELLING)) | frozenset(_SAID.split())
"""Words that say nothing of what was run, or on what: beside them a name and a metric are all that a sentence tells."""

_TITLE = Pattern(
    r"(?:results?|tables?|full|runs?|all|details?|numbers?|data|log|logs|models?|experiments?|main|summary|comparison|"
    r"overview|evaluation|tl;?dr|abstract|headlines?|findings?|key|conclusions?|report|weekly|readme|first|the|of|and|in|"
    r"short|metrics|scores|\W)*",
    re.IGNORECASE,
)
"""A heading that names no condition: what stands under it may be what a sentence elsewhere sums up."""

_SUMMARY = Pattern(r"\b(?:findings?|key results?|main results?|takeaways?|in short|in summary)\b", re.IGNORECASE)
_BEST = Pattern(r"\bbest (?:model|arm|variant|run|method|setting|config\w*|system)\b", re.IGNORECASE)
_CONDITION = Pattern(
    r"\b(?:seeds?|mean|averages?|averaged|median|checkpoints?|greedy|beam|re-?run|re-?ran|re-?train\w*|re-?eval\w*|steps?|"
    r"epochs?|dev|val|validation|subset|previous\w*|earlier|updated?|corrected|later|new|old|rounded|approx\w*)\b|~",
    re.IGNORECASE,
)
_CUTS = Pattern(r"[;,]|\b(?:and|while|whereas|but|vs|versus|against)\b", re.IGNORECASE)
_LONGEST, _MOST = 200, 400


@dataclass(frozen=True)
class Quoted:
    """A number of a sentence, its line, and what a table or list has in its place."""

    said: Number
    line: int
    own: Result


@dataclass(frozen=True)
class _Named:
    """A result with the words of its name, and those of its metric."""

    result: Result
    arm: frozenset[str]
    metric: frozenset[str]

    @property
    def column(self) -> tuple[int, str]:
        return self.result.group, self.result.metric


_Columns = set[tuple[int, str]]


def quoted_otherwise(log: Log) -> Iterator[Quoted]:
    """Results of short sentences whose arm and metric a table has with a value that no sentence or table shares."""
    results = every_result(log) if log.english and not log.data else ()
    if not 0 < len(results) <= _MOST:
        return
    named = [_Named(r, *(frozenset(plain(text).split()) for text in (r.name, r.metric))) for r in results]
    tabled = {table.line for table in log.tables}
    for one in statements_of(log):
        fit = len(one.text) <= _LONGEST and one.passage.kind != "note"
        if fit and one.results and not withheld(one) and not hoped(one.line):
            title = log.sections[one.section].title if one.section >= 0 else ""
            cued = again(f"{title} {one.text}") or _SUMMARY.search(f"{title} {one.text}") is not None
            lines = {line.number for line in one.lines}
            own = [r for r in named if r.result.line not in lines and r.metric]
            yield from _against(log, one, [r for r in own if cued or r.result.group in tabled])


def _against(log: Log, one: Statement, results: Sequence[_Named]) -> Iterator[Quoted]:
    lines = {line.number for line in one.lines}
    for said in one.results:
        words = _words(one, said)
        own = _row(results, words, _columns(one, said, results))
        if own is None or words - own.arm - own.metric - set(plain(_head(log, own.result)).split()) - _PLAIN:
            continue
        row = own.result
        elsewhere = (n for line in log.lines if line.number not in lines for n in line.numbers)
        alike = _near(said, row.value) and _one_place(log, one, row) and not _conditions(log, one, row)
        if alike and not any(agree(n, said) for n in elsewhere):
            yield Quoted(said, one.line_of(said).number, row)


def _row(results: Sequence[_Named], words: frozenset[str], columns: _Columns) -> _Named | None:
    """The result whose arm and metric are in the words; the metric may be that of a result told beside it."""
    named = [r for r in results if r.arm <= words]
    named = [r for r in named if r.metric <= words] or [r for r in named if r.column in columns]
    most = max((len(r.arm | r.metric) for r in named), default=0)
    fits = [r for r in named if len(r.arm | r.metric) == most]
    alone = all(r.arm == fits[0].arm and agree(r.result.value, fits[0].result.value) for r in fits)
    return fits[0] if fits and alone else None


def _columns(one: Statement, said: Number, results: Sequence[_Named]) -> _Columns:
    """The one column whose value, by name and number, another result of the statement is."""
    others = [(n, _words(one, n)) for n in one.results if n is not said]
    pairs = ((r, n) for n, words in others for r in results if r.arm <= words)
    alike = {r.column for r, n in pairs if (r.result.value.value, r.result.value.decimals) == (n.value, n.decimals)}
    return alike if len(alike) == 1 else set()


def _conditions(log: Log, one: Statement, own: Result) -> bool:
    """Whether what stands under the headings of both tells of conditions, such as seeds, steps or a rerun."""
    sections = {one.section, log.line(own.line).section}
    beside = [s for s in statements_of(log) if s.section in sections and s.passage.kind != "note" and s is not one]
    return any(_CONDITION.search(s.text) for s in beside)


def _words(one: Statement, said: Number) -> frozenset[str]:
    """The words of the clause of a number, what stands in brackets behind it included."""
    cuts = [(found.start(), found.end()) for found in _CUTS.finditer(one.text)]
    start = max((end for _, end in cuts if end <= said.start), default=0)
    text = one.text[start : min((at for at, _ in cuts if at >= said.end), default=len(one.text))]
    inside = re.match(r"[^()]*\([^()]*\)", text)  # ``the bridge (0.68 accuracy) is close to ...``
    text = inside[0] if inside is not None and text.find("(") < said.start - start < inside.end() else text
    clause = _BEST.sub(" ", text.replace(one.text[said.start : said.end], " "))
    return frozenset(word.strip(".") for word in plain(clause).split()) - {""}


def _head(log: Log, one: Result) -> str:
    """What the rows of a result's table are called."""
    return next((table.header[0] for table in log.tables if table.line == one.group), "")


def _near(said: Number, own: Number) -> bool:
    alike = said.unit == own.unit and said.decimals == own.decimals and bool(said.value) and not own.signed
    return alike and 0.8 < own.value / said.value < 1.25 and not agree(said, own)


def _one_place(log: Log, one: Statement, own: Result) -> bool:
    """Whether no heading or title above either, but not above both, tells of a condition."""
    table = next((table for table in log.tables if table.line == own.group), None)
    chains = [list(log.chain(section)) for section in (one.section, log.line(own.line).section)]
    apart = [i for mine, other in (chains, chains[::-1]) for i in mine if i not in other]
    titles = [log.sections[i].title for i in apart] + ([table.before] if table is not None else [])
    return all(_TITLE.fullmatch(title) for title in titles if title != one.line.body)
