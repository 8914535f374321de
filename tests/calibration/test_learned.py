"""A baseline at the floor is called learned in at most 2.5 % of claims."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand.decisions.learned import learned
from evenhand.decisions.pairs import Cell
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.statistics.calibration.rates import monte_carlo_error
from evenhand.testing.worlds import TEXT, claim_of

ITEMS, REPLICATES = 80, 400


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_a_baseline_that_is_right_as_often_as_the_commonest_answer_is_hardly_ever_called_learned(share: float) -> None:
    """The right answers are drawn with the items, as the items' difficulty is; seeds differ too."""
    claim = claim_of(TEXT.replace("margin = 0.05", 'margin = 0.05\nlearned_above = "commonest answer"'))
    rung = claim.claim.rungs[-1]
    cell = Cell(claim.claim.conditions[0], rung, claim.claim.metrics[0], rung.seeds)
    trials = [trial.id for trial in claim.trials(rung) if trial.arm == "off"]
    ids = tuple(map(str, range(ITEMS)))
    called = 0
    for replicate in range(REPLICATES):
        rng = np.random.default_rng([replicate, int(100 * share)])
        expected = tuple("7" if one else f"only {i}" for i, one in enumerate(rng.random(ITEMS) < share))
        difficulty = rng.normal(0, 0.1, ITEMS)
        outcomes = {
            key: Outcome(
                items={
                    "score": ItemScores(
                        ids,
                        (rng.random(ITEMS) < share + difficulty + rng.normal(0, 0.05)).astype(np.float64),
                        expected=expected,
                    )
                }
            )
            for key in trials
        }
        floor, pending = learned(claim, cell, outcomes)
        assert floor is not None
        assert not pending
        called += floor.shown
    assert called / REPLICATES <= 0.025 + 3 * monte_carlo_error(0.025, REPLICATES)
