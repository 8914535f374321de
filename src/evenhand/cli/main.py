"""The command line: ``evenhand run claims/future_seed/rightcopy.toml``.

Exit codes: 0 done; 1 a fault of evenhand itself, or one of its processes was killed (run the command again); 2 bad
input (a claim, a setting, a path); 3 done, but some verdict is ``not-run`` or ``invalid`` because trials failed; 4 the
ledger is damaged, locked or cannot be written; 130 interrupted. ``gate`` answers with 0, 1 (it does not hold) and 3
(not decided); ``audit --strict`` with 1 where it finds a fault.
"""

from __future__ import annotations

import copy
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evenhand.cli.audit import audit
from evenhand.cli.board import board
from evenhand.cli.compare import compare
from evenhand.cli.console import DEFAULT_LEDGER, AsJson, Full, LedgerFolder, ledger_to_read, note, out, print_json, warn
from evenhand.cli.data import data
from evenhand.cli.export import export
from evenhand.cli.extend import extend
from evenhand.cli.family import family
from evenhand.cli.gate import gate
from evenhand.cli.groups import WithInstalledGroups
from evenhand.cli.ledger import ledger_app
from evenhand.cli.models import models_app
from evenhand.cli.overview import overview
from evenhand.cli.places import (
    Gpus,
    On,
    PerGpu,
    ProfileName,
    chosen_profile,
    queue_sentence,
    queued,
)  # fmt: skip
from evenhand.cli.power import power
from evenhand.cli.recipes import new, recipes
from evenhand.cli.report import report
from evenhand.cli.run import run
from evenhand.cli.seal import recheck, seal
from evenhand.cli.signs import forgiving
from evenhand.cli.trials import logs, set_aside
from evenhand.cli.trying import try_recipe
from evenhand.cli.versions import diff
from evenhand.cli.watch import watch
from evenhand.cli.working import long_work
from evenhand.errors import Cancelled, EvenhandError, LedgerError, ServerGone, counted


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"evenhand {version('evenhand')}")
        raise typer.Exit


app = typer.Typer(
    cls=WithInstalledGroups,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 evenhand broke or was killed, 2 bad input, 3 done but trials failed, 4 ledger "
    "trouble, 130 interrupted. `gate` ends with 0 where all holds, 1 where something does not, 3 where it cannot be "
    "told.",
)


@app.callback()
def evenhand(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Does the mechanism really work? Paired experiments at equal budget, and verdicts of known error rate."""


ClaimPath = Annotated[Path, typer.Argument(metavar="CLAIM.toml", help="A claim file.", show_default=False)]


app.command()(run)


@app.command()
def plan(
    claim: ClaimPath,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    on: On = None,
    profile: ProfileName = None,
    gpus: Gpus = None,
    per_gpu: PerGpu = None,
    as_json: AsJson = False,
) -> None:
    """Show what a claim would run: trials, budget, smallest detectable effect."""
    from evenhand.claims.load import load_claim, settled
    from evenhand.cli.output import plan_document, print_plan
    from evenhand.decisions.progress import progress
    from evenhand.ledger import Ledger
    from evenhand.running.enter import check_after, check_machine, outcomes_so_far
    from evenhand.running.families import at_level
    from evenhand.running.searching import unfolded

    loaded = load_claim(claim)
    store = Ledger(ledger, create=False)
    loaded = unfolded(loaded, store)
    check_after(loaded, store)
    if as_json:
        print_json(plan_document(loaded, store))
    else:
        print_plan(loaded, store, out())
    judged = at_level(loaded.resolved, store)
    if progress(judged, settled(outcomes_so_far(judged, store))).finished:
        return
    from evenhand.execution.places import capacity_of
    from evenhand.execution.profiles import Profile
    from evenhand.running.run import check_capacity

    asked = chosen_profile([loaded], on, profile, None, gpus, per_gpu)
    if asked is None or asked.executor == "local":
        check_machine(loaded)
    check_capacity([loaded], capacity_of(asked or Profile(), ledger))


@app.command()
def status(
    claims: Annotated[list[Path] | None, typer.Argument(metavar="[CLAIM.toml ...]", show_default=False)] = None,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Show how far claims are, and explain every failure: what happened and what to do."""
    from evenhand.claims.load import load_claim
    from evenhand.cli.output import status_documents
    from evenhand.cli.status_view import print_status
    from evenhand.running.searching import unfolded

    store = ledger_to_read(ledger)
    documents = status_documents([unfolded(load_claim(path), store) for path in claims or []], store)
    if as_json:
        print_json(documents)
    else:
        print_status(documents, out())
    if left := queue_sentence(queued(store)):
        note().print(left, soft_wrap=True)


@app.command()
def verdict(
    claim: ClaimPath, ledger: LedgerFolder = DEFAULT_LEDGER, as_json: AsJson = False, full: Full = False
) -> None:
    """Decide a claim from the outcomes in the ledger, without running anything."""
    from evenhand.claims.load import all_trials, load_claim
    from evenhand.cli.output import decision_document, print_decision
    from evenhand.running.enter import decided, stale_results
    from evenhand.running.searching import unfolded

    loaded = load_claim(claim)
    store = ledger_to_read(ledger)
    with long_work(note()):
        loaded = unfolded(loaded, store)
        decision = decided(loaded, store)
    trials = all_trials(loaded.resolved)
    changed = stale_results(loaded, store.files_of([trial.id for trial in trials]))
    warn([*changed.sentences(trials, "would run anew"), *(f"ledger: {remark}" for remark in store.notes)])
    if as_json:
        print_json(decision_document(decision, loaded.resolved))
    else:
        print_decision(loaded.resolved, decision, out(), full=full)


app.command()(report)


@app.command()
def bind(
    documents: Annotated[list[Path], typer.Argument(metavar="PAGE.md ...", help="Markdown files.", show_default=False)],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 2 if a table is not up to date.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write tables of verdicts into documents from the ledgers that they name, or check them.

    A document marks the place of each table, with paths relative to its own folder:

    <!-- verdicts of ../claims/x.toml in ../results/x -->

    <!-- end of verdicts -->

    What stands between the two lines is replaced; everything else is left as it is.
    """
    from evenhand.report import bind as pages

    with long_work(note()):
        bound = [pages.bind(path, pages.verdict_table_of) for path in documents]
    for page in bound:
        if not check and page.stale:
            pages.save(page)
        state = "not what the ledger says" if check else "written anew"
        for block in () if as_json else page.stale:
            out().print(f"{page.path}:{block.line}: {block.claim.name}: {state}", soft_wrap=True)
        for line, number, block in page.unbound if check and not as_json else ():
            where = f"{page.path}:{line}: {number} stands in the table of line {block.line}, too"
            out().print(f"{where}: a number that nothing holds to the ledger", soft_wrap=True)
        if not as_json:
            out().print(f"{page.path}: {counted(page.blocks, 'table')}, {len(page.stale)} {state}", soft_wrap=True)
        if not page.blocks:
            warn([f"{page.path} has no mark. A table stands between {pages.MARK} and <!-- end of verdicts -->"])
    if as_json:
        print_json([pages.bound_document(page) for page in bound])
    raise typer.Exit(2 if check and any(page.stale for page in bound) else 0)


app.command("try")(try_recipe)
app.command()(overview)
app.command()(diff)
app.command()(logs)
app.command("set-aside")(set_aside)
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
app.command()(extend)
app.command()(recheck)
app.command()(audit)
app.add_typer(ledger_app, name="ledger")
app.add_typer(models_app, name="models")


def command_line(arguments: Sequence[str]) -> Callable[[], Any]:
    """The command line, described to its parser as far as it is asked for.

    To describe all commands takes a quarter of a second, as long as most of them need: where the first argument names
    one, it is left at that one. Help, completion and what nobody knows see them all.
    """
    asked = arguments[0] if arguments else ""
    commands = [c for c in app.registered_commands if asked == (c.name or typer.main.get_command_name(_name(c)))]
    groups = [group for group in app.registered_groups if asked == group.name]
    if not (commands or groups):
        return app
    narrow = copy.copy(app)
    narrow.registered_commands, narrow.registered_groups = commands, groups
    return typer.main.get_group(narrow)


def _name(command: Any) -> str:
    return str(command.callback.__name__)


def main() -> None:
    """Run the command line; errors that evenhand raises on purpose end with a message and an exit code."""
    # A command keeps nearly all that it reads to its end: looking through it for garbage took a sixth of its time.
    gc.set_threshold(200_000, 50, 100)
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
