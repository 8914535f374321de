"""A program's own output files as its outcome: found, told from what an earlier attempt left, read, and taken over.

The formats of tables are read here. All others are read by whatever reads runs: an object under the entry point
``evenhand.readers`` with ``read(path, options)``. This floor sees neither its module nor its classes, only the fields
that are named below.
"""

from __future__ import annotations

import contextlib
import glob
import importlib.metadata
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError, EvenhandError, RecipeError
from evenhand.execution.command_settings import Results
from evenhand.execution.item_columns import item_scores
from evenhand.execution.result_tables import TABLES, read_table
from evenhand.files import file_hash
from evenhand.recipes.outcome import ItemScores

GROUP = "evenhand.readers"
"""Entry points of what reads runs."""

State = tuple[int, int, int]


class ReadItems(Protocol):
    """Per-item scores as a reader gives them, a column for each fact."""

    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def scores(self) -> Mapping[str, NDArray[np.float64]]: ...
    @property
    def outputs(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def inputs(self) -> Sequence[str] | None: ...
    @property
    def expected(self) -> Sequence[str] | None: ...
    @property
    def groups(self) -> Sequence[str] | None: ...
    @property
    def clusters(self) -> Sequence[str] | None: ...


class ReadRun(Protocol):
    """What a reader gives of one task."""

    @property
    def items(self) -> ReadItems | None: ...
    @property
    def metrics(self) -> Mapping[str, float]: ...
    @property
    def task(self) -> str: ...


@dataclass(frozen=True)
class ReaderOptions:
    """What a reader is told, as its protocol has it."""

    columns: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    budgets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What a program's files say: metrics, items by metric, and the files with their hashes."""

    metrics: Mapping[str, float]
    items: Mapping[str, ItemScores]
    files: str


def files_at(place: str, base: Path) -> list[Path]:
    """The files that a path stands for: itself, all in a folder, or all that a pattern with ``*`` fits; in order."""
    whole = str(base / place)
    found = glob.glob(whole, recursive=True) if glob.has_magic(place) else [whole]  # noqa: PTH207  it may be absolute
    paths = [Path(name) for name in found]
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return sorted(dict.fromkeys(files))


def states(files: Sequence[Path]) -> dict[Path, State]:
    """What tells whether a file was written anew: time of writing, size, inode."""
    found = {}
    for path in files:
        with contextlib.suppress(OSError):
            state = path.stat()
            found[path] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found


def written_since(before: Mapping[Path, State], place: str, base: Path) -> list[Path]:
    """The files at a path that were not there, or not as they are, before the program began."""
    return [path for path, state in states(files_at(place, base)).items() if before.get(path) != state]


def read_results(how: Results, place: str, base: Path, before: Mapping[Path, State]) -> Found:
    """The metrics and items in the files that a program wrote.

    Args:
        how: format, columns and scores.
        place: the path with its templates filled in.
        base: the program's working folder.
        before: states of the files that were at the path before it began.

    Raises:
        DataError: there are none, they are not sound, or no reader of this format is installed.
        RecipeError: their items cannot be paired.
    """
    files = written_since(before, place, base)
    if not files:
        stale = " What is there was written before it began." if before and files_at(place, base) else ""
        raise DataError(f"the program wrote nothing at {place}.{stale} Mend `results.path`, or what it is told")
    if how.format in TABLES:
        if len(files) > 1:
            names = ", ".join(os.path.relpath(file, base) for file in files[:6])
            raise DataError(f"at {place} are several files ({names}); `results.path` must name one")
        runs: Sequence[ReadRun] = [read_table(files[0], how.format, how.columns, how.scores)]
    else:
        runs = _read_by(how, place, base, files)
    metrics, items = taken_over(runs, how.scores if how.format not in TABLES else {})
    return Found(metrics, items, ", ".join(f"{path.name} {file_hash(path)[:16]}" for path in files[:20]))


def _read_by(how: Results, place: str, base: Path, files: Sequence[Path]) -> Sequence[ReadRun]:
    reader = reader_named(how.format)
    with _only(files, base / place) as path:
        read: Sequence[ReadRun] = reader.read(path, ReaderOptions(columns=dict(how.columns)))
    return read


@contextlib.contextmanager
def _only(files: Sequence[Path], path: Path) -> Iterator[Path]:
    """The path itself where all that it holds was written by this program, else a folder of links to what was."""
    if len(files) == 1:
        yield files[0]
        return
    if path.is_dir() and len(files) == len(files_at(str(path), path)):
        yield path
        return
    top = Path(os.path.commonpath(files))
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            link = Path(folder, file.relative_to(top))
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
        yield Path(folder)


def reader_named(format: str) -> Any:
    """What reads runs of a format.

    Raises:
        DataError: none of this name is installed, or it cannot be imported.
    """
    entries = {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}
    if format not in entries:
        known = ", ".join([*TABLES, *sorted(entries)])
        raise DataError(f"`results.format` is '{format}', which nothing reads; there are {known}")
    try:
        found = entries[format].load()
        return found() if isinstance(found, type) else found
    except EvenhandError:
        raise
    except Exception as error:
        raise DataError(f"the reader '{format}' cannot be imported: {type(error).__name__}: {error}") from error


def taken_over(runs: Sequence[ReadRun], wanted: Mapping[str, str]) -> tuple[dict[str, float], dict[str, ItemScores]]:
    """Runs as the metrics and items of one outcome; with several tasks, each metric as ``task.metric``.

    Args:
        runs: one for each task.
        wanted: metric of the claim to its name in the runs; empty takes all under their own names.

    Raises:
        RecipeError: an item without a score, or two runs of one task.
    """
    tasks = [run.task for run in runs]
    if len(set(tasks)) < len(tasks):
        twice = next(task for task in tasks if tasks.count(task) > 1)
        raise RecipeError(f"The results hold the task '{twice}' twice; which of the two is meant?")
    metrics, items = dict[str, float](), dict[str, ItemScores]()
    for run in runs:
        before = f"{run.task}." if len(runs) > 1 else ""
        if run.items is not None:
            for name in run.items.scores:
                items[before + name] = _scores(before + name, name, run.items)
        metrics |= {before + name: value for name, value in run.metrics.items() if before + name not in items}
    if not wanted:
        return metrics, items
    missing = [name for name in wanted.values() if name not in metrics and name not in items]
    if missing:
        raise RecipeError(
            f"The results have no '{missing[0]}', which `results.scores` names; they have "
            f"{', '.join([*items, *metrics])}."
        )
    return (
        {name: metrics[own] for name, own in wanted.items() if own in metrics},
        {name: items[own] for name, own in wanted.items() if own in items},
    )


def _scores(name: str, own: str, found: ReadItems) -> ItemScores:
    values = np.asarray(found.scores[own], dtype=np.float64)
    return item_scores(
        name, list(found.ids), values.tolist(), outputs=found.outputs.get(own), inputs=found.inputs,
        expected=found.expected, groups=found.groups, clusters=found.clusters,
    )  # fmt: skip
