"""A save that finds the disk full half way: the checkpoint before it is kept, and the trial goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.execution.budget import TrialBudget
from tests.full_disk import largest_file

SETTINGS = {
    "teaching_steps": 1, "teaching_enough": 0.0, "pool": 8, "dev_questions": 7, "eval_steps": 2,
    "training_questions": 40, "batch": 4, "save_steps": 2,
}  # fmt: skip


def test_a_failed_save_is_the_machines_and_the_trial_goes_on_from_the_one_before(
    run_trial: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_trial("standin", SETTINGS, workdir="whole")
    save = torch.save

    def full(content: Any, path: Any, *args: Any, **more: Any) -> None:
        """The real writer, with no room from the second checkpoint on."""
        if "checkpoint-4" not in str(path):
            save(content, path, *args, **more)
            return
        with largest_file(64):
            save(content, path, *args, **more)

    monkeypatch.setattr(torch, "save", full)
    failure = run_trial("standin", SETTINGS).failure
    assert failure is not None
    assert failure.kind == "infrastructure", failure.message
    assert "is the disk full?" in failure.message
    monkeypatch.undo()
    spend, spent = TrialBudget.spend, []

    def noted(budget: TrialBudget, **amounts: float) -> None:
        spent.append(amounts)
        spend(budget, **amounts)

    monkeypatch.setattr(TrialBudget, "spend", noted)
    resumed = run_trial("standin", SETTINGS)
    assert resumed.failure is None, resumed.failure
    # Two of the four steps were kept, and the end is the same to the bit.
    assert len(spent) == 2
    assert resumed.spent["steps"] == whole.spent["steps"] == 4
    assert resumed.metrics == whole.metrics
    for name, table in whole.items.items():
        np.testing.assert_array_equal(resumed.items[name].scores, table.scores)
