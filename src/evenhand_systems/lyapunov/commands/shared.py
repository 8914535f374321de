"""What several commands share: the console, options, errors as a sentence, the numbers to measure on."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console

from evenhand.errors import EvenhandError

if TYPE_CHECKING:
    from evenhand_systems.lyapunov.numbers.evaluation_set import EvaluationSet

console = Console(highlight=False)

Csv = Annotated[Path | None, typer.Option("--csv", help="evaluation CSV; without it the default set is generated")]
Lookahead = Annotated[int | None, typer.Option(help="L: valuations that V may read")]
Threads = Annotated[int, typer.Option(help="CPU threads")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def print_json(document: Any) -> None:
    """Print plain data as JSON; what is undefined is null."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


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


def with_fields(
    model: type[BaseModel], *, defaults: Mapping[str, Any], spelled: Mapping[str, str], without: Collection[str]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each field of a model, so that options are listed once; it gets them by keyword.

    Args:
        model: fields of plain values or texts; several texts are one option with commas.
        defaults: field name to the command's own default.
        spelled: field name to the option's name where that is another.
        without: fields that are no options.
    """

    def attach(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters.values()
        added = []
        for name, field in model.model_fields.items():
            if name in without:
                continue
            default = defaults.get(name, field.default)
            default = ",".join(default) if isinstance(default, tuple) else default
            flag = spelled.get(name, name).replace("_", "-")
            both = f"--{flag}/--no-{flag}" if isinstance(default, bool) else f"--{flag}"
            kind: Any = Annotated[type(default), typer.Option(both, help=field.description)]
            added.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind))

        @wraps(command)
        def wrapped(*arguments: Any, **options: Any) -> None:
            split = {p.name for p in added if isinstance(model.model_fields[p.name].default, tuple)}
            command(*arguments, **{k: tuple(v.split(",")) if k in split else v for k, v in options.items()})

        kept = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
        wrapped.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
        wrapped.__annotations__ = {p.name: p.annotation for p in (*kept, *added)}
        return wrapped

    return attach


def evaluation_data(csv: Path | None, count: int | None) -> EvaluationSet:
    """The numbers of ``csv``, or a generated set of ``count`` (50,000 without)."""
    from evenhand_systems.lyapunov.numbers.evaluation_set import generate as make
    from evenhand_systems.lyapunov.numbers.evaluation_set import read_csv

    return read_csv(csv) if csv is not None else make(count or 50_000)
