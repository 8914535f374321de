"""Records as plain data for the segments, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from evenhand.ledger.records import ClaimRecord, DecisionRecord
from evenhand.ledger.segments import Entry
from evenhand.outcome import Execution, Failure, Outcome
from evenhand.trial import ItemSet, Trial


def trial_to_plain(trial: Trial) -> dict[str, Any]:
    """A trial with its id."""
    document = {f.name: getattr(trial, f.name) for f in dataclasses.fields(trial)}
    return document | {"items": dataclasses.asdict(trial.items), "settings": dict(trial.settings), "id": trial.id}


def trial_from_plain(document: Mapping[str, Any]) -> Trial:
    """The inverse of :func:`trial_to_plain`."""
    fields = {key: value for key, value in document.items() if key != "id"}
    return Trial(**fields | {"items": ItemSet(**document["items"])})


def outcome_to_plain(outcome: Outcome) -> dict[str, Any]:
    """An outcome without its tables, which go into files of their own."""
    keys = ("metrics", "undefined", "spent", "grain", "data", "notes")
    document: dict[str, Any] = {key: dict(getattr(outcome, key)) for key in keys}
    return document | {"failure": None if outcome.failure is None else dataclasses.asdict(outcome.failure)}


def outcome_from_plain(document: Mapping[str, Any]) -> Outcome:
    """The inverse of :func:`outcome_to_plain`."""
    failure = document["failure"]
    return Outcome(**dict(document) | {"failure": None if failure is None else Failure(**failure)})


def execution_from_plain(document: Mapping[str, Any]) -> Execution:
    """How the process went."""
    return Execution(**document)


def claim_from_entry(entry: Entry) -> ClaimRecord:
    """A claim record."""
    body = entry.body
    return ClaimRecord(
        body["name"], body["hash"], body["identity"], body["text"], body["amends"], tuple(body["changes"]), entry.place
    )


def decision_from_entry(entry: Entry) -> DecisionRecord:
    """A decision record."""
    return DecisionRecord(entry.body["name"], entry.body["hash"], entry.body["verdicts"], entry.place)
