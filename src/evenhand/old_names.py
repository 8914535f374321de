"""Module names of before: recipes and claims that were written with them go on working.

A recipe file says ``from evenhand.recipe import recipe``, a claim ``recipe = "evenhand.systems.bridge.recipes:run"``.
Whoever imports such a name gets the module that took its place, with a warning that names it.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Any

PLACES = {
    "evenhand.recipe": "evenhand.recipes.contract",
    "evenhand.outcome": "evenhand.recipes.outcome",
    "evenhand.trial": "evenhand.recipes.trial",
    "evenhand.exhibit": "evenhand.recipes.exhibit",
    "evenhand.claim": "evenhand.claims.schema",
    "evenhand.verdict": "evenhand.decisions.verdict",
    "evenhand.nn": "evenhand_systems",
    "evenhand.systems": "evenhand_systems",
    "evenhand.systems.future_seed.recipes": "evenhand_systems.future_seed",
    "evenhand.systems.future_seed.recipes.inplace": "evenhand_systems.future_seed.inplace.recipe",
    "evenhand.systems.future_seed.recipes.prompt": "evenhand_systems.future_seed.prompt.recipe",
    "evenhand.systems.future_seed.recipes.retrieval": "evenhand_systems.future_seed.retrieval.recipe",
}
"""Old name to the module that took its place."""

_WHOLE = {"evenhand.systems.": "evenhand_systems.", "evenhand.nn.": "evenhand_systems."}
"""Beginnings of all other old names, and what stands there now."""


def place_of(name: str) -> str | None:
    """The module that took the place of one, or None where the name is no old one."""
    if name in PLACES:
        return PLACES[name]
    return next((new + name.removeprefix(old) for old, new in _WHOLE.items() if name.startswith(old)), None)


class Moved(ModuleType):
    """A module by its old name: whatever it is asked for comes from where it stands now.

    ``evenhand.recipe`` was a module and is a decorator of the front door, too: it can be called as that.
    """

    def __init__(self, name: str, place: str) -> None:
        super().__init__(name)
        self._now = importlib.import_module(place)
        self.__path__: list[str] = []  # what stands below it is found by its old name, too, and never run twice

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._now, self.__name__.rpartition(".")[2])(*args, **kwargs)


class OldNames:
    """Finds and loads modules by their old names, as :mod:`importlib` asks of a finder and of a loader."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Where an old name leads; None for all others."""
        if place_of(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """The module that took its place."""
        place = place_of(spec.name)
        assert place is not None
        warnings.warn(f"{spec.name} is now {place}.", DeprecationWarning, stacklevel=2)
        return Moved(spec.name, place)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to run."""


def install() -> None:
    """Have the old names found; doing so twice changes nothing."""
    if not any(isinstance(finder, OldNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, OldNames())
