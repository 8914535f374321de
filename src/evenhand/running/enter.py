"""Claims and the ledger: entered before their first trial, with what the ledger knows of them, and decided from it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evenhand.claims.expectations import unknown_claims
from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.nesting import changed_fields, is_same_question
from evenhand.claims.resolve import ResolvedClaim
from evenhand.data.reading import read_text
from evenhand.decisions.standing import Replaced, Standing, Unblinded
from evenhand.errors import ClaimError, EvenhandError
from evenhand.execution.local.room import Room
from evenhand.extras import needed
from evenhand.ledger import Ledger
from evenhand.recipes.gpus import giving
from evenhand.recipes.outcome import Files, Outcome
from evenhand.running import families, likeness, searching, standing
from evenhand.running.fitting import device_of, shortage
from evenhand.running.freshness import Freshness, freshness
from evenhand.running.inputs import missing_inputs

if TYPE_CHECKING:
    from evenhand.decisions.agreement import Made
    from evenhand.decisions.pairs import Outcomes
    from evenhand.decisions.verdict import Decision


def outcomes_so_far(claim: ResolvedClaim, ledger: Ledger) -> dict[str, Outcome]:
    """Trial id to its newest outcome in the ledger, failures included."""
    ids = [trial.id for trial in all_trials(claim)]
    return {key: record.outcome for key, record in ledger.latest(ids).items()}


def all_made(claim: ResolvedClaim, outcomes: Outcomes) -> list[Made]:
    """The outcomes at hand with the arms and seeds that they stand for."""
    from evenhand.decisions.agreement import Made

    return [Made(t.arm, t.seed, outcomes[t.id]) for t in all_trials(claim) if t.id in outcomes]


def stale_results(loaded: LoadedClaim, files: Mapping[str, Files]) -> Freshness:
    """Which results of a claim were made by code or from data that have changed since; see `Ledger.files_of`."""
    return freshness(files, loaded.folder)


def fix_claim(loaded: LoadedClaim, ledger: Ledger, *, amend: bool) -> list[str]:
    """Enter the claim into the ledger before its first trial.

    Returns:
        What differs from the claim of the same name that has results, where ``amend`` allows that.

    Raises:
        ClaimError: a claim of this name with other content has results already; names the fields that changed. Other
            code of its recipe is no other content: the question is the same, and its trials run anew.
    """
    claim = loaded.resolved
    if standing.entered(claim, ledger) is not None:
        return []
    earlier = standing.newest_with_results(claim.name, ledger)
    if earlier is not None and is_same_question(earlier.identity, claim.identity()):
        ledger.record_claim(
            claim.name, claim.hash, claim.identity(), loaded.file.text, earlier.amends, earlier.changes,
            standing.known_with(earlier, claim, ledger),
        )  # fmt: skip
        return []
    if earlier is not None and not amend:
        raise standing.changed(claim, loaded.path, earlier)
    changes = [] if earlier is None else changed_fields(earlier.identity, claim.identity())
    ledger.record_claim(
        claim.name, claim.hash, claim.identity(), loaded.file.text, "" if earlier is None else earlier.hash, changes,
        standing.what_was_known(claim, ledger),
    )  # fmt: skip
    return changes


def decided(loaded: LoadedClaim, ledger: Ledger, outcomes: Outcomes | None = None) -> Decision:
    """The verdicts of a claim from the ledger, with how the claim stands.

    Args:
        loaded: the claim.
        ledger: where it was entered.
        outcomes: trial id to outcome where they are at hand; else those of the ledger.

    Raises:
        ClaimError: the ledger does not know this claim: it was changed, or never entered.
    """
    claim = searching.unfolded(loaded, ledger).resolved
    standing.require_entered(claim, loaded.path, ledger)
    return decided_of(claim, ledger, outcomes_so_far(claim, ledger) if outcomes is None else outcomes)


def decided_of(claim: ResolvedClaim, ledger: Ledger, outcomes: Outcomes) -> Decision:
    """The same of a claim that was entered, its search unfolded, with trial id to outcome."""
    from evenhand.decisions.agreement import other_packages  # here: commands that judge nothing do without statistics
    from evenhand.decisions.caution_words import caution_words
    from evenhand.decisions.cautions import Caution
    from evenhand.decisions.decide import decide
    from evenhand.decisions.wording import stamped
    from evenhand.running.over_runs import comparable, qualified

    found, left_out = comparable(claim, outcomes)
    before: list[Caution] = [
        *other_packages(all_made(claim, found)),
        *_replaced(claim, ledger),
        *_unblinded(claim, ledger),
    ]
    remarks = [*map(caution_words, before), *left_out, *other_code_words(claim, ledger)]
    made = replace(decide(families.at_level(claim, ledger), found), claim_hash=claim.hash)
    made = families.tuned(claim, made, ledger)
    stood, seen = _stood(claim, found, ledger)
    made = replace(made, families=families.places(claim, made, ledger, seen))
    return qualified(stamped(made, stood, remarks), claim, found)


def titles_of(claim: ResolvedClaim, ledger: Ledger, outcomes: Outcomes) -> dict[str, str]:
    """``arm/condition/metric`` to the title that :func:`decided_of` gives each verdict, in a fraction of its time.

    For those who show many claims: nothing that stands beside the verdicts is worked out.
    """
    from evenhand.decisions.decide import decide  # here: commands that judge nothing do without statistics
    from evenhand.decisions.wording import stamped
    from evenhand.running.over_runs import comparable, qualified

    found, _ = comparable(claim, outcomes)
    made = families.tuned(claim, decide(families.at_level(claim, ledger), found, beside=False), ledger)
    return qualified(stamped(made, _stood(claim, found, ledger)[0]), claim, found).titles


def _stood(claim: ResolvedClaim, found: Outcomes, ledger: Ledger) -> tuple[Standing, int]:
    """When a claim was fixed, and how many of its trials came out as results did that were known."""
    stood = standing.standing(claim, ledger)
    seen = likeness.same_scores(claim, found, ledger) if stood.fixed in ("before", "rerun") else 0
    return (replace(stood, fixed="post-hoc", alike=replace(stood.alike, scores=seen)) if seen else stood), seen


def other_code_words(claim: ResolvedClaim, ledger: Ledger) -> list[str]:
    """That results of the same question, made by other code of its recipe, had been seen: one sentence, or none."""
    from evenhand.decisions.caution_words import caution_words

    other = standing.other_code(claim, ledger)
    return [] if other is None else [caution_words(other)]


def _replaced(claim: ResolvedClaim, ledger: Ledger) -> list[Replaced]:
    """That results which had been seen were made anew by other code or from other data."""
    count = ledger.superseded({trial.id for trial in all_trials(claim)})
    return [Replaced(count)] if count else []


def _unblinded(claim: ResolvedClaim, ledger: Ledger) -> list[Unblinded]:
    """That the board showed its arms by name before it was decided: the first time."""
    found = [record for record in ledger.interventions(claim.hash) if record.what == "unblinded"][:1]
    return [Unblinded(record.time, record.results, record.trials) for record in found]


def check_machine(loaded: LoadedClaim, room: Room | None = None, ledger: Ledger | None = None) -> None:
    """Refuse a claim whose trials cannot run on this machine.

    Args:
        loaded: the claim.
        room: what of this machine its trials share; None to look at one trial alone.
        ledger: tells whether it waits for claims that have not run: they may yet write what its settings name.

    Raises:
        ClaimError: packages are missing, or files, models or data that settings name; the recipe names what stands in
            the way, or estimates more memory than the device has for the trials that are on it at a time.
    """
    check_packages(loaded)
    obstacle = loaded.recipe.info.obstacle
    found = {shortage(loaded, room)} - {""}
    if obstacle is not None:
        device = device_of(loaded) if room is None else device_of(loaded, room.default)
        with giving(() if room is None else room.gpus):
            found |= {obstacle(settings, device) for settings in loaded.resolved.settings.values()} - {""}
    faults = [loaded.file.fault(("settings",), sentence) for sentence in sorted(found)]
    if ledger is None or all(is_finished(name, ledger) for name in loaded.file.claim.after):
        faults += missing_inputs(loaded)
    if faults:
        raise ClaimError(f"{loaded.file.source} cannot be run on this machine", faults)


def check_packages(loaded: LoadedClaim) -> None:
    """Refuse a claim whose recipe needs what is not installed.

    Raises:
        ClaimError: names the packages and how they are installed.
    """
    info = loaded.recipe.info
    if lacking := needed(info.needs, info.extra):
        raise ClaimError(f"{loaded.file.source} cannot be run here", [loaded.file.fault(("recipe",), lacking)])


def check_after(loaded: LoadedClaim, ledger: Ledger) -> None:
    """Refuse a claim that waits for one that nobody knows.

    Raises:
        ClaimError: a name in ``after`` that no claim in the ledger and no claim file beside this one has.
    """
    after = loaded.file.claim.after
    if not after:
        return
    known = {record.name for record in ledger.claims()} | {path.stem for path in loaded.folder.glob("*.toml")}
    known |= {name for path in loaded.folder.glob("*.toml") if (name := _own_name(path))}
    faults = [
        loaded.file.fault(("after",), f"no claim '{name}' is in the ledger or beside this file; mend the name")
        for name in unknown_claims(after, dict.fromkeys(known))
    ]
    if faults:
        raise ClaimError(f"{loaded.path.name} waits for a claim that is not there", faults)


def _own_name(path: Path) -> str:
    """The name that a claim file gives itself, or nothing."""
    try:
        return str(tomllib.loads(read_text(path)).get("name", ""))
    except (EvenhandError, ValueError, RecursionError):
        return ""


def is_finished(name: str, ledger: Ledger) -> bool:
    """Whether the newest claim of this name in the ledger was run to its end."""
    known = ledger.claims(name)
    return bool(known) and bool(ledger.decisions(name, known[-1].hash))
