"""The verdicts of decided claims, as ``evenhand verdict`` gives them now: a run may have written down other ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evenhand.board.background import Background
from evenhand.board.known import KnownClaim
from evenhand.board.seen import VerdictShown
from evenhand.decisions.verdict import VerdictKind
from evenhand.ledger import Ledger
from evenhand.running.overview import titles_now

Titles = Mapping[str, Mapping[str, str]]
"""Claim hash to ``arm/condition/metric`` to title."""


class Verdicts:
    """The verdicts as they were when the ledger last grew."""

    def __init__(self, folder: Path) -> None:
        self._beside: Background[Sequence[KnownClaim], Titles] = Background(folder, _worked_out, {})

    def look(self, decided: Sequence[KnownClaim], records: int) -> Titles:
        """The verdicts of decided claims as far as they are worked out.

        Args:
            decided: the claims.
            records: in the ledger: a later claim on the same items, or an outcome that is set aside, changes verdicts.
        """
        return self._beside.look(decided, records) if decided else {}

    def close(self) -> None:
        """Wait for nothing more."""
        self._beside.close()


def _worked_out(decided: Sequence[KnownClaim], ledger: Ledger) -> Titles:
    return {one.record.hash: titles for one in decided if (titles := titles_now(one.record, ledger)) is not None}


def shown(titles: Mapping[str, str]) -> tuple[VerdictShown, ...]:
    """Verdicts by their titles, as a decision records them."""
    found = []
    for key, title in titles.items():
        arm, condition, metric = (*key.split("/", 2), "", "")[:3]
        found.append(VerdictShown(arm, condition, metric, str(title), VerdictKind.of_title(str(title))))
    return tuple(found)
