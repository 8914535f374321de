"""Attempts on the sandbox, as a table: what a program writes, and the tests that pass only where it succeeds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evenhand_systems.future_seed import sandbox

LIMITS = sandbox.Limits(seconds=6.0, cpu_seconds=3, memory_mib=256, processes=8, disk_mib=4)
SHORT = replace(LIMITS, seconds=1.0)


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    Attributes:
        kind: "cheat" (pass without solving), "escape" (reach what is outside), "limit" (lift a limit or exceed it).
        name: what is tried, in a few words.
        code: the program.
        tests: pass where the attempt succeeds.
        setup: goes before each test.
        naive: it succeeds where code and tests are executed in one namespace: that it fails here is no accident.
        limits: what the program may use.
    """

    kind: str
    name: str
    code: str
    tests: tuple[str, ...]
    setup: str = ""
    naive: bool = False
    limits: sandbox.Limits = LIMITS


def held(attempt: Attempt) -> tuple[bool, str]:
    """Whether the walls held: no test passed; and what was said."""
    verdict = sandbox.run_tests(attempt.code, attempt.tests, setup=attempt.setup, limits=attempt.limits)
    return not any(verdict.passed), verdict.detail
