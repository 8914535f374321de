"""Looks at any time hold their level over all looks together; quick version.

The full grid with tables, through the rule of a verdict: ``python -m benchmarks.looks``.
"""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.decisions.decide import verdicts_alone
from evenhand.statistics import anytime, anytime_items
from evenhand.statistics.calibration import within_band
from evenhand.statistics.calibration.worlds import NOISES, Noise, draw_arms
from evenhand.testing.worlds import TEXT, World, claim_of, outcomes_of

KNOWN = {noise.name: noise for noise in NOISES}


def least_p(noise: Noise, seeds: int, count: int, items: int = 20) -> np.ndarray:
    drawn = draw_arms(noise, seeds, items, 1, np.random.default_rng(701), count)[:, 0]
    return np.array([statistics.anytime_mean(table).p for table in drawn])


def ever_rejected(noise: Noise, seeds: int, count: int, level: float) -> float:
    return float((least_p(noise, seeds, count) <= level).mean())


def holds(share: float, count: int) -> bool:
    """Whether a realised error rate is 5 % at most, give or take one Monte Carlo standard error."""
    return within_band(share, 0.0, 0.05, count, errors=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_over_all_looks_at_two_to_fifty_seeds_at_most_one_experiment_in_twenty_errs(name: str) -> None:
    count = 1000 if name == "items" else 300  # there it comes closest: 4.7 % of 20,000
    assert holds(ever_rejected(KNOWN[name], 50, count, 0.05), count)


@pytest.mark.slow
def test_where_the_half_width_for_the_items_is_left_out_the_error_rate_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anytime, "item_errors", lambda tables, looks: (np.zeros(looks), np.zeros(looks)))
    assert not holds(ever_rejected(KNOWN["items"], 50, 100, 0.05), 100)
    assert not holds(*claims_that_tell_of_an_effect(20))


FEW = Noise("items, a third as much", 0.0, 10.0)
"""Where few items err most: their variance is estimated to be next to nothing at some look."""


def holds_for_few_items(level: float, found: np.ndarray) -> bool:
    return within_band(float((found <= level).mean()), 0.0, level, found.size, errors=1)


@pytest.mark.slow
def test_five_items_err_as_seldom_as_many_at_five_per_cent_and_at_one() -> None:
    found = least_p(FEW, 50, 600, items=5)
    assert holds_for_few_items(0.05, found)
    assert holds_for_few_items(0.01, found)


@pytest.mark.slow
def test_where_no_test_of_the_item_means_must_agree_five_items_err_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anytime_items, "FLOOR_SHARE", -5.0)  # widened by 1 - 5 / 5
    found = least_p(FEW, 50, 600, items=5)
    assert not holds_for_few_items(0.05, found)
    assert not holds_for_few_items(0.01, found)


@pytest.mark.slow
def test_where_the_price_of_looking_is_left_out_the_error_rate_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    unmixed = anytime.log_e_values
    monkeypatch.setattr(anytime, "log_e_values", lambda t, n, c: unmixed(t, n, c) - 0.5 * np.log(c / (n + c)))
    drawn = np.random.default_rng(703).standard_normal((200, 25))
    assert not holds(float(np.mean([statistics.anytime_mean(row).p <= 0.05 for row in drawn])), 200)


def test_looks_at_three_seeds_at_most_call_nothing() -> None:
    assert ever_rejected(KNOWN["seeds a little"], 3, 200, 0.05) == 0.0


def test_the_paired_t_looked_at_after_every_seed_errs_several_times_as_often() -> None:
    drawn = np.random.default_rng(702).standard_normal((300, 25))
    looks = range(3, 26)
    t = np.mean([any(statistics.paired_t(row[:n]).p <= 0.05 for n in looks) for row in drawn])
    assert t > 0.15
    assert np.mean([statistics.anytime_mean(row).p <= 0.05 for row in drawn]) < 0.05


def claims_that_tell_of_an_effect(count: int) -> tuple[float, int]:
    """Share of claims without an effect that call one at some look, where the items carry most of the noise."""
    text = TEXT.replace("[0, 1, 2, 3, 4, 5]", "12").replace("margin = 0.05", "margin = 0.0001").replace("= 100", "= 40")
    claim = claim_of(
        text.replace("effect = 0.2", "effect = 0.0\nsettings.condition_effect = 0.5") + 'looks = "anytime"'
    )
    world = World(seed_sd=0.01, item_effect_sd=0.1, binary=False)
    kinds = [verdicts_alone(claim, outcomes_of(claim, world, salt)).verdicts[0].kind for salt in range(count)]
    return float(np.mean([kind.is_effect for kind in kinds])), count


@pytest.mark.slow
def test_claims_without_an_effect_that_may_be_looked_at_after_every_seed_seldom_tell_of_one() -> None:
    assert holds(*claims_that_tell_of_an_effect(40))
