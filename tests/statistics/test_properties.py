"""What must hold for any data: symmetry, invariance, and no number where there is none."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenhand import statistics

SCORES = st.floats(-10, 10, allow_subnormal=False).map(lambda x: round(x, 3))
ANY_FINITE = st.floats(allow_nan=False, allow_infinity=False)
TABLES = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 8)), elements=SCORES)
WILD_TABLES = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=ANY_FINITE)
PAIRS = st.integers(1, 5).flatmap(
    lambda seeds: st.integers(1, 8).flatmap(
        lambda items: st.tuples(*[arrays(np.float64, (seeds, items), elements=SCORES)] * 2)
    )
)
WILD_PAIRS = st.integers(1, 4).flatmap(
    lambda seeds: st.integers(1, 6).flatmap(
        lambda items: st.tuples(*[arrays(np.float64, (seeds, items), elements=ANY_FINITE)] * 2)
    )
)
SCOPES = st.sampled_from(["recipe", "seeds", "checkpoint"])
EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def numbers_in(result):
    """Every number in a result, however deep."""
    if dataclasses.is_dataclass(result):
        for field in dataclasses.fields(result):
            yield from numbers_in(getattr(result, field.name))
    elif isinstance(result, tuple | list):
        for entry in result:
            yield from numbers_in(entry)
    elif isinstance(result, np.ndarray):
        yield from result.ravel()
    elif isinstance(result, float | np.floating):
        yield result


def undefined_without_reason(result):
    """Results inside which a figure is None although no reason is given."""
    if dataclasses.is_dataclass(result):
        names = {field.name for field in dataclasses.fields(result)}
        figures = {"p", "interval", "standard_error", "estimate", "over_seeds", "over_items"} & names
        if "reason" in names and result.reason is None:
            yield from ((type(result).__name__, name) for name in figures if getattr(result, name) is None)
        for name in names:
            yield from undefined_without_reason(getattr(result, name))


def mirrored(interval):
    return None if interval is None else (-interval.high, -interval.low)


def close(left, right, tolerance=1e-6):
    if left is None or right is None:
        return left is right
    return np.allclose(left, right, rtol=tolerance, atol=tolerance)


def ends(interval):
    return None if interval is None else (interval.low, interval.high)


@pytest.mark.slow
@EXAMPLES
@given(PAIRS, SCOPES)
def test_swapping_the_arms_flips_the_signs(pair, scope):
    there = statistics.paired_contrast(baseline=pair[0], variant=pair[1], scope=scope)
    back = statistics.paired_contrast(baseline=pair[1], variant=pair[0], scope=scope)
    assert close(there.estimate, -back.estimate)
    assert close(ends(there.interval), mirrored(back.interval))
    assert close(there.p, back.p)
    assert there.sign_flip.p == pytest.approx(back.sign_flip.p)
    assert (there.flips.gained, there.flips.lost) == (back.flips.lost, back.flips.gained)
    assert (there.signs.positive, there.signs.negative) == (back.signs.negative, back.signs.positive)


@pytest.mark.slow
@EXAMPLES
@given(PAIRS, SCOPES, st.integers(-8, 8))
def test_adding_a_constant_to_both_arms_changes_nothing(pair, scope, constant):
    before = statistics.paired_contrast(pair[1] - pair[0], scope=scope)
    after = statistics.paired_contrast(baseline=pair[0] + constant, variant=pair[1] + constant, scope=scope)
    assert close(before.estimate, after.estimate)
    assert close(ends(before.over_seeds.interval), ends(after.over_seeds.interval))
    assert before.sign_flip.p == pytest.approx(after.sign_flip.p)


@pytest.mark.slow
@EXAMPLES
@given(TABLES, SCOPES, st.randoms(use_true_random=False))
def test_permuting_seeds_or_items_changes_nothing(table, scope, random):
    seeds, items = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(seeds)
    random.shuffle(items)
    before = statistics.paired_contrast(table, scope=scope)
    after = statistics.paired_contrast(table[seeds][:, items], scope=scope)
    assert close(before.estimate, after.estimate)
    assert close(ends(before.interval), ends(after.interval))
    assert close(before.p, after.p)
    assert before.sign_flip.p == pytest.approx(after.sign_flip.p)


@given(st.integers(1, 60))
def test_more_seeds_never_widen_the_attainable_minimum(count):
    assert statistics.attainable_minimum(count + 1) < statistics.attainable_minimum(count) <= 1.0


@EXAMPLES
@given(st.lists(SCORES, min_size=1, max_size=9))
def test_no_sign_flip_p_is_below_its_attainable_minimum(values):
    result = statistics.sign_flip(values)
    assert result.attainable <= result.p <= 1.0


@EXAMPLES
@given(WILD_PAIRS, SCOPES)
def test_no_finite_scores_raise_or_give_nan(pair, scope):
    generator = np.random.default_rng(0)
    result = statistics.paired_contrast(
        baseline=pair[0], variant=pair[1], scope=scope, generator=generator, bootstrap_draws=50
    )
    assert all(math.isfinite(number) for number in numbers_in(result))
    assert not list(undefined_without_reason(result))
    judged = result.equivalence(1.0)
    assert all(math.isfinite(number) for number in numbers_in(judged))


@EXAMPLES
@given(WILD_PAIRS, SCOPES, st.booleans())
def test_no_finite_differences_of_two_conditions_raise_or_give_nan(pair, scope, same_items):
    result = statistics.difference_of_differences(*pair, scope=scope, same_items=same_items)
    assert all(math.isfinite(number) for number in numbers_in(result))
    assert not list(undefined_without_reason(result))


@EXAMPLES
@given(WILD_TABLES, st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_no_finite_clustered_differences_raise_or_give_nan(table, labels):
    result = statistics.paired_contrast(table, clusters=labels[: table.shape[1]])
    assert all(math.isfinite(number) for number in numbers_in(result))
    assert not list(undefined_without_reason(result))


@pytest.mark.slow
@EXAMPLES
@given(WILD_PAIRS)
def test_no_finite_suite_raises_or_gives_nan(pair):
    generator = np.random.default_rng(0)
    thresholds = np.sort(pair[0].ravel())
    results = (
        statistics.suite_mean(pair[0], generator, draws=20),
        statistics.suite_difference(*pair, generator, draws=20),
        statistics.performance_profile(pair[1], thresholds, generator, draws=20),
    )
    assert all(math.isfinite(number) for result in results for number in numbers_in(result))


@pytest.mark.slow
@EXAMPLES
@given(TABLES)
def test_an_interval_at_a_higher_level_holds_the_one_at_a_lower_level(table):
    result = statistics.paired_contrast(table)
    narrow, wide = result.interval_at(0.8), result.interval_at(0.99)
    assert (narrow is None) == (wide is None)
    assert narrow is None or (wide.low <= narrow.low and narrow.high <= wide.high)


@EXAMPLES
@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=60))
def test_the_interval_for_right_or_wrong_items_excludes_zero_only_where_the_exact_test_does(values):
    result = statistics.paired_proportions(values)
    assert not result.interval.excludes(0.0) or result.p <= 0.05 + 1e-12
    assert -1.0 <= result.interval.low <= result.estimate <= result.interval.high <= 1.0


@EXAMPLES
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_exactly_where_its_adjusted_p_is_at_most_alpha(p_values):
    result = statistics.holm(p_values)
    for adjusted, rejected in zip(result.p, result.rejected, strict=True):
        assert rejected == (adjusted <= 0.05) or math.isclose(adjusted, 0.05)
    assert all(adjusted >= raw for adjusted, raw in zip(result.p, p_values, strict=True))
