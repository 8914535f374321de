"""Attempts on the sandbox for code that a model wrote: to pass without solving, to get out, to lift limits.

The attempts are those of ``tests/evenhand_systems/future_seed/sandbox``, in an order that depends on the seed, over and
over until the time is up. One round takes a minute or two.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.campaign.rows import Row
from evenhand_systems.future_seed import sandbox
from tests.evenhand_systems.future_seed.sandbox.attempts import Attempt, held
from tests.evenhand_systems.future_seed.sandbox.cheats import CHEATS
from tests.evenhand_systems.future_seed.sandbox.escapes import ESCAPES
from tests.evenhand_systems.future_seed.sandbox.hogs import HOGS
from tests.evenhand_systems.future_seed.sandbox.right import RIGHT, Right

WORDS = {
    "cheat": "programs that solve nothing and want to pass",
    "escape": "programs that want to reach what is outside",
    "limit": "programs that want to lift or exceed a limit",
    "right": "right programs, which must pass",
}


def campaign(folder: Path, seconds: float, seed: int) -> list[Row]:
    """Repeat the attempts for so many seconds; ``folder`` is not used, the sandbox makes its own."""
    reason = sandbox.why_unavailable()
    if reason:
        return [Row("sandbox", "all attempts", 0, 0, f"no sandbox on this machine: {reason}")]
    deadline = time.monotonic() + seconds
    every: list[Attempt | Right] = [*CHEATS, *ESCAPES, *HOGS, *RIGHT]
    rng = random.Random(seed)
    tried: dict[str, int] = defaultdict(int)
    failed: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    while time.monotonic() < deadline:
        rng.shuffle(every)
        for one in every:
            if time.monotonic() >= deadline:
                break
            kind = "right" if isinstance(one, Right) else one.kind
            seen.add(f"{kind} {one.name}")
            tried[kind] += 1
            if not _held(one):
                failed[kind].append(one.name)
    return [
        Row("sandbox", words, tried[kind], tried[kind] - len(failed[kind]), _note(kind, seen, failed[kind]))
        for kind, words in WORDS.items()
    ]


def _held(one: Attempt | Right) -> bool:
    if isinstance(one, Attempt):
        return held(one)[0]
    limits = sandbox.Limits(seconds=20.0, cpu_seconds=10, processes=8)
    return sandbox.run_tests(one.code, one.tests, setup=one.setup, names=one.names, limits=limits).all_passed


def _note(kind: str, seen: set[str], failed: list[str]) -> str:
    note = f"{sum(name.startswith(f'{kind} ') for name in seen)} different ones"
    return f"{note}; failed: {', '.join(sorted(set(failed)))}" if failed else note
