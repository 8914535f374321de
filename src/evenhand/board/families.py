"""The families of the ledger, worked out beside the board: old claims may have to be decided anew for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from evenhand.board.seen import FamilyRowShown, FamilyShown
from evenhand.decisions.standing import LedgerFamily
from evenhand.decisions.wording import spending_words
from evenhand.errors import EvenhandError
from evenhand.ledger import Ledger
from evenhand.ledger.segments import Entry
from evenhand.running.families import families


class Families:
    """The families as they were when claims, decisions or begun claims last changed.

    Attributes:
        sentences: claim hash to where it stands in its families.
    """

    def __init__(self, folder: Path) -> None:
        self._ledger = Ledger(folder, create=False)  # of its own: a ledger is for one thread at a time
        self._worker = ThreadPoolExecutor(1, "families")
        self._state: tuple[int, int] = (0, 0)
        self._work: Future[list[LedgerFamily]] | None = None
        self._shown: tuple[FamilyShown, ...] = ()
        self.sentences: Mapping[str, tuple[str, ...]] = {}

    def look(self, entries: Sequence[Entry]) -> tuple[FamilyShown, ...]:
        """The families as far as they are worked out."""
        steps = sum(entry.kind in ("claim", "decision") for entry in entries)
        begun = len({entry.about.claim for entry in entries if entry.kind == "outcome"})
        if self._work is not None and self._work.done():
            self._take(self._work)
            self._work = None
        if self._work is None and (steps, begun) != self._state:
            self._state = (steps, begun)
            self._work = self._worker.submit(families, self._ledger)
        return self._shown

    def close(self) -> None:
        """Wait for nothing more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _take(self, work: Future[list[LedgerFamily]]) -> None:
        try:
            found = work.result()
        except EvenhandError:
            self._state = (0, 0)  # the ledger is damaged, or being packed: it is tried again, and the board says so
            return
        except (KeyError, TypeError, ValueError, AttributeError):
            return  # claims of another version, which the list of families cannot read: the board stands without it
        self._shown = tuple(_shown(one) for one in found)
        told: dict[str, list[str]] = {}
        for one in found:
            for row in one.rows:
                level = "" if row.level is None else f", held at {row.level:.2g} in the ledger"
                told.setdefault(row.hash, []).append(f"Claim {row.place} of {len(one.rows)} on {one.family}{level}.")
        self.sentences = {key: tuple(sentences) for key, sentences in told.items()}


def _shown(found: LedgerFamily) -> FamilyShown:
    rows = tuple(
        FamilyRowShown(row.place, row.claim, row.state, row.gains, row.p, row.level, row.holds) for row in found.rows
    )
    return FamilyShown(found.family, spending_words(found), rows)
