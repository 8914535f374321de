"""A run as others see it while it goes on: what its driver notes in the ledger's folder, and what the machine tells.

The driver writes a file into ``running/`` once a second and removes it at its end; ``evenhand watch`` reads it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenhand.files import replacing

EVERY_SECONDS = 1.0
"""How often a driver notes how things are."""

SILENT_SECONDS = 60.0
"""After which a driver on another machine that noted nothing counts as gone."""


@dataclass(frozen=True)
class ClaimSeen:
    """A claim of a run: where it stands, and how much is left at its rung.

    Those that wait are not handed over yet, those that are queued wait in the place's own queue, the others run.
    """

    name: str
    rung: str
    done: int
    total: int
    waiting: int
    running: int
    seconds_per_trial: float | None = None
    after: tuple[str, ...] = ()
    hash: str = ""
    paused: bool = False
    left_out: int = 0
    queued: int = 0

    @property
    def work(self) -> float | None:
        """Seconds of slots that its rung still needs; None before its first trial has ended."""
        left = self.waiting + self.queued + self.running / 2
        return None if self.seconds_per_trial is None else left * self.seconds_per_trial


@dataclass(frozen=True)
class TrialSeen:
    """A trial that runs: what it is, how long it has run, and the share of its budget, or of what it prepares.

    One that is queued waits in the place's own queue.
    """

    claim: str
    label: str
    seconds: float
    share: float
    doing: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    workdir: str = ""
    queued: bool = False


@dataclass(frozen=True)
class RunSeen:
    """A run, as its driver noted it last.

    Attributes:
        process, host: of the driver.
        began, noted: times of the clock, seconds.
        slots: trials at a time.
        ended: trials that this driver has seen end.
        claims, trials: that run, or wait in the place's own queue.
        queues: the place has a queue of its own; ``slots`` bounds how many are in it, and how many run side by side
            is for the place to say.
    """

    process: int
    host: str
    began: float
    noted: float
    slots: int
    ended: int
    claims: tuple[ClaimSeen, ...]
    trials: tuple[TrialSeen, ...]
    queues: bool = False

    @property
    def queued(self) -> int:
        """Trials in the place's own queue."""
        return sum(trial.queued for trial in self.trials)

    @property
    def busy(self) -> int:
        """Trials that run."""
        return len(self.trials) - self.queued

    @property
    def per_hour(self) -> float | None:
        """Trials that ended per hour since the beginning; None before the first."""
        seconds = self.noted - self.began
        return self.ended / seconds * 3600 if self.ended and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Estimate for the present rungs of all claims; None where nothing is known of one of them."""
        work = [claim.work for claim in self.claims if claim.waiting + claim.queued + claim.running]
        known = [one for one in work if one is not None]
        lanes = side_by_side(self.slots, self.busy, self.queued, sum(claim.waiting for claim in self.claims))
        return None if not known or len(known) < len(work) else sum(known) / lanes


def side_by_side(slots: int, busy: int, queued: int, waiting: int) -> int:
    """How many trials run at a time from now on: a slot that no trial is left for shortens nothing.

    Args:
        slots: trials at a time at most.
        busy: that run.
        queued: in a queue of the place's own; where there are any, no more run than do now.
        waiting: that are not handed over yet.
    """
    return max(1, busy if queued else min(slots, busy + waiting))


class Notes:
    """What a driver writes; a file that cannot be written is no reason to stop a run."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger / "running" / f"{os.getpid()}.json"
        self._began, self._last = time.time(), 0.0

    @property
    def due(self) -> bool:
        """Whether it is time to note how things are."""
        return time.monotonic() - self._last >= EVERY_SECONDS

    def write(
        self, slots: int, ended: int, claims: Sequence[ClaimSeen], trials: Sequence[TrialSeen], queues: bool = False
    ) -> None:
        """Note how things are."""
        self._last = time.monotonic()
        seen = RunSeen(
            os.getpid(), socket.gethostname(), self._began, time.time(), slots, ended, tuple(claims), tuple(trials),
            queues,
        )  # fmt: skip
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._path, durable=False) as part:
                told = {**vars(seen), "claims": [vars(one) for one in claims], "trials": [vars(one) for one in trials]}
                part.write_text(json.dumps(told), encoding="utf-8")

    def remove(self) -> None:
        """The run has ended."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            self._path.parent.rmdir()  # only where no other run is noted


def runs_of(ledger: Path) -> list[RunSeen]:
    """The runs that go on in a ledger; what a killed driver left is passed over."""
    found = []
    for path in sorted((ledger / "running").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            seen = _read(json.loads(path.read_text(encoding="utf-8")))
            if _goes_on(seen):
                found.append(seen)
    return found


def _read(document: Mapping[str, Any]) -> RunSeen:
    claims = tuple(ClaimSeen(**claim | {"after": tuple(claim["after"])}) for claim in document["claims"])
    trials = tuple(TrialSeen(**trial) for trial in document["trials"])
    return RunSeen(**{**document, "claims": claims, "trials": trials})


def _goes_on(seen: RunSeen) -> bool:
    if seen.host != socket.gethostname():
        return time.time() - seen.noted < SILENT_SECONDS
    try:
        os.kill(seen.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True)
class Memory:
    """Memory of a device, or of the trials' processes: in use, and all there is where that is known."""

    name: str
    used: int
    total: int | None = None


def device_memory() -> list[Memory]:
    """Memory of the GPUs of this machine, by the driver's own tool; none where it is not there."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    asked = [tool, "--query-gpu=name,memory.used,memory.total", "--format=csv,noheader,nounits"]
    try:
        lines = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout.splitlines()
        rows = [line.rsplit(",", 2) for line in lines]
        return [Memory(f"GPU {i}, {row[0]}", int(row[1]) << 20, int(row[2]) << 20) for i, row in enumerate(rows)]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def resident_memory(trials: Sequence[TrialSeen]) -> Memory | None:
    """Resident memory of the processes that work in the folders of trials, on this machine; None without /proc."""
    folders, total = {trial.workdir for trial in trials}, 0
    page = os.sysconf("SC_PAGE_SIZE")
    if not Path("/proc/self/statm").exists():
        return None
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if str((process / "cwd").readlink()) in folders:
                total += int((process / "statm").read_text().split()[1]) * page
    return Memory("trials", total, os.sysconf("SC_PHYS_PAGES") * page)
