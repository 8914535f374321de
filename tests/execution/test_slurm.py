"""Trials as jobs of a real Slurm: the suite that every executor passes, and what only Slurm can do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from evenhand.execution.executor import Executor
from evenhand.testing.executor_suite import CASES, Case, Place
from tests.execution import places
from tests.execution.slurm_cluster import Cluster

pytestmark = pytest.mark.slow


def kill_node(cluster: Cluster, executor: Executor, workdir: Path) -> None:
    """Cut the power of the node on which a trial runs."""
    job = places.slurm_id(workdir)
    node = places.slurm_state(job)[1]
    cluster.kill_node(node)
    places.release(job)
    cluster.mend_node(node)


@pytest.fixture
def place(slurm: Cluster) -> Place:
    hands = {"kills a node": partial(kill_node, slurm), "preempts": places.preempt}
    return Place(places.slurm, {**hands, "delivers twice": places.deliver_twice}, importable=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_slurm_conforms(place: Place, case: Case, tmp_path: Path) -> None:
    assert case.concerns(place)
    case.check(replace(place), tmp_path)
