"""The suite that every executor passes, under the name by which it is known: see :mod:`evenhand.testing.executors`."""

from evenhand.testing.executors import (
    CASES,
    RECIPE,
    Case,
    Hand,
    Make,
    Place,
    await_progress,
    begun,
    ended,
    job_of,
    run,
    slow_job,
    to_its_end,
)

__all__ = [
    "CASES",
    "RECIPE",
    "Case",
    "Hand",
    "Make",
    "Place",
    "await_progress",
    "begun",
    "ended",
    "job_of",
    "run",
    "slow_job",
    "to_its_end",
]
