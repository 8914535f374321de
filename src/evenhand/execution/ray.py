"""Trials as tasks of a Ray cluster. Ray places them and tells of lost nodes; evenhand decides what is tried again.

Ray ends a driver's tasks with the driver, so nothing is left to take up: the next run goes on from the checkpoints.
Where a node does not see the ledger's folder, the job goes there and its outcome comes back as bytes.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import platform
import shutil
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from evenhand import files
from evenhand.errors import EvenhandError
from evenhand.execution.executor import Executor, Finished, log_tail
from evenhand.execution.failures import Ending, failure_without_outcome
from evenhand.execution.machine import packages
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Capacity, Node
from evenhand.execution.states import STATES, goes_on, is_cancelled
from evenhand.execution.supervise import ENDING, Left, Supervisor, checkpoint_time, finished
from evenhand.execution.worker import Job
from evenhand.recipes.outcome import Execution, Failure, Outcome

NODE = "node.txt"
"""In a trial's folder: the id of the Ray node that runs it."""

TASK = "task.txt"
"""In a trial's folder: the mark of the task that its driver made; a node that does not find it has another folder."""

MEASURED_EVERY = 10.0
"""Seconds between looks at how large the cluster is."""

_KNOCK_SECONDS = 10.0


def versions() -> dict[str, str]:
    """What must be the same on the driver and on every node."""
    return {"evenhand": packages().get("evenhand", "of no version"), "Python": platform.python_version()}


def run_on_node(
    job: str, attempt: int, limit: float | None, expected: Mapping[str, str], node: str, mark: str
) -> dict[str, Any]:
    """The task: one trial under a supervisor.

    Where the folder is not the driver's, what an earlier task left there is no ending of this one, but its checkpoint
    counts; a trial that succeeded leaves nothing.

    Returns:
        ``differs`` where this node has other versions than the driver; else ``left``, ``outcome`` and ``log``, the
        texts of the files that the trial left.
    """
    differs = [f"{name} {mine} on the node, {expected[name]} at the driver" for name, mine in versions().items()
               if mine != expected[name]]  # fmt: skip
    if differs:
        return {"differs": "; ".join(differs)}
    workdir = Path(Job.from_json(job).workdir)
    shared = _text(workdir / TASK) == mark
    if not shared:
        workdir.mkdir(parents=True, exist_ok=True)
        for name in ("outcome.json", ENDING, "log.txt"):
            (workdir / name).unlink(missing_ok=True)
        files.write_text(workdir / "job.json", job)
    (workdir / NODE).write_text(node)
    Supervisor(str(workdir), attempt, limit).run()
    found = {
        "left": (workdir / ENDING).read_text(encoding="utf-8"),
        "outcome": _text(workdir / "outcome.json"),
        "log": log_tail(workdir / "log.txt"),
    }
    if not shared and found["outcome"] is not None and json.loads(found["outcome"]).get("failure") is None:
        shutil.rmtree(workdir, ignore_errors=True)
    return found


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _task(job: str, attempt: int, limit: float | None, expected: Mapping[str, str], mark: str) -> dict[str, Any]:
    node = importlib.import_module("ray").get_runtime_context().get_node_id()
    return run_on_node(job, attempt, limit, expected, str(node), mark)


@dataclass
class _Task:
    reference: Any
    job: Job
    attempt: int
    limit: float | None
    started: float
    checkpoint: int
    begun: float | None = None


class Ray(Executor):
    """Trials as tasks of a Ray cluster.

    Args:
        profile: its address, and what each trial asks for; without one ``RAY_ADDRESS``, else Ray is started here.
    """

    queues = True
    elsewhere = "Ray"

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.jobs = profile.jobs or 1
        self.threads = profile.cpus or 1
        self._running: dict[str, _Task] = {}
        self._owned = False
        self._sees_nodes = True  # until one has answered whose files did not come
        self._ray: Any = None
        self._measured = -MEASURED_EVERY

    def __enter__(self) -> Self:
        self._connect()
        self._measure()
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._running):
            self.cancel(key)
        if self._owned:
            self._ray.shutdown()

    def _measure(self) -> None:
        """As many trials at a time as the cluster has room for now: nodes come and go."""
        if self.profile.jobs is None and time.monotonic() >= self._measured + MEASURED_EVERY:
            self._measured = time.monotonic()
            self.jobs = max(1, int(self._ray.cluster_resources().get("CPU", 1)) // self.threads)

    def _connect(self) -> Any:
        if self._ray is None:
            try:
                self._ray = importlib.import_module("ray")
            except ImportError as error:
                raise EvenhandError("--on ray needs Ray: pip install 'evenhand[ray]'.") from error
        if not self._ray.is_initialized():
            address = self.profile.address or os.environ.get("RAY_ADDRESS") or "local"
            try:
                _knock(address)
                self._ray.init(address=address, log_to_driver=False, logging_level="ERROR", include_dashboard=False
                               if address == "local" else None, configure_logging=False)  # fmt: skip
            except Exception as error:
                raise EvenhandError(
                    f"Ray cannot be reached at '{address}' ({_first_line(error)}). Is the cluster up (`ray status`)? "
                    "The address stands in the profile or in RAY_ADDRESS; without one Ray is started on this machine."
                ) from error
            self._owned = True
        return self._ray

    @property
    def running(self) -> dict[str, Job]:
        """Key to job of the trials that Ray has."""
        return {key: one.job for key, one in self._running.items()}

    @property
    def free(self) -> int:
        """How many more may be started now."""
        return max(0, self.jobs - len(self._running))

    def elapsed(self, key: str) -> float:
        """Seconds since a trial was first seen on a node, by a file; where no files come, since it was handed over."""
        one = self._running[key]
        if one.begun is None and (Path(one.job.workdir) / NODE).exists():
            one.begun = time.monotonic()
        begun = one.started if one.begun is None and not self._sees_nodes else one.begun
        return 0.0 if begun is None else time.monotonic() - begun

    def capacity(self) -> Capacity:
        """The cluster's nodes."""
        nodes = [
            Node(
                str(one.get("NodeName") or one["NodeManagerAddress"]), int(one["Resources"].get("CPU", 0)),
                int(one["Resources"].get("GPU", 0)), float(one["Resources"].get("memory", 0)) / 2**30,
            )
            for one in self._connect().nodes() if one["Alive"]
        ]  # fmt: skip
        return Capacity(tuple(nodes), max(1, self.free), self.profile.resources)

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Hand a trial to Ray, which runs it where its resources are free."""
        workdir = Path(job.workdir)
        workdir.mkdir(parents=True, exist_ok=True)
        for name in ("outcome.json", ENDING, NODE):
            (workdir / name).unlink(missing_ok=True)
        asked = job.resources.over(self.profile.resources)
        job = dataclasses.replace(job, threads=asked.cpus or job.threads, resources=asked)
        files.write_text(workdir / "job.json", job.to_json())
        mark = uuid.uuid4().hex
        files.write_text(workdir / TASK, mark)
        options: dict[str, Any] = {"num_cpus": asked.cpus or 1, "num_gpus": asked.gpus or 0, "max_retries": 0}
        if asked.memory_gib:
            options["memory"] = int(asked.memory_gib * 2**30)
        task = self._ray.remote(_task).options(name=key, **options)
        reference = task.remote(job.to_json(), attempt, limit_seconds, versions(), mark)
        self._running[key] = _Task(reference, job, attempt, limit_seconds, time.monotonic(), checkpoint_time(workdir))

    def wait(self, seconds: float) -> list[Finished]:
        """Wait until a task ends or the time is over."""
        self._measure()
        if not self._running:
            time.sleep(seconds)
            return []
        keys = {one.reference: key for key, one in self._running.items()}
        ready, _ = self._ray.wait(list(keys), num_returns=1, timeout=max(0.0, seconds))
        if ready:
            ready, _ = self._ray.wait(list(keys), num_returns=len(keys), timeout=0)
        return [self._end(keys[reference]) for reference in ready]

    def _end(self, key: str) -> Finished:
        one = self._running.pop(key)
        try:
            found = self._ray.get(one.reference)
        except self._ray.exceptions.RayError as error:
            return self._lost(key, one, error)
        if "differs" in found:
            message = f"its node has other versions: {found['differs']}. Install the same on every node"
            failure = Failure("infrastructure", message, "import")
            return Finished(key, one.job, Outcome(failure=failure), Execution(one.attempt))
        workdir = Path(one.job.workdir)
        workdir.mkdir(parents=True, exist_ok=True)
        self._sees_nodes = (workdir / NODE).exists()
        if found["outcome"] is not None and not (workdir / "outcome.json").exists():
            files.write_text(workdir / "outcome.json", found["outcome"])
        if found["outcome"] is None and not (workdir / "log.txt").exists():
            (workdir / "log.txt").write_text(found["log"], encoding="utf-8")
        told = finished(key, one.job, one.attempt, one.limit, Left(**json.loads(found["left"])))
        (workdir / ENDING).unlink(missing_ok=True)
        return told

    def _lost(self, key: str, one: _Task, error: Exception) -> Finished:
        """A task of which Ray says that it broke off, by Ray's own word."""
        workdir = Path(one.job.workdir)
        state = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in STATES), "")
        if state:
            told = finished(key, one.job, one.attempt, one.limit, None, state)
        else:
            detail = log_tail(workdir / "log.txt")
            failure = failure_without_outcome(Ending(None, None, state=_first_line(error)), one.limit, detail)
            told = Finished(key, one.job, Outcome(failure=failure), Execution(one.attempt))
        if told.outcome.failure is not None and is_cancelled(state):
            return dataclasses.replace(told, pending_again="its task was cancelled")
        if told.outcome.failure is not None and goes_on(state) and checkpoint_time(workdir) > one.checkpoint:
            return dataclasses.replace(told, pending_again=f"{told.outcome.failure.message}; its checkpoint goes on")
        return told

    def cancel(self, key: str) -> None:
        """Kill a trial's task."""
        self._ray.cancel(self._running.pop(key).reference, force=True)


def _knock(address: str) -> None:
    """See whether anybody listens at an address; Ray itself would wait for minutes, and say so in its own log.

    Raises:
        OSError: nobody does.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_SECONDS):
            pass


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
