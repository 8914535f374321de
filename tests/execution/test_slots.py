"""Each trial runs in a process of its own; how it ends decides its failure class."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evenhand.cli import main as cli
from evenhand.errors import ServerGone
from evenhand.execution.executor import Finished
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.worker import Job
from evenhand.recipes.trial import ItemSet, Trial

pytestmark = pytest.mark.slow


def job_of(
    folder: Path, name: str = "t", *, amount: float = 5, memory_gib: float | None = None, **settings: Any
) -> Job:
    trial = Trial("c", "arm", "cond", "rung", 1, "toy:run", "f", settings, "steps", amount, ItemSet("rung", 0, 20))
    return Job(trial, str(folder), str(folder / "work" / name), str(folder / "assets"), 1, memory_gib)


@pytest.fixture
def slots(toy_folder: Path) -> Iterator[LocalSlots]:
    with LocalSlots(["toy:run"], toy_folder, 2) as ready:
        yield ready


def run(slots: LocalSlots, job: Job, limit: float | None = None) -> Finished:
    slots.start("key", job, 1, limit)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ended = slots.wait(0.2)
        if ended:
            return ended[0]
    raise AssertionError("the trial did not end")


@pytest.mark.slow
def test_a_trial_returns_its_scores_costs_and_how_its_process_went(slots: LocalSlots, toy_folder: Path) -> None:
    finished = run(slots, job_of(toy_folder))
    outcome, execution = finished.outcome, finished.execution
    assert outcome.failure is None
    assert outcome.spent["steps"] == 5
    assert outcome.spent["tokens"] == 40
    assert len(outcome.items["score"].ids) == 20
    assert outcome.curves["loss"].values.tolist() == [1.0, 0.5, pytest.approx(1 / 3), 0.25, 0.2]
    assert execution.exit_code == 0
    assert execution.seconds > 0
    assert (execution.peak_memory_bytes or 0) > 2**20


def test_trials_are_forked_from_a_server_that_has_imported_the_recipe(slots: LocalSlots, toy_folder: Path) -> None:
    run(slots, job_of(toy_folder))
    assert slots.forks
    assert slots.problem == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behave", "kind", "words"),
    [
        ("raise", "code", "a fault in the recipe"),
        ("data", "data", "only 3 examples"),
        ("diverge", "diverged", "loss is nan at step 3"),
        ("nan", "diverged", "the metric 'loss' is nan"),
        ("offline", "infrastructure", "the hub does not answer"),
        ("kill", "infrastructure", "killed from outside (SIGKILL)"),
        ("segfault", "code", "crashed (SIGSEGV)"),
        ("exit", "code", "exit code 7"),
        ("returns failure", "data", "the rows ran out"),
        ("spends nan", "code", "the recipe says spent.steps = NaN"),
    ],
)
def test_failures_are_told_apart(slots: LocalSlots, toy_folder: Path, behave: str, kind: str, words: str) -> None:
    failure = run(slots, job_of(toy_folder, behave=behave)).outcome.failure
    assert failure is not None
    assert failure.kind == kind
    assert words in failure.message


@pytest.mark.slow
def test_a_failure_that_a_recipe_returns_keeps_its_phase_and_costs_and_no_scores(
    slots: LocalSlots, toy_folder: Path
) -> None:
    outcome = run(slots, job_of(toy_folder, behave="returns failure")).outcome
    assert outcome.failure is not None
    assert outcome.failure.phase == "import"
    assert (dict(outcome.metrics), dict(outcome.items), outcome.spent["steps"]) == ({}, {}, 5)


@pytest.mark.slow
def test_a_trial_past_its_memory_limit_is_a_resource_failure(slots: LocalSlots, toy_folder: Path) -> None:
    failure = run(slots, job_of(toy_folder, behave="memory", memory_gib=1.0)).outcome.failure
    assert failure is not None
    assert failure.kind == "resource"


def test_a_trial_past_its_time_is_stopped(slots: LocalSlots, toy_folder: Path) -> None:
    finished = run(slots, job_of(toy_folder, behave="sleep"), limit=0.5)
    assert finished.outcome.failure is not None
    assert finished.outcome.failure.kind == "timeout"
    assert finished.execution.signal == "SIGTERM"


def test_a_trial_that_ignores_the_request_to_stop_is_killed(
    slots: LocalSlots, toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evenhand.execution.local.slots._GRACE_SECONDS", 0.3)
    finished = run(slots, job_of(toy_folder, behave="stubborn"), limit=2.0)
    assert finished.outcome.failure is not None
    assert finished.outcome.failure.kind == "timeout"
    assert finished.execution.signal == "SIGKILL"


def test_a_killed_trial_goes_on_from_its_checkpoint_with_its_budget(slots: LocalSlots, toy_folder: Path) -> None:
    job = job_of(toy_folder, behave="kill once", marker=str(toy_folder / "marker"))
    assert run(slots, job).outcome.failure is not None
    outcome = run(slots, job).outcome
    whole = run(slots, job_of(toy_folder, "other", behave="kill once", marker=str(toy_folder / "marker"))).outcome
    assert outcome.failure is None
    assert outcome.notes["resumed"] == "3"
    assert outcome.spent["steps"] == whole.spent["steps"] == 5
    assert outcome.items["score"].scores.tolist() == whole.items["score"].scores.tolist()
    assert outcome.curves["loss"].values.tolist() == whole.curves["loss"].values.tolist()


def test_trials_end_with_the_lab(toy_folder: Path) -> None:
    with LocalSlots(["toy:run"], toy_folder, 1) as slots:
        slots.start("key", job_of(toy_folder, behave="sleep"), 1, None)
        pid = _pid(slots)
    for _ in range(50):
        if not _alive(pid):
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("a trial outlived the lab")


def _pid(slots: LocalSlots) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for event in slots._events(0.2):
            if event["event"] == "started":
                return int(event["pid"])
    raise AssertionError("the trial did not start")


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.slow
def test_a_recipe_whose_import_starts_threads_gets_fresh_interpreters(toy_folder: Path) -> None:
    starts = "import threading, time\nthreading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
    (toy_folder / "toy.py").write_text(starts + (toy_folder / "toy.py").read_text())
    with LocalSlots(["toy:run"], toy_folder, 1) as slots:
        outcome = run(slots, job_of(toy_folder)).outcome
        assert not slots.forks
    assert outcome.failure is None
    assert outcome.spent["steps"] == 5


def test_a_recipe_that_cannot_be_imported_is_a_code_failure(toy_folder: Path) -> None:
    (toy_folder / "toy.py").write_text("import no_such_package\n")
    with LocalSlots(["toy:run"], toy_folder, 1) as slots:
        failure = run(slots, job_of(toy_folder)).outcome.failure
    assert failure is not None
    assert (failure.kind, failure.phase) == ("code", "import")
    assert "no_such_package" in failure.message


def test_a_killed_fork_server_is_nobodys_bad_input(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with LocalSlots(["toy:run"], toy_folder, 1) as slots:
        slots.start("key", job_of(toy_folder, behave="sleep"), 1, None)
        pid = _pid(slots)
        assert slots._process is not None
        slots._process.kill()
        with pytest.raises(ServerGone, match=r"\(exit code -9\).*run the same command again") as caught:
            _ = [slots.wait(0.2) for _ in range(100)]
    gone = caught.value

    def app() -> None:
        raise gone

    monkeypatch.setattr(cli, "command_line", lambda arguments: app)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "run the same command again" in capsys.readouterr().err.replace("\n", " ")
    assert not _alive(pid) or _dies_soon(pid)


def _dies_soon(pid: int) -> bool:
    for _ in range(50):
        if not _alive(pid):
            return True
        time.sleep(0.1)
    return False


def test_the_time_limit_of_a_trial_starts_with_its_process_and_not_with_the_import_before_it(toy_folder: Path) -> None:
    (toy_folder / "toy.py").write_text("import time\ntime.sleep(1.5)\n" + (toy_folder / "toy.py").read_text())
    with LocalSlots(["toy:run"], toy_folder, 1) as slots:
        slots.start("key", job_of(toy_folder), 1, 1.0)
        assert slots._running["key"].limit == 1.0
        time.sleep(1.2)
        slots.wait(0.01)
        assert slots._running["key"].asked_to_stop is None
