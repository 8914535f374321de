"""``evenhand recipes`` and ``evenhand new``: what is installed, and a recipe of one's own to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evenhand.cli.console import AsJson, out, print_json


def recipes(
    name: Annotated[str | None, typer.Argument(help="A recipe: shows its settings and metrics.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the installed recipes, or show the settings of one."""
    from evenhand.cli.output import print_recipe, print_recipes, recipe_document
    from evenhand.recipes import catalogue

    if name is None:
        rows = catalogue.listings()
        print_json(rows) if as_json else print_recipes(rows, out())
        return
    found = catalogue.find(name, Path.cwd())
    print_json(recipe_document(found)) if as_json else print_recipe(found, out())


def new(
    name: Annotated[str, typer.Argument(help="Name of the claim; the files are named after it.", show_default=False)],
    folder: Annotated[Path, typer.Option(help="Where to write them.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a commented claim and a recipe skeleton that runs at once."""
    from evenhand.cli.new import write_claim

    claim, recipe = write_claim(name, folder)
    if as_json:
        print_json({"claim": str(claim), "recipe": str(recipe)})
        return
    console = out()
    console.print(f"{claim}\n{recipe}\nRun it: evenhand run {claim}", soft_wrap=True)
