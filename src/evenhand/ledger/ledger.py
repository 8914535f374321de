"""The ledger: the append-only store of outcomes, with where they came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from evenhand.errors import DataError, LedgerError
from evenhand.ledger import aside, codec
from evenhand.ledger.disk import cannot_write
from evenhand.ledger.lock import hold
from evenhand.ledger.reader import LedgerReader
from evenhand.ledger.records import ClaimRecord, DecisionRecord, MergeReport, OutcomeRecord, PackReport
from evenhand.ledger.summary import line, table
from evenhand.ledger.tables import curves_table, items_table, write_table
from evenhand.ledger.writer import SegmentWriter
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial

_FOLDERS = ("segments", "packs", "heads", "items", "curves", "locks")
"""What a folder must have one of to be a ledger."""


_NAME_IT = "Name the ledger's folder (--ledger, or `ledger=` in Python)."


def is_empty(folder: Path) -> bool:
    """Whether nothing lies in a folder: a run that was refused before its first record leaves one."""
    return folder.is_dir() and next(folder.iterdir(), None) is None


class Ledger(LedgerReader):
    """A folder of segments, item scores and curves; several processes may write to it at once.

    Args:
        folder: of the ledger.
        create: make the folder where it is missing; without it a missing folder is an empty ledger.

    Raises:
        LedgerError: the folder cannot be made, or the path is a file.
    """

    def __init__(self, folder: Path, create: bool = True) -> None:
        super().__init__(Path(folder).absolute())
        if self.folder.exists() and not self.folder.is_dir():
            raise LedgerError(f"The ledger {self.folder} is a file; name a folder with --ledger.")
        if create:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise cannot_write(self.folder, error) from error
        self._writer = SegmentWriter(self.folder)

    def __repr__(self) -> str:
        return line(self, self.folder)

    def _repr_html_(self) -> str:
        return table(self, self.folder)

    @classmethod
    def existing(cls, folder: Path) -> Ledger:
        """The ledger in a folder that holds one.

        Raises:
            DataError: the folder is missing or is no ledger: its name may be mistyped.
            LedgerError: the path is a file.
        """
        ledger = cls(folder, create=False)
        if not ledger.folder.is_dir():
            raise DataError(f"There is no ledger at {folder}: no such folder. {_NAME_IT}")
        if is_empty(ledger.folder):
            raise DataError(f"There is no ledger at {folder} yet: the folder is empty. {_NAME_IT}")
        if not any((ledger.folder / name).is_dir() for name in _FOLDERS):
            raise DataError(
                f"The folder {folder} is no ledger: it has none of {', '.join(f'{name}/' for name in _FOLDERS)}. "
                f"{_NAME_IT}"
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

    def record_seal(self, claim_hash: str, receipt: str, witnesses: Sequence[str]) -> None:
        """Enter the receipt of a claim, with what keeps it outside the ledger; see :mod:`evenhand.ledger.seal`."""
        self._writer.append("seal", {"claim": claim_hash, "receipt": receipt, "witnesses": list(witnesses)})

    def record_extension(self, claim_hash: str, seeds: Sequence[int]) -> None:
        """Enter that seeds are added to a claim, before any of their trials is run."""
        self._writer.append("extension", {"claim": claim_hash, "seeds": list(seeds)})

    def record_search(self, claim_hash: str, rung: str, **told: Any) -> None:
        """Enter what a search proposes before it runs, or who goes on from a search rung.

        Args:
            claim_hash: of the resolved claim.
            rung: name of the search rung.
            told: ``proposed``, arm to the values of its next candidates, and ``first``, the number of the first; or
                ``kept``, arm to those that go on, the best first, each with its ``number``, ``score`` and ``failure``.
        """
        body = {"claim": claim_hash, "rung": rung, **told}
        self._writer.append("search", codec.plain(body, "search"))

    def record_set_aside(self, trial: str, label: str, reason: str, known: str) -> None:
        """Enter that what is recorded of a trial so far does not count any more; see :mod:`evenhand.ledger.aside`."""
        body = {"trial": trial, "label": label, "reason": reason, "known": known}
        self._writer.append(aside.KIND, codec.plain(body, aside.KIND))

    def record_decision(
        self,
        name: str,
        hash: str,
        verdicts: Mapping[str, str],
        trial_ids: Collection[str] | None = None,
        families: Mapping[str, Any] | None = None,
    ) -> DecisionRecord:
        """Enter that a claim was run to its end, with its verdicts and the hash of what they rest on.

        Args:
            name, hash: of the resolved claim.
            verdicts: ``arm/condition/metric`` to verdict title.
            trial_ids: of the claim; None where the verdicts may rest on the whole ledger.
            families: family to ``p``, ``level`` and ``holds``: at which level of the ledger it was held, and how.
        """
        head = self.head_hash(trial_ids)
        body: dict[str, Any] = {"name": name, "hash": hash, "verdicts": verdicts, "head": head}
        body |= {} if families is None else {"families": families}
        place = self._writer.append("decision", codec.plain(body, "decision"))
        return DecisionRecord(name, hash, verdicts, place, head)

    def record_intervention(self, what: str, name: str, hash: str, results: int, trials: int) -> None:
        """Enter what a person did to a claim before it was decided; see :class:`InterventionRecord`."""
        body = {"what": what, "name": name, "hash": hash, "results": results, "trials": trials}
        self._writer.append("intervention", codec.plain(body, "intervention"))

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

    def pack(self, everything: bool = False) -> PackReport:
        """Put what is finished into few files; see :mod:`evenhand.ledger.pack`.

        Args:
            everything: also what was packed before, so that one pack of a kind is left.

        Raises:
            LedgerError: another process writes to the ledger, it is damaged, or it cannot be written; nothing is lost.
        """
        from evenhand.ledger.pack import pack

        self.close()
        return pack(self.folder, everything)

    def merge(self, *others: Path) -> MergeReport:
        """Take up all that other ledgers hold; they stay as they are. See :mod:`evenhand.ledger.merge`.

        Raises:
            DataError: one of them is no ledger.
            LedgerError: they do not make one sound ledger together, another process writes to this one, or it cannot
                be written; nothing is changed then.
        """
        from evenhand.ledger.merge import merge

        self.close()
        return merge(self.folder, [Ledger.existing(other).folder for other in others])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the segment that this process writes."""
        self._writer.close()
        self._history.tables.scores.close()
