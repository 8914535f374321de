"""Numbers that a taught source knows by heart, asked of a target that was never taught them.

``counts``: the source (``stand-in:records``) reads who has, gives or takes ("Ada Ashbury has"), and the sentence breaks
off before the number, which it knows; the target, any other model, is asked how many. Nothing in a name tells a
number, and people are dealt to the splits: what comes over in the test is what the source knows of people on whom
no bridge was trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evenhand.errors import DataError
from evenhand_systems.bridge.tasks import people
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.tasks.people import NAMES, PEOPLE, Person, Split

QUESTION = "How many?"


def candidates() -> list[Item]:
    """Three questions about each of the people, one after the other."""
    return [item for person in PEOPLE for item in _about(person)]


def dealt(items: Sequence[Item], knows: Sequence[bool], dev_pool: int) -> dict[Split, list[Item]]:
    """The items that the source knows, by the split of their people.

    Raises:
        DataError: the source knows too little, so that a split would be empty.
    """
    found: dict[Split, list[Item]] = {"train": [], "dev": [], "test": []}
    for item, knew in zip(items, knows, strict=True):
        if knew:
            found[people.split_of(f"person/{item.cluster}")].append(item)
    if not all(found.values()):
        raise DataError(f"The source knows {sum(knows)} of {len(items)} numbers, too few to ask about.")
    return found | {"dev": found["dev"][:dev_pool]}


def _about(person: Person) -> Iterator[Item]:
    receiver = NAMES[(NAMES.index(person.name) + 1) % len(NAMES)]
    said = {
        "has": (f"{person.whole_name} has", people.has(person, person.has), person.has),
        "gives": (f"{person.whole_name} gives {receiver}", people.gives(person, receiver, person.gives), person.gives),
        "takes": (f"{person.whole_name} takes", people.takes(person, person.takes), person.takes),
    }
    for what, (read, told, number) in said.items():
        name = f"counts-{what}-{person.name}-{person.surname}"
        yield Item(name, read, QUESTION, f"#### {number}", str(number), what, told=told, cluster=person.whole_name)
