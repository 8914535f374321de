"""Sudoku grids: all 288 of size 4x4, a solver that counts solutions, and 9x9 puzzles that have exactly one.

The solver is a depth-first search over bit masks that always fills the cell with the fewest candidates; compiled, since
digging one 9x9 puzzle asks it some eighty times whether a solution is still the only one.
"""

from __future__ import annotations

import functools
import math

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand_systems.future_seed.tasks.problems import Ints

Grid = NDArray[np.int64]
EFFORT = 2_000_000
"""Cells that a bounded search fills at most: seconds of work, where hard puzzles of 17 clues take some ten thousand."""
_UNDECIDED = -1


@functools.cache
def _units(box: int) -> Ints:
    """(side^2, 3) the row, column and box of each cell, numbered 0 .. 3 side - 1."""
    side = box * box
    row, column = np.divmod(np.arange(side * side), side)
    return np.stack([row, side + column, 2 * side + row // box * box + column // box], axis=1)


@numba.njit(cache=True)
def _free(cell: int, used: Ints, units: Ints, full: int) -> int:
    """Bits of the digits that may stand in a cell."""
    free: int = full & ~(used[units[cell, 0]] | used[units[cell, 1]] | used[units[cell, 2]])
    return free


@numba.njit(cache=True)
def _toggle(cell: int, bit: int, used: Ints, units: Ints) -> None:
    """Put a digit into the cell's row, column and box, or take it out again."""
    for unit in units[cell]:
        used[unit] ^= bit


@numba.njit(cache=True)
def _tightest(work: Ints, used: Ints, units: Ints, full: int) -> tuple[int, int]:
    """The empty cell with the fewest candidates and their bits; cell -1 where none is empty."""
    best, fewest, choices = -1, 99, 0
    for cell in range(len(work)):
        if work[cell] == 0:
            left = free = _free(cell, used, units, full)
            options = 0
            while left:
                left &= left - 1
                options += 1
            if options < fewest:
                best, fewest, choices = cell, options, free
    return best, choices


@numba.njit(cache=True)
def _search(cells: Ints, units: Ints, preference: Ints, limit: int, found: Ints, effort: int) -> int:
    """Count solutions of ``cells`` (0 = empty, else 1..side) up to ``limit``; the first is left in ``found``.

    After ``effort`` filled cells, where that is not 0, the search gives up with ``_UNDECIDED``.
    """
    full = (1 << len(preference)) - 1
    used = np.zeros(3 * len(preference), np.int64)
    work = cells.copy()
    for cell in range(len(work)):
        if work[cell]:
            bit = 1 << (work[cell] - 1)
            if not _free(cell, used, units, full) & bit:
                return 0
            _toggle(cell, bit, used, units)
    path, untried = np.zeros(len(work) + 1, np.int64), np.zeros(len(work) + 1, np.int64)
    depth = count = filled = 0
    path[0], untried[0] = _tightest(work, used, units, full)
    while depth >= 0:
        cell = path[depth]
        if cell < 0:  # no cell is empty
            count += 1
            if count == 1:
                found[:] = work
            if count >= limit:
                return count
            depth -= 1
            continue
        if work[cell]:
            _toggle(cell, 1 << (work[cell] - 1), used, units)
            work[cell] = 0
        if untried[depth] == 0:
            depth -= 1
            continue
        for digit in preference:
            if untried[depth] >> (digit - 1) & 1:
                break
        filled += 1
        if filled == effort:
            return _UNDECIDED
        untried[depth] ^= 1 << (digit - 1)
        work[cell] = digit
        _toggle(cell, 1 << (digit - 1), used, units)
        depth += 1
        path[depth], untried[depth] = _tightest(work, used, units, full)
    return count


def box_side(grid_side: int) -> int:
    """Side of a box: 2 for 4x4, 3 for 9x9."""
    return math.isqrt(grid_side)


def count_solutions(puzzle: Grid, limit: int = 2, effort: int = 0) -> int | None:
    """How many solutions a puzzle (side^2 cells in rows, 0 = empty) has, counted up to ``limit``.

    With an ``effort`` above 0 the search stops after so many filled cells, with None where it has not decided.
    """
    box = box_side(math.isqrt(len(puzzle)))
    digits = np.arange(1, box * box + 1)
    count = _search(puzzle.astype(np.int64), _units(box), digits, limit, np.zeros(len(puzzle), np.int64), effort)
    return None if count == _UNDECIDED else int(count)


def is_solved(grid: Grid) -> bool:
    """Whether every row, column and box of a whole grid (side^2 cells in rows) holds each digit 1..side once."""
    side = math.isqrt(len(grid))
    seen = np.zeros((3 * side, side + 1), dtype=np.int64)
    np.add.at(seen, (_units(box_side(side)), grid[:, None]), 1)
    return bool((seen[:, 1:] == 1).all())


def solve(puzzle: Grid, preference: Ints | None = None) -> Grid | None:
    """A solution of a puzzle, trying digits in the order of ``preference``; None where there is none."""
    box = box_side(math.isqrt(len(puzzle)))
    found = np.zeros(len(puzzle), np.int64)
    digits = np.arange(1, box * box + 1) if preference is None else preference
    return found if _search(puzzle.astype(np.int64), _units(box), digits, 1, found, 0) else None


@functools.cache
def all_small_grids() -> Grid:
    """All 288 solved 4x4 grids, (288, 16) with digits 1..4, in lexical order."""
    grids: list[list[int]] = []

    def extend(prefix: list[int]) -> None:
        cell = len(prefix)
        if cell == 16:
            grids.append(prefix)
            return
        row, column = divmod(cell, 4)
        for digit in range(1, 5):
            if all(
                prefix[c] != digit
                for c in range(cell)
                if c // 4 == row or c % 4 == column or (c // 8 == row // 2 and c % 4 // 2 == column // 2)
            ):
                extend([*prefix, digit])

    extend([])
    array = np.asarray(grids, dtype=np.int64)
    array.flags.writeable = False
    return array


@functools.cache
def template_grids() -> Grid:
    """The 96 of the 288 grids that one template gives under renaming of digits and exchange of rows and columns."""
    template = (1, 2, 3, 4, 3, 4, 1, 2, 2, 1, 4, 3, 4, 3, 2, 1)
    cells, names = symmetries(np.random.default_rng(0), 4000, 4)  # many times more than there are: each comes up
    varied = np.take_along_axis(names, np.asarray(template)[cells], axis=1)
    array: Grid = np.unique(varied, axis=0)
    array.flags.writeable = False
    return array


def random_grid(rng: np.random.Generator) -> Grid:
    """A solved 9x9 grid: three random boxes on the diagonal, filled up by the solver, then a random symmetry."""
    empty = np.zeros((9, 9), dtype=np.int64)
    for corner in (0, 3, 6):
        empty[corner : corner + 3, corner : corner + 3] = (rng.permutation(9) + 1).reshape(3, 3)
    grid = solve(empty.reshape(-1), rng.permutation(9) + 1)
    assert grid is not None  # boxes on the diagonal never exclude each other
    return grid


def dig(grid: Grid, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which cells can be emptied, one after the other in random order, so that the solution stays the only one.

    Every subset of these cells leaves exactly one solution too: more clues never add solutions.
    """
    puzzle = grid.copy()
    for cell in rng.permutation(len(grid)):
        puzzle[cell] = 0
        if count_solutions(puzzle, 2) != 1:
            puzzle[cell] = grid[cell]
    return np.asarray(puzzle == 0)


def symmetries(rng: np.random.Generator, count: int, side: int) -> tuple[Ints, Ints]:
    """Random symmetries that keep sudokus valid: (count, side^2) cell sources and (count, side + 1) digit names.

    Rows within a band, bands, columns within a stack, stacks, transposition, digits. ``new = names[old[cells]]``.
    """
    box = box_side(side)

    def lines() -> Ints:
        bands = rng.permuted(np.tile(np.arange(box), (count, 1)), axis=1)
        within = rng.permuted(np.tile(np.arange(box), (count, box, 1)), axis=2)
        ordered: Ints = (bands[:, :, None] * box + within).reshape(count, side)
        return ordered

    rows, columns = lines(), lines()
    cells = rows[:, :, None] * side + columns[:, None, :]
    turned = rng.random(count) < 0.5
    cells[turned] = cells[turned].transpose(0, 2, 1)
    names = np.zeros((count, side + 1), dtype=np.int64)
    names[:, 1:] = rng.permuted(np.tile(np.arange(1, side + 1), (count, 1)), axis=1)
    return cells.reshape(count, side * side), names
