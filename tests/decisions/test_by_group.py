"""A contrast group by group is the contrast of the items of the group, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evenhand.decisions.by_group import by_group
from evenhand.decisions.contrasts import contrast
from evenhand.decisions.pairs import Cell
from evenhand.recipes.outcome import Outcome
from tests.report.conftest import World

SAMPLE = World({"off": "baseline", "on": "variant"}, seeds=(10, 11, 12, 13), items=30)
CLAIM = SAMPLE.claim()
RUNG = CLAIM.claim.rungs[-1]
CELL = Cell(CLAIM.claim.conditions[0], RUNG, CLAIM.claim.metrics[0], RUNG.seeds)
OFF, ON = CLAIM.arms()
LEVELS = {"off": 0.3, "on": 0.6}
FULL = {trial.id: SAMPLE.outcome(trial, LEVELS[trial.arm]) for trial in CLAIM.trials(RUNG)}
IDS = next(iter(FULL.values())).items["accuracy"].ids


def part(outcome: Outcome, size: int) -> Outcome:
    table = outcome.items["accuracy"]
    cut = replace(table, ids=table.ids[:size], scores=table.scores[:size], outputs=None)
    return replace(outcome, items={"accuracy": cut})


def whole(outcomes):
    return contrast(CLAIM, ON, OFF, CELL, outcomes, level=0.95, supplementary=False)[0]


def test_each_group_has_the_estimate_and_interval_of_its_items_alone() -> None:
    groups = {item: "a" if place < 20 else "b" for place, item in enumerate(IDS)}
    a, b = by_group(CLAIM, whole(FULL), FULL, groups)
    alone = whole({key: part(outcome, 20) for key, outcome in FULL.items()})
    assert (a.group, a.items, b.group, b.items) == ("a", 20, "b", 10)
    assert a.estimate == pytest.approx(alone.estimate)
    assert a.interval == pytest.approx(alone.interval)


def test_one_group_of_all_items_is_the_contrast_itself() -> None:
    (only,) = by_group(CLAIM, whole(FULL), FULL, dict.fromkeys(IDS, "all"))
    assert only.interval == pytest.approx(whole(FULL).interval)


def test_a_group_of_one_item_has_no_interval_and_items_without_a_group_are_left_out() -> None:
    (only,) = by_group(CLAIM, whole(FULL), FULL, {IDS[3]: "alone", "no item": "none"})
    assert (only.items, only.interval, only.why_none) == (1, None, "1 item")


def test_within_a_group_that_is_one_cluster_its_items_are_the_units() -> None:
    def clustered(labels: tuple[str, ...]) -> dict[str, Outcome]:
        return {
            key: replace(outcome, items={"accuracy": replace(outcome.items["accuracy"], clusters=labels)})
            for key, outcome in FULL.items()
        }

    own = tuple("a" if place < 20 else "b" for place in range(len(IDS)))
    groups = dict(zip(IDS, own, strict=True))
    plain, one_each, several = (
        by_group(CLAIM, whole(FULL), outcomes, groups)
        for outcomes in (FULL, clustered(own), clustered(tuple(str(place // 5) for place in range(len(IDS)))))
    )
    assert [found.interval for found in one_each] == [found.interval for found in plain]
    assert all(found.interval for found in several)
    assert [found.interval for found in several] != [found.interval for found in plain]


def test_pairs_that_may_not_be_compared_have_no_figures() -> None:
    unequal = {key: replace(o, spent={"steps": 7.0}) if i % 2 else o for i, (key, o) in enumerate(FULL.items())}
    found = replace(whole(FULL), seeds=RUNG.seeds)
    assert by_group(CLAIM, found, unequal, dict.fromkeys(IDS, "all")) == ()
    assert np.isfinite(whole(FULL).estimate or np.nan)
