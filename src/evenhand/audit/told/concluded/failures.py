"""Runs that machine, memory, time, disk or network ended, and the verdict that is drawn on what was tried in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import Passage, Sentence
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary import outages
from evenhand.audit.text.vocabulary.verdicts import AGAINST, CUE, WITHHELD
from evenhand.audit.text.words import METRIC_WORD, denied
from evenhand.audit.told.arms.grids import Grid, grids_of
from evenhand.audit.told.concluded.concluded import Conclusion, as_reason, concluded_in, withheld
from evenhand.audit.told.concluded.statements import Statement, below, share_a_word, statements_of, words_of

_DRAWN = Pattern(
    r"(?:[;:]|\.(?=\s+\w+=\d)|(?P<cue>->|=>|→|⇒|(?<!\w)(?:so|hence|thus|therefore|also|donc|значит)(?!\w)|所以))\s*"
    r"(?P<clause>[^,;:.]{0,90})",
    re.IGNORECASE,
)
_PART = (
    r"(?<!epoch )(?<!epochs )(?<!step )(?<!steps )(?<!round )(?<!update )(?<!époque )(?<!эпохе )"
    r"\b\d+\s*(?:of|/|out of)\s*\d+"
)
_COUNTED = Pattern(
    rf"{_PART}[^.;,]{{0,40}}$|^[^.;,]{{0,24}}(?<![.\w]){_PART}|^\W*(?:on|in|for)? ?(?:[\d.]+ ?%|a (?:third|quarter|"
    rf"half)\b|at \d+ ?s\b|(?:mode|rate|count|share|cases?|analysis|ablation|penalt\w+)\b)",
    re.IGNORECASE,
)
"""A failure that is counted: it is a result of what was tried."""

_NO_END = Pattern(
    r"(?:(?! at \d\d?:\d)\s*(?:[:=|]|of|is|was|set to|at)*\s*\d|/\w|(?:\s+\w+){0,2}\s+(?:arms?|variants?|"
    r"conditions?|settings?|regimes?|modes?|cases?|baselines?|groups?|polic(?:y|ies)|agents?|scenarios?|attackers?|clients?|experiments?)\b)",
    re.IGNORECASE,
)
_NONE = Pattern(r"(?:(?<![\d.])0|\bzero|[-/]|\d\.)\s*$", re.IGNORECASE)
"""What is a setting with its amount, the name of an arm, a part of a word or of a number, or said not to have been."""

_ATTRIBUTE = Pattern(r"\b(?:a|an|the|any|every)\s+(?:[\w-]+\s+(?:or|and)\s+)?$", re.IGNORECASE)

_OFTEN = 6
"""So many lines that tell of one failure tell of a thing that is studied."""

_BELOW, _LONGEST, _BEFORE, _NEXT = 6, 420, 3, 2


@dataclass(frozen=True)
class Verdict:
    """A failure, where it is told, and the conclusion on what failed; whether that is said of it beyond doubt."""

    failure: str
    line: int
    conclusion: Conclusion
    sure: bool


def verdicts_of(log: Log) -> Iterator[Verdict]:
    """Verdicts on runs that failed for such a reason, told in words or in a row of a table."""
    for one in statements_of(log):
        found = _failed_in(one.text) if len(one.text) <= _LONGEST else None
        if (
            found is None
            or denied(one.text, found.start())
            or outages.MENDED.search(one.text)
            or outages.ON_PURPOSE.search(one.text)
        ):
            continue
        if _COUNTED.search(one.text[: found.start()]) or _COUNTED.search(one.text[found.end() :]):
            continue
        within = _within(one, found)
        if within is not None:
            clause = one.text[found.end() :]
            arms = {*_names_in(clause[: clause.find(within.words)])} & {*_names_in(one.text[: found.start()])}
            sure = within.cued or (bool(arms) and _judged(within))
            yield Verdict(found[0].strip(), one.sentence.line_at(found.start()).number, within, sure)
            continue
        plain = _plainly(log, one, found)
        if plain is not None:
            yield Verdict(found[0].strip(), one.sentence.line_at(found.start()).number, plain, sure=True)
            continue
        near = _following(log, one)
        before = [
            s.text for s in statements_of(log)[max(0, one.place - _BEFORE) : one.place] if s.section == one.section
        ]
        own = words_of(" ".join((one.text, *before, *log.path(one.section)[-1:])))
        conclusion = _on(near, own, beside=_beside(log, one), heads=one.passage.kind == "note")
        if conclusion is not None and not as_reason(log, conclusion[0].line.number) and not _of_a_thing(conclusion[0]):
            sure = conclusion[1] or _right_behind(one, near[0], conclusion[0])
            sure = sure and not _of_room(one.text, conclusion[0]) and not any(map(outages.ON_PURPOSE.search, before))
            sure = sure and conclusion[0].statement.place - one.place <= _NEXT
            sure = sure and not _of_another(log, one, found[0], conclusion[0])
            behind = any(n.start > found.end() for n in one.results)  # of what was measured instead
            sure = sure and (not behind or outages.SO_FAR.search(one.text) is not None)
            yield Verdict(found[0].strip(), one.sentence.line_at(found.start()).number, conclusion[0], sure)
    yield from _in_rows(log)


@lru_cache(maxsize=4096)
def _failed_in(text: str) -> re.Match[str] | None:
    """Words that tell that something was ended."""
    found = outages.INFRASTRUCTURE.search(text)
    if found is None or _NO_END.match(text, found.end()) or _NONE.search(text[: found.start()]):
        return None
    return None if re.search(r"\w/", found[0]) else found


def _names_in(text: str) -> list[str]:
    """The names of arms in a text, in their order."""
    found = [one for one in outages.ARM_NAME.finditer(text) if not outages.OF_MACHINES.search(text[: one.start()])]
    return [(one["a"] or one["b"] or one["c"]).lower() for one in found]


def _plainly(log: Log, one: Statement, failed: re.Match[str]) -> Conclusion | None:
    """A verdict in the next sentence or point on the same named arm, without a result, and no later word of the arm."""
    after = [s for s in statements_of(log)[one.place + 1 :] if s.section == one.section or log.data][:3]
    last, names = one.lines[-1].number, set(_names_in(one.text))
    near = [s for at, s in enumerate(after) if s.line.number - last <= (0 if log.data else at + 1)]
    said = next((s for s in near if names & {*_names_in(s.text)}), near[0] if near else one)
    found = concluded_in(said, (AGAINST,)) if near else None
    if found is None or any(
        of.search(said.text) for of in (outages.INFRASTRUCTURE, outages.OF_RESULTS, outages.ON_PURPOSE)
    ):
        return None
    at = max(0, said.text.lower().find(found.words.lower()))
    if outages.OF_ALL.match(said.text):
        return None
    before = outages.OF_ITSELF.search(f"{one.text} {said.text}") or re.search(r"\b(?:had|already)\b", said.text)
    if before or outages.OF_FAILURE.match(said.text, at):
        return None
    shared = names & {*_names_in(said.text[:at])[-1:]}
    if said.line is one.lines[-1] and not _names_in(said.text) and (found.cued or outages.A_RUN.search(one.text)):
        shared = set((one.words & said.words) - outages.OF_RUNS - words_of(failed[0]))
    beside = [s for s in statements_of(log) if s.section == one.section and s not in (one, said)]
    own = [s for s in beside if shared & {*_names_in(s.text), *s.words}]
    mended = any(withheld(s) for s in beside if s.place == said.place + 1)
    mended = mended or any(outages.MENDED.search(s.text) or s.results for s in own)
    results = [n for n in (*one.results, *said.results) if n.value and not outages.SO_FAR.search(one.text)]
    if not shared or mended or results or not (found.cued or _judged(found)) or _of_a_thing(found):
        return None
    other = _of_room(one.text, found) or _of_another(log, one, failed[0], found)
    return None if other or as_reason(log, found.line.number) else found


def _judged(found: Conclusion) -> bool:
    """Whether an arm is judged, not only left out: ``dropped from the table``."""
    text = found.statement.text
    return (
        outages.LEFT_OUT.search(text) is None
        or re.search(r"\b(?:worse|worst|weakest|fail|(?:does|did)(?:n['’]t| not) work)", text, re.IGNORECASE)
        is not None
    )


def _right_behind(one: Statement, after: Statement, found: Conclusion) -> bool:
    """Whether a verdict without results is the next sentence of the same line: ``out of memory. Verdict: no use``."""
    same = found.statement is after and after.line.number == one.lines[-1].number
    return (
        found.cued
        and same
        and not (one.results or after.results or outages.OF_RESULTS.search(f"{one.text} {after.text}"))
    )


def _of_a_thing(found: Conclusion) -> bool:
    """Whether the word is said of the noun behind it, in passing: ``a stalled or abandoned upload``."""
    text = found.statement.text
    at = text.lower().find(found.words.lower())
    return (
        _ATTRIBUTE.search(text[:at]) is not None
        and re.match(r"\s+[a-z]{3,}", text[at + len(found.words) :]) is not None
    )


def _of_another(log: Log, one: Statement, failed: str, found: Conclusion) -> bool:
    """Whether a verdict may be on something else: foretold, behind a table, or of a log on such failures."""
    last = one.lines[-1].number
    if any(last < table.line < found.line.number for table in log.tables) or outages.FORETOLD.search(
        found.statement.text
    ):
        return True
    return sum(failed.lower() in line.low for line in log.lines) >= _OFTEN


def _of_room(failed: str, found: Conclusion) -> bool:
    """Whether a verdict says that something does not fit a machine that is named."""
    text = found.statement.text
    return outages.NO_ROOM.search(text) is not None and outages.MACHINE.search(f"{failed} {text}") is not None


def _within(one: Statement, failed: re.Match[str]) -> Conclusion | None:
    """A verdict in the sentence of the failure, in a clause without a reason or a number; cued where it is drawn."""
    if outages.GENERAL.search(one.text[: failed.start()]):
        return None
    for clause in _DRAWN.finditer(one.text, failed.end()):
        said = AGAINST.search(clause["clause"])
        if said is None or withheld(one) or denied(one.text, clause.start("clause") + said.start()):
            continue
        start = clause.start("clause")
        named = [(name.start(), name.end()) for name in outages.ARM_NAME.finditer(one.text)]
        told = [n for n in one.numbers if n.start >= start and not any(a <= n.start < b for a, b in named)]
        if outages.CAUSE.search(clause["clause"]) or told:
            return None
        found = Conclusion(one, said[0].strip(" ,;:."), one.sentence.line_at(start + said.start()), bool(clause["cue"]))
        return None if _of_room(one.text, found) else found
    return None


def _following(log: Log, one: Statement) -> list[Statement]:
    last = one.lines[-1].number
    here = [s for s in statements_of(log)[one.place + 1 : one.place + 3] if s.line.number == last]
    own = here if one.passage.kind != "note" else []
    return [*own, *below(log, last - (one.passage.kind == "note"), one.section, _BELOW)]


def _beside(log: Log, one: Statement) -> list[Statement]:
    """The statements whose results may have come of a failure: those right before and behind it."""
    near = statements_of(log)[max(0, one.place - 1) : one.place + 2]
    return [other for other in near if other.section == one.section]


def _on(
    near: list[Statement], own: frozenset[str], came: frozenset[float] = frozenset(), *, heads: bool = False,
    beside: Sequence[Statement] = (), others: frozenset[str] = frozenset(),
) -> tuple[Conclusion, bool] | None:  # fmt: skip
    """The first verdict: it concludes, or speaks of what failed by a word of its own, or by its result.

    It is sure where it says that it concludes, has no results of its own and is on no other arm.
    """
    for one in near:
        if withheld(one) or outages.INFRASTRUCTURE.search(one.text):
            if CUE.search(one.labelled) or withheld(one):
                return None
            continue
        found = concluded_in(one, (AGAINST,))
        if found is None:
            continue
        results = came | {n.value for other in beside if other is not one for n in other.results}
        told = found.results
        named = share_a_word(one.words, own)
        if heads or results & told or found.cued or (named and not told):
            it = re.search(r"\b(?:it|this|that)\b", one.text, re.IGNORECASE) is not None
            aside = (
                (told and not results & told)
                or outages.OF_RESULTS.search(one.text)
                or (one.words & others and not named)
            )
            return found, found.cued and not aside and bool(heads or results & told or named or it)
    return None


def _in_rows(log: Log) -> Iterator[Verdict]:
    for grid in grids_of(log):
        failed = [
            (at, lines[at], found[0])
            for texts, lines in ((grid.names, grid.lines), *((c.texts, c.lines) for c in grid.columns))
            for at, text in enumerate(texts)
            if len(text) <= 80 and (found := _failed_in(text) or outages.ENDED_CELL.fullmatch(text.strip())) is not None
        ]  # fmt: skip
        if not failed or len(failed) == len(grid.names):
            continue
        for at, line, words in failed:
            beside = _in_cell(log, grid, at, line)
            if beside is not None:
                yield Verdict(words, line, beside, sure=True)
                break
            if outages.ENDED_CELL.fullmatch(words):
                continue
            own = frozenset(cell.value for c in grid.of("score") if (cell := c.cells[at]) is not None)
            near = list(below(log, line - 1 if log.data else grid.last, grid.section, _BELOW))
            mine = words_of(f"{grid.names[at]} {grid.title} {' '.join(log.path(grid.section)[-1:])}")
            rest = words_of(" ".join(name for place, name in enumerate(grid.names) if place != at)) - mine
            conclusion = _on(near, mine, own, others=rest)
            if conclusion is not None and conclusion[0].line.number not in {*grid.lines} - {line}:
                yield Verdict(words, line, conclusion[0], conclusion[1] and not _of_room(grid.names[at], conclusion[0]))
                break


def _in_cell(log: Log, grid: Grid, at: int, line: int) -> Conclusion | None:
    """A rejection in another cell of the row of a failure, which has no result, in a table of results."""
    of_results = [one for one in grid.columns if METRIC_WORD.search(one.name) or "result" in one.name.lower()]
    results = [[n if n is not None and (n.decimals or n.unit == "%") else None for n in c.cells] for c in of_results]
    told = [column.texts[at] for column in grid.of("text")]
    if not any(n is not None for cells in results for n in cells) or any(cells[at] for cells in results):
        return None
    for text in told if not WITHHELD.search(" ".join(told)) else ():
        said = outages.REJECTED.search(text) or outages.REJECTED_CELL.fullmatch(text.strip())
        failed = _failed_in(text)
        if said is None or text[said.start() - 1 : said.start()] == "+":
            continue  # ``chosen+rejected`` are names
        if (failed is None or failed.end() < said.start()) and not denied(text, said.start()):
            own = log.line(line)
            statement = Statement(Sentence(text, (own,), (0,)), Passage("note", (), "", grid.section), -1)
            return Conclusion(statement, said[0], own, cued=False)
    return None
