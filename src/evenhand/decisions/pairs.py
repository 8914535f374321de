"""Pairing: outcomes of two arms in, aligned tables of scores out, or the reason why the pairing is not allowed. Pure.

A contrast exists only between trials of equal budget, seeds and items; any other pairing yields no number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Condition, MetricClaim, Rung
from evenhand.decisions.agreement import Made, disagreement
from evenhand.decisions.budgets import unequal
from evenhand.decisions.checkpoint_selection import Choice, Chosen, checkpoints, chosen, select
from evenhand.decisions.pair_faults import (
    CameOutOtherwise,
    Lost,
    Missing,
    NoFairChoice,
    OtherGroups,
    OtherItems,
    OutOfRange,
    PairFault,
    TooFewPairs,
    UnequalBudget,
    flag_fault,
)
from evenhand.decisions.recorded import Answers, contents, same_outputs
from evenhand.recipes.catalogue import RUNS
from evenhand.recipes.outcome import ItemScores, Outcome

Outcomes = Mapping[str, Outcome]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """Where arms are compared: one condition, at one rung, on one metric, over some of the rung's seeds."""

    condition: Condition
    rung: Rung
    metric: MetricClaim
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Side:
    """One arm of a pair: its scores, or why there are none.

    Attributes:
        table: per-item scores; a metric that is not item-wise is one item with an empty id.
        answers: all tables of the trial, where the metric has no items of its own.
        missing: why there are no scores, or None.
        choice: of the checkpoint, where the claim asks for a selected one.
    """

    table: ItemScores = field(default_factory=lambda: ItemScores((), np.zeros(0)))
    answers: Mapping[str, ItemScores] = field(default_factory=dict)
    missing: Missing | None = None
    choice: Choice | None = None

    def lacks(self, kind: str) -> bool:
        """Whether there are no scores, for a reason of this kind."""
        return self.missing is not None and self.missing.kind == kind


@dataclass(frozen=True)
class LostSide:
    """A trial that one arm lost while its partner has scores.

    Attributes:
        seed: of the pair.
        arm: who lost it.
        of_variant: it is the variant's; else the reference's.
        partner: (I,) the scores that the other arm has there.
    """

    seed: int
    arm: str
    of_variant: bool
    partner: Floats


@dataclass(frozen=True)
class Pairs:
    """The pairs of two arms in a cell.

    Attributes:
        seeds: the S seeds of complete pairs.
        variant, reference: (S, I) scores, in the metric's own direction.
        clusters: (I,) groups of the items, or None.
        item_wise: the metric has items; else I is 1.
        ids: (I,) of the items.
        contents: (I,) what was answered to each item by all trials together, where answers are recorded and repeat.
        same_scores: every paired score is the same.
        same_outputs: whether every paired output is the same; None where outputs are not recorded on both sides.
        answers: what both arms answered in each pair, items in one order.
        lost: trials of pairs that one arm alone is missing.
        dropped: the seeds of pairs that are missing, with what each arm lacks there.
        pending: seeds of pairs whose trials have not run yet.
        diverged: arm to the seeds at which it diverged and stands at the metric's worst value.
        chosen: which checkpoints were selected; empty where the final ones are taken.
        invalid: why the pairing is not allowed, or None.
        made: the outcomes behind the pairs, with their arms and seeds.
    """

    seeds: tuple[int, ...] = ()
    variant: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    reference: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    clusters: tuple[str, ...] | None = None
    item_wise: bool = False
    ids: tuple[str, ...] = ()
    contents: tuple[str, ...] | None = None
    same_scores: bool = False
    same_outputs: bool | None = None
    answers: tuple[tuple[Answers, Answers], ...] = ()
    lost: tuple[LostSide, ...] = ()
    dropped: Lost = field(default_factory=dict)
    pending: tuple[int, ...] = ()
    diverged: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    chosen: tuple[Chosen, ...] = ()
    invalid: PairFault | None = None
    made: tuple[Made, ...] = ()

    def differences(self, metric: MetricClaim) -> Floats:
        """(S, I) differences, positive where the variant is better."""
        sign = 1.0 if metric.direction == "maximise" else -1.0
        return sign * (self.variant - self.reference)

    @property
    def failures(self) -> tuple[str, ...]:
        """Kinds of what is missing, one for each trial."""
        return tuple(missing.kind for lacking in self.dropped.values() for missing in lacking.values())

    @property
    def identical(self) -> bool:
        """Nothing differs between the arms, neither in scores nor in what was answered."""
        return self.same_scores and self.same_outputs is True


def side(outcome: Outcome | None, metric: MetricClaim) -> Side:
    """The scores that an outcome gives for a metric."""
    if outcome is None:
        return Side(missing=Missing("pending"))
    if outcome.failure is not None:
        return Side(missing=Missing(outcome.failure.kind, outcome.failure.message))
    if metric.checkpoint == "selected":
        choice = select(checkpoints(outcome, metric.name), metric)
        if choice.fault is not None or choice.table is not None:
            return Side(choice.table or ItemScores((), np.zeros(0)), choice=choice)
    table = outcome.items.get(metric.name)
    if table is None:
        table = checkpoints(outcome, metric.name).final
    if table is not None:
        return Side(table)
    value = outcome.metrics.get(metric.name)
    if value is None:
        return Side(missing=Missing("undefined", outcome.undefined.get(metric.name, "")))
    nothing_to_choose = Choice(None) if metric.checkpoint == "selected" else None
    return Side(ItemScores(("",), np.asarray([value])), outcome.items, choice=nothing_to_choose)


@dataclass(frozen=True)
class Met:
    """Two arms at one seed: their outcomes, what each gives, and why the pairing is not allowed."""

    found: tuple[Outcome | None, Outcome | None]
    sides: tuple[Side, Side]
    missing: Mapping[str, Missing]
    invalid: PairFault | None


Seen = dict[tuple[object, ...], Met]
"""What two arms gave at a seed, for looks that ask for all seeds so far again."""


def make_pairs(
    claim: ResolvedClaim, arm: Arm, against: Arm, cell: Cell, outcomes: Outcomes, seen: Seen | None = None
) -> Pairs:
    """Pair two arms seed by seed and item by item.

    Two deterministic arms have one pair, whatever the number of seeds. ``seen`` keeps what does not depend on how many
    there are, for this claim and these outcomes.
    """
    both_fixed = arm.deterministic and against.deterministic
    seeds = cell.seeds[:1] if both_fixed else cell.seeds
    rows: list[tuple[int, Side, Side]] = []
    halves: list[tuple[LostSide, Side]] = []
    dropped: dict[int, dict[str, Missing]] = {}
    pending: list[int] = []
    present: list[tuple[bool, bool]] = []
    made: list[Made] = []
    diverged: dict[str, tuple[int, ...]] = {}
    for seed in seeds:
        met = _met(claim, (arm, against), cell, seed, outcomes, {} if seen is None else seen)
        found, sides, missing = met.found, met.sides, met.missing
        if met.invalid is not None:
            return Pairs(invalid=met.invalid)
        if any(lacking.kind == "pending" for lacking in missing.values()):
            pending.append(seed)
            continue
        present.append((sides[0].missing is None, sides[1].missing is None))
        with_scores = zip((arm, against), found, sides, strict=True)
        made += [Made(one.name, seed, o) for one, o, s in with_scores if o is not None and s.missing is None]
        if missing:
            dropped[seed] = dict(missing)
            if len(missing) == 1:
                of_variant = arm.name in missing
                loser = arm if of_variant else against
                halves.append((LostSide(seed, loser.name, of_variant, np.zeros(0)), sides[1 if of_variant else 0]))
            continue
        rows.append((seed, sides[0], sides[1]))
        for one, outcome in zip((arm, against), found, strict=True):
            if outcome is not None and outcome.failure is not None:  # with scores all the same: the worst there are
                diverged[one.name] = (*diverged.get(one.name, ()), seed)
    mixed = disagreement(made)
    if mixed is not None:
        return Pairs(invalid=mixed, dropped=dropped, pending=tuple(pending))
    stacked = replace(_stack(rows, halves, arm, against), chosen=_chosen(rows, arm.name, against.name))
    stacked = replace(stacked, made=tuple(made), diverged=diverged)
    invalid = stacked.invalid or _range_fault(stacked, cell.metric) or _repeat_fault(stacked, arm, against)
    if invalid is None and dropped and rows:
        check = statistics.check_pairs([p[1] for p in present], [p[0] for p in present])
        invalid = None if check.valid else TooFewPairs(check.reason or "")
    return replace(stacked, dropped=dropped, pending=tuple(pending), invalid=invalid)


def _met(
    claim: ResolvedClaim, arms: tuple[Arm, Arm], cell: Cell, seed: int, outcomes: Outcomes, seen: Seen
) -> Met:  # fmt: skip
    key = (*(arm.name for arm in arms), cell.condition.name, cell.rung.name, cell.metric.name, seed)
    if key not in seen:
        one, two = (outcomes.get(claim.trial(arm, cell.condition, cell.rung, seed).id) for arm in arms)
        sides = _with_worst((side(one, cell.metric), side(two, cell.metric)), cell.metric)
        missing = {arm.name: s.missing for arm, s in zip(arms, sides, strict=True) if s.missing is not None}
        invalid = _pairing_fault(claim, arms, cell.rung, seed, (one, two), () if missing else sides)
        seen[key] = Met((one, two), sides, missing, invalid)
    return seen[key]


def _pairing_fault(
    claim: ResolvedClaim, arms: tuple[Arm, Arm], rung: Rung, seed: int, found: Sequence[Outcome | None],
    sides: Sequence[Side],
) -> PairFault | None:  # fmt: skip
    """Why two arms may not be compared at one seed, or None; ``sides`` is empty where one of them is missing."""
    unit = claim.claim.budget.unit
    for arm, outcome in zip(arms, found, strict=True):
        fault = flag_fault(arm, outcome, unit)
        if fault is not None:
            return fault
    if not sides:
        return None
    exempt = any(arm.untrained for arm in arms)
    odds = None if exempt else unequal(found, unit, rung.budget, must_show=claim.recipe != RUNS)
    if odds is not None:
        return UnequalBudget(seed, (arms[0].name, arms[1].name), unit, odds.spent)
    return _selection_fault(seed, sides, *arms)


def _repeat_fault(pairs: Pairs, arm: Arm, against: Arm) -> PairFault | None:
    """A null arm is its baseline run again: where both are called deterministic, they must come out the same."""
    if not (arm.deterministic and against.deterministic and "null" in (arm.role, against.role)):
        return None
    if not pairs.seeds or (pairs.same_scores and pairs.same_outputs is not False):
        return None
    return CameOutOtherwise(arm.name, against.name)


def _range_fault(pairs: Pairs, metric: MetricClaim) -> PairFault | None:
    """Scores outside what the metric was declared to be able to take: either the scorer or the claim is wrong."""
    if not pairs.seeds:
        return None
    low = min(float(pairs.variant.min()), float(pairs.reference.min()))
    high = max(float(pairs.variant.max()), float(pairs.reference.max()))
    below, above = metric.floor is not None and low < metric.floor, metric.ceiling is not None and high > metric.ceiling
    if not (below or above):
        return None
    return OutOfRange(metric.name, (low, high), (metric.floor, metric.ceiling))


def _selection_fault(seed: int, sides: Sequence[Side], arm: Arm, against: Arm) -> PairFault | None:
    """Why the selected checkpoints of two arms may not be compared, or None: both must have had the same choice."""
    choices = [(one, s.choice) for one, s in zip((arm, against), sides, strict=True) if s.choice is not None]
    for one, choice in choices:
        if choice.fault is not None:
            return NoFairChoice(seed, (one.name,), choice.fault)
    trained = [choice for one, choice in choices if not one.untrained]
    if any(not choice.steps for choice in trained):
        return NoFairChoice(seed)
    if len(trained) == 2 and trained[0].steps != trained[1].steps:
        return NoFairChoice(seed, (arm.name, against.name), steps=(trained[0].steps, trained[1].steps))
    return None


def _chosen(rows: Sequence[tuple[int, Side, Side]], name: str, other: str) -> tuple[Chosen, ...]:
    """Which checkpoints were selected; empty where none were."""
    sides = ((name, [one for _, one, _ in rows]), (other, [two for _, _, two in rows]))
    both = [chosen(whose, [s.choice for s in own if s.choice is not None]) for whose, own in sides]
    return tuple(one for one in both if one is not None)


def _with_worst(sides: tuple[Side, Side], metric: MetricClaim) -> tuple[Side, Side]:
    """Give a diverged side the metric's worst value on its partner's items, where the metric has a worst value.

    A model that has left the finite numbers answers nothing: that is a result. Without a worst value it is missing.
    """
    worst = metric.floor if metric.direction == "maximise" else metric.ceiling
    result = list(sides)
    for here, there in ((0, 1), (1, 0)):
        partner = sides[there]
        if sides[here].lacks("diverged") and worst is not None and partner.missing is None:
            result[here] = Side(replace(partner.table, scores=np.full(len(partner.table.ids), worst), outputs=None))
    return result[0], result[1]


def _stack(
    rows: Sequence[tuple[int, Side, Side]], halves: Sequence[tuple[LostSide, Side]], arm: Arm, against: Arm
) -> Pairs:
    """Align the items of all pairs, of half ones too; unequal items make the pairing invalid."""
    if not rows:
        return Pairs()
    first = rows[0][2].table
    statistics.match_items(first.ids, first.ids)  # a repeated id is an error, also where all tables repeat it
    sides = [(seed, name, s) for seed, one, two in rows for s, name in ((one, arm.name), (two, against.name))]
    sides += [(lost.seed, against.name if lost.of_variant else arm.name, s) for lost, s in halves]
    tables = []
    for seed, whose, found in sides:
        table = aligned(first.ids, found.table)
        if isinstance(table, str):
            return Pairs(invalid=OtherItems(whose, seed, against.name, table))
        tables.append(table)
    clusters = clusters_of(first.ids, [(seed, whose, found.table) for seed, whose, found in sides])
    if isinstance(clusters, OtherGroups):
        return Pairs(invalid=clusters)
    whole = tables[: 2 * len(rows)]
    variant, reference = whole[0::2], whole[1::2]
    lost = [replace(half, partner=table.scores) for (half, _), table in zip(halves, tables[len(whole) :], strict=True)]
    item_wise = first.ids != ("",)
    both = list(zip(variant, reference, strict=True))
    same_scores = all(np.array_equal(one.scores, two.scores) for one, two in both)
    answers: Sequence[tuple[Answers, Answers]] = (
        both if item_wise else [(one.answers, two.answers) for _, one, two in rows]
    )
    return Pairs(
        seeds=tuple(seed for seed, _, _ in rows),
        variant=np.stack([table.scores for table in variant]),
        reference=np.stack([table.scores for table in reference]),
        clusters=clusters,
        item_wise=item_wise,
        ids=first.ids,
        contents=contents([table.outputs for table in whole]) if item_wise and clusters is None else None,
        same_scores=same_scores,
        same_outputs=same_outputs(answers),
        answers=tuple(answers),
        lost=tuple(lost),
    )


def clusters_of(
    ids: tuple[str, ...], tables: Sequence[tuple[int, str, ItemScores]]
) -> tuple[str, ...] | OtherGroups | None:
    """The groups of items, in their order, whichever table (of a seed and an arm) tells them; None where none does.

    Two tables that group the same items otherwise are a fault.
    """
    told = [(seed, whose, _clusters(table, ids)) for seed, whose, table in tables if table.clusters is not None]
    if not told:
        return None
    first_seed, first, clusters = told[0]
    groups = _groups(clusters)
    for seed, whose, own in told[1:]:
        if own != clusters and _groups(own) != groups:
            return OtherGroups(whose, seed, first, first_seed)
    return clusters


def _clusters(table: ItemScores, ids: tuple[str, ...]) -> tuple[str, ...]:
    """The groups of items in the order of ``ids``; empty where the table has other items."""
    own = table.clusters or ()
    if table.ids is ids or table.ids == ids:
        return own
    named = dict(zip(table.ids, own, strict=True))
    return tuple(named[one] for one in ids) if named.keys() == set(ids) else ()


def _groups(clusters: tuple[str, ...]) -> list[int]:
    """Which items are together, whatever their groups are called."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(one, len(numbers)) for one in clusters]


def aligned(ids: tuple[str, ...], table: ItemScores) -> ItemScores | str:
    """The table with its items in the order of ``ids``, or why it has not the same items."""
    if table.ids is ids or table.ids == ids:
        return table
    match = statistics.match_items(ids, table.ids)
    if match.order is None:
        return match.reason or "other items"
    outputs = None if table.outputs is None else tuple(table.outputs[i] for i in match.order)
    return ItemScores(ids, table.scores[np.asarray(match.order, dtype=np.int64)], outputs)


def same_items(here: Pairs, there: Pairs) -> list[int] | None:
    """Where each item of ``here`` stands in ``there``; None where the two have other items, or group them otherwise."""
    places = {item: place for place, item in enumerate(there.ids)}
    if here.ids != there.ids and places.keys() != set(here.ids):
        return None
    order = [places[item] for item in here.ids]
    if (here.clusters is None) != (there.clusters is None):
        return None
    if here.clusters is not None and there.clusters is not None:
        return order if list(here.clusters) == [there.clusters[place] for place in order] else None
    return order
