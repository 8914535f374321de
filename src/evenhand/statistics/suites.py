"""Suites of many tasks: interquartile mean and performance profiles, with stratified bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, Floats, as_floats, check_count, check_share, power_of_two_scale
from evenhand.statistics.intervals import Interval

_BATCH_ENTRIES = 2_000_000


@dataclass(frozen=True)
class SuiteEstimate:
    """An aggregate over a suite with its stratified bootstrap interval.

    Attributes:
        estimate: interquartile mean, or the difference of two.
        interval: percentile interval at ``level``; None with one run.
        level: nominal coverage.
        runs: runs (seeds) per task.
        tasks: tasks.
        draws: bootstrap draws.
        reason: why ``interval`` is None.
    """

    estimate: float
    interval: Interval | None
    level: float
    runs: int
    tasks: int
    draws: int
    reason: str | None


@dataclass(frozen=True)
class PerformanceProfile:
    """Share of runs that score above each threshold: the whole distribution, not a point of it.

    Attributes:
        thresholds: ascending.
        share: share of all runs, every task weighing the same, whose score is above each threshold.
        low: pointwise lower ends of the bootstrap band; empty with one run.
        high: pointwise upper ends.
        level: pointwise nominal coverage.
        reason: why there is no band.
    """

    thresholds: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float
    reason: str | None


def interquartile_mean(scores: ArrayLike) -> float:
    """Mean of the middle half of all runs x tasks (Agarwal et al. 2021, section 4.3).

    Of the n values floor(n / 4) are cut at either end.

    Args:
        scores: shape (runs, tasks), normalised so that tasks compare.

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values.
    """
    values = as_floats(scores, "scores", 2)
    scale = power_of_two_scale(values)
    return float(_trimmed(values.reshape(1, -1) / scale)[0]) * scale


def _trimmed(rows: Floats) -> Floats:
    cut = rows.shape[1] // 4
    ordered = np.sort(rows, axis=1)
    return np.asarray(ordered[:, cut : rows.shape[1] - cut].mean(axis=1))


def _redrawn(runs: int, tasks: int, generator: np.random.Generator, draws: int) -> list[np.ndarray]:
    """Run indices drawn again within each task, in batches of shape (batch, runs, tasks)."""
    size = max(1, _BATCH_ENTRIES // (runs * tasks))
    return [
        generator.integers(0, runs, size=(min(size, draws - start), runs, tasks)) for start in range(0, draws, size)
    ]


def suite_mean(
    scores: ArrayLike, generator: np.random.Generator, *, level: float = 0.95, draws: int = 2_000
) -> SuiteEstimate:
    """Interquartile mean of a suite; runs are drawn again within each task (stratified bootstrap).

    The tasks are taken as given: the interval holds for new runs on these tasks.

    Args:
        scores: shape (runs, tasks).
        generator: source of the draws.
        level: nominal coverage.
        draws: bootstrap draws.

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values.
    """
    values = as_floats(scores, "scores", 2)
    return _interval_of([values], generator, level, draws)


def suite_difference(
    baseline: ArrayLike,
    variant: ArrayLike,
    generator: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 2_000,
) -> SuiteEstimate:
    """Difference of interquartile means, variant less baseline, with runs drawn in pairs.

    Args:
        baseline: shape (runs, tasks).
        variant: same shape; run r of either arm shares its seed.
        generator: source of the draws.
        level: nominal coverage.
        draws: bootstrap draws.

    Raises:
        StatisticsError: shapes that differ, NaN or infinite values.
    """
    left, right = as_floats(baseline, "baseline scores", 2), as_floats(variant, "variant scores", 2)
    if left.shape != right.shape:
        raise StatisticsError(f"suite: expected the same runs and tasks, found shapes {left.shape} and {right.shape}.")
    return _interval_of([right, left], generator, level, draws)


def _interval_of(arms: list[Floats], generator: np.random.Generator, level: float, draws: int) -> SuiteEstimate:
    """Interquartile mean of one arm, or of the first less that of the second, with its bootstrap interval."""
    check_share(level, "level")
    check_count(draws, "draws", 2)
    runs, tasks = arms[0].shape
    scale = max(power_of_two_scale(arm) for arm in arms)
    scaled = [arm / scale for arm in arms]

    def combined(means: list[Floats]) -> Floats:
        return means[0] - means[1] if len(means) == 2 else means[0]

    def shown(value: float) -> float:
        # Held at the largest finite number for scores near the end of double precision.
        return float(np.nan_to_num(np.float64(value) * scale))

    with np.errstate(over="ignore"):
        estimate = shown(float(combined([_trimmed(arm.reshape(1, -1)) for arm in scaled])[0]))
        if runs == 1:
            return SuiteEstimate(estimate, None, level, runs, tasks, draws, "one run per task: nothing to draw again")
        columns = np.arange(tasks)
        drawn = [
            combined([_trimmed(arm[index, columns].reshape(len(index), -1)) for arm in scaled])
            for index in _redrawn(runs, tasks, generator, draws)
        ]
        low, high = np.quantile(np.concatenate(drawn), [(1 - level) / 2, (1 + level) / 2])
        interval = Interval(shown(float(low)), shown(float(high)), level)
    return SuiteEstimate(estimate, interval, level, runs, tasks, draws, None)


def performance_profile(
    scores: ArrayLike,
    thresholds: ArrayLike,
    generator: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 2_000,
) -> PerformanceProfile:
    """Share of runs above each threshold with a pointwise stratified bootstrap band (Agarwal et al. 2021, section 4.2).

    Args:
        scores: shape (runs, tasks).
        thresholds: shape (T,), ascending.
        generator: source of the draws.
        level: pointwise nominal coverage.
        draws: bootstrap draws.

    Raises:
        StatisticsError: wrong shapes, thresholds not ascending, NaN or infinite values.
    """
    values = as_floats(scores, "scores", 2)
    limits = as_floats(thresholds, "thresholds", 1)
    check_share(level, "level")
    check_count(draws, "draws", 2)
    if (np.diff(limits) < 0).any():
        raise StatisticsError("thresholds: expected them in ascending order.")
    runs, tasks = values.shape
    share = tuple(float(np.mean(values > limit)) for limit in limits)
    shown = tuple(float(limit) for limit in limits)
    if runs == 1:
        return PerformanceProfile(shown, share, (), (), level, "one run per task: nothing to draw again")
    columns = np.arange(tasks)
    drawn = []
    for index in _redrawn(runs, tasks, generator, draws):
        ordered = np.sort(values[index, columns].reshape(len(index), -1), axis=1)
        drawn.append(np.stack([1 - np.searchsorted(row, limits, side="right") / row.size for row in ordered]))
    low, high = np.quantile(np.concatenate(drawn), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return PerformanceProfile(shown, share, tuple(map(float, low)), tuple(map(float, high)), level, None)
