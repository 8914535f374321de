"""Tables, titles and points are read whatever markup they are written in, each at its own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.reading.opened import open_logs
from evenhand.audit.text.log import Log

SIMPLE = """arm     found  per cent
======  =====  ========
none    166    33.0
longer  231    45.9
"""
CLOSED = "======  =====  ========\n" + SIMPLE + "======  =====  ========\n"
DASHES = SIMPLE.replace("=", "-")
GRID = """+--------+-------+----------+
| arm    | found | per cent |
+========+=======+==========+
| none   | 166   | 33.0     |
+--------+-------+----------+
| longer | 231   | 45.9     |
+--------+-------+----------+
"""
WIKI = """{| class="wikitable" style="width: 50%"
! arm !! found !! per cent
|-
| none || 166 || 33.0
|-
| style="color: red" | longer || '''231''' || 45.9
|}
"""
WIKI_BY_LINES = """{| class="wikitable"
|+ One run of each
|-
! scope="col" | arm
! found
! per cent
|-
! none
| 166 || 33.0
|-
! longer
| 231
| 45.9
|}
"""
PAGE = """<!DOCTYPE html>
<html><head><title>Log</title><style>td { color: red }</style></head>
<body>
<h2>Runs</h2>
<p>Five seeds &amp; one task.</p>
<ul><li>seed 0: 0.71</li>
<li>seed 1: 0.72</li></ul>
<table>
<tr><th>arm</th><th>found</th><th>per cent</th></tr>
<tr><td>none</td><td>166</td><td>33.0</td></tr>
<tr><td>longer</td><td>231</td><td>45.9</td></tr>
</table>
</body></html>
"""


def read(folder: Path, text: str, name: str) -> Log:
    (folder / name).write_text(text, encoding="utf-8")
    return open_logs([folder / name])[0]


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        (SIMPLE, "a.rst", 1),
        (CLOSED, "a.rst", 2),
        (DASHES, "a.txt", 1),
        (GRID, "a.rst", 2),
        (PAGE, "a.html", 9),
        (WIKI, "a.md", 2),
    ],
)
def test_a_table_is_read_with_the_lines_of_its_rows(tmp_path: Path, text: str, name: str, line: int) -> None:
    (table,) = read(tmp_path, text, name).tables
    assert table.header == ("arm", "found", "per cent")
    assert [row.cells for row in table.rows] == [("none", "166", "33.0"), ("longer", "231", "45.9")]
    texts = text.splitlines()
    assert texts[table.line - 1] == texts[line - 1]
    assert all(row.cells[0] in texts[row.line - 1] for row in table.rows)


def test_a_table_of_a_wiki_with_a_line_for_each_cell_has_its_rows_at_their_last_lines(tmp_path: Path) -> None:
    log = read(tmp_path, f"= Runs =\n\n{WIKI_BY_LINES}\n== Next ==\n", "a.txt")
    (table,) = log.tables
    assert table.header == ("arm", "found", "per cent")
    assert [(row.line, row.cells) for row in table.rows] == [
        (11, ("none", "166", "33.0")), (15, ("longer", "231", "45.9")),
    ]  # fmt: skip
    assert table.before == "One run of each"
    assert [(section.title, section.level) for section in log.sections] == [("Runs", 1), ("Next", 2)]
    assert log.lines[11].text == "|-"


@pytest.mark.parametrize("cell", ['rowspan="2" | none', "none\nthe second line of a cell"])
def test_a_table_of_a_wiki_whose_cells_are_no_grid_is_left_alone(tmp_path: Path, cell: str) -> None:
    assert read(tmp_path, WIKI.replace("none", cell, 1), "a.md").tables == ()


def test_a_ruler_without_a_table_is_left_alone(tmp_path: Path) -> None:
    log = read(tmp_path, "one\n\n----  ----\n\ntwo 3.0\n", "a.md")
    assert not log.tables
    assert [line.text for line in log.lines] == ["one", "", "----  ----", "", "two 3.0"]


def test_titles_of_structured_text_are_headings_of_the_level_of_their_sign(tmp_path: Path) -> None:
    log = read(tmp_path, "=====\nTitle\n=====\n\nOne\n---\n\nTwo\n~~~\n\n:Author: a person\n\nThree\n-----\n", "a.rst")
    assert [(section.title, section.level) for section in log.sections] == [
        ("Title", 1), ("One", 2), ("Two", 3), ("Three", 2),
    ]  # fmt: skip
    assert any(line.kind == "bullet" and line.body == "Author: a person" for line in log.lines)


def test_a_page_says_its_headings_paragraphs_and_points(tmp_path: Path) -> None:
    log = read(tmp_path, PAGE, "a.html")
    assert [section.title for section in log.sections] == ["Runs"]
    assert [(line.number, line.kind, line.body) for line in log.lines if line.kind in ("prose", "bullet")] == [
        (5, "prose", "Five seeds & one task."), (6, "bullet", "seed 0: 0.71"), (7, "bullet", "seed 1: 0.72"),
    ]  # fmt: skip


def test_a_page_in_place_of_a_file_is_still_refused(tmp_path: Path) -> None:
    from evenhand.errors import DataError

    with pytest.raises(DataError, match="is an HTML page"):
        read(tmp_path, PAGE, "a.md")


def test_a_page_on_one_long_line_is_read_to_its_end(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>arm {n}</td><td>0.{n}</td></tr>" for n in range(100, 300))
    log = read(tmp_path, f"<html><body><table><tr><th>arm</th><th>acc</th></tr>{rows}</table></body></html>", "a.html")
    assert len(log.tables[0].rows) == 200


@pytest.mark.parametrize(
    "content", [b"", b"<html", b"<table><tr><td>1</td>", b"<script>\nlet x", b"<p>0.5</p>" * 3 + b"\n\n"]
)
def test_a_page_that_is_cut_is_read_as_far_as_it_goes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.html").write_bytes(content)
    (log,) = open_logs([tmp_path / "a.html"])
    assert not log.tables


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<p>\x00</p>", "binary"), (b"<p>\xff</p>", "no UTF-8"), (None, "no such file|cannot be read")],
)
def test_a_page_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes | None, words: str) -> None:
    from evenhand.errors import DataError

    if content is not None:
        (tmp_path / "a.html").write_bytes(content)
    with pytest.raises(DataError, match=f"(?i){words}"):
        open_logs([tmp_path / "a.html"])


def test_columns_that_one_blank_keeps_apart_are_not_read_as_one(tmp_path: Path) -> None:
    close = "      Name   Top  Low (a) Low (b)    All\n  run_long 0.256    0.255    None  0.265\n"
    close += "run_longer 0.251    0.255    None  0.265\n"
    apart = "      Name    Top  Low (a)  Low (b)    All\n  run_long  0.256    0.255     None  0.265\n"
    apart += "run_longer  0.251    0.255     None  0.265\n"
    assert read(tmp_path, close, "a.txt").tables == ()
    (table,) = read(tmp_path, apart, "b.txt").tables
    assert table.rows[1].cells == ("run_longer", "0.251", "0.255", "None", "0.265")
