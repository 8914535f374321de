"""Verdicts and trials as CSV and LaTeX."""

from __future__ import annotations

import csv
import io

from evenhand.report.table import csv_text, latex


def test_csv_has_every_column_once_and_nothing_that_a_spreadsheet_would_execute() -> None:
    text = csv_text([{"arm": "=cmd()", "x": 0.1}, {"arm": "b,c", "y": None}])
    assert list(csv.reader(io.StringIO(text))) == [["arm", "x", "y"], ["'=cmd()", "0.1", ""], ["b,c", "", ""]]


def test_latex_gets_no_command_from_a_name() -> None:
    assert latex("a_b & 50% \\input{x} \u22120.1") == r"a\_b \& 50\% \textbackslash{}input\{x\} $-$0.1"
