"""From the settings of an in-place task to the task."""

from __future__ import annotations

from pathlib import Path

from evenhand.recipes.contract import Bench
from evenhand_systems.future_seed.task_settings import (
    CopyingSettings,
    InPlaceSettings,
    SortingSettings,
    StructureSettings,
    SudokuSettings,
)
from evenhand_systems.future_seed.tasks import sudoku
from evenhand_systems.future_seed.tasks.copying import Copying
from evenhand_systems.future_seed.tasks.problems import GeneratedTask, InPlaceTask
from evenhand_systems.future_seed.tasks.sorting import Sorting
from evenhand_systems.future_seed.tasks.structure import load_structure_task

BANK_SEED = 20240217
"""The bank of 9x9 grids is the same for every trial; what is random per trial is drawn from it."""


def in_place_task(settings: InPlaceSettings, pool: int, bench: Bench) -> InPlaceTask:
    """The task of some settings.

    Args:
        settings: which task, how large.
        pool: distinct problems from which item sets are chosen, for tasks that are generated.
        bench: resolves data files and keeps the bank of grids.
    """
    if isinstance(settings, CopyingSettings):
        return GeneratedTask(Copying(settings.name, settings.length), pool)
    if isinstance(settings, SortingSettings):
        source = Sorting(**settings.model_dump())
        return GeneratedTask(source, pool, setting="task.keys")
    if isinstance(settings, SudokuSettings):
        buckets = sudoku.SMALL_BUCKETS if settings.side == 4 else 16
        return GeneratedTask(_sudoku(settings, bench), pool, "task.holes", buckets)
    assert isinstance(settings, StructureSettings)
    files = [
        None if path is None else bench.data(path) for path in (settings.sequences, settings.labels, settings.mask)
    ]
    assert files[0] is not None
    return load_structure_task(files[0], files[1], files[2], settings.split, settings.crop, settings.overlap)


def _sudoku(settings: SudokuSettings, bench: Bench) -> sudoku.Sudoku:
    if settings.side == 4:
        return sudoku.small(settings.holes, settings.pattern, settings.grids)
    if settings.csv is not None:
        return sudoku.from_csv(bench.data(settings.csv), settings.holes)

    def build(folder: Path) -> None:
        sudoku.build_bank(folder, settings.bank, BANK_SEED)

    folder = bench.asset({"asset": "sudoku bank", "grids": settings.bank, "seed": BANK_SEED, "version": 1}, build)
    if settings.pattern == "random":
        return sudoku.from_bank(folder, settings.holes)
    return sudoku.patterned(folder, settings.holes, settings.pattern)
