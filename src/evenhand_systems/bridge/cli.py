"""Command line of the bridge: ``evenhand bridge summarise PATH...`` (also ``evenhand-bridge summarise``).

Run without installing: ``python -m evenhand_systems.bridge.cli summarise PATH...``
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from evenhand.errors import EvenhandError
from evenhand_systems.bridge.evaluation.summarise import Summary, read_groups, render
from evenhand_systems.bridge.evaluation.summarise import summarise as summaries_of

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _bridge() -> None:
    """Tools for bridges between language models."""


@app.command()
def summarise(
    paths: Annotated[list[Path], typer.Argument(help="JSONL files, one answered item per line, or folders of them")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Counts, invalid share, most frequent answers, McNemar tests and collapse alarms of answered items."""
    try:
        files = [file for path in paths for file in (sorted(path.rglob("*.jsonl")) if path.is_dir() else [path])]
        if not files:
            raise EvenhandError(f"There is no .jsonl file in {', '.join(map(str, paths))}.")
        found = summaries_of([group for file in files for group in read_groups(file)])
        if as_json:
            typer.echo(json.dumps([_document(summary) for summary in found], indent=2, ensure_ascii=False))
        for summary in () if as_json else found:
            typer.echo(render(summary))
    except EvenhandError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _document(summary: Summary) -> dict[str, Any]:
    """A summary as plain data: its figures, without the rows they were counted over."""
    group = summary.group
    named = {name: getattr(group, name) for name in ("path", "control", "kind", "seed")}
    figures = {one.name: getattr(summary, one.name) for one in dataclasses.fields(summary) if one.name != "group"}
    plain = {name: dataclasses.asdict(v) if dataclasses.is_dataclass(v) else v for name, v in figures.items()}
    return named | plain | {"lines_not_read": len(group.broken)}


def main() -> None:
    """Entry point of the script."""
    app()


if __name__ == "__main__":
    main()
