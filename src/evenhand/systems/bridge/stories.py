"""Generated arithmetic stories with equation chains: the embedded task, with splits disjoint by template and operands.

``transport``: one story of two or three steps; the source reads all of it, the target nothing.
``split``: such a story cut in two; the source reads how it begins, the target how it goes on and what is asked; neither
can answer alone.

A template is the tuple of sentence frames of a story. Templates and operand tuples are both dealt out to the splits by
hash, and a story belongs to a split only where both agree, so that no split shares a template or operands with another.
Both kinds are dealt alike: a story that tests one kind trains nobody as the other.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from evenhand.errors import DataError
from evenhand.systems.bridge.items import Item

Kind = Literal["transport", "split"]
Split = Literal["train", "dev", "test"]

NAMES = ("Ada", "Ben", "Cora", "Dan", "Eve", "Finn", "Gus", "Hana")
OBJECTS = ("apples", "books", "coins", "eggs", "shells", "stamps")

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

_SHARES = {"train": (0.0, 0.7), "dev": (0.7, 0.8), "test": (0.8, 1.0)}


def split_of(key: str) -> Split:
    """The split that a template or operand tuple is dealt to: 70 % train, 10 % dev, 20 % test, by hash."""
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48
    return "train" if place < _SHARES["train"][1] else "dev" if place < _SHARES["dev"][1] else "test"


def generate(kind: Kind, split: Split, count: int, rng: np.random.Generator) -> list[Item]:
    """``count`` distinct stories of a split.

    Raises:
        DataError: the split has not so many stories.
    """
    draw = _transport if kind == "transport" else _split_information
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


def _dealt(split: Split, draw: Callable[[], T | None]) -> T:
    """Draw until something comes that is dealt to the split; None is drawn again."""
    while True:
        drawn = draw()
        if drawn is not None and split_of(f"story/{drawn}") == split:
            return drawn


@dataclass(frozen=True)
class _Told:
    """A whole story: a sentence for its beginning, for each change and for the question, and what leads to the gold."""

    sentences: tuple[str, ...]
    chain: tuple[str, ...]
    gold: int
    template: tuple[int, ...]
    operands: tuple[int, ...]

    def cut(self, kind: Kind, place: int) -> Item:
        """The item whose source reads the sentences before ``place``, and whose target is asked the others."""
        facts, question = " ".join(self.sentences[:place]), " ".join(self.sentences[place:])
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


def _tell(rng: np.random.Generator, split: Split) -> _Told:
    """A holder starts with a number and gains or loses two or three times; never fewer than one is left."""

    def frames() -> tuple[int, ...]:
        steps = rng.integers(len(_CHANGES), size=int(rng.integers(2, 4)))
        return (int(rng.integers(len(_OPENERS))), *map(int, steps), int(rng.integers(len(_ENDS))))

    template = _dealt(split, frames)
    signs = [1 if step < len(_GAINS) else -1 for step in template[1:-1]]

    def numbers() -> tuple[int, ...] | None:
        drawn = [int(rng.integers(5, 31)), *(sign * int(rng.integers(2, 10)) for sign in signs)]
        return tuple(drawn) if min(itertools.accumulate(drawn)) > 0 else None

    operands = _dealt(split, numbers)
    name, other = (NAMES[i] for i in rng.permutation(len(NAMES))[:2])
    thing = OBJECTS[int(rng.integers(len(OBJECTS)))]
    words, chain, total = [_OPENERS[template[0]].format(n=name, a=operands[0], o=thing)], [], operands[0]
    for step, change in zip(template[1:-1], operands[1:], strict=True):
        words.append(_CHANGES[step].format(n=name, m=other, b=abs(change), o=thing))
        chain.append(_equation(total, change))
        total += change
    words.append(_ENDS[template[-1]].format(n=name, o=thing))
    return _Told(tuple(words), tuple(chain), total, template, operands)


def _equation(left: int, change: int) -> str:
    return f"{left} {'+' if change >= 0 else '-'} {abs(change)} = {left + change}"
