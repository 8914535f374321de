"""The records of a ledger as they are read: checked, in the order of writing, and decoded when they are looked at."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from evenhand.errors import LedgerError
from evenhand.ledger import codec
from evenhand.ledger.chain import read_chain, segment_state
from evenhand.ledger.checked import CheckedRecords
from evenhand.ledger.packs import Key, Packed, packed_tables
from evenhand.ledger.records import OutcomeRecord
from evenhand.ledger.segments import FORMAT, Entry
from evenhand.ledger.store import TableStore
from evenhand.ledger.tables import StoredTables, references
from evenhand.recipes.outcome import Outcome


class History:
    """All that a ledger's records say; for one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables = TableStore(folder, self._spot)
        self._checked = CheckedRecords(folder)
        self._known: tuple[str, list[Entry], tuple[str, ...]] | None = None
        self._by_kind: tuple[list[Entry], dict[str, list[Entry]]] = ([], {})
        self._placed: tuple[list[Entry], dict[Key, Packed], int] | None = None
        # Records that a caller still holds are not read a second time.
        self._records: WeakValueDictionary[str, OutcomeRecord] = WeakValueDictionary()

    def entries(self, kind: str) -> list[Entry]:
        """All records of a kind in the order of writing.

        Raises:
            LedgerError: the ledger is damaged.
        """
        entries = self.all()
        if self._by_kind[0] is not entries:
            sorted_out: dict[str, list[Entry]] = {}
            for entry in entries:
                sorted_out.setdefault(entry.kind, []).append(entry)
            self._by_kind = (entries, sorted_out)
        return list(self._by_kind[1].get(kind, ()))

    def all(self) -> list[Entry]:
        """All records in the order of writing; read again only where a segment has grown, or was packed.

        Raises:
            LedgerError: the ledger is damaged.
        """
        state = segment_state(self.folder)
        if self._known is None or self._known[0] != state:
            chain = read_chain(self.folder, self._checked.begin)
            if chain.faults:
                listed = "\n  ".join(chain.faults)
                raise LedgerError(
                    f"The ledger {self.folder} is damaged:\n  {listed}\nRestore the files from a backup, or move the "
                    "folder aside and run again. `evenhand ledger verify` lists everything."
                )
            _check_format(chain.entries)
            self._checked.note(chain.readings)
            self._known = (state, chain.entries, chain.notes)
        return self._known[1]

    @property
    def notes(self) -> tuple[str, ...]:
        """Harmless remarks on the segments."""
        self.all()
        return () if self._known is None else self._known[2]

    def outcome(self, entry: Entry) -> OutcomeRecord:
        """An outcome; its tables are read when they are looked at.

        Raises:
            LedgerError: the record was written by a newer version, or names a file elsewhere.
        """
        record = self._records.get(entry.place.hash)
        if record is None:
            record = self._records[entry.place.hash] = self._decode(entry)
        return record

    def _spot(self, key: Key) -> Packed | None:
        """Where a table was packed; the records are looked at again only where packs came or went since."""
        state = _time_of(self.folder / "packs")
        if self._placed is None or key not in self._placed[1] or self._placed[2] != state:
            entries = self.all()
            known = self._placed[1] if self._placed is not None and self._placed[0] is entries else None
            self._placed = (entries, packed_tables(entries) if known is None else known, state)
        return self._placed[1].get(key)

    def _decode(self, entry: Entry) -> OutcomeRecord:
        body = entry.body
        try:
            refs, tables = references(entry, body), dict[str, Any]()
            for kind, read in (("items", self.tables.items), ("curves", self.tables.curves)):
                if kind in refs:
                    tables[kind] = StoredTables(refs[kind].names, functools.partial(read, refs[kind]))
            outcome = codec.outcome_from_plain(body["outcome"], tables)
            return OutcomeRecord(
                codec.trial_from_plain(body["trial"]), outcome, codec.execution_from_plain(body["execution"]),
                body["claim_hash"], body["exploratory"], body["provenance"], entry.place,
            )  # fmt: skip
        except (TypeError, KeyError) as error:
            raise LedgerError(
                f"segment {entry.place.segment}, record {entry.place.sequence}: this version of evenhand does not know "
                f"all that the record holds ({error}). It was written by a newer version; install that one to read it."
            ) from error


def _time_of(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _check_format(entries: Iterable[Entry]) -> None:
    """Refuse what a later version has written in another form.

    Raises:
        LedgerError: names the segment.
    """
    for entry in entries:
        found = entry.body.get("format", FORMAT) if entry.kind == "segment" else FORMAT
        if found > FORMAT:
            raise LedgerError(
                f"segment {entry.place.segment} has format {found}, and this evenhand reads format {FORMAT}: "
                "it was written by a newer version; install that one to read it."
            )


class Outcomes(Mapping[str, Outcome]):
    """Outcomes by trial, each read when it is looked at."""

    def __init__(self, history: History, entries: Mapping[str, Entry]) -> None:
        self._history = history
        self._found = entries

    def __getitem__(self, key: str) -> Outcome:
        return self._history.outcome(self._found[key]).outcome

    def __contains__(self, key: object) -> bool:
        return key in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
