"""What a claim can hope to find, before it runs: smallest detectable effects, power, seeds and items needed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evenhand import statistics
from evenhand.claims.looks import LookRules
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, MetricClaim, Rung, Scope
from evenhand.decisions import power_words
from evenhand.decisions.looks import level_for, look_plan
from evenhand.decisions.pairs import Cell, Outcomes, make_pairs
from evenhand.decisions.power_words import WhyNone


@dataclass(frozen=True)
class SmallestEffect:
    """The smallest effect that a rung finds with 80 % power.

    Attributes:
        metric, rung, seeds: where.
        effect: in the metric's unit, or None with ``why_none``.
        in_sd: the same in units of ``unit``.
        margin: the smallest effect that matters.
        exceeds_margin: effects as small as the margin are found less often than that.
        source: where the seed sd comes from.
        level: of the test planned for: the strictest that looks and Holm can ask of a verdict.
        verdicts: over how many Holm adjusts.
    """

    metric: str
    rung: str
    seeds: int
    effect: float | None
    in_sd: float | None
    margin: float
    exceeds_margin: bool
    source: str = ""
    why_none: str = ""
    level: float = 0.05
    verdicts: int = 1
    unit: str = "seed sd of differences"
    scope: Scope = "recipe"


def planning_level(claim: ResolvedClaim) -> tuple[float, int]:
    """The level to plan with, and the number of verdicts that Holm adjusts over.

    The first of m verdicts is tested at alpha / m, allowed for looks; later ones at more. Which comes first is not
    known before the run, so all are planned at the least favourable level.
    """
    verdicts = len(claim.arms("variant")) * len(claim.targets) * len(claim.primary)
    plan = look_plan(claim.claim.rungs[-1], claim.claim.alpha)
    share = claim.claim.alpha / max(1, verdicts)
    last = plan.seeds[-1]
    return (plan.nominal if verdicts <= 1 else level_for(plan, share, last)), verdicts


def smallest_effects(claim: ResolvedClaim, outcomes: Outcomes) -> tuple[SmallestEffect, ...]:
    """The smallest detectable effect of the confirming rung on each primary metric.

    The spread of differences comes from the claim (``metric.sd``), else from the null arm's or the screening pairs
    that ``outcomes`` already holds; without either the effect is stated in units of the seed sd of differences.
    """
    rung = claim.claim.rungs[-1]
    return tuple(_foresee(claim, rung, metric, outcomes) for metric in claim.primary)


def _foresee(claim: ResolvedClaim, rung: Rung, metric: MetricClaim, outcomes: Outcomes) -> SmallestEffect:
    count, items, margin = len(rung.seeds), claim.items[rung.name].count, metric.margin
    alpha, verdicts = planning_level(claim)
    row = SmallestEffect(
        metric.name, rung.name, count, None, None, margin, True, level=alpha, verdicts=verdicts, scope=claim.claim.scope
    )
    spread = pilot_spread(claim, metric, outcomes)
    if claim.claim.scope == "checkpoint" and (spread is None or not has_item_spread(spread)):
        return _for_checkpoints(row, items, alpha)
    if spread is None:
        plain = statistics.smallest_detectable_effect(count, alpha=alpha)
        why = plain.reason or WhyNone.NO_GUESS
        return replace(row, in_sd=plain.in_sd, exceeds_margin=plain.effect is None, why_none=why)
    has_items = items is not None and has_item_spread(spread)
    scope = claim.claim.scope if has_items else "seeds"
    effect = statistics.planned_detectable(spread, count, items if has_items else None, scope=scope, alpha=alpha)
    if effect is None:
        return replace(row, why_none=WhyNone.ONE_SEED)
    in_sd = effect / spread.seed_sd if spread.seed_sd > 0 else None
    return replace(
        row, effect=effect, in_sd=in_sd, exceeds_margin=effect > margin, source=power_words.spread_source(spread.source)
    )


def has_item_spread(spread: statistics.Spread) -> bool:
    """Whether a spread says how differences vary over items."""
    return spread.item_sd > 0 or spread.residual_sd > 0


def _for_checkpoints(row: SmallestEffect, items: int | None, alpha: float) -> SmallestEffect:
    """What new items can show of models that are fixed: seeds are not what is sampled."""
    unit = "item sd of differences"
    if items is None or items < 2:
        return replace(row, unit=unit, exceeds_margin=False, why_none=WhyNone.ITEMS_NOT_KNOWN)
    plain = statistics.smallest_detectable_effect(items, alpha=alpha)
    why = power_words.item_spread_unknown(items)
    return replace(row, unit=unit, in_sd=plain.in_sd, exceeds_margin=False, why_none=why)


def pilot_spread(
    claim: ResolvedClaim, metric: MetricClaim, outcomes: Outcomes, *, confirming: bool = False
) -> statistics.Spread | None:
    """The spread of paired differences: the claim's guess, the null arm's pairs, or those of a screening rung.

    Where several conditions have pilot pairs, the widest spread is taken.

    Args:
        claim, metric: what is planned.
        outcomes: trial id to outcome.
        confirming: take the pairs of the confirming rung too where there are no others (to plan the next claim).
    """
    if metric.sd is not None:
        return statistics.Spread(metric.sd, source=power_words.guessed_source(metric.sd))
    rungs, nulls, variants = claim.claim.rungs, claim.arms("null"), claim.arms("variant")
    pilots = [(nulls, rungs)] if nulls else [(variants, rungs[:-1])]
    if confirming:
        pilots = [(nulls, rungs), (variants, rungs[:-1]), (variants, rungs[-1:])]
    for arms, where in pilots:
        found = [
            spread
            for arm in arms
            for condition in claim.claim.conditions
            for rung in where
            if (spread := _spread_of(claim, arm, Cell(condition, rung, metric, rung.seeds), outcomes)) is not None
        ]
        if found:
            return max(found, key=lambda spread: (spread.seed_sd, spread.residual_sd))
    return None


def measured_spreads(claim: ResolvedClaim, metric: MetricClaim, outcomes: Outcomes) -> list[statistics.Spread]:
    """Spreads of the null arms and of the variants at the confirming rung, one for each arm and condition."""
    rung = claim.claim.rungs[-1]
    found = (
        _spread_of(claim, arm, Cell(condition, rung, metric, rung.seeds), outcomes)
        for arm in claim.arms("null", "variant")
        for condition in claim.claim.conditions
    )
    return [spread for spread in found if spread is not None]


def _spread_of(claim: ResolvedClaim, arm: Arm, cell: Cell, outcomes: Outcomes) -> statistics.Spread | None:
    pairs = make_pairs(claim, arm, claim.baseline, cell, outcomes)
    if len(pairs.seeds) < 2 or pairs.invalid is not None:
        return None
    differences = pairs.differences(cell.metric)
    table = differences if pairs.item_wise and differences.shape[1] > 1 else differences[:, 0]
    source = power_words.pairs_source(arm.name, cell.condition.name, cell.rung.name)
    return statistics.spread_from_pilot(table, source)


@dataclass(frozen=True)
class Design:
    """A number of seeds and items, and what it finds.

    Attributes:
        seeds, items: of the design; ``items`` is None for a metric without items (or with their spread unknown).
        effect: smallest effect found with the wished-for power, or None with ``why_none``.
        power_at_margin: probability of finding an effect as large as the margin; None without a margin or estimate.
        items_needed: least number of items at these seeds that finds the margin; None with ``why_no_items``.
    """

    seeds: int
    items: int | None
    effect: float | None
    why_none: str
    power_at_margin: float | None
    items_needed: int | None
    why_no_items: str


@dataclass(frozen=True)
class Looked:
    """A way of looking at so many seeds at most: what it needs and finds at no effect, the margin and twice the margin.

    Attributes:
        name: "one look", "group-sequential", "early group-sequential" or "anytime".
        after: numbers of seeds at the looks; empty for anytime.
        rule: as in :attr:`evenhand.claims.schema.Rung.look_rule`.
        futility: confidence of the bound that gives up; None for never.
        own: it is the claim's own.
        at: at no effect, the margin and twice it.
    """

    name: str
    after: tuple[int, ...]
    rule: str
    futility: float | None
    own: bool
    at: tuple[statistics.Operating, ...]


@dataclass(frozen=True)
class Assured:
    """Power averaged over what the pilot does not know of its spread.

    Attributes:
        df: degrees of freedom of the pilot's spread over seeds, with what was borrowed.
        sd: its standard deviation of seed means, likewise.
        prior: what earlier claims lend, or None.
        at_margin: for each design.
        seeds_needed: least number of seeds that finds the margin with the wished-for power; None with ``why_none``.
    """

    df: float
    sd: float
    prior: statistics.SpreadPrior | None
    at_margin: tuple[float, ...]
    seeds_needed: int | None
    why_none: str


def assured_by(answer: PowerAnswer, prior: statistics.SpreadPrior | None) -> PowerAnswer:
    """An answer with its power averaged over what its pilot does not know; as it is without a pilot or a margin.

    Args:
        answer: whose spread was measured.
        prior: what earlier claims lend; shown beside, and nothing is decided by it.
    """
    if answer.spread.pilot_seeds < 2 or answer.margin is None or answer.scope == "checkpoint":
        return answer
    known = statistics.pilot_knowledge(answer.spread, prior)
    about = {"scope": answer.scope, "alpha": answer.alpha}
    at_margin = tuple(
        statistics.assurance(answer.margin, known, design.seeds, design.items, **about)  # type: ignore[arg-type]
        for design in answer.designs
    )
    items = next((design.items for design in answer.designs), None)
    needed = statistics.assured_seeds(answer.margin, known, items, power=answer.power, **about)  # type: ignore[arg-type]
    found = Assured(known.df, known.means_sd, prior, at_margin, needed.count, needed.reason or "")
    return replace(answer, assured=found)


@dataclass(frozen=True)
class PowerAnswer:
    """What designs can find on one metric.

    Attributes:
        metric: its name; empty where no claim was given.
        unit: of all effects: empty for the metric's own, or "seed sd" where no spread is known.
        spread: assumed or measured; 1 in the unit "seed sd".
        scope, alpha, power: of the test planned for.
        margin: the smallest effect that matters, or None.
        designs: one per number of seeds.
        seeds_needed: least number of seeds that finds the margin with these items; None with ``why_no_seeds``.
        curves: power over effects, one per design.
        assured: the same power averaged over what a pilot does not know, where that was asked for.
        looks: what looks cost and save at the largest design; none without a margin, a spread or seeds to look at.
        notes: what a reader must know beside the figures, as sentences.
    """

    metric: str
    unit: str
    spread: statistics.Spread
    scope: Scope
    alpha: float
    power: float
    margin: float | None
    designs: tuple[Design, ...]
    seeds_needed: int | None
    why_no_seeds: str
    curves: tuple[statistics.PowerCurve, ...]
    notes: tuple[str, ...] = ()
    looks: tuple[Looked, ...] = ()
    assured: Assured | None = None


USUAL_SHARES = (0.4, 0.6, 0.8, 1.0)
"""Looks of the group-sequential plan that is shown where a claim has none of its own; Pocock's spending."""

USUAL_FUTILITY = 0.9

EARLY_SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Looks of the plan that needs the fewest seeds where the effect is large, spent after Hwang, Shih and DeCani: of ten
seeds, with futility at 90 %, less than half at twice the margin, as no other plan that was calibrated."""


FEW_SEEDS, EXTENDED_TO = 4, 10
"""Fewer seeds leave nothing to look at; a claim with looks at any time that begins with these is extended."""


def ways_of_looking(
    spread: statistics.Spread,
    items: int | None,
    rung: Rung,
    margin: float,
    alpha: float,
    share: float,
) -> tuple[Looked, ...]:
    """What one look, group-sequential looks and looks at any time need and find, with the same seeds at most.

    Args:
        spread: of paired differences.
        items: of the design, where their spread is known.
        rung: whose seeds are the most; its own looks stand for the group-sequential ones. One with looks at any time
            that begins with very few is weighed with as many as such claims are extended to.
        margin: of no effect and of futility.
        alpha: of the claim.
        share: of it that the first of several verdicts gets.
    """
    if rung.anytime and len(rung.seeds) < FEW_SEEDS:
        rung = rung.model_copy(update={"seeds": tuple(range(EXTENDED_TO))})
    most = len(rung.seeds)
    if most < FEW_SEEDS or max(spread.seed_sd, spread.item_sd, spread.residual_sd) == 0:
        return ()
    once = rung.model_copy(update={"looks": (), "look_rules": None})
    forever = once.model_copy(update={"look_rules": LookRules(at="anytime")})
    ways = [("one look", once), ("group-sequential", rung), ("anytime", forever)]
    if rung.look_rule in ("once", "anytime"):
        usual = LookRules(at=USUAL_SHARES, spending="pocock")
        soon = LookRules(at=EARLY_SHARES, spending="hwang-shih-decani")
        planned = [once.model_copy(update={"looks": r.counts(most), "look_rules": r}) for r in (usual, soon)]
        ways[1:2] = zip(("group-sequential", "early group-sequential"), planned, strict=True)
    ways = [way for way in ways if not way[0].startswith("early") or way[1].looks[0] >= FEW_SEEDS]
    found, given_up = [], rung.futility or USUAL_FUTILITY
    bounds: dict[str, tuple[float | None, ...]] = {"one look": (None,), "early group-sequential": (given_up,)}
    for name, one in ways:
        plan = look_plan(one, alpha)
        for futility in bounds.get(name, (None, given_up)):
            own = one.look_rule == rung.look_rule and futility == rung.futility
            at = tuple(
                statistics.operating(plan, times * margin, spread, items, margin=margin, share=share, futility=futility)
                for times in (0.0, 1.0, 2.0)
            )
            found.append(Looked(name, one.looks, one.look_rule, futility, own, at))
    return tuple(found)


def plan_power(
    spread: statistics.Spread,
    seeds: Sequence[int],
    items: int | None = None,
    *,
    margin: float | None = None,
    scope: Scope = "recipe",
    alpha: float = 0.05,
    power: float = 0.8,
    metric: str = "",
    unit: str = "",
    rung: Rung | None = None,
    overall: float | None = None,
    share: float | None = None,
) -> PowerAnswer:
    """Smallest detectable effects of some designs, and the seeds and items that a margin needs.

    Args:
        spread: of paired differences over seeds and items.
        seeds: numbers of seeds to compare.
        items: items of every design; they count only where the spread over items or the residual is known.
        margin: effect to find.
        scope: "recipe", "seeds" or "checkpoint"; without items "recipe" is judged over seeds.
        alpha: two-sided level.
        power: probability with which effects are to be found.
        metric, unit: told with the answer.
        rung: whose looks are weighed against others; the most seeds with one look if None.
        overall: error rate of its claim; ``alpha`` if None.
        share: of it that the first of several verdicts gets; ``alpha`` if None.

    Raises:
        StatisticsError: arguments out of range, scope "checkpoint" without items.
    """
    known = spread.item_sd > 0 or spread.residual_sd > 0
    counted = items if known or scope == "checkpoint" else None
    held: Scope = "seeds" if counted is None and scope == "recipe" else scope
    curves = statistics.power_curves(spread, seeds, counted, scope=held, alpha=alpha, power=power)
    designs = tuple(_design(spread, curve, margin, held, alpha, power) for curve in curves)
    needed: int | None = None
    why: str = WhyNone.NO_MARGIN
    if margin is not None and held == "checkpoint":
        why = WhyNone.SEEDS_NOT_SAMPLED
    elif margin is not None and spread.seed_sd == 0 and counted is None:
        why = WhyNone.NO_SEED_SPREAD
    elif margin is not None:
        found = statistics.seeds_needed(margin, spread, counted, scope=held, alpha=alpha, power=power)
        needed, why = found.count, found.reason or ""
    notes: tuple[str, ...] = ()
    if counted is None and not unit:
        notes = (power_words.NO_ITEM_SPREAD_NOTE,)
    looks: tuple[Looked, ...] = ()
    if margin is not None and held != "checkpoint":
        planned = rung or Rung(name="confirm", budget=1, seeds=tuple(range(max(seeds))))
        own_items = counted if held == "recipe" else None
        looks = ways_of_looking(spread, own_items, planned, margin, overall or alpha, share or alpha)
        looks = looks if rung is not None else tuple(replace(one, own=False) for one in looks)
    return PowerAnswer(metric, unit, spread, held, alpha, power, margin, designs, needed, why, curves, notes, looks)


def _design(
    spread: statistics.Spread, curve: statistics.PowerCurve, margin: float | None, scope: Scope, alpha: float,
    power: float,
) -> Design:  # fmt: skip
    seeds, items = curve.seeds, curve.items
    why = statistics.expected_precision(spread, seeds, items, scope).reason or ""
    if margin is None:
        return Design(seeds, items, curve.detectable, why, None, None, WhyNone.NO_MARGIN)
    reached = statistics.planned_power(margin, spread, seeds, items, scope=scope, alpha=alpha)
    if items is None:
        return Design(seeds, None, curve.detectable, why, reached, None, WhyNone.NO_ITEM_SPREAD)
    needed = statistics.items_needed(margin, spread, seeds, scope=scope, alpha=alpha, power=power)
    return Design(seeds, items, curve.detectable, why, reached, needed.count, needed.reason or "")


def claim_power(
    claim: ResolvedClaim,
    outcomes: Outcomes,
    *,
    seeds: Sequence[int] = (),
    items: int | None = None,
    spread: statistics.Spread | None = None,
) -> tuple[PowerAnswer, ...]:
    """What a claim's confirming rung can find on each primary metric, beside other numbers of seeds.

    Args:
        claim: resolved.
        outcomes: what the ledger holds of it: null arms, screening pairs, else confirming pairs give the spread.
        seeds: designs to compare; by default the rung's own number and some around it.
        items: of every design; by default the rung's.
        spread: taken instead of the claim's or the ledger's.
    """
    rung = claim.claim.rungs[-1]
    own = len(rung.seeds)
    counts = tuple(seeds) or tuple(sorted({own, 3, 5, 10, 2 * own} - {0, 1}))
    level, verdicts = planning_level(claim)
    notes = []
    if rung.look_rule == "levels":
        nominal = look_plan(rung, claim.claim.alpha).nominal
        notes.append(power_words.looks_note(nominal, rung.looks))
    elif rung.look_rule != "once":
        notes.append(power_words.ONE_LOOK_NOTE)
    if verdicts > 1:
        notes.append(power_words.holm_note(level, verdicts))
    answers = []
    for metric in claim.primary:
        found = spread or pilot_spread(claim, metric, outcomes, confirming=True)
        unit, margin = ("", metric.margin) if found is not None else ("seed sd", None)
        if found is None:
            found = statistics.Spread(1.0, source=power_words.NO_SPREAD)
        answer = plan_power(
            found, counts, items or claim.items[rung.name].count, margin=margin, scope=claim.claim.scope,
            alpha=level, metric=metric.name, unit=unit, rung=rung, overall=claim.claim.alpha,
            share=claim.claim.alpha / max(1, verdicts),
        )  # fmt: skip
        own_notes = [note for note in notes if answer.looks or note != power_words.ONE_LOOK_NOTE]
        answers.append(replace(answer, notes=(*answer.notes, *own_notes)))
    return tuple(answers)
