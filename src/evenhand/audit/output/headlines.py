"""What a log claims: each headline with its effect and spread, as far as they are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenhand.audit.finding import Finding, Place, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.lists import arms_of
from evenhand.audit.told.changes.changes import changes_of
from evenhand.audit.told.seeds.series import series_of
from evenhand.audit.told.shares.steps import steps

_SHARE = Pattern(r"acc|pass|success|solve|correct|exact", re.IGNORECASE)


@dataclass(frozen=True)
class Headline:
    """A claimed effect.

    Attributes:
        place: where it stands.
        title: what it is about.
        metric: its name, as a claim may have it.
        effect: variant less baseline; of a percentage, as a share.
        sd: sample standard deviation of the differences over seeds; None where the log shows none.
        items: how many items the printed values show; None where they do not.
        share: it is a share of right answers.
        amount: what the variant could spend, where the log tells it in seconds.
    """

    place: Place
    title: str
    metric: str
    effect: float
    sd: float | None
    items: int | None
    share: bool
    amount: float | None = None


def headlines_of(log: Log, findings: Sequence[Finding]) -> tuple[Headline, ...]:
    """The headlines of a log: differences over seeds, and single differences that a finding doubts; one a section."""
    found: dict[int, Headline] = {}
    for section, one in [*_over_seeds(log), *_single(log, findings), *_changes(log, findings)]:
        if one.effect and section not in found:
            found[section] = one
    return tuple(sorted(found.values(), key=lambda one: one.place.line))


def _title(log: Log, section: int) -> str:
    return " / ".join(log.path(section)[-2:])


def _over_seeds(log: Log) -> Iterable[tuple[int, Headline]]:
    for series in series_of(log):
        if not series.differences:
            continue
        value = series.mean.share if series.mean is not None else float(series.array.mean())
        sd = (
            float(series.array.std(ddof=1))
            if len(series.values) > 1
            else series.sd.value
            if series.sd is not None
            else None
        )
        items = steps(series.values) if len(series.values) >= 3 else None
        name = _metric(series.label)
        yield (
            series.section,
            Headline(
                place_of(log, series.mean_line),
                _title(log, series.section),
                name,
                value,
                sd,
                items,
                _SHARE.search(name) is not None,
            ),
        )


def _single(log: Log, findings: Sequence[Finding]) -> Iterable[tuple[int, Headline]]:
    doubted = {one.place.line: one for one in findings if one.rule == "unequal-budgets" and one.place.file == log.name}
    arms = [arm for arm in arms_of(log) if arm.line.number in doubted and arm.delta is not None]
    for arm in sorted(arms, key=lambda one: -abs(one.delta.value if one.delta else 0.0)):
        assert arm.delta is not None
        amount = doubted[arm.line.number].facts.get("amount")
        title = f"{_title(log, arm.line.section)} / {arm.name}"
        yield (
            arm.line.section,
            Headline(place_of(log, arm.line), title, "accuracy", arm.delta.share, None, None, True, amount),
        )


def _changes(log: Log, findings: Sequence[Finding]) -> Iterable[tuple[int, Headline]]:
    doubted = {
        one.place.line
        for one in findings
        if one.rule in ("subset-against-full", "within-noise", "change-disagrees") and one.place.file == log.name
    }
    for change in changes_of(log):
        if change.line.number in doubted:
            name = _metric(change.of)
            effect = change.new.share - change.base.share
            yield (
                change.line.section,
                Headline(place_of(log, change.line), _title(log, change.line.section), name, effect, None, None, False),
            )


def _metric(label: str) -> str:
    """A name that a claim may give a metric: ``d_acc`` is the accuracy of both arms, not their difference."""
    words = [
        word
        for word in re.findall(r"[A-Za-z][A-Za-z0-9_]*", label)
        if word.lower() not in ("mean", "avg", "average", "seed", "delta", "deltas", "change", "final")
    ]
    name = re.sub(r"^(?:d|delta)_", "", words[-1]) if words else "score"
    return name[:40] or "score"
