"""Planned looks over seeds: how strict each look must be so that all of them together err as often as one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from evenhand import files
from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import Floats, check_count, check_share
from evenhand.statistics.special import stdtrit

TABLE: dict[tuple[int, ...], float] = {(3, 5): 0.028, (5, 10): 0.027, (3, 6, 10): 0.019, (4, 7, 10): 0.021}
"""Constant nominal levels for an overall 5 %, by number of seeds at each look; every other plan is simulated."""

LOOKS_SEED = 20_260_219
DRAWS = 400_000
_LEVELS = tuple(float(level) for level in np.geomspace(5e-4, 1.0, 49))
_BATCH = 50_000
MOST_LOOKS = 10


@dataclass(frozen=True)
class LookPlan:
    """Looks after fixed numbers of seeds, all at one nominal level.

    Attributes:
        seeds: seeds at each look, ascending; the last is the full plan.
        alpha: overall two-sided level.
        nominal: level of the test at each look; the interval shown there is at 1 - nominal.
        source: where ``nominal`` comes from: "one look", "table", "simulated", or "anytime" where the test itself
            allows for any number of looks.
        curve: pairs (nominal, overall) from the simulation, ascending.
        draws: replicates simulated.
    """

    seeds: tuple[int, ...]
    alpha: float
    nominal: float
    source: Literal["one look", "table", "simulated", "anytime"]
    curve: tuple[tuple[float, float], ...]
    draws: int

    @property
    def adjusts(self) -> bool:
        """Whether levels and p-values allow for there being several looks."""
        return self.source not in ("one look", "anytime")

    def level_at(self, seeds: int) -> float:
        """Nominal level of the look after ``seeds`` seeds: all have the same."""
        return self.nominal

    def nominal_at(self, seeds: int) -> float:
        """Nominal level of the look after ``seeds`` seeds.

        Raises:
            StatisticsError: no look is planned there; an unplanned look is refused, not corrected.
        """
        if seeds not in self.seeds:
            planned = ", ".join(str(count) for count in self.seeds)
            raise StatisticsError(
                f"look after {seeds} seeds: expected one of the planned looks ({planned}). An unplanned look is "
                "refused, not corrected: state the looks before the run, or finish the plan."
            )
        return self.nominal

    def nominal_for(self, alpha: float, seeds: int | None = None) -> float:
        """Nominal level of every look for another overall level (a Holm step); Bonferroni below the simulated range."""
        check_share(alpha, "alpha")
        nominal, overall = np.array(self.curve).T
        if alpha < overall[0]:
            return alpha / len(self.seeds)
        return float(np.exp(np.interp(np.log(alpha), np.log(overall), np.log(nominal))))

    def overall(self, p: float, seeds: int | None = None) -> float:
        """The p-value of a look, adjusted for all planned looks: P(some look shows p or less) without an effect."""
        nominal, overall = np.array(self.curve).T
        if p < nominal[0]:
            return min(p * len(self.seeds), float(overall[0]))
        return float(np.exp(np.interp(np.log(p), np.log(nominal), np.log(overall))))


def smallest_p(seeds: tuple[int, ...], draws: int, seed: int) -> Floats:
    """Smallest two-sided p-value of the paired t over the looks, without an effect, shape (draws,)."""
    return np.asarray(np.exp(_log_p_values(seeds, draws, seed, least=True)[:, 0]))


def drawn_p_values(seeds: tuple[int, ...], draws: int, seed: int) -> Floats:
    """Two-sided p-values of the paired t at each look, without an effect, shape (draws, looks)."""
    return np.asarray(np.exp(_log_p_values(seeds, draws, seed, least=False)))


def _log_p_values(seeds: tuple[int, ...], draws: int, seed: int, *, least: bool) -> Floats:
    """log p at each look, or the least of them alone.

    p-values are read off a grid of 1 % steps by interpolation in the logarithm (good to 1e-5 of themselves; the
    smallest kept apart is 1e-8), which takes a fraction of the time of as many evaluations of Student's distribution.
    """
    generator = np.random.default_rng(seed)
    log_p = np.linspace(0.0, np.log(1e-8), 1861)
    grids = {count: np.abs(stdtrit(count - 1, np.exp(log_p) / 2)) for count in seeds}
    found = np.zeros((draws, 1 if least else len(seeds)))
    for start in range(0, draws, _BATCH):
        stop = min(start + _BATCH, draws)
        drawn = generator.standard_normal((stop - start, seeds[-1]))
        for place, count in enumerate(seeds):
            part = drawn[:, :count]
            statistic = np.abs(part.mean(axis=1)) / (part.std(axis=1, ddof=1) / count**0.5)
            column = found[start:stop, 0 if least else place]
            np.minimum(column, np.interp(statistic, grids[count], log_p), out=column)
    return found


def plan_looks(
    seeds: tuple[int, ...],
    alpha: float = 0.05,
    *,
    draws: int = DRAWS,
    seed: int = LOOKS_SEED,
    cache: Path | None = None,
) -> LookPlan:
    """Constant nominal level for looks after the given numbers of seeds (Pocock's boundary, for the t test).

    For the plans of `TABLE` at an overall 5 % the tabled level is taken; other plans and levels are simulated for
    the paired t with independent normal differences. Where items are random too, differences between looks share their
    items, which makes looks more alike and the levels conservative.

    Args:
        seeds: seeds at each look, ascending, at least 2 each.
        alpha: overall two-sided level.
        draws: simulated replicates; the overall level is then known to +-(0.22 / sqrt(draws)).
        seed: seed of the simulation.
        cache: folder to keep simulated curves in; made if missing. Without it every call simulates.

    Raises:
        StatisticsError: seeds that do not ascend, fewer than 2 or more than 10 looks, alpha out of range.
    """
    counts = tuple(check_count(count, "seeds at a look", 2) for count in seeds)
    check_share(alpha, "alpha")
    check_count(draws, "draws", 10_000)
    if not 1 <= len(counts) <= MOST_LOOKS or list(counts) != sorted(set(counts)):
        raise StatisticsError(f"looks: expected 1 to {MOST_LOOKS} ascending numbers of seeds, found {counts}.")
    if len(counts) == 1:
        return LookPlan(counts, alpha, alpha, "one look", tuple((level, level) for level in _LEVELS), 0)
    quantiles = _cached_quantiles(counts, draws, seed, cache)
    curve = tuple(zip(quantiles, _LEVELS, strict=True))
    simulated = LookPlan(counts, alpha, 0.0, "simulated", curve, draws)
    if counts in TABLE and alpha == 0.05:
        # The tabled figure stands; the rest of the curve is bent to pass through it.
        ratio = TABLE[counts] / simulated.nominal_for(0.05)
        bent = tuple((min(1.0, nominal * ratio), overall) for nominal, overall in curve[:-1])
        return LookPlan(counts, alpha, TABLE[counts], "table", (*bent, (1.0, 1.0)), draws)
    return LookPlan(counts, alpha, simulated.nominal_for(alpha), "simulated", curve, draws)


def _cached_quantiles(counts: tuple[int, ...], draws: int, seed: int, cache: Path | None) -> list[float]:
    name = f"looks-{'-'.join(map(str, counts))}-{draws}-{seed}.json"
    if cache is not None and (cache / name).exists():
        try:
            stored = json.loads((cache / name).read_text(encoding="utf-8"))
        except ValueError:
            stored = None  # a file cut short by a crash is computed again
        if isinstance(stored, dict) and stored.get("levels") == list(_LEVELS):
            return [float(value) for value in stored["quantiles"]]
    quantiles = [float(value) for value in np.quantile(smallest_p(counts, draws, seed), _LEVELS)]
    quantiles[-1] = 1.0
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        files.write_text(cache / name, json.dumps({"levels": list(_LEVELS), "quantiles": quantiles}))
    return quantiles
