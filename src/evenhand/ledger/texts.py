"""A column of texts, decoded run by run: most of its texts stand in many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

Names = tuple[str, ...]


class Texts:
    """A column of texts. One that is stored as numbers into its different texts is kept so, and each run made once."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        import numpy as np
        import pyarrow as pa

        self._codes: NDArray[np.signedinteger] | None = None
        if pa.types.is_dictionary(column.type):
            coded = column.combine_chunks()
            self._codes = _codes(coded.indices)
            self._texts = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
            self._known: dict[bytes, Names] = {}
        else:
            self._rows: list[str | None] = column.to_pylist()

    def all(self) -> list[str | None]:
        """The texts of all rows."""
        found: list[str | None] = self._rows if self._codes is None else self._texts[self._codes].tolist()
        return found

    def of(self, first: int, end: int, shared: dict[Names, Names] | None = None) -> Names | None:
        """The texts of some rows; None where the first of them is missing, as then all are.

        Args:
            first, end: of the rows.
            shared: texts of other runs: what is there already is given instead of a copy.
        """
        known = {} if shared is None else shared
        if first == end:
            return None
        if self._codes is None:
            rows: list[Any] = self._rows[first:end]
            return None if rows[0] is None else known.setdefault(tuple(rows), tuple(rows))
        codes = self._codes[first:end]
        if codes[0] < 0:
            return None
        key = codes.tobytes()
        if key not in self._known:
            own: Names = tuple(self._texts[codes].tolist())
            self._known[key] = known.setdefault(own, own)
        return self._known[key]

    def runs(self, first: int, end: int) -> list[tuple[str, int, int]]:
        """Name, first row and one past the last row of each name in some rows; equal names stand together."""
        import numpy as np

        if first == end:
            return []
        if self._codes is None:
            changes = [i for i in range(first + 1, end) if self._rows[i] != self._rows[i - 1]]
        else:
            changes = (np.flatnonzero(np.diff(self._codes[first:end])) + first + 1).tolist()
        starts = [first, *changes]
        return [(str(self._text(a)), a, b) for a, b in zip(starts, [*changes, end], strict=True)]

    def _text(self, row: int) -> str | None:
        text: str | None = self._rows[row] if self._codes is None else self._texts[self._codes[row]]
        return text


def _codes(indices: pa.Array) -> NDArray[np.signedinteger]:
    """Numbers with -1 where one is missing; pyarrow's own ways to that import a large part of it."""
    import numpy as np

    if len(indices) == 0:
        return np.zeros(0, np.int32)
    valid, data = indices.buffers()
    part = slice(indices.offset, indices.offset + len(indices))
    numbers: NDArray[np.signedinteger] = np.frombuffer(data, np.dtype(str(indices.type)))[part]
    if indices.null_count == 0:
        return numbers
    there = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[part]
    return np.where(there, numbers, -1)
