"""The driver's work: what this process does for each trial while 10,000 trials x 1,000 items run over 200 slots.

    TMPDIR=/dev/shm .venv/bin/python benchmarks/driver.py [--seeds 18 91 182] [--slots 200]

The slots are simulated (``evenhand.testing.slots``): outcomes are drawn, nothing runs, and drawing is left out of the
figures. All else is what ``evenhand run`` does: the pool, the ledger with its tables and its fsync, progress, the
observer. Claims of three sizes (990, 5,005 and 10,010 trials) show whether the work grows with the trials that were
there before: the ratio of a trial's work to that in the smallest claim is 1 where it is linear in new outcomes. The
verdict at the end is a figure of its own. Prints a Markdown table; processor time is the steadier figure on a busy
machine, and a folder in memory (TMPDIR) leaves the disk's fsync out.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from evenhand.claims.load import all_trials, load_claim
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial, stream
from evenhand.running.observer import Observer
from evenhand.running.run import run_claims
from evenhand.testing.slots import SimulatedSlots
from ledger_size import ITEMS, RECIPE, claim_text, drawn


class Watch(Observer):
    """Notes the clocks of this process whenever a trial has ended, without the time that drawing took."""

    watches_contrasts = False

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []
        self.drawing = np.zeros(2)

    def draw(self, trial: Trial) -> Outcome:
        """An outcome, on no account."""
        before = np.array([time.perf_counter(), time.process_time()])
        found = drawn(trial)
        self.drawing += np.array([time.perf_counter(), time.process_time()]) - before
        return found

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """One more."""
        clocks = np.array([time.perf_counter(), time.process_time()]) - self.drawing
        self.times.append((float(clocks[0]), float(clocks[1])))
        if len(self.times) % 1000 == 0:
            wall, processor = (clocks - self.times[-1000]) * 1000 / 999
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            told = f"{len(self.times):,} trials; of the last 1,000 each {wall:.1f} ms, {processor:.1f} of the processor"
            print(f"{told}; {memory:.0f} MiB", file=sys.stderr, flush=True)


def measure(seeds: int, slots: int) -> None:
    """Run a claim of so many seeds and print a row of the table."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "drawn.py").write_text(RECIPE)
        path = folder / "claim.toml"
        path.write_text(claim_text(seeds))
        loaded = load_claim(path)
        trials = len(all_trials(loaded.resolved))
        place = SimulatedSlots(watch.draw, slots, lambda trial: float(stream("seconds", trial.id).uniform(1, 2)))
        began = time.process_time()
        with Ledger(folder / "ledger") as ledger:
            run_claims([loaded], ledger, jobs=slots, observers={loaded.resolved.name: watch}, executor=place)
        whole = time.process_time() - began - watch.drawing[1]
    steps = np.diff(np.array(watch.times), axis=0) * 1000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    quarter = len(steps) // 4
    first, last = steps[:quarter, 1].mean(), steps[-quarter:, 1].mean()
    verdict = whole - steps[:, 1].sum() / 1000
    print(
        f"| {trials:,} | {steps[:, 0].mean():.1f} | {steps[:, 1].mean():.1f} | {np.percentile(steps[:, 1], 99):.1f} "
        f"| {first:.1f} / {last:.1f} | {verdict:.1f} | {memory:.0f} |",
        flush=True,
    )


def main() -> None:
    """Measure each size in a process of its own, so that each has its own peak of memory."""
    parser = argparse.ArgumentParser(description="The driver's work per trial.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[18, 91, 182])
    parser.add_argument("--slots", type=int, default=200)
    parser.add_argument("--one", action="store_true", help="measure here, and print a row alone")
    options = parser.parse_args()
    if options.one:
        measure(options.seeds[0], options.slots)
        return
    print(f"{options.slots} slots, {ITEMS:,} items a trial; load {os.getloadavg()[0]:.1f}", end="\n\n")
    print("| trials | wall, ms each | processor, ms each | 99 % below | first / last quarter | verdict, s | MiB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    each = []
    for seeds in options.seeds:
        command = [sys.executable, __file__, "--one", "--slots", str(options.slots), "--seeds", str(seeds)]
        row = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        print(row, flush=True)
        each.append([cell.strip() for cell in row.strip("|").split("|")])
    ratios = (f"{float(row[2]) / float(each[0][2]):.2f} at {row[0]}" for row in each[1:])
    print(f"\nA trial's processor time beside that in the claim of {each[0][0]} trials: {', '.join(ratios)}.")


if __name__ == "__main__":
    main()
