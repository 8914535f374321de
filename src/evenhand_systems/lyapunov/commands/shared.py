"""What several commands share: the console, options, errors as a sentence, the numbers to measure on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from evenhand.errors import EvenhandError

if TYPE_CHECKING:
    from evenhand_systems.lyapunov.numbers.evaluation_set import EvaluationSet

console = Console(highlight=False)

Csv = Annotated[Path | None, typer.Option("--csv", help="evaluation CSV; without it the default set is generated")]
Lookahead = Annotated[int | None, typer.Option(help="L: valuations that V may read")]
Threads = Annotated[int, typer.Option(help="CPU threads")]


def plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Show an error as a sentence and leave with status 2."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except EvenhandError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
        except OSError as error:  # no space, no folder, no right to write
            place = f"{error.filename}: " if error.filename else ""
            typer.echo(f"{place}{error.strerror or error}.", err=True)
            raise typer.Exit(2) from None

    return wrapped


def evaluation_data(csv: Path | None, count: int | None) -> EvaluationSet:
    """The numbers of ``csv``, or a generated set of ``count`` (50,000 without)."""
    from evenhand_systems.lyapunov.numbers.evaluation_set import generate as make
    from evenhand_systems.lyapunov.numbers.evaluation_set import read_csv

    return read_csv(csv) if csv is not None else make(count or 50_000)
