"""Sudoku in place: the cells of a grid in rows, blanks where digits are to be found.

Training and evaluation are disjoint in *solutions*: a model that has learnt grids by heart finds none of them again.
4x4: all 288 grids. 9x9: generated puzzles with exactly one solution, varied by the symmetries of the grid, or those of
a CSV, which is refused where a puzzle has none or several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenhand.data.reading import read_csv
from evenhand.errors import DataError, counted
from evenhand_systems.future_seed.tasks import sudoku_grids
from evenhand_systems.future_seed.tasks.problems import IGNORED, Ceiling, Ints, Problems, row_keys

Pattern = Literal["random", "prefix", "suffix"]
BLANK = 0
SMALL_BUCKETS = 4  # of only 288 grids a sixteenth would be too few to evaluate on
EMPTY = "0._"  # how lists of puzzles write an empty cell
COLUMNS = (("puzzle", "solution"), ("quizzes", "solutions"), ("question", "answer"))
FEWEST_CLUES = 17
"""No puzzle with fewer has one solution. Source: McGuire, Tugemann, Civario (2014), arXiv:1201.0749."""
SHOWN_FAULTS = 5


@dataclass(frozen=True)
class Sudoku:
    """Source of sudoku problems.

    Attributes:
        side: 4 or 9.
        holes: fewest and most blanks of a puzzle; drawn uniformly for each.
        pattern: where blanks stand: anywhere, the first cells, or the last.
        solutions: (G, side^2) solved grids that problems are made of.
        openings: (G, side^2) cells that may be emptied with one solution left, or None where any cell may.
        vary: apply a random symmetry to each (for banks of 9x9 grids; 4x4 has all grids anyway).
        origin: where the grids come from, for the report.
    """

    side: int
    holes: tuple[int, int]
    pattern: Pattern
    solutions: Ints
    openings: NDArray[np.bool_] | None
    vary: bool
    origin: str

    @property
    def symbols(self) -> Sequence[str]:
        """The blank ``#`` and the digits."""
        return "#123456789"[: self.side + 1]

    def draw(self, rng: np.random.Generator, count: int, *, evaluation: bool = False) -> Problems:
        """``count`` puzzles; the key of each is its solution's."""
        chosen = rng.integers(len(self.solutions), size=count)
        solutions = self.solutions[chosen]
        openings = None if self.openings is None else self.openings[chosen]
        if self.vary:
            cells, names = sudoku_grids.symmetries(rng, count, self.side)
            solutions = np.take_along_axis(names, np.take_along_axis(solutions, cells, axis=1), axis=1)
            openings = None if openings is None else np.take_along_axis(openings, cells, axis=1)
        blank = self._blanks(rng, count, openings)
        return Problems(np.where(blank, BLANK, solutions), np.where(blank, solutions, IGNORED), row_keys(solutions))

    def _blanks(self, rng: np.random.Generator, count: int, openings: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """(count, side^2) which cells are blank; of a puzzle with few openings all of them are."""
        area = self.side * self.side
        number = rng.integers(self.holes[0], self.holes[1] + 1, size=count)
        if self.pattern == "prefix":
            order = np.tile(np.arange(area, dtype=np.float64), (count, 1))
        elif self.pattern == "suffix":
            order = np.tile(np.arange(area, dtype=np.float64)[::-1], (count, 1))
        else:
            order = rng.random((count, area))
        if openings is not None:
            order = np.where(openings, order, np.inf)
        rank = np.argsort(np.argsort(order, axis=1, kind="stable"), axis=1)
        blank = rank < number[:, None]
        return blank if openings is None else blank & openings

    def ceilings(self, problems: Problems) -> tuple[Ceiling, ...]:
        """4x4: exact, by enumeration of all grids that fit. 9x9: exact where every puzzle has one solution."""
        if self.side == 4:
            return small_ceilings(problems, self.solutions)
        if self.openings is not None:
            reason = "every puzzle has exactly one solution"
            whole = Ceiling("a reader of the whole row", 1.0, 1.0, reason)
        else:
            reason = f"{self.pattern} blanks may leave several solutions, which are too many to enumerate"
            whole = Ceiling("a reader of the whole row", None, None, reason)
        causal = "the solutions that fit the cells before a blank are too many to enumerate"
        return (whole, Ceiling("a causal scan", None, None, causal))

    def statistics(self) -> Mapping[str, str]:
        """Where grids come from and how many there are."""
        low, high = self.holes
        return {
            "task": f"sudoku {self.side}x{self.side}, {low} to {high} blanks, {self.pattern}",
            "grids": f"{len(self.solutions)} ({self.origin})",
        }


def small_ceilings(problems: Problems, grids: Ints) -> tuple[Ceiling, ...]:
    """What readers who know all ``grids`` can reach: the mean over puzzles of the best answer's probability.

    The whole reader weighs all grids that fit every clue; the causal scan, at each blank, those that fit the clues
    before it. Neither knows how grids were split between training and evaluation.
    """
    whole, causal, exact = [], [], []
    for row, target in zip(problems.tokens, problems.targets, strict=True):
        blank = target != IGNORED
        agrees = (grids == row) | (row == BLANK)
        fits = agrees.all(axis=1)
        exact.append(1.0 / fits.sum())
        so_far = np.logical_and.accumulate(agrees, axis=1)
        cells = np.flatnonzero(blank)
        whole.append(np.mean([_commonest(grids[fits, cell]) for cell in cells]))
        causal.append(np.mean([_commonest(grids[so_far[:, cell], cell]) for cell in cells]))
    over = f"mean over {len(problems)} puzzles, all {len(grids)} grids enumerated"
    return (
        Ceiling("a reader of the whole row", float(np.mean(whole)), float(np.mean(exact)), over),
        Ceiling("a causal scan", float(np.mean(causal)), None, f"{over}; exact match is not computed"),
    )


def _commonest(digits: Ints) -> float:
    return float(np.bincount(digits).max() / len(digits))


def small(holes: tuple[int, int], pattern: Pattern, grids: Literal["all", "template"] = "all") -> Sudoku:
    """4x4 puzzles on all 288 grids, or on the 96 of one template; several solutions may fit, see the ceilings."""
    _check_holes(holes, 16)
    if grids == "template":
        return Sudoku(4, holes, pattern, sudoku_grids.template_grids(), None, False, "all symmetries of one template")
    return Sudoku(4, holes, pattern, sudoku_grids.all_small_grids(), None, False, "all there are")


def build_bank(folder: Path, grids: int, seed: int) -> None:
    """Write a bank of solved 9x9 grids and of the cells that can be emptied with one solution left."""
    rng = np.random.default_rng(seed)
    solutions = np.stack([sudoku_grids.random_grid(rng) for _ in range(grids)])
    openings = np.stack([sudoku_grids.dig(grid, rng) for grid in solutions])
    np.savez_compressed(folder / "bank.npz", solutions=solutions, openings=openings)


def from_bank(folder: Path, holes: tuple[int, int]) -> Sudoku:
    """9x9 puzzles with exactly one solution, from a bank that :func:`build_bank` wrote."""
    with np.load(folder / "bank.npz") as bank:
        solutions, openings = bank["solutions"], bank["openings"]
    fewest = int(openings.sum(axis=1).min())
    _check_holes(holes, fewest, f"the bank's puzzles keep one solution with up to {fewest} blanks")
    return Sudoku(9, holes, "random", solutions, openings, True, "generated, one solution each, varied by symmetry")


def patterned(folder: Path, holes: tuple[int, int], pattern: Pattern) -> Sudoku:
    """9x9 puzzles whose first or last cells are blank, on a bank's grids; several solutions may fit."""
    with np.load(folder / "bank.npz") as bank:
        solutions = bank["solutions"]
    _check_holes(holes, 81)
    return Sudoku(9, holes, pattern, solutions, None, True, "generated, varied by symmetry")


def from_csv(path: Path, holes: tuple[int, int]) -> Sudoku:
    """9x9 puzzles of a CSV: 81 cells each, empty as ``.``, ``0`` or ``_``, in columns ``puzzle`` and ``solution``.

    The other two common pairs of names are known, too: ``quizzes`` and ``solutions``, ``question`` and ``answer``.
    Blanks are drawn among the puzzle's own, so that one solution stays.

    Raises:
        DataError: columns that are missing, no rows, rows that are no puzzle or one with several solutions; all faulty
            rows are counted, the first of them named.
    """
    solutions, openings, faults = [], [], []
    names: tuple[str, str] | None = None
    for line, row in read_csv(path):
        names = names or _columns(path, row)
        puzzle, solution = (row[name].strip() for name in names)
        fault = row_fault(puzzle, solution)
        if fault:
            faults.append(f"line {line}: {fault}")
            continue
        solutions.append([int(c) for c in solution])
        openings.append([c in EMPTY for c in puzzle])
    if faults:
        shown = "; ".join(faults[:SHOWN_FAULTS])
        raise DataError(
            f"{path}: {counted(len(faults), 'row is', 'rows are')} no sudoku: {shown}. Mend or remove them."
        )
    if not solutions:
        raise DataError(f"{path} holds no puzzles; expected rows of {' and '.join(COLUMNS[0])} under a header.")
    opened = np.asarray(openings, dtype=bool)
    fewest = int(opened.sum(axis=1).min())
    _check_holes(holes, fewest, f"every puzzle of {path.name} has at least {fewest} blanks")
    grids = np.asarray(solutions, dtype=np.int64)
    return Sudoku(9, holes, "random", grids, opened, True, f"{path.name}, one solution each, varied by symmetry")


def _columns(path: Path, row: Mapping[str, str]) -> tuple[str, str]:
    for pair in COLUMNS:
        if all(name in row for name in pair):
            return pair
    raise DataError(f"{path} needs the columns {' and '.join(COLUMNS[0])}; found {', '.join(row)}.")


def row_fault(puzzle: str, solution: str) -> str:
    """What is wrong with a 9x9 puzzle and what is said to be its only solution, or empty."""
    if len(puzzle) != 81 or len(solution) != 81:
        return f"expected 81 cells each, found {len(puzzle)} and {len(solution)}"
    if set(solution) - set("123456789"):
        return "the solution has cells that are no digit 1..9"
    if set(puzzle) - set(EMPTY) - set("123456789"):
        return f"the puzzle has cells that are neither a digit nor one of '{EMPTY}'"
    if any(p not in EMPTY and p != s for p, s in zip(puzzle, solution, strict=True)):
        return "a clue differs from the solution"
    if not sudoku_grids.is_solved(np.asarray([int(c) for c in solution], dtype=np.int64)):
        return "the solution breaks the rules"
    return _several(np.asarray([0 if c in EMPTY else int(c) for c in puzzle], dtype=np.int64))


def _several(cells: Ints) -> str:
    """Whether a puzzle that has a solution has several, in words, or empty."""
    clues = int(np.count_nonzero(cells))
    if clues < FEWEST_CLUES:
        return f"the puzzle has several solutions: {clues} clues are too few for one"
    found = sudoku_grids.count_solutions(cells, 2, effort=sudoku_grids.EFFORT)
    if found is None:
        return f"no second solution was found in {sudoku_grids.EFFORT:,} steps, and none was ruled out"
    return "" if found == 1 else "the puzzle has several solutions"


def _check_holes(holes: tuple[int, int], most: int, because: str = "") -> None:
    low, high = holes
    if not 1 <= low <= high <= most:
        why = f" ({because})" if because else ""
        raise DataError(f"task.holes must lie within 1..{most}{why}, lowest first; found {list(holes)}.")
