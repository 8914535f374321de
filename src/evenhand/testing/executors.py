"""What every executor must do, as a suite that an executor of one's own can be put through.

@pytest.mark.parametrize("case", executor_suite.CASES, ids=lambda case: case.name)
def test_my_executor_conforms(case, tmp_path):
    case.check(lambda folder: MyExecutor([executor_suite.RECIPE], folder, jobs=2), tmp_path)

``evenhand.testing.executor_suite`` is this module. A place that more can be done to than to start and end trials (its
nodes can be killed, its trials preempted) is given as a :class:`Place`; a case that its :attr:`~Place.hands` cannot act
out, passes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenhand.errors import EvenhandError
from evenhand.execution.executor import Executor, Finished, last_progress
from evenhand.execution.resources import Resources
from evenhand.execution.worker import Job
from evenhand.recipes.outcome import Outcome
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

Make = Callable[[Path], Executor]
"""Makes the executor, given the folder of the claims; two trials at a time where it can. Of a module, not a lambda,
where a driver that is killed is to be tried: that driver is a process of its own, which makes its own."""

Hand = Callable[[Executor, Path], None]
"""Does something to the trial of a folder that runs in an executor, and returns when it is done."""


@dataclass(frozen=True)
class Place:
    """A place where trials run, with what its test can do to it.

    Attributes:
        make: makes the executor.
        hands: name of what can be done (``kills a node``, ``preempts``, ``delivers twice``) to what does it.
        importable: ``make`` can be found by a process started anew.
    """

    make: Make
    hands: Mapping[str, Hand] = field(default_factory=dict)
    importable: bool = False


@dataclass(frozen=True)
class Case:
    """One thing that an executor must do; ``check`` raises an AssertionError that says what it did instead.

    Attributes:
        name: what it must do, in words.
        body: tries it with an open executor.
        needs: the hand that acts it out, where one is needed.
        whole: tries it with the place itself, for what one open executor cannot show.
    """

    name: str
    body: Callable[[Executor, Path], None] | None = None
    needs: str = ""
    hand: Callable[[Executor, Path, Hand], None] | None = None
    whole: Callable[[Place, Path], None] | None = None

    def concerns(self, place: Place) -> bool:
        """Whether it can be tried there."""
        return (not self.needs or self.needs in place.hands) and (self.whole is None or place.importable)

    def check(self, place: Make | Place, folder: Path) -> None:
        """Open the executor on a folder that holds the suite's recipe, and try it."""
        (folder / "conforming.py").write_text(_SOURCE)
        found = place if isinstance(place, Place) else Place(place)
        if not self.concerns(found):
            return
        if self.whole is not None:
            self.whole(found, folder)
            return
        with found.make(folder) as executor:
            if self.hand is not None:
                self.hand(executor, folder, found.hands[self.needs])
            elif self.body is not None:
                self.body(executor, folder)


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


def _same_scores_wherever(executor: Executor, folder: Path) -> None:
    one, two = (run(executor, job_of(folder, name)).outcome for name in ("one", "two"))
    assert one.failure is None, one.failure
    assert one.items["score"].scores.tolist() == two.items["score"].scores.tolist()
    assert one.spent["steps"] == 5
    assert one.curves["loss"].values.tolist() == [1.0, 0.5, 1 / 3, 0.25, 0.2]


def _endings_told_apart(executor: Executor, folder: Path) -> None:
    kinds = {"raises": "code", "killed": "infrastructure", "exits": "code", "nan": "diverged", "hoards": "resource"}
    waiting = {name: job_of(folder, name, ending=name, memory_gib=2.0) for name in kinds}
    found: dict[str, Outcome] = {}
    while waiting or executor.running:
        while waiting and executor.free:
            name, job = waiting.popitem()
            executor.start(name, job, 1, None)
        found |= {one.key: one.outcome for one in ended(executor, 1)}
    for name, kind in kinds.items():
        failure = found[name].failure
        assert failure is not None, f"a trial that is {name} came back as if it had ended well"
        assert failure.kind == kind, f"a trial that {name} came back as '{failure.kind}', not '{kind}': {failure}"


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


def _cancelled(executor: Executor, folder: Path) -> None:
    job = job_of(folder, "cancelled", ending="never")
    executor.start("key", job, 1, None)
    await_progress(executor, Path(job.workdir), 1)
    try:
        executor.cancel("key")
    except EvenhandError:
        return  # it says that it cannot, as it may
    assert "key" not in executor.running
    assert not executor.wait(0.5), "a trial that was cancelled was told of as if it had ended"
    assert run(executor, job_of(folder, "after")).outcome.failure is None, "after a cancelled trial none runs"


def _folder_away(executor: Executor, folder: Path) -> None:
    job = job_of(folder, "away", ending="outlives its folder", marker=str(folder / "work" / "away"))
    executor.start("key", job, 1, None)
    await_progress(executor, Path(job.workdir), 1)
    (folder / "work").rename(folder / "elsewhere")
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        assert not executor.wait(0.1), "a trial whose folder was away for a moment was given up"
    (folder / "elsewhere").rename(folder / "work")
    outcome = ended(executor, 1)[0].outcome
    assert outcome.failure is None, outcome.failure


def _goes_on_elsewhere(executor: Executor, folder: Path, hand: Hand) -> None:
    job = slow_job(folder, "moved")
    executor.start("key", job, 1, None)
    await_progress(executor, Path(job.workdir))
    hand(executor, Path(job.workdir))
    outcome, attempts = to_its_end(executor, job)
    assert outcome.failure is None, outcome.failure
    assert outcome.spent["steps"] == 25
    assert int(outcome.notes["began at"]) > 0, "it began anew, although it had a checkpoint"
    assert attempts == 1, "an attempt was counted, although it was no fault of the trial and it had a checkpoint"


def _told_once(executor: Executor, folder: Path, hand: Hand) -> None:
    job = slow_job(folder, "twice")
    first = run(executor, job).outcome
    hand(executor, Path(job.workdir))
    assert not executor.wait(1.0), "a trial that had ended was told of again"
    assert begun(folder, "twice") == 1, "a trial that had ended was run again"
    assert first.failure is None, first.failure


def _driver_killed(place: Place, folder: Path) -> None:
    driver = multiprocessing.get_context("spawn").Process(target=_drive_and_die, args=(place.make, folder))
    driver.start()
    driver.join(PATIENCE_SECONDS)
    assert driver.exitcode == -signal.SIGKILL, f"the driver ended with {driver.exitcode}"
    job = slow_job(folder, "left")
    with place.make(folder) as executor:
        taken = list(executor.reattach({"key": Path(job.workdir), "other": folder / "work" / "other"}))
        assert taken in (["key"], []), f"taken up was {taken}"
        assert list(executor.running) == taken
        if not taken:
            executor.start("key", job, 1, None)
        outcome, attempts = to_its_end(executor, job)
    assert (outcome.failure, attempts) == (None, 1)
    assert outcome.spent["steps"] == 25
    if taken:
        assert begun(folder, "left") == 1, "a trial that was still under way was started again"
    else:
        assert int(outcome.notes["began at"]) > 0, "it began anew, although it had a checkpoint"


def _drive_and_die(make: Make, folder: Path) -> None:
    job = slow_job(folder, "left")
    executor = make(folder).__enter__()
    executor.start("key", job, 1, None)
    await_progress(executor, Path(job.workdir))
    os.kill(os.getpid(), signal.SIGKILL)


def _two_drivers(place: Place, folder: Path) -> None:
    job = slow_job(folder, "shared")
    with place.make(folder) as one:
        one.start("key", job, 1, None)
        await_progress(one, Path(job.workdir), 1)
        other = place.make(folder).__enter__()
        try:
            if other.reattach({"key": Path(job.workdir)}):
                other.start("key", job, 1, None)  # as if it did not know
                assert list(other.running) == ["key"]
                other.detach()
        finally:
            other.__exit__(None, None, None)
        outcome, _ = to_its_end(one, job)
    assert outcome.failure is None, outcome.failure
    assert begun(folder, "shared") == 1, "two drivers ran one trial twice"


def _says_what_it_has(executor: Executor, folder: Path) -> None:
    found = executor.capacity()
    assert found.free >= 1
    assert found.refusal([Resources(cpus=1)]) == ""
    if found.nodes:
        told = found.refusal([Resources(cpus=1), Resources(cpus=10**6)])
        assert any(node.name in told for node in found.nodes), f"the largest node is not named: '{told}'"


CASES: tuple[Case, ...] = (
    Case("the same trial gives the same scores, costs and curves", _same_scores_wherever),
    Case("endings are told apart", _endings_told_apart),
    Case("a trial past its limit is stopped", _time_limit),
    Case("a killed trial goes on from its checkpoint", _goes_on_from_a_checkpoint),
    Case("an old outcome is not taken for a new one", _an_old_outcome_is_not_taken_for_a_new_one),
    Case("what runs is told, with its progress", _what_runs_is_told),
    Case("what there is, is told", _says_what_it_has),
    Case("a cancelled trial is pending again", _cancelled),
    Case("a folder that is away for a while costs nothing", _folder_away),
    Case("a trial whose node is killed goes on elsewhere", needs="kills a node", hand=_goes_on_elsewhere),
    Case("a preempted trial goes on from its checkpoint", needs="preempts", hand=_goes_on_elsewhere),
    Case("a result that is delivered twice counts once", needs="delivers twice", hand=_told_once),
    Case("a trial outlives its driver, or goes on from its checkpoint", whole=_driver_killed),
    Case("two drivers run a trial once", whole=_two_drivers),
)
"""The suite."""
