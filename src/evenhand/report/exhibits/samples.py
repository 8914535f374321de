"""What was asked and what every arm answered, item by item: a few items that a hash of their names chooses."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.recipes.exhibit import Answered, Sample, Samples
from evenhand.recipes.outcome import ItemScores
from evenhand.report import numbers
from evenhand.report.exhibits.facets import Facet, first_by_hash, listed

SHOWN = 4
"""Items shown where they come in no groups."""

MOST_GROUPS = 8
"""Of that many groups the first item each is shown."""

MOST_ARMS = 12
MOST_TABLES = 4


def samples(facet: Facet, metrics: Sequence[str]) -> list[Samples]:
    """Samples of every metric with answers of its own; metrics that score the same answers are shown once.

    Args:
        facet: of which trials.
        metrics: of the claim, which come first; what else was recorded follows.
    """
    recorded = dict.fromkeys(name for trials in facet.arms.values() for name in trials[0].outcome.items)
    names = [name for name in dict.fromkeys([*metrics, *recorded]) if name in recorded and "@" not in name]
    found: list[Samples] = []
    seen: list[dict[str, tuple[str, ...] | None]] = []
    for name in names:
        tables = {arm: own[0] for arm, own in facet.tables(name).items() if own[0].outputs is not None}
        answers = {arm: table.outputs for arm, table in tables.items()}
        if tables and answers not in seen and len(found) < MOST_TABLES:
            seen.append(answers)
            found.append(_samples(facet, name, tables))
    return found


def chosen(ids: Sequence[str], groups: dict[str, str]) -> list[str]:
    """The items to show: the first by hash of each group, or the first few where there are no groups."""
    members: dict[str, list[str]] = {}
    for item in ids:
        if item in groups:
            members.setdefault(groups[item], []).append(item)
    if len(members) < 2:
        return first_by_hash(ids, SHOWN)
    first = [first_by_hash(own, 1)[0] for own in members.values()]
    return first if len(first) <= MOST_GROUPS else first_by_hash(first, MOST_GROUPS)


def _samples(facet: Facet, metric: str, tables: dict[str, ItemScores]) -> Samples:
    shown = dict(list(tables.items())[:MOST_ARMS])
    first = next(iter(shown.values()))
    asked, expected = facet.column(metric, "inputs"), facet.column(metric, "expected")
    groups = facet.column(metric, "groups")
    items = chosen(first.ids, groups)
    places = {arm: _places(table.ids, items) for arm, table in shown.items()}
    made = tuple(
        Sample(
            f"{item} · {groups[item]}" if item in groups else item,
            asked.get(item, ""),
            tuple(
                Answered(arm, (table.outputs or ())[places[arm][item]], float(table.scores[places[arm][item]]))
                for arm, table in shown.items()
                if item in places[arm]
            ),
            expected.get(item, ""),
        )
        for item in items
    )
    return Samples(facet.title(f"Sample answers, {metric}"), _caption(facet, metric, tables, groups, items), made)


def _caption(
    facet: Facet, metric: str, tables: dict[str, ItemScores], groups: dict[str, str], items: Sequence[str]
) -> str:
    count = len(next(iter(tables.values())).ids)
    how = "the first of each kind" if len(set(groups.values())) > 1 else "the first"
    caption = (
        f"{numbers.count(len(items), 'item')} of {count:,}, {how} by the sha256 of their names, whatever was answered. "
        "Each arm's answer is that of its lowest seed."
    )
    silent = [arm for arm in facet.arms if arm not in tables]
    caption += f" No answers were recorded: {listed(silent)}." if silent else ""
    caption += f" Further arms that are not shown: {len(tables) - MOST_ARMS}." if len(tables) > MOST_ARMS else ""
    known = facet.column(metric, "inputs")
    return caption + ("" if all(known.get(item) for item in items) else " What was asked was not recorded for all.")


def _places(ids: Sequence[str], items: Sequence[str]) -> dict[str, int]:
    """Where some items stand."""
    wanted = set(items)
    return {item: place for place, item in enumerate(ids) if item in wanted}
