"""Executors by name: those that come with evenhand, and those that installed packages have registered."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evenhand.errors import EvenhandError, LedgerError
from evenhand.execution.executor import Executor
from evenhand.execution.local.room import Room
from evenhand.execution.local.shared import local_slots
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Capacity
from evenhand.extras import registered
from evenhand.files import BEAT_SECONDS, LEASE_SECONDS, LEASES, write_text

GROUP = "evenhand.executors"
"""Entry points of this group name a callable that takes a profile, the recipes by folder and the ledger's folder."""

OWN = ("local", "slurm", "ray")


def names() -> list[str]:
    """All executors that there are here."""
    return [*OWN, *sorted({found.name for found in registered(GROUP)} - {*OWN})]


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
        LedgerError: the ledger's folder cannot be written.
    """
    check_locks(ledger)
    return _made(profile, recipes, ledger, warm)


def _made(profile: Profile, recipes: Mapping[Path, Sequence[str]], ledger: Path, warm: bool | None = None) -> Executor:
    if profile.executor == "local":
        return local_slots(recipes, profile.jobs, warm, room_of(profile))
    found = {one.name: one for one in registered(GROUP)}
    if profile.executor not in (*OWN, *found):
        raise EvenhandError(f"There is no executor '{profile.executor}'; there are: {', '.join(names())}.")
    if profile.executor == "slurm":
        from evenhand.execution.slurm.executor import Slurm  # here: only those who use it need it

        return Slurm(profile, (ledger / "slurm").resolve())
    if profile.executor == "ray":
        from evenhand.execution.ray import Ray

        return Ray(profile)
    made: Executor = found[profile.executor].load()(profile, recipes, ledger)
    return made


def room_of(profile: Profile) -> Room:
    """What trials may have of this machine, as a profile says it."""
    return Room(profile.jobs, profile.devices, profile.per_gpu, profile.resources)


def capacity_of(profile: Profile, ledger: Path) -> Capacity:
    """What there is in a place, with what its profile asks for where a claim asks for nothing; nothing is written."""
    return replace(_made(profile, {Path(): []}, ledger).capacity(), default=profile.resources)


_ASK_FOR_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(0)
sys.exit(3)
"""


def check_locks(ledger: Path) -> str:
    """Have two processes ask for one lock. Where both get it, or none can, leases stand for the ledger's locks.

    Returns:
        Why its locks do not hold; empty where they do.

    Raises:
        LedgerError: the ledger's folder cannot be written.
    """
    path = ledger / "locks" / "probe.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if (path.parent / LEASES).exists():
            return (path.parent / LEASES).read_text(encoding="utf-8", errors="replace")
        why = _why_no_locks(path)
        if why:
            for folder in (path.parent, ledger / "assets"):
                folder.mkdir(parents=True, exist_ok=True)
                write_text(folder / LEASES, why)
            warnings.warn(_leases_words(ledger, why), stacklevel=2)
    except OSError as error:
        raise LedgerError(
            f"The ledger {ledger} cannot be written: {error.strerror}. Choose another --ledger."
        ) from error
    return why


def _why_no_locks(path: Path) -> str:
    """Why the locks of a file system do not hold, or empty."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            return f"it has none: {error.strerror}"
        command = [sys.executable, "-I", "-S", "-c", _ASK_FOR_LOCK, str(path)]
        try:
            code = subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
        except subprocess.TimeoutExpired:
            return "a second process that asked for one had no answer for a minute"
    return "" if code == 0 else "two processes held one at once"


def _leases_words(ledger: Path, why: str) -> str:
    return (
        f"The locks of the file system of the ledger {ledger} do not hold ({why}): leases stand for them, files that "
        f"are touched every {BEAT_SECONDS:g} seconds. After a driver that was killed there the next one waits "
        f"{LEASE_SECONDS:g} seconds, or is refused until then."
    )
