"""What the ledger has and a tracker has not is written to it; a fault of theirs is one sentence of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.claims.resolve import ResolvedClaim
from evenhand.errors import DataError, counted
from evenhand.ledger.records import OutcomeRecord
from evenhand.trackers.entries import VerdictEntry, new_entries
from evenhand.trackers.protocol import Tracker, fault_words, opener


@dataclass
class Written:
    """How far one tracker has got."""

    spec: str
    tracker: Tracker
    known: frozenset[str]
    trials: int = 0
    verdicts: int = 0


def connected(spec: str, claim: str) -> Written:
    """A tracker, opened, with what it has already.

    Raises:
        DataError: there is no such tracker, or it does not answer.
    """
    opened, target = opener(spec)
    try:
        tracker = opened(target, claim)
        return Written(spec, tracker, frozenset(tracker.known()))
    except Exception as error:
        raise _outage(spec, error, None) from error


def write_trials(to: Written, claim: ResolvedClaim, records: Sequence[OutcomeRecord]) -> None:
    """Write the trials that a tracker has not got.

    Raises:
        DataError: it does not take them; what was written stays, and the rest is written by doing it again.
    """
    for entry in new_entries(claim, records, to.known):
        try:
            to.tracker.trial(entry)
        except Exception as error:
            raise _outage(to.spec, error, to) from error
        to.known |= {entry.key}
        to.trials += 1


def write_verdict(to: Written, entry: VerdictEntry) -> None:
    """Write the verdicts unless they are there.

    Raises:
        DataError: as :func:`write_trials`.
    """
    if entry.key in to.known:
        return
    try:
        to.tracker.verdict(entry)
    except Exception as error:
        raise _outage(to.spec, error, to) from error
    to.known |= {entry.key}
    to.verdicts += 1


def closed(to: Written) -> None:
    """Close a tracker.

    Raises:
        DataError: it does not end well.
    """
    try:
        to.tracker.close()
    except Exception as error:
        raise _outage(to.spec, error, to) from error


def _outage(spec: str, error: Exception, to: Written | None) -> DataError:
    if isinstance(error, DataError):
        return error
    name = spec.partition(":")[0]
    done = "" if to is None else f" after {counted(to.trials, 'trial')}"
    return DataError(
        f"The tracker '{name}' failed{done}: {fault_words(error)}; what is missing is written when it is done again."
    )
