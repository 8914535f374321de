"""Missing pairs and items that do not match."""

from __future__ import annotations

import pytest

from evenhand import statistics
from evenhand.errors import StatisticsError


def flags(count, missing):
    return [place not in missing for place in range(count)]


@pytest.mark.parametrize(
    ("count", "no_baseline", "no_variant", "valid", "word"),
    [
        (5, [], [], True, None),
        (5, [1], [], True, None),  # 20 % is not more than 20 %, and one loss is always one-sided
        (5, [1], [1], True, None),
        (4, [1], [], False, "more than 20 %"),
        (10, [1], [2], True, None),
        (10, [1, 2], [], False, "differ by arm"),
        (10, [], [3, 4], False, "differ by arm"),
        (10, [1, 2], [3], False, "more than 20 %"),
        (200, list(range(12)), list(range(12, 24)), True, None),
        (200, list(range(3)), list(range(12, 24)), False, "differ by arm"),
        (3, [0, 1, 2], [], False, "no pair"),
    ],
)
def test_pairs_are_dropped_and_judged(count, no_baseline, no_variant, valid, word):
    result = statistics.check_pairs(flags(count, no_baseline), flags(count, no_variant))
    assert result.valid is valid
    assert set(result.dropped) == set(no_baseline) | set(no_variant)
    assert len(result.kept) + len(result.dropped) == count
    assert (result.reason is None) if word is None else (word in result.reason)


def test_the_flags_must_pair_up():
    with pytest.raises(StatisticsError, match="one flag per pair"):
        statistics.check_pairs([True, True], [True])


def test_items_are_matched_by_id_whatever_their_order():
    match = statistics.match_items(["a", "b", "c"], ["c", "a", "b"])
    assert match.same
    assert match.order == (1, 2, 0)


def test_items_missing_in_an_arm_are_named():
    match = statistics.match_items(["a", "b", "c"], ["b", "d"])
    assert not match.same
    assert (match.missing_in_baseline, match.missing_in_variant) == (("d",), ("a", "c"))
    assert match.reason == "items differ between the arms: 1 missing in the baseline: d; 2 missing in the variant: a, c"


def test_a_long_list_of_missing_items_is_cut_short_in_the_sentence_only():
    match = statistics.match_items([f"q{n}" for n in range(9)], ["q0"])
    assert len(match.missing_in_variant) == 8
    assert match.reason.endswith("q1, q2, q3, q4, q5 and 3 more")


def test_an_id_that_occurs_twice_is_refused_by_name():
    with pytest.raises(StatisticsError, match=r"variant items: expected each id once.*: b"):
        statistics.match_items(["a", "b"], ["b", "b", "a"])
