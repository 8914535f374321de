"""Contrasts once more, group of items by group: to see where a difference comes from, never to judge by. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.contrasts import as_tuple, estimate_pairs
from evenhand.decisions.pairs import Cell, Outcomes, Pairs, make_pairs
from evenhand.decisions.verdict import Contrast, Decision, Interval
from evenhand.statistics import Scope

LEAST_ITEMS = 2
"""Items of a group below which no interval is given: one item tells nothing of others of its kind."""


@dataclass(frozen=True)
class GroupFigure:
    """A contrast over the items of one group.

    Attributes:
        group: its name.
        items: in it.
        estimate: mean difference, positive where the arm is better; None with ``why_none``.
        interval: at the level 1 - alpha of the claim, for this group by itself; None where there is none.
        why_none: why there is no estimate or no interval, or empty.
    """

    group: str
    items: int
    estimate: float | None
    interval: Interval | None
    why_none: str = ""


def by_group(
    claim: ResolvedClaim, contrast: Contrast, outcomes: Outcomes, groups: Mapping[str, str]
) -> tuple[GroupFigure, ...]:
    """The figures of a contrast in each group, in the order of ``groups``; none where the contrast has no items.

    Args:
        claim: resolved.
        contrast: which arms, where, over which seeds.
        outcomes: trial id to its outcome.
        groups: item to its group; items that it does not name are left out.
    """
    arms = {arm.name: arm for arm in claim.arms()}
    cell = Cell(
        next(c for c in claim.claim.conditions if c.name == contrast.condition),
        next(r for r in claim.claim.rungs if r.name == contrast.rung),
        next(m for m in claim.claim.metrics if m.name == contrast.metric),
        contrast.seeds,
    )
    arm, against = arms[contrast.arm], arms[contrast.against]
    pairs = make_pairs(claim, arm, against, cell, outcomes)
    if not pairs.seeds or not pairs.item_wise or pairs.invalid:
        return ()
    labels = np.asarray([groups.get(item, "") for item in pairs.ids])
    known = np.asarray([item in groups for item in pairs.ids])
    scope: Scope = "checkpoint" if arm.deterministic and against.deterministic else claim.claim.scope
    names = [name for name in dict.fromkeys(groups.values()) if bool(((labels == name) & known).any())]
    return tuple(
        _figure(name, _part(pairs, (labels == name) & known), cell, scope, claim.claim.alpha) for name in names
    )


def groups_of_baseline(
    claim: ResolvedClaim, decision: Decision, outcomes: Outcomes
) -> list[tuple[Contrast, tuple[GroupFigure, ...]]]:
    """Every judged contrast against the baseline whose items have groups, with its figures, the largest group first."""
    found = []
    for contrast in (c for v in decision.verdicts for c in v.contrasts if c.against_role == "baseline"):
        sizes = Counter((groups := _labels(claim, contrast, outcomes)).values())
        ordered = dict(sorted(groups.items(), key=lambda pair: (-sizes[pair[1]], pair[1])))
        figures = by_group(claim, contrast, outcomes, ordered) if len(sizes) > 1 else ()
        if figures:
            found.append((contrast, figures))
    return found


def _labels(claim: ResolvedClaim, contrast: Contrast, outcomes: Outcomes) -> dict[str, str]:
    """Item to its group, as the first run of a contrast that recorded groups has it."""
    rung = next(r for r in claim.claim.rungs if r.name == contrast.rung)
    for trial in claim.trials(rung):
        if trial.condition == contrast.condition and trial.id in outcomes:
            table = outcomes[trial.id].items.get(contrast.metric)
            if table is not None and table.groups is not None:
                return dict(zip(table.ids, table.groups, strict=True))
    return {}


def _part(pairs: Pairs, chosen: NDArray[np.bool_]) -> Pairs:
    """The pairs on some of their items; where these are one cluster, they are the units: nothing is told of others."""

    def those(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for text, keep in zip(texts, chosen, strict=True) if keep)

    clusters = None if pairs.clusters is None else those(pairs.clusters)
    return replace(
        pairs,
        variant=pairs.variant[:, chosen],
        reference=pairs.reference[:, chosen],
        ids=those(pairs.ids),
        clusters=None if clusters is None or len(set(clusters)) == 1 else clusters,
        contents=None,
    )


def _figure(name: str, part: Pairs, cell: Cell, scope: Scope, alpha: float) -> GroupFigure:
    count = len(part.ids)
    if count < LEAST_ITEMS:
        return GroupFigure(name, count, float(part.differences(cell.metric).mean()), None, "1 item")
    found = estimate_pairs(part, cell.metric, scope, 1 - alpha)
    return GroupFigure(name, count, found.estimate, as_tuple(found.interval), found.reason or "")
