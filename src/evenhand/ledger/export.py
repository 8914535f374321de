"""A ledger as one archive that needs no Parquet to read: its segments, and its tables as the bytes that are hashed.

``segments/`` holds the records byte by byte, ``tables/<hash>`` the content of each table of items in the plain form of
:mod:`evenhand.ledger.content`, whose sha256 is its name and stands in the chain. ``evenhand.recheck`` reads it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.files import replacing
from evenhand.ledger.chain import read_chain
from evenhand.ledger.content import content_parts
from evenhand.ledger.disk import cannot_write
from evenhand.ledger.packs import packed_tables
from evenhand.ledger.segments import Entry
from evenhand.ledger.store import TableStore
from evenhand.ledger.tables import references
from evenhand.recipes import working


def export(folder: Path, to: Path) -> tuple[int, int]:
    """Write the archive of a ledger; equal ledgers give equal bytes.

    Returns:
        Numbers of records and of tables.

    Raises:
        LedgerError: the ledger is damaged, or the file cannot be written.
    """
    chain = read_chain(folder)
    if chain.faults:
        raise LedgerError("The ledger is damaged:\n  " + "\n  ".join(chain.faults))
    sink, tables = io.BytesIO(), set[str]()
    with tarfile.open(fileobj=sink, mode="w") as bundle:
        for reading in chain.readings:
            _add(bundle, f"segments/{reading.name}", b"".join(entry.line + b"\n" for entry in reading.entries))
        for digest, data in _tables(folder, chain.entries):
            if digest not in tables:
                _add(bundle, f"tables/{digest}", data)
                tables.add(digest)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with replacing(to, public=True) as part:
            part.write_bytes(gzip.compress(sink.getvalue(), 3, mtime=0))
    except OSError as error:
        raise cannot_write(to.parent, error) from error
    return len(chain.entries), len(tables)


def _add(bundle: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    bundle.addfile(member, io.BytesIO(data))


def _tables(folder: Path, entries: list[Entry]) -> Iterator[tuple[str, bytes]]:
    """Hash and bytes of every table of items."""
    packed = packed_tables(entries)
    store = TableStore(folder, packed.get)
    for number, entry in enumerate(entries):
        working.tell("writing tables", number, len(entries))
        ref = references(entry).get("items") if entry.kind == "outcome" else None
        if ref is not None:
            data = b"".join(content_parts(store.table(ref)))
            yield hashlib.sha256(data).hexdigest(), data
