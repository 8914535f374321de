"""One paired contrast: the estimate for the declared scope, and everything that is always shown beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.anytime import AnytimeMean, anytime_mean
from evenhand.statistics.arrays import (
    ArrayLike,
    Floats,
    Ids,
    check_share,
)
from evenhand.statistics.betting import BettingTest, betting_test
from evenhand.statistics.bootstrap import CrossedBootstrap, crossed_bootstrap
from evenhand.statistics.clusters import cluster_table
from evenhand.statistics.correlation import PairCorrelation, pair_correlation
from evenhand.statistics.difference_table import DifferenceTable, difference_table
from evenhand.statistics.equivalence import Equivalence, equivalence
from evenhand.statistics.estimate import MeanEstimate, rescaled, without_spread
from evenhand.statistics.intervals import Interval
from evenhand.statistics.paired import paired_t
from evenhand.statistics.proportions import PairedProportions, paired_proportions
from evenhand.statistics.sign_flip import SignFlip, sign_flip
from evenhand.statistics.signs import ItemFlips, SignCounts, item_flips, sign_counts
from evenhand.statistics.two_way import VarianceComponents, two_way_estimate, variance_components

Scope = Literal["recipe", "seeds", "checkpoint"]
SCOPES: tuple[Scope, ...] = ("recipe", "seeds", "checkpoint")
Primary = MeanEstimate | AnytimeMean | PairedProportions
LEAST_GRADED_ITEMS = 30
"""Items below which a t interval over graded scores of one pair of checkpoints is not given."""


@dataclass(frozen=True)
class PairedContrast:
    """Paired differences (variant less baseline), judged for a scope.

    Attributes:
        scope: "recipe" (new seeds and new items), "seeds" (new seeds, these items) or "checkpoint" (these trained
            models, new items).
        primary: the estimate that a verdict rests on.
        over_seeds: paired t over the seed means, for comparison; the primary itself in scope "seeds".
        sign_flip: exact sign-flip test over the seed means.
        signs: signs of the seed means.
        seed_differences: mean difference of each seed, in order.
        flips: items gained and lost; None when only differences were given.
        correlation: achieved pair correlation; None when only differences were given.
        components: seed, item and residual variance; None with fewer than 2 seeds or items.
        bootstrap: crossed bootstrap; None when no generator was given or there are no items.
        betting: anytime-valid test over items, scope "checkpoint" with known bounds and no clusters only.
        seeds: S.
        items: I; None when differences were given per seed only.
        units: independent units on the item side: items, or clusters of them.
        decodes: decodes of each item that were averaged.
        all_zero: whether every difference is exactly 0.
        notes: what must be told beside the figures.
    """

    scope: Scope
    primary: Primary
    over_seeds: MeanEstimate
    sign_flip: SignFlip
    signs: SignCounts
    seed_differences: tuple[float, ...]
    flips: ItemFlips | None
    correlation: PairCorrelation | None
    components: VarianceComponents | None
    bootstrap: CrossedBootstrap | None
    betting: BettingTest | None
    seeds: int
    items: int | None
    units: int | None
    decodes: int
    all_zero: bool
    notes: tuple[str, ...]

    @property
    def estimate(self) -> float | None:
        """Mean difference of the primary estimate."""
        return self.primary.estimate

    @property
    def standard_error(self) -> float | None:
        """Standard error of the primary estimate."""
        return self.primary.standard_error

    @property
    def df(self) -> float | None:
        """Degrees of freedom of the primary estimate; None where undefined, for exact McNemar and looks at any time."""
        return self.primary.df if isinstance(self.primary, MeanEstimate) else None

    @property
    def p(self) -> float | None:
        """Two-sided p-value of the primary estimate against 0."""
        return self.primary.p

    @property
    def interval(self) -> Interval | None:
        """Interval of the primary estimate at its own level."""
        return self.primary.interval

    @property
    def reason(self) -> str | None:
        """Why the primary estimate lacks an interval and a p-value."""
        return None if isinstance(self.primary, PairedProportions) else self.primary.reason

    @property
    def anytime(self) -> bool:
        """Whether the primary estimate holds at every number of seeds at once."""
        return isinstance(self.primary, AnytimeMean)

    def interval_at(self, level: float) -> Interval | None:
        """Interval of the primary estimate at another level."""
        return self.primary.interval_at(level)

    def equivalence(self, margin: float, alpha: float = 0.05) -> Equivalence:
        """Two one-sided tests of the primary estimate against the margin."""
        return equivalence(self.primary, margin, alpha)


def paired_contrast(
    differences: ArrayLike | None = None,
    *,
    baseline: ArrayLike | None = None,
    variant: ArrayLike | None = None,
    scope: Scope = "recipe",
    level: float = 0.95,
    clusters: Ids | None = None,
    generator: np.random.Generator | None = None,
    bootstrap_draws: int = 10_000,
    bounds: tuple[float, float] | None = None,
    anytime: bool = False,
) -> PairedContrast:
    """Judge paired differences for a scope; `docs/statistics.md` states the error rates of each.

    Give either ``differences`` or both arms' scores.

    Args:
        differences: shape (S, I), or (S,) for a metric that has no items.
        baseline: scores, shape (S, I), or (S, I, D) with D decodes of each item, which are averaged first.
        variant: scores, same shape, same seeds and items in the same order.
        scope: what the answer is to hold for.
        level: nominal coverage of the intervals.
        clusters: label of each item, shape (I,), where items come in groups; the group is then the unit.
        generator: source of the bootstrap's draws (and of the sign-flip test's above 32 seeds); without it there is
            no bootstrap.
        bootstrap_draws: draws of the crossed bootstrap.
        bounds: least and largest possible difference, for the betting test; (-1, 1) is found for right-or-wrong items.
        anytime: by a procedure that holds at every number of seeds at once (scopes "recipe" and "seeds").

    Raises:
        StatisticsError: shapes that do not fit, NaN or infinite values, an unknown scope, labels that do not fit.
    """
    if scope not in SCOPES:
        raise StatisticsError(f"scope: expected one of {', '.join(SCOPES)}, found {scope!r}.")
    check_share(level, "level")
    table = difference_table(differences, baseline, variant)
    if clusters is not None and not table.has_items:
        raise StatisticsError("clusters: expected differences per item, found one difference per seed.")
    units = cluster_table(table.differences / table.scale, clusters)
    over_seeds = paired_t(table.by_seed, level)
    primary = _primary(scope, table, units, over_seeds, level, clusters is not None, anytime)
    resampled = None
    if generator is not None and table.has_items:
        draws = bootstrap_draws
        resampled = crossed_bootstrap(table.differences, generator, level=level, draws=draws, clusters=clusters)
    flipped = sign_flip(table.by_seed, generator)
    betting = _betting(scope, table, bounds, level, clusters is not None)
    return _shown_with_all(scope, table, units, primary, over_seeds, flipped, resampled, betting)


def _shown_with_all(
    scope: Scope,
    table: DifferenceTable,
    units: Floats,
    primary: Primary,
    over_seeds: MeanEstimate,
    flipped: SignFlip,
    resampled: CrossedBootstrap | None,
    betting: BettingTest | None,
) -> PairedContrast:
    """The estimate beside all that no verdict rests on."""
    seeds, items = table.differences.shape
    return PairedContrast(
        scope=scope,
        primary=primary,
        over_seeds=over_seeds,
        sign_flip=flipped,
        signs=sign_counts(table.by_seed),
        seed_differences=tuple(float(value) for value in table.by_seed),
        flips=None if table.scores is None else item_flips(*table.scores),
        correlation=None if table.scores is None else pair_correlation(*table.scores),
        components=variance_components(units, table.scale) if table.has_items and min(units.shape) >= 2 else None,
        bootstrap=resampled,
        betting=betting,
        seeds=seeds,
        items=items if table.has_items else None,
        units=units.shape[1] if table.has_items else None,
        decodes=table.decodes,
        all_zero=not table.differences.any(),
        notes=_notes(scope, table, primary, over_seeds),
    )


def _primary(
    scope: Scope,
    table: DifferenceTable,
    units: Floats,
    over_seeds: MeanEstimate,
    level: float,
    clustered: bool,
    anytime: bool,
) -> Primary:
    """The estimate for the scope; ``units`` are differences per independent unit, divided by the table's scale."""
    if scope == "checkpoint":
        return _of_checkpoints(table, units, over_seeds, level, clustered)
    over_items = scope == "recipe" and table.has_items
    if not anytime:
        return rescaled(two_way_estimate(units, level), table.scale) if over_items else over_seeds
    if over_items:
        return anytime_mean(units * table.scale, level, items=table.differences.shape[1])
    return anytime_mean(table.by_seed, level)


def _of_checkpoints(
    table: DifferenceTable, units: Floats, over_seeds: MeanEstimate, level: float, clustered: bool
) -> MeanEstimate | PairedProportions:
    seeds, items = table.differences.shape
    if not table.has_items:
        reason = "no item scores: nothing can be said about new items of these checkpoints"
        return without_spread("checkpoint", over_seeds.estimate, level=level, seeds=seeds, items=None, reason=reason)
    binary = table.decodes == 1 and np.isin(table.differences, (-1.0, 0.0, 1.0)).all()
    if seeds == 1 and binary and not clustered:
        return paired_proportions(table.differences[0], level)
    per_unit = units.mean(axis=0)
    if per_unit.size < LEAST_GRADED_ITEMS:
        what = "clusters" if clustered else "items"
        reason = f"{per_unit.size} {what}: graded scores of checkpoints need {LEAST_GRADED_ITEMS} for a t interval"
        mean = float(per_unit.mean()) * table.scale
        return without_spread("paired t over items", mean, level=level, seeds=seeds, items=items, reason=reason)
    return rescaled(replace(paired_t(per_unit, level, unit="items"), seeds=seeds, items=items), table.scale)


def _betting(
    scope: Scope, table: DifferenceTable, bounds: tuple[float, float] | None, level: float, clustered: bool
) -> BettingTest | None:
    if scope != "checkpoint" or not table.has_items or clustered:
        return None
    if bounds is None:
        if not np.isin(table.differences, (-1.0, 0.0, 1.0)).all():
            return None
        bounds = (-1.0, 1.0)
    return betting_test(table.differences.mean(axis=0), bounds, level)


def _notes(scope: Scope, table: DifferenceTable, primary: Primary, over_seeds: MeanEstimate) -> tuple[str, ...]:
    notes = list(() if isinstance(primary, PairedProportions) else primary.notes)
    if scope == "recipe" and not table.has_items:
        notes.append("The metric has no items: the estimate holds for new seeds on the same evaluation data.")
    if scope == "checkpoint":
        notes.append("The estimate holds for new items of these trained models; it says nothing about training again.")
    if scope == "recipe" and over_seeds.reason is not None and primary.estimate is not None:
        notes.append(f"Over seeds alone: {over_seeds.reason}.")
    return tuple(notes)
