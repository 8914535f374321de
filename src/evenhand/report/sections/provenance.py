"""Where the figures come from: claim hash, versions, machines, data, segments, and every trial with its record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenhand.claims.nesting import leaves
from evenhand.ledger.records import OutcomeRecord
from evenhand.report import numbers
from evenhand.report.results import Results


@dataclass(frozen=True)
class Origin:
    """One fact about where records come from: its values, each with the number of records that carry it."""

    key: str
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Segment:
    """A ledger segment with the sequence numbers of the records that were used."""

    name: str
    records: str
    count: int


@dataclass(frozen=True)
class TrialRow:
    """A planned trial with the record that answers it."""

    id: str
    first: bool
    arm: str
    condition: str
    rung: str
    seed: str
    state: str
    values: tuple[str, ...]
    attempts: int
    place: str
    hash: str


def origins(results: Results) -> tuple[Origin, ...]:
    """Facts shared by the records: versions, git, machine, device, threads; all values are shown where they differ."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    known: dict[str, str] = {}  # thousands of records tell the same few facts
    for record in results.used:
        facts = {}
        for key, value in _plain(record.provenance).items():
            written = repr(value)
            if written not in known:
                known[written] = _text(value)
            facts[key] = known[written]
        facts["device"] = record.execution.device
        facts["threads per trial"] = str(record.execution.threads)
        for key, value in facts.items():
            if value:
                found[key][value] += 1
    return tuple(Origin(key, tuple(sorted(found[key].items()))) for key in sorted(found))


def _plain(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance without what the page shows elsewhere, trial by trial."""
    beside = {"settings", "seed", "seeds", "budget", "spent", "data"}
    return {str(key): value for key, value in provenance.items() if key not in beside}


def _text(value: Any) -> str:
    """A fact on one line: ``cores 2, processor ...`` for a table, the words of a value otherwise."""
    if isinstance(value, Mapping):
        parts = [(key, _text(leaf)) for key, leaf in leaves(value).items()]
        return ", ".join(f"{key} {text}" for key, text in parts if text)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def data_hashes(results: Results) -> tuple[tuple[str, str, int], ...]:
    """(name, sha256, number of records) of every data file that a trial read."""
    found: Counter[tuple[str, str]] = Counter()
    for record in results.used:
        found.update(record.outcome.data.items())
    return tuple((name, digest, count) for (name, digest), count in sorted(found.items()))


def segments(records: Sequence[OutcomeRecord]) -> tuple[Segment, ...]:
    """The places of the records that were used, segment by segment."""
    found: dict[str, set[int]] = defaultdict(set)
    for record in records:
        found[record.place.segment].add(record.place.sequence)
    return tuple(Segment(name, numbers.seeds(sorted(found[name])), len(found[name])) for name in sorted(found))


def trial_rows(results: Results, decimals: Mapping[str, int]) -> tuple[TrialRow, ...]:
    """Every planned trial: id, metric values, ledger place. An id met again is marked, so that anchors stay unique."""
    rows: list[TrialRow] = []
    seen: set[str] = set()
    for planned in results.planned:
        trial, record = planned.trial, planned.record
        values = tuple(
            numbers.plain(planned.scored.outcome.metric(name) if planned.scored else None, places + 1)
            for name, places in decimals.items()
        )
        rows.append(
            TrialRow(
                trial.id,
                trial.id not in seen,
                trial.arm,
                trial.condition,
                trial.rung,
                "any" if trial.seed is None else str(trial.seed),
                planned.state,
                values,
                len(planned.attempts),
                str(record.place) if record else "",
                record.place.hash[:12] if record else "",
            )
        )
        seen.add(trial.id)
    return tuple(rows)
