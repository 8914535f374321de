"""Columns of tables, made from their bytes: ``pyarrow.array`` would import pandas for it, where that is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_MOST = 2**31 - 1
"""Bytes that a column of texts can address; one with more comes in chunks."""


def numbers(values: NDArray[np.float64]) -> pa.Array:
    """A column of float64 without gaps."""
    import numpy as np
    import pyarrow as pa

    held = np.ascontiguousarray(values, np.float64)
    return pa.Array.from_buffers(pa.float64(), len(held), [None, pa.py_buffer(held)])


def texts(values: Sequence[str | None]) -> pa.Array | pa.ChunkedArray:
    """A column of texts, with gaps where there is none."""
    import numpy as np
    import pyarrow as pa

    joined = "".join(value for value in values if value)
    data = joined.encode("utf-8")
    if len(data) > _MOST:
        return pa.array(values, pa.string())
    plain = len(data) == len(joined)
    sizes = [0 if not value else len(value) if plain else len(value.encode("utf-8")) for value in values]
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum(sizes, out=ends[1:])
    there = np.fromiter((value is not None for value in values), bool, len(values))
    gaps = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.string(), len(values), [gaps, pa.py_buffer(ends), pa.py_buffer(data)])
