"""Contrasts: aligned pairs in, every figure that a verdict can rest on out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, MetricClaim
from evenhand.decisions.checkpoint_selection import ArmPeak, arm_peak
from evenhand.decisions.details import details
from evenhand.decisions.pairs import Cell, Outcomes, Pairs, Seen, make_pairs
from evenhand.decisions.recorded import identical_outputs
from evenhand.decisions.verdict import Contrast, IdenticalShare, Interval, SameAnswer
from evenhand.recipes.trial import stream

BOOTSTRAP_DRAWS = 2000
"""Draws of the bootstrap interval that is shown beside; its ends are then good to about 2 % of its width."""

FEWEST_DRAWS, BOOTSTRAP_WORK = 500, 100_000_000
"""Large tables have fewer draws: each takes as long as one of 50,000 scores, and the ends are good to 4 % at least."""

MOST_SHARED_ITEMS = 5000
"""Up to here contrasts of one shape share what is drawn again: 80 MB of counts at most."""

SIGN_DRAWS = 20_000
"""Random sign patterns where there are too many seeds to enumerate: a p-value of .05 is then good to .0015."""

MOST_SHARED_SIGNS = 1000
"""Up to here contrasts of one number of seeds share their random sign patterns: 20 MB at most."""


@dataclass
class Draws:
    """What was drawn so far for contrasts of one shape: tables by their shape, sign patterns by their seeds."""

    tables: dict[tuple[int, ...], statistics.CrossedDraws] = field(default_factory=dict)
    signs: dict[int, statistics.SignDraws] = field(default_factory=dict)


def blank(arm: Arm, against: Arm, cell: Cell, level: float) -> Contrast:
    """A contrast without figures."""
    return Contrast(
        arm.name, against.name, against.role, cell.condition.name, cell.rung.name, cell.metric.name, level=level
    )


def contrast(
    claim: ResolvedClaim,
    arm: Arm,
    against: Arm,
    cell: Cell,
    outcomes: Outcomes,
    *,
    level: float,
    supplementary: bool = True,
    seen: Seen | None = None,
) -> tuple[Contrast, Pairs, statistics.PairedContrast | None]:
    """The contrast of two arms; its ``kind`` is not yet set.

    Args:
        claim, arm, against, cell, outcomes: what is compared.
        level: of the interval.
        supplementary: compute what is shown beside the estimate too; see :func:`add_supplementary`.
        seen: what these arms gave at seeds that were asked for before, with this claim and these outcomes.

    Returns:
        The contrast, the pairs it rests on, and the estimate (None where there is no complete pair).
    """
    pairs = make_pairs(claim, arm, against, cell, outcomes, seen)
    empty = blank(arm, against, cell, level)
    if not pairs.seeds:
        return replace(empty, fault=pairs.invalid, missing=pairs.dropped), pairs, None
    if pairs.invalid:
        return replace(empty, seeds=pairs.seeds, fault=pairs.invalid, missing=pairs.dropped), pairs, None
    # Where both arms are deterministic, items are the only randomness.
    scope: statistics.Scope = "checkpoint" if arm.deterministic and against.deterministic else claim.claim.scope
    found = estimate_pairs(pairs, cell.metric, scope, level, anytime=cell.rung.anytime)
    figured = _figures(empty, found, pairs, cell.metric, claim.claim.alpha)
    if not arm.deterministic:
        figured = replace(figured, collapse=_collapse(pairs, cell.metric, found))
    return (
        (add_supplementary(claim, arm, against, cell, outcomes, figured, pairs) if supplementary else figured),
        pairs,
        found,
    )


def add_supplementary(
    claim: ResolvedClaim,
    arm: Arm,
    against: Arm,
    cell: Cell,
    outcomes: Outcomes,
    figured: Contrast,
    pairs: Pairs,
    draws: Draws | None = None,
) -> Contrast:
    """The contrast with what is shown beside its estimate and decides nothing: bootstrap, random sign flips, peaks.

    ``draws`` keeps what was drawn again, by shape, for further contrasts of the same claim.
    """
    if figured.estimate is None:
        return figured
    drawn = Draws() if draws is None else draws
    interval = _bootstrap(claim, pairs, cell.metric, figured.level, drawn)
    flips = figured.sign_flip_p
    if flips is None and figured.sign_flip_minimum is not None:
        flips = _random_signs(claim, figured.differences, drawn)  # too many seeds to enumerate
    more = figured.details and figured.details.with_peaks(*_peaks(claim, arm, against, cell, pairs.seeds, outcomes))
    same = _same_answer(against.name, pairs, cell.metric) if against.role == "baseline" else None
    return replace(
        figured,
        bootstrap_interval=interval,
        sign_flip_p=flips,
        details=more,
        same_answer=same,
        identical_share=_identical_share(pairs),
    )


def _identical_share(pairs: Pairs) -> IdenticalShare | None:
    """On how many items both arms gave the same; scores are compared where no pair has answers on both sides."""
    said = [found for pair in pairs.answers if (found := identical_outputs(*pair)) is not None]
    if said:
        return IdenticalShare("answers", sum(same for same, _ in said), sum(of for _, of in said), len(said))
    diverged = {seed for seeds in pairs.diverged.values() for seed in seeds}
    scored = [place for place, seed in enumerate(pairs.seeds) if seed not in diverged]
    if not scored or not pairs.item_wise:
        return None
    same = pairs.variant[scored] == pairs.reference[scored]
    return IdenticalShare("scores", int(same.sum()), same.size, len(scored))


def _same_answer(name: str, pairs: Pairs, metric: MetricClaim) -> SameAnswer | None:
    """The commonest answer of an arm over the trials of its pairs; None where no answers are recorded."""
    tables = [made.outcome.items.get(metric.name) for made in pairs.made if made.arm == name]
    outputs = [text for table in tables if table is not None for text in table.outputs or ()]
    if not outputs:
        return None
    found = statistics.commonest(outputs)
    return SameAnswer(name, found.answer, found.count, found.answers)


def _bootstrap(claim: ResolvedClaim, pairs: Pairs, metric: MetricClaim, level: float, draws: Draws) -> Interval | None:
    """The crossed bootstrap's interval; contrasts of one shape share their draws."""
    if not pairs.item_wise:
        return None
    table, shape = pairs.differences(metric), pairs.variant.shape
    count = max(min(FEWEST_DRAWS, BOOTSTRAP_DRAWS), min(BOOTSTRAP_DRAWS, BOOTSTRAP_WORK // table.size))
    generator = stream("bootstrap", claim.hash, *shape)
    source: statistics.CrossedDraws | np.random.Generator = generator
    if pairs.clusters is None and shape[1] <= MOST_SHARED_ITEMS:
        if shape not in draws.tables:
            draws.tables[shape] = statistics.crossed_draws(generator, len(pairs.seeds), shape[1], count)
        source = draws.tables[shape]
    found = statistics.crossed_bootstrap(table, source, level=level, draws=count, clusters=pairs.clusters)
    return as_tuple(found.interval)


def _random_signs(claim: ResolvedClaim, differences: tuple[float, ...], draws: Draws) -> float | None:
    """The sign-flip p over random patterns; contrasts over as many seeds share them."""
    generator, count = stream("sign flips", claim.hash), len(differences)
    if count > MOST_SHARED_SIGNS:
        return statistics.sign_flip(differences, generator, SIGN_DRAWS).p
    if count not in draws.signs:
        draws.signs[count] = statistics.sign_draws(generator, count, SIGN_DRAWS)
    return statistics.sign_flip(differences, draws.signs[count]).p


def _peaks(
    claim: ResolvedClaim, arm: Arm, against: Arm, cell: Cell, seeds: tuple[int, ...], outcomes: Outcomes
) -> tuple[ArmPeak | None, ...]:
    """The best checkpoints of both arms with their expected inflation, where the final ones are judged."""
    if cell.metric.checkpoint != "final":
        return ()
    ids = [
        dict.fromkeys(claim.trial(one, cell.condition, cell.rung, seed).id for seed in seeds) for one in (arm, against)
    ]
    own = ([outcomes[key] for key in found if key in outcomes] for found in ids)
    return tuple(arm_peak(one.name, made, cell.metric) for one, made in zip((arm, against), own, strict=True))


def estimate_pairs(
    pairs: Pairs, metric: MetricClaim, scope: statistics.Scope, level: float, *, anytime: bool = False
) -> statistics.PairedContrast:
    """The estimate that pairs give in a scope, positive where the variant is better.

    With ``anytime`` it holds after every seed, in the order of the pairs.
    """
    if not pairs.item_wise:
        return statistics.paired_contrast(pairs.differences(metric)[:, 0], scope=scope, level=level, anytime=anytime)
    sign = 1.0 if metric.direction == "maximise" else -1.0
    bounds = None
    if metric.floor is not None and metric.ceiling is not None:
        bounds = (metric.floor - metric.ceiling, metric.ceiling - metric.floor)
    return statistics.paired_contrast(
        baseline=sign * pairs.reference,
        variant=sign * pairs.variant,
        scope=scope,
        level=level,
        clusters=pairs.clusters,
        bounds=bounds,
        anytime=anytime,
    )


def as_tuple(interval: statistics.Interval | None) -> Interval | None:
    """An interval as (low, high)."""
    return None if interval is None else (interval.low, interval.high)


def _figures(
    empty: Contrast, found: statistics.PairedContrast, pairs: Pairs, metric: MetricClaim, alpha: float
) -> Contrast:
    flips, correlation = found.flips, found.correlation
    return replace(
        empty,
        seeds=pairs.seeds,
        items=found.items or 0,
        differences=found.seed_differences,
        missing=pairs.dropped,
        estimate=found.estimate,
        standard_error=found.standard_error,
        degrees_of_freedom=found.df,
        p_value=found.p,
        interval=as_tuple(found.interval),
        equivalence_interval=as_tuple(found.interval_at(1 - 2 * alpha)),
        equivalence_level=1 - 2 * alpha,
        sign_flip_p=found.sign_flip.p if found.scope != "checkpoint" else None,
        sign_flip_minimum=found.sign_flip.attainable if found.scope != "checkpoint" else None,
        correlation=None if correlation is None else correlation.over_seeds,
        gained=None if flips is None else flips.gained,
        lost=None if flips is None else flips.lost,
        diverged=pairs.diverged,
        identical=pairs.identical,
        same_scores=_same_scores(pairs),
        method=found.primary.method,
        scope=found.scope,
        saturation=saturation(pairs, metric),
        why_none=_why_none(found, pairs),
        scores=(float(pairs.variant.mean()), float(pairs.reference.mean())),
        details=details(found, pairs.chosen),
    )


def _why_none(found: statistics.PairedContrast, pairs: Pairs) -> str:
    """Why there is no interval; where no seed differs from another in either arm, what may be behind it."""
    alike = len(pairs.seeds) > 1 and all((own == own[0]).all() for own in (pairs.variant, pairs.reference))
    cause = "; in each arm every seed gave the same result, and the program may ignore its seed"
    return f"{found.reason}{cause if alike else ''}" if found.reason else ""


def _same_scores(pairs: Pairs) -> statistics.Identical | None:
    """How many answers may differ where no score does and outputs do not tell."""
    if not pairs.same_scores or pairs.same_outputs is not None:
        return None
    return statistics.identical_scores(
        len(pairs.seeds), pairs.variant.shape[1] if pairs.item_wise else None, pairs.clusters
    )


def _collapse(pairs: Pairs, metric: MetricClaim, found: statistics.PairedContrast) -> statistics.Collapse | None:
    """The variant's collapsed seeds, where seeds are random and the variant is ahead."""
    if found.scope == "checkpoint" or len(pairs.seeds) < 2 or (found.estimate or 0.0) <= 0:
        return None
    worst = metric.floor if metric.direction == "maximise" else metric.ceiling
    bottom = worst if metric.chance is None else metric.chance
    return statistics.collapse(
        pairs.reference.mean(axis=1),
        pairs.variant.mean(axis=1),
        bottom=bottom,
        higher_is_better=metric.direction == "maximise",
    )


def saturation(pairs: Pairs, metric: MetricClaim) -> statistics.Saturation | None:
    """What both arms are at (floor, ceiling or chance), or None."""
    if not pairs.item_wise:
        found = statistics.stuck_at_end(pairs.reference, pairs.variant, floor=metric.floor, ceiling=metric.ceiling)
    elif metric.floor is None and metric.ceiling is None and metric.chance is None:
        return None
    else:
        found = statistics.saturation(
            pairs.reference, pairs.variant, floor=metric.floor, ceiling=metric.ceiling, chance=metric.chance
        )
    return found if found.saturated else None
