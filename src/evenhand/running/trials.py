"""One trial of a ledger, found by the beginning of its id or by its label: what its attempts left, and its log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evenhand.errors import DataError
from evenhand.ledger import Ledger
from evenhand.ledger.records import OutcomeRecord

_SHORTEST = 4
"""Characters of an id that are enough to ask by."""

KEPT = 16 * 1024
"""Bytes of what a trial printed that stay when its folder goes: the last ones."""


@dataclass(frozen=True)
class Logs:
    """What is known of how a trial went.

    Attributes:
        trial: its id.
        label: its arm, condition, rung and seed; empty for one that has no outcome yet.
        attempts: recorded, oldest first.
        log: what it has printed so far, or the end of that where it has ended; empty where nothing was kept.
        running: its folder is there, and it has no outcome.
    """

    trial: str
    label: str
    attempts: tuple[OutcomeRecord, ...]
    log: str = ""
    running: bool = False


def logs_of(ledger: Ledger, asked: str) -> Logs:
    """The attempts at a trial and what they printed.

    Raises:
        DataError: no trial of the ledger is called so, or several are; they are named.
    """
    known: dict[str, str] = {}
    for entry in ledger.entries():
        if entry.kind == "outcome":
            known.setdefault(entry.about.trial, "")
    working = [path.name for path in sorted((ledger.folder / "work").glob("*")) if path.is_dir()]
    trial = _one(asked, [*known, *(name for name in working if name not in known)], ledger)
    attempts = [*ledger.outcomes(trial_ids=[trial]), *ledger.outcomes(trial_ids=[trial], exploratory=True)]
    places = (ledger.workdir(trial) / "log.txt", _kept(ledger, trial))
    text = next((p.read_text(encoding="utf-8", errors="replace") for p in places if p.is_file()), "")
    label = attempts[0].trial.label() if attempts else ""
    return Logs(trial, label, tuple(attempts), text, not attempts and trial in working)


def keep_log(ledger: Ledger, trial: str) -> None:
    """Keep the end of what a trial printed, as its folder goes; no verdict needs it, so that trouble is passed over."""
    with suppress(OSError):
        with (ledger.workdir(trial) / "log.txt").open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - KEPT))
            text = file.read()
        if text.strip():
            target = _kept(ledger, trial)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(text if size <= KEPT else b"...\n" + text.partition(b"\n")[2])


def _kept(ledger: Ledger, trial: str) -> Path:
    return ledger.folder / "logs" / f"{trial}.txt"


def _one(asked: str, known: list[str], ledger: Ledger) -> str:
    """The id that is meant."""
    begins = [key for key in known if key.startswith(asked)] if len(asked) >= _SHORTEST else []
    labels = {} if begins else _labels(ledger)
    found = begins or [key for key, label in labels.items() if _plain(label) == _plain(asked)]
    if len(found) == 1:
        return found[0]
    if found and begins:
        told = "; ".join(f"{key} {_labels(ledger).get(key, '')}".strip() for key in found[:8])
        raise DataError(f"'{asked}' is the beginning of {len(found)} trials: {told}. Give more of its id.")
    if found:
        names = _claims_of(found, ledger)
        told = "; ".join(f"{key} of {names.get(key, 'no claim')}" for key in found[:8])
        raise DataError(f"'{asked}' names {len(found)} trials: {told}. Give the beginning of its id.")
    raise DataError(
        f"No trial of this ledger is '{asked}': give the beginning of its id (at least {_SHORTEST} characters) or its "
        "label, 'ARM · CONDITION · RUNG · seed N'. `evenhand status` and the report name both; "
        '`evenhand ledger query "select trial, arm, condition, rung, seed from outcomes"` lists all.'
    )


def _labels(ledger: Ledger) -> dict[str, str]:
    records = [*ledger.outcomes(), *ledger.outcomes(exploratory=True)]
    return {record.trial.id: record.trial.label() for record in records}


def _claims_of(trials: list[str], ledger: Ledger) -> dict[str, str]:
    """Trial id to the name of the claim that ran it."""
    return {record.trial.id: record.trial.claim for record in ledger.outcomes(trial_ids=trials)}


def _plain(label: str) -> str:
    """A label as people may type it: ``on/default/confirm/1`` is ``on · default · confirm · seed 1``."""
    return " ".join(label.replace("·", " ").replace("/", " ").replace("seed", " ").split())


def set_aside(ledger: Ledger, asked: str, reason: str) -> Logs:
    """Set what is recorded of a trial aside, for the next run to make it anew.

    Raises:
        DataError: no such trial, nothing of it counts, or no reason is given.
        LedgerError: its claim is being run, or the ledger cannot be written.
    """
    if not reason.strip():
        raise DataError("A trial is set aside for a reason, which the ledger keeps: give it with --reason.")
    found = logs_of(ledger, asked)
    counts = [record for record in found.attempts if not record.set_aside and not record.exploratory]
    if not counts:
        raise DataError(f"Nothing that is recorded of the trial {found.trial} counts, so that nothing is set aside.")
    result = any(record.outcome.is_result for record in counts)
    failure = counts[-1].outcome.failure
    known = "result" if result else "" if failure is None else failure.kind
    with ledger.lock(f"claim-{counts[-1].trial.claim}"):
        ledger.record_set_aside(found.trial, found.label, " ".join(reason.split()), known)
    return found
