"""Finding recipes, by entry point, ``package.module:callable`` or built in, and their exhibits."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.metadata
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand import extras
from evenhand.errors import RecipeError, meant
from evenhand.extras import cure_of
from evenhand.recipes import local_modules
from evenhand.recipes.contract import Recipe, RecipeInfo, settings_class

if TYPE_CHECKING:
    from evenhand.recipes.exhibit import ExhibitFunction, RecallFunction

GROUP = "evenhand.recipes"
"""Entry point group under which installed packages register their recipes."""

COMMAND = "command"
"""Reference of the recipe that runs any command line."""

RUNS = "runs"
"""Reference of the recipe that reads what other programs left behind."""

BUILT_IN = {COMMAND: "evenhand.execution.command.recipe:run", RUNS: "evenhand.runs.recipe:run"}
"""Recipes of evenhand itself. Nothing that is installed takes their place; to find them, nothing is looked through."""

_importing: list[str] = []
"""Modules that this process is importing for a recipe."""


@dataclass(frozen=True)
class Listing:
    """A recipe that is installed: its name, where it comes from, its first line of documentation or its fault."""

    name: str
    target: str
    about: str
    fault: str = ""


@functools.cache
def _entries() -> dict[str, importlib.metadata.EntryPoint]:
    """The entry points of recipes; read once, since trials are forked from a process that has read them."""
    return {e.name: e for e in extras.registered(GROUP)}


def registered() -> dict[str, str]:
    """Name to ``module:callable`` of every installed recipe, the built-in ones first."""
    return BUILT_IN | {name: entry.value for name, entry in _entries().items() if name not in BUILT_IN}


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
    """Import a recipe: an installed one by its name, or a callable of a module.

    Modules beside the claim file are looked for only where the recipe is not an installed one, and after all that is
    installed: a file beside a claim never stands in for an installed module.

    Args:
        reference: an installed recipe's name, or ``package.module:callable``.
        folder: the claim's folder; modules beside the claim file can be imported.

    Raises:
        RecipeError: no such recipe, it cannot be imported, or it breaks the recipe contract.
    """
    # Names have no colon: to import a callable, all that is installed need not be looked through.
    known = BUILT_IN if reference in BUILT_IN or ":" in reference else registered()
    target = known.get(reference, reference)
    module_name, colon, attribute = target.partition(":")
    if not colon or not module_name or not attribute:
        names = ", ".join(known)
        raise RecipeError(
            f"There is no recipe '{reference}'{meant(reference, known) or '.'} Installed recipes: {names}. "
            "Your own are named as package.module:callable, beside the claim file or installed."
        )
    if module_name == "__main__":
        raise RecipeError(
            f"The recipe '{reference}' stands in the notebook or script itself, where the processes that run trials "
            "cannot import it. Put it into a file beside the claim (in a notebook, a cell that begins with "
            f'`%%writefile my_recipe.py`) and name it in the claim: recipe = "my_recipe:{attribute}".'
        )
    beside_claim = None if reference in known else folder
    function = _import(f"The recipe '{reference}'", module_name, attribute, beside_claim)
    info = getattr(function, "__evenhand_recipe__", RecipeInfo())
    settings = settings_class(function, reference)
    return Recipe(reference, function, settings, info, _fingerprint(function, info), _origin(reference, function))


def check_reachable(recipe: Recipe, folder: Path) -> None:
    """Refuse a recipe that this process can import and the processes of trials cannot.

    A notebook or script finds modules in its own folder, or wherever it has told Python to look.

    Raises:
        RecipeError: says where it stands, and where it should.
    """
    module_name = registered().get(recipe.reference, recipe.reference).partition(":")[0]
    if recipe.reference in registered() or local_modules.is_local(module_name, folder):
        return
    if not local_modules.is_installed(module_name.partition(".")[0]):
        raise RecipeError(
            f"The recipe '{recipe.reference}' stands in {inspect.getsourcefile(inspect.unwrap(recipe.run))}, where the "
            f"processes that run trials do not look: only beside the claim, in {folder}, and among installed packages. "
            "Put the file beside the claim, or the claim beside the file."
        )


def is_importing() -> bool:
    """Whether a recipe is being imported now: code that then starts a run would start itself."""
    return bool(_importing)


def _origin(reference: str, function: Any) -> str:
    """Whose code a recipe is: an installed package with its version, or the file."""
    if reference == COMMAND:
        return "the command line that the claim gives"
    if reference == RUNS:
        return "evenhand, which reads the runs that the claim names"
    entry = _entries().get(reference)
    if entry is not None and entry.dist is not None:
        return f"installed package {entry.dist.name} {entry.dist.version}"
    source = inspect.getsourcefile(inspect.unwrap(function))
    if source is None:
        return "unknown place"
    top = str(getattr(function, "__module__", "")).partition(".")[0]
    names = distributions_of(top) if "site-packages" in source else ()
    if names:
        return f"installed package {names[0]} {importlib.metadata.version(names[0])}"
    return f"file {source}"


def distributions_of(module: str) -> Sequence[str]:
    """Names of the installed distributions that a top-level module belongs to.

    For it Python reads what every distribution has installed, which takes half a second where there are many: done
    once, until something is installed or the path is another. Processes that are forked know it from their parent.
    """
    return _distributions(tuple((folder, _written(folder)) for folder in sys.path)).get(module, ())


@functools.lru_cache(maxsize=4)
def _distributions(path: tuple[tuple[str, int], ...]) -> Mapping[str, list[str]]:
    """Module to distributions, for folders of the path and when each was last written."""
    return importlib.metadata.packages_distributions()


def _written(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def exhibits(recipe: Recipe, folder: Path | None = None) -> ExhibitFunction | None:
    """Import the function that makes a recipe's own part of a report; None where the recipe names none.

    Args:
        recipe: as found.
        folder: the claim's folder; modules beside the claim file can be imported.

    Raises:
        RecipeError: what the recipe names is no ``package.module:function`` or cannot be imported.
    """
    found: ExhibitFunction | None = _named(recipe, "exhibits", recipe.info.exhibits, folder)
    return found


def recalls(recipe: Recipe, folder: Path | None = None) -> RecallFunction | None:
    """Import the function that completes the items of a recipe's early records; raises as :func:`exhibits`."""
    found: RecallFunction | None = _named(recipe, "recalls", recipe.info.recalls, folder)
    return found


def clearing(recipe: Recipe, folder: Path | None = None) -> list[Callable[[], object]]:
    """Import the functions that a recipe names for being called between two trials of one process; raises as
    :func:`exhibits`."""
    return [_named(recipe, "clear", target, folder) for target in recipe.info.clear]


def _named(recipe: Recipe, key: str, target: str | None, folder: Path | None) -> Any:
    """The function that a recipe names under a key of its declaration; None where it names none."""
    if target is None:
        return None
    module_name, colon, attribute = target.partition(":") if isinstance(target, str) else ("", "", "")
    if not colon or not module_name or not attribute:
        raise RecipeError(
            f"The recipe '{recipe.reference}' declares {key}={target!r}; expected the name of a function as "
            "'package.module:function'."
        )
    what = f"The {key} function '{target}' of the recipe '{recipe.reference}'"
    beside_claim = None if recipe.reference in registered() else folder
    return _import(what, module_name, attribute, beside_claim)


def _import(what: str, module_name: str, attribute: str, folder: Path | None) -> Any:
    """A callable of a module, installed or beside the claim; ``what`` begins the sentence where there is none."""
    if folder is None:
        local_modules.remove_folders()
    elif local_modules.is_local(module_name, folder):
        local_modules.append_folder(folder)
    where = f" (looked beside the claim in {folder} and among installed packages)" if folder else ""
    _importing.append(module_name)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            message = f"{what} cannot be imported: there is no module '{error.name}'{where}."
            if module_name.endswith(".py"):
                message += f" A module is named without '.py': '{module_name.removesuffix('.py')}:{attribute}'."
        else:
            cure = cure_of(error)
            message = f"{what} needs the package '{error.name}', which is not installed{': ' * bool(cure)}{cure}."
        message += _taken(folder)
        raise RecipeError(message) from error
    except Exception as error:
        raise RecipeError(
            f"{what} cannot be imported: {type(error).__name__}: {error}. "
            f"Try `python -c 'import {module_name}'` to see where.{_taken(folder)}"
        ) from error
    finally:
        _importing.pop()
    if folder is not None:
        local_modules.note_states(folder)
    function = getattr(module, attribute, None)
    if not callable(function):
        raise RecipeError(f"{what} cannot be used: the module '{module_name}' has no callable '{attribute}'.")
    return function


def _taken(folder: Path | None) -> str:
    """A hint where helpers beside the claim have the names of installed modules, which are imported in their place."""
    names = [] if folder is None else local_modules.taken_names(folder)
    if not names:
        return ""
    files = ", ".join(f"{name}.py" for name in names)
    return f" Beside the claim stand {files}, whose names installed modules have: those are imported. Rename the files."


def _fingerprint(function: Any, info: RecipeInfo) -> str:
    """The declared version, else the hash of the source file: results of changed code are never taken for old ones."""
    if info.version is not None:
        return f"version {info.version}"
    source = inspect.getsourcefile(inspect.unwrap(function))
    if source is None:
        return "unknown"
    return "source " + hashlib.sha256(Path(source).read_bytes()).hexdigest()[:16]
