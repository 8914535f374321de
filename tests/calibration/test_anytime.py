"""Looks at any time hold their level over all looks together; quick version.

The full grid with tables, through the rule of a verdict: ``python -m benchmarks.looks``.
"""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.decisions.decide import verdicts_alone
from evenhand.statistics.calibration import within_band
from evenhand.statistics.calibration.worlds import NOISES, Noise, draw_arms
from evenhand.testing.worlds import TEXT, World, claim_of, outcomes_of

KNOWN = {noise.name: noise for noise in NOISES}


def ever_rejected(noise: Noise, seeds: int, count: int, level: float) -> float:
    drawn = draw_arms(noise, seeds, 20, 1, np.random.default_rng(701), count)[:, 0]
    return float(np.mean([statistics.anytime_mean(table).p <= level for table in drawn]))


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_over_all_looks_at_two_to_fifty_seeds_at_most_one_experiment_in_twenty_errs(name: str) -> None:
    assert within_band(ever_rejected(KNOWN[name], 50, 200, 0.05), 0.0, 0.05, 200, errors=3)


def test_looks_at_three_seeds_at_most_call_nothing() -> None:
    assert ever_rejected(KNOWN["seeds a little"], 3, 200, 0.05) == 0.0


def test_the_paired_t_looked_at_after_every_seed_errs_several_times_as_often() -> None:
    drawn = np.random.default_rng(702).standard_normal((300, 25))
    looks = range(3, 26)
    t = np.mean([any(statistics.paired_t(row[:n]).p <= 0.05 for n in looks) for row in drawn])
    assert t > 0.15
    assert np.mean([statistics.anytime_mean(row).p <= 0.05 for row in drawn]) < 0.05


@pytest.mark.slow
def test_claims_without_an_effect_that_may_be_looked_at_after_every_seed_seldom_tell_of_one() -> None:
    text = TEXT.replace("[0, 1, 2, 3, 4, 5]", "12").replace("margin = 0.05", "margin = 0.0001")
    claim = claim_of(
        text.replace("effect = 0.2", "effect = 0.0\nsettings.condition_effect = 0.5") + 'looks = "anytime"'
    )
    world = World(seed_sd=0.05, binary=False)
    kinds = [verdicts_alone(claim, outcomes_of(claim, world, salt)).verdicts[0].kind for salt in range(40)]
    assert within_band(np.mean([kind.is_effect for kind in kinds]), 0.0, 0.05, 40, errors=3)
