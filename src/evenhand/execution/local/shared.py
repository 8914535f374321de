"""Slots on this machine that claims from several folders share: a fork server for each folder, one count of slots.

Modules beside a claim are known by their bare names, and two folders may each have a ``recipe.py``: a server imports
from one of them only.
"""

from __future__ import annotations

import select
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from evenhand.execution.executor import Executor, Finished
from evenhand.execution.local.room import Room
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.resources import Capacity
from evenhand.execution.worker import Job


def local_slots(
    recipes: Mapping[Path, Sequence[str]], jobs: int | None, warm: bool | None = None, room: Room | None = None
) -> Executor:
    """Slots on this machine.

    Args:
        recipes: folder of claims to the recipes that are imported for them.
        jobs: trials at a time, of all folders together; None for what the room has.
        warm: see :class:`LocalSlots`.
        room: what of this machine trials may have, GPUs too.
    """
    own = room or Room(jobs)
    servers = {
        str(folder): LocalSlots(list(dict.fromkeys(one)), folder, own.jobs, warm, own)
        for folder, one in recipes.items()
    }
    return next(iter(servers.values())) if len(servers) == 1 else SharedSlots(servers, own)


class SharedSlots(Executor):
    """``jobs`` slots for jobs of several folders.

    Args:
        servers: folder to its slots, which share the room.
        room: what of this machine they may have together.
    """

    def __init__(self, servers: Mapping[str, LocalSlots], room: Room) -> None:
        self.room = room
        self.jobs = room.jobs
        self._servers = dict(servers)
        self.threads = room.threads
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            for server in self._servers.values():
                opening.enter_context(server)
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def running(self) -> dict[str, Job]:
        """Key to job of the trials that run now."""
        return {key: job for server in self._servers.values() for key, job in server.running.items()}

    @property
    def free(self) -> int:
        """Slots without a trial."""
        return max(0, self.room.free - sum(server.waiting for server in self._servers.values()))

    def capacity(self) -> Capacity:
        """This machine."""
        return self.room.capacity()

    def cancel(self, key: str) -> None:
        """Kill a trial; nothing is told of it."""
        next(server for server in self._servers.values() if key in server.running).cancel(key)

    def elapsed(self, key: str) -> float:
        """Seconds since a running trial was started."""
        return next(server for server in self._servers.values() if key in server.running).elapsed(key)

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Start a trial in a free slot, from the server of its claim's folder."""
        self._servers[job.folder].start(key, job, attempt, limit_seconds)

    def wait(self, seconds: float) -> list[Finished]:
        """Wait until a trial ends or the time is over, stopping trials that are past their limit."""
        select.select([server.events_fd for server in self._servers.values()], [], [], max(0.0, seconds))
        return [finished for server in self._servers.values() for finished in server.wait(0.0)]
