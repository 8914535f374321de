"""What a running trial shows of how far it is, before its budget tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evenhand.execution import bench as benches
from evenhand.recipes import working
from tests.execution.test_budget import bench_of


def progress(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]


@pytest.fixture(autouse=True)
def _every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benches, "PROGRESS_SECONDS", 0.0)


def test_curves_that_are_logged_while_something_is_built_say_how_far_that_is(tmp_path: Path) -> None:
    made = bench_of(tmp_path)

    def build(folder: Path) -> None:
        for step in (1, 2):
            working.tell("training a bridge", step, 2)
            made.log(step, loss=1.0 / step)

    made.asset({"what": "a bridge"}, build)
    made.log(3, loss=0.1)
    lines = [line for line in progress(tmp_path) if line["values"]]
    assert [(line.get("doing"), line.get("share")) for line in lines] == [
        ("training a bridge", 0.5), ("training a bridge", 1.0), (None, None),
    ]  # fmt: skip
    assert [line["values"]["loss"] for line in lines] == [1.0, 0.5, 0.1]


def test_what_is_told_between_points_of_a_curve_does_not_crowd_them_out(tmp_path: Path) -> None:
    made = bench_of(tmp_path)

    def build(folder: Path) -> None:
        for step in range(1, 101):
            working.tell("training a bridge", step, 100)
            if step % 10 == 0:
                made.log(step, loss=1.0)

    made.asset({"what": "a bridge"}, build)
    assert sum(bool(line["values"]) for line in progress(tmp_path)) == 10
