"""Fifty configurations that do nothing, searched in both arms: a gain is as rare as where nothing was searched."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from evenhand.decisions.decide import decide
from evenhand.testing.searches import Nothing, at_random, errors, searching_claim
from evenhand.testing.worlds import searched

CLAIMS = 50


@pytest.mark.parametrize("kept", [None, 5], ids=["plain", "halving"])
def test_the_best_of_fifty_configurations_without_effect_is_no_gain(kept: int | None) -> None:
    found = errors(searching_claim(50, kept=kept), CLAIMS, seed=5)
    bound = 0.05 + 3 * sqrt(0.05 * 0.95 / CLAIMS)
    assert found.gain <= bound, found
    assert found.effect <= bound, found


def test_what_won_looked_better_where_it_was_chosen_than_it_is() -> None:
    """The rate above is not small because nothing was chosen: winners lose what they won by on fresh seeds."""
    claim, lost = searching_claim(50), list[float]()
    for salt in range(12):
        whole, outcomes = searched(claim, Nothing(salt).outcome, at_random)
        decision = decide(whole, outcomes)
        contrast = decision.verdicts[0].contrasts[0]
        assert contrast.scores is not None
        rows = zip(reversed(decision.tried), contrast.scores, strict=True)
        lost += [row.score - mean for row, mean in rows if row.score is not None]
    assert np.mean(lost) > 0.04
