"""How many steps fail after each way of learning a potential at lookahead 10, on development trajectories and random n.

Run: python benchmarks/lyapunov_search.py [--seeds 2] [--processes 2]; quick: --seeds 1 --ways 1

Development: numbers above 1000 on the longest of 300 trajectories per draw, 8 to 39 bits, up to where they merge into a
test trajectory. Random n: 20,000 of seed 777. Small n: numbers up to 1000 on trajectories of n < 30,000 outside
the test steps, weighted by visits, beside far larger numbers with the same valuations and residue. Seeds from 100.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import cache
from multiprocessing import get_context

import numpy as np

from evenhand_systems.lyapunov.measures import decide
from evenhand_systems.lyapunov.numbers.arithmetic import steps_to_one, trajectory
from evenhand_systems.lyapunov.numbers.evaluation_set import generate
from evenhand_systems.lyapunov.numbers.trajectories import listed_steps
from evenhand_systems.lyapunov.potentials.gradual import learn_gradually
from evenhand_systems.lyapunov.potentials.potential import Potential
from evenhand_systems.lyapunov.potentials.problem import Measure
from evenhand_systems.lyapunov.potentials.search import learn

LOOKAHEAD, SMALL, FAR = 10, 1000, (81 << 200) * 2
Way = tuple[str, int, int, int, float, float]
WAYS: tuple[Way, ...] = (
    # name, window, residue power, starts (0: plain), weights of trajectories and of hovering
    ("plain, window 7", 7, 3, 0, 0.0, 3.0),
    ("plain, window 8", 8, 3, 0, 0.0, 3.0),
    ("gradual, window 7", 7, 3, 8, 2.0, 2.0),
    ("gradual, window 8", 8, 3, 8, 2.0, 2.0),
    ("gradual, window 8, hovering weighed 6", 8, 3, 8, 2.0, 6.0),
    ("gradual, window 8, 24 starts", 8, 3, 24, 2.0, 2.0),
    ("gradual, window 8, modulo 81", 8, 4, 8, 2.0, 2.0),
)


@cache
def development() -> list[int]:
    """Numbers above 1000, in order; none of them is a test step."""
    test = {n for n in listed_steps().distinct if n > SMALL}
    rng, found = np.random.default_rng(20261), set()
    for bits in range(8, 40):
        low = 2.0 ** (bits - 1)
        for _ in range(6):
            longest = max(sorted({int(v) | 1 for v in rng.uniform(low, 2 * low, 300)}), key=steps_to_one)
            for n in trajectory(longest):
                if n <= SMALL or n in test:
                    break
                found.add(n)
    return sorted(found)


@cache
def small() -> tuple[list[int], np.ndarray]:
    """Numbers up to 1000 that are no test step, and how often trajectories visit them, as shares."""
    test, visits = set(listed_steps().distinct), Counter[int]()
    for start in range(3, 30001, 2):
        for n in trajectory(start):
            if n in test or n == 1:
                break
            if n <= SMALL:
                visits[n] += 1
    numbers = sorted(visits)
    counts = np.array([visits[n] for n in numbers], float)
    return numbers, counts / counts.sum()


def learned(way: Way, seed: int) -> Potential:
    """A potential of the way, with the head that is left of the lookahead."""
    _, window, power, starts, visited, hovering = way
    measure = Measure(1.0, visited, hovering)
    if starts:
        found = learn_gradually(window, residue_power=power, measure=measure, starts=starts, seed=seed)
    else:
        found = learn(window, residue_power=power, measure=measure, sweeps=12, seed=seed)
    return found.with_head(LOOKAHEAD - window)


def measured(job: tuple[Way, int]) -> tuple[float, float, float, float]:
    """Development violations per 429, pass % on random n, failing % of small n and of large n like them."""
    model = learned(*job)
    numbers, shares = small()
    fails = [~decide(model, n).passes for n in (development(), numbers)]
    large = ~decide(model, [n + FAR for n in numbers]).passes
    passed = decide(model, generate(20_000, seed=777).limbs).passes
    return (429 * float(fails[0].mean()), 100 * float(passed.mean()), 100 * float(shares[fails[1]].sum()),
            100 * float(shares[large].sum()))  # fmt: skip


def main() -> None:
    """Print a table: the range over seeds of each figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--ways", type=int, default=len(WAYS), help="only the first of them")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    ways = WAYS[: options.ways]
    jobs = [(way, 100 + seed) for way in ways for seed in range(options.seeds)]
    with get_context("spawn").Pool(options.processes) as pool:
        found = np.array(pool.map(measured, jobs, chunksize=1)).reshape(len(ways), options.seeds, 4)
    print(f"{len(development())} development numbers, {len(small()[0])} small ones, {options.seeds} seeds.\n")
    print("| way of learning | development violations per 429 | random n, pass % | small n, fail % | large like them |")
    print("|---|---|---|---|---|")
    for way, rows in zip(ways, found, strict=True):
        ends = zip(rows.min(0), rows.max(0), (1, 2, 1, 1), strict=True)
        cells = [f"{low:.{d}f}" if low == high else f"{low:.{d}f} to {high:.{d}f}" for low, high, d in ends]
        print(f"| {way[0]} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
