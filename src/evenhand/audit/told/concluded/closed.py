"""Whether a conclusion rests on certain results alone: its section tells no others, and is about nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.outages import INFRASTRUCTURE
from evenhand.audit.told.arms.grids import Grid, grids_of
from evenhand.audit.told.concluded.concluded import Conclusion, doubted, withheld
from evenhand.audit.told.concluded.equals import digits
from evenhand.audit.told.concluded.statements import Statement, around, behind, below, statements_of

_MOST_LINES = 60
"""Lines of a section; in a longer one a conclusion may rest on what is far above it."""

_RIGHT = 3
"""Statements below a table that are right below it."""

_FINE = 3
"""Digits of a number that is no setting."""

COST = Pattern(
    r"(?<![a-z])(?:fast\w*|slow\w*|speed\w*|throughput|latenc\w*|runtime|wall[- ]?clock|kernels?|fus(?:ed|ion)|"
    r"compil\w*|cach\w*|prefetch\w*|flash\w*|offload\w*|refactor\w*|rewrit\w*|port(?:ed|ing)?|migrat\w*|"
    r"reproduc\w*|determinis\w*|parity|regress\w*|bit[- ]?(?:exact|identical|wise)|by (?:design|construction)|"
    r"as (?:expected|intended|designed)|sanity|smoke|unit tests?|tests? pass\w*|replicat\w*|verif(?!iers?\b)\w+|"
    r"invarian\w*|equivarian\w*|speculative|shard\w*|ddp|fsdp|checkpointing|seconds?|tok(?:ens)?/s|fps|samples/s|it/s|"
    r"accelerat\w*|merg\w*|convert\w*|conversion|padd\w*|pipelines?|implementations?|code|harness|wrapper|loaders?|backend|"
    r"scal\w+ out|multi-?gpu|export\w*|onnx|tensorrt|vllm|schedul\w+ of jobs)(?![a-z])",
    re.IGNORECASE,
)
"""What is as good on purpose: the same thing done faster, elsewhere or again."""

_ELSEWHERE = Pattern(r"\bsee (?!if|whether)\w+|\bbelow\b|\b(?:final|overall|downstream) \w+", re.IGNORECASE)
"""What a conclusion rests on that stands in another place."""

SAME = Pattern(
    r"\bsame (?:checkpoint|model|file|run|weights)\b|\b(?:frozen|untouched|learn\w* nothing)\b|"
    r"\b(?:evaluation|annotator|rater)s\b",
    re.IGNORECASE,
)
"""What is alike since it is one thing, or measured twice."""

_TIME = Pattern(r"(?<![a-z])(?:ms|sec|s|min|hours?|h|time|qps|rps|tps)(?![a-z])", re.IGNORECASE)
_KNOWN = Pattern(
    r"\b(?:too easy|trivial\w*|ceiling|saturat\w*|at chance|chance level|says nothing|sanity|smoke|unit tests?|"
    r"degenerate|collapsed?|by definition|baseline only|toy check)\b|"
    r"\b(?:cannot|can ?not|can['’]t|(?:does|do)(?: not|n['’]t)|nothing) (?:\w+ )?(?:rank|tells?|separates?|"
    r"distinguish\w*|discriminate|compare|show)\b|全会|都(?:答)?对|天花板|饱和|потол\w+|насыщ\w+",
    re.IGNORECASE,
)


def rests_alone(log: Log, found: Conclusion, values: Collection[float], lines: Collection[int]) -> bool:
    """Whether a section tells these results only, doubts none of them and is about no speed, test or repetition.

    Args:
        log, found: the conclusion.
        values: the results that it may rest on, as printed.
        lines: those on which they stand.
    """
    section, first, last = found.statement.section, min(lines), max(lines)
    own = log.own(section) if not log.data else list(log.lines)
    if len(own) > _MOST_LINES or doubted(log, first, last, section):
        return False
    failed = any(INFRASTRUCTURE.search(one.text) for one in statements_of(log) if one.section == section)
    if failed or any(_KNOWN.search(one.text) for one in around(log, first, last, section)):
        return False  # what failed may be why results are alike
    if re.match(r"without (?!any\b|a\b)\w+ \w", found.words, re.IGNORECASE):
        return False  # the name of an arm
    if any(COST.search(text) for text in (" ".join(log.path(section)[-1:]), found.statement.text)):
        return False
    told = frozenset(values)
    every = [one for one in statements_of(log) if one.section == section and one.line.number not in lines]
    after = [one for one in every if one.place > found.statement.place]
    if any(_tells_more(one, told) for one in every if one not in after) or any(_fine(one, told) > 1 for one in after):
        return False
    return not any(_holds_more(one, told) for one in grids_of(log) if one.section == section)


def from_here(log: Log, told: Statement, count: int) -> list[Statement]:
    """What a statement says behind its last result, and the statements that follow it."""
    end = max((n.end for n in told.results), default=0)
    rest = replace(told.sentence, text=" " * end + told.text[end:])
    return [Statement(rest, told.passage, told.place), *behind(log, told, count)]


def right_there(
    told: Statement | None, near: Sequence[Statement], found: Conclusion, values: Collection[float]
) -> bool:
    """Whether a conclusion stands behind results in their statement, or in the next, and brings none of its own."""
    said = found.statement
    other = any(n.value not in values for n in said.results) or _ELSEWHERE.search(said.text)
    texts = [one.text for one in (told, *near[:2]) if one is not None]
    alike = any(COST.search(text) or SAME.search(text) for text in texts)
    return said in near[:2] and not other and not alike and not (told is not None and withheld(told))


def right_beneath(
    log: Log, found: Conclusion, values: Collection[float], lines: tuple[int, int], *, cheap: bool = True
) -> bool:
    """Whether a conclusion is one of the first statements below a table, and nothing between them tells of more.

    Args:
        log, found: the conclusion.
        values: the results of the table.
        lines: its first and last one.
        cheap: also whether what was compared may be as good on purpose, such as a faster implementation.
    """
    first, last = lines
    said, section = found.statement, found.statement.section
    near = list(below(log, last, section, _RIGHT + 2))
    if said not in near[:_RIGHT] or any(last < table.line <= said.line.number for table in log.tables):
        return False
    upto = near[: near.index(said) + 1]
    if any(not _paired(one) and _fine(one, frozenset(values)) for one in upto) or _ELSEWHERE.search(said.text):
        return False
    above = [one for one in around(log, first, last, section, 2) if one.line.number <= last] if cheap else []
    told = [one.text for one in (*above, *upto, *near[len(upto) : len(upto) + 1])]
    if any(withheld(one) for one in (*above, *near[: len(upto) + 1])) or any(map(_KNOWN.search, told)):
        return False
    if any(INFRASTRUCTURE.search(one.text) for one in (*above, *near[: len(upto) + 2])):
        return False  # what failed may be why results are alike
    about = [*log.path(section)[-1:], *(one.text for one in (*above, said))]
    return not cheap or not any(COST.search(text) or SAME.search(text) for text in about)


def _paired(one: Statement) -> bool:
    """Whether all results of a statement come twice: ``rounds 362 / 362, logloss 0.2874 / 0.2874``."""
    values = [n.value for n in one.results if digits(n) >= _FINE]
    return bool(values) and all(values.count(value) == 2 for value in values)


def _tells_more(one: Statement, told: frozenset[float]) -> bool:
    """Whether a statement tells another result, a change, or a speed."""
    if any((n.signed or n.unit == "x") and n.decimals for n in one.numbers):
        return True
    if told <= {n.value for n in one.results}:
        return False  # one more arm with the same results
    shares = {c.part.value / c.whole.value for c in counts(one.text) if c.whole.value}
    if any(share not in told and share * 100 not in told for share in shares if 0 < share < 1):
        return True
    return _fine(one, told) > 0 or any(n.unit == "%" and n.value not in told for n in one.results)


def _fine(one: Statement, told: frozenset[float]) -> int:
    """How many other results a statement tells."""
    return sum(n.value not in told and digits(n) >= _FINE for n in one.results)


def _holds_more(grid: Grid, told: frozenset[float]) -> bool:
    """Whether a table holds another result, also in words, or what an arm costs in time."""
    if any(
        COST.search(name.replace("_", " ")) or _TIME.search(name)
        for name in (*grid.names, *(c.name for c in grid.columns))
    ):
        return True
    cells = [cell for column in grid.of("score") for cell in column.cells if cell is not None]
    words = [n for column in grid.of("text") for text in column.texts for n in numbers(text) if n.decimals]
    return any(n.value not in told for n in (*cells, *words))
