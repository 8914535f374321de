"""Finding the reader for what a user names, and reading all runs of a file, a folder or a query."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evenhand import extras
from evenhand.errors import DataError, meant
from evenhand.recipes import working
from evenhand.runs.run import Asker, Certainty, Chooser, Options, Reader, Run

GROUP = "evenhand.readers"
"""Entry point group under which installed packages register their readers."""

BUILT_IN = (
    "lm_eval",
    "inspect_ai",
    "helm",
    "every_eval_ever",
    "mlflow",
    "wandb",
    "trackio",
    "tensorboard",
    "trainer_state",
    "tables",
)
"""Readers of evenhand itself: each a module beside this one with a ``READER``."""

ALIASES = {"inspect": "inspect_ai", "lm-eval": "lm_eval", "runs-csv": "tables"}
"""Other names of formats."""

_MOST_DEEP = 8
"""Folders within folders that are looked into."""

_MOST_FILES = 20_000


@dataclass(frozen=True)
class NamedRuns:
    """What was read of one thing that a user named.

    Attributes:
        named: as the user named it.
        runs: what was read.
        passed_over: files of a folder that no reader knows.
    """

    named: str
    runs: tuple[Run, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def formats(self) -> tuple[str, ...]:
        """Names of the formats, each once."""
        return tuple(dict.fromkeys(run.source.format for run in self.runs))


@functools.cache
def readers() -> Mapping[str, Reader]:
    """Name to reader: those of evenhand, then those that installed packages register.

    Raises:
        DataError: a registered reader cannot be imported or is none.
    """
    found: dict[str, Reader] = {}
    for name in BUILT_IN:
        found[name] = importlib.import_module(f"evenhand.runs.{name}").READER
    for entry in extras.registered(GROUP):
        if entry.name in found:
            continue
        try:
            reader = entry.load()
        except Exception as error:
            raise DataError(
                f"The reader '{entry.name}' of {entry.value} cannot be used: {type(error).__name__}: {error}."
            ) from error
        if not isinstance(reader, Reader):
            raise DataError(
                f"The reader '{entry.name}' cannot be used: {entry.value} is a {type(reader).__name__}; expected "
                "something with name, about, recognises(path) and read(path, options)."
            )
        found[entry.name] = reader
    return found


def named(name: str) -> Reader:
    """A reader by its name.

    Raises:
        DataError: there is none of that name.
    """
    found = readers().get(ALIASES.get(name, name))
    if found is None:
        likely = meant(name, readers())
        told = f"{likely} Evenhand reads" if likely else "; evenhand reads"
        raise DataError(f"There is no format '{name}'{told}: {', '.join(readers())}.")
    return found


def recognised(path: Path) -> tuple[Certainty, Reader | None]:
    """The reader that is surest of a file or folder; the first one where several are equally sure."""
    best: tuple[Certainty, Reader | None] = (Certainty.NO, None)
    for reader in readers().values():
        certainty = reader.recognises(path)
        if certainty > best[0]:
            best = (certainty, reader)
    return best


def is_query(text: str) -> bool:
    """Whether a text asks a tracker (``mlflow:...``) and is no path."""
    name, colon, _ = text.partition(":")
    return bool(colon) and name in readers() and not Path(text).exists()


def read_runs(text: str, format_: str = "", options: Options | None = None) -> NamedRuns:
    """Read all runs of a file, a folder or a query.

    Args:
        text: a path, a path with ``#MODEL`` behind it that picks the runs of one model, or ``TRACKER:QUERY``.
        format_: name of the format where it is not to be recognised.
        options: what the files do not say themselves.

    Raises:
        DataError: there is nothing there, nothing that a reader knows, or something that cannot be trusted.
    """
    options = options or Options()
    if is_query(text):
        return _asked(text, options)
    name, model = split_model(text)
    path = Path(name).expanduser()
    if not path.exists():
        raise DataError(f"There is no {text}: neither a file nor a folder, nor a query to a tracker (TRACKER:QUERY).")
    given = named(format_) if format_ else None
    options = replace(options, picked=model)
    runs, passed = (_read_folder if path.is_dir() else _read_file)(path, given, options)
    if model:
        known = tuple(dict.fromkeys(run.model for run in runs))
        runs = [run for run in runs if run.model == model]
        if not runs:
            raise DataError(f"{path} has no runs of the model '{model}'; it has: {', '.join(known)}.")
    if not runs:
        held = f" It holds {', '.join(passed[:5])}." if passed else ""
        raise DataError(f"{path} holds no runs in a format that evenhand reads ({', '.join(readers())}).{held}")
    return NamedRuns(text, tuple(runs), tuple(passed))


def split_model(text: str) -> tuple[str, str]:
    """A path and the model that is picked of it."""
    if Path(text).expanduser().exists() or "#" not in text:
        return text, ""
    name, _, model = text.rpartition("#")
    return name, model


def _asked(text: str, options: Options) -> NamedRuns:
    name, _, query = text.partition(":")
    reader = named(name)
    if not isinstance(reader, Asker):
        raise DataError(f"'{text}' cannot be asked: {name} is read from files; name a file or a folder.")
    runs = reader.ask(query, options)
    if not runs:
        raise DataError(f"'{text}' finds no runs.")
    return NamedRuns(text, tuple(runs))


def _read_file(path: Path, given: Reader | None, options: Options) -> tuple[list[Run], list[str]]:
    reader = given or recognised(path)[1] or (named("tables") if options.columns else None)
    if reader is None:
        raise DataError(
            f"{path} is in no format that evenhand reads ({', '.join(readers())}); name its format with --format."
        )
    return reader.read(path, options), []


def _read_folder(path: Path, given: Reader | None, options: Options) -> tuple[list[Run], list[str]]:
    """All runs inside a folder; tables, in which anything may stand, only where nothing else is there."""
    found = list(_inside(path, given, 0))
    surest = max((certainty for _, certainty, _ in found), default=Certainty.NO)
    least = Certainty.LIKELY if surest >= Certainty.LIKELY else Certainty.PERHAPS
    choosers = {reader.name: reader for _, _, reader in found if isinstance(reader, Chooser)}
    counting = {
        (name, path)
        for name, reader in choosers.items()
        for path in reader.chosen([here for here, _, one in found if one is reader])
    }
    runs: list[Run] = []
    passed: list[str] = []
    for number, (here, certainty, reader) in enumerate(found):
        working.tell(f"reading {path.name}", number, len(found))
        if reader is None or certainty < least:
            passed.append(str(here.relative_to(path)))
        elif reader.name not in choosers or (reader.name, here) in counting:
            runs.extend(reader.read(here, options))
    return runs, passed


def _inside(path: Path, given: Reader | None, depth: int) -> Iterator[tuple[Path, Certainty, Reader | None]]:
    """What a folder holds, in the order of names: folders that are a run themselves, and files.

    Raises:
        DataError: a folder cannot be read, or holds too many files.
    """
    certainty, reader = recognised(path) if given is None else (given.recognises(path), given)
    if certainty >= Certainty.LIKELY or path.is_file():
        yield path, certainty, reader if certainty > Certainty.NO else None
    elif depth < _MOST_DEEP:
        try:
            inner = sorted(path.iterdir())
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
        if len(inner) > _MOST_FILES:
            raise DataError(f"{path} holds more than {_MOST_FILES:,} files; name a folder further down.")
        for one in inner:
            if not one.name.startswith(".") and not (one.is_symlink() and one.is_dir()):
                yield from _inside(one, given, depth + 1)
