"""Speed of the statistics: the crossed bootstrap against a plain loop, the two-way estimate on a million items.

Run from the checkout's root::

    python benchmarks/statistics_speed.py                # medians of 5 repeats
    python benchmarks/statistics_speed.py --repeats 3 --json figures.json

Both sides of a ratio run in the same process, one after the other, on the same data. The plain loop draws one table at
a time with numpy indexing, as one would write it first; it is timed on fewer draws and scaled, which is exact because
its time is proportional to them.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from evenhand import statistics as evenhand_statistics

DRAWS, LOOP_DRAWS = 10_000, 500


def plain_loop(table: np.ndarray, generator: np.random.Generator, draws: int) -> np.ndarray:
    """Crossed bootstrap as a loop: one drawn table per turn."""
    seeds, items = table.shape
    means = np.empty(draws)
    for draw in range(draws):
        rows, columns = generator.integers(0, seeds, seeds), generator.integers(0, items, items)
        means[draw] = table[np.ix_(rows, columns)].mean()
    return means


def pure_python_loop(table: list[list[float]], generator: np.random.Generator, draws: int) -> list[float]:
    """The same without numpy in the inner loop."""
    seeds, items = len(table), len(table[0])
    means = []
    for _ in range(draws):
        rows = generator.integers(0, seeds, seeds).tolist()
        columns = generator.integers(0, items, items).tolist()
        means.append(sum(table[row][column] for row in rows for column in columns) / (seeds * items))
    return means


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Median wall time; one call before the first counts for nothing."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def measure(repeats: int) -> dict[str, float]:
    """Every figure, in seconds."""
    generator = np.random.default_rng(0)
    scores = [(generator.random((10, 2000)) < rate).astype(float) for rate in (0.50, 0.55)]
    table = scores[1] - scores[0]
    wide = generator.standard_normal((10, 1_000_000))
    items = (generator.random(2000) < 0.55) * 1.0 - (generator.random(2000) < 0.5)
    listed = table.tolist()
    calls: dict[str, Callable[[], object]] = {
        "crossed bootstrap, 10 x 2,000, 10,000 draws": lambda: evenhand_statistics.crossed_bootstrap(
            table, np.random.default_rng(1), draws=DRAWS
        ),
        f"plain numpy loop, 10 x 2,000, {LOOP_DRAWS} draws": lambda: plain_loop(
            table, np.random.default_rng(1), LOOP_DRAWS
        ),
        "plain Python loop, 10 x 2,000, 20 draws": lambda: pure_python_loop(listed, np.random.default_rng(1), 20),
        "two-way estimate, 10 x 1,000,000": lambda: evenhand_statistics.two_way_estimate(wide),
        "paired contrast with everything beside it, 10 x 1,000": lambda: evenhand_statistics.paired_contrast(
            baseline=scores[0][:, :1000], variant=scores[1][:, :1000], generator=np.random.default_rng(1)
        ),
        "paired contrast without bootstrap, 10 x 1,000": lambda: evenhand_statistics.paired_contrast(
            baseline=scores[0][:, :1000], variant=scores[1][:, :1000]
        ),
        "sign flips of 40 seeds, exact": lambda: evenhand_statistics.sign_flip(generator.standard_normal(40)),
        "betting test over 2,000 items": lambda: evenhand_statistics.betting_test(items),
        "look plan (4, 9), 400,000 simulated experiments": lambda: evenhand_statistics.plan_looks((4, 9)),
    }
    return {name: seconds(call, repeats) for name, call in calls.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the statistics.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    figures = measure(options.repeats)
    names = list(figures)
    per_draw = figures[names[0]] / DRAWS
    ratios = {
        "crossed bootstrap against the numpy loop": figures[names[1]] / LOOP_DRAWS / per_draw,
        "crossed bootstrap against the Python loop": figures[names[2]] / 20 / per_draw,
    }
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    print("\n| what | median seconds |\n| --- | --- |")
    print("\n".join(f"| {name} | {value:.4f} |" for name, value in figures.items()))
    print("\n| ratio, per draw | times faster |\n| --- | --- |")
    print("\n".join(f"| {name} | {value:.0f} |" for name, value in ratios.items()))
    if options.json:
        content = {"seconds": figures, "ratios": ratios}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
