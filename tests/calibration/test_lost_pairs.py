"""A variant whose worst seed is lost, as to a timeout: how often a null claim is called a gain, through decide.

The small study here is repeated at 1,000 claims a cell in docs/statistics.md.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from evenhand.decisions.decide import decide
from evenhand.recipes.outcome import Failure, ItemScores, Outcome
from evenhand.testing.worlds import TEXT, claim_of

ITEMS = 80
CLAIMS = 150


def verdicts(seeds: int, metric: str) -> Counter[str]:
    """Verdicts of null claims that lost the variant's worst seed, and what they were without regard to the loss."""
    text = TEXT.replace("[0, 1, 2, 3, 4, 5]", str(list(range(seeds)))).replace("items = 100", f"items = {ITEMS}")
    claim = claim_of(text.replace('name = "score"', f'name = "{metric}"'))
    trials = list(claim.trials(claim.claim.rungs[0]))
    ids = tuple(f"item{i}" for i in range(ITEMS))
    counted: Counter[str] = Counter()
    for replicate in range(CLAIMS):
        rng = np.random.default_rng([7, replicate])
        hard = rng.normal(0, 0.15, ITEMS)
        chance = {
            arm: np.clip(0.5 + rng.normal(0, 0.05, (seeds, 1)) + hard + rng.normal(0, 0.03, ITEMS), 0, 1)
            for arm in ("off", "on")
        }
        scores = {arm: (rng.random((seeds, ITEMS)) < p).astype(float) for arm, p in chance.items()}
        worst = int(np.argmin(scores["on"].mean(axis=1)))
        outcomes = {
            trial.id: Outcome(failure=Failure("timeout", "too slow"))
            if (trial.arm, trial.seed) == ("on", worst)
            else Outcome(
                items={metric: ItemScores(ids, scores[trial.arm][trial.seed or 0])},
                spent={"steps": trial.amount},
                grain={"steps": 1.0},
            )
            for trial in trials
        }
        verdict = decide(claim, outcomes).verdicts[0]
        interval = verdict.contrasts[0].interval
        counted[verdict.kind] += 1
        counted["gain by the pairs that are left"] += interval is not None and interval[0] > 0
    return counted


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("metric", ["score", "reward"])
def test_a_lost_worst_seed_brings_no_false_gains(seeds: int, metric: str) -> None:
    found = verdicts(seeds, metric)
    # One side of a two-sided 5 % test; three standard errors of the count above it.
    assert found["gain"] <= CLAIMS * 0.025 + 3 * (CLAIMS * 0.025) ** 0.5
    assert found["gain by the pairs that are left"] > found["gain"]
