"""The static report: one self-contained HTML page per claim, and the same verdicts for the terminal and documents.

Import from the modules: commands that show no page do without all that draws one. ``evenhand.report`` is this package,
and at the front door what writes a report: calling it does, see :func:`evenhand.report.written.report`.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """Python binds a package's name in the one around it, so that `evenhand.report` can be no mere function."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Write the report of a claim."""
        from evenhand.report.written import report  # here: it draws

        return report(*args, **options)

    @property
    def __signature__(self) -> inspect.Signature:
        """That of the function which writes reports."""
        from evenhand.report.written import report

        return inspect.signature(report)


sys.modules[__name__].__class__ = _Callable
