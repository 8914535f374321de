"""What a packing makes superfluous: a file goes only when a record says where its content stands, and it stands there.

Tables and segments that lie in a pack or an archive, and packs and archives whose whole content a later one holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from evenhand.errors import LedgerError
from evenhand.files import file_hash
from evenhand.ledger.archive import Archive, read_archives, recorded
from evenhand.ledger.chain import Chain, read_chain
from evenhand.ledger.packs import Key, Packed, packed_tables, read_pack, superseded
from evenhand.ledger.tables import references


def sound(folder: Path) -> Chain:
    """The segments of a ledger that may be packed.

    Raises:
        LedgerError: it is damaged; names every fault.
    """
    chain = read_chain(folder)
    if chain.faults:
        listed = "\n  ".join(chain.faults)
        raise LedgerError(
            f"The ledger {folder} is damaged and cannot be packed:\n  {listed}\nRestore the files from a backup."
        )
    return chain


def clear(folder: Path, held: frozenset[str]) -> int:
    """Remove the files whose content stands in a pack or an archive that a record names; gives their number.

    Args:
        folder: of the ledger.
        held: the segments that nobody else can write to; one that was begun since stays.

    Raises:
        LedgerError: such a pack or archive is damaged; nothing is removed.
    """
    chain = sound(folder)
    packed = packed_tables(chain.entries)
    for spot in {spot.pack.file: spot for spot in packed.values()}.values():
        read_pack(folder, spot.pack, "tables that were packed")
    here, names = {archive.file: archive for archive in read_archives(folder)[0]}, recorded(chain.entries)
    named = [here[file] for file in names if file in here]
    strays = [archive for file, archive in here.items() if file not in names]  # of a packing that was cut short
    tables, records = _tables(folder, chain, packed), _records(folder, named, held)
    packs = (path for file in superseded(chain.entries, packed) if (path := folder / file).exists())
    covered = (folder / archive.file for archive in _covered([*strays, *named]))
    gone = list(dict.fromkeys([*tables, *records, *packs, *covered]))
    for path in gone:
        path.unlink(missing_ok=True)
    for name in ("items", "curves"):
        with contextlib.suppress(OSError):  # it is not empty, or not there
            (folder / name).rmdir()
    return len(gone)


def _tables(folder: Path, chain: Chain, packed: Mapping[Key, Packed]) -> Iterator[Path]:
    for entry in chain.entries:
        for ref in references(entry).values() if entry.kind == "outcome" else ():
            path = folder / ref.file
            if (ref.kind, ref.trial, ref.sha256) in packed and path.exists() and file_hash(path) == ref.sha256:
                yield path


def _records(folder: Path, archives: Iterable[Archive], held: frozenset[str]) -> Iterator[Path]:
    """Segments that stand in an archive as they are, and then the heads of those that do."""
    heads = []
    for archive in archives:
        for name, data in archive.segments.items():
            path, head = folder / "segments" / name, folder / "heads" / name
            if path.exists() and (name not in held or path.read_bytes() != data):
                continue
            if path.exists():
                yield path
            if head.exists() and name in archive.heads:
                heads.append(head)
    yield from heads


def _covered(archives: list[Archive]) -> Iterator[Archive]:
    """Archives that hold nothing which a later one does not hold too."""
    for number, archive in enumerate(archives):
        for later in archives[number + 1 :]:
            held = later.segments
            whole = all(name in held and held[name].startswith(data) for name, data in archive.segments.items())
            if whole and archive.heads.keys() <= later.heads.keys():
                yield archive
                break
