"""Item scores once more, in a form that is read fast: thousands of small Parquet files take seconds to open.

A cache and never the truth: the file that a record names is read and its hash checked all the same, and what stands
here under that hash saves decoding it. Each process appends to a file of its own in ``cache/``, which may be removed at
any time. An entry is a header and a compressed payload with a checksum; one that is damaged is as if it were not there.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand.ledger.codec import whole_text
from evenhand.recipes.outcome import ItemColumn, ItemScores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEADER = struct.Struct("<4sII32s")
"""Mark, length and checksum of the payload, key."""

_MARK = b"EHS1"
Names = tuple[str, ...]
Later = Names | Callable[[], Names | None] | None
"""Texts, or what reads them, or None where there are none."""

_TEXTS: tuple[ItemColumn, ...] = ("outputs", "inputs", "groups", "expected")
"""What stands in the file alone; the cache says which of them are there."""


class StoredScores(ItemScores):
    """Item scores whose texts are read from the ledger when they are first asked for: few readers want them."""

    def __init__(
        self,
        ids: Names,
        scores: NDArray[np.float64],
        outputs: Later = None,
        clusters: Names | None = None,
        inputs: Later = None,
        groups: Later = None,
        expected: Later = None,
    ) -> None:
        vars(self).update(ids=ids, scores=scores, clusters=clusters)
        vars(self)["_later"] = {"outputs": outputs, "inputs": inputs, "groups": groups, "expected": expected}

    def _read(self, name: str) -> Names | None:
        held: dict[str, Later] = vars(self)["_later"]
        found = held[name]
        if callable(found):
            found = held[name] = found()
        return found

    @property
    def outputs(self) -> Names | None:
        """What was answered, or None where the recipe records no answers."""
        return self._read("outputs")

    @property
    def inputs(self) -> Names | None:
        """What was asked, or None where that was not recorded."""
        return self._read("inputs")

    @property
    def groups(self) -> Names | None:
        """Kind of each item, or None."""
        return self._read("groups")

    @property
    def expected(self) -> Names | None:
        """The right answer, or None where there is none or it was not recorded."""
        return self._read("expected")


@dataclass(frozen=True)
class _Spot:
    """Where an entry stands."""

    path: Path
    start: int
    length: int
    checksum: int


class ScoreCache:
    """The cache of one ledger; for one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cache"
        self._spots: dict[bytes, _Spot] | None = None
        self._files: dict[Path, bytes] = {}
        self._names: dict[bytes, Names] = {}
        self._heads: dict[bytes, Any] = {}
        self._written: set[bytes] = set()
        self._pid = 0
        self._descriptor = -1

    @property
    def in_use(self) -> bool:
        """Whether it holds anything: what is missing from it is then worth noting, too."""
        return bool(self._spots)

    def get(self, digest: str, texts: Callable[[str, ItemColumn], Names | None]) -> dict[str, ItemScores] | None:
        """Metric to item scores, as the file of this sha256 holds them; None where they are not here.

        Args:
            digest: of the Parquet file.
            texts: of a metric, in one column, read from that file when they are asked for.
        """
        import numpy as np

        payload = self._payload(bytes.fromhex(digest))
        if payload is None:
            return None
        size = int.from_bytes(payload[:4], "little")
        found: dict[str, ItemScores] = {}
        start = 4 + size
        head = payload[4 : 4 + size]
        if head not in self._heads:  # trials on the same items have the same
            self._heads[head] = json.loads(head.decode())
        for name, count, ids, clusters, recorded in self._heads[head]:
            own, groups = self._names_of(ids), None if clusters is None else self._names_of(clusters)
            if own is None or (clusters is not None and groups is None):
                return None
            scores = np.frombuffer(payload, np.float64, count, start)
            start += 8 * count
            if isinstance(recorded, bool):  # early entries know of outputs alone
                recorded = ["outputs"] if recorded else []
            later: dict[Any, Any] = {key: functools.partial(texts, name, key) for key in recorded if key in _TEXTS}
            found[name] = StoredScores(own, scores, clusters=groups, **later)
        return found

    def add(self, digest: str, items: Mapping[str, ItemScores]) -> None:
        """Note what a Parquet file holds; where the disk refuses that, nothing is lost."""
        with contextlib.suppress(OSError):
            self._add(bytes.fromhex(digest), items)

    def _add(self, key: bytes, items: Mapping[str, ItemScores]) -> None:
        import numpy as np

        rows, scores = [], []
        for name, table in items.items():
            ids = self._put_names(table.ids)
            # As the Parquet file gives it back: without rows there are neither outputs nor clusters.
            clusters = self._put_names(table.clusters).hex() if table.clusters else None
            rows.append([name, len(table.ids), ids.hex(), clusters, [key for key in _TEXTS if table.column(key)]])
            scores.append(np.ascontiguousarray(table.scores, np.float64).tobytes())
        head = json.dumps(rows).encode()
        self._append(key, len(head).to_bytes(4, "little") + head + b"".join(scores))

    def _put_names(self, names: Names) -> bytes:
        data = json.dumps([whole_text(name) for name in names], ensure_ascii=False).encode()
        key = hashlib.sha256(data).digest()
        if key not in self._written:
            self._append(key, data)
            self._written.add(key)
        return key

    def _append(self, key: bytes, payload: bytes) -> None:
        if self._pid != os.getpid():
            self.folder.mkdir(exist_ok=True)
            name = f"{os.getpid()}-{os.urandom(4).hex()}.scores"
            self._descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            self._pid, self._written = os.getpid(), set()
        packed = zlib.compress(payload, 1)
        entry = _HEADER.pack(_MARK, len(packed), zlib.crc32(packed), key) + packed
        if os.write(self._descriptor, entry) != len(entry):
            self.close()  # half an entry ends what can be read of its file

    def close(self) -> None:
        """Close the file that this process appends to."""
        if self._pid == os.getpid():
            self._pid = 0
            os.close(self._descriptor)

    def _payload(self, key: bytes) -> bytes | None:
        if self._spots is None:
            self._spots = self._scan()
        spot = self._spots.get(key)
        if spot is None:
            return None
        packed = self._files[spot.path][spot.start : spot.start + spot.length]
        if zlib.crc32(packed) != spot.checksum:
            return None
        try:
            return zlib.decompress(packed)
        except zlib.error:
            return None

    def _names_of(self, text: str) -> Names | None:
        key = bytes.fromhex(text)
        if key not in self._names:
            payload = self._payload(key)
            if payload is None or hashlib.sha256(payload).digest() != key:
                return None
            self._names[key] = tuple(json.loads(payload))
        return self._names[key]

    def _scan(self) -> dict[bytes, _Spot]:
        spots: dict[bytes, _Spot] = {}
        for path in sorted(self.folder.glob("*.scores")):
            with contextlib.suppress(OSError):
                data = self._files[path] = path.read_bytes()
                place = 0
                while place + _HEADER.size <= len(data):
                    mark, length, checksum, key = _HEADER.unpack_from(data, place)
                    place += _HEADER.size
                    if mark != _MARK or place + length > len(data):
                        break
                    spots[key] = _Spot(path, place, length, checksum)
                    place += length
        return spots
