"""The retry policy: which failed trials are tried again, and which keep what they had done."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from evenhand.recipes.outcome import Execution, Failure, FailureClass

RETRIES: dict[FailureClass, int] = {
    "infrastructure": 2,
    "resource": 1,
    "data": 0,
    "timeout": 0,
    "code": 0,
    "diverged": 0,
}
"""How often a trial is tried again within one run. A resource failure is retried alone, without a neighbour."""


def keeps_its_work(failure: Failure | None) -> bool:
    """Whether a trial may go on from its last checkpoint when the machine is mended; else its folder is cleared."""
    return failure is not None and failure.kind in ("infrastructure", "resource", "timeout")


@dataclass
class Retries:
    """Which failed trials are tried again within one run, and which failures of the machine last.

    A failure that a trial met alike at each of its tries will not pass by trying again: every other trial that meets
    it has one try. Only what the trial itself raised counts; a process killed from outside says nothing of the next.
    """

    met: dict[str, list[str]] = field(default_factory=dict)
    lasting: dict[str, set[str]] = field(default_factory=dict)

    def again(self, trial: str, arm: str, failure: Failure, execution: Execution) -> bool:
        """Whether to try a failed trial again."""
        signature = failure_signature(failure) if failure.kind == "infrastructure" and execution.exit_code == 0 else ""
        tries = self.met.setdefault(trial, [])
        tries.append(signature)
        if signature not in self.lasting and execution.attempt <= RETRIES[failure.kind]:
            return True
        if signature and set(tries) == {signature}:
            self.lasting.setdefault(signature, set()).add(arm)
        return False

    def passed(self, arm: str) -> None:
        """A trial of an arm came through: what its trials had met has not lasted."""
        self.lasting = {signature: arms for signature, arms in self.lasting.items() if arm not in arms}

    def is_persistent(self, failure: Failure) -> bool:
        """Whether further trials that meet this failure would fail like it."""
        return failure.kind in ("code", "data") or (
            failure.kind == "infrastructure" and failure_signature(failure) in self.lasting
        )


def failure_signature(failure: Failure) -> str:
    """What failures that are the same have in common; a disk's free space changes between two looks at it."""
    return re.sub(r"\d+", "#", failure.message) if failure.kind == "infrastructure" else failure.message
