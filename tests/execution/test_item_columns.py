"""Item scores as they are handed over: finite, one for each item; what diverged is a result and no fault of code."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand.errors import Diverged, RecipeError
from evenhand.execution.item_columns import item_scores

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
