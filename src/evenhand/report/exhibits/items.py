"""The lab's own exhibits, which every recipe gets: samples, differences by group of items, and a table of items.

They are made of what ``bench.items`` recorded; a recipe that recorded scores alone gets the table alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.pairs import Outcomes
from evenhand.decisions.verdict import Decision
from evenhand.recipes.exhibit import Exhibit, Grid, ScoredTrial
from evenhand.recipes.outcome import ItemScores
from evenhand.report import numbers
from evenhand.report.exhibits import groups, samples
from evenhand.report.exhibits.facets import Facet, facets, first_by_hash, listed

MOST_ROWS = 40
MOST_ARMS = 12
"""What a table of items shows; the caption says what it does not."""

_TEXT = 120
"""Characters of what was asked, in a table."""


def item_exhibits(
    claim: ResolvedClaim, decision: Decision, trials: Sequence[ScoredTrial], outcomes: Outcomes
) -> tuple[Exhibit, ...]:
    """Everything that can be made of the items, condition by condition.

    Args:
        claim, decision: what was claimed and decided.
        trials: with scores, one for every place in the plan.
        outcomes: trial id to its outcome, those that diverged too.
    """
    found: list[Exhibit | None] = []
    shown, beyond = facets(trials)
    metrics = [metric.name for metric in claim.claim.metrics]
    for facet in shown:
        found += samples.samples(facet, metrics)
        for metric in metrics:
            found += groups.differences(claim, decision, facet, metric, outcomes)
            found += [groups.scores(facet, metric), table(facet, metric)]
    if found and beyond:
        words = f"Items of {numbers.count(beyond, 'further condition')} are not shown; the ledger has them."
        found.append(Grid("Further conditions", words, (), ()))
    return tuple(exhibit for exhibit in found if exhibit is not None)


def table(facet: Facet, metric: str) -> Grid | None:
    """Items with the mean score of every arm over its seeds."""
    tables = facet.tables(metric)
    if not tables:
        return None
    ids = next(iter(tables.values()))[0].ids
    items = first_by_hash(ids, MOST_ROWS)
    arms = list(tables)[:MOST_ARMS]
    facts = {
        title: column
        for title, column in (
            ("kind", facet.column(metric, "groups")),
            ("asked", facet.column(metric, "inputs")),
            ("expected", facet.column(metric, "expected")),
        )
        if any(column.get(item) for item in items)
    }
    means = {arm: _means(tables[arm], items) for arm in arms}
    rows = tuple(
        (
            item,
            *(_line(column.get(item, "")) for column in facts.values()),
            *(numbers.exact(means[arm].get(item), 3) for arm in arms),
        )
        for item in items
    )
    caption = "Means over the seeds of an arm."
    if len(ids) > len(items):
        caption += (
            f" {len(items)} of {len(ids):,} items, the first by the sha256 of their names. All of them: evenhand "
            f"ledger query \"select * from items where metric = '{metric}'\"."
        )
    caption += f" Arms that are not shown: {listed(list(tables)[MOST_ARMS:])}." if len(tables) > MOST_ARMS else ""
    header = ("item", *facts, *arms)
    return Grid(facet.title(f"Items, {metric}"), caption, header, rows, 1 + len(facts), folded=True)


def _line(text: str) -> str:
    """A text in one line, cut with the number of characters left out."""
    line = " ".join(text.split())
    cut = len(line) - _TEXT
    return line if cut <= 0 else f"{line[:_TEXT]} … ({cut:,} more characters)"


def _means(tables: Sequence[ItemScores], items: Sequence[str]) -> Mapping[str, float]:
    """Mean score of some items over all tables that have them."""
    wanted = set(items)
    sums: dict[str, float] = dict.fromkeys(items, 0.0)
    counts: dict[str, int] = dict.fromkeys(items, 0)
    for _, alike in itertools.groupby(tables, key=lambda one: id(one.ids)):
        same = list(alike)  # tables of the same items, which nearly always are all of them
        places = [place for place, item in enumerate(same[0].ids) if item in wanted]
        for place, total in zip(places, np.sum([one.scores[places] for one in same], axis=0).tolist(), strict=True):
            item = same[0].ids[place]
            sums[item] += total
            counts[item] += len(same)
    return {item: sums[item] / count for item, count in counts.items() if count}
