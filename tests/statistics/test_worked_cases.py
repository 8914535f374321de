"""Figures from published experiment logs, and what the procedures say of them."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics

ARC_OPTIONS_FIRST = (0.0156, 0.0234, 0.0625)
HOTPOT_4096 = (0.0382, 0.0179, -0.0525)


def test_arc_options_first_with_three_positive_seeds_is_not_a_gain():
    result = statistics.paired_contrast(ARC_OPTIONS_FIRST, scope="seeds")
    assert round(result.p, 3) == 0.145
    assert (round(100 * result.interval.low, 1), round(100 * result.interval.high, 1)) == (-2.9, 9.6)
    assert round(100 * result.estimate, 1) == 3.4
    assert str(result.signs) == "3+/0=/0-"
    assert (result.sign_flip.p, result.sign_flip.attainable) == (0.25, 0.25)
    assert not result.equivalence(0.02).equivalent


def test_hotpot_at_4096_could_only_have_shown_fifteen_and_a_half_points():
    sd = float(np.std(HOTPOT_4096, ddof=1))
    detectable = statistics.smallest_detectable_effect(3, sd)
    assert round(100 * detectable.effect, 1) == 15.5
    assert detectable.exceeds(0.02)


def test_hotpot_seeding_from_layer_12_changed_nothing():
    result = statistics.paired_contrast([0.0, 0.0, 0.0])
    assert result.all_zero
    assert str(result.signs) == "0+/3=/0-"
    assert result.interval is None


@pytest.mark.parametrize(("right", "items"), [(253, 256), (169, 171)])
def test_protein_contact_ties_at_98_83_are_the_share_of_the_commonest_answer(right, items):
    tie = np.tile((np.arange(items) < right).astype(float), (3, 1))
    assert round(100 * float(tie.mean()), 2) == 98.83
    assert statistics.saturation(tie, tie, chance=right / items).kind == "chance"


def test_a_judge_on_16_questions_detects_more_than_twice_what_80_detect():
    spread = statistics.Spread(seed_sd=0.0, item_sd=1.0, source="one standard deviation of a question's difference")
    few, many = (statistics.planned_detectable(spread, 1, items, scope="checkpoint") for items in (16, 80))
    assert (round(few, 2), round(many, 2)) == (0.75, 0.32)


def test_a_bridge_evaluated_on_200_questions_has_a_standard_error_of_3_to_3_5_points():
    for share in (0.26, 0.36, 0.64):
        assert 0.030 <= (share * (1 - share) / 200) ** 0.5 <= 0.035


def test_the_best_of_eight_such_evaluations_flatters_by_four_and_a_half_points():
    assert 100 * statistics.expected_inflation(8, 0.032) == pytest.approx(4.5, abs=0.1)
    assert 100 * statistics.expected_inflation_of_share(8, 200, 0.27) == pytest.approx(4.5, abs=0.1)


def test_the_best_of_ten_null_variants_at_three_seeds_looks_like_a_gain_of_nine_tenths_of_a_standard_deviation():
    assert statistics.expected_normal_maximum(10) / 3**0.5 == pytest.approx(0.9, abs=0.02)
