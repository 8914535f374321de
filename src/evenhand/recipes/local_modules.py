"""Modules beside a claim: found after everything that is installed, so that none can stand in for an installed one.

A claim may come from a stranger, and its folder may hold a ``torch.py`` or a ``json.py``. The folder of a claim is
therefore put behind all other places, only for recipes that live in it, and taken away again for the next claim.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import subprocess
import sys
from pathlib import Path

from evenhand.errors import RecipeError

_folders: list[str] = []
"""Folders of claims that this process has put on the module path; more than one only between two claims."""

_states: dict[str, tuple[str, int, int]] = {}
"""Module to its file, size and time of change as they were when it was first seen here."""


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
        for name in _modules_of(Path(place)):
            _forget(name)


def note_states(folder: Path) -> None:
    """Remember in which state the files of a claim's folder were imported."""
    for name, file in _modules_of(folder).items():
        state = _state(file)
        if state is not None and _states.get(name, ("",))[0] != str(file):
            _states[name] = state


def forget_changed(folder: Path) -> None:
    """Forget the modules of a claim's folder where one of them was changed after it was imported.

    A notebook lives on while its recipes are written; all of them are forgotten, for they hold parts of each other.
    """
    modules = _modules_of(folder)
    if any(name in _states and _states[name] != _state(file) for name, file in modules.items()):
        for name in modules:
            _forget(name)
        importlib.invalidate_caches()


def _forget(name: str) -> None:
    del sys.modules[name]
    _states.pop(name, None)


def _modules_of(folder: Path) -> dict[str, Path]:
    """The imported modules that stand in a folder under their own names, with their files.

    What else lies below it, such as an environment with installed packages, is not the claim's.
    """
    top = str(folder.resolve())
    found = {}
    for name, module in list(sys.modules.items()):
        text = getattr(module, "__file__", None)
        if not isinstance(text, str) or not text.startswith(top):
            continue
        file, stem = Path(text), folder.resolve().joinpath(*name.split("."))
        if file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            found[name] = file
    return found


def _state(file: Path) -> tuple[str, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return str(file), found.st_size, found.st_mtime_ns


def taken_names(folder: Path) -> list[str]:
    """Modules beside a claim that cannot be imported because installed ones have their names."""
    names = sorted({path.stem for path in folder.glob("*.py")})
    return [name for name in names if name.isidentifier() and _installed_place(name, folder) is not None]


def is_installed(top: str) -> bool:
    """Whether a process of its own finds a module of this name: neither the current folder nor a changed path count."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    done = subprocess.run([sys.executable, "-P", "-c", code, top], stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0


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
