"""Verdicts and trials as CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq

from evenhand.report.latex import latex
from evenhand.report.table import csv_text, write_parquet


def test_csv_has_every_column_once_and_nothing_that_a_spreadsheet_would_execute() -> None:
    text = csv_text([{"arm": "=cmd()", "x": 0.1}, {"arm": "b,c", "y": None}])
    assert list(csv.reader(io.StringIO(text))) == [["arm", "x", "y"], ["'=cmd()", "0.1", ""], ["b,c", "", ""]]


def test_parquet_has_numbers_as_numbers_and_null_where_nothing_is(tmp_path: Path) -> None:
    rows = [{"arm": "on", "score": 0.5, "failure": ""}, {"arm": "off", "score": None, "spent_steps": 3.0}]
    write_parquet(tmp_path / "t.parquet", rows)
    read = pq.read_table(tmp_path / "t.parquet").to_pylist()
    assert read[0] == {"arm": "on", "score": 0.5, "failure": "", "spent_steps": None}
    assert read[1] == {"arm": "off", "score": None, "failure": None, "spent_steps": 3.0}


def test_latex_gets_no_command_from_a_name() -> None:
    assert latex("a_b & 50% \\input{x} \u22120.1") == r"a\_\allowbreak{}b \& 50\% \textbackslash{}input\{x\} $-$0.1"
