"""The retry policy: which failed trials are tried again, which run without neighbours, which keep what they had done,
and when an arm that fails in the same way each time is given up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from evenhand.recipes.outcome import Execution, Failure, FailureClass, Outcome


@dataclass(frozen=True)
class Policy:
    """What becomes of a trial that failed in one way.

    Attributes:
        tries: how often it is tried again within one run.
        alone: it is tried again without a neighbour.
        keeps_work: it goes on from its last checkpoint when the machine is mended; else its folder is cleared.
        persists: further trials that meet the same failure would fail like it.
    """

    tries: int = 0
    alone: bool = False
    keeps_work: bool = False
    persists: bool = False


POLICY: dict[FailureClass, Policy] = {
    "infrastructure": Policy(tries=2, keeps_work=True),
    "resource": Policy(tries=1, alone=True, keeps_work=True),
    "data": Policy(persists=True),
    "timeout": Policy(keeps_work=True),
    "code": Policy(persists=True),
    "diverged": Policy(),
}
"""The retry policy: failure class to what becomes of the trial."""

SAME_FAILURE_LIMIT = 2
"""An arm that failed this often in the same way, and never succeeded, is not tried further in that condition."""


def keeps_its_work(failure: Failure | None) -> bool:
    """Whether a trial may go on from its last checkpoint when the machine is mended; else its folder is cleared."""
    return failure is not None and POLICY[failure.kind].keeps_work


@dataclass
class Retries:
    """Which failed trials are tried again within one run, and which failures of the machine last.

    A failure that a trial met alike at each of its tries will not pass by trying again: every other trial that meets
    it has one try. Only what the trial itself raised counts; a process killed from outside says nothing of the next.

    Attributes:
        signatures: trial id to the signatures of what it met, in order.
        lasting: signature of a failure that lasts, to the arms whose trials met it.
        alone: ids of the trials that ran out of memory: they are tried again without neighbours.
        neighbours: trials share the memory of a machine; elsewhere a scheduler gives each its own.
    """

    signatures: dict[str, list[str]] = field(default_factory=dict)
    lasting: dict[str, set[str]] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)
    neighbours: bool = True

    def again(self, trial: str, arm: str, failure: Failure, execution: Execution) -> bool:
        """Whether to try a failed trial again."""
        signature = failure_signature(failure) if failure.kind == "infrastructure" and execution.exit_code == 0 else ""
        tries = self.signatures.setdefault(trial, [])
        tries.append(signature)
        if signature not in self.lasting and execution.attempt <= POLICY[failure.kind].tries:
            if POLICY[failure.kind].alone and self.neighbours:
                self.alone.add(trial)
            return True
        if signature and set(tries) == {signature}:
            self.lasting.setdefault(signature, set()).add(arm)
        return False

    def passed(self, arm: str) -> None:
        """A trial of an arm came through: what its trials had met has not lasted."""
        self.lasting = {signature: arms for signature, arms in self.lasting.items() if arm not in arms}

    def is_persistent(self, failure: Failure) -> bool:
        """Whether further trials that meet this failure would fail like it."""
        return POLICY[failure.kind].persists or (
            failure.kind == "infrastructure" and failure_signature(failure) in self.lasting
        )

    def failed_alike(self, failure: Failure, ended: Sequence[Outcome]) -> int:
        """How many trials of an arm failed in this very way, where that is reason to try no further one; else 0.

        Args:
            failure: that a trial of the arm has met for good.
            ended: all trials of the arm, in that condition, that will not be tried again, this one included.
        """
        if not self.is_persistent(failure):
            return 0
        signature = failure_signature(failure)
        same = sum(one.failure is not None and failure_signature(one.failure) == signature for one in ended)
        return same if SAME_FAILURE_LIMIT <= same == len(ended) else 0


def failure_signature(failure: Failure) -> str:
    """What failures that are the same have in common; a disk's free space changes between two looks at it."""
    return re.sub(r"\d+", "#", failure.message) if failure.kind == "infrastructure" else failure.message
