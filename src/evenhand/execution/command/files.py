"""The files behind a command line of the recipe ``command``: what it names, and what that imports."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.errors import DataError
from evenhand.execution import sources
from evenhand.execution.command import templates
from evenhand.execution.command.settings import CommandSettings
from evenhand.execution.imports import module_files, with_local_imports
from evenhand.files import file_hash

_PATH = "PYTHONPATH"


def program_fingerprint(settings: Mapping[str, Any], folder: Path) -> str:
    """Hash of the files that a command line names, so that changed programs are not taken for old ones."""
    parts = []
    for argument in settings.get("argv") or words_of(settings.get("shell", "")):
        path = folder / argument
        if path.is_file():
            parts.append(f"{argument}={file_hash(path)[:16]}")
    return " ".join(parts)


def words_of(line: str) -> tuple[str, ...]:
    """The words of a line for a shell, as far as they can be told apart."""
    try:
        return tuple(shlex.split(line, comments=True))
    except ValueError:
        return tuple(line.split())


def named_words(settings: CommandSettings, folder: Path) -> tuple[str, ...]:
    """The words of the command line in which files may be named: those of the shell's line, the settings filled in."""
    words = settings.argv
    if settings.shell:  # an interpreter may stand anywhere in it
        words = tuple(word for word in words_of(settings.shell) if not Path(word).is_absolute())
    return tuple(templates.fill_known(word, settings.values).replace("{folder}", str(folder)) for word in words)


@dataclass(frozen=True)
class Places:
    """Where the files behind a command line are looked for.

    Attributes:
        folder: of the claim.
        cwd: the folder that the program is started in.
        modules: folders in which Python finds its modules besides.
    """

    folder: Path
    cwd: Path
    modules: tuple[Path, ...] = ()

    @property
    def words(self) -> tuple[Path, ...]:
        """To what the words of the command line are relative."""
        return tuple(dict.fromkeys((self.cwd, self.folder)))

    @property
    def roots(self) -> tuple[Path, ...]:
        """Below which modules stand that the program can import."""
        return tuple(dict.fromkeys((self.cwd, *self.modules, self.folder)))


def places_of(settings: CommandSettings, folder: Path) -> Places:
    """Where the files behind a command line are looked for; a trial's own folder holds nothing before it runs."""

    def filled(text: str) -> str:
        return templates.fill_known(text, settings.values).replace("{folder}", str(folder))

    cwd = folder if "{workdir}" in settings.cwd else folder / filled(settings.cwd)
    words = settings.argv or words_of(settings.shell)
    given = [settings.environment.get(_PATH, ""), *map(_assigned, words)]
    told = [cwd / place for text in given for place in filled(text).split(os.pathsep) if place]
    # What the lab was started with may be all of a machine's; the claim's own checkout is what can change under it.
    top = sources.top_of(folder)
    inherited = [Path(place).resolve() for place in os.environ.get(_PATH, "").split(os.pathsep) if place]
    own = [place for place in inherited if place.is_relative_to(top)]
    return Places(folder, cwd, tuple(place for place in (*told, *own) if sources.is_local(f"{place.resolve()}/x.py")))


def _assigned(word: str) -> str:
    """What a word of a command line sets the module path to, or nothing."""
    name, _, value = word.partition("=")
    return value if name == _PATH else ""


def program_files(argv: Sequence[str], files: Sequence[str], places: Places) -> list[Path]:
    """The files behind a command line: those that it names (after an ``=`` too), the module after ``-m``, those listed.

    What local modules the Python files among them import belongs to them. An interpreter named by its path does not.
    """
    found = [places.folder / name for name in files]
    for place, argument in enumerate(argv):
        for text in (argument, argument.partition("=")[2]):
            if text and (place > 0 or not Path(text).is_absolute()):
                found += [path for path in (base / text for base in places.words) if path.is_file()][:1]
        module = argument.removeprefix("-m") if re.fullmatch(r"-m[A-Za-z_][\w.]*", argument) else ""
        if argument in ("-m", "--module") and place + 1 < len(argv):
            module = argv[place + 1]
        if module:
            found += module_files(f"{module}.__main__", places.roots) or module_files(module, places.roots)
    folders = [path for path in found if path.is_dir()]
    return [*with_local_imports([path for path in found if not path.is_dir()], places.roots), *folders]


def program_hashes(argv: Sequence[str], files: Sequence[str], places: Places) -> dict[str, str]:
    """Hashes of the files behind a command line; the state of the git checkout where there is no such file.

    Raises:
        DataError: a file of ``settings.files`` is not there.
    """
    folder = places.folder
    for name in files:
        if not (folder / name).exists():
            raise DataError(f"There is no {name} in {folder}, which `files` in the settings names; mend the path.")
    found = sources.hashes_of(program_files(argv, files, places), folder)
    if found:
        return found
    state = sources.checkout_hash(folder)
    return {} if state is None else {sources.GIT: state}
