"""What the lab costs per trial: everything but the recipe, with a process for each trial and with warm workers.

    .venv/bin/python benchmarks/lab_overhead.py [--trials 40] [--jobs 2]

Runs a claim whose recipe imports torch and does next to nothing; beside it the time a fresh interpreter takes to import
the same, which is what a process per trial costs without a fork server. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from evenhand.claims.load import load_claim
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer
from evenhand.running.run import run_claim, run_claims
from evenhand.testing.worlds import two_arms

RECIPE = """
import torch
from evenhand.recipes.contract import Bench, RecipeSettings

class Settings(RecipeSettings):
    size: float = 1.0

def run(settings: Settings, bench: Bench) -> dict[str, float]:
    bench.budget.spend(steps=1)
    value = float(torch.full((4, 4), settings.size).sum())
    ids = bench.item_set.choose(1000)
    bench.items("score", [str(i) for i in ids], [value / 100 + int(i) / 1e4 for i in ids])
    return {}
"""

CLAIM = two_arms("nothing:run", margin=0.01, variant="settings.size = 2.0", budget=1, seeds="{seeds}", items=500)


class Watch(Observer):
    """Collects how long each trial's process took beside its recipe."""

    def __init__(self) -> None:
        self.processes: list[float] = []
        self.recipes: list[float] = []

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """Keep the times of one trial."""
        assert outcome.failure is None, outcome.failure
        self.processes.append(execution.seconds)
        self.recipes.append(outcome.spent["seconds"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nothing.py").write_text(RECIPE)
        (folder / "c.toml").write_text(CLAIM.format(seeds=list(range(options.trials // 2))))
        watch, warm = Watch(), Watch()
        begun = time.perf_counter()
        run_claim(load_claim(folder / "c.toml"), Ledger(folder / "ledger"), jobs=options.jobs, observer=watch)
        whole = time.perf_counter() - begun
        loaded = load_claim(folder / "c.toml")
        observers = {loaded.resolved.name: warm}
        run_claims([loaded], Ledger(folder / "warm"), jobs=options.jobs, observers=observers, warm=True)
        begun = time.perf_counter()
        code = "import nothing; from evenhand.execution import worker"
        for _ in range(3):
            subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
        fresh = (time.perf_counter() - begun) / 3
    print(f"{options.trials} trials, {options.jobs} side by side\n")
    print("| what | seconds |\n|---|---|")
    print(f"| a trial's process, without its recipe (median) | {median(watch.processes) - median(watch.recipes):.3f} |")
    print(f"| the same with warm workers | {median(warm.processes) - median(warm.recipes):.3f} |")
    per_trial = (whole - sum(watch.recipes) / options.jobs) * options.jobs / options.trials
    print(f"| per trial, everything: server start, ledger, decision included | {per_trial:.3f} |")
    print(f"| a fresh interpreter that imports the same | {fresh:.3f} |")


if __name__ == "__main__":
    main()
