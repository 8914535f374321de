"""Speed at size: what a ledger of 10,000 trials x 1,000 items costs to ask, to decide, to show and to go on with.

    .venv/bin/python benchmarks/ledger_size.py [--seeds 182] [--folder FOLDER] [--json figures.json]

A claim of 10 variants x 5 conditions x 182 seeds (10,010 trials) with 1,000 items each is entered, and all but its last
``--left`` trials are recorded through the ledger itself. ``run`` then finishes it with real processes: the processor
time of its own process from one finished trial to the next is the driver's work, and all of it together with the
contrasts that are computed to be watched, at most a hundredth of the time. ``status``,
``verdict``, ``report`` and ``ledger verify`` follow, each in a fresh process, start of Python and imports included,
first as the run left the ledger and then again, and the same once more after ``ledger pack``. ``--folder`` keeps the
ledger, and takes up one that is there.
Processor time stands beside wall time: on a busy machine it is the steadier figure. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evenhand.claims.load import all_trials, load_claim
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, ItemScores, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.enter import fix_claim
from evenhand.running.observer import Observer
from evenhand.running.run import run_claim

VARIANTS, CONDITIONS, ITEMS = 10, 5, 1000

RECIPE = '''
import numpy as np

from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    variant: int = 0
    length: int = 0


@recipe(metrics={"accuracy": Metric(floor=0.0, ceiling=1.0)}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    """Right-or-wrong answers to 1,000 items; even variants are better."""
    difficulty = np.random.default_rng(settings.length).normal(0.6, 0.15, 1000)
    effect = 0.02 if settings.variant % 2 == 0 and settings.variant else 0.0
    shared = bench.rng(f"pair {settings.length}").normal(0, 0.02)
    rng = bench.rng(f"{settings.variant} {settings.length}")
    right = rng.random(1000) < difficulty + shared + effect + rng.normal(0, 0.01)
    bench.items("accuracy", [f"item-{i:04d}" for i in range(1000)], right.astype(float).tolist())
    bench.budget.spend(steps=bench.budget.amount)
    return {}
'''


@dataclass(frozen=True)
class Cost:
    """What one command took: wall and processor seconds, and the largest memory in MiB."""

    what: str
    wall: float
    processor: float
    memory: float


def claim_text(seeds: int) -> str:
    """The claim, as TOML."""
    parts = ['recipe = "drawn:run"', '[metric]\nname = "accuracy"\nmargin = 0.03']
    parts.append('[[arm]]\nname = "baseline"\nrole = "baseline"')
    parts += [f'[[arm]]\nname = "v{v}"\nrole = "variant"\nsettings.variant = {v}' for v in range(1, VARIANTS + 1)]
    parts += [f'[[condition]]\nname = "c{c}"\nsettings.length = {c}' for c in range(1, CONDITIONS + 1)]
    parts.append(f'[[rung]]\nname = "confirm"\nbudget = 100\nseeds = {list(range(seeds))}\nitems = {ITEMS}')
    return "\n".join(parts) + "\n"


def drawn(trial: Trial) -> Outcome:
    """What the recipe would return for a trial."""
    variant, length = trial.settings["variant"], trial.settings["length"]
    shared = trial.rng(f"pair {length}").normal(0, 0.02)
    rng = trial.rng(f"{variant} {length}")
    difficulty = np.random.default_rng(length).normal(0.6, 0.15, ITEMS)
    effect = 0.02 if variant % 2 == 0 and variant else 0.0
    right = rng.random(ITEMS) < difficulty + shared + effect + rng.normal(0, 0.01)
    ids = tuple(f"item-{i:04d}" for i in range(ITEMS))
    scores = {"accuracy": ItemScores(ids, right.astype(np.float64))}
    return Outcome(items=scores, spent={"steps": trial.amount}, grain={"steps": trial.amount})


def write(folder: Path, seeds: int, left: int) -> Path:
    """Write recipe, claim and ledger into a folder, all but ``left`` trials; gives the claim's path."""
    (folder / "drawn.py").write_text(RECIPE)
    path = folder / "claim.toml"
    path.write_text(claim_text(seeds))
    loaded = load_claim(path)
    ledger = Ledger(folder / "ledger")
    fix_claim(loaded, ledger, amend=False)
    trials = all_trials(loaded.resolved)
    origin = {"machine": {"processor": "drawn", "cores": 2}, "packages": {"numpy": np.__version__}, "git": None}
    for trial in trials[: len(trials) - left]:
        ledger.record_outcome(trial, drawn(trial), Execution(seconds=1.0), loaded.resolved.hash, origin)
    ledger.close()
    return path


class Watch(Observer):
    """Notes the processor time of this process whenever a trial has ended."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """One more."""
        self.times.append((time.perf_counter(), time.process_time()))


def finish(path: Path) -> list[Cost]:
    """Run the rest of the claim: what this process does per trial, the first contrasts to watch apart."""
    watch = Watch()
    ledger = Ledger(path.parent / "ledger")
    run_claim(load_claim(path), ledger, jobs=2, observer=watch)
    ledger.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steps = np.diff(np.array(watch.times), axis=0)
    first, (wall, cpu) = steps.sum(axis=0), np.median(steps, axis=0)
    what = f"run: this process, {len(steps)} trials"
    return [Cost(f"{what}, all with the contrasts shown", *first, memory), Cost(f"{what}, median", wall, cpu, memory)]


def timed(what: str, words: Sequence[str], path: Path) -> Cost:
    """One command in a fresh process."""
    command = [sys.executable, "-m", "evenhand", *words, "--ledger", str(path.parent / "ledger")]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, state, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(state)
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(what, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed at size.")
    parser.add_argument("--seeds", type=int, default=182)
    parser.add_argument("--left", type=int, default=24, help="trials that `run` finishes")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "claim.toml"
        if not path.exists():
            path = write(folder, options.seeds, options.left)
        trials = len(all_trials(load_claim(path).resolved))
        print(f"{trials:,} trials x {ITEMS:,} items; load {os.getloadavg()[0]:.1f}", end="\n\n")
        print("| what | wall, s | processor, s | memory, MiB |\n|---|---|---|---|")
        costs = []
        if len(Ledger(folder / "ledger").outcomes()) < trials:
            costs += finish(path)
        names = {"status": ["status", str(path)], "verdict": ["verdict", str(path)], "report": ["report", str(path)]}
        names["ledger verify"] = ["ledger", "verify"]
        for again in ("", ", again", ", packed", ", packed, again"):
            if again == ", packed":
                costs.append(timed("ledger pack", ["ledger", "pack"], path))
            costs += [timed(name + again, words, path) for name, words in names.items()]
        for cost in costs:
            print(f"| {cost.what} | {cost.wall:.3f} | {cost.processor:.3f} | {cost.memory:.0f} |")
    if options.json is not None:
        options.json.write_text(json.dumps([vars(cost) for cost in costs], indent=2) + "\n")


if __name__ == "__main__":
    main()
