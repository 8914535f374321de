"""Speed of a verdict: a claim with 10 variants x 4 conditions x 10 seeds x 1,000 items, from a cold ledger.

Run from the checkout's root::

    python benchmarks/verdict.py                      # medians of 5 repeats; writing the ledger is not timed
    python benchmarks/verdict.py --repeats 3 --json figures.json
    python benchmarks/verdict.py --profile            # where the time goes, in one more process

The claim and its ledger (440 trials with their item scores) are written into a temporary folder first. Each repeat is
``evenhand verdict CLAIM.toml --json`` in a fresh process, start of Python and imports included. CPU time stands beside
wall time: on a busy machine it is the steadier figure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from evenhand.claims.load import all_trials, load_claim
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, ItemScores, Outcome
from evenhand.recipes.trial import Trial

VARIANTS, CONDITIONS, SEEDS, ITEMS = 10, 4, 10, 1000

RECIPE = '''
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    variant: int = 0
    length: int = 0


@recipe(metrics={"accuracy": Metric(floor=0.0, ceiling=1.0)}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    """Never run here: the benchmark writes the outcomes."""
    return {}
'''


def claim_text() -> str:
    """The claim, as TOML."""
    parts = ['recipe = "drawn:run"', '[metric]\nname = "accuracy"\nmargin = 0.03']
    parts.append('[[arm]]\nname = "baseline"\nrole = "baseline"')
    parts += [f'[[arm]]\nname = "v{v}"\nrole = "variant"\nsettings.variant = {v}' for v in range(1, VARIANTS + 1)]
    parts += [f'[[condition]]\nname = "c{c}"\nsettings.length = {c}' for c in range(1, CONDITIONS + 1)]
    parts.append(f'[[rung]]\nname = "confirm"\nbudget = 100\nseeds = {list(range(SEEDS))}\nitems = {ITEMS}')
    return "\n".join(parts) + "\n"


def drawn(trial: Trial) -> Outcome:
    """Right-or-wrong answers to 1,000 items; even variants are better."""
    rng = trial.rng(f"{trial.settings['variant']} {trial.settings['length']}")
    shared = trial.rng(f"pair {trial.settings['length']}").normal(0, 0.02)
    difficulty = np.random.default_rng(trial.settings["length"]).normal(0.6, 0.15, ITEMS)
    effect = 0.02 if trial.settings["variant"] % 2 == 0 and trial.settings["variant"] else 0.0
    right = rng.random(ITEMS) < difficulty + shared + effect + rng.normal(0, 0.01)
    ids = tuple(f"item-{i:04d}" for i in range(ITEMS))
    scores = {"accuracy": ItemScores(ids, right.astype(np.float64))}
    return Outcome(items=scores, spent={"steps": trial.amount}, grain={"steps": 1.0})


def write(folder: Path) -> Path:
    """Write recipe, claim and ledger into a folder; gives the claim's path."""
    (folder / "drawn.py").write_text(RECIPE)
    path = folder / "claim.toml"
    path.write_text(claim_text())
    claim = load_claim(path).resolved
    ledger = Ledger(folder / "ledger")
    for trial in all_trials(claim):
        ledger.record_outcome(trial, drawn(trial), Execution(seconds=1.0), claim.hash, {"machine": "drawn"})
    ledger.close()
    return path


def command(path: Path) -> list[str]:
    """The command that is timed."""
    return [sys.executable, "-m", "evenhand", "verdict", str(path), "--ledger", str(path.parent / "ledger")]


def once(path: Path) -> tuple[float, float]:
    """Wall and CPU seconds of one verdict in a fresh process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([*command(path), "--json"], capture_output=True, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(json.loads(done.stdout)["verdicts"]) == VARIANTS * CONDITIONS
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of a verdict from a cold ledger.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder))
        runs = [once(path) for _ in range(options.repeats)]
        if options.profile:
            profiled = [sys.executable, "-m", "cProfile", "-s", "cumtime", *command(path)[1:]]
            print("\n".join(subprocess.run(profiled, capture_output=True, text=True, check=True).stdout.splitlines()))
    figures = {
        "claim": f"{VARIANTS} variants x {CONDITIONS} conditions x {SEEDS} seeds x {ITEMS} items",
        "wall seconds, median": round(median(wall for wall, _ in runs), 3),
        "wall seconds, range": [round(min(w for w, _ in runs), 3), round(max(w for w, _ in runs), 3)],
        "CPU seconds, median": round(median(cpu for _, cpu in runs), 3),
        "goal, seconds": 2.0,
        "load before": round(os.getloadavg()[0], 1),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, numpy {np.__version__}",
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
