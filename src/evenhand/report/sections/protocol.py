"""The protocol as it was fixed before the first trial: rungs, seeds, items, looks, settings of each arm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenhand.claims.nesting import leaves
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Prune, Rung
from evenhand.recipes.trial import ItemSet
from evenhand.report import numbers


@dataclass(frozen=True)
class RungRow:
    """One rung in words."""

    name: str
    purpose: str
    budget: str
    seeds: str
    items: str
    looks: str
    prune: str


@dataclass(frozen=True)
class Difference:
    """A setting in which an arm differs from the baseline; ``conditions`` is empty where it holds in all of them."""

    key: str
    baseline: str
    value: str
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class ArmSettings:
    """An arm with what sets it apart from the baseline."""

    arm: str
    role: str
    remark: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class SettingRow:
    """A setting of the baseline; one value, or one for each condition where they differ."""

    key: str
    values: tuple[tuple[str, str], ...]


def rung_rows(claim: ResolvedClaim) -> tuple[RungRow, ...]:
    """Rungs in their order."""
    rows = []
    last = len(claim.claim.rungs) - 1
    for position, rung in enumerate(claim.claim.rungs):
        added = f"; {claim.added} added" if claim.added and position == last else ""
        rows.append(
            RungRow(
                rung.name,
                "confirms" if position == last else "screens" if rung.kind == "compare" else _searches(rung),
                f"{numbers.amount(rung.budget)} {claim.claim.budget.unit}",
                f"{len(rung.seeds)} ({numbers.seeds(rung.seeds)}{added})",
                _items(claim.items[rung.name]) if rung.name in claim.items else numbers.NONE,
                _looks(rung),
                numbers.NONE if position == last else _prune(rung.prune),
            )
        )
    return tuple(rows)


def _looks(rung: Rung) -> str:
    if rung.look_rule == "anytime":
        return "after every seed"
    if len(rung.looks) < 2:
        return "one, at the end"
    rule = "" if rung.look_rule == "levels" else f", spending {rung.look_rule}"
    rule += "; variants that are given up get no further seeds" if rung.drops else ""
    return ", ".join(map(str, rung.looks)) + f" seeds{rule}"


def _searches(rung: Rung) -> str:
    return f"searches {rung.tries or 1} configurations of each arm ({rung.sampler})"


def _items(items: ItemSet) -> str:
    if items.count is None:
        return "all"
    return f"{items.count:,} (positions {items.start:,} to {items.start + items.count - 1:,}, order {items.seed})"


def _prune(prune: Prune) -> str:
    if prune.rule == "threshold":
        return f"below {prune.threshold:g} (a plain threshold, without error control)"
    return "never" if prune.rule == "none" else f"for futility, one-sided {numbers.per_cent(prune.confidence)}"


def arm_settings(claim: ResolvedClaim) -> tuple[ArmSettings, ...]:
    """Each arm's settings as differences from the baseline, condition by condition."""
    rows = []
    for arm in claim.claim.arms:
        remarks = [word for word, on in (("deterministic", arm.deterministic), ("untrained", arm.untrained)) if on]
        remarks += [f"of {arm.control_set}"] if arm.control_set else []
        rows.append(ArmSettings(arm.name, arm.role, ", ".join(remarks), _differences(claim, arm.name)))
    return tuple(rows)


def _differences(claim: ResolvedClaim, arm: str) -> tuple[Difference, ...]:
    found: dict[tuple[str, str, str], list[str]] = {}
    conditions = [condition.name for condition in claim.claim.conditions]
    for condition in conditions:
        base = leaves(claim.settings.get((claim.baseline.name, condition), {}))
        own = leaves(claim.settings.get((arm, condition), {}))
        for key in sorted(base.keys() | own.keys()):
            if key not in base or key not in own or base[key] != own[key]:
                found.setdefault((key, _value(base, key), _value(own, key)), []).append(condition)
    return tuple(
        Difference(key, before, after, () if len(where) == len(conditions) else tuple(where))
        for (key, before, after), where in sorted(found.items())
    )


def baseline_settings(claim: ResolvedClaim) -> tuple[SettingRow, ...]:
    """The complete settings of the baseline."""
    flat = {c.name: leaves(claim.settings.get((claim.baseline.name, c.name), {})) for c in claim.claim.conditions}
    rows = []
    for key in sorted({key for settings in flat.values() for key in settings}):
        values = tuple((name, _value(settings, key)) for name, settings in flat.items())
        same = len({value for _, value in values}) == 1
        rows.append(SettingRow(key, (("", values[0][1]),) if same else values))
    return tuple(rows)


def _value(flat: Mapping[str, Any], key: str) -> str:
    if key not in flat:
        return numbers.NONE
    value = flat[key]
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
