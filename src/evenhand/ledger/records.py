"""What the ledger holds: outcomes with where they came from, and the claims they were run for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial


class Place(NamedTuple):
    """Where a record stands: segment file name, sequence number in it (from 0) and the record's own hash."""

    segment: str
    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.segment}:{self.sequence}"


@dataclass(frozen=True)
class OutcomeRecord:
    """One attempt at one trial.

    Attributes:
        trial, outcome, execution: what was asked, what came back, how the process went.
        claim_hash: of the resolved claim it was run for; empty for exploratory trials.
        exploratory: made by ``evenhand try``; never part of a contrast.
        provenance: package and git versions, dirty flag, machine, settings, data hashes.
        place: where the record stands in the ledger.
        set_aside: why it does not count, where somebody set it aside; else empty.
    """

    trial: Trial
    outcome: Outcome
    execution: Execution
    claim_hash: str
    exploratory: bool
    provenance: Mapping[str, Any]
    place: Place
    set_aside: str = ""


@dataclass(frozen=True)
class ClaimRecord:
    """A claim as it was fixed before its first trial.

    Attributes:
        name, hash, identity: of the resolved claim (see ``ResolvedClaim.identity``).
        text: the claim file.
        amends: hash of the claim of the same name that it replaced after results were seen, or empty.
        changes: what differed from that one, as sentences.
        place: where the record stands in the ledger.
        known: ``results``, ``trials`` and ``claims`` (name and hash): what was known of its outcomes then; None in
            records that do not say it.
        entered: UTC time of its entry, ISO 8601; empty for a record that was just made.
    """

    name: str
    hash: str
    identity: Mapping[str, Any]
    text: str
    amends: str
    changes: tuple[str, ...]
    place: Place
    known: Mapping[str, Any] | None = None
    entered: str = ""


@dataclass(frozen=True)
class DecisionRecord:
    """That a claim was run to its end, and how it was decided then.

    Attributes:
        name, hash: of the resolved claim.
        verdicts: ``arm/condition/metric`` to verdict title.
        place: where the record stands in the ledger.
        head: hash over the outcomes that the verdicts rest on and all that was written before them (see
            ``Ledger.head_hash``); empty in the records of earlier versions.
    """

    name: str
    hash: str
    verdicts: Mapping[str, str]
    place: Place
    head: str = ""


@dataclass(frozen=True)
class InterventionRecord:
    """What a person did to a claim before it was decided.

    Attributes:
        what: unblinded (its arms were shown by name), paused, resumed or cancelled.
        name, hash: of the claim.
        results, trials: how many of its trials had a result then.
        time: UTC, ISO 8601.
        place: where the record stands in the ledger.
    """

    what: str
    name: str
    hash: str
    results: int
    trials: int
    time: str
    place: Place


@dataclass(frozen=True)
class VerifyReport:
    """What a check of the whole ledger found.

    Attributes:
        records: records checked.
        notes: harmless remarks, e.g. a torn last line that a crash left.
        faults: every altered, missing or reordered record and every damaged file, each named.
        head: one hash (16 hex digits) over the last records of all segments; empty where there is no record.
    """

    records: int
    notes: tuple[str, ...]
    faults: tuple[str, ...]
    head: str = ""


@dataclass(frozen=True)
class PackReport:
    """What a packing did.

    Attributes:
        tables: put into packs.
        segments: put into an archive.
        packs: files that were written, relative to the ledger; none where there was nothing to pack.
        removed: files that were removed, as their content stands in a pack.
        files: number of files that records and tables take, before and after.
        bytes: that these take, before and after.
    """

    tables: int
    segments: int
    packs: tuple[str, ...]
    removed: int
    files: tuple[int, int]
    bytes: tuple[int, int]


@dataclass(frozen=True)
class MergeReport:
    """What a merging did.

    Attributes:
        records: of each ledger, the one that took up the others first.
        added: records that were taken up.
        doubled: trials that more than one ledger has a result of, each as a sentence that says what counts.
        differences: what their claims, budgets and code differ in, as sentences.
        notes: harmless remarks on the whole.
        head: one hash over the last records of all segments of the whole.
    """

    records: Mapping[str, int]
    added: int
    doubled: tuple[str, ...]
    differences: tuple[str, ...]
    notes: tuple[str, ...]
    head: str
