"""What a tracker is: four calls. Packages add theirs under the entry point ``evenhand.trackers``."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Collection
from typing import Any, Protocol

from evenhand.errors import DataError, EvenhandError
from evenhand.extras import registered
from evenhand.trackers.entries import TrialEntry, VerdictEntry

GROUP = "evenhand.trackers"
"""Entry points: name to a callable ``(target, claim) -> Tracker``."""

OWN = {
    "mlflow": ("evenhand.trackers.mlflow", "mlflow"),
    "wandb": ("evenhand.trackers.wandb", "wandb"),
    "trackio": ("evenhand.trackers.trackio", "trackio"),
    "tensorboard": ("evenhand.trackers.tensorboard", "tensorboard"),
}
"""Name to the module here, whose ``open_tracker`` opens it, and the package it needs."""


class Tracker(Protocol):
    """A place to which trials and verdicts are written. Each call may fail, hang or be interrupted at any point."""

    def known(self) -> Collection[str]:
        """Keys of the entries that are there in full."""

    def trial(self, entry: TrialEntry) -> None:
        """Write a trial as a run."""

    def verdict(self, entry: VerdictEntry) -> None:
        """Write the verdicts, with the report where there is one."""

    def close(self) -> None:
        """All that was written is out."""


Opener = Callable[[str, str], Tracker]


def names() -> list[str]:
    """The trackers that may be named."""
    return sorted({*OWN, *(entry.name for entry in registered(GROUP))})


def opener(spec: str) -> tuple[Opener, str]:
    """What opens a tracker, and its target: ``mlflow:http://host:5000`` is ``mlflow`` and the address.

    Raises:
        DataError: no tracker of this name, its package is not installed, or it cannot be imported.
    """
    name, _, target = spec.partition(":")
    entries = {entry.name: entry for entry in registered(GROUP)}
    try:
        if name in OWN:
            module, package = OWN[name]
            importlib.import_module(package)
            found: Opener = importlib.import_module(module).open_tracker
            return found, target
        if name in entries:
            loaded: Opener = entries[name].load()
            return loaded, target
    except EvenhandError:
        raise
    except ImportError as error:
        cure = f"install it with `pip install 'evenhand[{name}]'`" if name in OWN else "install what is missing"
        raise DataError(f"The tracker '{name}' cannot be used ({error}); {cure}.") from error
    except Exception as error:
        raise DataError(f"The tracker '{name}' cannot be used: {type(error).__name__}: {error}") from error
    raise DataError(f"There is no tracker '{name}'; there are {', '.join(names())}.")


def check(spec: str) -> None:
    """Refuse what cannot be a tracker, before anything runs; nothing heavy is imported.

    Raises:
        DataError: no tracker of this name, or its package is not installed.
    """
    name = spec.partition(":")[0]
    if name not in names():
        raise DataError(f"There is no tracker '{name}'; there are {', '.join(names())}.")
    if name in OWN and importlib.util.find_spec(OWN[name][1]) is None:
        raise DataError(f"The tracker '{name}' needs its package; install it with `pip install 'evenhand[{name}]'`.")


def fault_words(error: BaseException) -> str:
    """A fault of somebody else's package as one line."""
    words: Any = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0][:300]}" if words else type(error).__name__
