"""The static report: one self-contained HTML page per claim, and the same verdicts for the terminal."""

from evenhand.report.page import render_report, write_report
from evenhand.report.text import verdict_lines, verdict_table, verdict_view

__all__ = ["render_report", "verdict_lines", "verdict_table", "verdict_view", "write_report"]
