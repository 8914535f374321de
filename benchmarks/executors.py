"""What each place costs per trial beside slots on this machine, in one run; how often Slurm is asked of 1,000 jobs.

    .venv/bin/python benchmarks/executors.py [--trials 12] [--queued 1000] [--seconds 65]

The trials do next to nothing. Slurm and Ray run on this very machine: a controller and three nodes with munge, a head
and two nodes. What is measured is therefore what the places themselves cost, not a network. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the Slurm of the tests

from evenhand.execution.executor import Executor  # noqa: E402
from evenhand.execution.profiles import Profile  # noqa: E402
from evenhand.testing.conforming import SOURCE, ended, job_of, run  # noqa: E402
from tests.execution import places, ray_nodes, slurm_cluster  # noqa: E402

ALONE = 5
"""Trials that are run one after the other."""


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder with the recipe of the executors' suite."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "conforming.py").write_text(SOURCE)
        yield Path(name)


def measure(make: Callable[[Path], Executor], trials: int) -> tuple[float, float, float, float]:
    """Seconds: to open the place; from start to told of one alone; per trial of many; of a process. Two are medians."""
    with folder() as here:
        begun = time.perf_counter()
        with make(here) as executor:
            run(executor, job_of(here, "first"))
            opened = time.perf_counter() - begun
            alone, processes = [], []
            for number in range(ALONE):
                begun = time.perf_counter()
                told = run(executor, job_of(here, f"alone-{number}"))
                alone.append(time.perf_counter() - begun)
                processes.append(told.execution.seconds)
                assert told.outcome.failure is None, told.outcome.failure
            begun = time.perf_counter()
            waiting = [str(number) for number in range(trials)]
            done = 0
            while done < trials:
                while waiting and executor.free:
                    key = waiting.pop()
                    executor.start(key, job_of(here, key), 1, None)
                done += len(ended(executor, 1))
            together = (time.perf_counter() - begun) / trials
    return opened, median(alone), together, median(processes)


def queued(number: int, seconds: float) -> tuple[float, int, int, float, float]:
    """Seconds to submit so many jobs, arrays, commands to Slurm, seconds that were waited, and to cancel them.

    They wait for nodes that are not up: all of them are in the queue for the whole time.
    """
    profile = Profile(executor="slurm", partition="apart", jobs=number)
    with folder() as here:
        (here / "slurm").mkdir()
        (here / "slurm" / "seen-from-apart.txt").write_text(f"n4\n{here / 'slurm'}\n")
        with places.Slurm(profile, here / "slurm") as executor:
            begun = time.perf_counter()
            for one in range(number):
                executor.start(str(one), job_of(here, str(one)), 1, None)
            executor.wait(0.0)
            submitted = time.perf_counter() - begun
            arrays = {places.slurm_id(path).partition("_")[0] for path in (here / "work").iterdir()}
            before, begun = len(executor.queue.asked), time.perf_counter()
            while time.perf_counter() - begun < seconds:
                executor.wait(0.2)
            asked, waited = len(executor.queue.asked) - before, time.perf_counter() - begun
            begun = time.perf_counter()
        return submitted, len(arrays), asked, waited, time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--queued", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=65)
    parser.add_argument("--without-ray", action="store_true")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    found = {"local": measure(places.local, options.trials)}
    with slurm_cluster.cluster() as cluster:
        os.environ.update(cluster.variables)
        found["slurm"] = measure(places.slurm, options.trials)
        submitted, arrays, asked, waited, cancelled = queued(options.queued, options.seconds)
    if not options.without_ray:
        with ray_nodes.cluster():
            found["ray"] = measure(places.ray, options.trials)
    print(f"{options.trials} trials together, {ALONE} alone; load {os.getloadavg()[0]:.0f}\n")
    print(
        "| place | opened, first trial included, s | one alone, s | beside local | of many, s each | its process, s |"
    )
    print("|---|---|---|---|---|---|")
    for name, (opened, alone, together, process) in found.items():
        more = alone - found["local"][1]
        print(f"| {name} | {opened:.2f} | {alone:.2f} | {more:+.2f} s | {together:.2f} | {process:.2f} |")
    print(
        f"\n{options.queued:,} trials went to Slurm in {submitted:.1f} s as {arrays} array{'s' * (arrays != 1)}; in "
        f"{waited:.0f} s with all of them queued it was asked {asked} times, {60 * asked / waited:.1f} a minute; "
        f"cancelled in {cancelled:.1f} s."
    )


if __name__ == "__main__":
    main()
