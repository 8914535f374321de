"""Trials as tasks of a real Ray cluster of several nodes on this machine."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evenhand.execution.executor import Executor
from evenhand.execution.ray import NODE
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
