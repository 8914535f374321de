"""Sudoku: grids, the solver, unique puzzles, ceilings, and splits that share no solution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand.recipes.trial import ItemSet
from evenhand_systems.future_seed.tasks import sudoku, sudoku_grids
from evenhand_systems.future_seed.tasks.problems import IGNORED, GeneratedTask, Ints
from tests.mutations import assert_only_data_errors, mutations


def is_solved(grid: Ints) -> bool:
    """Whether every row, column and box of a grid holds every digit once."""
    side = int(len(grid) ** 0.5)
    box = int(side**0.5)
    square = grid.reshape(side, side)
    boxes = square.reshape(box, box, box, box).swapaxes(1, 2).reshape(side, side)
    return all((np.sort(unit) == np.arange(1, side + 1)).all() for part in (square, square.T, boxes) for unit in part)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank")
    sudoku.build_bank(folder, 6, seed=1)
    return folder


def test_there_are_288_small_grids_and_96_follow_from_one_template() -> None:
    grids = sudoku_grids.all_small_grids()
    assert len(np.unique(grids, axis=0)) == 288
    assert all(is_solved(grid) for grid in grids)
    template = {tuple(grid) for grid in sudoku_grids.template_grids()}
    assert len(template) == 96
    assert template < {tuple(grid) for grid in grids}


def test_the_solver_counts_as_many_solutions_as_enumeration() -> None:
    grids = sudoku_grids.all_small_grids()
    puzzles = sudoku.small((4, 16), "random").draw(np.random.default_rng(0), 60).tokens
    for puzzle in puzzles:
        fits = ((grids == puzzle) | (puzzle == 0)).all(axis=1).sum()
        assert sudoku_grids.count_solutions(puzzle, limit=1000) == fits


def test_a_puzzle_that_breaks_the_rules_has_no_solution() -> None:
    assert sudoku_grids.count_solutions(np.asarray([1, 1] + [0] * 14)) == 0
    assert sudoku_grids.solve(np.asarray([1, 1] + [0] * 14)) is None


def test_generated_large_puzzles_are_varied_and_have_exactly_one_solution(bank: Path) -> None:
    problems = sudoku.from_bank(bank, (30, 45)).draw(np.random.default_rng(2), 12)
    assert len(np.unique(problems.keys)) == 12
    for tokens, targets in zip(problems.tokens, problems.targets, strict=True):
        solution = np.where(targets == IGNORED, tokens, targets)
        assert is_solved(solution)
        assert 30 <= (tokens == 0).sum() <= 45
        assert sudoku_grids.count_solutions(tokens) == 1


@pytest.mark.parametrize(("pattern", "blank"), [("prefix", slice(0, 6)), ("suffix", slice(10, 16))])
def test_patterns_blank_the_first_or_the_last_cells(pattern: str, blank: slice) -> None:
    tokens = sudoku.small((6, 6), pattern).draw(np.random.default_rng(0), 5).tokens  # type: ignore[arg-type]
    expected = np.zeros(16, dtype=bool)
    expected[blank] = True
    assert ((tokens == 0) == expected).all()


def test_training_and_evaluation_share_no_solution() -> None:
    task = GeneratedTask(sudoku.small((4, 10), "random"), pool=200, buckets=sudoku.SMALL_BUCKETS)
    evaluation = task.evaluation(ItemSet("rung")).problems
    rng = np.random.default_rng(0)
    training = np.concatenate([task.training(rng, 64).keys for _ in range(60)])
    assert len(np.unique(training)) > 150
    assert not np.isin(evaluation.keys, training).any()


def test_the_small_ceilings_follow_from_the_grids_that_fit() -> None:
    grids = sudoku_grids.all_small_grids()
    problems = sudoku.small((15, 15), "suffix").draw(np.random.default_rng(0), 3)  # one clue, in the first cell
    whole, causal = sudoku.small_ceilings(problems, grids)
    assert whole.exact_match == pytest.approx(1 / 72)
    assert whole.accuracy == causal.accuracy  # all that there is to know stands first
    mirrored = sudoku.small((15, 15), "prefix").draw(np.random.default_rng(0), 3)
    whole, causal = sudoku.small_ceilings(mirrored, grids)
    assert causal.accuracy == pytest.approx(0.25)  # the clue stands last
    assert whole.accuracy is not None
    assert whole.accuracy > 0.25


@pytest.mark.parametrize(
    ("grids", "holes", "share"), [("all", 10, 0.45), ("all", 12, 0.05), ("template", 10, 0.95), ("template", 12, 0.50)]
)
def test_the_share_of_small_puzzles_with_one_solution_depends_on_how_many_grids_there_are(
    grids: str, holes: int, share: float
) -> None:
    source = sudoku.small((holes, holes), "random", grids)  # type: ignore[arg-type]
    drawn = source.draw(np.random.default_rng(0), 600)
    fits = [((source.solutions == row) | (row == 0)).all(axis=1).sum() == 1 for row in drawn.tokens]
    assert np.mean(fits) == pytest.approx(share, abs=0.06)


PUZZLE = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
SOLUTION = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
# cells 28, 32, 37 and 41 hold 1, 3, 3 and 1: what stands in them can be exchanged
OF_A_RECTANGLE = "981467325675238419324519786512843697839671254467952138193784562758326941246195873"


def test_a_csv_gives_its_own_puzzles_with_blanks_among_its_blanks(tmp_path: Path) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_text(f"puzzle,solution\n{PUZZLE},{SOLUTION}\n")
    problems = sudoku.from_csv(path, (20, 51)).draw(np.random.default_rng(0), 8)
    assert all(sudoku_grids.count_solutions(tokens) == 1 for tokens in problems.tokens)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "needs the columns puzzle and solution"),
        (f"puzzle,solution\n12,{SOLUTION}\n", "line 2: expected 81 cells each, found 2 and 81"),
        (f"puzzle,solution\n{'1' + PUZZLE[1:]},{SOLUTION}\n", "line 2: a clue differs from the solution"),
        (f"puzzle,solution\n{'.' * 81},{'123456789' * 9}\n", "line 2: the solution breaks the rules"),
        (f"puzzle,solution\n{PUZZLE},{'²' + SOLUTION[1:]}\n", "line 2: the solution has cells that are no digit"),
        (f"puzzle,solution\n{'x' + PUZZLE[1:]},{SOLUTION}\n", "line 2: the puzzle has cells that are neither"),
        (f"puzzle,solution\n{PUZZLE},{SOLUTION}\n{PUZZLE}\n", "csv:3: the row is short; it has nothing for solution"),
        ("puzzle,solution\n", "holds no puzzles"),
    ],
)
def test_a_faulty_csv_is_refused_with_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        sudoku.from_csv(path, (1, 20))


SEVERAL = {
    "no clue": "0" * 81,
    "five clues": "".join(s if i % 17 == 0 else "." for i, s in enumerate(SOLUTION)),
    "seventeen clues and more": "".join(s if i < 30 else "." for i, s in enumerate(SOLUTION)),
    "a rectangle of two digits": "".join("." if i in (28, 32, 37, 41) else s for i, s in enumerate(OF_A_RECTANGLE)),
}


@pytest.mark.parametrize("puzzle", SEVERAL.values(), ids=SEVERAL)
def test_a_puzzle_with_several_solutions_is_refused_with_the_line(tmp_path: Path, puzzle: str) -> None:
    path = tmp_path / "puzzles.csv"
    solution = OF_A_RECTANGLE if puzzle == SEVERAL["a rectangle of two digits"] else SOLUTION
    path.write_text(f"puzzle,solution\n{PUZZLE},{SOLUTION}\n{puzzle},{solution}\n")
    with pytest.raises(DataError, match=r"puzzles\.csv: 1 row is .*line 3: the puzzle has several solutions"):
        sudoku.from_csv(path, (1, 4))


def test_every_ceiling_of_a_csv_is_that_of_puzzles_with_one_solution(tmp_path: Path) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_text(f"puzzle,solution\n{PUZZLE},{SOLUTION}\n")
    source = sudoku.from_csv(path, (51, 51))
    problems = source.draw(np.random.default_rng(0), 4)
    whole = source.ceilings(problems)[0]
    assert (whole.exact_match, whole.reason) == (1.0, "every puzzle has exactly one solution")
    assert all(sudoku_grids.count_solutions(tokens) == 1 for tokens in problems.tokens)


def test_a_search_that_would_take_too_long_gives_up() -> None:
    empty = np.zeros(81, dtype=np.int64)
    assert sudoku_grids.count_solutions(empty, 10**9, effort=10_000) is None
    assert sudoku_grids.count_solutions(empty, 2, effort=10_000) == 2


@pytest.mark.parametrize("names", ["puzzle,solution", "quizzes,solutions", "question,answer"])
@pytest.mark.parametrize("empty", [".", "0", "_"])
def test_the_common_names_of_columns_and_marks_of_empty_cells_are_known(tmp_path: Path, names: str, empty: str) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_text(f"\ufeff{names},level\n{PUZZLE.replace('.', empty)},{SOLUTION},1\n", encoding="utf-8")
    found = sudoku.from_csv(path, (1, 51))
    assert found.openings is not None
    assert "".join("." if o else c for o, c in zip(found.openings[0], SOLUTION, strict=True)) == PUZZLE


def test_damaged_lists_of_puzzles_are_told_as_data_errors(tmp_path: Path) -> None:
    sound = f"puzzle,solution,level\n{PUZZLE},{SOLUTION},1\n{PUZZLE},{SOLUTION},2\n".encode()
    refused, _ = assert_only_data_errors(
        lambda path: sudoku.from_csv(path, (1, 20)), mutations(sound), tmp_path / "puzzles.csv"
    )
    assert refused > 100


def test_more_holes_than_can_keep_one_solution_are_refused(bank: Path) -> None:
    with pytest.raises(DataError, match=r"task.holes must lie within 1..\d+ \(the bank's puzzles keep one solution"):
        sudoku.from_bank(bank, (30, 70))
