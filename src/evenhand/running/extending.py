"""Seeds added to a claim that may be looked at at any time: the ledger tells which, the claim stays what it is."""

from __future__ import annotations

import itertools

from evenhand.claims.load import LoadedClaim, settled
from evenhand.claims.resolve import ResolvedClaim, further_seeds
from evenhand.claims.values import MOST_SEEDS
from evenhand.errors import ClaimError, counted
from evenhand.ledger import Ledger
from evenhand.recipes.catalogue import RUNS
from evenhand.running import families, searching, standing
from evenhand.running.likeness import known_seeds


def extend(loaded: LoadedClaim, ledger: Ledger, count: int) -> tuple[int, ...]:
    """Add seeds to a claim whose question is still open; nothing is run.

    They are those that the claim's rule draws next (else the next whole numbers), without any that the ledger has a
    trial of, or of its like: whoever adds seeds has seen none of their outcomes.

    Returns:
        The seeds.

    Raises:
        ClaimError: the looks of the claim are fixed, it has not been run to its end, or its question is settled.
        LedgerError: another process runs it, or the ledger cannot be written.
    """
    with ledger.lock(f"claim-{loaded.resolved.name}"):
        loaded = searching.unfolded(loaded, ledger)
        claim = loaded.resolved
        _check(loaded, ledger)
        room = MOST_SEEDS - len(claim.claim.rungs[-1].seeds)
        if count > room:
            raise _refused(loaded, f"a rung has {MOST_SEEDS:,} seeds at most; {room:,} more can be added")
        seen = known_seeds(claim, ledger)
        fresh = (seed for seed in further_seeds(claim) if seed not in seen and not _known(claim, seed, ledger))
        seeds = tuple(itertools.islice(fresh, count))
        ledger.record_extension(claim.hash, seeds)
    return seeds


def _check(loaded: LoadedClaim, ledger: Ledger) -> None:
    from evenhand.decisions.progress import progress  # here: imports statistics

    claim = loaded.resolved
    rung = claim.claim.rungs[-1]
    if claim.recipe == RUNS:
        raise _refused(loaded, "its trials are runs that were made elsewhere; claim the longer list of runs anew")
    if not rung.anytime:
        planned = f"looks after {', '.join(map(str, rung.looks))} seeds" if rung.looks else "one look, at the end"
        raise _refused(
            loaded,
            f"its looks are fixed ({planned}), and seeds added after them would spoil its error rate. State a new "
            'claim with fresh seeds, and with looks = "anytime" where it is to be extended some day',
        )
    standing.require_entered(claim, loaded.path, ledger)
    found = ledger.latest(claim.trial_ids)
    judged = families.at_level(claim, ledger)
    now = progress(judged, settled({key: record.outcome for key, record in found.items()}))
    if now.pending:
        left = f"{counted(len(now.pending), 'trial')} of it {'is' if len(now.pending) == 1 else 'are'} still to run"
        raise _refused(loaded, f"{left}; first run it with `evenhand run {loaded.path.name}`")
    if not now.active_arms:
        raise _refused(loaded, "every variant was screened out; more seeds of the last rung would be run by none")
    if now.settled:
        raise _refused(loaded, "every verdict on a variant is settled, or was given up by the claim's own rule")


def _refused(loaded: LoadedClaim, why: str) -> ClaimError:
    last = len(loaded.file.claim.rungs) - 1
    fault = loaded.file.fault(("rung", last), why)
    return ClaimError(f"No seeds can be added to the claim '{loaded.resolved.name}'", [fault])


def _known(claim: ResolvedClaim, seed: int, ledger: Ledger) -> bool:
    """Whether the ledger has anything of a trial that this seed would make."""
    rung, conditions = claim.claim.rungs[-1], claim.claim.conditions
    arms = [arm for arm in claim.claim.arms if not arm.deterministic]
    ids = {claim.trial(arm, condition, rung, seed).id for condition in conditions for arm in arms}
    return bool(ledger.outcomes(trial_ids=ids) or ledger.outcomes(trial_ids=ids, exploratory=True))


def awaits_decision(claim: ResolvedClaim, ledger: Ledger) -> bool:
    """Whether seeds were added after the claim was last decided."""
    places = {"extension": -1, "decision": -1}
    for place, entry in enumerate(ledger.entries()):
        key = {"extension": "claim", "decision": "hash"}.get(entry.kind)
        if key is not None and entry.body[key] == claim.hash:
            places[entry.kind] = place
    return places["extension"] > places["decision"]
