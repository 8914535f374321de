"""What looks cost and save: expected numbers of seeds, and chances of each verdict, by simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evenhand.statistics.anytime import unit_half_widths
from evenhand.statistics.anytime_items import FEWEST_ITEMS, FLOOR_SHARE, ITEM_FACTOR
from evenhand.statistics.arrays import ArrayLike, Floats, check_positive, check_share
from evenhand.statistics.looks import LookPlan
from evenhand.statistics.planning import Needed
from evenhand.statistics.special import ndtri, stdtrit
from evenhand.statistics.spending import SpendingPlan
from evenhand.statistics.spread import Spread

DRAWS, DRAWN_FROM = 4_000, 20_261_128


@dataclass(frozen=True)
class Operating:
    """What a design with looks does at one true effect.

    Attributes:
        effect: true mean difference.
        seeds: expected number of seeds at the end.
        gain, regression, no_effect: chances of these verdicts.
        given_up: chance that it ends by futility.
        draws: simulated experiments; a chance is good to .8 points, the seeds to .04.
    """

    effect: float
    seeds: float
    gain: float
    regression: float
    no_effect: float
    given_up: float
    draws: int


def operating(
    plan: LookPlan | SpendingPlan,
    effect: float,
    spread: Spread,
    items: int | None = None,
    *,
    margin: float,
    share: float | None = None,
    futility: float | None = None,
    draws: int = DRAWS,
    seed: int = DRAWN_FROM,
) -> Operating:
    """Run a design many times on normal differences: it stops at the first look that settles the question.

    The items' variance is taken as estimated once and well, which it is from some 20 items on.

    Args:
        plan: its looks.
        effect: true mean difference.
        spread: of differences.
        items: of the design; without them the spread over seeds alone counts.
        margin: of no effect and of futility.
        share: of the error rate that a verdict gets where there are several; all of it if None.
        futility: confidence of the bound that gives up; None for never.
        draws: experiments.
        seed: of the simulation.

    Raises:
        StatisticsError: a margin not above 0, a share out of range.
    """
    check_positive(margin, "margin")
    level = check_share(plan.alpha if share is None else share, "share")
    generator = np.random.default_rng(seed)
    means = effect + _noise(spread, items, (draws, plan.seeds[-1]), generator)
    errors = np.zeros(draws)
    if items is not None and items > 1 and spread.item_sd > 0:
        means += generator.standard_normal((draws, 1)) * spread.item_sd / items**0.5
        errors = spread.item_sd * np.sqrt(generator.chisquare(items - 1, draws) / (items - 1) / items)
    rest = 0.0 if items is None else spread.residual_sd**2 / items
    return _run(plan, means, (errors, rest), items, effect, margin, level, futility)


def _noise(spread: Spread, items: int | None, shape: tuple[int, int], generator: np.random.Generator) -> Floats:
    rest = 0.0 if items is None else spread.residual_sd**2 / items
    return generator.standard_normal(shape) * math.sqrt(spread.seed_sd**2 + rest)


def _run(
    plan: LookPlan | SpendingPlan, by_seed: Floats, item_noise: tuple[Floats, float], items: int | None,
    effect: float, margin: float, share: float, futility: float | None,
) -> Operating:  # fmt: skip
    errors, rest = item_noise
    draws = len(by_seed)
    ended, seeds = np.zeros(draws, bool), np.full(draws, plan.seeds[-1])
    counts = dict.fromkeys(("gain", "regression", "no_effect", "given_up"), 0)
    wide, narrow = _Ends(draws), _Ends(draws)
    for count in plan.seeds:
        mean, sd = by_seed[:, :count].mean(axis=1), by_seed[:, :count].std(axis=1, ddof=1)
        anytime = isinstance(plan, LookPlan) and plan.source == "anytime"
        effect_level = min(plan.nominal_for(share, count), plan.level_at(count)) if plan.adjusts else share
        alphas = effect_level, 2 * plan.level_at(count)
        if anytime:
            half = [_anytime_half_widths(np.asarray(count), sd, errors, rest, items, alpha) for alpha in alphas]
        else:
            half = [_half_widths(count, sd, errors, items or 2, alpha) for alpha in alphas]
        low, high = wide.after(mean, half[0], keep=anytime)
        inner_low, inner_high = narrow.after(mean, half[1], keep=anytime)
        settled = {
            "no_effect": (inner_low > -margin) & (inner_high < margin),
            "gain": low > 0,
            "regression": high < 0,
            "given_up": np.zeros(draws, bool),
        }
        if futility is not None:
            error = np.sqrt(sd**2 / count + errors**2)
            settled["given_up"] = mean + float(stdtrit(count - 1, futility)) * error < margin
        for name, found in settled.items():
            new = found & ~ended
            counts[name] += int(new.sum())
            seeds[new] = count
            ended |= new
    chances = {name: found / draws for name, found in counts.items()}
    return Operating(effect, float(seeds.mean()), draws=draws, **chances)


@dataclass
class _Ends:
    """Ends of intervals, kept from look to look where they hold at all of them together."""

    draws: int

    def __post_init__(self) -> None:
        self.low, self.high = np.full(self.draws, -np.inf), np.full(self.draws, np.inf)

    def after(self, mean: Floats, half: Floats, *, keep: bool) -> tuple[Floats, Floats]:
        low, high = mean - half, mean + half
        if keep:
            low, high = np.maximum(self.low, low), np.minimum(self.high, high)
        self.low, self.high = low, high
        return low, high


def _anytime_half_widths(
    counts: ArrayLike, sd: ArrayLike, errors: ArrayLike, rest: float, items: int | None, alpha: float
) -> Floats:
    """Half-width at any time at 1 - alpha after some seeds; ``rest``: of what a seed mean's residual varies by."""
    own = np.asarray(sd) * unit_half_widths(counts, alpha)
    if items is None:
        return np.asarray(own)
    if items < FEWEST_ITEMS:
        return np.full(np.shape(own), np.inf)
    quantile = -float(stdtrit(items - 1, alpha / 2))
    floor = quantile * (1 + FLOOR_SHARE / items) * np.sqrt(np.asarray(errors) ** 2 + rest / np.asarray(counts))
    return np.maximum(np.hypot(own, ITEM_FACTOR * quantile * np.asarray(errors)), floor)


def _half_widths(count: int, sd: Floats, errors: Floats, items: int, alpha: float) -> Floats:
    """Half-width of the interval at 1 - alpha of each experiment."""
    own, of_items = sd**2 / count, errors**2
    over_seeds = -float(stdtrit(count - 1, alpha / 2)) * np.sqrt(own)
    if not errors.any():
        return np.asarray(over_seeds)
    df = (own + of_items) ** 2 / (own**2 / (count - 1) + of_items**2 / (items - 1))
    return np.asarray(np.maximum(over_seeds, -stdtrit(df, alpha / 2) * np.sqrt(own + of_items)))


def anytime_seeds_needed(
    effect: float,
    spread: Spread,
    items: int | None = None,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    most: int = 10_000,
) -> Needed:
    """Least number of seeds by which looks at any time will have found an effect of this size, about.

    By the half-width at the expected spread: the mean lies above it with the wished-for power at that look.

    Raises:
        StatisticsError: an effect of 0, or arguments out of range.
    """
    check_positive(abs(effect), "effect")
    check_share(alpha, "alpha")
    check_share(power, "power")
    counts = np.arange(2, most + 1)
    rest = 0.0 if items is None else spread.residual_sd**2 / items
    sd = math.sqrt(spread.seed_sd**2 + rest)
    error = 0.0 if items is None else spread.item_sd / items**0.5
    half = _anytime_half_widths(counts, sd, error, rest, items, alpha)
    room = float(ndtri(power)) * np.sqrt(sd**2 / counts + error**2)
    enough = np.flatnonzero(half + room <= abs(effect))
    if not enough.size:
        return Needed(None, None, f"no number of seeds up to {most:,} suffices")
    return Needed(int(counts[enough[0]]), power, None)
