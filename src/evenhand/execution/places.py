"""Executors by name: those that come with evenhand, and those that installed packages have registered."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evenhand.errors import EvenhandError, LedgerError
from evenhand.execution.executor import Executor
from evenhand.execution.local.room import Room
from evenhand.execution.local.shared import local_slots
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Capacity
from evenhand.files import locked

GROUP = "evenhand.executors"
"""Entry points of this group name a callable that takes a profile, the recipes by folder and the ledger's folder."""

OWN = ("local", "slurm", "ray")


def names() -> list[str]:
    """All executors that there are here."""
    return [*OWN, *sorted({found.name for found in importlib.metadata.entry_points(group=GROUP)} - {*OWN})]


def executor_of(
    profile: Profile, recipes: Mapping[Path, Sequence[str]], ledger: Path, warm: bool | None = None
) -> Executor:
    """The executor that a profile names, not opened yet.

    Args:
        profile: what is asked of it.
        recipes: folder of claims to the recipes that run for them.
        ledger: its folder, which trials elsewhere must see.
        warm: local: keep a process for the next trial of its recipe.

    Raises:
        EvenhandError: there is no executor of this name.
        LedgerError: the ledger's folder cannot be shared, since locks do not hold there.
    """
    if profile.executor == "local":
        return local_slots(recipes, profile.jobs, warm, Room(profile.jobs, profile.devices, profile.per_gpu))
    found = {one.name: one for one in importlib.metadata.entry_points(group=GROUP)}
    if profile.executor not in (*OWN, *found):
        raise EvenhandError(f"There is no executor '{profile.executor}'; there are: {', '.join(names())}.")
    check_locks(ledger)
    if profile.executor == "slurm":
        from evenhand.execution.slurm import Slurm  # here: only those who use it need it

        return Slurm(profile, (ledger / "slurm").resolve())
    if profile.executor == "ray":
        from evenhand.execution.ray import Ray

        return Ray(profile)
    made: Executor = found[profile.executor].load()(profile, recipes, ledger)
    return made


def capacity_of(profile: Profile, ledger: Path) -> Capacity:
    """What there is in a place, with what its profile asks for where a claim asks for nothing."""
    return replace(executor_of(profile, {Path(): []}, ledger).capacity(), default=profile.resources)


_ASK_FOR_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(0)
sys.exit(3)
"""


def check_locks(ledger: Path) -> None:
    """Have two processes ask for one lock: where both get it, two drivers could run one claim at once.

    Raises:
        LedgerError: the locks of the ledger's file system do not hold, or there are none.
    """
    path = ledger / "locks" / "probe.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path):
            command = [sys.executable, "-I", "-S", "-c", _ASK_FOR_LOCK, str(path)]
            code = subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LedgerError(_no_locks(ledger, f"{type(error).__name__}: {error}")) from error
    if code != 0:
        raise LedgerError(_no_locks(ledger, "two processes held one lock at once"))


def _no_locks(ledger: Path, why: str) -> str:
    return (
        f"The ledger {ledger} lies on a file system without working locks ({why}), so that two runs could do the same "
        "work twice. Put it on one that has them (NFS version 4, Lustre with -o flock), with --ledger."
    )
