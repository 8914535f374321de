"""What a table holds, as one hash that no file format and no version of a library can change.

It is the sha256 over one line of JSON with the names of the columns and the number of rows (``{"columns": [...],
"rows": n}``), and then, column after column: texts as one line of JSON (a list, null where there is none), numbers as
their 8 bytes each, little-endian float64. JSON is compact, in UTF-8, and a line ends in a line feed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evenhand.ledger.texts import Texts

if TYPE_CHECKING:
    import pyarrow as pa


def content_parts(table: pa.Table) -> Iterator[bytes]:
    """The bytes that are hashed, in order; columns are texts (coded or plain) or float64 without gaps."""
    import numpy as np
    import pyarrow as pa

    yield _line({"columns": table.column_names, "rows": len(table)})
    for column in table.columns:
        if pa.types.is_floating(column.type):
            values = np.concatenate([np.zeros(0), *(np.from_dlpack(chunk) for chunk in column.chunks)])
            yield values.astype("<f8").tobytes()
        else:
            yield _line(Texts(column).all())


def content_hash(table: pa.Table) -> str:
    """The hash of a table's content, 64 hex digits."""
    digest = hashlib.sha256()
    for part in content_parts(table):
        digest.update(part)
    return digest.hexdigest()


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
