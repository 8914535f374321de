"""The static report: one self-contained HTML page per claim, and the same verdicts for the terminal."""

from evenhand.report.exhibits.make import Exhibited, make_exhibits, scored_trials
from evenhand.report.markdown import verdict_markdown
from evenhand.report.page import render_report, write_report
from evenhand.report.text import verdict_lines, verdict_table, verdict_view

__all__ = [
    "Exhibited",
    "make_exhibits",
    "render_report",
    "scored_trials",
    "verdict_lines",
    "verdict_markdown",
    "verdict_table",
    "verdict_view",
    "write_report",
]
