"""Command line of the bridge: ``evenhand bridge summarise PATH...`` (also ``evenhand-bridge summarise``).

Run without installing: ``python -m evenhand_systems.bridge.cli summarise PATH...``
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evenhand.errors import EvenhandError
from evenhand_systems.bridge.evaluation.summarise import read_groups, render
from evenhand_systems.bridge.evaluation.summarise import summarise as summaries_of

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _bridge() -> None:
    """Tools for bridges between language models."""


@app.command()
def summarise(
    paths: Annotated[list[Path], typer.Argument(help="JSONL files, one answered item per line, or folders of them")],
) -> None:
    """Counts, invalid share, most frequent answers, McNemar tests and collapse alarms of answered items."""
    try:
        files = [file for path in paths for file in (sorted(path.rglob("*.jsonl")) if path.is_dir() else [path])]
        if not files:
            raise EvenhandError(f"There is no .jsonl file in {', '.join(map(str, paths))}.")
        for summary in summaries_of([group for file in files for group in read_groups(file)]):
            typer.echo(render(summary))
    except EvenhandError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def main() -> None:
    """Entry point of the script."""
    app()


if __name__ == "__main__":
    main()
