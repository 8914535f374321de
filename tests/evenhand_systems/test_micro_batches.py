"""A step whose batch is split has the gradient of the step that is not: parts are divided by what the whole counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.execution.bench import TrialBench
from evenhand.recipes import catalogue
from evenhand.recipes.trial import ItemSet, Trial
from evenhand_systems.anchored_sft.training.micro_batches import rows_at_once
from evenhand_systems.future_seed.tasks.problems import IGNORED
from evenhand_systems.future_seed.training import Reader, blank_loss, losses_of, parts
from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, Seeding, SeedingSettings


@pytest.mark.parametrize(("rows", "at_once"), [(7, None), (7, 1), (7, 2), (7, 3), (7, 7), (7, 99)])
def test_parts_cover_the_batch_once_and_are_no_larger_than_asked(rows: int, at_once: int | None) -> None:
    cut = parts(rows, at_once)
    assert [i for part in cut for i in range(rows)[part]] == list(range(rows))
    assert all(part.stop - part.start <= (at_once or rows) for part in cut)


def reader() -> Reader:
    config = RWKV7Config(
        layers=2, width=16, head_size=8, vocabulary=12, decay_rank=4, rate_rank=4, value_rank=4, gate_rank=4
    )
    model = RWKV7(config, generator=torch.Generator().manual_seed(0), backend="reference").double()
    return Reader(model, Seeding(SeedingSettings(mode="initial"), config).double())


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_future_seed_gradients_do_not_depend_on_the_micro_batch(at_once: int) -> None:
    rng = np.random.default_rng(0)
    tokens = torch.as_tensor(rng.integers(0, 12, (5, 9)))
    targets = torch.as_tensor(rng.integers(0, 12, (5, 9)))
    targets[:, :4] = IGNORED
    targets[0, 4:8] = IGNORED  # rows count unlike numbers of tokens: a mean of means would differ
    found = []
    for size in (None, at_once):
        own = reader()
        total = 0.0
        for loss in losses_of(lambda rows, own=own: own.rows(tokens[rows]), targets, size):
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        found.append((total, [p.grad for p in own.model.parameters() if p.grad is not None]))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-12)
    for one, other in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(other, one, rtol=1e-9, atol=1e-14)
    naive = sum(blank_loss(reader().rows(tokens[i : i + 1]), targets[i : i + 1]).item() for i in range(5)) / 5
    assert naive != pytest.approx(found[0][0], rel=1e-6)


@pytest.mark.parametrize(
    ("batch", "grad_acc", "micro_batch", "rows"),
    [(8, 1, None, 8), (8, 2, None, 8), (8, 1, 3, 2), (8, 2, 16, 16), (6, 1, 4, 3), (7, 1, 6, 1), (4, 4, 99, 16)],
)
def test_anchored_fine_tuning_takes_the_most_rows_that_divide_the_batch(
    batch: int, grad_acc: int, micro_batch: int | None, rows: int
) -> None:
    assert rows_at_once(batch, grad_acc, micro_batch) == rows


@pytest.mark.parametrize(
    ("name", "changes", "rows"),
    [
        ("future_seed.inplace", {"batch": 32}, 32),
        ("anchored_sft.standin", {"batch": 8, "grad_acc": 4}, 32),
        ("anchored_sft.standin", {"train": False}, 0),
        ("bridge", {"training": {"batch": 5}}, 5),
        ("bridge", {"reference": "target_text"}, 0),
    ],
)
def test_recipes_declare_how_many_rows_a_step_has(name: str, changes: dict[str, Any], rows: int) -> None:
    recipe = catalogue.find(name)
    assert recipe.info.micro_batch is not None
    assert recipe.info.micro_batch(recipe.settings.model_validate(changes).model_dump(mode="json")) == rows


def test_a_bench_that_only_tries_what_fits_ends_the_trial_after_two_steps(tmp_path: Path) -> None:
    from evenhand.errors import ProbeEnded

    trial = Trial("c", "a", "d", "r", 0, "toy", "v", {}, "tokens", 1e9, ItemSet("r"))
    bench = TrialBench(
        trial, workdir=tmp_path, assets=tmp_path, data_folder=tmp_path, threads=1, device=("cpu", "x"), micro_batch=3,
        probing=True,
    )  # fmt: skip
    bench.budget.spend(steps=1, tokens=5)
    with pytest.raises(ProbeEnded, match="2 steps fit"):
        bench.budget.spend(steps=1, tokens=5)
    assert bench.notes["micro-batch"] == "at most 3 rows at once"
