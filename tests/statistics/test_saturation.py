"""Tasks that cannot tell two arms apart."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError


def scores(right, items=20, seeds=2):
    return np.tile((np.arange(items) < right).astype(float), (seeds, 1))


@pytest.mark.parametrize(
    ("baseline", "variant", "chance", "kind"),
    [
        (20, 20, None, "ceiling"),
        (19, 20, None, "ceiling"),
        (18, 20, None, None),
        (0, 1, None, "floor"),
        (2, 0, None, None),
        (10, 10, None, None),
        (10, 11, 0.5, "chance"),
        (10, 20, 0.5, None),
        (5, 6, 0.25, "chance"),
    ],
)
def test_both_arms_at_an_end_or_at_chance_are_saturated(baseline, variant, chance, kind):
    result = statistics.saturation(scores(baseline), scores(variant), chance=chance)
    assert result.kind == kind
    assert result.saturated is (kind is not None)
    assert result.explanation.startswith("Saturated" if kind else "Not saturated")


def test_at_chance_means_within_the_sampling_error_of_the_items():
    result = statistics.saturation(scores(260, 1000), scores(275, 1000), chance=0.25)
    assert result.kind == "chance"
    assert result.chance_tolerance == pytest.approx(1.96 * (0.25 * 0.75 / 1000) ** 0.5, rel=1e-3)
    assert statistics.saturation(scores(260, 1000), scores(300, 1000), chance=0.25).kind is None


def test_an_answer_that_never_changes_is_chance_when_its_share_is_declared():
    always_no = scores(253, 256, 3)
    assert statistics.saturation(always_no, always_no).kind is None
    assert statistics.saturation(always_no, always_no, chance=253 / 256).kind == "chance"


def test_a_metric_without_ends_is_never_at_one():
    result = statistics.saturation([[5.0, 7.0]], [[5.0, 7.0]], floor=None, ceiling=None)
    assert not result.saturated


def test_scores_outside_the_declared_range_are_refused():
    with pytest.raises(StatisticsError, match=r"variant scores: expected values in the declared range 0.0 .. 1.0"):
        statistics.saturation([[0.0, 1.0]], [[0.0, 7.0]])


def test_an_empty_range_is_refused():
    with pytest.raises(StatisticsError, match="floor < ceiling"):
        statistics.saturation([[1.0]], [[1.0]], floor=1.0, ceiling=1.0)
