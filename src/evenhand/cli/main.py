"""The command line: ``evenhand run claims/future_seed/rightcopy.toml``.

Exit codes: 0 done; 1 a fault of evenhand itself, or one of its processes was killed (run the command again); 2 bad
input (a claim, a setting, a path); 3 done, but some verdict is ``not-run`` or ``invalid`` because trials failed; 4 the
ledger is damaged, locked or cannot be written; 130 interrupted. ``gate`` answers with 0, 1 (it does not hold) and 3
(not decided).
"""

from __future__ import annotations

import gc
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from evenhand.cli.board import board
from evenhand.cli.compare import compare
from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, ledger_to_read, note, out, print_json, warn
from evenhand.cli.data import data
from evenhand.cli.export import export
from evenhand.cli.family import family
from evenhand.cli.gate import gate
from evenhand.cli.groups import WithInstalledGroups
from evenhand.cli.ledger import ledger_app
from evenhand.cli.models import models_app
from evenhand.cli.places import (
    On,
    ProfileName,
    chosen_profile,
    queue_sentence,
    queued,
)  # fmt: skip
from evenhand.cli.power import power
from evenhand.cli.recipes import new, recipes
from evenhand.cli.run import run
from evenhand.cli.seal import recheck, seal
from evenhand.cli.watch import watch
from evenhand.errors import Cancelled, EvenhandError, Fault, LedgerError, ServerGone, SettingsError, counted

app = typer.Typer(
    cls=WithInstalledGroups,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Does the mechanism really work? Paired experiments at equal budget, and verdicts of known error rate.",
    epilog="Exit codes: 0 done, 1 evenhand broke or was killed, 2 bad input, 3 done but trials failed, 4 ledger "
    "trouble, 130 interrupted.",
)

ClaimPath = Annotated[Path, typer.Argument(metavar="CLAIM.toml", help="A claim file.", show_default=False)]


app.command()(run)


@app.command()
def plan(
    claim: ClaimPath,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    on: On = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Show what a claim would run: trials, budget, smallest detectable effect."""
    from evenhand.claims.load import load_claim, settled
    from evenhand.cli.output import plan_document, print_plan
    from evenhand.decisions.progress import progress
    from evenhand.ledger import Ledger
    from evenhand.running.enter import check_after, check_machine, outcomes_so_far

    loaded = load_claim(claim)
    store = Ledger(ledger, create=False)
    check_after(loaded, store)
    if as_json:
        print_json(plan_document(loaded, store))
    else:
        print_plan(loaded, store, out())
    if progress(loaded.resolved, settled(outcomes_so_far(loaded.resolved, store))).finished:
        return
    asked = chosen_profile([loaded], on, profile)
    if asked is None:
        check_machine(loaded)
        return
    from evenhand.execution.places import capacity_of
    from evenhand.running.run import check_capacity

    check_capacity([loaded], capacity_of(asked, ledger))


@app.command()
def status(
    claims: Annotated[list[Path] | None, typer.Argument(metavar="[CLAIM.toml ...]", show_default=False)] = None,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Show how far claims are, and explain every failure: what happened and what to do."""
    from evenhand.claims.load import load_claim
    from evenhand.cli.output import print_status, status_documents

    store = ledger_to_read(ledger)
    documents = status_documents([load_claim(path) for path in claims or []], store)
    if as_json:
        print_json(documents)
    else:
        print_status(documents, out())
    if left := queue_sentence(queued(store)):
        note().print(left, soft_wrap=True)


@app.command()
def verdict(claim: ClaimPath, ledger: LedgerFolder = DEFAULT_LEDGER, as_json: AsJson = False) -> None:
    """Decide a claim from the outcomes in the ledger, without running anything."""
    from evenhand.claims.load import all_trials, load_claim
    from evenhand.cli.output import decision_document, print_decision
    from evenhand.running.enter import decided, stale_results

    loaded = load_claim(claim)
    store = ledger_to_read(ledger)
    decision = decided(loaded, store)
    trials = all_trials(loaded.resolved)
    changed = stale_results(loaded, store.files_of([trial.id for trial in trials]))
    warn([*changed.sentences(trials, "would run anew"), *(f"ledger: {remark}" for remark in store.notes)])
    if as_json:
        print_json(decision_document(decision, loaded.resolved))
    else:
        print_decision(loaded.resolved, decision, out())


@app.command()
def report(
    claim: ClaimPath,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    output: Annotated[Path | None, typer.Option("--output", "--out", "-o", help="Where to write the page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the report of a claim: one HTML file that works offline."""
    from evenhand.claims.load import load_claim
    from evenhand.report.save import save_report

    loaded = load_claim(claim)
    target = output or ledger / "reports" / f"{loaded.resolved.name}.html"
    store = ledger_to_read(ledger)
    path, missing = save_report(loaded, store, target)
    warn([*missing, *(f"ledger: {remark}" for remark in store.notes)])
    if as_json:
        print_json({"report": str(path), "warnings": missing})
    else:
        out().print(str(path), soft_wrap=True)


@app.command()
def bind(
    documents: Annotated[list[Path], typer.Argument(metavar="PAGE.md ...", help="Markdown files.", show_default=False)],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 2 if a table is not up to date.")
    ] = False,
) -> None:
    """Write tables of verdicts into documents from the ledgers that they name, or check them."""
    from evenhand.report import bind as pages

    bound = [pages.bind(path, pages.verdict_table_of) for path in documents]
    for page in bound:
        if not check and page.stale:
            pages.save(page)
        state = "not what the ledger says" if check else "written anew"
        for block in page.stale:
            out().print(f"{page.path}:{block.line}: {block.claim.name}: {state}", soft_wrap=True)
        out().print(f"{page.path}: {counted(page.blocks, 'table')}, {len(page.stale)} {state}", soft_wrap=True)
    raise typer.Exit(2 if check and any(page.stale for page in bound) else 0)


@app.command("try")
def try_recipe(
    recipe: Annotated[str, typer.Argument(help="Recipe name, or package.module:callable.", show_default=False)],
    sets: Annotated[list[str] | None, typer.Option("--set", help="A setting, key=value; TOML values.")] = None,
    budget: Annotated[float, typer.Option(min=0, help="How much to spend.")] = 100,
    unit: Annotated[str, typer.Option(help="steps, tokens, examples or seconds.")] = "steps",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 0,
    items: Annotated[int | None, typer.Option(min=1, help="Evaluation items; default all.")] = None,
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
    settings = parse_settings(sets or [])
    trial = exploratory_trial(found, settings, unit=unit, amount=budget, seed=seed, items=items)
    finished = run_trial(trial, found, folder, Ledger(ledger), observer=TryObserver(note()))
    if as_json:
        print_json(outcome_document(finished.outcome, finished.execution))
    else:
        print_outcome(finished.outcome, finished.execution, out())
    raise typer.Exit(3 if finished.outcome.failure is not None else 0)


app.command()(compare)
app.command()(recipes)
app.command()(new)
app.command()(power)
app.command()(data)
app.command()(gate)
app.command()(export)
app.command()(watch)
app.command()(board)
app.command()(family)
app.command()(seal)
app.command()(recheck)
app.add_typer(ledger_app, name="ledger")
app.add_typer(models_app, name="models")


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


def main() -> None:
    """Run the command line; errors that evenhand raises on purpose end with a message and an exit code."""
    # A command keeps nearly all that it reads to its end: looking through it for garbage took a sixth of its time.
    gc.set_threshold(200_000, 50, 100)
    try:
        app()
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
