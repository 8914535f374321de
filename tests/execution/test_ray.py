"""Trials as tasks of a real Ray cluster of several nodes on this machine."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evenhand.execution import machine
from evenhand.execution.executor import Executor
from evenhand.execution.profiles import Profile
from evenhand.execution.ray import NODE, Ray
from evenhand.execution.resources import Resources
from evenhand.execution.states import STATES
from evenhand.execution.worker import Job
from evenhand.testing.conforming import SOURCE, job_of, run
from evenhand.testing.executor_suite import CASES, Case, Place
from tests.execution import places

pytestmark = pytest.mark.slow


def kill_node(cluster: Any, executor: Executor, workdir: Path) -> None:
    """Kill the node on which a trial runs, and give the cluster another."""
    found = (workdir / NODE).read_text()
    node = next(one for one in cluster.worker_nodes if one.node_id == found)
    cluster.remove_node(node, allow_graceful=False)
    cluster.add_node(num_cpus=2)


@pytest.fixture
def place(ray_cluster: Any) -> Place:
    return Place(places.ray, {"kills a node": partial(kill_node, ray_cluster)}, importable=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ray_conforms(place: Place, case: Case, tmp_path: Path) -> None:
    case.check(place, tmp_path)


@contextlib.contextmanager
def node_apart(cluster: Any, hidden: Path) -> Iterator[Path]:
    """A node with a device that has an empty folder in the place of a folder; gives that folder as the node sees it."""
    import ray

    start = [sys.executable, "-m", "ray.scripts.scripts", "start", f"--address={cluster.address}", "--num-cpus=2"]
    line = f"mount -t tmpfs none {hidden} && exec {' '.join(start)} --num-gpus=1 --block"
    command = ["unshare", "--mount", "sh", "-c", line]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True) as node:
        try:
            deadline = time.monotonic() + 120
            while ray.cluster_resources().get("GPU", 0) < 1:
                assert time.monotonic() < deadline, "the node does not come up"
                time.sleep(0.2)
            yield Path(f"/proc/{node.pid}/root/{hidden}")
        finally:
            os.killpg(node.pid, signal.SIGTERM)
            deadline = time.monotonic() + 120
            while ray.cluster_resources().get("GPU", 0) and time.monotonic() < deadline:
                time.sleep(0.2)  # no later test is to run there


def on_a_device(job: Job) -> Job:
    return dataclasses.replace(job, resources=Resources(gpus=1))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs the right to mount")
def test_a_node_that_does_not_see_the_ledger_sends_its_results_and_none_of_an_earlier_run(
    ray_cluster: Any, tmp_path: Path
) -> None:
    (tmp_path / "conforming.py").write_text(SOURCE)
    (tmp_path / "work").mkdir()
    job = on_a_device(job_of(tmp_path, "far", steps=60, pause=0.1))
    with node_apart(ray_cluster, tmp_path / "work") as there:
        with places.ray(tmp_path) as executor:
            told = run(executor, job, limit=4.0).outcome  # its start takes a second, more on a busy machine
        assert told.failure is not None
        assert told.failure.kind == "timeout"
        assert (there / "far" / "checkpoint.pickle").exists()
        assert not (tmp_path / "work" / "far" / "checkpoint.pickle").exists()
        with places.ray(tmp_path) as executor:  # a later run, whose first attempt it is
            outcome = run(executor, job).outcome
        assert outcome.failure is None
        assert outcome.spent["steps"] == 60
        assert int(outcome.notes["began at"]) > 0, "it began anew, although its node has its checkpoint"
        assert len(outcome.items["score"].scores) == 3
        assert not list(there.iterdir()), "what has succeeded stays on the node"


def test_a_trial_that_waits_for_its_cores_is_in_the_queue(ray_cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "conforming.py").write_text(SOURCE)
    with places.ray(tmp_path) as executor:
        assert executor.queues
        for number in range(3):  # of two nodes of two cores
            job = job_of(tmp_path, str(number), ending="never")
            executor.start(str(number), dataclasses.replace(job, resources=Resources(cpus=2)), 1, None)
        deadline = time.monotonic() + 60
        while sum(executor.elapsed(key) > 0 for key in "012") < 2:
            assert time.monotonic() < deadline
            assert not executor.wait(0.1)
        assert executor.wait(1.0) == []
        assert sum(executor.elapsed(key) == 0 for key in "012") == 1


def test_a_cluster_that_grows_gets_more_trials_at_a_time(
    ray_cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evenhand.execution.ray.MEASURED_EVERY", 0.0)
    with places.ray(tmp_path) as executor:
        before = executor.jobs
        node = ray_cluster.add_node(num_cpus=2)
        try:
            deadline = time.monotonic() + 60
            while executor.jobs == before:
                assert time.monotonic() < deadline
                executor.wait(0.1)
            assert executor.jobs == before + 2
        finally:
            ray_cluster.remove_node(node)
    with Ray(Profile(executor="ray", jobs=3)) as named:
        named.wait(0.1)
        assert named.jobs == 3


def test_a_node_with_other_versions_is_a_failure_of_infrastructure_that_names_both(
    ray_cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conforming.py").write_text(SOURCE)
    node = machine.packages()["evenhand"]
    with places.ray(tmp_path) as executor:
        monkeypatch.setitem(machine.packages(), "evenhand", "9.9")  # of this process, which is the driver
        failure = run(executor, job_of(tmp_path, "other")).outcome.failure
    assert failure is not None
    assert failure.kind == "infrastructure"
    assert f"evenhand {node} on the node, 9.9 at the driver" in failure.message


def test_what_ray_raises_for_a_lost_task_is_known_by_the_names_that_this_ray_has() -> None:
    exceptions = pytest.importorskip("ray").exceptions
    in_capitals = {word for word in STATES if word.isupper()}
    for name in STATES.keys() - in_capitals:
        assert issubclass(getattr(exceptions, name), exceptions.RayError), name
