"""Differences by group of items, with paired intervals, and the scores behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.by_group import GroupFigure, by_group
from evenhand.decisions.pairs import Outcomes
from evenhand.decisions.verdict import Contrast, Decision
from evenhand.recipes.exhibit import Bar, Bars, Grid
from evenhand.recipes.outcome import ItemScores
from evenhand.report import numbers
from evenhand.report.exhibits.facets import Facet, listed

MOST_GROUPS = 24
MOST_ARMS = 8
MOST_AGAINST = 3
"""What is drawn at most; the caption says what is not."""


def groups_of(facet: Facet, metric: str) -> tuple[dict[str, str], int]:
    """Item to its group, the largest groups first, and how many groups there are beyond those that are shown."""
    labels = facet.column(metric, "groups")
    sizes = Counter(labels.values())
    kept = {name for name, _ in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_GROUPS]}
    return {item: group for item, group in labels.items() if group in kept}, len(sizes) - len(kept)


def differences(claim: ResolvedClaim, decision: Decision, facet: Facet, metric: str, outcomes: Outcomes) -> list[Bars]:
    """Bars of the paired difference in each group, for the baseline and for every rival that decided a verdict."""
    groups, beyond = groups_of(facet, metric)
    if not groups or not set(groups.values()):
        return []
    found = []
    for against, contrasts in list(_by_against(decision, facet.condition, metric).items())[:MOST_AGAINST]:
        figures = {c.arm: by_group(claim, c, outcomes, groups) for c in contrasts[:MOST_ARMS]}
        bars = _bars(facet, metric, against, figures, claim)
        if bars is not None:
            left = [f"{numbers.count(beyond, 'smaller group')} of items"] if beyond else []
            left += [listed([c.arm for c in contrasts[MOST_ARMS:]])] if len(contrasts) > MOST_ARMS else []
            more = f" Not drawn: {'; '.join(left)}." if left else ""
            found.append(Bars(bars.title, bars.caption + more, bars.value_label, bars.groups))
    return found


def _by_against(decision: Decision, condition: str, metric: str) -> dict[str, list[Contrast]]:
    """Contrasts of a condition on a metric: against the baseline first, then against rivals that decided."""
    contrasts = [
        c for v in decision.verdicts for c in v.contrasts if c.against_role == "baseline" or c.against == v.standing
    ]
    contrasts += [one.contrast for one in decision.exploratory]
    found: dict[str, list[Contrast]] = {}
    for role in ("baseline", "rival"):
        for c in contrasts:
            if (c.condition, c.metric) == (condition, metric) and c.against_role == role and c.seeds:
                found.setdefault(c.against, []).append(c)
    return found


def _span(claim: ResolvedClaim, metric: str) -> float:
    """The largest difference that there can be: no interval is drawn beyond it."""
    found = next(m for m in claim.claim.metrics if m.name == metric)
    return np.inf if found.floor is None or found.ceiling is None else found.ceiling - found.floor


def _bars(
    facet: Facet, metric: str, against: str, figures: Mapping[str, Sequence[GroupFigure]], claim: ResolvedClaim
) -> Bars | None:
    alpha, span = claim.claim.alpha, _span(claim, metric)
    sizes = {f.group: f.items for own in figures.values() for f in own}
    if not sizes:
        return None
    groups = tuple(
        (
            f"{name} · {numbers.count(size, 'item')}",
            tuple(
                Bar(
                    arm,
                    f.estimate,
                    *((None, None) if f.interval is None else np.clip(f.interval, -span, span).tolist()),
                )
                for arm, own in figures.items()
                for f in own
                if f.group == name and f.estimate is not None
            ),
        )
        for name, size in sizes.items()
    )
    drawn = sum(bar.low is not None for _, bars in groups for bar in bars)
    caption = (
        f"Paired differences to {against}, seed by seed and item by item, positive where the arm is better. Each line "
        f"is the {numbers.per_cent(1 - alpha)} interval of its group by itself, in the scope of the claim. Nothing is "
        "adjusted for there being several groups"
    )
    caption += f": of {drawn} such intervals about {alpha * drawn:.2g} miss by chance." if drawn > 1 else "."
    reasons = list(dict.fromkeys(f.why_none for own in figures.values() for f in own if f.interval is None))
    caption += f" Without a line: {'; '.join(reasons[:3])}." if any(reasons) else ""
    return Bars(facet.title(f"{metric} less that of {against}, by kind of item"), caption, metric, groups)


def scores(facet: Facet, metric: str) -> Grid | None:
    """Mean score of every arm in each group, over its seeds."""
    groups, beyond = groups_of(facet, metric)
    tables = facet.tables(metric)
    if not groups:
        return None
    arms = list(tables)[:MOST_ARMS]
    means = {arm: _means(tables[arm], groups) for arm in arms}
    sizes = Counter(groups.values())
    rows = tuple(
        (name, f"{sizes[name]:,}", *(numbers.exact(means[arm].get(name), 3) for arm in arms))
        for name in dict.fromkeys(groups.values())
    )
    left = [numbers.count(beyond, "smaller group")] if beyond else []
    left += [listed(list(tables)[MOST_ARMS:])] if len(tables) > MOST_ARMS else []
    caption = "Means over the items of a kind and the seeds of an arm." + (
        f" Not shown: {'; '.join(left)}." if left else ""
    )
    return Grid(facet.title(f"{metric} by kind of item"), caption, ("kind", "items", *arms), rows, 1, folded=True)


def _means(tables: Sequence[ItemScores], groups: Mapping[str, str]) -> dict[str, float]:
    """Mean score of each group over all tables."""
    sums: dict[str, list[float]] = {}
    codes: tuple[tuple[str, ...], NDArray[np.int64]] | None = None
    names = list(dict.fromkeys(groups.values()))
    number = {name: place for place, name in enumerate(names)}
    for table in tables:
        if codes is None or codes[0] is not table.ids:
            codes = table.ids, np.asarray([number.get(groups.get(item, ""), -1) for item in table.ids])
        for name, place in number.items():
            here = table.scores[codes[1] == place]
            if here.size:
                sums.setdefault(name, []).append(float(here.mean()))
    return {name: float(np.mean(values)) for name, values in sums.items()}
