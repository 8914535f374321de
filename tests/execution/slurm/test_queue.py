"""What Slurm's commands print, read; and what is said where they are not there or do not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.execution.profiles import Profile
from evenhand.execution.slurm import queue as slurm_queue
from evenhand.execution.slurm.executor import Slurm


@pytest.mark.parametrize(
    ("gres", "gpus"),
    [
        ("(null)", 0),
        ("gpu:4", 4),
        ("gpu:a100:8(S:0-1)", 8),
        ("gpu:a100:2(S:0),gpu:v100:1,nvme:3", 3),
        ("craynetwork:4", 0),
    ],
)
def test_devices_are_read_from_slurms_words(gres: str, gpus: int) -> None:
    assert slurm_queue._gpus(gres) == gpus


def test_a_machine_without_slurm_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(slurm_queue.SlurmUnreachable, match="Slurm is not installed here: there is no 'sinfo'"):
        Slurm(Profile(executor="slurm"), tmp_path).capacity()


def test_a_controller_that_does_not_answer_is_told_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "sinfo"
    program.write_text("#!/bin/sh\necho 'slurm_load_partitions: Unable to contact slurm controller' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(slurm_queue.SlurmUnreachable, match="Unable to contact slurm controller"):
        slurm_queue.nodes(None)


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("slurmstepd-n1: error: Exceeded job memory limit", True),
        ("slurmstepd: error: Detected 1 oom-kill event(s) in StepId=7.0", True),
        ("ValueError: no more memories", False),
    ],
)
def test_slurmstepds_word_on_memory_is_heard(log: str, found: bool) -> None:
    assert slurm_queue.said_out_of_memory(log) == found
