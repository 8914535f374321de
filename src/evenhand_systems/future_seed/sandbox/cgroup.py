"""A control group of its own for a sandbox, where this machine lets us make one: the kernel then bounds its memory."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

_PATIENCE = 1.0  # seconds that killed processes are given to leave a group


class MemoryGroup:
    """A control group (version 2) that bounds the memory and the number of its processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, memory: int, processes: int, proc: Path = Path("/proc/self")) -> MemoryGroup | None:
        """A group below our own, or None where there is no version 2, no memory controller, or no right to make one."""
        home = own_group(proc)
        if home is None:
            return None
        group = cls(home / f"evenhand-{os.getpid()}-{os.urandom(4).hex()}")
        try:
            if "memory" not in (home / "cgroup.subtree_control").read_text().split():
                return None
            group.path.mkdir()
            (group.path / "memory.max").write_text(str(memory))
        except OSError:
            group.remove()
            return None
        for name, value in (("memory.swap.max", 0), ("memory.oom.group", 1), ("pids.max", processes)):
            with suppress(OSError):  # not every kernel has each
                (group.path / name).write_text(str(value))
        return group

    def add(self, process: int) -> bool:
        """Put a process in, and with it all that it starts from now on; whether that was allowed."""
        try:
            (self.path / "cgroup.procs").write_text(str(process))
        except OSError:
            return False
        return True

    def remove(self) -> None:
        """Take the group away once its processes are gone."""
        deadline = time.monotonic() + _PATIENCE
        while self.path.exists() and time.monotonic() < deadline:
            with suppress(OSError):
                self.path.rmdir()
                return
            time.sleep(0.01)


def own_group(proc: Path) -> Path | None:
    """The folder of the group that this process is in, or None without version 2."""
    try:
        groups = (proc / "cgroup").read_text().splitlines()
        mounts = (proc / "mountinfo").read_text().splitlines()
    except OSError:
        return None
    inside = next((line[3:] for line in groups if line.startswith("0::")), None)
    for line in mounts:
        before, _, after = line.partition(" - ")
        if inside is not None and after.startswith("cgroup2 "):
            root, point = before.split()[3:5]
            below = inside.removeprefix(root) if root != "/" else inside
            folder = Path(point) / below.strip("/")
            return folder if folder.is_dir() else None
    return None
