"""A program's own output files as its outcome: found, told from what an earlier attempt left, read, and taken over.

What reads them is what reads runs that others made (:mod:`evenhand.runs`): a script's results mean the same whether
evenhand started it or not. Readers that packages register serve here, too.
"""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.errors import DataError, Diverged
from evenhand.execution.command.numbers import NUMBERS, STDOUT, numbers_of, read_numbers
from evenhand.execution.command.settings import Results
from evenhand.execution.command.tables import TABLES, read_table
from evenhand.files import file_hash
from evenhand.recipes.outcome import ItemScores
from evenhand.runs.arms import ArmRuns, gather
from evenhand.runs.recipe import RunsSettings, arm_outcome
from evenhand.runs.run import Options

State = tuple[int, int, int]


@dataclass(frozen=True)
class ProgramResults:
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


def read_results(
    how: Results, place: str, base: Path, before: Mapping[Path, State], printed: str = ""
) -> ProgramResults:
    """The metrics and items in the files that a program wrote.

    Args:
        how: format, columns and scores.
        place: the path with its templates filled in.
        base: the program's working folder.
        before: states of the files that were at the path before it began.
        printed: the JSON object that it printed last, or empty.

    Raises:
        DataError: there are none, they are not sound, cannot be trusted, or are in a format that nothing reads.
        Diverged: a metric is NaN or infinite.
    """
    if how.path == STDOUT:
        return _printed(how, printed)
    files = written_since(before, place, base)
    if not files:
        stale = " What is there was written before it began." if before and files_at(place, base) else ""
        cure = _cure(how, printed) or "Mend `results.path`, or what it is told."
        raise DataError(f"the program wrote nothing at {how.path}.{stale} {cure}")
    if how.format in (*TABLES, NUMBERS) and len(files) > 1:
        names = ", ".join(os.path.relpath(file, base) for file in files[:6])
        raise DataError(f"at {how.path} are several files ({names}); `results.path` must name one.")
    told = ", ".join(f"{path.name} {file_hash(path)[:16]}" for path in files[:20])
    if how.format == NUMBERS:
        found = read_numbers(files[0], how.scores.values())
        return ProgramResults(_wanted(found, how.scores, how.path), {}, told)
    arm = _runs(how, files, base / place)
    if len(arm.seeds) > 1:
        raise DataError(
            f"{how.path} holds runs of several training seeds ({', '.join(map(str, arm.seeds))}); a trial is one."
        )
    is_table = how.format in TABLES
    settings = RunsSettings(
        runs=place, task=how.task, metrics={} if is_table else how.scores, allow=how.allow,
        pair_by=how.pair_by or ("id" if is_table else "content"),
    )  # fmt: skip
    outcome = arm_outcome(settings, arm, arm.seeds[0], base)
    return ProgramResults(outcome.metrics, outcome.items, told)


_OUTPUT = "its standard output"


def _printed(how: Results, printed: str) -> ProgramResults:
    """The metrics in the JSON object that a program printed last."""
    if not printed:
        raise DataError(
            'the program printed no JSON object. Let it print one at its end, as {"accuracy": 0.9}, on lines of its '
            'own, or write results.path = "{workdir}/FILE" for a file that it writes.'
        )
    return ProgramResults(_wanted(numbers_of(printed, _OUTPUT, how.scores.values()), how.scores, _OUTPUT), {}, _OUTPUT)


def _cure(how: Results, printed: str) -> str:
    """Where what was looked for in a file was printed; empty where it was not."""
    try:
        _printed(how, printed)
    except DataError:
        return ""
    except Diverged:
        pass
    file = how.path if how.path.startswith("{workdir}/") else f"{{workdir}}/{how.path}"
    return (
        f'What it printed ends with a JSON object of numbers: results.path = "{STDOUT}" reads that, or '
        f'settings.shell = "... > {file}" puts it into the file.'
    )


def _runs(how: Results, files: Sequence[Path], path: Path) -> ArmRuns:
    """All that the files hold, as the runs of one arm."""
    if how.format in TABLES:
        runs = read_table(files[0], how.format, how.columns, how.scores)
        return ArmRuns(str(files[0]), {(run.training_seed, run.task): run for run in runs}, {}, ("tables",))
    with _only(files, path) as only:
        return gather(str(only), how.format, Options(columns=dict(how.columns)), how.allow)


def _wanted(found: Mapping[str, float], wanted: Mapping[str, str], place: str) -> dict[str, float]:
    """The numbers that are named, or all."""
    missing = [name for name in wanted.values() if name not in found]
    if missing:
        raise DataError(f"{place} has no number '{missing[0]}' for `results.scores`; it has {', '.join(found)}.")
    return {name: found[own] for name, own in wanted.items()} if wanted else dict(found)


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
