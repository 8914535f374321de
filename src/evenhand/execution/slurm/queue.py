"""What Slurm's own commands tell: nodes, and the states of this user's jobs, asked so and so often a minute at most."""

from __future__ import annotations

import contextlib
import getpass
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evenhand.errors import EvenhandError
from evenhand.execution.resources import Node

ENDED = frozenset({
    "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "DEADLINE", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "PREEMPTED",
    "LAUNCH_FAILED", "REVOKED",
})  # fmt: skip
"""States after which nothing follows. REQUEUED, COMPLETING, SUSPENDED and the like are not among them."""

_SECONDS = 60


class SlurmUnreachable(EvenhandError):
    """Slurm is not installed here, or its controller does not answer."""


def ask(*command: str) -> str:
    """What a Slurm command prints.

    Raises:
        SlurmUnreachable: there is no such command, or it failed; with what it said.
    """
    if shutil.which(command[0]) is None:
        raise SlurmUnreachable(
            f"Slurm is not installed here: there is no '{command[0]}' on the PATH. Run this on a login node of the "
            "cluster, or choose --on local."
        )
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlurmUnreachable(f"Slurm does not answer: {command[0]} ({type(error).__name__}).") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise SlurmUnreachable(
            f"Slurm does not answer as it should: {' '.join(command[:2])} says '{said[0] if said else 'nothing'}'. "
            "Is this a login node, and is its controller up (`sinfo`)?"
        )
    return done.stdout


def nodes(partition: str | None) -> list[Node]:
    """The nodes of a partition, of the default one if None, with what they have.

    Raises:
        EvenhandError: there is no such partition; with those that there are.
        SlurmUnreachable: as :func:`ask` does.
    """
    rows = [line.split("|") for line in ask("sinfo", "-h", "-N", "-o", "%N|%c|%m|%G|%P").splitlines()]
    known = sorted({row[4].rstrip("*") for row in rows})
    own = [row for row in rows if (row[4].rstrip("*") == partition if partition else row[4].endswith("*"))]
    if partition and partition not in known:
        raise EvenhandError(f"Slurm has no partition '{partition}' here; there are: {', '.join(known)}.")
    return [
        Node(name, int(re.sub(r"\D", "", cpus)), _gpus(gres), int(re.sub(r"\D", "", memory)) / 1024)
        for name, cpus, memory, gres, _ in own or rows
    ]


def _gpus(gres: str) -> int:
    """Devices in Slurm's words: ``gpu:a100:4(S:0-1),nvme:1``."""
    return sum(int(found) for found in re.findall(r"(?:^|,)gpu(?::[\w.-]+)?:(\d+)", gres))


@dataclass(frozen=True)
class Seen:
    """A job as Slurm sees it: its state, and the node where it has one."""

    state: str
    node: str = ""


@dataclass
class Queue:
    """The jobs of this user, looked at rarely enough for a shared controller.

    Attributes:
        per_minute: commands within any minute at most, whatever is asked.
        asked: when commands were given.
    """

    per_minute: int
    asked: list[float] = field(default_factory=list)
    _accounting: bool = True
    _last: dict[str, Seen] = field(default_factory=dict)
    _forgotten: Sequence[str] = ()

    @property
    def due(self) -> bool:
        """Whether it may be looked at now: evenly over the minute, so that no news is long in coming."""
        return not self.asked or time.monotonic() - self.asked[-1] >= 60 / self.per_minute

    def look(self, wanted: Iterable[str]) -> Mapping[str, Seen]:
        """Job id (``12``, ``12_3``) to what Slurm knows of it; those that it has forgotten are not there.

        Slurm's memory of ended jobs is minutes long. Where jobs are missing from it, the next look asks the accounting
        database for them, if the cluster keeps one.
        """
        if self._forgotten and self._accounting:
            self._last |= self._remembered(self._forgotten)
            self._forgotten = []
            return self._last
        rows = self._ask("squeue", "-h", "-r", "-t", "all", "-u", getpass.getuser(), "-o", "%F|%K|%T|%N")
        self._last = {}
        for array, index, state, node in (line.split("|") for line in rows):
            self._last[array if index == "N/A" else f"{array}_{index}"] = Seen(state, node)
        self._forgotten = [name for name in wanted if name not in self._last]
        return self._last

    def _remembered(self, wanted: Sequence[str]) -> dict[str, Seen]:
        ids = ",".join(sorted({one.partition("_")[0] for one in wanted}))
        try:
            rows = self._ask("sacct", "-n", "-P", "-X", "-o", "JobID,State,NodeList", "-j", ids)
        except SlurmUnreachable:
            self._accounting = False
            return {}
        return {name: Seen(state, node) for name, state, node in (line.split("|") for line in rows)}

    def by_name(self, name: str) -> str:
        """Id of the job or array of this name; empty where there is none."""
        rows = ask("squeue", "-h", "-t", "all", "-u", getpass.getuser(), f"--name={name}", "-o", "%F").splitlines()
        return rows[0] if rows else ""

    def _ask(self, *command: str) -> list[str]:
        self.asked.append(time.monotonic())
        del self.asked[:-100]
        return ask(*command).splitlines()


def cancel(jobs: Sequence[str]) -> None:
    """Cancel jobs; those that have ended already are no fault."""
    for at in range(0, len(jobs), 200):
        with contextlib.suppress(SlurmUnreachable):
            ask("scancel", "--quiet", *jobs[at : at + 200])


def said_out_of_memory(log: str) -> bool:
    """Whether a job's log holds what slurmstepd says when it ends a job for its memory."""
    return "Exceeded job memory limit" in log or "oom-kill event" in log or "oom_kill" in log
