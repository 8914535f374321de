"""Whether the nodes see the ledger's folder: one small job asks, before the first trial of a ledger on a partition."""

from __future__ import annotations

import shlex
import time
import uuid
from pathlib import Path

from evenhand import files
from evenhand.errors import LedgerError
from evenhand.execution.profiles import Profile
from evenhand.execution.slurm import queue as slurm_queue

WAIT_SECONDS = 30.0
"""So long the answer is waited for; where the queue is longer than that, the first trials tell."""


def check_shared(folder: Path, profile: Profile) -> None:
    """Have a job look for a file of this folder, and answer beside it; the answer is remembered there, with the place:
    a ledger may be moved to where no node sees it.

    Args:
        folder: in the ledger; it must be there.
        profile: partition and account.

    Raises:
        LedgerError: the job ran and neither saw the file nor could answer.
        SlurmUnreachable: Slurm takes no job.
    """
    known = folder / f"seen-from-{profile.partition or 'default'}.txt"
    if known.exists() and known.read_text(encoding="utf-8").splitlines()[1:] == [str(folder)]:
        return
    token = folder / f"probe-{uuid.uuid4().hex[:12]}.txt"
    answer = token.with_suffix(".seen")
    files.write_text(token, "does a node see this?\n")
    command = f"test -f {shlex.quote(str(token))} && echo $SLURMD_NODENAME > {shlex.quote(str(answer))}"
    options = [f"--{name}={value}" for name, value in (("partition", profile.partition), ("account", profile.account),
               ("qos", profile.qos), ("constraint", profile.constraint)) if value]  # fmt: skip
    job = slurm_queue.ask(
        "sbatch", "--parsable", "--job-name=evenhand-probe", "--time=1", "--ntasks=1", "--output=/dev/null", *options,
        f"--wrap={command}",
    ).strip().partition(";")[0]  # fmt: skip
    try:
        if _answered(answer, job, profile.patience_seconds):
            files.write_text(known, f"{answer.read_text(encoding='utf-8').strip()}\n{folder}\n")
    finally:
        token.unlink(missing_ok=True)
        answer.unlink(missing_ok=True)


def _answered(answer: Path, job: str, patience: float) -> bool:
    """Whether the answer came; False where the job still waits in the queue.

    Raises:
        LedgerError: the job has ended without an answer.
    """
    begun, looked, ended = time.monotonic(), time.monotonic(), None
    while not answer.exists():
        now = time.monotonic()
        if ended is None and now - begun > WAIT_SECONDS:
            slurm_queue.cancel([job])
            return False
        if ended is not None and now - ended[0] > min(patience, 10.0):
            raise LedgerError(
                f"The nodes do not see the ledger's folder {answer.parent.parent} (node {ended[1] or 'unknown'}, "
                f"job {job}). Put the ledger on a file system that they share, with --ledger."
            )
        if ended is None and now - looked > 1.0:
            looked = now
            rows = slurm_queue.ask("squeue", "-h", "-t", "all", "-j", job, "-o", "%T|%N").split()
            state, _, node = rows[0].partition("|") if rows else ("COMPLETED", "", "")
            ended = (now, node) if state in slurm_queue.ENDED else None
        time.sleep(0.05)
    return True
