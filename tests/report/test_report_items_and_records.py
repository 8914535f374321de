"""Which record answers which trial, which items flipped, and what is drawn of a learning curve."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from evenhand.recipes.outcome import Curve, ItemScores
from evenhand.report.curves import curve_figures
from evenhand.report.flips import flips_of
from evenhand.report.results import Results


@pytest.fixture
def sample(world):
    return world({"off": "baseline", "on": "variant"}, seeds=(10, 11), items=3)


def with_items(sample, tables):
    """Records of the confirming rung whose items are given as (arm, seed) to scores."""
    claim = sample.claim()
    records = []
    for trial in claim.trials(claim.claim.rungs[-1]):
        ids, scores, outputs = tables[trial.arm, trial.seed]
        items = {"accuracy": ItemScores(tuple(ids), np.array(scores, dtype=float), outputs)}
        records.append(sample.record(trial, replace(sample.outcome(trial, 0.5), items=items), len(records)))
    return Results.of(claim, records)


TABLES = {
    ("off", 10): ("abc", [0, 0, 1], ("x0", "y0", "z0")),
    ("off", 11): ("cba", [1, 0, 1], ("z1", "y1", "x1")),
    ("on", 10): ("abc", [1, 1, 0], ("X0", "Y0", "Z0")),
    ("on", 11): ("abc", [1, 1, 1], ("X1", "Y1", "Z1")),
}


def test_flips_pair_items_by_name_and_rank_the_most_often_flipped_first(sample):
    flips = flips_of(sample.contrast("on", "off", (0.3, 0.3)), with_items(sample, TABLES))
    assert [(item.id, item.gained, item.lost) for item in flips.top] == [("b", 2, 0), ("a", 1, 0), ("c", 0, 1)]
    answer = flips.top[0].answer
    assert (answer.seed, answer.arm_output, answer.against_output) == (10, "Y0", "y0")
    assert flips.distinct == 3


def test_where_lower_is_better_a_lower_score_is_a_gain(sample):
    sample.document["metric"][0]["direction"] = "minimise"
    flips = flips_of(sample.contrast("on", "off", (0.3, 0.3)), with_items(sample, TABLES))
    assert [(item.id, item.gained, item.lost) for item in flips.top] == [("b", 0, 2), ("a", 0, 1), ("c", 1, 0)]


def test_long_outputs_are_cut_and_say_by_how_much(sample):
    tables = {key: (ids, scores, tuple("w" * 1000 for _ in ids)) for key, (ids, scores, _) in TABLES.items()}
    answer = flips_of(sample.contrast("on", "off", (0.3, 0.3)), with_items(sample, tables)).top[0].answer
    assert answer.arm_output == "w" * 600 + " … (400 more characters)"


def test_items_without_outputs_still_show_their_scores(sample):
    tables = {key: (ids, scores, None) for key, (ids, scores, _) in TABLES.items()}
    answer = flips_of(sample.contrast("on", "off", (0.3, 0.3)), with_items(sample, tables)).top[0].answer
    assert (answer.arm_score, answer.against_score, answer.arm_output) == (1.0, 0.0, None)


def test_a_contrast_that_is_not_item_wise_has_no_flips(sample):
    contrast = sample.contrast("on", "off", (0.3, 0.3), items=0, gained=None, lost=None)
    assert flips_of(contrast, with_items(sample, TABLES)) is None


@pytest.mark.parametrize(
    ("attempts", "counts"),
    [
        (["timeout", "scores", "code"], 1),
        (["scores", "scores"], 0),
        (["resource", "diverged", "scores"], 1),
        (["timeout", "infrastructure"], 1),
    ],
)
def test_the_first_result_counts_else_the_last_failure(sample, attempts, counts):
    claim = sample.claim()
    trial = next(iter(claim.trials(claim.claim.rungs[-1])))
    records = [
        sample.record(trial, sample.outcome(trial, 0.5), i) if kind == "scores" else sample.failed(trial, kind, "", i)
        for i, kind in enumerate(attempts)
    ]
    found = Results.of(claim, records).at("confirm", "default", trial.arm, trial.seed)
    assert found.record is records[counts]
    assert found.attempts == tuple(records)


def test_one_record_answers_every_condition_in_which_its_trial_is_the_same(world):
    sample = world({"off": "baseline", "on": "variant"}, ("here", "there"))
    claim = sample.claim()
    same = {key: {"seeding": key[0]} for key in claim.settings}
    claim = replace(claim, settings=same)
    trial = next(iter(claim.trials(claim.claim.rungs[-1])))
    results = Results.of(claim, [sample.record(trial, sample.outcome(trial, 0.5), 0)])
    for condition in ("here", "there"):
        assert results.at("confirm", condition, trial.arm, trial.seed).state == "done"


def curves(sample, by_seed):
    """The figure of one curve whose values are given seed by seed, for every arm."""
    claim = sample.claim()
    records = []
    for trial in claim.trials(claim.claim.rungs[-1]):
        steps, values = by_seed[trial.seed]
        curve = Curve(np.array(steps, dtype=float), np.array(values, dtype=float))
        outcome = replace(sample.outcome(trial, 0.5), curves={"loss": curve})
        records.append(sample.record(trial, outcome, len(records)))
    return curve_figures(Results.of(claim, records))


def thick_and_thin(svg):
    """Numbers of strong and of thin lines in a panel."""
    widths = re.findall(
        r"fill: none; stroke: var\(--arm-\d\); stroke-(?:opacity: [\d.]+; stroke-)?width: ([\d.]+)", svg
    )
    return sum(float(w) > 1 for w in widths), sum(float(w) < 1 for w in widths)


def test_a_panel_has_a_thin_line_per_seed_and_a_thick_mean_line_per_arm(sample):
    (figure,) = curves(sample, {10: ([1, 2, 3], [3, 2, 1]), 11: ([1, 2, 3], [4, 3, 2])})
    assert thick_and_thin(figure.panels[0].svg) == (2, 4)
    assert [(entry.arm, entry.slot, entry.seeds) for entry in figure.panels[0].legend] == [("off", 0, 2), ("on", 1, 2)]


def test_seeds_that_share_no_step_have_no_mean_line(sample):
    (figure,) = curves(sample, {10: ([1, 3, 5], [3, 2, 1]), 11: ([2, 4, 6], [4, 3, 2])})
    assert thick_and_thin(figure.panels[0].svg) == (0, 4)


def test_more_than_four_arms_get_further_panels_with_the_baseline_in_each(world):
    sample = world({"off": "baseline", **{f"v{i}": "variant" for i in range(6)}}, seeds=(10, 11))
    (figure,) = curves(sample, {10: ([1, 2], [3, 2]), 11: ([1, 2], [4, 3])})
    assert [[entry.arm for entry in panel.legend] for panel in figure.panels] == [
        ["off", "v0", "v1", "v2", "v3"],
        ["off", "v4", "v5"],
    ]


def test_long_curves_are_thinned_and_say_so(sample):
    long = {seed: (range(5000), np.linspace(0, 1, 5000) ** 2) for seed in (10, 11)}
    (figure,) = curves(sample, long)
    assert figure.thinned
    assert len(figure.panels[0].svg) < 60_000
    (short,) = curves(sample, {10: ([1, 2], [3, 2]), 11: ([1, 2], [4, 3])})
    assert not short.thinned


def test_panels_leave_their_colours_to_the_style_sheet(sample):
    (figure,) = curves(sample, {10: ([1, 2], [3, 2]), 11: ([1, 2], [4, 3])})
    assert not re.findall(r"#[0-9a-f]{6}\b", figure.panels[0].svg)
    assert "var(--arm-1)" in figure.panels[0].svg
    assert "DejaVu" not in figure.panels[0].svg


def test_ticks_of_a_curve_keep_every_digit(sample):
    (figure,) = curves(sample, {10: ([1, 2], [0.0, 0.009]), 11: ([1, 2], [0.0, 0.009])})
    assert "0.005" in re.findall(r">([^<]*)</text>", figure.panels[0].svg)


def test_flips_are_counted_alike_whether_items_stand_in_one_order_or_in_several(world):
    sample = world({"off": "baseline", "on": "variant"}, seeds=(1, 2, 3), items=40)
    rng = np.random.default_rng(0)
    tables = {}
    for arm in ("off", "on"):
        for seed in (1, 2, 3):
            order = rng.permutation(40)[: 30 if seed == 2 else 40]
            tables[arm, seed] = ([f"i{k}" for k in order], rng.integers(0, 3, len(order)) / 2.0, None)
    results = with_items(sample, tables)
    contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3))
    found = flips_of(contrast, results)
    counts: dict[str, list[float]] = {}
    for seed in (1, 2, 3):
        mine, theirs = (
            results.at("confirm", "default", arm, seed).scored.outcome.items["accuracy"] for arm in ("on", "off")
        )
        other = dict(zip(theirs.ids, theirs.scores, strict=True))
        for name, score in zip(mine.ids, mine.scores, strict=True):
            if name in other and score != other[name]:
                row = counts.setdefault(name, [0, 0, 0.0])
                row[0] += score > other[name]
                row[1] += score < other[name]
                row[2] += abs(score - other[name])
    ranked = sorted(counts, key=lambda name: (-counts[name][0] - counts[name][1], -counts[name][2], name))
    assert found.distinct == len(counts)
    assert [(i.id, i.gained, i.lost, i.moved) for i in found.top] == [(n, *counts[n]) for n in ranked[:6]]
