"""Records as plain data for the segments, and back. What JSON cannot hold is put right or named here."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from evenhand.errors import LedgerError
from evenhand.ledger.records import ClaimRecord, DecisionRecord, InterventionRecord
from evenhand.ledger.segments import Entry
from evenhand.recipes.outcome import Execution, Failure, Outcome
from evenhand.recipes.trial import ItemSet, Trial


def whole_text(text: str) -> str:
    """Text that UTF-8 can hold: a half of a surrogate pair, as broken output gives it, becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def plain(value: Any, where: str) -> Any:
    """A value as JSON holds it: numpy numbers, tuples and paths become numbers, lists and text.

    Raises:
        LedgerError: a number is not finite, or JSON has no such thing; names the place.
    """
    import numpy as np

    if isinstance(value, Mapping):
        return {whole_text(str(key)): plain(entry, f"{where}.{key}") for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry, f"{where}[{i}]") for i, entry in enumerate(value)]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), where)
    if isinstance(value, str | PurePath):
        return whole_text(str(value))
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise LedgerError(
        f"The ledger cannot hold {where} = {value!r}: expected finite numbers, text, lists and tables. "
        "Give a value that cannot be computed as None, with its reason beside it."
    )


def trial_to_plain(trial: Trial) -> dict[str, Any]:
    """A trial with its id."""
    document = {f.name: getattr(trial, f.name) for f in dataclasses.fields(trial)}
    if trial.candidate is None:  # as in records of versions that search nothing
        del document["candidate"]
    return document | {"items": dataclasses.asdict(trial.items), "settings": dict(trial.settings), "id": trial.id}


def trial_from_plain(document: Mapping[str, Any]) -> Trial:
    """The inverse of :func:`trial_to_plain`."""
    fields = {key: value for key, value in document.items() if key != "id"}
    trial = Trial(**fields | {"items": ItemSet(**document["items"])})
    # The id under which it was run: a later contract would give the same fields another one.
    vars(trial)["id"] = document["id"]
    return trial


def outcome_to_plain(outcome: Outcome) -> dict[str, Any]:
    """An outcome without its tables, which go into files of their own.

    A metric that is no finite number is recorded as undefined with that reason; an amount that is none is left out,
    with a note.
    """
    document: dict[str, dict[str, Any]] = {
        key: dict(getattr(outcome, key))
        for key in ("metrics", "undefined", "spent", "grain", "data", "notes", "code", "packages")
    }
    for name in _not_finite(document["metrics"]):
        found = document["metrics"].pop(name)
        document["undefined"].setdefault(name, f"the recipe returned {found}")
    for key in ("spent", "grain"):
        for name in _not_finite(document[key]):
            document["notes"][f"{key}.{name}"] = f"left out: reported as {document[key].pop(name)}"
    return document | {
        "failure": None if outcome.failure is None else dataclasses.asdict(outcome.failure),
        "draws": None if outcome.draws is None else list(outcome.draws),
        "pool": outcome.pool,
    }


def _not_finite(numbers: Mapping[str, Any]) -> list[str]:
    return [name for name, value in numbers.items() if not math.isfinite(value)]


def outcome_from_plain(document: Mapping[str, Any], tables: Mapping[str, Any] | None = None) -> Outcome:
    """The inverse of :func:`outcome_to_plain`; ``tables`` are its items and curves, which stand elsewhere."""
    failure, draws = document["failure"], document.get("draws")  # records of earlier versions tell no draws
    parsed = {
        "failure": None if failure is None else Failure(**failure),
        "draws": None if draws is None else tuple(draws),
    }
    return Outcome(**{**document, **parsed, **(tables or {})})


def execution_from_plain(document: Mapping[str, Any]) -> Execution:
    """How the process went."""
    return Execution(**document)


def claim_from_entry(entry: Entry) -> ClaimRecord:
    """A claim record."""
    body = entry.body
    return ClaimRecord(
        body["name"], body["hash"], body["identity"], body["text"], body["amends"], tuple(body["changes"]), entry.place,
        body.get("known"), entry.time,
    )  # fmt: skip


def decision_from_entry(entry: Entry) -> DecisionRecord:
    """A decision record."""
    body = entry.body
    return DecisionRecord(body["name"], body["hash"], body["verdicts"], entry.place, body.get("head", ""))


def intervention_from_entry(entry: Entry) -> InterventionRecord:
    """A record of what a person did to a claim."""
    body = entry.body
    return InterventionRecord(
        body["what"], body["name"], body["hash"], body["results"], body["trials"], entry.time, entry.place
    )
