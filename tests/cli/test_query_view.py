"""The rows of a query fit the terminal, and a program gets them whole."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
from rich.cells import cell_len
from rich.console import Console

from evenhand.cli.query_view import lines, print_rows, separated

WIDE = [f"column_{i}" for i in range(25)]
ROW = [*range(12), *(f"value {i} " + "x" * 10 * i for i in range(13))]


@pytest.mark.parametrize("width", [20, 60, 80, 120])
@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["arm", "n"], [("off", 4), ("on", 4)]),
        (["arm", "message"], [("off", "a long message " * 20), ("漢字漢字", "漢字" * 80)]),
        (WIDE, [ROW, ROW]),
        (["text"], [("two\nlines\tand \x1b[2J\u202e",)]),
        (["a" * 90, "b"], [(1, None)]),
        (["n"], []),
    ],
)
def test_no_line_is_longer_than_the_terminal(width: int, columns: list[str], rows: list[tuple[object, ...]]) -> None:
    shown = list(lines(columns, rows, width))
    assert shown
    assert max(map(cell_len, shown)) <= width
    assert all(line.isprintable() for line in shown)


def test_a_few_columns_are_a_table_with_numbers_to_the_right() -> None:
    assert list(lines(["arm", "n", "score"], [("off", 4, 0.5), ("variant", 120, None)], 60)) == [
        "arm        n  score",
        "off        4    0.5",
        "variant  120",
    ]


def test_a_long_cell_is_cut_and_its_neighbours_stay_whole() -> None:
    head, row = lines(["arm", "message", "n"], [("off", "m" * 200, 7)], 40)
    assert head.split() == ["arm", "message", "n"]
    assert row.startswith("off  mmm")
    assert row.endswith("m…  7")
    assert len(row) == 40


@pytest.mark.parametrize("width", [60, 80, 120])
def test_many_columns_stand_one_under_another_record_by_record(width: int) -> None:
    shown = list(lines(WIDE, [ROW, ROW], width))
    assert len(shown) == 2 * 26
    assert shown[0].startswith("-[ 1 ]---")
    assert shown[26].startswith("-[ 2 ]---")
    assert shown[1] == "column_0   0"
    assert shown[13] == "column_12  value 0"
    assert shown[24] == shown[50]


def test_a_pipe_gets_every_row_on_one_line_with_tabs_between_its_values() -> None:
    file = io.StringIO()
    rows = [("a\tb", None, 1.5), ("two\nlines", datetime(2026, 1, 2, 3), "back\\slash")]
    print_rows(["x", "y", "z"], rows, Console(file=file, width=20))
    assert file.getvalue() == "x\ty\tz\na\\tb\t\t1.5\ntwo\\nlines\t2026-01-02 03:00:00\tback\\\\slash\n"


def test_csv_can_be_read_back() -> None:
    rows = [("a,b", 'say "x"'), ("two\nlines", "")]
    assert list(csv.reader(io.StringIO(separated(["x", "y"], rows, ",")))) == [["x", "y"], *map(list, rows)]


def test_on_a_terminal_the_number_of_rows_is_told() -> None:
    file = io.StringIO()
    print_rows(["x"], [(1,)], Console(file=file, force_terminal=True, width=60, color_system=None))
    assert file.getvalue().splitlines() == ["x", "1", "(1 row)"]
