"""Who starts a trial on a node, and leaves word of how it ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.execution.supervise import ENDING, Left, Supervisor
from evenhand.testing.conforming import SOURCE, begun, slow_job

KILLED = {"exit_code": None, "timed_out": False, "out_of_memory": False, "seconds": 1.0, "cpu_seconds": 1.0}
KILLED |= {"peak_memory_bytes": 1, "started": "2026-01-01T00:00:00", "node": "n1"}


@pytest.mark.slow
@pytest.mark.parametrize(("signal", "runs"), [("SIGKILL", 1), (None, 0)])
def test_a_job_that_is_started_again_goes_on_where_it_was_killed_from_outside_and_else_lets_its_ending_stand(
    tmp_path: Path, signal: str | None, runs: int
) -> None:
    (tmp_path / "conforming.py").write_text(SOURCE)
    job = slow_job(tmp_path, "again")
    workdir = Path(job.workdir)
    workdir.mkdir(parents=True)
    (workdir / "job.json").write_text(job.to_json())
    left = KILLED | {"trial": job.trial.id, "attempt": 1, "signal": signal, "exit_code": 0 if signal is None else None}
    (workdir / ENDING).write_text(json.dumps(left))
    Supervisor(job.workdir, 1, None).run()
    assert begun(tmp_path, "again") == runs
    found = Left.read(workdir, job.trial.id, 1)
    assert found is not None
    assert found.signal is None
