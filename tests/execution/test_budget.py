"""The clock of a trial: assets are left out, and a checkpoint that is taken up meanwhile does not turn it back."""

from __future__ import annotations

import time
from pathlib import Path

from evenhand.execution.bench import TrialBench
from evenhand.recipes.trial import ItemSet, Trial


def bench_of(folder: Path) -> TrialBench:
    trial = Trial("", "a", "c", "r", 0, "x:run", "version 1", {}, "seconds", 60, ItemSet("r", 0, 3))
    return TrialBench(trial, workdir=folder, assets=folder, data_folder=folder, threads=1, device=("cpu", "x"))


def test_what_is_built_for_all_trials_is_left_out_of_the_clock(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    bench.asset({"a": 1}, lambda _: time.sleep(0.8))
    assert 0 <= bench.budget.seconds < 0.7


def test_a_checkpoint_that_is_taken_up_while_something_is_built_leaves_no_negative_seconds(tmp_path: Path) -> None:
    bench_of(tmp_path).checkpoint({"step": 1})
    bench = bench_of(tmp_path)

    def build(_: Path) -> None:
        time.sleep(0.8)  # before the checkpoint is taken up
        assert bench.resume() is not None

    bench.asset({"a": 1}, build)
    assert 0 <= bench.budget.seconds < 0.7


def test_what_is_built_within_something_else_is_left_out_once(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)

    def build(_: Path) -> None:
        bench.asset({"inner": 1}, lambda _: time.sleep(0.8))
        bench.asset({"inner": 2}, lambda _: time.sleep(0.8))

    bench.asset({"outer": 1}, build)
    assert 0 <= bench.budget.seconds < 0.7
