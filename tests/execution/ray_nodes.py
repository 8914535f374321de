"""A real Ray cluster for tests: a head without cores and nodes of two cores each, all on this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_VARIABLES = {
    "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
    "RAY_raylet_start_wait_time_s": "180",  # a machine that tests keep busy
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


@contextlib.contextmanager
def cluster(nodes: int = 2) -> Iterator[Any]:
    """The cluster, to which this process is connected: executors here find it so, which spares each of them seconds."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(_VARIABLES)  # first: Ray reads them when it is imported
    try:
        import ray
        from ray.cluster_utils import Cluster

        found = _begun(Cluster)
        try:
            for _ in range(nodes):
                found.add_node(num_cpus=2)
            found.connect()
            yield found
        finally:
            ray.shutdown()  # a node that a driver is connected to is not removed
            found.shutdown()
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _begun(make: Any) -> Any:
    """A head, tried again where the machine was too busy: Ray gives its own helpers fifteen seconds to come up."""
    for _ in range(2):
        with contextlib.suppress(Exception):
            return make(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    return make(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
