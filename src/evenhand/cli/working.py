"""Long work that a command does itself: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evenhand.recipes.working import told_to

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

PLAIN_SECONDS = 5.0
"""How often a line is printed where no terminal draws a bar."""


@contextmanager
def long_work(console: Console) -> Iterator[None]:
    """Show what is told inside (see :func:`evenhand.recipes.working.tell`)."""
    if not console.is_terminal or console.is_dumb_terminal:
        with told_to(_Lines(console)):
            yield
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=1.0)
            progress.update(tasks[what], completed=share)

        with told_to(show):
            yield


class _Lines:
    """A line every few seconds, the first not before that: what is short says nothing."""

    def __init__(self, console: Console) -> None:
        self._console, self._last = console, time.monotonic()

    def __call__(self, what: str, share: float) -> None:
        if time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            self._console.print(f"{what}: {share:.0%}", markup=False, highlight=False)
