"""The ledger: the append-only store of outcomes, with where they came from."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenhand.errors import LedgerError
from evenhand.ledger import codec
from evenhand.ledger.records import ClaimRecord, DecisionRecord, OutcomeRecord, VerifyReport
from evenhand.ledger.segments import Entry, SegmentWriter, cannot_write, missing_records, read_all
from evenhand.outcome import Execution, Outcome
from evenhand.trial import Trial


class Ledger:
    """A folder of segments, item scores and curves; several processes may write to it at once.

    Args:
        folder: of the ledger.
        create: make the folder where it is missing; without it a missing folder is an empty ledger.

    Raises:
        LedgerError: the folder cannot be made, or the path is a file.
    """

    def __init__(self, folder: Path, create: bool = True) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise LedgerError(f"The ledger {self.folder} is a file; name a folder with --ledger.")
        if create:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise cannot_write(self.folder, error) from error
        self._writer = SegmentWriter(self.folder)
        self._cache: tuple[tuple[tuple[str, int], ...], list[Entry]] | None = None

    @property
    def assets(self) -> Path:
        """Folder of what trials share."""
        return self.folder / "assets"

    def workdir(self, key: str) -> Path:
        """Folder of a running trial."""
        return self.folder / "work" / key

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a name for this process.

        Raises:
            LedgerError: another process holds it; says which and since when.
        """
        path = self.folder / "locks" / f"{name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+")
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise LedgerError(
                    f"'{name}' is in use by {holder}. Wait until it ends, stop it, or use another --ledger."
                ) from error
            with contextlib.suppress(OSError):
                file.truncate(0)
                file.write(f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}")
                file.flush()
            yield

    def record_claim(
        self,
        name: str,
        hash: str,
        identity: Mapping[str, Any],
        text: str,
        amends: str = "",
        changes: Sequence[str] = (),
    ) -> ClaimRecord:
        """Enter a claim before its first trial."""
        body = {
            "name": name, "hash": hash, "identity": dict(identity), "text": text, "amends": amends,
            "changes": list(changes),
        }  # fmt: skip
        return ClaimRecord(name, hash, identity, text, amends, tuple(changes), self._writer.append("claim", body))

    def record_decision(self, name: str, hash: str, verdicts: Mapping[str, str]) -> DecisionRecord:
        """Enter that a claim was run to its end, with its verdicts."""
        place = self._writer.append("decision", {"name": name, "hash": hash, "verdicts": dict(verdicts)})
        return DecisionRecord(name, hash, verdicts, place)

    def record_outcome(
        self,
        trial: Trial,
        outcome: Outcome,
        execution: Execution,
        claim_hash: str,
        provenance: Mapping[str, Any],
        exploratory: bool = False,
    ) -> OutcomeRecord:
        """Enter the outcome of one attempt at a trial; its tables are on disk before the record that names them.

        Raises:
            LedgerError: the ledger cannot be written; the outcome is then not in it, not even in part.
        """
        from evenhand.ledger.tables import curves_table, items_table, write_table

        files = {}
        try:
            for name, maker in (("items", items_table), ("curves", curves_table)):
                content = getattr(outcome, name)
                if content:
                    files[name] = write_table(self.folder / name, trial.id, maker(content))
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        body = {
            "trial": codec.trial_to_plain(trial),
            "outcome": codec.outcome_to_plain(outcome),
            "execution": dataclasses.asdict(execution),
            "claim_hash": claim_hash,
            "exploratory": exploratory,
            "provenance": dict(provenance),
            "files": files,
        }
        place = self._writer.append("outcome", body)
        return OutcomeRecord(trial, outcome, execution, claim_hash, exploratory, provenance, place)

    def claims(self, name: str | None = None) -> list[ClaimRecord]:
        """Claims in the order in which they were entered."""
        found = [codec.claim_from_entry(entry) for entry in self._entries("claim")]
        return [record for record in found if name is None or record.name == name]

    def decisions(self, name: str, hash: str | None = None) -> list[DecisionRecord]:
        """Decisions on the claims of a name, in the order in which they were entered."""
        found = [codec.decision_from_entry(entry) for entry in self._entries("decision")]
        return [record for record in found if record.name == name and hash in (None, record.hash)]

    def outcomes(
        self, trial_ids: Collection[str] | None = None, claim_hash: str | None = None, exploratory: bool = False
    ) -> list[OutcomeRecord]:
        """Every attempt at the given trials, in the order of writing, with item scores and curves.

        Args:
            trial_ids: None for all.
            claim_hash: only those run for this claim.
            exploratory: those of ``evenhand try`` instead.

        Raises:
            LedgerError: the ledger is damaged; names the place.
        """
        return [
            self._outcome(entry)
            for entry in self._entries("outcome")
            if (trial_ids is None or entry.body["trial"]["id"] in trial_ids)
            and claim_hash in (None, entry.body["claim_hash"])
            and entry.body["exploratory"] == exploratory
        ]

    def latest(self, trial_ids: Collection[str]) -> dict[str, OutcomeRecord]:
        """The attempt that counts for each trial: the first that is a result, else the last failure.

        A result is a set of scores or a divergence. The first counts, so that running again cannot replace it.
        """
        chosen: dict[str, Entry] = {}
        wanted = set(trial_ids)
        for entry in self._entries("outcome"):
            key = entry.body["trial"]["id"]
            if key in wanted and not entry.body["exploratory"] and (key not in chosen or not _is_result(chosen[key])):
                chosen[key] = entry
        return {key: self._outcome(entry) for key, entry in chosen.items()}

    def verify(self) -> VerifyReport:
        """Check every record and every file; names all that is altered, missing or reordered."""
        readings = read_all(self.folder)
        faults = [fault for reading in readings for fault in reading.faults]
        faults += missing_records(self.folder, readings)
        notes = [
            f"segment {r.name} ends in a torn line, as a crash leaves it; nothing is lost" for r in readings if r.torn
        ]
        named = set()
        for entry in (e for reading in readings for e in reading.entries if e.kind == "outcome"):
            named |= {reference["file"] for reference in entry.body["files"].values()}
            faults += self._file_faults(entry)
        for path in sorted(p for name in ("items", "curves") for p in (self.folder / name).glob("*.parquet")):
            if f"{path.parent.name}/{path.name}" not in named:
                notes.append(f"{path.parent.name}/{path.name} belongs to no record; a crash can leave such a file")
        return VerifyReport(sum(len(r.entries) for r in readings), tuple(notes), tuple(faults))

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask the DuckDB index; it is rebuilt where it is stale.

        Returns:
            Column names and rows.

        Raises:
            LedgerError: the query cannot be run, or the ledger is damaged.
        """
        from evenhand.ledger import index

        return index.query(self.folder, [*self.outcomes(), *self.outcomes(exploratory=True)], sql)

    def close(self) -> None:
        """Close the segment that this process writes."""
        self._writer.close()

    def _file_faults(self, entry: Entry) -> list[str]:
        from evenhand.ledger.tables import read_table

        faults = []
        for reference in entry.body["files"].values():
            try:
                read_table(self.folder, reference, f"segment {entry.place.segment}, record {entry.place.sequence}")
            except LedgerError as error:
                faults.append(str(error))
        return faults

    def _entries(self, kind: str) -> list[Entry]:
        """All records of a kind in the order of writing; read again only where a segment has grown.

        Raises:
            LedgerError: the ledger is damaged.
        """
        paths = sorted((self.folder / "segments").glob("*.jsonl"))
        state = tuple((path.name, path.stat().st_size) for path in paths)
        if self._cache is None or self._cache[0] != state:
            readings = read_all(self.folder)
            faults = [f for reading in readings for f in reading.faults] + missing_records(self.folder, readings)
            if faults:
                listed = "\n  ".join(faults)
                raise LedgerError(
                    f"The ledger {self.folder} is damaged:\n  {listed}\nRestore the files from a backup, or move the "
                    "folder aside and run again. `evenhand ledger verify` lists everything."
                )
            entries = sorted((e for r in readings for e in r.entries), key=lambda e: (e.time, e.place.segment))
            self._cache = (state, entries)
        return [entry for entry in self._cache[1] if entry.kind == kind]

    def _outcome(self, entry: Entry) -> OutcomeRecord:
        from evenhand.ledger.tables import curves_of, items_of, read_table

        body = entry.body
        outcome = codec.outcome_from_plain(body["outcome"])
        whose = f"segment {entry.place.segment}, record {entry.place.sequence}"
        files = body["files"]
        if "items" in files:
            outcome = dataclasses.replace(outcome, items=items_of(read_table(self.folder, files["items"], whose)))
        if "curves" in files:
            outcome = dataclasses.replace(outcome, curves=curves_of(read_table(self.folder, files["curves"], whose)))
        return OutcomeRecord(
            codec.trial_from_plain(body["trial"]), outcome, codec.execution_from_plain(body["execution"]),
            body["claim_hash"], body["exploratory"], body["provenance"], entry.place,
        )  # fmt: skip


def _is_result(entry: Entry) -> bool:
    failure = entry.body["outcome"]["failure"]
    return failure is None or failure["kind"] == "diverged"
