"""How many seeds a result rests on, as far as the text shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import number_of

_MOST = 64
_COUNTED = Pattern(
    r"(?<![\w.])(?P<n>\d{1,2}|one|single|two|three|four|five|six|seven|eight|ten)[\s-]+(?:random\s+|independent\s+|"
    r"training\s+|different\s+)?(?P<what>seeds?|random restarts|independent runs|repeats|replicates|replicas)\b",
    re.IGNORECASE,
    needs="independent runs|random restarts|repeats|replicas|replicates|seed",
)
_NAMED = Pattern(r"\b(?:seeds|repeats|n_seeds)\s*[:=]\s*([1-5])(?![\w.,/–-]|\s*(?:,|/|and|to)\s*\d)", re.IGNORECASE)
"""A setting of so many; larger numbers may be the one seed itself."""

_BOTH = Pattern(r"\bboth (?:\w+ )?seeds\b", re.IGNORECASE, needs=" seeds")
_RANGE = Pattern(
    r"\bseeds?\s*[=:]?\s*[{\[(]?\s*(\d{1,3})\s*(?:\.\.+|…|–|-|to|through)\s*(\d{1,3})\b", re.IGNORECASE, needs="seed"
)
_LIST = Pattern(
    r"\bseeds?\s*[=:]?\s*[{\[(]?\s*(\d{1,6}(?:\s*(?:,|/|and|&)\s*\d{1,6})+)\s*[}\])]?", re.IGNORECASE, needs="seed"
)
_ONE = Pattern(r"\bseed\s*[=:#]?\s*\d{1,6}\b(?!\s*(?:,|/|\.\.|-|–|and|&)\s*\d)", re.IGNORECASE)
_ENOUGH = Pattern(r"\bn\s*=\s*(\d{1,2})\b(?=\s*(?:seeds|runs|[,;)]))", re.IGNORECASE)
_ALONE = Pattern(
    r"^[^\w]*(?:(?:random|training|eval\w*|global|fixed)[\s_])?seed\b|"
    r"\b(?:all|every|each|only|same|fixed|one|single)\b[^.;]{0,60}\bseed\b|\bseed\b[^.;]{0,20}\b(?:only|throughout)\b|"
    r"\b(?:on|with|at|over|for|using) (?:the )?seed\s*[=:#]?\s*\d|(?:[,;|(]|--)\s*seed\s*[=:#]?\s*\d+\s*(?:[,;|)`]|$)",
    re.IGNORECASE,
    needs="seed",
)
"""One seed is told as the seed of what is reported: as a setting, or in a heading; not in a remark in passing."""
_ON_ONE = Pattern(r"\b(?:on|for|with|in|at) (?:one|another|a single|some|each|any|that|this) seed\b", re.IGNORECASE)
_EARLIER = Pattern(
    r"\b(?:the|earlier|previous|prior|old|original|first|that)\s+(?:one|single)[- ]seed\b", re.IGNORECASE
)
"""Of a result that others have since been set beside."""
_OF_A_MEAN = Pattern(r"(?<![\w.])\d{1,2}[\s-]seeds? (?:mean|avg|average)\b", re.IGNORECASE)
"""Of the number that follows, not of what else is said."""
_PLURAL = Pattern(r"(?<!single )\bseeds\b|\b(?:every|each|per)[- ]seed\b", re.IGNORECASE, needs="seed")
_VALUE = Pattern(r"(?<![a-z])seed(?:\*\*)?[\s=:`*]{1,4}(\d{1,6})\b", re.IGNORECASE)
_SEVERAL = Pattern(
    r"\bseeds\b|±|\bstd\b|\b(?:\d+|two|three|four|five|ten|several|multiple) (?:\w+ )?(?:runs|repeats|replicates|"
    r"trials|restarts)\b|confidence interval|bootstrap|\bstandard (?:deviation|error)\b",
    re.IGNORECASE,
    needs="seeds|±|std|runs|repeats|replicates|trials|restarts|confidence|bootstrap|standard ",
)
_PARTS = Pattern(r"[a-z]+|\d+")
_FILE = Pattern(r"_s(0\d{0,9})(?=[_.]|$)")
_SIGNS = Pattern(r"(?<!\w)(\d{1,2})\s*\+\s*/\s*(?:(\d{1,2})\s*=?\s*/\s*)?(\d{1,2})\s*[-−–](?!\w)", needs="+")


@dataclass(frozen=True)
class Seeds:
    """How many seeds, and the line that says so."""

    count: int
    line: Line


@dataclass(frozen=True)
class Signs:
    """A pattern of signs such as ``2+/2=/1-``; ``zero`` is 0 where the pattern has no place for it."""

    plus: int
    zero: int
    minus: int

    @property
    def count(self) -> int:
        """How many there are."""
        return self.plus + self.zero + self.minus


def signs_of(text: str) -> Signs | None:
    """The pattern of signs that a text gives."""
    found = _SIGNS.search(text)
    return None if found is None else Signs(int(found[1]), int(found[2] or 0), int(found[3]))


def seeds_in(text: str) -> int | None:
    """How many seeds a text names; None where it names none, or several numbers of them."""
    text = _OF_A_MEAN.sub("", _EARLIER.sub("", text))
    found = {number_of(one["n"]) for one in _COUNTED.finditer(text)}
    found |= {2} if _BOTH.search(text) else set()
    found |= {int(one[1]) for one in _NAMED.finditer(text)}
    found |= {int(one[2]) - int(one[1]) + 1 for one in _RANGE.finditer(text) if 0 < int(one[2]) - int(one[1]) < _MOST}
    if not found:
        found |= {len(set(re.findall(r"\d+", one[1]))) for one in _LIST.finditer(text)}
        found |= {int(one[1]) for one in _ENOUGH.finditer(text)}
    signs = signs_of(text)
    if signs is not None:
        found.add(signs.count)
    if not found and _ALONE.search(text) and _ONE.search(text):
        found.add(1)
    return found.pop() if len(found) == 1 and max(found) <= _MOST else None


def counted(text: str) -> bool:
    """Whether a text says in words how many seeds there are: ``single seed``, not ``seed 42``."""
    return _COUNTED.search(text) is not None


def seeds_in_names(texts: Iterable[str]) -> int | None:
    """How many seeds the names of files say (``..._s012.txt``), where all of them say the same."""
    found: set[int] = set()
    for text in texts:
        for name in _FILE.finditer(text):
            digits = name[1]
            if list(digits) == sorted(set(digits)):
                found.add(len(digits))
    return found.pop() if len(found) == 1 else None


def seeds_of(log: Log, line: Line) -> Seeds | None:
    """The seeds of what a line reports: told by itself, by what it belongs to, by its section or the headings above."""
    nearest = [line, *log.parents(line)]
    for one in nearest:
        count = seeds_in(one.body) or seeds_in_names([one.text])
        if count is not None:
            named = count == 1 and _COUNTED.search(one.body) is None  # ``at seed 1``, which may be one of several
            return None if named and line.section >= 0 and _of_several(log, line.section) else Seeds(count, one)
    section = line.section
    while section >= 0:
        found = _of_section(log, section, line)
        if found is not None:
            return None if found.count == 1 and _of_several(log, section) else found
        section = log.sections[section].parent
    return None


def _of_several(log: Log, section: int) -> bool:
    """Whether a section that names one seed speaks of several, too: that one may be any of them."""
    return any(_PLURAL.search(one.body) for one in log.own(section) if one.kind in ("prose", "bullet"))


def only_seed(log: Log) -> Seeds | None:
    """The line of the one seed that a log names anywhere, commands included; None where anything speaks of several."""
    found: dict[str, Line] = {}
    for line in log.lines:
        if _SEVERAL.search(line.text):
            return None
        for value in _VALUE.finditer(line.text) if _ALONE.search(line.body) or line.kind == "code" else ():
            found.setdefault(value[1], line)
    return Seeds(1, next(iter(found.values()))) if len(found) == 1 else None


def _of_section(log: Log, section: int, line: Line) -> Seeds | None:
    heading = log.lines[log.sections[section].line]
    count = seeds_in(heading.body)
    if count is not None:
        return Seeds(count, heading)
    own = [one for one in log.own(section) if one.kind in ("prose", "bullet")]
    told = [
        (found, one)
        for one in own
        if (found := seeds_in(_ENOUGH.sub("", one.body))) is not None and not _ON_ONE.search(one.body)
    ]
    if len({value for _, one in told for value in _VALUE.findall(one.body)}) > 1:
        return None  # a line for each seed: how many there are is not told
    if len({found for found, _ in told}) == 1:
        return Seeds(told[0][0], _likest(log, [one for _, one in told], line))
    if told:
        return None
    named = [one for one in own if seeds_in_names([one.text]) is not None]
    count = seeds_in_names(one.text for one in named)
    if count is None and len(named) > 1:  # one script for seed 0, one for the others, and their summary
        count = seeds_in_names(one.text for one in named if "summary" in one.text.lower())
    return None if count is None else Seeds(count, _likest(log, named[::-1], line))


def _likest(log: Log, told: list[Line], line: Line) -> Line:
    """Of lines that tell the same, the first that shares most words with a line and with what it belongs to."""
    words = {one for text in (line, *log.parents(line)) for one in _PARTS.findall(text.low)}
    return max(told, key=lambda one: len(words.intersection(_PARTS.findall(one.low))))
