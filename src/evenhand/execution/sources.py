"""What code a trial ran: the local files that its process imported, or that stand behind its command line, by hash.

A file counts where it is neither part of an installed distribution nor of Python nor of the lab. It is named relative
to the top of the git checkout that holds the claim's folder (to that folder, where there is no checkout). What is
installed is known by its version alone.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from evenhand.execution.imports import top_level_imports
from evenhand.files import file_hash, folder_hash
from evenhand.recipes import catalogue
from evenhand.recipes.trial import Trial

CHANGED = "changed while it ran: "
"""Before the hash of a file that was written after the process began: what ran may have been the old one."""

GIT = "git checkout"
"""Key under which the state of the checkout stands for a command line behind which no file was found."""

PACKAGE = "package "
"""Before the name of an installed distribution in the place of a file; its version stands for its hash."""

_COARSE_NANOSECONDS = 20_000_000
"""Times of files are taken from a clock that lags by up to a tick."""

_LAB = str(Path(__file__).resolve().parents[1]) + os.sep
_PYTHON = tuple(
    {found(sysconfig.get_path(key)) + os.sep for key in ("stdlib", "platstdlib") for found in (os.path.realpath, str)}
)
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


class Process:
    """What this process has imported, each file hashed once: as soon after its import as somebody looks.

    The fork server looks after its imports, so that its children know what they were forked with, whatever has become
    of the files meanwhile.
    """

    def __init__(self) -> None:
        self.began = time.time_ns() - _COARSE_NANOSECONDS
        self.taken: dict[str, str] = {}

    def begin(self) -> None:
        """A child begins: what it imports from now on is as the files are from now on."""
        self.began = time.time_ns() - _COARSE_NANOSECONDS

    def look(self) -> dict[str, str]:
        """Module name to path of all local modules, with their hashes taken."""
        found = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__dict__", {}).get("__file__")
            if isinstance(file, str) and is_local(file):
                path = os.path.realpath(file)
                if path not in self.taken:
                    self.taken[path] = self._hash(path)
                found[name] = path
        return found

    def _hash(self, path: str) -> str:
        try:
            state = Path(path).stat()
            digest = file_hash(Path(path))
        except OSError:
            return CHANGED + "gone"
        # The time of change is the kernel's own; the time of writing can be set, and lie in the future for good.
        return digest if state.st_ctime_ns < self.began else CHANGED + digest


PROCESS = Process()
"""Of this process, as ``sys.modules`` is."""


def now(path: str) -> str:
    """The hash of a file as it is now."""
    try:
        return file_hash(Path(path))
    except OSError:
        return CHANGED + "gone"


def is_local(file: str) -> bool:
    """Whether a file is neither installed nor part of Python or of the lab."""
    if not file.startswith(os.sep) or _INSTALLED.search(file) or file.startswith((_LAB, *_PYTHON)):
        return False
    path = os.path.realpath(file)
    return not (_INSTALLED.search(path) or path.startswith((_LAB, *_PYTHON)))


@functools.cache
def top_of(folder: Path) -> Path:
    """The top of the git checkout that holds a folder, else the folder."""
    here = folder.resolve()
    return next((path for path in (here, *here.parents) if (path / ".git").exists()), here)


def key_of(path: str | Path, top: Path) -> str:
    """Name of a file in records: its path relative to the top, with forward slashes."""
    return Path(os.path.relpath(path, top)).as_posix()


def code_of(trial: Trial, folder: Path) -> dict[str, str]:
    """Local files that the present process has imported for a trial, to their hashes.

    A recipe that is installed and declares no version brings the version of its distribution too.
    """
    if trial.recipe == catalogue.COMMAND:
        return {}
    top, module = top_of(folder), _module_of(trial.recipe)
    owner, declared = _distribution(module), trial.fingerprint.startswith("version ")
    modules = PROCESS.look()
    if declared and (owner or trial.recipe in _registered()):
        # An installed recipe that declares its version answers for its own package with it.
        own = module.partition(".")[0]
        modules = {name: path for name, path in modules.items() if name.partition(".")[0] != own}
    code = {key_of(path, top): PROCESS.taken[path] for path in modules.values()}
    version = None if declared else _version(owner)
    return code | ({} if version is None else {PACKAGE + owner: version})


def packages_of(trial: Trial) -> dict[str, str]:
    """Versions of the installed distributions that a trial's code imports directly, and of the recipe's own."""
    if trial.recipe == catalogue.COMMAND:
        return {}
    module = _module_of(trial.recipe)
    source = getattr(sys.modules.get(module), "__file__", None)
    return _versions([*PROCESS.look().values(), *([source] if source else [])], _distribution(module))


def prepare() -> None:
    """Look at what is imported by now, before children are forked, so that none of them has to."""
    _versions(PROCESS.look().values(), "")
    _registered()


@functools.cache
def _registered() -> Mapping[str, str]:
    return catalogue.registered()


def _module_of(reference: str) -> str:
    return _registered().get(reference, reference).partition(":")[0]


def _versions(files: Iterable[str], owner: str) -> dict[str, str]:
    names = {name for file in set(files) for name in top_level_imports(file)} & sys.modules.keys()
    owners = sorted({owner, *(_distribution(name) for name in names)})
    return {name: version for name in owners if (version := _version(name)) is not None}


@functools.cache
def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution) if distribution else None
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.cache
def _distribution(module: str) -> str:
    """The distribution that an installed module belongs to, or empty. Most are called as their module is."""
    name = module.partition(".")[0]
    file = getattr(sys.modules.get(name), "__file__", None)
    if name in sys.stdlib_module_names or not isinstance(file, str) or is_local(file):
        return ""
    if _version(name) is not None:
        return name
    return next(iter(catalogue.distributions_of(name)), "")


def code_hash(path: Path) -> str:
    """Hash of a file, or of all that is in a folder but compiled files."""
    return folder_hash(path, ("__pycache__", ".git")) if path.is_dir() else file_hash(path)


def checkout_hash(folder: Path) -> str | None:
    """Commit of the checkout that holds a folder and what differs from it in tracked files; None without a checkout."""
    parts = []
    for arguments in (("rev-parse", "HEAD"), ("diff", "HEAD", "--no-ext-diff", "--binary")):
        try:
            done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode != 0:
            return None
        parts.append(done.stdout)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def hashes_of(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Files (folders end in a slash) by their names in records; one that is gone has no entry."""
    top = top_of(folder)
    return {key_of(path, top) + ("/" if path.is_dir() else ""): code_hash(path) for path in files if path.exists()}


def changed_between(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """What was taken before a program ran, with what changed until its end marked."""
    return {
        key: digest if after.get(key) == digest else CHANGED + after.get(key, "gone") for key, digest in before.items()
    }
