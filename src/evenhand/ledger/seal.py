"""Receipts: what a claim was before its first trial, as one file that can be lodged anywhere.

A receipt is JSON with sorted keys. Its sha256 stands in the chain (a record of kind ``seal``), and wherever else its
owner lets it be kept: in a git tag, under a time stamp (RFC 3161), with somebody else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenhand.ledger.records import ClaimRecord
from evenhand.ledger.segments import Entry
from evenhand.recipes.trial import canonical_hash

FORM = 1
"""Of the receipt; raised when its keys change their meaning."""

SEED_RULE = "sha256 of canonical JSON [claim_hash, 'seeds', i], mod 2**31; i counts on over the rungs, past repeats"


@dataclass(frozen=True)
class SealRecord:
    """A seal as the chain holds it.

    Attributes:
        claim: hash of the claim, as it is called everywhere (16 hex digits).
        text: the receipt.
        witnesses: what keeps it outside the ledger.
        place: of the record, counted over all records in the order of writing.
    """

    claim: str
    text: str
    witnesses: tuple[str, ...]
    place: int

    @property
    def sha256(self) -> str:
        """Of the receipt."""
        return digest_of(self.text)

    @property
    def receipt(self) -> Mapping[str, Any]:
        """The receipt, read."""
        found: Mapping[str, Any] = json.loads(self.text)
        return found


def digest_of(text: str) -> str:
    """sha256 of a receipt, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def receipt_text(
    record: ClaimRecord,
    *,
    data: Mapping[str, str],
    items: Mapping[str, Mapping[str, Any]],
    seeds: Mapping[str, Any],
    head: str,
    time: str,
    version: str,
) -> str:
    """The receipt of a claim that was entered.

    Args:
        record: with which it was entered: its identity is the claim, resolved.
        data: file that its settings name to sha256.
        items: rung to the set of its items, and to the hash of their places where the pool is known.
        seeds: rung to its seeds, or to how many are drawn by the rule.
        head: of the chain, the record of the claim included.
        time: of now, ISO 8601 in UTC.
        version: of evenhand.
    """
    document = {
        "form": FORM,
        "name": record.name,
        "claim": record.identity,
        "claim_hash": canonical_hash(record.identity),
        "recipe": record.identity["recipe"],
        "fingerprint": record.identity["fingerprint"],
        "data": data,
        "items": items,
        "seeds": seeds,
        "seed_rule": SEED_RULE,
        "chain": {"head": head, "record": record.place.hash, "segment": record.place.segment},
        "time": time,
        "evenhand": version,
    }
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def seals(entries: Sequence[Entry], claim: str) -> list[SealRecord]:
    """The seals of a claim, in the order of writing."""
    return [
        SealRecord(body["claim"], body["receipt"], tuple(body["witnesses"]), place)
        for place, entry in enumerate(entries)
        if entry.kind == "seal" and (body := entry.body)["claim"] == claim
    ]
