"""A model by name in a trial: found on every machine, on record by its content, compared when results are taken up."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.data import model_store
from evenhand.errors import DataError
from evenhand.execution.bench import TrialBench
from evenhand.files import folder_hash
from evenhand.recipes.outcome import Files
from evenhand.recipes.trial import ItemSet, Trial
from evenhand.running.freshness import freshness


def keep(weights: str) -> None:
    def write(folder: Path, meanwhile: Path) -> model_store.Facts:
        (folder / "model.safetensors").write_text(weights)
        return model_store.Facts("a toy", 10, "Apache-2.0", "toy==1.0", "0" * 64, "1" * 64)

    model_store.keep("toy", write, again=True)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    keep("weights")
    return tmp_path / "models"


@pytest.fixture
def bench(tmp_path: Path) -> TrialBench:
    trial = Trial("c", "a", "default", "main", 0, "toy:run", "1", {}, "steps", 1, ItemSet("main", 0, None))
    (tmp_path / "claims").mkdir()
    return TrialBench(
        trial, workdir=tmp_path, assets=tmp_path, data_folder=tmp_path / "claims", threads=1, device=("cpu", "x")
    )


def test_a_model_by_name_is_on_record_by_its_name_and_the_hash_of_its_files(bench: TrialBench, store: Path) -> None:
    assert bench.data("toy") == (store / "toy").resolve()
    assert bench.hashes == {"toy": folder_hash(store / "toy")}


def test_a_folder_of_that_name_beside_the_claim_goes_first(bench: TrialBench) -> None:
    own = bench.folder / "toy"
    own.mkdir()
    (own / "model.safetensors").write_text("my own")
    assert bench.data("toy") == own.resolve()
    assert bench.hashes == {"toy": folder_hash(own)}


def test_a_damaged_one_fails_the_trial_before_it_is_used(bench: TrialBench, store: Path) -> None:
    (store / "toy/model.safetensors").write_text("weightz")
    with pytest.raises(DataError, match="not as it was written"):
        bench.data("toy")


def test_results_of_another_model_of_that_name_are_stale_and_those_of_this_one_are_not(bench: TrialBench) -> None:
    bench.data("toy")
    outcomes = {"trial": Files({}, dict(bench.hashes))}
    assert freshness(outcomes, bench.folder).stale == {}
    assert freshness(outcomes, bench.folder).gone == {}
    keep("other weights")
    assert freshness(outcomes, bench.folder).stale == {"trial": "toy changed"}


def test_a_trial_that_was_interrupted_begins_again_when_the_model_is_another(bench: TrialBench) -> None:
    bench.data("toy")
    bench.checkpoint({"step": 3})
    assert bench.resume() == {"step": 3}
    keep("other weights")
    assert bench.resume() is None
    assert "toy changed" in bench.notes["began again"]
