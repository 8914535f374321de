"""Item scores as they are handed over: finite, one for each item; what diverged is a result and no fault of code."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from evenhand.errors import Diverged, RecipeError
from evenhand.execution.item_columns import item_scores, measured

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("scores", [[1.0, INF, 2.0], [NAN, -INF, 1.0], [INF, INF, INF], [NAN, NAN, NAN]])
def test_infinite_scores_and_none_that_is_a_number_are_divergence(scores: list[float]) -> None:
    with pytest.raises(Diverged, match=r"the score of item '[abc]' in 'loss' is (-?inf|nan), which counts as diverged"):
        item_scores("loss", ["a", "b", "c"], scores)


def test_a_score_that_is_missing_among_others_is_a_fault_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match="The score of item 'b' in 'loss' is no finite number"):
        item_scores("loss", ["a", "b", "c"], [1.0, NAN, 2.0])


def test_finite_scores_are_taken_as_they_are() -> None:
    found = item_scores("loss", ["a", "b"], [1e308, -0.0])
    np.testing.assert_array_equal(found.scores, [1e308, -0.0])


@pytest.mark.parametrize("scores", [["0.9", "1"], [1.0, "0.9"], np.array(["0.9", "1"]), ["0.9", None]])
def test_scores_that_are_texts_are_no_numbers_even_where_they_spell_some(scores: list[float]) -> None:
    with pytest.raises(RecipeError, match="The scores of the items 'accuracy' are no list of numbers"):
        item_scores("accuracy", ["a", "b"], scores)


@pytest.mark.parametrize("value", [2, 0.5, np.float32(0.5), np.int64(3), np.array(0.5), Fraction(1, 2), Decimal("0.5")])
def test_a_metric_may_be_any_number(value: object) -> None:
    assert measured("accuracy", value) == float(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["0.9", b"1", True, np.bool_(True), np.array(True), None, [0.9], {}, 10**400])
def test_a_metric_that_is_a_text_or_a_truth_value_is_no_number(value: object) -> None:
    with pytest.raises(RecipeError, match=r"The metric 'accuracy' must be a number; the recipe gave .*as a float\."):
        measured("accuracy", value)
