"""Finding recipes, by entry point name, ``package.module:callable`` or the built-in ``command``, and their exhibits."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.errors import RecipeError
from evenhand.exhibit import ExhibitFunction
from evenhand.recipe import Recipe, RecipeInfo, settings_class

GROUP = "evenhand.recipes"
"""Entry point group under which installed packages register their recipes."""

COMMAND = "command"
"""Reference of the recipe that runs any command line."""


@dataclass(frozen=True)
class Listing:
    """A recipe that is installed: its name, where it comes from, its first line of documentation or its fault."""

    name: str
    target: str
    about: str
    fault: str = ""


def registered() -> dict[str, str]:
    """Name to ``module:callable`` of every installed recipe, the built-in ``command`` first."""
    entries = importlib.metadata.entry_points(group=GROUP)
    found = {COMMAND: "evenhand.execution.command:run"}
    return found | {entry.name: entry.value for entry in sorted(entries, key=lambda e: e.name)}


def listings() -> list[Listing]:
    """Every installed recipe; one that cannot be imported is listed with its fault."""
    rows = []
    for name, target in registered().items():
        try:
            rows.append(Listing(name, target, find(name).about))
        except RecipeError as error:
            rows.append(Listing(name, target, "", str(error)))
    return rows


def find(reference: str, folder: Path | None = None) -> Recipe:
    """Import a recipe.

    Args:
        reference: an installed recipe's name, or ``package.module:callable``.
        folder: the claim's folder; modules beside the claim file can be imported.

    Raises:
        RecipeError: no such recipe, it cannot be imported, or it breaks the recipe contract.
    """
    known = registered()
    target = known.get(reference, reference)
    module_name, colon, attribute = target.partition(":")
    if not colon or not module_name or not attribute:
        names = ", ".join(known)
        raise RecipeError(
            f"There is no recipe '{reference}'. Installed recipes: {names}. "
            "Your own are named as package.module:callable, beside the claim file or installed."
        )
    function = _import(f"The recipe '{reference}'", module_name, attribute, folder)
    info = getattr(function, "__evenhand_recipe__", RecipeInfo())
    settings = settings_class(function, reference)
    return Recipe(reference, function, settings, info, _fingerprint(function, info))


def exhibits(recipe: Recipe, folder: Path | None = None) -> ExhibitFunction | None:
    """Import the function that makes a recipe's own part of a report; None where the recipe names none.

    Args:
        recipe: as found.
        folder: the claim's folder; modules beside the claim file can be imported.

    Raises:
        RecipeError: what the recipe names is no ``package.module:function`` or cannot be imported.
    """
    target = recipe.info.exhibits
    if target is None:
        return None
    module_name, colon, attribute = target.partition(":") if isinstance(target, str) else ("", "", "")
    if not colon or not module_name or not attribute:
        raise RecipeError(
            f"The recipe '{recipe.reference}' declares exhibits={target!r}; expected the name of a function as "
            "'package.module:function'."
        )
    what = f"The exhibits function '{target}' of the recipe '{recipe.reference}'"
    function: ExhibitFunction = _import(what, module_name, attribute, folder)
    return function


def _import(what: str, module_name: str, attribute: str, folder: Path | None) -> Any:
    """A callable of a module, installed or beside the claim; ``what`` begins the sentence where there is none."""
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    where = f" (looked beside the claim in {folder} and among installed packages)" if folder else ""
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            message = f"{what} cannot be imported: there is no module '{error.name}'{where}."
        else:
            message = f"{what} needs the package '{error.name}', which is not installed."
        raise RecipeError(message) from error
    except Exception as error:
        raise RecipeError(
            f"{what} cannot be imported: {type(error).__name__}: {error}. "
            f"Try `python -c 'import {module_name}'` to see where."
        ) from error
    function = getattr(module, attribute, None)
    if not callable(function):
        raise RecipeError(f"{what} cannot be used: the module '{module_name}' has no callable '{attribute}'.")
    return function


def _fingerprint(function: Any, info: RecipeInfo) -> str:
    """The declared version, else the hash of the source file: results of changed code are never taken for old ones."""
    if info.version is not None:
        return f"version {info.version}"
    source = inspect.getsourcefile(inspect.unwrap(function))
    if source is None:
        return "unknown"
    return "source " + hashlib.sha256(Path(source).read_bytes()).hexdigest()[:16]
