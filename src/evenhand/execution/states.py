"""The scheduler's word on how a job ended, and what it means for the trial: one table for all places."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.recipes.outcome import Failure, FailureClass


@dataclass(frozen=True)
class State:
    """What a scheduler's word means.

    Attributes:
        kind: class of the failure; None where the trial has not failed and is pending again.
        goes_on: a trial with a newer checkpoint than before goes on from it, and the attempt is not counted.
        words: what happened, for people.
    """

    kind: FailureClass | None
    goes_on: bool
    words: str


_MEMORY = State("resource", False, "ran out of the memory that it had asked for")
_TIME = State("timeout", True, "was stopped at the time that it had asked for")
_GIVEN_WAY = State("infrastructure", True, "had to give way to another job")
_NODE = State("infrastructure", True, "was lost with its node")
_CANCELLED = State(None, False, "was cancelled")
_LOST = State("infrastructure", True, "is not known to the scheduler any more")

STATES: dict[str, State] = {
    "OUT_OF_MEMORY": _MEMORY,
    "OutOfMemoryError": _MEMORY,
    "TIMEOUT": _TIME,
    "DEADLINE": _TIME,
    "PREEMPTED": _GIVEN_WAY,
    "REQUEUED": _GIVEN_WAY,
    "NODE_FAIL": _NODE,
    "BOOT_FAIL": _NODE,
    "LAUNCH_FAILED": _NODE,
    "NodeDiedError": _NODE,
    "ActorDiedError": _NODE,
    "WorkerCrashedError": _NODE,
    "LocalRayletDiedError": _NODE,
    "OwnerDiedError": _NODE,
    "ObjectLostError": _NODE,
    "CANCELLED": _CANCELLED,
    "TaskCancelledError": _CANCELLED,
    "REVOKED": _CANCELLED,
    "UNKNOWN": _LOST,
}
"""What Slurm (in capitals) and Ray (names of its errors) say. COMPLETED and FAILED are judged by what is left."""


def failure_of_state(word: str, place: str, detail: str) -> Failure | None:
    """The failure that a scheduler's word tells; None where it tells none.

    Args:
        word: as the scheduler gives it, ``CANCELLED by 1000`` included.
        place: node, for the message; may be empty.
        detail: the last output.
    """
    state = STATES.get(word.partition(" ")[0])
    if state is None or state.kind is None:
        return None
    where = f" on {place}" if place else ""
    return Failure(state.kind, f"its job{where} {state.words} (the scheduler says {word})", "run", detail)


def is_cancelled(word: str) -> bool:
    """Whether somebody cancelled the job: the trial has not failed."""
    state = STATES.get(word.partition(" ")[0])
    return state is not None and state.kind is None


def goes_on(word: str) -> bool:
    """Whether a trial that ended so goes on from a checkpoint without a counted attempt."""
    state = STATES.get(word.partition(" ")[0])
    return state is not None and state.goes_on
