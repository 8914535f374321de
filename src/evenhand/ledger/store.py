"""The tables that the records of a ledger name, wherever they lie: in files of their own, or in packs.

A file comes first, for the record names its hash; where it is gone, the pack that holds its content stands in for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from evenhand.errors import LedgerError
from evenhand.ledger.packs import Key, Packed, PackReader
from evenhand.ledger.score_cache import ScoreCache
from evenhand.ledger.tables import TableRef, curves_of, items_of, table_of
from evenhand.ledger.texts import Names
from evenhand.recipes.outcome import Curve, ItemColumn, ItemScores

if TYPE_CHECKING:
    import pyarrow as pa

_CURE = "Restore the file from a backup; without it the record cannot be used."

_MANY_DECODED = 500
"""Item files that a process decodes before it notes what the further ones hold, for the next to read faster."""


class TableStore:
    """Reads the tables of one ledger.

    Args:
        folder: of the ledger.
        spot: says where a table was packed; None where it was not.
    """

    def __init__(self, folder: Path, spot: Callable[[Key], Packed | None]) -> None:
        self._folder = folder
        self._spot = spot
        self._packs = PackReader(folder)
        self.scores = ScoreCache(folder)
        # Trials on the same items share their names.
        self._item_names: dict[Names, Names] = {}
        self._decoded = 0

    def spot(self, ref: TableRef) -> Packed | None:
        """Where a table was packed; None where it was not."""
        return self._spot((ref.kind, ref.trial, ref.sha256))

    def found(self, ref: TableRef) -> bytes | Packed:
        """The bytes of a table's own file; where that is gone and the table was packed, the place in the pack.

        Raises:
            LedgerError: the file is missing or altered; names it and the record.
        """
        try:
            # A Path for each of ten thousand takes longer than to read them.
            with open(f"{self._folder}/{ref.file}", "rb") as file:  # noqa: PTH123
                data = file.read()
        except OSError as error:
            packed = self.spot(ref) if isinstance(error, FileNotFoundError) else None
            if packed is not None:
                return packed
            raise LedgerError(
                f"{ref.file}, which {ref.whose} refers to, cannot be read: {error.strerror}. {_CURE}"
            ) from error
        if hashlib.sha256(data).hexdigest() != ref.sha256:
            packed = self.spot(ref)
            cure = _CURE if packed is None else f"{packed.pack.file} holds the table too: remove this file."
            raise LedgerError(f"{ref.file} does not match the hash in {ref.whose}: it was altered. {cure}")
        return data

    def table(self, ref: TableRef) -> pa.Table:
        """A whole table.

        Raises:
            LedgerError: it is missing or altered; names the file or pack, the record and the cure.
        """
        found = self._held(ref)
        return self._packs.table(ref, found) if isinstance(found, Packed) else table_of(found)

    def _held(self, ref: TableRef) -> bytes | Packed:
        """As :meth:`found`; a pack is open and sound, as a file of its own is: the cache must hide no damage."""
        found = self.found(ref)
        if isinstance(found, Packed):
            try:
                self._packs.check(ref, found)
            except LedgerError:
                again = self.spot(ref)  # it may have been packed anew meanwhile
                if again is None or again == found:
                    raise
                found = again
                self._packs.check(ref, found)
        return found

    def curves(self, ref: TableRef) -> dict[str, Curve]:
        """Name to curve; raises as :meth:`table`."""
        return curves_of(self.table(ref), ref.names or ())

    def items(self, ref: TableRef) -> dict[str, ItemScores]:
        """Metric to item scores, decoded or from the cache; raises as :meth:`table`."""
        found = self._held(ref)

        def decoded() -> dict[str, ItemScores]:
            if isinstance(found, Packed):
                return self._packs.items(ref, found, self._item_names)
            return items_of(table_of(found), ref.names or (), self._item_names)

        def texts(metric: str, column: ItemColumn) -> Names | None:
            return items_of(self.table(ref))[metric].column(column)

        cached = self.scores.get(ref.sha256, texts)
        if cached is not None:
            return cached
        scores = decoded()
        self._decoded += 1
        if self._decoded > _MANY_DECODED or self.scores.in_use:
            self.scores.add(ref.sha256, scores)
        return scores
