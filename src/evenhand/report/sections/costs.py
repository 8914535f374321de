"""What each arm cost: the claim's budget, every other unit that was reported, seconds and peak memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.ledger.records import OutcomeRecord
from evenhand.report import numbers
from evenhand.report.results import Results


@dataclass(frozen=True)
class Cost:
    """One amount per trial, and how many times the baseline's it is ("2.00 x"; empty for the baseline itself)."""

    text: str
    ratio: str = ""


@dataclass(frozen=True)
class ArmCost:
    """The costs of one arm at one rung, in the order of the table's columns."""

    arm: str
    role: str
    remark: str
    done: int
    planned: int
    spent: tuple[Cost, ...]
    seconds: Cost
    cpu: Cost
    memory: str


@dataclass(frozen=True)
class RungCost:
    """The table of one rung: the budget asked, the columns of units, a row per arm, and the total wall time."""

    rung: str
    asked: str
    units: tuple[str, ...]
    arms: tuple[ArmCost, ...]
    total: str


def rung_costs(results: Results) -> tuple[RungCost, ...]:
    """A table for each rung at which anything ran, the confirming one first."""
    tables = [_rung_cost(results, rung.name, rung.budget) for rung in reversed(results.claim.claim.rungs)]
    return tuple(table for table in tables if table is not None)


def _rung_cost(results: Results, rung: str, budget: float) -> RungCost | None:
    planned = list(results.where(rung=rung))
    if not any(p.attempts for p in planned):
        return None
    own = results.claim.claim.budget.unit
    scored = {arm.name: _scored(results, rung, arm.name) for arm in results.claim.claim.arms}
    reported = {unit for records in scored.values() for r in records for unit in r.outcome.spent}
    units = (own, *sorted(reported - {own, "seconds"}))
    arms = []
    for arm in results.claim.claim.arms:
        remark = ", ".join(w for w, on in (("deterministic", arm.deterministic), ("untrained", arm.untrained)) if on)
        mine, base = scored[arm.name], scored[results.claim.baseline.name]
        is_base = arm.name == results.claim.baseline.name
        memory = [r.execution.peak_memory_bytes for r in mine if r.execution.peak_memory_bytes is not None]
        arms.append(
            ArmCost(
                arm.name,
                arm.role,
                remark,
                len(mine),
                sum(p.trial.arm == arm.name for p in planned),
                tuple(_cost(_spent(mine, u), _spent(base, u), is_base) for u in units),
                _cost(_wall(mine), _wall(base), is_base, times=True),
                _cost([r.execution.cpu_seconds for r in mine], [r.execution.cpu_seconds for r in base], is_base, True),
                numbers.memory(max(memory, default=None)),
            )
        )
    everything = {str(a.place): a.execution.seconds for p in planned for a in p.attempts}
    total = numbers.duration(math.fsum(everything.values()))
    return RungCost(rung, f"{numbers.amount(budget)} {own}", units, tuple(arms), total)


def _scored(results: Results, rung: str, arm: str) -> list[OutcomeRecord]:
    return [p.scored for p in results.where(rung=rung, arm=arm) if p.scored is not None]


def _spent(records: Sequence[OutcomeRecord], unit: str) -> list[float]:
    return [float(r.outcome.spent[unit]) for r in records if unit in r.outcome.spent]


def _wall(records: Sequence[OutcomeRecord]) -> list[float]:
    return [r.execution.seconds for r in records]


def _cost(mine: Sequence[float], base: Sequence[float], is_base: bool, times: bool = False) -> Cost:
    """Mean per trial; the range where trials differ by units, the ratio of means where it is not 1."""
    if not mine:
        return Cost(numbers.NONE)
    mean = math.fsum(mine) / len(mine)
    text = numbers.duration(mean) if times else numbers.amount_range(mine)
    reference = math.fsum(base) / len(base) if base else 0.0
    ratio = "" if is_base or reference <= 0 else f"{mean / reference:.2f} ×"
    return Cost(text, "" if ratio == "1.00 ×" else ratio)
