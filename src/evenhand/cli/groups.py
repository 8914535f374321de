"""Commands that installed packages add to ``evenhand``: groups by entry point, imported when one of them is called.

A package registers a ``typer.Typer`` under ``[project.entry-points."evenhand.commands"]``; its name is the group's.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from evenhand.errors import EvenhandError

if TYPE_CHECKING:
    import importlib.metadata

GROUP = "evenhand.commands"
"""Entry point group under which installed packages register their commands."""


@functools.cache
def _entries() -> dict[str, importlib.metadata.EntryPoint]:
    import importlib.metadata  # here: few commands ask what is installed

    return {e.name: e for e in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda e: e.name)}


class WithInstalledGroups(TyperGroup):
    """The commands of ``evenhand`` itself, and behind them the groups that packages register; its own go first."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the help."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in _entries() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; entry points are only looked for where ``evenhand`` has none of it."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _entries():
            return own
        return InstalledGroup(_entries()[cmd_name])


class InstalledGroup(TyperCommand):
    """Stands for a registered group in the help without importing it, and gives way to it when it is called."""

    def __init__(self, entry: importlib.metadata.EntryPoint) -> None:
        from importlib.util import find_spec

        self.entry = entry
        package = entry.value.partition(":")[0].partition(".")[0]
        about = f"Commands of {entry.value.partition(':')[0].rpartition('.')[0] or package}."
        if find_spec(package) is None:
            about = f"Cannot be used: there is no package '{package}'."
        super().__init__(entry.name, callback=lambda: None, help=about)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real group.

        Raises:
            EvenhandError: its package cannot be imported, or what it registers is no group of commands.
        """
        return loaded(self.entry).make_context(info_name, args, parent=parent, **extra)


def loaded(entry: importlib.metadata.EntryPoint) -> Any:
    """Import a registered group.

    Raises:
        EvenhandError: the package cannot be imported, or what it registers is no group of commands.
    """
    of = "" if entry.dist is None else f" of the package {entry.dist.name}"
    try:
        app = entry.load()
    except Exception as error:
        raise EvenhandError(
            f"The commands '{entry.name}'{of} cannot be used: {type(error).__name__}: {error}. "
            f"Try `python -c 'import {entry.value.partition(':')[0]}'` to see where, or install what is missing."
        ) from error
    if not isinstance(app, typer.Typer):
        raise EvenhandError(
            f"The commands '{entry.name}'{of} cannot be used: {entry.value} is a {type(app).__name__}; "
            "expected a typer.Typer."
        )
    return typer.main.get_command(app)
