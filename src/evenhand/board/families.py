"""The families of the ledger, as ``evenhand family`` lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evenhand.board.background import Background
from evenhand.board.seen import FamilyRowShown, FamilyShown
from evenhand.decisions.standing import LedgerFamily
from evenhand.decisions.wording import spending_words
from evenhand.ledger import Ledger
from evenhand.ledger.segments import Entry
from evenhand.running.families import families


@dataclass(frozen=True)
class FamiliesShown:
    """The families, and claim hash to where it stands in them, as sentences."""

    families: tuple[FamilyShown, ...] = ()
    sentences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Families:
    """The families as they were when claims, decisions or begun claims last changed."""

    def __init__(self, folder: Path) -> None:
        self._beside: Background[None, FamiliesShown] = Background(folder, _worked_out, FamiliesShown())

    def look(self, entries: Sequence[Entry]) -> FamiliesShown:
        """The families as far as they are worked out."""
        steps = sum(entry.kind in ("claim", "decision") for entry in entries)
        begun = len({entry.about.claim for entry in entries if entry.kind == "outcome"})
        return self._beside.look(None, (steps, begun))

    def close(self) -> None:
        """Wait for nothing more."""
        self._beside.close()


def _worked_out(_: None, ledger: Ledger) -> FamiliesShown:
    found = families(ledger)
    told: dict[str, list[str]] = {}
    for one in found:
        for row in one.rows:
            level = "" if row.level is None else f", held at {row.level:.2g} in the ledger"
            told.setdefault(row.hash, []).append(f"Claim {row.place} of {len(one.rows)} on {one.family}{level}.")
    return FamiliesShown(tuple(map(_shown, found)), {key: tuple(sentences) for key, sentences in told.items()})


def _shown(found: LedgerFamily) -> FamilyShown:
    rows = tuple(
        FamilyRowShown(row.place, row.claim, row.state, row.gains, row.p, row.level, row.holds) for row in found.rows
    )
    return FamilyShown(found.family, spending_words(found), rows)
