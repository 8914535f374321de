"""Contrasts so far of claims that are not decided, for a board that shows arms by name: to watch, never to judge by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evenhand.board.background import Background
from evenhand.board.known import KnownClaim
from evenhand.board.seen import ContrastShown
from evenhand.decisions.decide import running_contrasts
from evenhand.decisions.progress import progress
from evenhand.ledger import Ledger
from evenhand.running.families import at_level

Shown = Mapping[str, tuple[ContrastShown, ...]]
"""Claim hash to its contrasts."""


class Contrasts:
    """The contrasts as they were when a result last came in."""

    def __init__(self, folder: Path) -> None:
        self._beside: Background[Sequence[KnownClaim], Shown] = Background(folder, _worked_out, {})

    def look(self, claims: Sequence[KnownClaim], results: int) -> Shown:
        """The contrasts of some claims as far as they are worked out.

        Args:
            claims: whose arms are shown by name.
            results: in the ledger; more of them change contrasts.
        """
        hashes = tuple(one.record.hash for one in claims)
        return self._beside.look(claims, (hashes, results)) if claims else {}

    def close(self) -> None:
        """Wait for nothing more."""
        self._beside.close()


def _worked_out(claims: Sequence[KnownClaim], ledger: Ledger) -> Shown:
    found = {}
    for one in claims:
        results = ledger.results(one.trials)
        if one.claim is None or not results:
            continue
        judged = at_level(one.claim, ledger)
        contrasts = running_contrasts(judged, progress(judged, results), results)
        found[one.record.hash] = tuple(
            ContrastShown(c.arm, c.against, c.condition, c.metric, c.estimate, c.interval, len(c.seeds))
            for c in contrasts
            if c.estimate is not None
        )
    return found
