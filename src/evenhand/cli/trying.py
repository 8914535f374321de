"""``evenhand try RECIPE``: one trial outside any claim."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, note, out, print_json
from evenhand.errors import Fault, RecipeError, SettingsError
from evenhand.extras import needed

TRY_SEED = 1_000_000
"""Seed of a try that names none: on a seed of a claim, what was tried of its variant makes the claim post-hoc."""


def try_recipe(
    recipe: Annotated[str, typer.Argument(help="Recipe name, or package.module:callable.", show_default=False)],
    sets: Annotated[list[str] | None, typer.Option("--set", help="A setting, key=value; TOML values.")] = None,
    budget: Annotated[float, typer.Option(min=0, metavar="AMOUNT", help="How much to spend.")] = 100,
    unit: Annotated[
        str, typer.Option(help="steps, tokens, examples, epochs, flops, seconds or device_hours.")
    ] = "steps",
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Seed of all random streams; no seed of a claim to come.")
    ] = TRY_SEED,
    items: Annotated[int | None, typer.Option(min=1, metavar="N", help="Evaluation items; default all.")] = None,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Run one trial outside any claim: recorded as exploratory, never part of a contrast."""
    from evenhand.claims.load import exploratory_trial
    from evenhand.cli.live import TryObserver
    from evenhand.cli.output import outcome_document, print_outcome
    from evenhand.ledger import Ledger
    from evenhand.recipes import catalogue
    from evenhand.running.run import run_trial

    folder = Path.cwd()
    found = catalogue.find(recipe, folder)
    if lacking := needed(found.info.needs, found.info.extra):
        raise RecipeError(f"The recipe '{recipe}' cannot be run here: {lacking}.")
    settings = parse_settings(sets or [])
    trial = exploratory_trial(found, settings, unit=unit, amount=budget, seed=seed, items=items)
    finished = run_trial(trial, found, folder, Ledger(ledger), observer=TryObserver(note()))
    if as_json:
        print_json(outcome_document(finished.outcome, finished.execution))
    else:
        print_outcome(finished.outcome, finished.execution, out())
    raise typer.Exit(3 if finished.outcome.failure is not None else 0)


def parse_settings(pairs: list[str]) -> dict[str, Any]:
    """``key=value`` pairs with TOML values; a value that is no TOML is taken as text.

    Raises:
        SettingsError: a pair without ``=``.
    """
    faults = [Fault(f"--set {pair}", "expected key=value") for pair in pairs if "=" not in pair]
    if faults:
        raise SettingsError("The settings cannot be read", faults)
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, text = pair.split("=", 1)
        try:
            settings[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key.strip()] = text
    return settings
