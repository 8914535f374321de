"""Trials as jobs of a real Slurm: the suite that every executor passes, and what only Slurm can do."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import time
from functools import partial
from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.errors import EvenhandError, LedgerError
from evenhand.execution.executor import Executor, last_progress
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Resources
from evenhand.execution.slurm import queue as slurm_queue
from evenhand.execution.slurm.executor import Slurm
from evenhand.execution.slurm.job import submission
from evenhand.execution.slurm.probe import check_shared
from evenhand.ledger import Ledger
from evenhand.running.run import run_claim, run_claims
from evenhand.testing.conforming import await_progress, begun, ended, job_of, run, slow_job, to_its_end
from evenhand.testing.executor_suite import CASES, Case, Place
from tests.execution import places
from tests.execution.slurm_cluster import Cluster
from tests.running.test_run import write_claim

pytestmark = pytest.mark.slow


def kill_node(cluster: Cluster, executor: Executor, workdir: Path) -> None:
    """Cut the power of the node on which a trial runs."""
    job = places.slurm_id(workdir)
    node = places.slurm_state(job)[1]
    cluster.kill_node(node)
    places.release(job)
    deadline = time.monotonic() + 30
    while places.slurm_state(job)[0] == "PENDING":
        assert time.monotonic() < deadline, "the job is not started elsewhere"
        time.sleep(0.1)
    cluster.mend_node(node)


@pytest.fixture
def place(slurm: Cluster) -> Place:
    hands = {
        "kills a node": partial(kill_node, slurm),
        "preempts": places.preempt,
        "delivers twice": places.start_again,
    }
    return Place(places.slurm, hands, importable=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_slurm_conforms(place: Place, case: Case, tmp_path: Path) -> None:
    case.check(place, tmp_path)


def test_a_claim_left_to_slurm_is_taken_up_and_comes_to_the_verdict_that_it_has_here(
    slurm: Cluster, toy_folder: Path
) -> None:
    loaded = load_claim(write_claim(toy_folder, seeds="[0, 1]"))
    here = run_claim(loaded, Ledger(toy_folder / "here"), jobs=2)
    there = Ledger(toy_folder / "there")
    assert run_claims([loaded], there, jobs=2, executor=places.slurm(toy_folder), detach=True) == []
    left = [submission(folder) for folder in (toy_folder / "there" / "work").iterdir()]
    assert sorted(re.sub(r"^\d+", "N", str(one and one["id"])) for one in left) == ["N_0", "N_1", "N_2", "N_3"]
    elsewhere = run_claims([loaded], there, jobs=2, executor=places.slurm(toy_folder))[0]
    assert [v.title for v in elsewhere.verdicts] == [v.title for v in here.verdicts]
    scores = [
        {one.trial.id: one.outcome.items["score"].scores.tolist() for one in ledger.outcomes()}
        for ledger in (Ledger(toy_folder / "here"), there)
    ]
    assert scores[0] == scores[1]
    assert len(scores[1]) == 4
    assert not list((toy_folder / "there" / "work").iterdir())
    assert not list((toy_folder / "slurm").glob("*_submitted.pkl"))


def test_what_a_driver_left_that_died_before_slurms_answer_came_is_not_submitted_twice(
    slurm: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "conforming.py").write_text(places.source())
    job = slow_job(tmp_path, "left")
    with places.slurm(tmp_path) as first:
        first.start("key", job, 1, None)
        await_progress(first, Path(job.workdir), 1)
        first.detach()
    written = Path(job.workdir, "submission.json")
    written.write_text(re.sub(r'"id": "\d+"', '"id": ""', written.read_text()))
    with places.slurm(tmp_path) as second:
        assert second.reattach({"key": Path(job.workdir)}) == ["key"]
        outcome, _ = to_its_end(second, job)
    assert outcome.failure is None
    assert (tmp_path / "left.began").read_text() == "began\n"


def test_a_trial_at_the_end_of_its_time_goes_on_from_its_checkpoint_in_another_job(
    slurm: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "conforming.py").write_text(places.source())
    job = dataclasses.replace(slow_job(tmp_path, "long"), resources=Resources(minutes=1))
    with places.slurm(tmp_path) as executor:
        executor.start("key", job, 1, None)
        await_progress(executor, Path(job.workdir))
        number = places.slurm_id(Path(job.workdir))
        slurm.ask("scancel", "--signal=USR1", number)  # what Slurm itself sends so and so long before the end
        places.release(number)
        outcome, attempts = to_its_end(executor, job)
    assert (outcome.failure, attempts, outcome.spent["steps"]) == (None, 1, 25)
    assert int(outcome.notes["began at"]) > 0


def test_a_trial_whose_time_is_over_before_any_notice_is_a_time_out_by_slurms_word_and_goes_on(
    slurm: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "conforming.py").write_text(places.source())
    job = job_of(tmp_path, "long", steps=900, ending="slow", pause=0.1, marker=str(tmp_path / "long.began"))
    job = dataclasses.replace(job, resources=Resources(minutes=1))
    with places.slurm(tmp_path, signal_seconds=0) as executor:  # as where the notice is lost
        executor.start("key", job, 1, None)
        await_progress(executor, Path(job.workdir))
        slurm.ask("scontrol", "update", f"JobId={places.slurm_id(Path(job.workdir))}", "EndTime=now")
        told = ended(executor, 1)[0]  # within half a minute: so often Slurm looks at the clock
        assert told.pending_again.endswith("(the scheduler says TIMEOUT); its checkpoint goes on")
        assert told.outcome.failure is not None
        assert told.outcome.failure.kind == "timeout"
        executor.start("key", job, 1, None)
        await_progress(executor, Path(job.workdir), (last_progress(Path(job.workdir)) or {})["spent"] + 3)
        assert begun(tmp_path, "long") == 2
        spent = [json.loads(line)["spent"] for line in (Path(job.workdir) / "progress.jsonl").read_text().splitlines()]
        assert spent.count(min(spent)) == 1, "it began anew"


SLEEPS = """
import pathlib, time
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    marker: str


@recipe(metrics={"score": Metric()}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench):
    bench.budget.spend(steps=1)
    bench.log(1, loss=1.0)
    with open(settings.marker, "a") as file:
        file.write("began\\n")
    time.sleep(300)
    return {"score": 1.0}
"""


def test_a_trial_without_a_checkpoint_has_failed_by_its_time_and_is_not_queued_again_and_again(
    slurm: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "sleeps.py").write_text(SLEEPS)
    known = job_of(tmp_path, "sleeps")
    trial = dataclasses.replace(known.trial, recipe="sleeps:run", settings={"marker": str(tmp_path / "sleeps.began")})
    job = dataclasses.replace(known, trial=trial, resources=Resources(minutes=1))
    with places.slurm(tmp_path, signal_seconds=2) as executor:
        executor.start("key", job, 1, None)
        await_progress(executor, Path(job.workdir), 1)
        slurm.ask("scancel", "--signal=USR1", places.slurm_id(Path(job.workdir)))
        told = ended(executor, 1)[0]
    assert (told.pending_again, begun(tmp_path, "sleeps")) == ("", 1)
    assert told.outcome.failure is not None
    assert told.outcome.failure.kind == "timeout"
    assert "(the scheduler says TIMEOUT)" in told.outcome.failure.message


def test_a_trial_that_takes_more_memory_than_its_job_has_is_a_resource_failure_by_slurms_word(
    slurm: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "conforming.py").write_text(places.source())
    job = dataclasses.replace(job_of(tmp_path, "fat", ending="fills"), resources=Resources(memory_gib=0.3))
    with places.slurm(tmp_path, patience_seconds=600) as executor:  # no file is waited for: Slurm's word is there
        failure = run(executor, job).outcome.failure
    assert failure is not None
    assert failure.kind == "resource"
    assert "OUT_OF_MEMORY" in failure.message


def test_a_job_that_somebody_cancels_leaves_its_trial_pending(slurm: Cluster, tmp_path: Path) -> None:
    (tmp_path / "conforming.py").write_text(places.source())
    job = job_of(tmp_path, "cancelled", ending="never")
    with places.slurm(tmp_path) as executor:
        executor.start("key", job, 1, None)
        await_progress(executor, Path(job.workdir), 1)
        slurm.ask("scancel", places.slurm_id(Path(job.workdir)))
        told = []
        deadline = time.monotonic() + 60
        while not told:
            assert time.monotonic() < deadline
            told = executor.wait(0.2)
    assert "was cancelled" in told[0].pending_again


def test_slurm_is_asked_at_most_so_often_a_minute_however_many_jobs_there_are(slurm: Cluster, tmp_path: Path) -> None:
    (tmp_path / "conforming.py").write_text(places.source())
    profile = places.ON_SLURM.model_copy(update={"polls_per_minute": 8, "partition": "apart"})  # where no node is up
    (tmp_path / "slurm").mkdir()
    (tmp_path / "slurm" / "seen-from-apart.txt").write_text(f"n4\n{tmp_path / 'slurm'}\n")
    with Slurm(profile, tmp_path / "slurm") as executor:
        begun = time.monotonic()
        for number in range(30):
            executor.start(str(number), job_of(tmp_path, str(number)), 1, None)
        while time.monotonic() < begun + 9:
            assert not executor.wait(0.5)
        spent = time.monotonic() - begun
        assert len({one.partition("_")[0] for one in map(places.slurm_id, (tmp_path / "work").iterdir())}) == 1
        assert len(executor.queue.asked) <= 1 + spent / 7.5


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs the right to mount")
def test_nodes_that_do_not_see_the_ledger_are_found_before_the_first_trial(slurm: Cluster, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger" / "slurm"
    ledger.mkdir(parents=True)
    slurm.begin_node_apart("n4", tmp_path)
    slurm.await_nodes(4)
    profile = Profile(executor="slurm", partition="apart", patience_seconds=1)
    with pytest.raises(LedgerError, match=r"do not see the ledger's folder .*node n4"):
        check_shared(ledger, profile)
    assert not list(ledger.iterdir())
    slurm.kill_node("n4")
    check_shared(ledger, places.ON_SLURM)
    assert [path.name for path in ledger.iterdir()] == ["seen-from-low.txt"]
    shutil.move(ledger, tmp_path / "moved")
    asked = len(slurm.ask("squeue", "-h", "-t", "all", "-n", "evenhand-probe").splitlines())
    for _ in range(2):  # where it was moved to, it is tried anew, once
        check_shared(tmp_path / "moved", places.ON_SLURM)
        assert len(slurm.ask("squeue", "-h", "-t", "all", "-n", "evenhand-probe").splitlines()) == asked + 1


def test_nodes_are_told_with_what_they_have_and_a_partition_that_is_not_there_with_those_that_are(
    slurm: Cluster,
) -> None:
    found = slurm_queue.nodes("low")
    assert [(node.name, node.cpus, node.gpus) for node in found] == [("n1", 4, 0), ("n2", 4, 0), ("n3", 4, 0)]
    with pytest.raises(EvenhandError, match="no partition 'gpu' here; there are: apart, high, low"):
        slurm_queue.nodes("gpu")
