"""Who starts a trial on a node, and leaves word of how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evenhand.execution.supervise import ENDING, Left, Supervisor
from evenhand.testing.conforming import SOURCE, begun, job_of, slow_job

KILLED = {"exit_code": None, "timed_out": False, "out_of_memory": False, "seconds": 1.0, "cpu_seconds": 1.0}
KILLED |= {"peak_memory_bytes": 1, "started": "2026-01-01T00:00:00", "node": "n1"}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runs"), [("SIGKILL", 1), ("SIGUSR1", 1), (None, 0)])
def test_a_job_that_is_started_again_goes_on_where_it_was_killed_from_outside_and_else_lets_its_ending_stand(
    tmp_path: Path, name: str | None, runs: int
) -> None:
    (tmp_path / "conforming.py").write_text(SOURCE)
    job = slow_job(tmp_path, "again")
    workdir = Path(job.workdir)
    workdir.mkdir(parents=True)
    (workdir / "job.json").write_text(job.to_json())
    left = KILLED | {"trial": job.trial.id, "attempt": 1, "signal": name, "exit_code": 0 if name is None else None}
    (workdir / ENDING).write_text(json.dumps(left))
    Supervisor(job.workdir, 1, None).run()
    assert begun(tmp_path, "again") == runs
    found = Left.read(workdir, job.trial.id, 1)
    assert found is not None
    assert found.signal is None


SUPERVISES = """
import signal, sys
from evenhand.execution.supervise import Supervisor
signal.signal(signal.SIGUSR1, lambda number, frame: None)
Supervisor(sys.argv[1], 1, None).run()
"""


@pytest.mark.slow
def test_a_trial_does_not_hear_the_signal_that_is_meant_for_its_supervisor(tmp_path: Path) -> None:
    (tmp_path / "conforming.py").write_text(SOURCE)
    job = slow_job(tmp_path, "deaf")
    workdir = Path(job.workdir)
    workdir.mkdir(parents=True)
    (workdir / "job.json").write_text(job.to_json())
    with subprocess.Popen([sys.executable, "-c", SUPERVISES, job.workdir]) as supervisor:
        children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children")
        deadline = time.monotonic() + 60
        while not (begun(tmp_path, "deaf") and (found := children.read_text().split())):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for process in (*map(int, found), supervisor.pid):  # as a scheduler does: to all processes of the job
            os.kill(process, signal.SIGUSR1)
    left = Left.read(workdir, job.trial.id, 1)
    assert left is not None
    assert (left.signal, left.exit_code) == (None, 0)


GIVES_WAY = """
import signal, sys
from evenhand.execution.supervise import Supervisor
supervisor = Supervisor(sys.argv[1], 1, None)
class Over(Exception): pass
def asked(number, frame):
    print(supervisor.give_way(float(sys.argv[2]), out_of_time=sys.argv[3] == "late"))
    raise Over
signal.signal(signal.SIGUSR1, asked)
try:
    supervisor.run()
except Over:
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pause", "seconds", "late", "goes_on", "told"),
    [
        (0.1, 0.0, True, True, None),  # it has a checkpoint of this job
        (0.1, 9.0, False, True, None),
        (0.0, 9.0, True, False, (0, "")),  # came to its end meanwhile
    ],
)
def test_a_trial_that_gives_way_goes_on_from_its_checkpoint_and_one_that_came_to_its_end_is_told_of(
    tmp_path: Path, pause: float, seconds: float, late: bool, goes_on: bool, told: tuple[int, str] | None
) -> None:
    (tmp_path / "conforming.py").write_text(SOURCE)
    job = slow_job(tmp_path, "way")
    if not pause:  # one long step after its only checkpoint
        job = job_of(tmp_path, "way", steps=1, ending="slow", pause=2.0, marker=str(tmp_path / "way.began"))
    workdir = Path(job.workdir)
    workdir.mkdir(parents=True)
    (workdir / "job.json").write_text(job.to_json())
    command = [sys.executable, "-c", GIVES_WAY, job.workdir, str(seconds), "late" if late else "early"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        deadline = time.monotonic() + 60
        while not (workdir / "checkpoint.pickle").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(supervisor.pid, signal.SIGUSR1)
        said, _ = supervisor.communicate(timeout=60)
    assert said.strip() == str(goes_on)
    left = Left.read(workdir, job.trial.id, 1)
    assert (left and (left.exit_code, left.state)) == told
