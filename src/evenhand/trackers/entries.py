"""What a tracker is given: trials and verdicts as flat facts, made of what stands in the ledger. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evenhand.claims.nesting import leaves
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.verdict import Decision
from evenhand.ledger.records import OutcomeRecord
from evenhand.recipes.outcome import Curve


@dataclass(frozen=True)
class TrialEntry:
    """One trial, as a run.

    Attributes:
        key: differs for every record of the ledger, so that nothing is written twice.
        name: for people: ``idea/default/confirm/seed 3``.
        claim, claim_hash, arm, role, condition, rung, seed: what was run.
        settings: dotted key to a plain value.
        metrics: name to value; those with items as their means.
        curves: name to learning curve.
        spent: unit to amount.
        notes: short facts.
        failure: class and message, or empty.
        started: milliseconds since 1970, or None.
        seconds: wall time.
    """

    key: str
    name: str
    claim: str
    claim_hash: str
    arm: str
    role: str
    condition: str
    rung: str
    seed: int | None
    settings: Mapping[str, str | int | float | bool]
    metrics: Mapping[str, float]
    curves: Mapping[str, Curve]
    spent: Mapping[str, float]
    notes: Mapping[str, str]
    failure: str
    started: int | None
    seconds: float

    @property
    def tags(self) -> dict[str, str]:
        """What a run is found by."""
        named = {
            "key": self.key, "claim": self.claim, "claim_hash": self.claim_hash, "arm": self.arm, "role": self.role,
            "condition": self.condition, "rung": self.rung, "seed": "" if self.seed is None else str(self.seed),
            "failure": self.failure,
        }  # fmt: skip
        return {f"evenhand.{name}": text for name, text in named.items() if text}


@dataclass(frozen=True)
class VerdictEntry:
    """The verdicts of a claim, as a run of its own.

    Attributes:
        key: differs for every state of the ledger.
        claim, claim_hash: what was judged.
        verdicts: ``arm/condition/metric`` to the verdict with its qualifier.
        figures: name to number: estimates and the ends of intervals.
        markdown: the table of verdicts.
        report: the page, where it was written.
    """

    key: str
    claim: str
    claim_hash: str
    verdicts: Mapping[str, str]
    figures: Mapping[str, float]
    markdown: str
    report: Path | None = None

    @property
    def tags(self) -> dict[str, str]:
        """What the run is found by, and each verdict."""
        own = {f"evenhand.verdict.{place}": title for place, title in self.verdicts.items()}
        named = {"evenhand.key": self.key, "evenhand.claim": self.claim, "evenhand.claim_hash": self.claim_hash}
        return named | own


def trial_entry(claim: ResolvedClaim, record: OutcomeRecord) -> TrialEntry:
    """A record of the ledger as an entry."""
    trial, outcome = record.trial, record.outcome
    failure = "" if outcome.failure is None else f"{outcome.failure.kind}: {outcome.failure.message}"
    values = {name: outcome.metric(name) for name in sorted({*outcome.metrics, *outcome.items})}
    return TrialEntry(
        key=f"{trial.id[:16]}-{record.place.hash[:8]}",
        name=f"{trial.arm}/{trial.condition}/{trial.rung}/{'once' if trial.seed is None else f'seed {trial.seed}'}",
        claim=claim.name,
        claim_hash=claim.hash,
        arm=trial.arm,
        role=next((arm.role for arm in claim.claim.arms if arm.name == trial.arm), ""),
        condition=trial.condition,
        rung=trial.rung,
        seed=trial.seed,
        settings={key: _plain(value) for key, value in leaves(trial.settings).items()},
        metrics={name: value for name, value in values.items() if value is not None and math.isfinite(value)},
        curves=outcome.curves,
        spent=outcome.spent,
        notes=outcome.notes,
        failure=failure,
        started=_milliseconds(record.execution.started),
        seconds=record.execution.seconds,
    )


def verdict_entry(decision: Decision, head: str, markdown: str, report: Path | None) -> VerdictEntry:
    """A decision as an entry.

    Args:
        decision: as decided from the ledger.
        head: hash over the records that it rests on.
        markdown: the table of verdicts.
        report: the page, where it was written.
    """
    figures: dict[str, float] = {}
    for verdict in decision.verdicts:
        place = _place(verdict.arm, verdict.condition, verdict.metric)
        for found in verdict.contrasts[:1]:
            numbers = {"difference": found.estimate, "p": found.p_value}
            low, high = found.interval or (None, None)
            numbers |= {"low": low, "high": high}
            figures |= {f"{place}/{name}": value for name, value in numbers.items() if value is not None}
    titles = {_place(v.arm, v.condition, v.metric): v.title for v in decision.verdicts}
    key = f"verdict-{decision.claim_hash}-{head[:8]}"
    return VerdictEntry(key, decision.claim, decision.claim_hash, titles, figures, markdown, report)


def new_entries(claim: ResolvedClaim, records: Sequence[OutcomeRecord], known: frozenset[str]) -> list[TrialEntry]:
    """Entries of the records that a tracker has not got."""
    found = (trial_entry(claim, record) for record in records)
    return [entry for entry in found if entry.key not in known]


def _place(arm: str, condition: str, metric: str) -> str:
    return "/".join(part.replace("/", "-") for part in (arm, condition, metric))


def _plain(value: Any) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _milliseconds(started: str) -> int | None:
    try:
        return int(datetime.fromisoformat(started).timestamp() * 1000)
    except ValueError:
        return None
