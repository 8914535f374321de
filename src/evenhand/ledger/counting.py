"""Which attempt at a trial counts: the first that is a result, unless other code or other data have made it anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from evenhand.ledger.segments import About, Entry


def counting(entries: Iterable[Entry], trial_ids: Collection[str] | None = None) -> dict[str, Entry]:
    """The attempt that counts for each trial: the first that is a result, else the last failure.

    A result is a set of scores or a divergence. The first counts, so that running again cannot replace it; but one
    that was made by other code or from other data than a later attempt is superseded by that.

    Args:
        entries: outcomes in the order of writing; exploratory ones never count.
        trial_ids: only these; None for all.
    """
    wanted = None if trial_ids is None else set(trial_ids)
    chosen: dict[str, Entry] = {}
    for entry in entries:
        about = entry.about
        if about.exploratory or (wanted is not None and about.trial not in wanted):
            continue
        known = chosen.get(about.trial)
        if known is None or not known.about.is_result or known.about.made_otherwise(about):
            chosen[about.trial] = entry
    return chosen


def superseded(entries: Iterable[Entry], trial_ids: Collection[str]) -> int:
    """Number of trials with a result that a later attempt, by other code or from other data, has replaced."""
    wanted, chosen, replaced = set(trial_ids), dict[str, About](), set[str]()
    for entry in entries:
        about = entry.about
        if about.trial not in wanted or about.exploratory:
            continue
        known = chosen.get(about.trial)
        if known is not None and known.is_result and known.made_otherwise(about):
            replaced.add(about.trial)
        if known is None or not known.is_result or known.made_otherwise(about):
            chosen[about.trial] = about
    return len(replaced)


def known_before(entries: Iterable[Entry], claim_hash: str, trial_ids: Collection[str]) -> dict[str, str]:
    """Trial id to the hash of the claim under which its first result was recorded, before a claim was entered.

    Args:
        entries: records of every kind in the order of writing.
        claim_hash: of the claim; what is known now where it was never entered.
        trial_ids: of the trials that are asked for.
    """
    wanted, found = set(trial_ids), dict[str, str]()
    for entry in entries:
        about = entry.about
        if entry.kind == "claim" and entry.body["hash"] == claim_hash:
            break
        if entry.kind == "outcome" and about.trial in wanted and not about.exploratory and about.is_result:
            found.setdefault(about.trial, about.claim)
    return found
