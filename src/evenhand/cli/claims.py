"""Commands on what a claim would run, how far it is, and what it says: ``plan``, ``status`` and ``verdict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, Full, LedgerFolder, ledger_to_read, note, out, print_json, warn
from evenhand.cli.places import (
    Gpus,
    Jobs,
    On,
    PerGpu,
    ProfileName,
    chosen_place,
    queue_sentence,
    queued,
)  # fmt: skip
from evenhand.cli.working import long_work

ClaimPath = Annotated[Path, typer.Argument(metavar="CLAIM.toml", help="A claim file.", show_default=False)]


def plan(
    claim: ClaimPath,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    jobs: Jobs = None,
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
    from evenhand.execution.places import capacity_of, room_of
    from evenhand.ledger import Ledger
    from evenhand.running.enter import check_after, check_machine, outcomes_so_far
    from evenhand.running.families import at_level
    from evenhand.running.run import check_capacity
    from evenhand.running.searching import unfolded

    loaded = load_claim(claim)
    store = Ledger(ledger, create=False)
    loaded = unfolded(loaded, store)
    check_after(loaded, store)
    place, slots = chosen_place([loaded], store, on, profile, jobs, gpus, per_gpu)
    room = room_of(place) if place.executor == "local" else None
    if as_json:
        print_json(plan_document(loaded, store, slots, room))
    else:
        print_plan(loaded, store, out(), slots=slots, room=room)
    judged = at_level(loaded.resolved, store)
    if progress(judged, settled(outcomes_so_far(judged, store))).finished:
        return
    if room is not None:
        check_machine(loaded, room, store)
    check_capacity([loaded], capacity_of(place, ledger))


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
