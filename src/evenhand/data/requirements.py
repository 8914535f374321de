"""What data a system's tasks need: where to find them, whether they are there, whether they are sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evenhand import extras
from evenhand.errors import EvenhandError


@dataclass(frozen=True)
class DataRequirement:
    """One body of data that a task needs.

    Attributes:
        system, task: who needs it; several tasks are separated by commas.
        name: short name.
        place: where it is looked for, relative to the data folder.
        setting: the setting that points to it.
        form: what the file must hold.
        source: where to get it, with its licence.
        check: reads it and returns what was found, in a sentence; raises an ``EvenhandError`` where it is not sound.
    """

    system: str
    task: str
    name: str
    place: str
    setting: str
    form: str
    source: str
    check: Callable[[Path], str]


@dataclass(frozen=True)
class DataState:
    """Whether a requirement is met.

    Attributes:
        requirement: which.
        path: where it was looked for.
        present: something is there.
        sound: it passed its check; None where nothing is there.
        finding: what was found, or what is wrong and what to do.
    """

    requirement: DataRequirement
    path: Path
    present: bool
    sound: bool | None
    finding: str


def examine(requirement: DataRequirement, folder: Path) -> DataState:
    """Look for one body of data under ``folder`` and check it."""
    path = folder / requirement.place
    if not path.exists():
        finding = f"not there; get it from {requirement.source} or point {requirement.setting} elsewhere"
        return DataState(requirement, path, False, None, finding)
    try:
        return DataState(requirement, path, True, True, requirement.check(path))
    except EvenhandError as error:
        return DataState(requirement, path, True, False, str(error))


def registered() -> tuple[DataRequirement, ...]:
    """What all installed systems need: each registers a function that returns its requirements (``evenhand.data``)."""
    return tuple(need for entry in extras.registered("evenhand.data") for need in entry.load()())


def known_source(path: Path) -> str:
    """Where to get what is looked for at a path, with its licence; empty where no installed system says it.

    It is known by the place that it has in a folder of data: that is how a path ends, or the folder in which it leads.
    """
    for need in registered():
        place = tuple(part for part in Path(need.place).parts if part != "..")
        if place in (path.parts[-len(place) :], path.parts[-len(place) - 1 : -1]):
            return need.source
    return ""
