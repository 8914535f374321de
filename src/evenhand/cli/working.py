"""Long work that a command does itself: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evenhand.recipes.working import told_to

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

BAR_SECONDS = 0.3
"""What takes less than this draws no bar."""
PLAIN_SECONDS = 5.0
"""How often a line is printed where no terminal draws a bar."""


@contextmanager
def long_work(console: Console) -> Iterator[None]:
    """Show what is told inside (see :func:`evenhand.recipes.working.tell`)."""
    if not console.is_terminal or console.is_dumb_terminal:
        with told_to(_Lines(console)):
            yield
        return
    bars = _Bars(console)
    try:
        with told_to(bars):
            yield
    finally:
        bars.end()


class _Bars:
    """A bar for each kind of work, the first not at once: what is short draws nothing."""

    def __init__(self, console: Console) -> None:
        self._console, self._begun = console, time.monotonic()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, share: float) -> None:
        if self._progress is None:
            if time.monotonic() - self._begun < BAR_SECONDS:
                return
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._progress.start()
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=1.0)
        self._progress.update(self._tasks[what], completed=share)

    def end(self) -> None:
        """Take the bars away."""
        if self._progress is not None:
            self._progress.stop()


class _Lines:
    """A line every few seconds, the first not before that: what is short says nothing."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: float | None = None  # of the work, not of the command: its imports may take long

    def __call__(self, what: str, share: float) -> None:
        if self._last is None:
            self._last = time.monotonic()
        elif time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            self._console.print(f"{what}: {share:.0%}", markup=False, highlight=False)
