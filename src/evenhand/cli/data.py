"""The command ``evenhand data``: what data the tasks of the systems need, and whether they are there and sound.

``evenhand data --folder path/to/data``: each body of data is looked for under that folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenhand.cli.as_json import write_json
from evenhand.cli.console import out

if TYPE_CHECKING:
    from evenhand.data.requirements import DataState


def data(
    folder: Annotated[Path, typer.Option("--folder", help="Where data lie.", envvar="EVENHAND_DATA")] = Path("data"),
    system: Annotated[str | None, typer.Option("--system", help="Only what this system needs.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 2 where something is missing, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List what data the tasks need, whether they are there, and check them; generated tasks need none.

    Exit code 2 says that something which is there is not as it must be. What is missing is told, and no fault without
    --strict: most claims need none of it.
    """
    from evenhand.data.requirements import examine, registered

    states = [examine(need, folder) for need in registered() if system in (None, need.system)]
    if as_json:
        write_json([_plain(state) for state in states])
    else:
        _show(states, folder)
    faulty = any(state.sound is False or (strict and not state.present) for state in states)
    raise typer.Exit(2 if faulty else 0)


def _plain(state: DataState) -> dict[str, Any]:
    need = state.requirement
    keys = ("system", "task", "name", "setting", "form", "source")
    return {key: getattr(need, key) for key in keys} | {
        "path": str(state.path),
        "present": state.present,
        "sound": state.sound,
        "finding": state.finding,
    }


def _show(states: list[DataState], folder: Path) -> None:
    from rich.text import Text

    console = out()
    if not states:
        console.print("No installed system needs data.")
    elif not any(state.present for state in states):
        console.print(Text(f"Nothing is under {folder}; name the folder with --folder."), soft_wrap=True)
    for state in states:
        need = state.requirement
        sign, style = {True: ("+", "green"), False: ("x", "red"), None: ("-", "dim")}[state.sound]
        console.print(Text(f"{sign} {need.name} ({need.system}: {need.task})", style=style), soft_wrap=True)
        console.print(Text(f"    {state.path}: {state.finding}"), soft_wrap=True)
        console.print(Text(f"    set by {need.setting}; {need.form}", style="dim"), soft_wrap=True)
