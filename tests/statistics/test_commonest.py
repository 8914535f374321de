"""The commonest answer, how often it is given, and what always giving it scores."""

from __future__ import annotations

import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError


def test_the_commonest_answer_is_counted_and_scored() -> None:
    found = statistics.commonest(["b", "a", "b", "c"])
    assert (found.answer, found.count, found.answers, found.share) == ("b", 2, 4, 0.5)
    assert found.is_it.tolist() == [1.0, 0.0, 1.0, 0.0]


def test_of_answers_that_are_as_common_the_first_in_the_order_of_text_is_taken() -> None:
    assert statistics.commonest(["b", "a"]).answer == statistics.commonest(["a", "b"]).answer == "a"


def test_no_answers_have_no_commonest_one() -> None:
    with pytest.raises(StatisticsError, match="no answers"):
        statistics.commonest([])
