"""Generated arithmetic stories with equation chains: the embedded task, with splits disjoint by template and operands.

``transport``: one story of two or three steps; the source reads all of it, the target nothing.
``split``: such a story cut in two; the source reads how it begins, the target how it goes on and what is asked; neither
can answer alone.
``recall``: cut in the same way, but the source reads ``some`` for every number, and has to know it of the people named.

A template is the tuple of sentence frames of a story. Templates and operand tuples are both dealt out to the splits by
hash, and a story belongs to a split only where both agree, so that no split shares a template or operands with another.
All kinds are dealt alike: a story that tests one kind trains nobody as another. Those of ``recall`` belong to a split
only if all their people do, too.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np

from evenhand.errors import DataError
from evenhand_systems.bridge.tasks import people
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.tasks.people import (
    CHANGES,
    NAMES,
    OBJECTS,
    PEOPLE,
    PEOPLE_OF,
    STARTS,
    Person,
    Split,
    split_of,
)

Kind = Literal["transport", "split", "recall"]

_OPENERS = ("{n} has {a} {o}.", "There are {a} {o} in the box of {n}.", "{n} starts with {a} {o}.")
_GAINS = ("{n} finds {b} more.", "{m} gives {n} {b} more.", "Then {n} buys {b} {o}.")
_LOSSES = ("{n} loses {b}.", "{n} gives {b} to {m}.", "Then {n} sells {b} {o}.")
_CHANGES = (*_GAINS, *_LOSSES)
_ENDS = ("How many {o} does {n} have now?", "How many {o} are left in the end?")
WORDS = tuple(
    sorted({
        word.strip(".?")
        for frame in (*_OPENERS, *_GAINS, *_LOSSES, *_ENDS)
        for word in frame.split()
        if "{" not in word
    })
)  # fmt: skip
"""Every word of the frames that is neither name, object nor number."""

_KNOWN_GAIN, _KNOWN_LOSS = _CHANGES.index("{m} gives {n} {b} more."), _CHANGES.index("{n} gives {b} to {m}.")
"""The frames in which a target would be told what a source knows."""


def generate(kind: Kind, split: Split, count: int, rng: np.random.Generator) -> list[Item]:
    """``count`` distinct stories of a split.

    Raises:
        DataError: the split has not so many stories.
    """
    draw = {"transport": _transport, "split": _split_information, "recall": _recalled}[kind]
    found: dict[str, Item] = {}
    for _ in range(20 * count + 200):
        if len(found) == count:
            break
        story = draw(rng, split)
        found.setdefault(story.id, story)
    if len(found) < count:
        raise DataError(f"Only {len(found)} of {count} {split} stories of kind '{kind}' were found; ask for fewer.")
    return list(found.values())


T = TypeVar("T")


def _dealt(split: Split, draw: Callable[[], T | None], key: Callable[[T], object] = lambda drawn: drawn) -> T:
    """Draw until something comes whose key is dealt to the split; None is drawn again."""
    while True:
        drawn = draw()
        if drawn is not None and split_of(f"story/{key(drawn)}") == split:
            return drawn


@dataclass(frozen=True)
class _Told:
    """A whole story: a sentence for its beginning, for each change and for the question, and what leads to the gold."""

    sentences: tuple[str, ...]
    chain: tuple[str, ...]
    gold: int
    template: tuple[int, ...]
    operands: tuple[int, ...]

    def cut(self, kind: Kind, place: int, facts: str = "") -> Item:
        """The item whose source reads the sentences before ``place``, or ``facts``; the target is asked the others."""
        facts, question = facts or " ".join(self.sentences[:place]), " ".join(self.sentences[place:])
        digest = hashlib.sha256(f"{facts}|{question}".encode()).hexdigest()[:12]
        solution = " ".join(f"{step}." for step in self.chain) + f" #### {self.gold}"
        template = "-".join(map(str, self.template)) + (f"/{place}" if question else "")
        return Item(f"{kind}-{digest}", facts, question, solution, str(self.gold), template, self.operands)


def _transport(rng: np.random.Generator, split: Split) -> Item:
    """A whole story for the source."""
    told = _tell(rng, split)
    return told.cut("transport", len(told.sentences))


def _split_information(rng: np.random.Generator, split: Split) -> Item:
    """The source reads the beginning and at least one change, the target at least one more change and the question."""
    told = _tell(rng, split)
    return told.cut("split", int(rng.integers(2, len(told.sentences) - 1)))


def _recalled(rng: np.random.Generator, split: Split) -> Item:
    """The source reads who has, gives and takes some; the target reads at least one more change and the question."""

    def frames() -> tuple[int, ...]:
        steps = int(rng.integers(2, 4))
        of_source = int(rng.integers(1, steps))
        known = (int(rng.choice((_KNOWN_GAIN, _KNOWN_LOSS))) for _ in range(of_source))
        asked = (int(step) for step in rng.integers(len(_CHANGES), size=steps - of_source))
        return (of_source + 1, 0, *known, *asked, int(rng.integers(len(_ENDS))))

    place, *rest = _dealt(split, frames, lambda drawn: drawn[1:])
    template = tuple(rest)
    asked = _signs(template)[place - 1 :]

    def cast() -> tuple[tuple[Person, ...], tuple[int, ...]] | None:
        who = _cast(rng, place, PEOPLE_OF[split])
        amounts = (*_amounts(who, template), *(sign * _drawn(rng, CHANGES) for sign in asked))
        return (who, amounts) if min(itertools.accumulate(amounts)) > 0 else None

    who, operands = _dealt(split, cast, lambda drawn: drawn[1])
    others = [person.name for person in who[1:]]
    told = _written(template, operands, who[0].name, [*others, *others[-1:] * len(asked)], who[0].thing)
    item = told.cut("recall", place, _unsaid(who, template))
    return replace(item, told=" ".join(told.sentences[:place]), cluster=who[0].whole_name)


def recital(rng: np.random.Generator, count: int) -> tuple[str, str]:
    """What a source reads of ``count`` people, of all splits, and what it knows of them in the words of a story."""
    who = _cast(rng, count, PEOPLE)
    template = (0, *(int(rng.choice((_KNOWN_GAIN, _KNOWN_LOSS))) for _ in who[1:]), 0)
    told = _written(template, _amounts(who, template), who[0].name, [person.name for person in who[1:]], who[0].thing)
    return _unsaid(who, template), " ".join(told.sentences[:-1])


def _cast(rng: np.random.Generator, count: int, among: Sequence[Person]) -> tuple[Person, ...]:
    """People with different first names."""
    while True:
        who = tuple(among[int(i)] for i in rng.integers(len(among), size=count))
        if len({person.name for person in who}) == count:
            return who


def _amounts(who: Sequence[Person], template: Sequence[int]) -> tuple[int, ...]:
    """What the first has, and what the others give (positive) or take (negative) by their frames."""
    steps = zip(who[1:], template[1:], strict=False)
    return (who[0].has, *(person.gives if step == _KNOWN_GAIN else -person.takes for person, step in steps))


def _unsaid(who: Sequence[Person], template: Sequence[int]) -> str:
    """What the source reads: the numbers are not told."""
    steps = zip(who[1:], template[1:], strict=False)
    changes = (
        people.gives(person, who[0].name, "some") if step == _KNOWN_GAIN else people.takes(person, "some")
        for person, step in steps
    )
    return " ".join((people.has(who[0], "some"), *changes))


def _tell(rng: np.random.Generator, split: Split) -> _Told:
    """A holder starts with a number and gains or loses two or three times; never fewer than one is left."""

    def frames() -> tuple[int, ...]:
        steps = rng.integers(len(_CHANGES), size=int(rng.integers(2, 4)))
        return (int(rng.integers(len(_OPENERS))), *map(int, steps), int(rng.integers(len(_ENDS))))

    template = _dealt(split, frames)

    def numbers() -> tuple[int, ...] | None:
        drawn = [_drawn(rng, STARTS), *(sign * _drawn(rng, CHANGES) for sign in _signs(template))]
        return tuple(drawn) if min(itertools.accumulate(drawn)) > 0 else None

    operands = _dealt(split, numbers)
    name, other = (NAMES[i] for i in rng.permutation(len(NAMES))[:2])
    thing = OBJECTS[int(rng.integers(len(OBJECTS)))]
    return _written(template, operands, name, [other] * len(operands), thing)


def _drawn(rng: np.random.Generator, among: range) -> int:
    return int(rng.integers(among.start, among.stop))


def _signs(template: Sequence[int]) -> list[int]:
    """Whether each change of a template is a gain or a loss."""
    return [1 if step < len(_GAINS) else -1 for step in template[1:-1]]


def _written(
    template: tuple[int, ...], operands: tuple[int, ...], name: str, others: Sequence[str], thing: str
) -> _Told:
    """The story of a template; ``others`` are those whom each change may name. A last frame asks."""
    words, chain, total = [_OPENERS[template[0]].format(n=name, a=operands[0], o=thing)], [], operands[0]
    for step, change, other in zip(template[1:-1], operands[1:], others, strict=False):
        words.append(_CHANGES[step].format(n=name, m=other, b=abs(change), o=thing))
        chain.append(_equation(total, change))
        total += change
    words.append(_ENDS[template[-1]].format(n=name, o=thing))
    return _Told(tuple(words), tuple(chain), total, template, operands)


def _equation(left: int, change: int) -> str:
    return f"{left} {'+' if change >= 0 else '-'} {abs(change)} = {left + change}"
