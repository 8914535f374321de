"""What every executor must do, as a suite that an executor of one's own can be put through.

@pytest.mark.parametrize("case", executors.CASES, ids=lambda case: case.name)
def test_my_executor_conforms(case, tmp_path):
    case.check(lambda folder: MyExecutor([executors.RECIPE], folder, jobs=2), tmp_path)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.execution.executor import Executor, Finished, last_progress
from evenhand.execution.worker import Job
from evenhand.recipes.trial import ItemSet, Trial

RECIPE = "conforming:run"
"""The recipe that the suite runs; its file is written into the folder that the executor gets."""

PATIENCE_SECONDS = 120.0
"""After which a trial that has not ended counts as lost."""

_SOURCE = '''"""Trials that end in every way, for the conformance suite of executors."""
import os, pathlib, signal, time
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    ending: str = "well"
    marker: str = ""


@recipe(metrics={"score": Metric()}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    state = bench.resume() or {"step": 0}
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
        while settings.ending == "never":
            time.sleep(0.05)
    bench.notes["began at"] = str(state["step"])
    draws = bench.rng("init").random(3)
    bench.items("score", [str(i) for i in range(3)], draws.tolist())
    return {}
'''

Make = Callable[[Path], Executor]
"""Makes the executor, given the folder of the claims; two trials at a time where it can."""


@dataclass(frozen=True)
class Case:
    """One thing that an executor must do; ``check`` raises an AssertionError that says what it did instead."""

    name: str
    body: Callable[[Executor, Path], None]

    def check(self, make: Make, folder: Path) -> None:
        """Open the executor on a folder that holds the suite's recipe, and try it."""
        (folder / "conforming.py").write_text(_SOURCE)
        with make(folder) as executor:
            self.body(executor, folder)


def job_of(folder: Path, name: str, *, steps: int = 5, **settings: Any) -> Job:
    """A job of the suite's recipe."""
    told = {"ending": "well", "marker": "", **settings}
    trial = Trial("c", "arm", "condition", "rung", 1, RECIPE, "version 1", told, "steps", steps, ItemSet("rung", 0, 3))
    return Job(trial, str(folder), str(folder / "work" / name), str(folder / "assets"), 1)


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


def _same_scores_wherever(executor: Executor, folder: Path) -> None:
    one, two = (run(executor, job_of(folder, name)).outcome for name in ("one", "two"))
    assert one.failure is None, one.failure
    assert one.items["score"].scores.tolist() == two.items["score"].scores.tolist()
    assert one.spent["steps"] == 5
    assert one.curves["loss"].values.tolist() == [1.0, 0.5, 1 / 3, 0.25, 0.2]


def _endings_told_apart(executor: Executor, folder: Path) -> None:
    for ending, kind in (("raises", "code"), ("killed", "infrastructure")):
        failure = run(executor, job_of(folder, ending, ending=ending)).outcome.failure
        assert failure is not None, f"a trial that is {ending} came back as if it had ended well"
        assert failure.kind == kind, f"a trial that is {ending} came back as '{failure.kind}', not as '{kind}'"


def _time_limit(executor: Executor, folder: Path) -> None:
    failure = run(executor, job_of(folder, "never", ending="never"), limit=1.0).outcome.failure
    assert failure is not None
    assert failure.kind == "timeout", f"a trial past its limit came back as '{failure.kind}'"


def _goes_on_from_a_checkpoint(executor: Executor, folder: Path) -> None:
    job = job_of(folder, "again", ending="killed once", marker=str(folder / "marker"))
    assert run(executor, job).outcome.failure is not None
    outcome = run(executor, job, attempt=2).outcome
    assert outcome.failure is None, outcome.failure
    assert outcome.notes["began at"] == "2", "the second attempt did not go on from the checkpoint"
    assert outcome.spent["steps"] == 5


def _an_old_outcome_is_not_taken_for_a_new_one(executor: Executor, folder: Path) -> None:
    assert run(executor, job_of(folder, "same")).outcome.failure is None
    assert run(executor, job_of(folder, "same", ending="raises")).outcome.failure is not None


def _what_runs_is_told(executor: Executor, folder: Path) -> None:
    free = executor.free
    assert 1 <= free <= executor.jobs
    executor.start("slow", job_of(folder, "slow", ending="never"), 1, 3.0)
    assert executor.free == free - 1
    assert list(executor.running) == ["slow"]
    deadline, seen = time.monotonic() + PATIENCE_SECONDS, None
    while seen is None and time.monotonic() < deadline and "slow" in executor.running:
        assert not executor.wait(0.1)
        seen = last_progress(folder / "work" / "slow")
    assert seen is not None, "the progress of a running trial is not seen"
    assert executor.elapsed("slow") > 0
    assert [one.key for one in ended(executor, 1)] == ["slow"]
    assert executor.free == free
    assert not executor.running


CASES: tuple[Case, ...] = (
    Case("the same trial gives the same scores, costs and curves", _same_scores_wherever),
    Case("endings are told apart", _endings_told_apart),
    Case("a trial past its limit is stopped", _time_limit),
    Case("a killed trial goes on from its checkpoint", _goes_on_from_a_checkpoint),
    Case("an old outcome is not taken for a new one", _an_old_outcome_is_not_taken_for_a_new_one),
    Case("what runs is told, with its progress", _what_runs_is_told),
)
"""The suite."""
