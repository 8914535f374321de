"""Which items flipped, and what the arms answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evenhand.recipes.outcome import ItemScores
from evenhand.report.results import Results
from evenhand.report.sections.contrasts import _facts
from evenhand.report.sections.flips import flips_of, right_or_wrong


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


def test_what_is_shown_of_an_item_is_of_the_first_seed_at_which_it_flipped(sample):
    tables = TABLES | {("off", 10): ("abc", [1, 0, 0], None), ("off", 11): ("abc", [0, 0, 0], ("x1", "y1", "z1"))}
    flips = flips_of(sample.contrast("on", "off", (0.3, 0.3)), with_items(sample, tables))
    assert {item.id: item.answer.seed for item in flips.top} == {"a": 11, "b": 10, "c": 11}
    assert [item.answer.against_output for item in flips.top if item.id == "c"] == ["z1"]


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


def test_flips_are_counted_alike_whether_items_stand_in_one_order_or_in_several(world):
    sample = world({"off": "baseline", "on": "variant"}, seeds=(1, 2, 3), items=40)
    rng = np.random.default_rng(0)
    tables = {}
    for arm in ("off", "on"):
        for seed in (1, 2, 3):
            order = rng.permutation(40)[: 30 if seed == 2 else 40]
            tables[arm, seed] = ([f"i{k}" for k in order], rng.integers(0, 2, len(order)) / 1.0, None)
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


def test_what_was_asked_and_expected_stands_beside_a_flip_where_it_is_recorded(sample):
    results = with_items(sample, TABLES)
    told = [
        replace(r, outcome=replace(r.outcome, items={"accuracy": replace(
            r.outcome.items["accuracy"], inputs=tuple(f"ask {i}" for i in r.outcome.items["accuracy"].ids),
            expected=("right",) * 3,
        )}))
        for r in results.records
    ]  # fmt: skip
    item = flips_of(sample.contrast("on", "off", (0.3, 0.3)), Results.of(sample.claim(), told)).top[0]
    assert (item.id, item.asked, item.expected) == ("b", "ask b", "right")
    bare = flips_of(sample.contrast("on", "off", (0.3, 0.3)), results).top[0]
    assert (bare.asked, bare.expected) == ("", "")


def test_scores_that_are_more_than_right_or_wrong_do_not_flip(world):
    sample = world({"off": "baseline", "on": "variant"}, seeds=(1, 2))
    ids = [f"i{k}" for k in range(6)]
    tables = {
        (arm, seed): (ids, np.linspace(0, 1, 6) + shift, None)
        for arm, shift in (("off", 0.0), ("on", 0.1))
        for seed in (1, 2)
    }
    results = with_items(sample, tables)
    contrast = sample.contrast("on", "off", (0.1, 0.1))
    assert flips_of(contrast, results) is None
    assert not any("gained" in name for name, _ in _facts(contrast, right_or_wrong(contrast, results)))


def test_three_scores_are_more_than_right_or_wrong_though_each_table_holds_two(world):
    sample = world({"off": "baseline", "on": "variant"}, seeds=(1, 2))
    ids = ["a", "b"]
    tables = {("off", s): (ids, np.array([0.0, 1.0]), None) for s in (1, 2)}
    tables |= {("on", s): (ids, np.array([0.5, 1.0]), None) for s in (1, 2)}
    results = with_items(sample, tables)
    assert not right_or_wrong(sample.contrast("on", "off", (0.1, 0.1)), results)
