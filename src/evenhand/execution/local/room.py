"""What this machine has for trials: slots, GPUs and memory, and who holds what."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evenhand.execution.machine import cores, machine, share_threads
from evenhand.execution.resources import NOTHING_ASKED, Capacity, Node, Resources
from evenhand.recipes.gpus import visible_gpus


@dataclass(frozen=True)
class Held:
    """What one trial holds: ``slots`` of the room's, places on ``devices``, ``memory_gib`` of main memory."""

    slots: int
    threads: int
    devices: tuple[str, ...] | None
    memory_gib: float

    @property
    def environment(self) -> Mapping[str, str]:
        """What its process gets, so that it sees its own devices alone; nothing where the room has none to give."""
        return {} if self.devices is None else {"CUDA_VISIBLE_DEVICES": ",".join(self.devices)}


class Room:
    """Slots of this machine, or places on its GPUs.

    Args:
        jobs: trials at a time; None for one per core, or one per place on a GPU.
        gpus: numbers or UUIDs of the GPUs that trials may have; none for trials that see what this process sees.
        per_gpu: trials side by side on each of them.
        default: what a trial asks for that says nothing itself.
    """

    def __init__(
        self,
        jobs: int | None = None,
        gpus: Sequence[str] = (),
        per_gpu: int = 1,
        default: Resources = NOTHING_ASKED,
    ) -> None:
        self.default = default
        self.gpus = tuple(gpus)
        self.per_gpu = per_gpu
        self.jobs = jobs or (len(self.gpus) * per_gpu if gpus else cores())
        self.threads = share_threads(self.jobs)
        self.memory_gib: float = machine()["memory_gib"] or math.inf
        self._held: list[Held] = []

    @property
    def free(self) -> int:
        """How many more trials that ask for nothing in particular could start now."""
        slots = self.jobs - sum(one.slots for one in self._held)
        needs_place = self.gpus and self.default.gpus != 0
        return max(0, min(slots, sum(self._places().values())) if needs_place else slots)

    def _places(self) -> Counter[str]:
        """Device to free places on it."""
        taken = Counter(name for one in self._held for name in one.devices or ())
        return Counter({name: self.per_gpu - taken[name] for name in self.gpus})

    def take(self, asked: Resources) -> Held | None:
        """What a trial gets that asks for this; None where it does not fit beside the others now.

        The devices with the most free places go first, in the order given.
        """
        asked = asked.over(self.default)
        threads = asked.cpus or self.threads
        slots = min(self.jobs, math.ceil(threads / self.threads)) if asked.cpus else 1
        wanted = len(self.gpus[:1]) if asked.gpus is None else asked.gpus
        places = sorted(self._places().items(), key=lambda place: -place[1])
        devices = tuple(name for name, left in places if left > 0)[:wanted]
        memory = asked.memory_gib or 0.0
        if len(devices) < wanted or slots > self.jobs - sum(one.slots for one in self._held):
            return None
        if memory > self.memory_gib - sum(one.memory_gib for one in self._held):
            return None
        held = Held(slots, threads, devices if self.gpus else None, memory)
        self._held.append(held)
        return held

    def give_back(self, held: Held) -> None:
        """What a trial held is free again."""
        self._held.remove(held)

    @property
    def sharing(self) -> int:
        """The most trials that are on one GPU at once; on the machine, where it has none to give."""
        return min(self.jobs, self.per_gpu) if self.gpus and self.default.gpus != 0 else self.jobs

    def capacity(self) -> Capacity:
        """This machine as the one node that there is."""
        node = Node("this machine", cores(), len(self.gpus), self.memory_gib)
        return Capacity((node,), self.free, self.default, "" if self.gpus else _why_none_given())


def _why_none_given() -> str:
    """Why this machine has no GPU for trials, with a cure."""
    there, why = visible_gpus()
    if there:
        return "GPUs of this machine are given to trials where they are named: --gpus 0,1, or `devices` in a profile"
    return f"There is no GPU to give: {why}; if there is one all the same, name it: --gpus 0, or `devices` in a profile"
