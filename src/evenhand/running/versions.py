"""Two claims of ledgers beside each other, or two versions of one: what differs in the question, and in the answers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evenhand.claims.nesting import Written, differing_questions, written_settings
from evenhand.decisions.standing import Fixed
from evenhand.errors import DataError
from evenhand.ledger import Ledger
from evenhand.ledger.records import ClaimRecord
from evenhand.running import standing
from evenhand.running.overview import titles_now


@dataclass(frozen=True)
class Version:
    """One claim as a ledger holds it: when it was entered, how it was fixed, its verdicts where it has ended."""

    ledger: str
    claim: str
    hash: str
    entered: str
    fixed: Fixed
    verdicts: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """Two claims beside each other.

    Attributes:
        one, two: which.
        changes: what differs between their identities, as clauses.
        verdicts: ``arm/condition/metric`` to the title in each; empty where one has none.
    """

    one: Version
    two: Version
    changes: tuple[str, ...]
    verdicts: Mapping[str, tuple[str, str]]


def difference(ledger: Path, one: str, two: str, other: Path | None = None) -> Difference:
    """Two claims of a ledger, or of two.

    Args:
        ledger: folder of the ledger.
        one, two: name of a claim, or ``NAME@HASH`` for an earlier version of it (the first characters do).
        other: the ledger of the second; the same one if None.

    Raises:
        DataError: no ledger, or no such claim in it; those that it has are named.
    """
    with Ledger.existing(ledger) as store:
        first, left = _version(store, str(ledger), one)
    with Ledger.existing(other or ledger) as store:
        second, right = _version(store, str(other or ledger), two)
    keys = [*left.verdicts, *(key for key in right.verdicts if key not in left.verdicts)]
    verdicts = {key: (left.verdicts.get(key, ""), right.verdicts.get(key, "")) for key in keys}
    changes = tuple(differing_questions(first.identity, second.identity, (_written(first), _written(second))))
    return Difference(left, right, changes, verdicts)


def _written(record: ClaimRecord) -> Written | None:
    """The settings that the claim's file writes; None where controls bring more, or the file cannot be read."""
    try:
        file = tomllib.loads(record.text)
    except tomllib.TOMLDecodeError:
        return None
    return None if file.get("controls") else written_settings(file)


def _version(store: Ledger, folder: str, asked: str) -> tuple[ClaimRecord, Version]:
    name, _, digest = asked.partition("@")
    found = [record for record in store.claims(name) if record.hash.startswith(digest)]
    if not found:
        known = ", ".join(dict.fromkeys(f"{r.name}@{r.hash[:8]}" for r in store.claims())) or "none"
        raise DataError(f"The ledger {folder} has no claim '{asked}'; it has: {known}.")
    record = found[-1]
    fixed = standing.standing_of(record, store).fixed
    verdicts = titles_now(record, store) or {}
    return record, Version(folder, record.name, record.hash, record.entered, fixed, verdicts)


def versions_of(ledger: Path, name: str) -> list[str]:
    """The hashes under which a claim was entered, oldest first."""
    with Ledger.existing(ledger) as store:
        return list(dict.fromkeys(record.hash for record in store.claims(name)))
