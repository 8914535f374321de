"""Which values in a sentence are of one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.reading.opened import open_logs
from evenhand.audit.told.repeats.groups import groups_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("latency: s0: 2319ms, s1: 2428ms, s2: 2455ms", [2319, 2428, 2455]),
        ("latency: P50: 2319ms, P95: 2428ms, P99: 2455ms", None),
        ("latency: p50 = 2319ms, p90 = 2428ms, p99 = 2455ms", None),
    ],
)
def test_percentiles_of_one_distribution_are_no_repeats(tmp_path: Path, text: str, values: list[float] | None) -> None:
    (tmp_path / "log.md").write_text(f"# Bench\n\n{text}\n", encoding="utf-8")
    found = groups_of(open_logs([tmp_path / "log.md"])[0])
    assert [[one.value for one in group.values] for group in found] == ([] if values is None else [values])
