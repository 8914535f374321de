"""What a ledger can be asked: its claims, decisions and outcomes, which of them count, its head, and queries in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from evenhand.ledger import aside, codec, counting
from evenhand.ledger.chain import hash_of_places
from evenhand.ledger.history import History, Outcomes
from evenhand.ledger.records import ClaimRecord, DecisionRecord, InterventionRecord, OutcomeRecord, VerifyReport
from evenhand.ledger.segments import Entry
from evenhand.ledger.tables import references
from evenhand.ledger.verify import verify
from evenhand.recipes.outcome import Files, Outcome
from evenhand.recipes.working import told


class LedgerReader:
    """Reads the ledger in a folder; others may write to it meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._history = History(folder)
        self._superseded: tuple[list[Entry], bool] = ([], False)

    def claims(self, name: str | None = None) -> list[ClaimRecord]:
        """Claims in the order in which they were entered."""
        found = [codec.claim_from_entry(entry) for entry in self._history.entries("claim")]
        return [record for record in found if name is None or record.name == name]

    def entries(self) -> list[Entry]:
        """All records, of every kind, in the order of writing."""
        return self._history.all()

    def added_seeds(self, claim_hash: str) -> tuple[int, ...]:
        """Seeds that were added to a claim after it had been stated, in order, each once."""
        found = [entry.body for entry in self._history.entries("extension")]
        seeds = (seed for body in found if body["claim"] == claim_hash for seed in body["seeds"])
        return tuple(dict.fromkeys(seeds))

    def decisions(self, name: str, hash: str | None = None) -> list[DecisionRecord]:
        """Decisions on the claims of a name, in the order in which they were entered."""
        found = [codec.decision_from_entry(entry) for entry in self._history.entries("decision")]
        return [record for record in found if record.name == name and hash in (None, record.hash)]

    def interventions(self, hash: str | None = None) -> list[InterventionRecord]:
        """What people did to claims before they were decided, in the order of writing."""
        found = [codec.intervention_from_entry(entry) for entry in self._history.entries("intervention")]
        return [record for record in found if hash in (None, record.hash)]

    def searches(self) -> list[Mapping[str, Any]]:
        """What searches proposed and who went on, in the order of writing; see :meth:`Ledger.record_search`."""
        return [entry.body for entry in self._history.entries("search")]

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
        marks = self._marks()
        entries = [
            entry
            for entry in self._history.entries("outcome")
            if (wanted is None or entry.about.trial in wanted)
            and claim_hash in (None, entry.about.claim)
            and entry.about.exploratory == exploratory
        ]
        return [self._outcome(entry, marks) for entry in told("reading results", entries)]

    def outcome_of(self, entry: Entry) -> Outcome:
        """What a record of an outcome holds; item scores are read when they are first looked at."""
        return self._history.outcome(entry).outcome

    def set_aside(self, trial_ids: Collection[str]) -> list[aside.SetAside]:
        """What was set aside of some trials on purpose, in the order of writing; see :mod:`evenhand.ledger.aside`."""
        return aside.of_trials(self._marks(), trial_ids)

    @property
    def has_set_aside(self) -> bool:
        """Whether anything was set aside at all."""
        return bool(self._marks())

    def _marks(self) -> dict[str, list[aside.SetAside]]:
        return aside.marks(self._history.entries(aside.KIND))

    def _outcome(self, entry: Entry, marks: dict[str, list[aside.SetAside]]) -> OutcomeRecord:
        record = self._history.outcome(entry)
        mark = aside.mark_after(entry, marks)
        return record if mark is None else replace(record, set_aside=mark.reason)

    def _standing(self) -> list[Entry]:
        """Outcomes that nobody set aside."""
        return aside.standing(self._history.entries("outcome"), self._marks())

    def trials_of(self, claim_hash: str) -> frozenset[str]:
        """Ids of the trials that were run for a claim."""
        entries = self._history.entries("outcome")
        return frozenset(e.about.trial for e in entries if e.about.claim == claim_hash and not e.about.exploratory)

    def attempts(self, claim_hash: str) -> int:
        """Number of attempts at trials that were made for a claim."""
        entries = self._history.entries("outcome")
        return sum(entry.about.claim == claim_hash and not entry.about.exploratory for entry in entries)

    def latest(self, trial_ids: Collection[str]) -> dict[str, OutcomeRecord]:
        """The attempt that counts for each trial: the first that is a result, else the last failure.

        A result is a set of scores or a divergence. The first counts, so that running again cannot replace it; but one
        that was made by other code or from other data than a later attempt is superseded by that.
        """
        chosen = list(self._counting(trial_ids).items())
        return {key: self._history.outcome(entry) for key, entry in told("reading results", chosen)}

    def superseded(self, trial_ids: Collection[str]) -> int:
        """Number of trials with a result that a later attempt, by other code or from other data, has replaced."""
        return counting.superseded(self._standing(), trial_ids)

    @property
    def has_superseded(self) -> bool:
        """Whether any result was made anew by other code or from other data; read once while the ledger stays."""
        entries = self._history.all()
        if self._superseded[0] is not entries:
            outcomes = self._standing()
            every = {entry.about.trial for entry in outcomes}
            self._superseded = (entries, bool(counting.superseded(outcomes, every)))
        return self._superseded[1]

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
            counts = {entry.place.hash for entry in counting.counting(self._standing()).values()}
            tables = {entry.place.hash: references(entry) for entry in entries}
            return index.Source([self._history.outcome(entry) for entry in entries], counts, tables)

        seconds = index.SECONDS if seconds is None else seconds
        return index.query(self.folder, source, self._history.tables.table, sql, seconds)

    def _counting(self, trial_ids: Collection[str]) -> dict[str, Entry]:
        return counting.counting(self._standing(), trial_ids)
