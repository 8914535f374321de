"""What every executor must do, as a suite that an executor of one's own can be put through.

@pytest.mark.parametrize("case", executor_suite.CASES, ids=lambda case: case.name)
def test_my_executor_conforms(case, tmp_path):
    case.check(lambda folder: MyExecutor([executor_suite.RECIPE], folder, jobs=2), tmp_path)

``evenhand.testing.executor_suite`` is this module. A place that more can be done to than to start and end trials (its
nodes can be killed, its trials preempted) is given as a :class:`Place`; a case that its :attr:`~Place.hands` cannot act
out is skipped, as pytest and unittest know it (``unittest.SkipTest``), with what it lacks.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import unittest
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evenhand.errors import EvenhandError
from evenhand.execution.executor import Executor, last_progress
from evenhand.execution.resources import Resources
from evenhand.recipes.outcome import Outcome
from evenhand.testing.conforming import (
    AWAY_SECONDS,
    PATIENCE_SECONDS,
    RECIPE,
    SOURCE,
    await_progress,
    begun,
    ended,
    job_of,
    run,
    slow_job,
    to_its_end,
)

__all__ = [
    "CASES",
    "RECIPE",
    "Case",
    "Hand",
    "Make",
    "Place",
    "await_progress",
    "begun",
    "ended",
    "job_of",
    "run",
    "slow_job",
    "to_its_end",
]

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

    def lacks(self, place: Place) -> str:
        """What keeps it from being tried there, or empty."""
        if self.needs and self.needs not in place.hands:
            return f"the place has no hand that {self.needs}"
        if self.whole is not None and not place.importable:
            return "a driver in a process of its own cannot make this place"
        return ""

    def check(self, place: Make | Place, folder: Path) -> None:
        """Open the executor on a folder that holds the suite's recipe, and try it; SkipTest where it cannot be."""
        (folder / "conforming.py").write_text(SOURCE)
        found = place if isinstance(place, Place) else Place(place)
        if lack := self.lacks(found):
            raise unittest.SkipTest(f"{self.name}: {lack}")
        if self.whole is not None:
            self.whole(found, folder)
            return
        with found.make(folder) as executor:
            if self.hand is not None:
                self.hand(executor, folder, found.hands[self.needs])
            elif self.body is not None:
                self.body(executor, folder)


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
    except EvenhandError as error:  # as it may
        raise unittest.SkipTest(f"a cancelled trial is pending again: {error}") from error
    assert "key" not in executor.running
    assert not executor.wait(0.5), "a trial that was cancelled was told of as if it had ended"
    assert run(executor, job_of(folder, "after")).outcome.failure is None, "after a cancelled trial none runs"


def _folder_away(executor: Executor, folder: Path) -> None:
    job = job_of(folder, "away", ending="outlives its folder", marker=str(folder / "work" / "away"))
    executor.start("key", job, 1, None)
    await_progress(executor, Path(job.workdir), 1)
    (folder / "work").rename(folder / "elsewhere")
    deadline = time.monotonic() + AWAY_SECONDS
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
