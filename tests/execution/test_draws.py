"""What a trial drew is seen: an arm that says it has no randomness can be believed, or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.errors import RecipeError
from evenhand.execution.bench import TrialBench
from evenhand.ledger import Ledger
from evenhand.ledger.codec import outcome_from_plain, outcome_to_plain
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import ItemSet, Trial
from evenhand.running.run import run_claim
from tests.running.test_run import write_claim


def bench_of(folder: Path, seed: int | None = None) -> TrialBench:
    trial = Trial("c", "a", "k", "r", seed, "toy:run", "f", {}, "steps", 5, ItemSet("r", 0, 20))
    return TrialBench(trial, workdir=folder, assets=folder, data_folder=folder, threads=1, device=("cpu", "x"))


def test_a_stream_counts_as_drawn_from_when_it_has_moved(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    bench.rng("looked at")
    bench.rng("order").normal()
    bench.rng("sampling").spawn(1)
    bench.fresh_stream("command").integers(9)
    assert bench.draws() == ("order", "sampling")


def test_what_was_drawn_before_a_kill_is_known_after_it(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    bench.rng("init").normal()
    bench.checkpoint({})
    again = bench_of(tmp_path)
    assert again.resume() == {}
    assert again.draws() == ("init",)


def test_the_items_of_a_rung_are_no_draw_and_their_pool_is_remembered(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    assert bench.item_set.choose(500).tolist() == ItemSet("r", 0, 20).choose(500).tolist()
    bench.item_set.choose(900)
    assert (bench.draws(), bench.item_set.pool) == ((), 500)


@pytest.mark.slow
@pytest.mark.parametrize("deterministic", [False, True])
def test_the_draws_of_a_trial_stand_in_the_ledger(toy_folder: Path, deterministic: bool) -> None:
    path = write_claim(toy_folder, arm="deterministic = true" if deterministic else "", seeds="[0, 1]")
    run_claim(load_claim(path), Ledger(toy_folder / "ledger"), jobs=1)
    found = {(r.trial.arm, r.trial.seed): r.outcome for r in Ledger(toy_folder / "ledger").outcomes()}
    outcome = found["on", None if deterministic else 1]
    assert outcome.draws == ("init",)
    assert outcome.pool == 500


def test_records_that_tell_no_draws_are_read_as_unknown() -> None:
    plain = outcome_to_plain(Outcome({"a": 1.0}, draws=("init",), pool=9))
    assert outcome_from_plain(plain) == Outcome({"a": 1.0}, draws=("init",), pool=9)
    del plain["draws"], plain["pool"]
    assert outcome_from_plain(plain).draws is None
    assert outcome_from_plain(plain | {"draws": []}).draws == ()


@pytest.mark.parametrize("step", [float("nan"), float("inf")])
def test_a_curve_without_a_finite_step_is_refused_where_it_is_logged(tmp_path: Path, step: float) -> None:
    with pytest.raises(RecipeError, match="finite"):
        bench_of(tmp_path).log(step, loss=1.0)
