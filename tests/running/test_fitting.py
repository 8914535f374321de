"""What a plan tells of memory where a recipe knows some trials and not others, and what is refused for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from evenhand.recipes.contract import Memory
from evenhand.running import fitting

SMALL, LARGE = Memory(2e9, "2.0 GB"), Memory(8e9, "8.0 GB")
WAITING = Memory(None, "it waits for a config.json")


@pytest.fixture(autouse=True)
def machine(monkeypatch: Any) -> None:
    monkeypatch.setattr(fitting, "device_of", lambda loaded, default: "cpu")
    monkeypatch.setattr(fitting, "device_memory", lambda device, gpus=(): 4_000_000_000)


def claim(*found: Memory | None, micro_batch: int | str | None = None) -> Any:
    """What is asked of a claim here: its folder, its limits, and settings of trials whose estimates are these."""
    info = SimpleNamespace(memory=lambda settings, folder, device: settings["found"], micro_batch=lambda settings: 8)
    settings = {number: {"found": memory} for number, memory in enumerate(found)}
    return SimpleNamespace(
        recipe=SimpleNamespace(info=info), folder=None,
        resolved=SimpleNamespace(settings=settings, limits=SimpleNamespace(micro_batch=micro_batch)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "words", "refused"),
    [
        ((), "", False),
        ((None,), "", False),
        ((SMALL, SMALL), "memory of the largest trial, estimated: 2.0 GB; this machine has 4.0 GB", False),
        ((SMALL, LARGE, None), "memory of the largest trial, estimated: 8.0 GB; this machine has 4.0 GB", True),
        ((WAITING,), "memory of a trial: not estimated, it waits for a config.json; this machine has 4.0 GB", False),
        (
            (WAITING, SMALL),
            "memory of the largest trial, estimated: 2.0 GB; this machine has 4.0 GB; not estimated for all trials: it "
            "waits for a config.json",
            False,
        ),
    ],
)
def test_the_largest_known_trial_is_told_and_what_the_others_wait_for(found: Any, words: str, refused: bool) -> None:
    assert fitting.memory_words(claim(*found)) == words
    assert ("more memory than there is: 8.0 GB" in fitting.shortage(claim(*found))) == refused


def test_a_recipe_without_an_estimate_says_nothing() -> None:
    silent = claim(LARGE)
    silent.recipe.info.memory = None
    assert (fitting.memory_words(silent), fitting.shortage(silent)) == ("", "")


@pytest.mark.parametrize("micro_batch", [1, "probe"])
def test_a_claim_that_splits_its_batch_is_not_refused_for_what_the_whole_would_take(micro_batch: int | str) -> None:
    split = claim(LARGE, WAITING, micro_batch=micro_batch)
    assert fitting.shortage(split) == ""
    assert fitting.memory_words(split) == (
        "memory of the largest trial, estimated: 8.0 GB, without limits.micro_batch, which leaves training less; this "
        "machine has 4.0 GB; not estimated for all trials: it waits for a config.json"
    )


def test_a_refusal_names_the_limit_that_splits_a_batch_where_the_recipe_can_do_so() -> None:
    whole = claim(LARGE)
    assert "(batches, texts, sizes of the models); limits.micro_batch" in fitting.shortage(whole)
    whole.recipe.info.micro_batch = None
    assert "micro_batch" not in fitting.shortage(whole)
