"""Models that ``evenhand models train`` can make on the spot: installed packages register how.

A package registers a :class:`Trainable` under ``[project.entry-points."evenhand.models"]``; its name is the model's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from evenhand.errors import DataError
from evenhand.extras import cure_of, registered

GROUP = "evenhand.models"
"""Entry point group under which installed packages register models that can be trained."""


@dataclass(frozen=True)
class Order:
    """What is asked of a training.

    Attributes:
        steps: updates in all; None takes the model's own number.
        minutes: after which to save and stop; a later call goes on. None works to the end.
        sources: a folder with the files that it learns from, where they are at hand already.
        again: train it even where a sound one is there, from the beginning.
        say: told what is going on.
    """

    steps: int | None = None
    minutes: float | None = None
    sources: Path | None = None
    again: bool = False
    say: Callable[[str], None] = field(default=lambda text: None)


@dataclass(frozen=True)
class Progress:
    """How far a training came.

    Attributes:
        finished: the model stands in the models folder.
        steps, of: updates done, and in all.
        facts: what was measured, None with a reason under ``<name>_reason`` where it could not be.
    """

    finished: bool
    steps: int
    of: int
    facts: Mapping[str, float | str | None]


class Trainable(Protocol):
    """A model that can be trained here."""

    about: str
    """What it is, in a few words."""

    def train(self, order: Order) -> Progress:
        """Train it, or go on, and put it into the models folder once it is finished.

        Raises:
            DataError: what it learns from cannot be had or is damaged.
        """


def trainable_names() -> tuple[str, ...]:
    """The names of the models that can be trained; nothing is imported."""
    return tuple(dict.fromkeys(entry.name for entry in registered(GROUP)))


def trainable(name: str) -> Trainable:
    """A model that can be trained, by its name.

    Raises:
        DataError: there is none of that name, or its package cannot be imported.
    """
    found = {entry.name: entry for entry in registered(GROUP)}
    if name not in found:
        raise DataError(f"There is no model '{name}' to train; there are: {', '.join(sorted(found)) or 'none'}.")
    try:
        model: Trainable = found[name].load()
    except ModuleNotFoundError as error:
        cure = cure_of(error)
        told = f"the package '{error.name}' is not installed{': ' * bool(cure)}{cure}"
        raise DataError(f"The model '{name}' cannot be trained here: {told}.") from error
    except (ImportError, AttributeError) as error:
        raise DataError(f"The model '{name}' cannot be trained here: {found[name].value} gives {error}.") from error
    return model
