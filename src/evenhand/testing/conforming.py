"""The recipe that the suite of executors runs, its jobs, and what a driver does with them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from evenhand.execution.executor import Executor, Finished, last_progress
from evenhand.execution.worker import Job
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import ItemSet, Trial

RECIPE = "conforming:run"
"""The recipe that the suite runs; its file is written into the folder that the executor gets."""

PATIENCE_SECONDS = 120.0
"""After which a trial that has not ended counts as lost."""

AWAY_SECONDS = 10.0
"""So long the shared file system is away in the suite."""

SOURCE = '''"""Trials that end in every way, for the conformance suite of executors."""
import os, pathlib, signal, time
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    ending: str = "well"
    marker: str = ""
    pause: float = 0.0


@recipe(metrics={"score": Metric(), "other": Metric()}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    state = bench.resume() or {"step": 0}
    if settings.ending == "slow":
        with open(settings.marker, "a") as file:
            file.write("began\\n")
    for step in range(int(state["step"]), int(bench.budget.amount)):
        bench.budget.spend(steps=1)
        bench.log(step + 1, loss=1.0 / (step + 1))
        bench.checkpoint({"step": step + 1})
        if step == 1 and settings.ending == "raises":
            raise ValueError("a fault in the recipe")
        if step == 1 and settings.ending == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if step == 1 and settings.ending == "killed once" and not pathlib.Path(settings.marker).exists():
            pathlib.Path(settings.marker).write_text("once")
            os.kill(os.getpid(), signal.SIGKILL)
        if step == 1 and settings.ending == "exits":
            os._exit(7)
        if step == 1 and settings.ending == "hoards":
            hoard = bytearray(4 * 2**30)
        if step == 1 and settings.ending == "fills":
            hoard = bytes(range(256)) * (2**30 // 256)
            time.sleep(30)
        if step == 1 and settings.ending == "nan":
            return {"other": float("nan")}
        while settings.ending == "never":
            time.sleep(0.05)
        since = time.monotonic()
        while step == 1 and settings.ending == "outlives its folder" and time.monotonic() < since + 5:
            if not pathlib.Path(settings.marker).exists():
                break
            time.sleep(0.02)
        time.sleep(settings.pause)
    bench.notes["began at"] = str(state["step"])
    draws = bench.rng("init").random(3)
    bench.items("score", [str(i) for i in range(3)], draws.tolist())
    return {}
'''


def job_of(folder: Path, name: str, *, steps: int = 5, memory_gib: float | None = None, **settings: Any) -> Job:
    """A job of the suite's recipe."""
    told = {"ending": "well", "marker": "", "pause": 0.0, **settings}
    trial = Trial("c", "arm", "condition", "rung", 1, RECIPE, "version 1", told, "steps", steps, ItemSet("rung", 0, 3))
    return Job(trial, str(folder), str(folder / "work" / name), str(folder / "assets"), 1, memory_gib)


def slow_job(folder: Path, name: str) -> Job:
    """A job that takes a few seconds, saves a checkpoint at each step and notes each time that it begins."""
    return job_of(folder, name, steps=25, ending="slow", pause=0.1, marker=str(folder / f"{name}.began"))


def begun(folder: Path, name: str) -> int:
    """How often the process of a slow job has begun."""
    path = folder / f"{name}.began"
    return path.read_text().count("began") if path.exists() else 0


def await_progress(executor: Executor, workdir: Path, steps: float = 3) -> None:
    """Wait until a running trial has come so far."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while ((last_progress(workdir) or {}).get("spent") or 0) < steps:
        assert time.monotonic() < deadline, f"the trial in {workdir.name} did not come to step {steps:g}"
        told = executor.wait(0.1)
        assert not told, f"the trial in {workdir.name} ended early: {told[0].outcome.failure}"


def to_its_end(executor: Executor, job: Job, attempt: int = 1) -> tuple[Outcome, int]:
    """What a driver does about a trial that is under way: as often as it ends for no fault of its own, it starts again.

    Returns:
        Its outcome, and how many attempts were counted.
    """
    for _ in range(4):
        told = ended(executor, 1)[0]
        failure = told.outcome.failure
        if not told.pending_again and (failure is None or failure.kind != "infrastructure"):
            return told.outcome, attempt
        print(f"attempt {attempt} ended: {told.pending_again or failure}")  # shown where a test fails
        attempt += not told.pending_again
        executor.start("key", job, attempt, None)
    raise AssertionError(f"the trial did not come to its end: {failure}")


def run(executor: Executor, job: Job, attempt: int = 1, limit: float | None = None) -> Finished:
    """Run one job to its end."""
    executor.start("key", job, attempt, limit)
    return ended(executor, 1)[0]


def ended(executor: Executor, count: int) -> list[Finished]:
    """Wait until so many trials have ended."""
    found: list[Finished] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count:
        assert time.monotonic() < deadline, f"{count - len(found)} of {count} trials did not end"
        found += executor.wait(0.1)
    return found
