"""Who the stories are about, and what a source can know about them by heart.

A person has a first name and a surname. What one has, gives and takes is drawn from a hash of both names: nothing in a
name tells it, and what is known of some people says nothing about the others. Persons are dealt to the splits like
templates and operands, so that a bridge is tested on people that it was not trained on.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Split = Literal["train", "dev", "test"]

NAMES = ("Ada", "Ben", "Cora", "Dan", "Eve", "Finn", "Gus", "Hana")
OBJECTS = ("apples", "books", "coins", "eggs", "shells", "stamps")
SURNAMES = tuple(
    first + second
    for first in ("Ash", "Brad", "Hill", "Lang", "Marl", "North", "Stan", "Wood")
    for second in (
        *("bury", "by", "combe", "dale", "field", "ford", "gate", "ham"),
        *("hurst", "land", "ley", "mont", "more", "stead", "ton", "well"),
    )
)  # fmt: skip

STARTS = range(5, 31)
"""How many things a story can begin with."""
CHANGES = range(2, 10)
"""By how many a sentence can change them."""

_SHARES = {"train": (0.0, 0.7), "dev": (0.7, 0.8), "test": (0.8, 1.0)}


def _place(key: str) -> float:
    """A number in [0, 1) that a key always has."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def split_of(key: str) -> Split:
    """The split that a template, operand tuple or person is dealt to: 70 % train, 10 % dev, 20 % test, by hash."""
    place = _place(key)
    return "train" if place < _SHARES["train"][1] else "dev" if place < _SHARES["dev"][1] else "test"


@dataclass(frozen=True)
class Person:
    """A person, and what there is to be known."""

    name: str
    surname: str

    @property
    def whole_name(self) -> str:
        """As the source reads it."""
        return f"{self.name} {self.surname}"

    @property
    def split(self) -> Split:
        """Where stories about this person belong."""
        return split_of(f"person/{self.whole_name}")

    @property
    def has(self) -> int:
        """How many things this person has."""
        return STARTS[self._drawn("has", len(STARTS))]

    @property
    def thing(self) -> str:
        """What they are."""
        return OBJECTS[self._drawn("thing", len(OBJECTS))]

    @property
    def gives(self) -> int:
        """How many this person gives to anybody."""
        return CHANGES[self._drawn("gives", len(CHANGES))]

    @property
    def takes(self) -> int:
        """How many this person takes from anybody."""
        return CHANGES[self._drawn("takes", len(CHANGES))]

    def _drawn(self, what: str, count: int) -> int:
        return int(_place(f"{what}/{self.whole_name}") * count)


PEOPLE = tuple(Person(name, surname) for name, surname in itertools.product(NAMES, SURNAMES))
PEOPLE_OF: dict[Split, tuple[Person, ...]] = {
    split: tuple(person for person in PEOPLE if person.split == split) for split in get_args(Split)
}


def has(person: Person, count: int | str) -> str:
    """The sentence of what a person has; ``some`` for a count leaves it to be known."""
    return f"{person.whole_name} has {count} {person.thing}."


def gives(person: Person, receiver: str, count: int | str) -> str:
    """The sentence of what a person gives."""
    return f"{person.whole_name} gives {receiver} {count} more."


def takes(person: Person, count: int | str) -> str:
    """The sentence of what a person takes."""
    return f"{person.whole_name} takes {count}."


def known(person: Person, receiver: str) -> Sequence[str]:
    """Everything there is to be known about a person, a sentence each."""
    return (has(person, person.has), gives(person, receiver, person.gives), takes(person, person.takes))


WORDS = ("has", "gives", "more", "takes", "some")
"""Every word of these sentences that is neither name, object nor number."""
