"""Pairing: outcomes of two arms in, aligned tables of scores out, or the reason why the pairing is not allowed. Pure.

A contrast exists only between trials of equal budget, seeds and items; any other pairing yields no number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from evenhand import statistics
from evenhand.agreement import Made, disagreement
from evenhand.checkpoints import Choice, checkpoints, choice_words, select
from evenhand.claim import Arm, Condition, MetricClaim, Rung
from evenhand.outcome import ItemScores, Outcome
from evenhand.plan import ResolvedClaim

Outcomes = Mapping[str, Outcome]
Floats = NDArray[np.float64]

SECONDS_TOLERANCE = 0.05
"""Budgets in seconds are equal within this share: a step that has begun is finished."""


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
        missing: why there are no scores, or empty.
        failure: class of the failure behind ``missing``, or "undefined", "pending" or empty.
        choice: of the checkpoint, where the claim asks for a selected one.
    """

    table: ItemScores = field(default_factory=lambda: ItemScores((), np.zeros(0)))
    missing: str = ""
    failure: str = ""
    choice: Choice | None = None


@dataclass(frozen=True)
class Pairs:
    """The pairs of two arms in a cell.

    Attributes:
        seeds: the S seeds of complete pairs.
        variant, reference: (S, I) scores, in the metric's own direction.
        clusters: (I,) groups of the items, or None.
        item_wise: the metric has items; else I is 1.
        identical: every paired output (or score) is the same.
        dropped: seed to reason of the pairs that are missing.
        failures: classes of the failures behind them.
        pending: seeds of pairs whose trials have not run yet.
        chosen: which checkpoints were selected, in words; empty where the final ones are taken.
        invalid: (word, sentence) why the pairing is not allowed, or None.
        made: the outcomes behind the pairs, with their arms and seeds.
    """

    seeds: tuple[int, ...] = ()
    variant: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    reference: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    clusters: tuple[str, ...] | None = None
    item_wise: bool = False
    identical: bool = False
    dropped: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    pending: tuple[int, ...] = ()
    chosen: str = ""
    invalid: tuple[str, str] | None = None
    made: tuple[Made, ...] = ()

    def differences(self, metric: MetricClaim) -> Floats:
        """(S, I) differences, positive where the variant is better."""
        sign = 1.0 if metric.direction == "maximise" else -1.0
        return sign * (self.variant - self.reference)


def side(outcome: Outcome | None, metric: MetricClaim) -> Side:
    """The scores that an outcome gives for a metric."""
    if outcome is None:
        return Side(missing="not run yet", failure="pending")
    if outcome.failure is not None:
        return Side(missing=f"{outcome.failure.kind}: {outcome.failure.message}", failure=outcome.failure.kind)
    if metric.checkpoint == "selected":
        choice = select(checkpoints(outcome, metric.name), metric)
        if choice.fault or choice.table is not None:
            return Side(choice.table or ItemScores((), np.zeros(0)), choice=choice)
    table = outcome.items.get(metric.name)
    if table is None:
        table = checkpoints(outcome, metric.name).final
    if table is not None:
        return Side(table)
    value = outcome.metrics.get(metric.name)
    if value is None:
        reason = outcome.undefined.get(metric.name, "the recipe reports no such metric")
        return Side(missing=f"undefined: {reason}", failure="undefined")
    return Side(
        ItemScores(("",), np.asarray([value])), choice=Choice(None) if metric.checkpoint == "selected" else None
    )


def make_pairs(claim: ResolvedClaim, arm: Arm, against: Arm, cell: Cell, outcomes: Outcomes) -> Pairs:
    """Pair two arms seed by seed and item by item.

    Two deterministic arms have one pair, whatever the number of seeds.
    """
    both_fixed = arm.deterministic and against.deterministic
    seeds = cell.seeds[:1] if both_fixed else cell.seeds
    rows: list[tuple[int, Side, Side]] = []
    dropped: dict[str, str] = {}
    failures: list[str] = []
    pending: list[int] = []
    present: list[tuple[bool, bool]] = []
    made: list[Made] = []
    for seed in seeds:
        found = [outcomes.get(claim.trial(one, cell.condition, cell.rung, seed).id) for one in (arm, against)]
        sides = _with_worst([side(outcome, cell.metric) for outcome in found], cell.metric)
        missing = [(one.name, s) for one, s in zip((arm, against), sides, strict=True) if s.missing]
        if any(s.failure == "pending" for _, s in missing):
            pending.append(seed)
            continue
        present.append((not sides[0].missing, not sides[1].missing))
        if missing:
            dropped[str(seed)] = "; ".join(f"{name}: {s.missing}" for name, s in missing)
            failures.extend(s.failure for _, s in missing)
            continue
        fault = "" if arm.untrained or against.untrained else _budget_fault(found, claim, cell.rung.budget)
        if fault:
            return Pairs(invalid=("budget", f"budget: at seed {seed}, {arm.name} and {against.name}: {fault}"))
        fault = _selection_fault(sides, arm, against)
        if fault:
            return Pairs(invalid=("selection", f"selection: at seed {seed}, {fault}"))
        rows.append((seed, sides[0], sides[1]))
        made += [Made(one.name, seed, o) for one, o in zip((arm, against), found, strict=True) if o is not None]
    mixed = disagreement(made)
    if mixed is not None:
        return Pairs(invalid=mixed, dropped=dropped, failures=tuple(failures), pending=tuple(pending))
    stacked = replace(_stack(rows, arm.name, against.name), chosen=_chosen(rows, arm.name, against.name))
    stacked = replace(stacked, made=tuple(made))
    invalid = stacked.invalid or _range_fault(stacked, cell.metric)
    if invalid is None and dropped and rows:
        check = statistics.check_pairs([p[1] for p in present], [p[0] for p in present])
        invalid = None if check.valid else ("missing pairs", f"missing pairs: {check.reason}")
    return replace(stacked, dropped=dropped, failures=tuple(failures), pending=tuple(pending), invalid=invalid)


def _range_fault(pairs: Pairs, metric: MetricClaim) -> tuple[str, str] | None:
    """Scores outside what the metric was declared to be able to take: either the scorer or the claim is wrong."""
    if not pairs.seeds:
        return None
    low = min(float(pairs.variant.min()), float(pairs.reference.min()))
    high = max(float(pairs.variant.max()), float(pairs.reference.max()))
    below, above = metric.floor is not None and low < metric.floor, metric.ceiling is not None and high > metric.ceiling
    if not (below or above):
        return None
    sentence = (
        f"range: scores of {metric.name} run from {low:.6g} to {high:.6g}, outside the declared "
        f"{metric.floor} to {metric.ceiling}; mend the scorer, or floor and ceiling of the metric"
    )
    return "range", sentence


def _budget_fault(found: Sequence[Outcome | None], claim: ResolvedClaim, amount: float) -> str:
    """Why two outcomes were not bought at the same budget, or empty; diverged trials stop where they stop."""
    trained = [outcome for outcome in found if outcome is not None and outcome.failure is None]
    if len(trained) < 2:
        return ""
    unit = claim.claim.budget.unit
    spent = [outcome.spent.get(unit) for outcome in trained]
    if spent[0] is None or spent[1] is None:
        return f"a recipe that trains must report what it spends in {unit} (bench.budget.spend({unit}=...))"
    if unit == "seconds":
        tolerance = SECONDS_TOLERANCE * amount
    else:
        # The last step of either may overshoot by one grain (a batch of tokens); a step itself is never split.
        tolerance = 0.0 if unit == "steps" else max(outcome.grain.get(unit, 0.0) for outcome in trained)
    return f"spent {spent[0]:g} against {spent[1]:g} {unit}" if abs(spent[0] - spent[1]) > tolerance else ""


def _selection_fault(sides: Sequence[Side], arm: Arm, against: Arm) -> str:
    """Why the selected checkpoints of two arms may not be compared, or empty: both must have had the same choice."""
    choices = [(one, s.choice) for one, s in zip((arm, against), sides, strict=True) if s.choice is not None]
    for one, choice in choices:
        if choice.fault:
            return f"{one.name}: {choice.fault}"
    trained = [choice for one, choice in choices if not one.untrained]
    if any(not choice.steps for choice in trained):
        return 'the recipe records no scores by step ("NAME@STEP"), so no checkpoint can be selected'
    if len(trained) == 2 and trained[0].steps != trained[1].steps:
        told = [", ".join(f"{step:g}" for step in choice.steps) or "the end alone" for choice in trained]
        return f"{arm.name} chose among steps {told[0]}, {against.name} among {told[1]}; both need the same choice"
    return ""


def _chosen(rows: Sequence[tuple[int, Side, Side]], name: str, other: str) -> str:
    """Which checkpoints were selected, in words; empty where none were."""
    sides = ((name, [one for _, one, _ in rows]), (other, [two for _, _, two in rows]))
    both = [choice_words(whose, [s.choice for s in found if s.choice is not None]) for whose, found in sides]
    return "; ".join(words for words in both if words)


def _with_worst(sides: list[Side], metric: MetricClaim) -> list[Side]:
    """Give a diverged side the metric's worst value on its partner's items, where the metric has a worst value.

    A model that has left the finite numbers answers nothing: that is a result. Without a worst value it is missing.
    """
    worst = metric.floor if metric.direction == "maximise" else metric.ceiling
    result = list(sides)
    for here, there in ((0, 1), (1, 0)):
        partner = sides[there]
        if sides[here].failure == "diverged" and worst is not None and not partner.missing:
            result[here] = Side(replace(partner.table, scores=np.full(len(partner.table.ids), worst), outputs=None))
    return result


def _stack(rows: Sequence[tuple[int, Side, Side]], name: str, other: str) -> Pairs:
    """Align the items of all pairs; unequal items make the pairing invalid."""
    if not rows:
        return Pairs()
    first = rows[0][2].table
    statistics.match_items(first.ids, first.ids)  # a repeated id is an error, also where all tables repeat it
    variant, reference, identical = [], [], True
    for seed, one, two in rows:
        aligned = []
        for found, whose in ((one.table, name), (two.table, other)):
            table = _aligned(first.ids, found)
            if isinstance(table, str):
                sentence = f"items: {whose} at seed {seed} was not scored on the items of {other}: {table}"
                return Pairs(invalid=("items", sentence))
            aligned.append(table)
        left, right = aligned
        variant.append(left.scores)
        reference.append(right.scores)
        identical = identical and _same_answers(left, right)
    return Pairs(
        seeds=tuple(seed for seed, _, _ in rows),
        variant=np.stack(variant),
        reference=np.stack(reference),
        clusters=first.clusters,
        item_wise=first.ids != ("",),
        identical=identical,
    )


def _aligned(ids: tuple[str, ...], table: ItemScores) -> ItemScores | str:
    """The table with its items in the order of ``ids``, or why it has not the same items."""
    if table.ids is ids or table.ids == ids:
        return table
    match = statistics.match_items(ids, table.ids)
    if match.order is None:
        return match.reason or "other items"
    outputs = None if table.outputs is None else tuple(table.outputs[i] for i in match.order)
    return ItemScores(ids, table.scores[np.asarray(match.order, dtype=np.int64)], outputs)


def _same_answers(left: ItemScores, right: ItemScores) -> bool:
    """Whether two trials gave the same answers (the same scores, where answers are not recorded)."""
    same = bool(np.array_equal(left.scores, right.scores))
    if same and left.outputs is not None and right.outputs is not None:
        same = left.outputs == right.outputs
    return same
