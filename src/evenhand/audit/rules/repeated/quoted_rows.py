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
    "conclusion overview points we i in finding findings takeaway"
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
_LONGEST = 200


@dataclass(frozen=True)
class Quoted:
    """A number of a sentence, its line, and what a table or list has in its place."""

    said: Number
    line: int
    own: Result


def quoted_otherwise(log: Log) -> Iterator[Quoted]:
    """Results of short sentences whose arm and metric a table has with a value that no sentence or table shares."""
    results = every_result(log) if log.english and not log.data else []
    if not results:
        return
    tabled = {table.line for table in log.tables}
    for one in statements_of(log):
        fit = len(one.text) <= _LONGEST and one.passage.kind != "note"
        if fit and one.results and not withheld(one) and not hoped(one.line):
            title = log.sections[one.section].title if one.section >= 0 else ""
            cued = again(f"{title} {one.text}") or _SUMMARY.search(f"{title} {one.text}") is not None
            yield from _against(log, one, [r for r in results if cued or r.group in tabled])


def _against(log: Log, one: Statement, results: Sequence[Result]) -> Iterator[Quoted]:
    lines = {line.number for line in one.lines}
    for said in one.results:
        words = _words(one, said)
        fits = [r for r in results if r.line not in lines and _names(r) <= words and plain(r.metric)]
        most = max((len(_names(r)) for r in fits), default=0)
        fits = [r for r in fits if len(_names(r)) == most]
        if not fits or any(_names(r) != _names(fits[0]) or not agree(r.value, fits[0].value) for r in fits):
            continue
        own = fits[0]
        rest = words - _names(own) - set(plain(_head(log, own)).split()) - _PLAIN
        elsewhere = (n for line in log.lines if line.number not in lines for n in line.numbers)
        if (
            rest
            or not _near(said, own.value)
            or not _one_place(log, one, own)
            or any(agree(n, said) for n in elsewhere)
        ):
            continue
        if not _conditions(log, one, own):
            yield Quoted(said, one.line_of(said).number, own)


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
    clause = _BEST.sub(" ", text.replace(one.text[said.start : said.end], " "))
    return frozenset(word.strip(".") for word in plain(clause).split()) - {""}


def _names(one: Result) -> frozenset[str]:
    return frozenset((*plain(one.name).split(), *plain(one.metric).split()))


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
