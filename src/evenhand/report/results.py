"""Which ledger record answers which planned trial of a claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from evenhand.claims.resolve import ResolvedClaim
from evenhand.ledger.records import OutcomeRecord
from evenhand.recipes.outcome import Files
from evenhand.recipes.trial import Trial


def _is_result(record: OutcomeRecord) -> bool:
    """Scores or a divergence: what says something about the model."""
    return record.outcome.is_result


def _made(record: OutcomeRecord) -> Files:
    return Files(record.outcome.code, record.outcome.data)


@dataclass(frozen=True)
class Planned:
    """A planned trial with all its attempts, oldest first."""

    trial: Trial
    attempts: tuple[OutcomeRecord, ...]

    @cached_property
    def record(self) -> OutcomeRecord | None:
        """The attempt that counts, as in the ledger: the first result, else the last failure; None where untried.

        A result made by other code or from other data than a later attempt is superseded by that.
        """
        counting: OutcomeRecord | None = None
        for record in self.attempts:
            if record.set_aside:
                continue
            if counting is None or not _is_result(counting) or _made(counting).differ(_made(record)):
                counting = record
        return counting

    @cached_property
    def scored(self) -> OutcomeRecord | None:
        """The attempt that counts, if it gave scores."""
        record = self.record
        return record if record is not None and record.outcome.failure is None else None

    @property
    def state(self) -> str:
        """done, a failure class, "left out" of an arm that fails alike each time, or "not run"."""
        record = self.record
        if record is None:
            return "set aside" if self.attempts else "not run"
        if record.outcome.failure is None:
            return "done"
        return record.outcome.failure.kind if record.execution.attempt else f"left out ({record.outcome.failure.kind})"


@dataclass(frozen=True)
class Results:
    """The planned trials of a claim beside the records of a ledger.

    A trial's id determines its result, so one record may answer several planned trials (a baseline whose settings are
    equal in two conditions). Exploratory records never count.
    """

    claim: ResolvedClaim
    records: tuple[OutcomeRecord, ...]

    @classmethod
    def of(cls, claim: ResolvedClaim, records: Sequence[OutcomeRecord]) -> Results:
        """Keep the records of a claim's run, in the order of writing in which the ledger gives them."""
        return cls(claim, tuple(record for record in records if not record.exploratory))

    @cached_property
    def planned(self) -> tuple[Planned, ...]:
        """Every planned trial, rung by rung, condition by condition, arm by arm, seed by seed."""
        attempts: dict[str, list[OutcomeRecord]] = {}
        for record in self.records:
            attempts.setdefault(record.trial.id, []).append(record)
        conditions = [condition.name for condition in self.claim.claim.conditions]
        arms = [arm.name for arm in self.claim.claim.arms]
        found: list[Planned] = []
        for rung in self.claim.claim.rungs:
            trials = list(self.claim.trials(rung))
            trials.sort(key=lambda t: (conditions.index(t.condition), arms.index(t.arm)))
            found.extend(Planned(trial, tuple(attempts.get(trial.id, ()))) for trial in trials)
        return tuple(found)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str, str, int | None], Planned]:
        return {(p.trial.rung, p.trial.condition, p.trial.arm, p.trial.seed): p for p in self.planned}

    def at(self, rung: str, condition: str, arm: str, seed: int) -> Planned | None:
        """The planned trial at a place; a deterministic arm has the same one for every seed."""
        exact = self._by_place.get((rung, condition, arm, seed))
        return exact or self._by_place.get((rung, condition, arm, None))

    def where(self, *, rung: str, condition: str | None = None, arm: str | None = None) -> Iterator[Planned]:
        """Planned trials of a rung, narrowed to a condition or an arm."""
        for planned in self.planned:
            trial = planned.trial
            if trial.rung == rung and condition in (None, trial.condition) and arm in (None, trial.arm):
                yield planned

    @cached_property
    def used(self) -> tuple[OutcomeRecord, ...]:
        """The records that answer a planned trial (all attempts), each once."""
        ids = {planned.trial.id for planned in self.planned}
        return tuple(record for record in self.records if record.trial.id in ids)
