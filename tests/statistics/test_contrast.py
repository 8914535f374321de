"""One paired contrast for three scopes, with what is shown beside it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evenhand import statistics
from evenhand.errors import StatisticsError

GENERATOR = np.random.default_rng(11)
BASELINE = (GENERATOR.random((5, 40)) < 0.4).astype(float)
VARIANT = (GENERATOR.random((5, 40)) < 0.6).astype(float)


def test_the_recipe_scope_rests_on_the_two_way_estimate():
    result = statistics.paired_contrast(baseline=BASELINE, variant=VARIANT)
    assert result.primary == statistics.two_way_estimate(VARIANT - BASELINE)
    assert (result.seeds, result.items, result.units, result.decodes) == (5, 40, 40, 1)


def test_the_seeds_scope_rests_on_the_paired_t_over_seed_means():
    result = statistics.paired_contrast(baseline=BASELINE, variant=VARIANT, scope="seeds")
    assert result.primary == result.over_seeds == statistics.paired_t((VARIANT - BASELINE).mean(axis=1))


def test_the_checkpoint_scope_rests_on_exact_mcnemar_for_right_or_wrong_items():
    result = statistics.paired_contrast(baseline=BASELINE[:1], variant=VARIANT[:1], scope="checkpoint")
    assert result.primary == statistics.paired_proportions(VARIANT[0] - BASELINE[0])
    assert result.betting == statistics.betting_test(VARIANT[0] - BASELINE[0])
    assert result.df is None
    assert "says nothing about training again" in result.notes[-1]


def test_the_checkpoint_scope_rests_on_the_paired_t_over_thirty_or_more_graded_items():
    graded = np.random.default_rng(0).normal(size=(1, 30))
    result = statistics.paired_contrast(graded, scope="checkpoint", bounds=(-10, 10))
    assert result.p == pytest.approx(stats.ttest_1samp(graded[0], 0).pvalue)
    assert result.betting is not None
    few = statistics.paired_contrast(graded[:, :29], scope="checkpoint", bounds=(-10, 10))
    assert few.interval is None
    assert "29 items" in few.reason
    assert few.betting.interval is not None


def test_several_checkpoints_are_averaged_item_by_item():
    result = statistics.paired_contrast(VARIANT - BASELINE, scope="checkpoint")
    assert result.p == pytest.approx(stats.ttest_1samp((VARIANT - BASELINE).mean(axis=0), 0).pvalue)


def test_everything_that_is_shown_beside_the_estimate_is_there():
    result = statistics.paired_contrast(baseline=BASELINE, variant=VARIANT, generator=np.random.default_rng(0))
    assert result.sign_flip == statistics.sign_flip((VARIANT - BASELINE).mean(axis=1))
    assert result.signs.positive + result.signs.zero + result.signs.negative == 5
    assert result.flips == statistics.item_flips(BASELINE, VARIANT)
    assert result.bootstrap.draws == 10_000
    assert result.components == statistics.variance_components(VARIANT - BASELINE)
    assert result.correlation.over_items == pytest.approx(
        np.corrcoef(BASELINE.mean(axis=0), VARIANT.mean(axis=0))[0, 1]
    )
    assert "With 5 seeds" in result.notes[0]


def test_without_a_generator_there_is_no_bootstrap():
    assert statistics.paired_contrast(VARIANT - BASELINE).bootstrap is None


def test_a_metric_without_items_is_judged_over_seeds_and_says_so():
    result = statistics.paired_contrast([0.0156, 0.0234, 0.0625])
    assert result.primary == statistics.paired_t([0.0156, 0.0234, 0.0625])
    assert (result.items, result.components) == (None, None)
    assert "has no items" in result.notes[-1]


def test_a_metric_without_items_says_nothing_about_new_items_of_a_checkpoint():
    result = statistics.paired_contrast([0.1, 0.2], scope="checkpoint")
    assert result.interval is None
    assert "no item scores" in result.reason


def test_decodes_of_one_item_are_averaged_before_anything_else():
    generator = np.random.default_rng(1)
    left, right = generator.random((3, 10, 4)), generator.random((3, 10, 4))
    result = statistics.paired_contrast(baseline=left, variant=right)
    assert result.decodes == 4
    assert result.estimate == pytest.approx(right.mean() - left.mean())
    assert result.standard_error == pytest.approx(
        statistics.two_way_estimate(right.mean(axis=2) - left.mean(axis=2)).standard_error
    )


def test_copies_of_an_item_declared_as_a_cluster_add_no_certainty():
    table = np.random.default_rng(2).normal(size=(4, 12))
    copied, labels = np.repeat(table, 5, axis=1), np.repeat(np.arange(12), 5)
    once = statistics.paired_contrast(table)
    clustered = statistics.paired_contrast(copied, clusters=labels)
    assert clustered.standard_error == pytest.approx(once.standard_error)
    assert clustered.df == pytest.approx(once.df)
    assert (clustered.items, clustered.units) == (60, 12)
    assert statistics.paired_contrast(copied).standard_error < once.standard_error


def test_large_clusters_weigh_as_much_as_they_hold():
    table = np.array([[1.0, 1.0, 1.0, 5.0], [2.0, 2.0, 2.0, 4.0]])
    result = statistics.paired_contrast(table, clusters=["a", "a", "a", "b"])
    assert result.estimate == pytest.approx(table.mean())
    assert result.over_seeds.estimate == pytest.approx(table.mean())


def test_identical_scores_are_flagged_and_have_no_interval():
    result = statistics.paired_contrast(baseline=BASELINE, variant=BASELINE)
    assert result.all_zero
    assert (result.interval, result.p) == (None, None)
    assert (result.flips.gained, result.flips.lost) == (0, 0)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_arms_at_0_or_100_percent_have_no_correlation_and_a_reason(rate):
    flat = np.full((3, 5), rate)
    result = statistics.paired_contrast(baseline=flat, variant=flat)
    assert (result.correlation.over_seeds, result.correlation.over_items) == (None, None)
    assert "the same for all" in result.correlation.reason


def test_equivalence_comes_from_the_primary_estimate():
    result = statistics.paired_contrast(VARIANT - BASELINE)
    assert result.equivalence(0.5) == statistics.equivalence(result.primary, 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either differences, or the scores of both arms"),
        ({"differences": [[1.0]], "baseline": [[1.0]], "variant": [[1.0]]}, "not both"),
        ({"baseline": [[1.0]]}, "the scores of both arms"),
        ({"baseline": [[1.0, 2.0]], "variant": [[1.0]]}, "same seeds and items in both arms"),
        ({"differences": [[1.0, np.nan]]}, r"index \(0, 1\)"),
        ({"differences": [[1.0, 2.0]], "scope": "universe"}, "expected one of recipe, seeds, checkpoint"),
        ({"differences": [1.0, 2.0], "clusters": [1, 1]}, "expected differences per item"),
        ({"differences": [[1.0, 2.0]], "clusters": [1]}, "one label for each of 2 items"),
        ({"baseline": np.ones((2, 2, 3)), "variant": np.ones((2, 2, 4))}, "as many per item in both arms"),
    ],
)
def test_bad_input_is_refused_with_what_was_found(options, message):
    with pytest.raises(StatisticsError, match=message):
        statistics.paired_contrast(**options)


def test_decoding_noise_is_measured_where_there_are_several_decodes():
    scores = np.random.default_rng(3).normal(size=(2, 500, 6)) * 0.3 + np.arange(500)[None, :, None]
    assert statistics.average_decodes(scores).noise_sd == pytest.approx(0.3, rel=0.05)
    one = statistics.average_decodes(scores[:, :, :1])
    assert one.noise_sd is None
    assert "one decode" in one.reason


def test_two_points_always_lie_on_a_line_so_two_seeds_have_no_correlation():
    result = statistics.pair_correlation(BASELINE[:2], VARIANT[:2])
    assert result.over_seeds is None
    assert result.reason == "fewer than 3 seeds"
    assert -1 <= result.over_items <= 1
