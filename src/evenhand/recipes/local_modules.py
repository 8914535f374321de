"""Modules beside a claim: found after everything that is installed, so that none can stand in for an installed one.

A claim may come from a stranger, and its folder may hold a ``torch.py`` or a ``json.py``. The folder of a claim is
therefore put behind all other places, only for recipes that live in it, and taken away again for the next claim.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
from pathlib import Path

from evenhand.errors import RecipeError

_folders: list[str] = []
"""Folders of claims that this process has put on the module path; more than one only between two claims."""


def is_local(module_name: str, folder: Path) -> bool:
    """Whether a module is one of the claim's folder.

    Raises:
        RecipeError: it is, but an installed module has its name, and would be imported in its place.
    """
    top = module_name.partition(".")[0]
    local = _local_file(top, folder)
    if local is None:
        return False
    taken = _installed_place(top, folder)
    if taken is None:
        return True
    raise RecipeError(
        f"The module '{top}' beside the claim ({local.name}) has the name of one that is installed ({taken}), which "
        f"would be imported in its place. Rename {local.name} and the claim's `recipe`."
    )


def append_folder(folder: Path) -> None:
    """Let modules of a claim's folder be imported, after all installed ones; forget those of other claims' folders."""
    place = str(folder.resolve())
    remove_folders(keep=place)
    if place not in map(_resolved, sys.path):
        sys.path.append(place)
        _folders.append(place)
        importlib.invalidate_caches()


def remove_folders(keep: str = "") -> None:
    """Take the folders of claims off the module path, and forget the modules that came from them."""
    for place in [place for place in _folders if place != keep]:
        _folders.remove(place)
        if place in sys.path:
            sys.path.remove(place)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and Path(file).is_relative_to(place) and not _within_another(Path(file), keep):
                del sys.modules[name]


def taken_names(folder: Path) -> list[str]:
    """Modules beside a claim that cannot be imported because installed ones have their names."""
    names = sorted({path.stem for path in folder.glob("*.py")})
    return [name for name in names if name.isidentifier() and _installed_place(name, folder) is not None]


def _within_another(file: Path, keep: str) -> bool:
    return bool(keep) and file.is_relative_to(keep)


def _local_file(top: str, folder: Path) -> Path | None:
    for candidate in (folder / f"{top}.py", folder / top):
        if candidate.is_file() or (candidate.is_dir() and any(candidate.rglob("*.py"))):
            return candidate
    return None


def _resolved(place: str) -> str:
    return str(Path(place or ".").resolve())


def _installed_place(top: str, folder: Path) -> str | None:
    """Where a module of this name is found without the claim's folder; None where nowhere."""
    if top in sys.builtin_module_names:
        return "built into Python"
    unwanted = {str(folder.resolve()), *_folders}
    before = sys.path[:]
    sys.path[:] = [place for place in before if _resolved(place) not in unwanted]
    try:
        for finder in sys.meta_path:
            found = getattr(finder, "find_spec", None)
            spec: importlib.machinery.ModuleSpec | None = found(top, None) if found else None
            if spec is not None:
                return spec.origin or "an installed package"
    finally:
        sys.path[:] = before
    return None
