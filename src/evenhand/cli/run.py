"""The command ``evenhand run``: claims are run in one pool of slots, decided and shown as they end.

``evenhand run claims/future_seed/*.toml --jobs 4``
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, Full, LedgerFolder, note, out, print_json, warn
from evenhand.cli.places import (
    Detach,
    Gpus,
    Jobs,
    On,
    PerGpu,
    ProfileName,
    chosen_place,
    executor_for,
    queue_sentence,
    queued,
)
from evenhand.cli.working import long_work
from evenhand.cli.wrapped import tell
from evenhand.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console

    from evenhand.claims.load import LoadedClaim
    from evenhand.cli.live import Screen
    from evenhand.decisions.verdict import Decision
    from evenhand.ledger import Ledger

ClaimFiles = Annotated[list[Path], typer.Argument(metavar="CLAIM.toml ...", help="Claim files.", show_default=False)]
Warm = Annotated[
    bool | None,
    typer.Option(
        "--warm/--cold", envvar="EVENHAND_WARM", show_default=False,
        help="Keep a process, or a script's imports, for the next trial of its recipe; default: on a GPU.",
    ),
]  # fmt: skip
Track = Annotated[
    list[str] | None,
    typer.Option("--track", help="Write trials and verdicts to a tracker, too: mlflow:URI, wandb:PROJECT ..."),
]


def run(
    claims: ClaimFiles,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    jobs: Jobs = None,
    warm: Warm = None,
    on: On = None,
    profile: ProfileName = None,
    gpus: Gpus = None,
    per_gpu: PerGpu = None,
    detach: Detach = False,
    as_json: AsJson = False,
    amend: Annotated[bool, typer.Option("--amend", help="Enter a claim that was changed after results.")] = False,
    track: Track = None,
    full: Full = False,
) -> None:
    """Plan claims, run them in one pool of slots (or go on from where they were interrupted), print verdicts."""
    from evenhand.claims.load import load_claim, queue
    from evenhand.cli.live import Screen
    from evenhand.cli.output import decision_document, print_plan
    from evenhand.cli.tracking import Trackers, tracked
    from evenhand.execution.places import room_of
    from evenhand.ledger import Ledger
    from evenhand.running.enter import is_finished
    from evenhand.running.run import run_claims

    store = Ledger(ledger)
    console = note()
    loaded = queue([load_claim(path) for path in claims], lambda name: is_finished(name, store))
    place, slots = chosen_place(loaded, store, on, profile, jobs, gpus, per_gpu)
    executor = executor_for(loaded, place, ledger, warm)
    room = room_of(place) if place.executor == "local" else None
    for claim in loaded:
        print_plan(claim, store, console, running=True, room=room)
    if slots:
        tell(console, slots)
    trackers = Trackers(tracked(track or ()), {one.resolved.name: one.path for one in loaded}, ledger)
    screen = Screen([claim.resolved for claim in loaded], console)
    ended = _Ended(screen, console, store, ledger / "reports", verdicts=not as_json, full=full)
    try:
        with screen:
            watchers = {name: trackers.observer_of(name, watcher) for name, watcher in screen.observers.items()}
            decisions = run_claims(
                loaded, store, observers=watchers, amend=amend, on_decided=ended, executor=executor, detach=detach,
            )  # fmt: skip
    except KeyboardInterrupt:
        console.print("Interrupted. Finished trials are in the ledger; the same command goes on from there.")
        warn(trackers.end())
        raise typer.Exit(130) from None
    if detach and (left := queue_sentence(queued(store))):
        console.print(left, soft_wrap=True)
    if as_json:
        known = {one.resolved.name: one.resolved for one in loaded}
        print_json([decision_document(decision, known[decision.claim]) for decision in decisions])
    warn([*ended.unwritten, *trackers.end()])
    raise typer.Exit(4 if ended.unwritten else 3 if any(one.failed for one in decisions) else 0)


@dataclass
class _Ended:
    """Told of each claim as it ends: shows its verdicts, and writes its report.

    Attributes:
        screen, console, store: of the run.
        reports: the folder that reports go to.
        verdicts, full: whether verdicts are printed, and all their figures.
        unwritten: why reports could not be written.
    """

    screen: Screen
    console: Console
    store: Ledger
    reports: Path
    verdicts: bool
    full: bool
    unwritten: list[str] = field(default_factory=list)

    def __call__(self, claim: LoadedClaim, decision: Decision) -> None:
        from evenhand.cli.output import print_decision
        from evenhand.report.save import save_report

        name = claim.resolved.name
        with self.screen.paused(name):
            if self.verdicts:
                print_decision(claim.resolved, decision, out(), full=self.full)
            try:
                with long_work(self.console):
                    path, missing = save_report(claim, self.store, self.reports / f"{name}.html")
            except DataError as error:  # the verdict is in the ledger all the same, and `report` writes the page later
                self.unwritten.append(str(error))
                return
            self.console.print(f"Report: {path}", soft_wrap=True)
            warn(missing)
