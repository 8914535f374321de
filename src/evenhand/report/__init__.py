"""The static report: one self-contained HTML page per claim, and the same verdicts for the terminal.

``evenhand.report`` is this package, and at the front door what writes a report: calling it does.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

from evenhand.report.exhibits.make import Exhibited, make_exhibits, scored_trials
from evenhand.report.markdown import verdict_markdown
from evenhand.report.page import render_report, write_report
from evenhand.report.text import verdict_lines, verdict_table, verdict_view
from evenhand.report.written import Report, report

__all__ = [
    "Exhibited",
    "Report",
    "make_exhibits",
    "render_report",
    "report",
    "scored_trials",
    "verdict_lines",
    "verdict_markdown",
    "verdict_table",
    "verdict_view",
    "write_report",
]


class _Callable(ModuleType):
    """Python binds a package's name in the one around it, so that `evenhand.report` can be no mere function."""

    __call__ = staticmethod(report)
    __signature__ = inspect.signature(report)


sys.modules[__name__].__class__ = _Callable
