"""How many of MBPP's own solutions pass their tests in the sandbox: python benchmarks/mbpp_references.py mbpp.jsonl

Those that do not are listed with what stopped them. Each has 60 seconds, so that speed decides nothing.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evenhand.data import reading
from evenhand_systems.future_seed import sandbox
from evenhand_systems.future_seed.text.examples import Example
from evenhand_systems.future_seed.text.mbpp import mbpp_examples

LIMITS = sandbox.Limits(seconds=60.0, cpu_seconds=60)


def judge(example: Example) -> tuple[str, sandbox.Verdict]:
    """One problem's own solution before its tests."""
    extra = example.extra
    verdict = sandbox.run_tests(
        example.answer, extra["tests"], setup=extra["setup"], names=extra["names"], limits=LIMITS
    )
    return example.id, verdict


def main(path: Path) -> None:
    """Print the count and the exceptions."""
    examples = mbpp_examples([record for _, record in reading.read_json_lines(path)], str(path), 1, True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        judged = list(pool.map(judge, examples))
    for name, verdict in judged:
        if not verdict.all_passed:
            print(f"task {name}: {verdict}")
    print(f"{sum(verdict.all_passed for _, verdict in judged)} of {len(judged)} pass all their tests")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
