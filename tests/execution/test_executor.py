"""The executor's protocol: another place to run trials gives the same verdict, and needs no change in the loop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import unittest
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from evenhand import files
from evenhand.claims.load import load_claim
from evenhand.execution import outcome_file
from evenhand.execution.executor import Executor, Finished, last_progress, log_tail, read_outcome
from evenhand.execution.failures import Ending
from evenhand.execution.worker import Job
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.running.run import run_claim
from evenhand.testing.executors import CASES, Case, Place
from tests.execution import places
from tests.running.test_run import write_claim

pytestmark = pytest.mark.slow

WORKER = "import pathlib, sys; from evenhand.execution import worker; sys.exit(worker.main(pathlib.Path(sys.argv[1])))"


class OneProcessEach(Executor):
    """The least that the loop asks for: a fresh process for each trial, one at a time."""

    def __init__(self) -> None:
        self.jobs, self.threads = 1, 1
        self._now: dict[str, tuple[Job, int, float, subprocess.Popen[bytes], float | None]] = {}
        self.opened: list[str] = []

    def __enter__(self) -> Self:
        self.opened.append("opened")
        return self

    def __exit__(self, *_: object) -> None:
        for _, _, _, process, _ in self._now.values():
            process.kill()
            process.wait()
        self.opened.append("closed")

    @property
    def running(self) -> Mapping[str, Job]:
        return {key: job for key, (job, *_) in self._now.items()}

    @property
    def free(self) -> int:
        return 1 - len(self._now)

    def elapsed(self, key: str) -> float:
        return time.monotonic() - self._now[key][2]

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        folder = Path(job.workdir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "outcome.json").unlink(missing_ok=True)
        files.write_text(folder / "job.json", job.to_json())
        with (folder / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER, str(folder / "job.json")], stdout=log, stderr=log, cwd=job.folder
            )
        self._now[key] = (job, attempt, time.monotonic(), process, limit_seconds)

    def wait(self, seconds: float) -> Sequence[Finished]:
        ended = []
        for key, (job, attempt, started, process, limit) in list(self._now.items()):
            late = limit is not None and time.monotonic() - started > limit
            if late:
                process.kill()
            try:
                code = process.wait(None if late else seconds)
            except subprocess.TimeoutExpired:
                continue
            name = signal.Signals(-code).name if code < 0 else None
            outcome = read_outcome(Path(job.workdir), Ending(code if code >= 0 else None, name, late), limit)
            ended.append(Finished(key, job, outcome, Execution(attempt, seconds=time.monotonic() - started)))
            del self._now[key]
        return ended


class WithOldOutcomes(OneProcessEach):
    """Takes the first outcome that a folder ever held for that of every attempt."""

    def wait(self, seconds: float) -> Sequence[Finished]:
        return [replace(one, outcome=self._first(one)) for one in super().wait(seconds)]

    def _first(self, one: Finished) -> Outcome:
        kept, left = (Path(one.job.workdir, name) for name in ("kept.json", "outcome.json"))
        if left.exists() and not kept.exists():
            kept.write_bytes(left.read_bytes())
        return outcome_file.read(kept) if kept.exists() else one.outcome


PLACES = {"local slots": places.LOCAL, "a process each": Place(lambda folder: OneProcessEach())}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("place", PLACES)
def test_executors_conform(place: str, case: Case, tmp_path: Path) -> None:
    case.check(PLACES[place], tmp_path)


def test_a_case_that_a_place_cannot_act_out_is_skipped_and_never_passed(tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.needs == "kills a node")
    with pytest.raises(unittest.SkipTest, match="has no hand that kills a node"):
        case.check(places.LOCAL, tmp_path)


def test_the_suite_sees_an_executor_that_takes_an_old_outcome_for_a_new_one(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "an old outcome is not taken for a new one")
    with pytest.raises(AssertionError):
        case.check(lambda folder: WithOldOutcomes(), tmp_path)


def test_a_claim_run_elsewhere_gives_the_scores_and_the_verdict_that_it_gives_here(toy_folder: Path) -> None:
    loaded = load_claim(write_claim(toy_folder, seeds="[0, 1]"))
    elsewhere = OneProcessEach()
    with Ledger(toy_folder / "there") as there, Ledger(toy_folder / "here") as here:
        found = run_claim(loaded, there, jobs=1, executor=elsewhere)
        expected = run_claim(loaded, here, jobs=1)
        ids = [trial.id for trial in loaded.resolved.trials(loaded.resolved.claim.rungs[0])]
        scores = [[ledger.results(ids)[key].metric("score") for key in ids] for ledger in (there, here)]
    assert elsewhere.opened == ["opened", "closed"]
    assert scores[0] == scores[1]
    assert found == expected
    assert not elsewhere.running


def test_what_a_trial_left_is_read_to_its_last_whole_line(tmp_path: Path) -> None:
    assert last_progress(tmp_path) is None
    (tmp_path / "progress.jsonl").write_text('{"spent": 1}\n[2]\n{"spent": 3}\n{"spe')
    assert last_progress(tmp_path) == {"spent": 3}
    (tmp_path / "log.txt").write_bytes(b"\xff" + b"a" * 10)
    assert log_tail(tmp_path / "log.txt", 4) == "aaaa"
    failure = read_outcome(tmp_path, Ending(3, None), None).failure
    assert failure is not None
    assert failure.detail.endswith("a" * 10)
