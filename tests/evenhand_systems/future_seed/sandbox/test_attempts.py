"""Attempts to pass without solving, to get out, and to lift limits: none succeeds."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Sequence

import pytest

from evenhand_systems.future_seed import sandbox
from tests.evenhand_systems.future_seed.sandbox.attempts import Attempt, held
from tests.evenhand_systems.future_seed.sandbox.cheats import CHEATS
from tests.evenhand_systems.future_seed.sandbox.escapes import ESCAPES, GROUPS, together
from tests.evenhand_systems.future_seed.sandbox.hogs import HOGS

REASON = sandbox.why_unavailable()
needs_sandbox = pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON}")
NAIVE = "import sys\nspace = {'__name__': 'x'}\nfor text in sys.argv[1:]: exec(text, space)\n"


@needs_sandbox
@pytest.mark.parametrize("attempt", [*CHEATS, *HOGS], ids=lambda attempt: f"{attempt.kind}: {attempt.name}")
def test_no_attempt_succeeds(attempt: Attempt) -> None:
    assert held(attempt)[0]


@needs_sandbox
@pytest.mark.parametrize("group", GROUPS, ids=["files", "more files", "namespaces", "rights", "others"])
def test_no_escape_succeeds(group: Sequence[Attempt]) -> None:
    attempt = together(group)
    verdict = sandbox.run_tests(attempt.code, attempt.tests, limits=attempt.limits)
    *escaped, honest = verdict.passed
    assert [one.name for one, got_out in zip(group, escaped, strict=True) if got_out] == []
    assert honest, f"the program did not live to try them all: {verdict.detail}"


@pytest.mark.parametrize("attempt", [a for a in CHEATS if a.naive], ids=lambda attempt: attempt.name)
def test_the_cheats_pass_a_judge_that_shares_their_namespace(attempt: Attempt) -> None:
    for test in attempt.tests[-1:]:
        done = subprocess.run(
            [sys.executable, "-c", NAIVE, attempt.setup, attempt.code, test],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)),
        )
        assert done.returncode == 0, done.stderr


def test_there_are_many_attempts_and_none_stands_twice() -> None:
    every = [*CHEATS, *ESCAPES, *HOGS]
    assert len(every) >= 150
    assert len({attempt.name for attempt in every}) == len(every)
    assert sum(map(len, GROUPS)) == len(ESCAPES)
