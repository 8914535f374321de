"""A Slurm and a Ray cluster of the tests' own, started when the first test asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.execution import ray_nodes, slurm_cluster


@pytest.fixture(scope="session")
def slurm_session() -> Iterator[slurm_cluster.Cluster]:
    """One Slurm for all tests of this process."""
    pytest.importorskip("submitit")
    why = slurm_cluster.missing()
    if why:
        pytest.skip(why)
    with slurm_cluster.cluster() as found:
        yield found


@pytest.fixture
def slurm(slurm_session: slurm_cluster.Cluster, monkeypatch: pytest.MonkeyPatch) -> slurm_cluster.Cluster:
    """That Slurm, to be reached from this process."""
    for name, value in slurm_session.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(Path("src").resolve()))
    return slurm_session


@pytest.fixture(scope="session")
def ray_session() -> Iterator[Any]:
    """One Ray cluster for all tests of this process: a head without cores, two nodes of two cores each."""
    pytest.importorskip("ray")
    with ray_nodes.cluster() as found:
        yield found


@pytest.fixture
def ray_cluster(ray_session: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """That cluster, to be reached from this process."""
    monkeypatch.setenv("RAY_ADDRESS", ray_session.address)
    monkeypatch.setenv("PYTHONPATH", str(Path("src").resolve()))
    return ray_session
