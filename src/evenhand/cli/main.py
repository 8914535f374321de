"""The command line: ``evenhand run claims/future_seed/rightcopy.toml``.

Exit codes: 0 done; 1 a fault of evenhand itself, or one of its processes was killed (run the command again); 2 bad
input (a claim, a setting, a path); 3 done, but trials failed, so that pairs or verdicts are missing; 4 the ledger is
damaged, locked or cannot be written; 130 interrupted. ``gate`` answers with 0, 1 (it does not hold) and 3 (not
decided); ``audit --strict`` with 1 where it finds a fault.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenhand.cli.console import note
from evenhand.cli.groups import WithInstalledGroups
from evenhand.cli.signs import forgiving
from evenhand.errors import Cancelled, EvenhandError, LedgerError, ServerGone

COMMANDS = {
    "run": "run:run",
    "plan": "claims:plan",
    "status": "claims:status",
    "verdict": "claims:verdict",
    "report": "report:report",
    "bind": "bind:bind",
    "try": "trying:try_recipe",
    "overview": "overview:overview",
    "diff": "versions:diff",
    "logs": "trials:logs",
    "set-aside": "trials:set_aside",
    "compare": "compare:compare",
    "recipes": "recipes:recipes",
    "new": "recipes:new",
    "power": "power:power",
    "data": "data:data",
    "gate": "gate:gate",
    "export": "export:export",
    "watch": "watch:watch",
    "board": "board:board",
    "family": "family:family",
    "seal": "seal:seal",
    "extend": "extend:extend",
    "recheck": "seal:recheck",
    "audit": "audit:audit",
    "ledger": "ledger:ledger_app",
    "models": "models:models_app",
}
"""Name to the module of this package and the function, or the group of commands, in the order of the help."""

if TYPE_CHECKING:
    app: typer.Typer
    """All commands."""


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"evenhand {version('evenhand')}")
        raise typer.Exit


def evenhand(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Does the mechanism really work? Paired experiments at equal budget, and verdicts of known error rate."""


def _app(names: Sequence[str]) -> typer.Typer:
    """The command line with some of its commands; only their modules are imported."""
    found = typer.Typer(
        cls=WithInstalledGroups,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        epilog="Exit codes: 0 done, 1 evenhand broke or was killed, 2 bad input, 3 done but trials failed, so that "
        "pairs or verdicts are missing, 4 ledger trouble, 130 interrupted. `gate` ends with 0 where all holds, 1 where "
        "something does not, 3 where it cannot be told; `recheck` ends with 1 where a verdict comes out otherwise, "
        "`audit --strict` where it finds a fault.",
    )
    found.callback()(evenhand)
    for name in names:
        module, _, member = COMMANDS[name].partition(":")
        command = getattr(importlib.import_module(f"evenhand.cli.{module}"), member)
        if isinstance(command, typer.Typer):
            found.add_typer(command, name=name)
        else:
            found.command(name)(command)
    return found


@cache
def _whole() -> typer.Typer:
    return _app(list(COMMANDS))


def __getattr__(name: str) -> Any:
    if name == "app":
        return _whole()
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def command_line(arguments: Sequence[str]) -> Callable[[], Any]:
    """The command line, imported and described to its parser as far as it is asked for.

    To import and describe all commands takes longer than most of them need: where the first argument names one, it is
    left at that one. Help, completion and what nobody knows see them all.
    """
    asked = arguments[0] if arguments else ""
    return typer.main.get_group(_app([asked])) if asked in COMMANDS else _whole()


def main() -> None:
    """Run the command line; errors that evenhand raises on purpose end with a message and an exit code."""
    forgiving(sys.stdout, sys.stderr)
    try:
        command_line(sys.argv[1:])()
    except LedgerError as error:
        note().print(f"ledger: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(4)
    except Cancelled as error:
        note().print(str(error), markup=False, soft_wrap=True)
        sys.exit(130)
    except ServerGone as error:
        note().print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except EvenhandError as error:
        note().print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        from evenhand.extras import cure_of

        if not (cure := cure_of(error)):
            raise
        told = f"This needs the package '{error.name}', which is not installed: {cure}"
        note().print(told, style="red", markup=False, soft_wrap=True)
        sys.exit(2)
