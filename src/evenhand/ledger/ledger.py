"""The ledger: the append-only store of outcomes, with where they came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from evenhand.errors import DataError, LedgerError
from evenhand.ledger import codec, counting
from evenhand.ledger.chain import hash_of_places
from evenhand.ledger.disk import cannot_write
from evenhand.ledger.history import History, Outcomes
from evenhand.ledger.lock import hold
from evenhand.ledger.records import ClaimRecord, DecisionRecord, OutcomeRecord, PackReport, VerifyReport
from evenhand.ledger.segments import Entry
from evenhand.ledger.tables import curves_table, items_table, references, write_table
from evenhand.ledger.verify import verify
from evenhand.ledger.writer import SegmentWriter
from evenhand.recipes.outcome import Execution, Files, Outcome
from evenhand.recipes.trial import Trial

_FOLDERS = ("segments", "packs", "heads", "items", "curves", "locks")
"""What a folder must have one of to be a ledger."""


class Ledger:
    """A folder of segments, item scores and curves; several processes may write to it at once.

    Args:
        folder: of the ledger.
        create: make the folder where it is missing; without it a missing folder is an empty ledger.

    Raises:
        LedgerError: the folder cannot be made, or the path is a file.
    """

    def __init__(self, folder: Path, create: bool = True) -> None:
        self.folder = Path(folder).absolute()
        if self.folder.exists() and not self.folder.is_dir():
            raise LedgerError(f"The ledger {self.folder} is a file; name a folder with --ledger.")
        if create:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise cannot_write(self.folder, error) from error
        self._writer = SegmentWriter(self.folder)
        self._history = History(self.folder)

    @classmethod
    def existing(cls, folder: Path) -> Ledger:
        """The ledger in a folder that holds one.

        Raises:
            DataError: the folder is missing or is no ledger: its name may be mistyped.
            LedgerError: the path is a file.
        """
        ledger = cls(folder, create=False)
        if not ledger.folder.is_dir():
            raise DataError(f"There is no ledger at {folder}: no such folder. Name the ledger's folder with --ledger.")
        if not any((ledger.folder / name).is_dir() for name in _FOLDERS):
            raise DataError(
                f"The folder {folder} is no ledger: it has none of {', '.join(f'{name}/' for name in _FOLDERS)}. Name "
                "the ledger's folder with --ledger."
            )
        return ledger

    @property
    def assets(self) -> Path:
        """Folder of what trials share."""
        return self.folder / "assets"

    def workdir(self, key: str) -> Path:
        """Folder of a running trial."""
        return self.folder / "work" / key

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold a name for this process.

        Raises:
            LedgerError: another process holds it; says which and since when.
        """
        return hold(self.folder, name)

    def record_claim(
        self,
        name: str,
        hash: str,
        identity: Mapping[str, Any],
        text: str,
        amends: str = "",
        changes: Sequence[str] = (),
        known: Mapping[str, Any] | None = None,
    ) -> ClaimRecord:
        """Enter a claim before its first trial; ``known`` says what was known of its outcomes, see the record."""
        body = {
            "name": name, "hash": hash, "identity": identity, "text": text, "amends": amends, "changes": changes,
        } | ({} if known is None else {"known": known})  # fmt: skip
        place = self._writer.append("claim", codec.plain(body, "claim"))
        return ClaimRecord(name, hash, identity, text, amends, tuple(changes), place, known)

    def record_decision(
        self, name: str, hash: str, verdicts: Mapping[str, str], trial_ids: Collection[str] | None = None
    ) -> DecisionRecord:
        """Enter that a claim was run to its end, with its verdicts and the hash of what they rest on.

        Args:
            name, hash: of the resolved claim.
            verdicts: ``arm/condition/metric`` to verdict title.
            trial_ids: of the claim; None where the verdicts may rest on the whole ledger.
        """
        head = self.head_hash(trial_ids)
        body = {"name": name, "hash": hash, "verdicts": verdicts, "head": head}
        place = self._writer.append("decision", codec.plain(body, "decision"))
        return DecisionRecord(name, hash, verdicts, place, head)

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
            LedgerError: the ledger cannot be written, or JSON cannot hold the provenance; the outcome is then not in
                it, not even in part.
        """
        body = {
            "trial": codec.trial_to_plain(trial),
            "outcome": codec.outcome_to_plain(outcome),
            "execution": dataclasses.asdict(execution),
            "claim_hash": claim_hash,
            "exploratory": exploratory,
            "provenance": provenance,
        }
        body = codec.plain(body, "outcome")  # before the tables: what cannot be recorded leaves no file either
        body["files"] = files = {}
        try:
            if outcome.items:
                table = items_table(outcome.items)
                files["items"] = write_table(self.folder / "items", trial.id, table, list(outcome.items))
                self._history.tables.scores.add(files["items"]["sha256"], outcome.items)
            if outcome.curves:
                table = curves_table(outcome.curves)
                files["curves"] = write_table(self.folder / "curves", trial.id, table, list(outcome.curves))
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        place = self._writer.append("outcome", body)
        return OutcomeRecord(trial, outcome, execution, claim_hash, exploratory, provenance, place)

    def claims(self, name: str | None = None) -> list[ClaimRecord]:
        """Claims in the order in which they were entered."""
        found = [codec.claim_from_entry(entry) for entry in self._history.entries("claim")]
        return [record for record in found if name is None or record.name == name]

    def decisions(self, name: str, hash: str | None = None) -> list[DecisionRecord]:
        """Decisions on the claims of a name, in the order in which they were entered."""
        found = [codec.decision_from_entry(entry) for entry in self._history.entries("decision")]
        return [record for record in found if record.name == name and hash in (None, record.hash)]

    def outcomes(
        self, trial_ids: Collection[str] | None = None, claim_hash: str | None = None, exploratory: bool = False
    ) -> list[OutcomeRecord]:
        """Every attempt at the given trials, in the order of writing.

        Item scores and curves are read from their files when they are first looked at; a file that is missing or
        altered raises a LedgerError then.

        Args:
            trial_ids: None for all.
            claim_hash: only those run for this claim.
            exploratory: those of ``evenhand try`` instead.

        Raises:
            LedgerError: the ledger is damaged; names the place.
        """
        wanted = None if trial_ids is None else set(trial_ids)
        return [
            self._history.outcome(entry)
            for entry in self._history.entries("outcome")
            if (wanted is None or entry.about.trial in wanted)
            and claim_hash in (None, entry.about.claim)
            and entry.about.exploratory == exploratory
        ]

    def latest(self, trial_ids: Collection[str]) -> dict[str, OutcomeRecord]:
        """The attempt that counts for each trial: the first that is a result, else the last failure.

        A result is a set of scores or a divergence. The first counts, so that running again cannot replace it; but one
        that was made by other code or from other data than a later attempt is superseded by that.
        """
        return {key: self._history.outcome(entry) for key, entry in self._counting(trial_ids).items()}

    def superseded(self, trial_ids: Collection[str]) -> int:
        """Number of trials with a result that a later attempt, by other code or from other data, has replaced."""
        return counting.superseded(self._history.entries("outcome"), trial_ids)

    def files_of(self, trial_ids: Collection[str]) -> dict[str, Files]:
        """Code and data behind the result that counts of each trial; nothing else of the results is read."""
        chosen = self._counting(trial_ids)
        return {key: entry.about.made for key, entry in chosen.items() if entry.about.is_result}

    def known_before(self, claim_hash: str, trial_ids: Collection[str]) -> dict[str, str]:
        """What was known of some trials when a claim was entered; all that is known now where it was not.

        Returns:
            Trial id to the hash of the claim under which its first result was recorded. A failure of the machine and
            an exploratory trial are no results.
        """
        return counting.known_before(self._history.all(), claim_hash, trial_ids)

    def results(self, trial_ids: Collection[str]) -> Mapping[str, Outcome]:
        """The outcome that counts for each trial that has a result, read when it is first looked at."""
        chosen = self._counting(trial_ids)
        return Outcomes(self._history, {key: entry for key, entry in chosen.items() if entry.about.is_result})

    def failures(self, trial_ids: Collection[str]) -> dict[str, OutcomeRecord]:
        """The attempt that counts for each trial, where it is a failure; divergences too."""
        chosen = self._counting(trial_ids)
        return {key: self._history.outcome(entry) for key, entry in chosen.items() if entry.about.failure}

    def head_hash(self, trial_ids: Collection[str] | None = None) -> str:
        """One hash (16 hex digits) that changes whenever a record is rewritten; empty where there is no record.

        A copy of it outside the ledger (a report, a table in a document, a tag) is what shows that the ledger's owner
        has written history anew: the chain alone cannot, as whoever owns the folder can compute all its hashes again.

        Args:
            trial_ids: over their outcomes and all that stands before them, so that it stays as it is while further
                claims are run in the same ledger; None for the last records of all segments.

        Raises:
            LedgerError: the ledger is damaged.
        """
        if trial_ids is None:
            return hash_of_places(entry.place for entry in self._history.all())
        wanted = set(trial_ids)
        return hash_of_places(
            entry.place
            for entry in self._history.entries("outcome")
            if entry.about.trial in wanted and not entry.about.exploratory
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Harmless remarks on the segments: a torn end that a crash left, a segment that stands twice.

        Raises:
            LedgerError: the ledger is damaged.
        """
        return self._history.notes

    def verify(self) -> VerifyReport:
        """Check every record and every file; names all that is altered, missing or reordered."""
        return verify(self.folder)

    def pack(self) -> PackReport:
        """Put what is finished into few files; see :mod:`evenhand.ledger.pack`.

        Raises:
            LedgerError: another process writes to the ledger, it is damaged, or it cannot be written; nothing is lost.
        """
        from evenhand.ledger.pack import pack

        self.close()
        return pack(self.folder)

    def query(self, sql: str, seconds: float | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask the DuckDB index; it is rebuilt where it is stale.

        Args:
            sql: one statement that only reads; it can reach nothing but the index.
            seconds: after which it is ended; None for a minute.

        Returns:
            Column names and rows.

        Raises:
            LedgerError: the query cannot be run, or the ledger is damaged.
        """
        from evenhand.ledger import index

        entries = self._history.entries("outcome")  # also where the index is fresh: no answers from a damaged ledger

        def source() -> index.Source:
            counts = {entry.place.hash for entry in counting.counting(entries).values()}
            tables = {entry.place.hash: references(entry) for entry in entries}
            return index.Source([self._history.outcome(entry) for entry in entries], counts, tables)

        seconds = index.SECONDS if seconds is None else seconds
        return index.query(self.folder, source, self._history.tables.table, sql, seconds)

    def close(self) -> None:
        """Close the segment that this process writes."""
        self._writer.close()
        self._history.tables.scores.close()

    def _counting(self, trial_ids: Collection[str]) -> dict[str, Entry]:
        return counting.counting(self._history.entries("outcome"), trial_ids)
