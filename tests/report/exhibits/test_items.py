"""The lab's own exhibits: every recipe gets samples, differences by group and a table, as far as it recorded."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from evenhand.recipes.exhibit import Bars, Grid, Samples
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.report.exhibits import facets, groups, items, samples
from evenhand.report.exhibits.make import make_item_exhibits
from evenhand.report.page import render_report
from tests.report.test_page import NASTY, Page

ARMS = {"off": "baseline", "on": "variant", "twice": "rival"}


def recorded(world, change, arms=ARMS, conditions=("default",), count=40, seeds=(10, 11, 12)):
    """A claim, its decision, and records whose item tables went through ``change(trial, table)``."""
    sample = world(arms, conditions, seeds=seeds, items=count)
    records = [
        replace(r, outcome=replace(r.outcome, items={"accuracy": change(r.trial, r.outcome.items["accuracy"])}))
        for r in sample.records()
    ]
    found = (
        sample.contrast("on", "off", (0.1, 0.2, 0.1)),
        sample.contrast("on", "twice", (0.1, 0.2, 0.1), "default", "rival"),
    )
    return sample.claim(), sample.decision(sample.verdict("gain", *found, standing="twice")), records


def with_kinds(trial, table: ItemScores) -> ItemScores:
    """Even items are right under every arm, odd ones under ``on`` alone."""
    even = np.arange(len(table.ids)) % 2 == 0
    return replace(
        table,
        scores=np.where(even, 1.0, float(trial.arm == "on")),
        inputs=tuple(f"ask {name}" for name in table.ids),
        groups=tuple("even" if one else "odd" for one in even),
        expected=tuple("R=4071" for _ in table.ids),
    )


def of_kind(made, kind):
    return [one for one in made.exhibits if isinstance(one, kind)]


def test_samples_show_what_was_asked_expected_and_answered(world) -> None:
    (shown,) = of_kind(make_item_exhibits(*recorded(world, with_kinds)), Samples)
    assert len(shown.samples) == 2  # one of each kind
    for sample in shown.samples:
        item, kind = sample.item.split(" · ")
        assert (sample.question, sample.expected, kind) == (f"ask {item}", "R=4071", kind)
        assert [answer.arm for answer in sample.answers] == list(ARMS)
        assert [answer.score for answer in sample.answers] == ([1, 1, 1] if kind == "even" else [0, 1, 0])


def test_differences_by_group_are_paired_and_have_intervals_of_their_own(world) -> None:
    def noisy(trial, table):
        found = with_kinds(trial, table)
        flip = (np.arange(len(table.ids)) + (trial.seed or 0)) % 7 == 0
        return replace(found, scores=np.where(flip & (trial.arm == "on"), 1 - found.scores, found.scores))

    first, second = of_kind(make_item_exhibits(*recorded(world, noisy)), Bars)
    assert ("that of off" in first.title, "that of twice" in second.title) == (True, True)
    by_name = dict(first.groups)
    (odd,), (even,) = by_name["odd · 20 items"], by_name["even · 20 items"]
    assert odd.arm == "on"
    assert odd.value > 0.7
    assert even.value < 0
    assert odd.low < odd.value < odd.high
    assert "95 % interval" in first.caption
    assert "of 2 such intervals about 0.1 miss by chance" in first.caption


def test_a_recipe_that_records_nothing_more_gets_samples_of_its_answers_and_a_table(world) -> None:
    made = make_item_exhibits(*recorded(world, lambda trial, table: table))
    assert [type(one) for one in made.exhibits] == [Samples, Grid]
    assert len(made.exhibits[0].samples) == samples.SHOWN
    assert "What was asked was not recorded" in made.exhibits[0].caption
    assert made.exhibits[1].header == ("item", "off", "on", "twice")


def test_scores_alone_give_a_table_alone_and_no_items_give_nothing(world) -> None:
    claim, decision, records = recorded(world, lambda trial, table: replace(table, outputs=None))
    assert [type(one) for one in make_item_exhibits(claim, decision, records).exhibits] == [Grid]
    bare = [replace(r, outcome=Outcome(metrics={"accuracy": 0.5})) for r in records]
    assert make_item_exhibits(claim, decision, bare).exhibits == ()


def test_the_items_that_are_shown_do_not_depend_on_how_they_were_answered(world) -> None:
    def turned(trial, table):
        return replace(with_kinds(trial, table), scores=np.zeros(len(table.ids)))

    chosen = [
        [one.item for one in of_kind(make_item_exhibits(*recorded(world, change)), Samples)[0].samples]
        for change in (with_kinds, turned)
    ]
    assert chosen[0] == chosen[1]
    assert samples.chosen(("a", "b", "c", "d", "e"), {}) == facets.first_by_hash("edcba", 4)


def test_metrics_that_score_the_same_answers_are_shown_once(world) -> None:
    claim, decision, records = recorded(world, with_kinds)
    doubled = [
        replace(r, outcome=replace(r.outcome, items={**r.outcome.items, "exact": r.outcome.items["accuracy"]}))
        for r in records
    ]
    assert len(of_kind(make_item_exhibits(claim, decision, doubled), Samples)) == 1


def test_strangers_texts_are_escaped_and_long_ones_cut_with_a_count(world) -> None:
    def nasty(trial, table):
        texts = tuple(f"{NASTY}\x1b[2J\u202e" + "x" * 5000 for _ in table.ids)
        return replace(table, inputs=texts, outputs=texts, expected=texts, groups=(NASTY, "b") * 20)

    claim, decision, records = recorded(world, nasty)
    html = render_report(claim, decision, records, items=make_item_exhibits(claim, decision, records).exhibits)
    page = Page(html)
    assert page.faults == []
    assert "<script" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert re.search(r"\([\d,]+ more characters\)", page.text)
    (section,) = re.findall(r'<section id="asked"[^>]*>.*?</section>', html, re.DOTALL)
    assert len(section) < 100_000


@pytest.mark.slow
def test_a_page_of_10_000_items_and_50_arms_stays_small(world) -> None:
    arms = {"off": "baseline", **{f"v{i}": "variant" for i in range(49)}}
    sample = world(arms, seeds=(10, 11), items=10_000)
    claim = sample.claim()
    kinds = tuple(f"kind {i % 400}" for i in range(10_000))
    texts = tuple("a long question " * 200 for _ in range(10_000))
    ids = tuple(f"item {i}" for i in range(10_000))
    records = []
    for trial in claim.trials(claim.claim.rungs[-1]):
        table = ItemScores(ids, trial.rng("scores").random(10_000), texts, None, texts, kinds, texts)
        outcome = Outcome(items={"accuracy": table}, spent={"steps": trial.amount})
        records.append(sample.record(trial, outcome, len(records)))
    verdicts = [sample.verdict("gain", sample.contrast(arm, "off", (0.1, 0.2))) for arm in list(arms)[1:]]
    decision = sample.decision(*verdicts)
    made = items.item_exhibits(claim, decision, *_scored(claim, records))
    (bars,) = [one for one in made if isinstance(one, Bars)]
    assert len(bars.groups) == groups.MOST_GROUPS
    assert "376 smaller groups of items" in bars.caption
    assert "and 35 more" in bars.caption  # of the 41 variants beyond the first eight, six are named
    html = render_report(claim, sample.decision(), [], items=made)
    assert len(html) < 1_000_000


def _scored(claim, records):
    from evenhand.report.exhibits.make import scored_trials

    return scored_trials(claim, records), {r.trial.id: r.outcome for r in records}


def test_what_early_records_keep_elsewhere_is_recalled_and_a_fault_in_that_loses_no_report(world) -> None:
    claim, decision, records = recorded(world, lambda trial, table: table)

    def recall(trial):
        table = trial.outcome.items["accuracy"]
        asked = replace(table, inputs=tuple(f"noted {name}" for name in table.ids))
        return replace(trial, outcome=replace(trial.outcome, items={"accuracy": asked}))

    (shown,) = of_kind(make_item_exhibits(claim, decision, records, recall), Samples)
    assert shown.samples[0].question.startswith("noted item-")

    def broken(trial):
        raise KeyError("categories")

    made = make_item_exhibits(claim, decision, records, broken)
    assert "The recalls function" in made.faults[0]
    assert len(of_kind(made, Samples)) == 1


@pytest.mark.parametrize("conditions", [("a", "b"), tuple("abcdefgh")])
def test_each_condition_is_shown_up_to_a_number_that_is_told(world, conditions) -> None:
    sample = world({"off": "baseline", "on": "variant"}, conditions, seeds=(10, 11), items=4)
    made = make_item_exhibits(sample.claim(), sample.decision(), sample.records()).exhibits
    shown = [one for one in made if isinstance(one, Samples)]
    assert len(shown) == min(len(conditions), facets.MOST_FACETS)
    assert all("condition" in one.title and "rung confirm" in one.title for one in shown)
    assert ("2 further conditions" in made[-1].caption) == (len(conditions) == 8)
