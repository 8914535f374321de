"""What a trial asks of a machine, and what machines there are: what no node could ever hold is refused early."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from evenhand.errors import counted


@dataclass(frozen=True)
class Resources:
    """What one trial asks for; no part of what determines its result.

    Attributes:
        cpus: cores; None for what the place gives by itself.
        gpus: devices; None for one where the place has devices to give, else none.
        memory_gib: main memory that is set aside for it; None for what the place gives by itself.
        minutes: that a scheduler is asked for; a trial with a checkpoint goes on in another job. None for the
            profile's.
    """

    cpus: int | None = None
    gpus: int | None = None
    memory_gib: float | None = None
    minutes: float | None = None

    def over(self, below: Resources) -> Resources:
        """These, and where nothing is said those below."""
        pairs = ((getattr(self, f.name), getattr(below, f.name)) for f in fields(self))
        return Resources(*(own if own is not None else other for own, other in pairs))

    def words(self) -> str:
        """For people: ``8 cores, 2 GPUs, 64 GiB``."""
        parts = [counted(self.cpus, "core")] if self.cpus else []
        parts += [counted(self.gpus, "GPU")] if self.gpus else []
        if self.memory_gib:
            parts.append(f"{self.memory_gib:,.0f} GiB" if self.memory_gib >= 100 else f"{self.memory_gib:.3g} GiB")
        return ", ".join(parts) or "nothing in particular"


NOTHING_ASKED = Resources()


@dataclass(frozen=True)
class Node:
    """One machine: what it has, whether or not it is free now."""

    name: str
    cpus: int
    gpus: int = 0
    memory_gib: float = math.inf

    def holds(self, asked: Resources) -> bool:
        """Whether a trial that asks for this could run here alone."""
        return (
            (asked.cpus or 1) <= self.cpus
            and (asked.gpus or 0) <= self.gpus
            and (asked.memory_gib or 0.0) <= self.memory_gib
        )

    def words(self) -> str:
        """For people: ``n1 with 2 cores, 3.9 GiB``."""
        memory = self.memory_gib if math.isfinite(self.memory_gib) else None
        return f"{self.name} with {Resources(self.cpus, self.gpus, memory).words()}"


@dataclass(frozen=True)
class Capacity:
    """What could run at all in a place.

    Attributes:
        nodes: its machines; empty where the place does not tell, which then refuses nothing.
        free: how many more trials it takes now.
        default: what a trial asks for that says nothing itself.
        devices: how the place is told of GPUs that it has, where it was told of none.
    """

    nodes: Sequence[Node] = ()
    free: int = 1
    default: Resources = NOTHING_ASKED
    devices: str = ""

    def refusal(self, asked: Iterable[Resources]) -> str:
        """Why one of these could never run, with the largest node's name; empty where each of them could."""
        if not self.nodes:
            return ""
        largest = max(self.nodes, key=lambda node: (node.gpus, node.cpus, node.memory_gib))
        for one in (own.over(self.default) for own in asked):
            if not any(node.holds(one) for node in self.nodes):
                named = f"{self.devices}. " if self.devices and one.gpus and not largest.gpus else ""
                return (
                    f"a trial asks for {one.words()}, which no node has; the largest is {largest.words()}. {named}"
                    "Lower [resources], or take a profile whose nodes have it"
                )
        return ""
