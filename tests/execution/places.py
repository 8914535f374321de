"""The places that the conformance suite is run against, made so that a process started anew can make them too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from evenhand.execution.executor import Executor
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.profiles import Profile
from evenhand.execution.ray import Ray
from evenhand.execution.slurm.executor import Slurm
from evenhand.execution.slurm.job import SUBMISSION
from evenhand.testing import conforming
from evenhand.testing.executor_suite import RECIPE, Place

ON_SLURM = Profile(executor="slurm", partition="low", polls_per_minute=60, patience_seconds=10, signal_seconds=10)


def local(folder: Path) -> LocalSlots:
    """Two slots on this machine."""
    return LocalSlots([RECIPE], folder, 2)


def slurm(folder: Path, **settings: int) -> Slurm:
    """The test's own Slurm, whose address stands in the environment; ``settings`` of its profile besides."""
    (folder / "slurm").mkdir(exist_ok=True)
    (folder / "slurm" / "seen-from-low.txt").write_text(f"n1\n{folder / 'slurm'}\n")  # as a run before would have
    return Slurm(ON_SLURM.model_copy(update=settings), folder / "slurm")


def ray(folder: Path) -> Ray:
    """The test's own Ray cluster, whose address stands in the environment."""
    return Ray(Profile(executor="ray"))


def say_again(executor: Executor, workdir: Path) -> None:
    """Have the server's pipe carry the ending of the first trial once more."""
    assert isinstance(executor, LocalSlots)
    assert executor._process is not None
    told = {"event": "ended", "key": "0 key", "exit_code": 0, "signal": None, "seconds": 1.0, "cpu_seconds": 1.0,
            "peak_memory_bytes": 1}  # fmt: skip
    pipe = os.fstat(executor.events_fd).st_ino
    ends = Path(f"/proc/{executor._process.pid}/fd").iterdir()
    end = next(one for one in ends if f"[{pipe}]" in str(one.readlink()))
    with end.open("wb", buffering=0) as again:
        again.write((json.dumps(told) + "\n").encode())


def start_again(executor: Executor, workdir: Path) -> None:
    """Run on a node what Slurm runs for a job, once more after its end: as where it requeues one that had ended."""
    call = f"GivesWay({str(workdir)!r}, 1, None, 1.0, 'evenhand-x')()"
    line = f"from evenhand.execution.slurm.job import GivesWay; {call}"
    workdir.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-c", line], check=True, timeout=120)


LOCAL = Place(local, {"delivers twice": say_again}, importable=True)


def source() -> str:
    """The recipe of the suite, for tests beside it."""
    return conforming.SOURCE


def slurm_id(workdir: Path) -> str:
    """Of the job of a trial."""
    return str(json.loads((workdir / SUBMISSION).read_text())["id"])


def slurm_state(job: str) -> tuple[str, str]:
    """State and node of a job."""
    done = subprocess.run(["squeue", "-h", "-r", "-t", "all", "-j", job, "-o", "%T|%N"], capture_output=True, text=True,
                          check=True)  # fmt: skip
    state, _, node = done.stdout.strip().partition("|")
    return state, node


def release(job: str, seconds: float = 40.0) -> None:
    """Wait until a job is queued again, and let it start soon: Slurm holds such jobs back for two minutes.

    Not within the second in which it was ended: the node takes its credential for the one that was revoked then.
    """
    deadline = time.monotonic() + seconds
    while slurm_state(job)[0] != "PENDING":
        assert time.monotonic() < deadline, f"job {job} is {slurm_state(job)}, not queued again"
        time.sleep(0.1)
    subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now+2"], check=True, capture_output=True)


def preempt(executor: Executor, workdir: Path) -> None:
    """Have a job of higher priority take the node, with all its cores, for a moment."""
    job = slurm_id(workdir)
    node = slurm_state(job)[1]
    command = ["sbatch", "-p", "high", "-w", node, "-n1", "-c4", "-t", "1", "-o", "/dev/null", "--wrap", "sleep 0.1"]
    subprocess.run(command, check=True, capture_output=True)
    release(job)
