"""What an audit finds: a rule, a place, and numbers as fields; words are made of them last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import a_digit_off
from evenhand.audit.text.numbers import numbers

Level = Literal["fault", "caution", "note", "hint"]
LEVELS: tuple[Level, ...] = ("fault", "caution", "note")
"""fault: numbers that cannot both be right, or a comparison that is none; caution: words that the numbers do not
carry; note: what can be recomputed. A hint is none of these: it may be worth a look, but the text leaves open whether
anything is wrong. Hints are told apart, and only to those who ask for them."""


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Finding:
    """One thing that a log's own text shows.

    Attributes:
        rule: name of the rule.
        level: how grave it is.
        place: where it stands.
        facts: the numbers and names that it rests on; what its sentence is made of.
        others: further places that it rests on.
        quote: the part of the line that is meant; the whole line where empty.
        anywhere: all that it rests on is told in one place, so that it holds in running text, too.
        closed: the form in which it is told leaves no other reading, so that it speaks in logs of any length.
        unproven: the reading that found it was not right often enough in logs that it had not seen: at most a hint.
    """

    rule: str
    level: Level
    place: Place
    facts: Mapping[str, Any] = field(default_factory=dict)
    others: tuple[Place, ...] = ()
    quote: str = ""
    anywhere: bool = False
    closed: bool = False
    unproven: bool = False


def unproven(found: Iterable[Finding]) -> Iterator[Finding]:
    """Findings of a reading whose rightness is not shown."""
    return (replace(one, unproven=True) for one in found)


def by_a_digit(one: Finding) -> bool:
    """Whether one digit, or two in each other's place, makes a number right: the slip that a pen makes most."""
    told = numbers(str(one.facts.get("printed", "")))
    keys = ("found", "difference", "relative", "sample", "population")
    right = [value for key in keys if isinstance(value := one.facts.get(key), float)]
    right += [number.value for number in numbers(str(one.facts.get("other", "")))]
    scaled = [value * scale for value in right for scale in (1, 100, 0.01)]
    return len(told) == 1 and any(a_digit_off(told[0], value) for value in scaled)


_TOGETHER, _CLOSED = 8, 3
"""Lines within which two slips of closed forms are of one table or list, and how many a file may have apart."""


def lone(found: Iterable[Finding]) -> Iterator[Finding]:
    """Slips of the pen: in a file they come alone, so that several tell of a wrong reading, and are hints.

    Those of closed forms are counted by themselves: in a file there may be a few, in one table or list more than one
    only where a digit makes each right.
    """
    told = list(found)
    grave = [one for one in told if one.level in ("fault", "caution") and not one.unproven]
    several = Counter(file for file, _ in {(one.place.file, one.place.line) for one in grave})
    closed = sorted({(one.place.file, one.place.line) for one in grave if one.closed})
    for one in told:
        beside = [line for file, line in closed if file == one.place.file and line != one.place.line]
        apart = all(abs(line - one.place.line) > _TOGETHER for line in beside) or by_a_digit(one)
        alone = (apart and len(beside) < _CLOSED) if one.closed else several[one.place.file] < 2
        yield replace(one, unproven=one.unproven or (one.level != "note" and not alone))


def anywhere(check: Callable[[list[Log]], Iterable[Finding]]) -> Callable[[list[Log]], Iterable[Finding]]:
    """A rule's check all of whose findings hold in running text, too: it looks at two numbers side by side."""
    return lambda logs: (replace(one, anywhere=True) for one in check(logs))


def place_of(log: Log, line: Line | int) -> Place:
    """The place of a line, or of a line's number."""
    found = log.line(line) if isinstance(line, int) else line
    return Place(log.name, found.number, found.text.strip())


def line_of(other: Place, at: Place) -> str:
    """A further line as a sentence names it: with its file where that is another one than that of the finding."""
    return f"line {other.line}" if other.file == at.file else f"{other.file}:{other.line}"


@dataclass(frozen=True)
class Rule:
    """A kind of fault.

    Attributes:
        name: of the rule, in letters and strokes.
        about: the sentence that explains it.
        check: finds it in logs that are read together.
        say: the sentence of a finding.
        words: it rests on words, so that it is silent where they are not English.
        tongues: the words that it rests on are translated, so that it speaks there, too.
        slips: it names slips of the pen; a program makes none, so that in its files something else is meant: a hint.
    """

    name: str
    about: str
    check: Callable[[list[Log]], Iterable[Finding]]
    say: Callable[[Finding], str]
    words: bool = True
    tongues: bool = False
    slips: bool = False
