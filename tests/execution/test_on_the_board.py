"""The board of a ledger that a real Slurm and a real Ray are writing: what runs, what is queued, what came out."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evenhand.board.gather import Gatherer
from evenhand.board.seen import Board
from tests.execution.slurm_cluster import Cluster

pytestmark = pytest.mark.slow  # processes on a cluster

RECIPE = """
import time
from evenhand import Bench, RecipeSettings, recipe

class Settings(RecipeSettings):
    shift: float = 0.0

@recipe(version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    for step in range(int(bench.budget.amount)):
        time.sleep(0.1)
        bench.budget.spend(steps=1)
        bench.log(step, loss=2 / (step + 1))
    answers = bench.rng("answers").random(200) < 0.5 + settings.shift
    bench.items("accuracy", [str(i) for i in range(200)], answers.astype(float))
    return {}
"""
CLAIM = """
recipe = "walk:run"
resources = {{ cpus = {cpus}, minutes = 5 }}
metric = {{ name = "accuracy", margin = 0.02 }}
arm = [{{ name = "plain", role = "baseline" }}, {{ name = "shifted", role = "variant", settings.shift = 0.3 }}]
rung = [{{ name = "confirm", budget = 25, seeds = 2, items = 200 }}]
"""
PLACES = """
[profiles.test]
executor = "slurm"
partition = "low"
polls_per_minute = 60
"""


@contextmanager
def running(folder: Path, cpus: int, *where: str) -> Iterator[subprocess.Popen[bytes]]:
    """A claim of four trials, run by a driver of its own."""
    for name, text in (("walk.py", RECIPE), ("walk.toml", CLAIM.format(cpus=cpus)), ("evenhand.toml", PLACES)):
        (folder / name).write_text(text)
    command = [sys.executable, "-m", "evenhand", "run", "walk.toml", "--on", *where, "--ledger", "ledger"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as driver:
        yield driver
        driver.kill()


def seen(gatherer: Gatherer, wanted: Callable[[Board], bool]) -> Board:
    """The board as it is once it shows what is wanted."""
    deadline = time.monotonic() + 60
    while not wanted(board := gatherer.look()):
        assert time.monotonic() < deadline, board
        time.sleep(0.1)
    return board


def test_a_claim_in_slurms_queue_is_watched_to_its_verdict(slurm: Cluster, tmp_path: Path) -> None:
    gatherer = Gatherer(tmp_path / "ledger")
    with running(tmp_path, 4, "slurm", "--profile", "test") as driver:  # a trial fills a node, and there are three
        board = seen(gatherer, lambda board: 0 < board.queued < 4 and any(one.curves for one in board.trials))
        (shown,) = board.drivers
        assert (shown.process, shown.slots) == (driver.pid, None)
        assert shown.busy + shown.queued == len(board.trials)
        assert all(one.label[0] in "AB" and one.claim == "walk" for one in board.trials)
        assert [one.queued for one in board.trials] == sorted(one.queued for one in board.trials)
        decided = seen(gatherer, lambda board: any(claim.state == "finished" for claim in board.claims))
        assert driver.wait(60) == 0
    assert [(one.arm, one.kind) for one in decided.claims[0].verdicts] == [("shifted", "gain")]
    gatherer.close()


def test_a_claim_on_ray_is_watched_to_its_verdict(ray_cluster: Any, tmp_path: Path) -> None:
    gatherer = Gatherer(tmp_path / "ledger")
    with running(tmp_path, 1, "ray") as driver:
        # a trial writes its first point before its driver has seen that it left the queue
        board = seen(gatherer, lambda board: any(one.curves and not one.queued for one in board.trials))
        (shown,) = board.drivers
        assert (shown.process, shown.slots) == (driver.pid, None)
        assert shown.busy + shown.queued == len(board.trials)
        assert all(one.label[0] in "AB" for one in board.trials)
        decided = seen(gatherer, lambda board: any(claim.state == "finished" for claim in board.claims))
        assert driver.wait(60) == 0
    assert [(one.arm, one.kind) for one in decided.claims[0].verdicts] == [("shifted", "gain")]
    gatherer.close()
