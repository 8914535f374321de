"""A column of texts, decoded run by run: most of its texts stand in many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

Names = tuple[str, ...]


class Texts:
    """A column of texts as numbers into the different ones of them: most stand in many rows."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        import pyarrow as pa

        coded = column.combine_chunks()
        if not pa.types.is_dictionary(coded.type):
            coded = coded.dictionary_encode()
        if coded.null_count == len(coded):  # without a null the module that fills them need not be imported
            self.codes = np.full(len(coded), -1, np.int32)
        else:
            indices = coded.indices.fill_null(-1) if coded.null_count else coded.indices
            self.codes = np.from_dlpack(indices)
        self._texts = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
        self._known: dict[bytes, Names] = {}

    def all(self) -> list[str | None]:
        """The texts of all rows."""
        found: list[str | None] = self._texts[self.codes].tolist()
        return found

    def of(self, first: int, end: int) -> Names | None:
        """The texts of some rows; None where the first of them is missing, as then all are."""
        codes = self.codes[first:end]
        if first == end or codes[0] < 0:
            return None
        key = codes.tobytes()
        if key not in self._known:
            self._known[key] = tuple(self._texts[codes].tolist())
        return self._known[key]

    def runs(self, first: int, end: int) -> list[tuple[str, int, int]]:
        """Name, first row and one past the last row of each name in some rows; equal names stand together."""
        if first == end:
            return []
        starts = [first, *(np.flatnonzero(np.diff(self.codes[first:end])) + first + 1).tolist()]
        return [(self._texts[self.codes[a]], a, b) for a, b in zip(starts, [*starts[1:], end], strict=True)]
