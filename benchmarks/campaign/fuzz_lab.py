"""Damaged files for what the lab itself reads: claims, outcome files, results of other programs, logs under audit.

Part of ``make campaign``, as ``fuzz_data``. Held is an attack that is answered by an error of evenhand naming the file,
or by reading what is still sound. A log under audit is read whatever it holds; held means that no rule breaks on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.campaign.fuzz_data import Target, attack, bytes_of, json_of
from benchmarks.campaign.rows import Row
from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_log
from evenhand.claims.load import load_claim
from evenhand.execution import outcome_file
from evenhand.runs.find import read_runs
from tests.runs import logs

CLAIM = b"""name = "toy"
question = "Is on better?"
recipe = "toy:run"
[metric]
name = "accuracy"
margin = 0.02
direction = "maximise"
floor = 0.0
ceiling = 1.0
[budget]
unit = "steps"
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.lr = 0.1
[[rung]]
name = "confirm"
budget = 10
seeds = [0, 1, 2]
items = 20
looks = [2, 3]
"""

RECIPE = """
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    lr: float = 0.01


@recipe(metrics={"accuracy": Metric(floor=0.0, ceiling=1.0)}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    return {"accuracy": settings.lr}
"""

OUTCOME = {
    "metrics": {"accuracy": 0.5},
    "items": {"accuracy": {"ids": ["a", "b"], "scores": [0.0, 1.0], "outputs": ["x", "y"]}},
    "curves": {"loss": {"steps": [1, 2], "values": [0.5, None]}},
    "spent": {"steps": 10},
    "undefined": {"loss": "not computed"},
}

LOG = b"""# Replay

| arm | accuracy | loss | n |
|---|---|---|---|
| off | 0.504 +- 0.02 | 1.21 | 128 |
| on | 0.539 +- 0.02 | 1.18 | 128 |

mean d_acc = +0.0339, std 0.0205, seed deltas +.0156, +.0234, +.0625: stable positive.
Budget 80 s against 220 s; best of 12 evaluations (p = 0.03, 95% CI [0.01, 0.06]).
"""

TRAINER = {
    "global_step": 20, "epoch": 1.0, "max_steps": 20, "num_train_epochs": 1, "train_batch_size": 8,
    "log_history": [{"step": s, "epoch": s / 20, "loss": 1 / s, "eval_loss": 1.5 / s} for s in (10, 20)],
}  # fmt: skip


def campaign(folder: Path, seconds: float, seed: int) -> list[Row]:
    """Attack every reader for an equal share of the time; each meets at least one batch of mutations."""
    chosen = targets(folder)
    end = time.monotonic() + seconds
    rows = []
    for number, target in enumerate(chosen):
        share = max(0.0, end - time.monotonic()) / (len(chosen) - number)
        rows.append(attack(target, folder / f"lab{number}", time.monotonic() + share, seed))
    return rows


def targets(folder: Path) -> list[Target]:
    """All readers of this part; what is damaged is sound at first.

    Raises:
        EvenhandError: a sound file is refused.
    """
    samples = logs.lm_eval(folder / "lm_eval", [1.0, 0.0, 1.0])
    (folder / "toy.py").write_text(RECIPE)
    (folder / "claim.toml").write_bytes(CLAIM)
    load_claim(folder / "claim.toml")
    table = b"arm,seed,item,score\noff,0,a,0\noff,0,b,1\non,0,a,1\non,0,b,1\n"
    lines = [{"id": f"q{i}", "score": i % 2, "output": "x"} for i in range(4)]
    return [
        Target("claim file", "claim.toml", _claim, bytes_of(CLAIM)),
        Target("outcome file", "outcome.json", outcome_file.read, json_of(OUTCOME)),
        Target("results CSV", "results.csv", _runs(), bytes_of(table)),
        Target("results JSON lines", "results.jsonl", _runs(), json_of(lines, lines=True)),
        Target("lm-eval samples", samples.name, _runs("lm-eval"), bytes_of(samples.read_bytes())),
        Target("Inspect log", "log.json", _runs("inspect"), json_of(logs.inspect_log(["C", "I", "C"]))),
        Target("trainer_state.json", "trainer_state.json", _runs(), json_of(TRAINER)),
        Target("log under audit", "log.md", _audited, bytes_of(LOG)),
    ]


def _claim(path: Path) -> object:
    (path.parent / "toy.py").write_text(RECIPE)
    return load_claim(path)


def _runs(form: str = "") -> Callable[[Path], object]:
    return lambda path: read_runs(str(path), form)


def _audited(path: Path) -> object:
    """A file that is no log is refused; of one that is, every rule looks at every line."""
    return audit([open_log(path)])
