"""What people ask of a run from elsewhere: that a claim pauses, goes on, or is cancelled.

A wish is a small file ``control/<hash of the claim>.json`` in the ledger's folder. The driver that runs the claim looks
once a second and does what it says: a paused claim starts no further trial, a cancelled one ends like one that was
interrupted, and can be run again. A run that begins forgets what was asked before it. Whoever asks also enters it in
the ledger (:meth:`evenhand.ledger.ledger.Ledger.record_intervention`), since who stops a run may have seen its results.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Literal, cast

from evenhand.files import replacing

Wish = Literal["", "pause", "cancel"]

EVERY_SECONDS = 1.0
"""How often a driver looks."""


def _path(ledger: Path, claim_hash: str) -> Path:
    return ledger / "control" / f"{claim_hash}.json"


def ask(ledger: Path, claim_hash: str, wish: Literal["pause", "cancel"]) -> None:
    """Leave a wish for the driver of a claim.

    Raises:
        OSError: the ledger's folder cannot be written.
    """
    path = _path(ledger, claim_hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(json.dumps({"wish": wish, "time": time.time()}), encoding="utf-8")


def withdraw(ledger: Path, claim_hash: str) -> None:
    """Take a wish back; where it cannot be, nothing is lost but the wish goes on standing."""
    with contextlib.suppress(OSError):
        _path(ledger, claim_hash).unlink()


def wish_of(ledger: Path, claim_hash: str) -> Wish:
    """What is asked of a claim; nothing where the file is missing or spoilt."""
    try:
        found = json.loads(_path(ledger, claim_hash).read_text(encoding="utf-8"))["wish"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return cast(Wish, found) if found in ("pause", "cancel") else ""


class Wishes:
    """A driver's look at what is asked of its claims; files of before its time are removed.

    Args:
        ledger: folder of the ledger.
        hashes: of the claims that run.
    """

    def __init__(self, ledger: Path, hashes: list[str]) -> None:
        self._ledger = ledger
        self._next = 0.0
        for found in hashes:
            withdraw(ledger, found)

    @property
    def due(self) -> bool:
        """Whether it is time to look; asked once a turn."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + EVERY_SECONDS
        return True

    def of(self, claim_hash: str) -> Wish:
        """What is asked of a claim; that it is cancelled is told once."""
        wish = wish_of(self._ledger, claim_hash)
        if wish == "cancel":
            withdraw(self._ledger, claim_hash)
        return wish
